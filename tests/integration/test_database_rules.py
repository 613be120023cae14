"""Every key, check and action of the database, tried once on rows made for it, past all that would refuse them first.

A row is a copy of one of the university, made while triggers and foreign keys rest, in a transaction that is undone.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from tests.support.catalogue import catalogue, computor_catalogue
from tests.support.discussion import build_discussion
from tests.support.submissions import build_submissions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from tests.support.world import World

# Foreign keys of what the gateway adds: what becomes of the row when the one that it refers to is deleted.
ADOPTED = {
    ("api_token", "user_id"): "cascade",
    ("student_profile", "organization_id"): "cascade",
    ("organization_member", "user_id"): "cascade",
    ("organization_member", "organization_id"): "cascade",
    ("organization_member", "organization_role_id"): "restrict",
    ("course_family_member", "user_id"): "cascade",
    ("course_family_member", "course_family_id"): "cascade",
    ("course_family_member", "course_family_role_id"): "restrict",
    ("message", "course_family_id"): "cascade",
    ("message", "organization_id"): "cascade",
    ("submission_artifact", "submission_group_id"): "cascade",
    ("submission_artifact", "uploaded_by_course_member_id"): "set null",
    ("result", "submission_artifact_id"): "cascade",
    ("result_artifact", "result_id"): "cascade",
    ("submission_review", "artifact_id"): "cascade",
    ("submission_review", "reviewer_course_member_id"): "restrict",
    ("course_submission_group_grading", "submission_artifact_id"): "set null",
}
_LADDERS = ("role", "course_role", "organization_role", "course_family_role")
_BAD_SLUG = "a b"
# By check: what breaks it.
BROKEN: dict[str, dict[str, Any]] = {
    "ck_user_token_expiration": {"user_type": "token", "token_expiration": None},
    **{f"{table}_check": {"id": "owner", "builtin": True} for table in _LADDERS},
    **{f"{table}_check1": {"id": "_owner", "builtin": False} for table in _LADDERS},
    "group_slug_check": {"slug": "Upper"},
    "profile_avatar_color_check": {"avatar_color": 0x1000000},
    "api_token_expires_at_check": {"expires_at": "2000-01-01"},
    "organization_check": {"organization_type": "organization", "title": None, "user_id": None},
    "organization_check1": {"organization_type": "user", "title": None, "user_id": None},
    "course_member_check": {"course_role_id": "_student", "course_group_id": None},
    "course_content_path_check": {"path": "Upper"},
    "course_content_max_group_size_check": {"max_group_size": 0},
    "course_content_max_test_runs_check": {"max_test_runs": -1},
    "course_content_max_submissions_check": {"max_submissions": -1},
    "course_content_type_slug_check": {"slug": _BAD_SLUG},
    "course_content_type_slug_check1": {"slug": "a.b"},
    "execution_backend_slug_check": {"slug": _BAD_SLUG},
    "execution_backend_slug_check1": {"slug": "a.b"},
    "course_content_deployment_deployment_status_check": {"deployment_status": "in_progress"},
    "deployment_history_action_check": {"action": "done"},
    "check_directory_format": {"directory": "a/b"},
    "check_source_type": {"source_type": "svn"},
    "example_version_version_number_check": {"version_number": 0},
    "example_dependency_check": {"depends_id": str(uuid4())},
    "course_submission_group_max_group_size_check": {"max_group_size": 0},
    "course_submission_group_grading_grading_check": {"grading": 1.5},
    "course_submission_group_grading_status_check": {"status": 4},
    "result_result_check": {"result": -0.1},
    "result_status_check": {"status": 8},
}
BROKEN["example_dependency_check"]["example_id"] = BROKEN["example_dependency_check"]["depends_id"]


@pytest.fixture(scope="module")
def built(own_world: World) -> World:
    """A world with rows of everything."""
    build_discussion(own_world)
    build_submissions(own_world)
    return own_world


@contextmanager
def _undone(world: World) -> Iterator[Table]:
    with world.connection.transaction(force_rollback=True):
        world.connection.execute("SET LOCAL session_replication_role = replica")
        yield Table(world.connection)


class Table:
    """Rows that are copied, over a connection in a transaction."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.connection = connection

    def columns(self, table: str) -> dict[str, str]:
        """The types of the columns that can be written."""
        query = """SELECT attname, format_type(atttypid, NULL) FROM pg_attribute
            WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''"""
        return dict(self.connection.execute(query, [f'"{table}"']).fetchall())

    def unique(self, table: str) -> dict[str, list[str]]:
        """The columns of each unique key; none of those over expressions."""
        query = """SELECT relname, (SELECT array_agg(attname::text) FROM pg_attribute
                WHERE attrelid = indrelid AND attnum = ANY (indkey))
            FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid WHERE indrelid = %s::regclass AND indisunique"""
        return {name: columns or [] for name, columns in self.connection.execute(query, [f'"{table}"'])}

    def copy(self, table: str, changed: Mapping[str, Any]) -> None:
        """A copy of any row, with other values in some columns."""
        columns = self.columns(table)
        if table == "organization" and changed.get("user_id"):
            changed = {"organization_type": "user", "title": None, **changed}
        values = [
            sql.SQL("{}::{}").format(sql.Placeholder(name), sql.SQL(kind)) if name in changed else sql.Identifier(name)
            for name, kind in columns.items()
        ]
        statement = sql.SQL("INSERT INTO {0} ({1}) SELECT {2} FROM {0} LIMIT 1").format(
            sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns)), sql.SQL(", ").join(values)
        )
        assert self.connection.execute(statement, dict(changed)).rowcount == 1, table

    def fresh(self, table: str, kept: Sequence[str] = ()) -> dict[str, Any]:
        """Values that no other row has, for all that must be unique, apart from some columns."""
        columns = self.columns(table)
        query = "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND NOT attnotnull"
        nullable = {name for (name,) in self.connection.execute(query, [f'"{table}"'])}
        found: dict[str, Any] = {}
        for key in self.unique(table).values():
            free = [name for name in key if name not in kept and columns[name] in _FRESH]
            if free and not found.keys() & set(key):
                found[free[0]] = None if free[0] in nullable else _FRESH[columns[free[0]]]()
        # What the keys of roles are like depends on it.
        return found | ({"builtin": False} if "builtin" in columns else {})

    def drop_all_but(self, table: str, name: str, kinds: str) -> None:
        """Drops the other constraints of these kinds, and the other unique indexes."""
        other = """SELECT conname FROM pg_constraint
            WHERE conrelid = %s::regclass AND contype::text = ANY (%s) AND conname <> %s"""
        for (constraint,) in self.connection.execute(other, [f'"{table}"', list(kinds), name]).fetchall():
            drop = sql.SQL("ALTER TABLE {} DROP CONSTRAINT {} CASCADE")
            self.connection.execute(drop.format(sql.Identifier(table), sql.Identifier(constraint)))
        for index in self.unique(table) if "u" in kinds else ():
            if index != name:
                self.connection.execute(sql.SQL("DROP INDEX {} CASCADE").format(sql.Identifier(index)))


