"""Every kind of write is noted, whoever makes it, with the scopes of the rows before and after and no others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, LiteralString

import psycopg
import pytest
from psycopg import sql

from backend.access.principal import EVIDENCE, RESOLVE
from tests.support.changes import changes_in, take_changes
from tests.support.university import build_message, build_university

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backend.change import Change
    from tests.support.world import World


@pytest.fixture(scope="module")
def university(own_world: World) -> World:
    build_university(own_world)
    build_message(own_world, "ada", "ada alone", "week_1.sheet_1", "all")
    return own_world


@pytest.fixture
def writer(university: World) -> Iterator[psycopg.Connection[Any]]:
    """A transaction that is undone."""
    with psycopg.connect(university.database_url) as connection:
        connection.execute("DELETE FROM gateway_change")
        yield connection
        connection.rollback()


def scopes_of(changes: list[Change], world: World) -> dict[str, set[str] | None]:
    """By table: whom the changes concern, by name; None where that is not known."""
    return {
        change.table: None
        if change.scopes is None
        else {f"{scope.universe} {world.name(scope.key)}" for scope in change.scopes}
        for change in changes
    }


def users_of(changes: list[Change], world: World) -> set[str]:
    """Whose claims the changes concern, by name; all if all."""
    if any(change.everyone for change in changes):
        return {"all"}
    return {world.name(user) for change in changes for user in change.users}


GROUP = {"course_member ada@algebra", "course algebra"}


def test_insert_update_and_delete_concern_the_group_and_the_staff(
    writer: psycopg.Connection[Any], university: World
) -> None:
    old = university.id("result", "ada 1")
    copied: LiteralString = (
        "INSERT INTO result SELECT (jsonb_populate_record(r, jsonb_build_object('id', uuid_generate_v4(),"
        " 'test_system_id', 'new', 'version_identifier', 'new'))).* FROM result r WHERE id = %s"
    )
    for statement in (
        copied,
        "UPDATE result SET result = 1 WHERE id = %s",
        "DELETE FROM result WHERE id = %s",
    ):
        writer.execute(statement, [old])
        assert scopes_of(changes_in(writer), university)["result"] == GROUP, statement
        writer.execute("DELETE FROM gateway_change")


def test_statement_without_rows_is_none(writer: psycopg.Connection[Any]) -> None:
    writer.execute("UPDATE result SET result = 1 WHERE false")
    writer.execute("DELETE FROM course WHERE false")
    assert changes_in(writer) == []


def test_row_that_moves_concerns_where_it_was_and_where_it_is(
    writer: psycopg.Connection[Any], university: World
) -> None:
    moved, to = university.id("result", "ada 1"), university.id("course_content", "geometry/week_1.sheet_1")
    group = university.id("course_submission_group", "cyd alone")
    writer.execute(
        "UPDATE result SET course_content_id = %s, course_submission_group_id = %s WHERE id = %s", [to, group, moved]
    )
    assert scopes_of(changes_in(writer), university) == {
        "result": {*GROUP, "course_member cyd@geometry", "course geometry"}
    }


def test_row_on_a_path_that_moves_concerns_both_courses(writer: psycopg.Connection[Any], university: World) -> None:
    moved, to = university.id("course_submission_group", "ada alone"), university.id("course", "geometry")
    writer.execute("UPDATE course_submission_group SET course_id = %s WHERE id = %s", [to, moved])
    assert scopes_of(changes_in(writer), university) == {"course_submission_group": {*GROUP, "course geometry"}}


def test_copy_is_noted(writer: psycopg.Connection[Any], university: World) -> None:
    with writer.cursor().copy("COPY course_group (title, course_id) FROM STDIN") as copy:
        copy.write_row(("copied", university.id("course", "algebra")))
        copy.write_row(("copied", university.id("course", "chemistry")))
    (change,) = changes_in(writer)
    assert {str(scope) for scope in change.scopes or ()} >= {
        f"course:{university.id('course', 'algebra')}",
        f"course:{university.id('course', 'chemistry')}",
    }
    assert "course geometry" not in (scopes_of([change], university)["course_group"] or ())


def test_truncate_concerns_everyone(writer: psycopg.Connection[Any], university: World) -> None:
    writer.execute("TRUNCATE user_role, course CASCADE")
    changes = changes_in(writer)
    assert {"user_role", "course", "course_member", "result", "result_artifact"} <= {each.table for each in changes}
    assert {each.scopes for each in changes} == {None}
    assert users_of(changes, university) == {"all"}


def test_cascade_concerns_whoever_saw_what_went(writer: psycopg.Connection[Any], university: World) -> None:
    writer.execute(
        "DELETE FROM course_content WHERE id = %s", [university.id("course_content", "chemistry/lab.report")]
    )
    found = scopes_of(changes_in(writer), university)
    # The parents are gone: what they led to is noted with them, and answers from the children rest on them, too.
    assert found["course_content"] == {"course chemistry"}
    assert found["course_submission_group_member"] == {"course chemistry", "course_member dan@chemistry"}
    assert found["result"] == {"course_member dan@chemistry"}
    assert None not in found.values()
    assert not {scope for scopes in found.values() for scope in scopes or () if "algebra" in scope}


def test_upsert_concerns_the_row_that_was_there(writer: psycopg.Connection[Any], university: World) -> None:
    group = [university.id("course_group", "algebra/group"), university.id("course", "chemistry")]
    writer.execute(
        "INSERT INTO course_group (id, title, course_id) VALUES (%s, 'other', %s)"
        " ON CONFLICT (id) DO UPDATE SET description = 'there already'",
        group,
    )
    assert scopes_of(changes_in(writer), university) == {
        "course_group": {"course algebra", *(f"course_member {user}@algebra" for user in ("ada", "bob", "mia", "gus"))}
    }
    writer.execute("DELETE FROM gateway_change")
    writer.execute(
        "INSERT INTO course_group (id, title, course_id) VALUES (%s, 'other', %s) ON CONFLICT DO NOTHING", group
    )
    assert changes_in(writer) == []


def test_merge_is_noted_with_all_that_it_does(writer: psycopg.Connection[Any], university: World) -> None:
    writer.execute(
        "MERGE INTO course_content_type AS there"
        " USING (VALUES (%s::uuid, %s::uuid), (uuid_generate_v4(), %s), (%s, NULL)) AS here (id, course)"
        " ON there.id = here.id"
        " WHEN MATCHED AND here.course IS NULL THEN UPDATE SET title = 'gone'"
        " WHEN MATCHED THEN UPDATE SET title = 'changed'"
        " WHEN NOT MATCHED THEN INSERT (id, slug, course_content_kind_id, course_id)"
        " VALUES (here.id, 'new', 'unit', here.course)",
        [
            university.id("course_content_type", "algebra/unit"),
            university.id("course", "algebra"),
            university.id("course", "geometry"),
            university.id("course_content_type", "chemistry/unit"),
        ],
    )
    assert scopes_of(changes_in(writer), university) == {
        "course_content_type": {"course algebra", "course geometry", "course chemistry"}
    }


def test_what_a_savepoint_takes_back_was_none(writer: psycopg.Connection[Any], university: World) -> None:
    with writer.transaction():
        writer.execute("UPDATE course SET title = 'b' WHERE id = %s", [university.id("course", "algebra")])
        raise psycopg.Rollback
    writer.execute("UPDATE course SET title = 'b' WHERE id = %s", [university.id("course", "geometry")])
    assert scopes_of(changes_in(writer), university) == {"course": {"course geometry"}}


def test_trigger_that_is_deferred_to_the_commit_is_noted(university: World) -> None:
    course = university.id("course", "algebra")
    with psycopg.connect(university.database_url, autocommit=True) as connection:
        connection.execute("""
            CREATE FUNCTION late() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN UPDATE course_group SET description = 'late' WHERE course_id = NEW.id; RETURN NULL; END $$
        """)
        connection.execute("""
            CREATE CONSTRAINT TRIGGER late AFTER UPDATE ON course DEFERRABLE INITIALLY DEFERRED
            FOR EACH ROW EXECUTE FUNCTION late()
        """)
        try:
            take_changes(university.database_url)
            with connection.transaction():
                connection.execute("UPDATE course SET description = 'early' WHERE id = %s", [course])
                assert {change.table for change in changes_in(connection)} == {"course"}
            assert {change.table for change in take_changes(university.database_url)} == {"course", "course_group"}
        finally:
            connection.execute("DROP FUNCTION late CASCADE")


def test_any_role_that_may_write_is_noted_and_needs_no_right_to_the_notes(
    writer: psycopg.Connection[Any], university: World
) -> None:
    role = sql.Identifier("writes_only")
    writer.execute(sql.SQL("CREATE ROLE {}").format(role))
    writer.execute(sql.SQL("GRANT SELECT, UPDATE ON course TO {}").format(role))
    # What the functions read is not what the writer puts in its way.
    writer.execute("CREATE TEMP TABLE gateway_change (xid int)")
    writer.execute("CREATE TEMP TABLE gateway_new (id int)")
    writer.execute(sql.SQL("SET LOCAL ROLE {}").format(role))
    writer.execute("UPDATE course SET title = 'c' WHERE id = %s", [university.id("course", "chemistry")])
    with pytest.raises(psycopg.errors.InsufficientPrivilege), writer.transaction():
        writer.execute("SELECT FROM public.gateway_change")
    writer.execute("RESET ROLE")
    writer.execute("DROP TABLE pg_temp.gateway_change")
    assert scopes_of(changes_in(writer), university) == {"course": {"course chemistry"}}


def test_replicated_rows_are_noted(writer: psycopg.Connection[Any], university: World) -> None:
    writer.execute("SET LOCAL session_replication_role = replica")
    writer.execute("UPDATE course SET title = 'c' WHERE id = %s", [university.id("course", "chemistry")])
    assert scopes_of(changes_in(writer), university) == {"course": {"course chemistry"}}


def test_many_rows_are_noted_as_one_and_too_many_without_their_scopes(
    writer: psycopg.Connection[Any], university: World
) -> None:
    groups: LiteralString = (
        "INSERT INTO course_group (title, course_id) SELECT 'many ' || n, %s FROM generate_series(1, %s) AS n"
    )
    writer.execute(groups, [university.id("course", "algebra"), 999])
    assert writer.execute("SELECT count(*) FROM gateway_change").fetchone() == (1,)
    assert scopes_of(changes_in(writer), university) == {"course_group": {"course algebra"}}
    writer.execute("DELETE FROM course_group WHERE title LIKE 'many %%'")
    writer.execute("DELETE FROM gateway_change")
    writer.execute(groups, [university.id("course", "algebra"), 1000])
    assert scopes_of(changes_in(writer), university) == {"course_group": None}


MESSAGES: dict[str, tuple[dict[str, tuple[str, str]], set[str] | None]] = {
    "to a user": ({"user_id": ("user", "bob")}, {"user ada", "user bob"}),
    "to a member": (
        {"course_member_id": ("course_member", "bob@algebra")},
        {"user ada", "course_member bob@algebra", "course algebra"},
    ),
    "to a team": (
        {"course_submission_group_id": ("course_submission_group", "team")},
        {"user ada", "course_member ada@algebra", "course_member bob@algebra", "course algebra"},
    ),
    "to a course": ({"course_id": ("course", "geometry")}, {"user ada", "course geometry"}),
    "to a family": (
        {"course_family_id": ("course_family", "math")},
        {"user ada", "course_family math", "course algebra", "course geometry"},
    ),
    "to an organization": (
        {"organization_id": ("organization", "tech")},
        {"user ada", "organization tech", "course chemistry"},
    ),
    "to everyone": ({}, None),
}


@pytest.mark.parametrize("name", MESSAGES)
def test_message_concerns_its_author_and_whom_it_is_for(
    writer: psycopg.Connection[Any], university: World, name: str
) -> None:
    targets, expected = MESSAGES[name]
    given = {column: university.id(*of) for column, of in targets.items()}
    columns = {"author_id": university.user("ada"), "title": "a", "content": "a", "level": 0, **given}
    insert = sql.SQL("INSERT INTO message ({}) VALUES ({})").format(
        sql.SQL(", ").join(map(sql.Identifier, columns)), sql.SQL(", ").join(sql.Placeholder() * len(columns))
    )
    writer.execute(insert, list(columns.values()))
    assert scopes_of(changes_in(writer), university) == {"message": expected}


CLAIMS: dict[str, tuple[LiteralString, set[str]]] = {
    "a role given": ("INSERT INTO user_role (user_id, role_id) VALUES ({sol}, '_admin')", {"sol"}),
    "a role taken": ("DELETE FROM user_role WHERE user_id = {uma}", {"uma"}),
    "a role handed on": ("UPDATE user_role SET user_id = {sol} WHERE user_id = {uma}", {"sol", "uma"}),
    "a claim of a role": ("UPDATE role_claim SET claim_value = 'a:b' WHERE claim_value = 'user'", {"all"}),
    "a note on a claim": ("UPDATE role_claim SET properties = '{{}}' WHERE claim_value = 'user'", set()),
    "a claim of a group": ("DELETE FROM group_claim", {"all"}),
    "a group left": ("DELETE FROM user_group WHERE user_id = {ada}", {"ada"}),
    "a member promoted": ("UPDATE course_member SET course_role_id = '_owner' WHERE user_id = {tom}", {"tom"}),
    "a note on a member": ("UPDATE course_member SET properties = '{{}}' WHERE user_id = {tom}", set()),
    "a seat given up": ("DELETE FROM organization_member WHERE user_id = {ada}", {"ada"}),
    "a seat of a family": ("UPDATE course_family_member SET course_family_role_id = '_owner'", {"ada"}),
    "a token revoked": ("UPDATE api_token SET revoked_at = now() WHERE user_id = {cyd}", {"cyd"}),
    "a token named": ("UPDATE api_token SET name = 'other' WHERE user_id = {cyd}", set()),
    "a user archived": ('UPDATE "user" SET archived_at = now() WHERE id = {bob}', {"bob"}),
    "a user named": ("UPDATE \"user\" SET given_name = 'other' WHERE id = {bob}", set()),
    "many users": ("INSERT INTO \"user\" (username) SELECT 'many' || n FROM generate_series(1, 201) AS n", {"all"}),
}


@pytest.mark.parametrize("name", CLAIMS)
def test_claims_that_change_concern_their_users(writer: psycopg.Connection[Any], university: World, name: str) -> None:
    statement, expected = CLAIMS[name]
    users = {user: sql.Literal(university.user(user)) for user in ("ada", "bob", "cyd", "sol", "tom", "uma")}
    done = writer.execute(sql.SQL(statement).format(**users))
    assert done.rowcount > 0
    changes = changes_in(writer)
    assert len(changes) == 1
    assert users_of(changes, university) == expected


def test_principals_rest_on_the_columns_that_are_looked_at(writer: psycopg.Connection[Any]) -> None:
    names = b", ".join(b"c%d" % number for number in range(9))
    resolved = RESOLVE.replace(b"$1", rb"'\x00'::bytea")
    writer.execute(b"CREATE TEMP VIEW resolved (%b) AS %b" % (names, resolved))
    read: dict[str, set[str]] = {}
    for table, column in writer.execute("""
        SELECT DISTINCT relname, attname FROM pg_rewrite
        JOIN pg_depend ON pg_depend.classid = 'pg_rewrite'::regclass AND pg_depend.objid = pg_rewrite.oid
        JOIN pg_class ON pg_class.oid = refobjid AND pg_class.oid <> ev_class
        JOIN pg_attribute ON attrelid = refobjid AND attnum = refobjsubid
        WHERE ev_class = 'resolved'::regclass AND refclassid = 'pg_class'::regclass
    """):
        read.setdefault(table, set()).add(column)
    assert read == {table: set(evidence.columns) for table, evidence in EVIDENCE.items()}


def test_token_that_was_used_is_no_change(writer: psycopg.Connection[Any]) -> None:
    writer.execute("UPDATE api_token SET last_used_at = now(), usage_count = usage_count + 1")
    assert changes_in(writer) == []
    writer.execute("UPDATE api_token SET usage_count = 0, description = 'used'")
    assert [change.table for change in changes_in(writer)] == ["api_token"]


def test_note_of_another_layout_concerns_everyone(writer: psycopg.Connection[Any], university: World) -> None:
    writer.execute("UPDATE course SET title = 'c' WHERE id = %s", [university.id("course", "chemistry")])
    writer.execute("UPDATE gateway_change SET layout = 'older'")
    (change,) = changes_in(writer)
    assert (change.scopes, change.everyone) == (None, True)