def _text() -> str:
    return f"x{uuid4().hex}"


_FRESH: dict[str, Callable[[], Any]] = {
    "uuid": lambda: str(uuid4()),
    "character varying": _text,
    "ltree": _text,
    "text": _text,
    "bytea": lambda: uuid4().bytes,
}


def _lines(world: World, kind: str) -> list[list[str]]:
    found = (line.split("\t") for line in catalogue(world.database_url))
    return [line for line in found if line[:1] == ["key"] and line[2] == kind]


def _expected_action(table: str, columns: str) -> str:
    if columns in ("created_by", "updated_by"):
        return "set null"
    known = (line.split("\t") for line in computor_catalogue() if line.startswith(f"key\t{table}\tforeign\t"))
    actions = {line[4]: line[7] for line in known}
    return actions.get(columns) or ADOPTED[table, columns]


def test_what_refers_to_a_deleted_row_goes_stays_or_keeps_it(built: World) -> None:
    wrong = []
    foreign = _lines(built, "foreign")
    for _, name, _, key, columns, target, target_columns, *_ in foreign:
        table, parent = name.strip('"'), target.strip('"')
        own, there = columns.split(", "), target_columns.split(", ")
        with _undone(built) as made:
            values = made.fresh(parent)
            made.copy(parent, values)
            condition = sql.SQL(" AND ").join(
                sql.SQL("{}::text = {}").format(sql.Identifier(part), sql.Literal(value))
                for part, value in values.items()
                if isinstance(value, str)
            )
            row = sql.SQL("SELECT {}::text[] FROM {} WHERE {}").format(
                sql.SQL("ARRAY[{}]").format(
                    sql.SQL(", ").join(sql.SQL("{}::text").format(sql.Identifier(part)) for part in there)
                ),
                sql.Identifier(parent),
                condition,
            )
            ((found,),) = made.connection.execute(row).fetchall()
            refers = dict(zip(own, found, strict=True))
            child = made.fresh(table, own) | refers
            made.copy(table, child)
            # A row that is new is held to all of its keys again when one is set to null.
            made.drop_all_but(table, key, "f")
            made.connection.execute("SET LOCAL session_replication_role = origin")
            action = _action(made, parent, condition, table, own, child)
        if action != _expected_action(table, columns):
            wrong.append((key, action, _expected_action(table, columns)))
    assert wrong == []
    assert {(line[1], line[4]) for line in foreign} >= ADOPTED.keys()


def _action(
    made: Table, parent: str, condition: sql.Composed, table: str, own: list[str], child: Mapping[str, Any]
) -> str:
    """What became of the child when its parent was deleted."""
    try:
        with made.connection.transaction():
            made.connection.execute(sql.SQL("DELETE FROM {} WHERE {}").format(sql.Identifier(parent), condition))
    except psycopg.errors.RestrictViolation:
        return "restrict"
    except psycopg.errors.ForeignKeyViolation as error:
        # Older servers have one code for both; the text of a restriction is that of the other.
        return "restrict" if _restricts(made, error) else "no action"
    left = {name: value for name, value in child.items() if name not in own and isinstance(value, str)}
    others = sql.SQL(" AND ").join(
        sql.SQL("{}::text = {}").format(sql.Identifier(name), sql.Literal(value)) for name, value in left.items()
    )
    rows = made.connection.execute(
        sql.SQL("SELECT {} IS NULL FROM {} WHERE {}").format(sql.Identifier(own[-1]), sql.Identifier(table), others)
        if left
        else sql.SQL("SELECT true FROM {} WHERE {}::text = {}").format(
            sql.Identifier(table), sql.Identifier(own[0]), sql.Literal(child[own[0]])
        )
    ).fetchall()
    return "cascade" if not rows else "set null" if rows == [(True,)] else f"left {rows}"


def _restricts(made: Table, error: psycopg.errors.ForeignKeyViolation) -> bool:
    query = "SELECT confdeltype = 'r' FROM pg_constraint WHERE conname = %s"
    return made.connection.execute(query, [error.diag.constraint_name]).fetchone() == (True,)


def test_every_unique_key_refuses_the_same_values_again(built: World) -> None:
    keys = _unique_keys(built)
    assert len(keys) > 80
    for table, name in keys:
        with _undone(built) as made:
            columns = made.columns(table)
            own = made.unique(table)[name]
            values = made.fresh(table) | {part: _FRESH[columns[part]]() for part in own if columns[part] in _FRESH}
            if name == "user_lower_email_key":
                values["email"] = "new@example.org"
            made.copy(table, values)
            made.drop_all_but(table, name, "pu")
            again = values | ({"email": "NEW@Example.org"} if name == "user_lower_email_key" else {})
            with pytest.raises(psycopg.errors.UniqueViolation) as refused:
                made.copy(table, again)
            assert refused.value.diag.constraint_name == name


def _unique_keys(world: World) -> list[tuple[str, str]]:
    query = """SELECT pg_class.relname, own.relname FROM pg_index JOIN pg_class ON pg_class.oid = indrelid
        JOIN pg_class AS own ON own.oid = indexrelid
        WHERE indisunique AND pg_class.relkind = 'r' AND pg_class.relnamespace = 'public'::regnamespace
            AND pg_class.relname NOT LIKE 'gateway%' ORDER BY 1, 2"""
    return world.connection.execute(query).fetchall()


def test_every_check_refuses_what_breaks_it(built: World) -> None:
    checks = {line[3]: line[1].strip('"') for line in _lines(built, "check") if not line[1].startswith("gateway")}
    assert BROKEN.keys() == checks.keys()
    for name, table in checks.items():
        with _undone(built) as made:
            made.drop_all_but(table, name, "c")
            made.copy(table, made.fresh(table))
            with pytest.raises(psycopg.errors.CheckViolation) as refused:
                made.copy(table, made.fresh(table) | BROKEN[name])
            assert refused.value.diag.constraint_name == name
