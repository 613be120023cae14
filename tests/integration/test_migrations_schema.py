"""Migrations make the schema that they promise, and the models agree with it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest

from backend.migration import connect, current_revision, differences, downgrade, is_current, upgrade
from backend.model import Base

REVISIONS = (
    "0001_s25_schema",
    "0002_api_token",
    "0003_tree_key",
    "0004_audit",
    "0005_manager_claims",
    "0006_read_indexes",
    "0007_matriculation",
    "0008_submission_artifacts",
    "0009_further_manager_claims",
    "0010_scoped_roles",
    "0011_order_indexes",
    "0012_author_keys",
    "0013_rules",
)
TYPES = Path(__file__).parents[2] / "alembic" / "s25" / "types.sql"
S25 = Path(__file__).parents[1] / "contract" / "s25-catalogue.tsv"

# The queries name what they list as contract/s25-catalogue.tsv does.
_OWN = "relnamespace = 'public'::regnamespace AND relname <> 'gateway_alembic_version'"
_ACTIONS = {"a": "no action", "r": "restrict", "c": "cascade", "n": "set null", "d": "set default"}
_KEYS = {"p": "primary", "u": "unique", "f": "foreign", "c": "check"}

_ENUMS = """
    SELECT typname, string_agg(enumlabel, ', ' ORDER BY enumsortorder)
    FROM pg_enum JOIN pg_type ON pg_type.oid = enumtypid GROUP BY typname
"""
_SEQUENCES = """
    SELECT relname, format_type(seqtypid, NULL), seqstart::text
    FROM pg_sequence JOIN pg_class ON pg_class.oid = seqrelid
"""
# Functions of extensions are not ours, nor is the stand-in for one on servers without it.
_FUNCTIONS = """
    SELECT proname, pg_get_function_arguments(pg_proc.oid), pg_get_function_result(pg_proc.oid)
    FROM pg_proc
    WHERE pronamespace = 'public'::regnamespace AND proname <> 'uuid_generate_v4'
        AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')
"""
_COLUMNS = f"""
    SELECT relname, (row_number() OVER (PARTITION BY attrelid ORDER BY attnum))::text, attname,
        format_type(atttypid, atttypmod), CASE WHEN attnotnull THEN 'not null' ELSE 'null' END,
        CASE WHEN attgenerated = 's' THEN 'generated: ' ELSE '' END || coalesce(pg_get_expr(adbin, adrelid), '')
    FROM pg_attribute
    JOIN pg_class ON pg_class.oid = attrelid
    LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
    WHERE {_OWN} AND relkind = 'r' AND attnum > 0 AND NOT attisdropped
"""  # noqa: S608 - of constants
_CONSTRAINTS = f"""
    SELECT conrelid::regclass::text, contype::text, conname,
        (SELECT string_agg(attname, ', ' ORDER BY place)
         FROM unnest(conkey) WITH ORDINALITY AS part (number, place)
         JOIN pg_attribute ON attrelid = conrelid AND attnum = number),
        CASE WHEN confrelid <> 0 THEN confrelid::regclass::text ELSE '' END,
        (SELECT string_agg(attname, ', ' ORDER BY place)
         FROM unnest(confkey) WITH ORDINALITY AS part (number, place)
         JOIN pg_attribute ON attrelid = confrelid AND attnum = number),
        confdeltype::text, confupdtype::text, pg_get_constraintdef(pg_constraint.oid)
    FROM pg_constraint
    JOIN pg_class ON pg_class.oid = conrelid
    WHERE {_OWN} AND contype IN ('p', 'u', 'f', 'c')
"""  # noqa: S608 - of constants
_INDEXES = r"""
    SELECT pg_class.relname, own.relname, CASE WHEN indisunique THEN 'unique' ELSE 'plain' END, amname,
        (SELECT string_agg(pg_get_indexdef(indexrelid, place, true), ', ' ORDER BY place)
         FROM generate_series(1, indnkeyatts) AS place),
        regexp_replace(coalesce(pg_get_expr(indpred, indrelid), ''), '^\((.*)\)$', '\1')
    FROM pg_index
    JOIN pg_class ON pg_class.oid = indrelid
    JOIN pg_class AS own ON own.oid = indexrelid
    JOIN pg_am ON pg_am.oid = own.relam
    WHERE pg_class.relnamespace = 'public'::regnamespace AND pg_class.relname <> 'gateway_alembic_version'
        AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u'))
"""
_TRIGGERS = f"""
    SELECT relname, tgname, pg_get_triggerdef(pg_trigger.oid), tgfoid::regproc::text
    FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid WHERE {_OWN} AND NOT tgisinternal
"""  # noqa: S608 - of constants


def catalogue(database_url: str) -> set[str]:
    """What the database has, in the lines of contract/s25-catalogue.tsv; NOT NULL stands with the columns."""
    lines = set()
    with psycopg.connect(database_url) as connection:

        def add(kind: str, query: LiteralString) -> None:
            for row in connection.execute(query):
                lines.add("\t".join((kind, *(re.sub(r"\n\s*", " ", field or "") for field in row))))

        add("enum", _ENUMS)
        add("sequence", _SEQUENCES)
        add("function", _FUNCTIONS)
        add("column", _COLUMNS)
        add("index", _INDEXES)
        for table, kind, name, columns, target, target_columns, on_delete, on_update, _ in connection.execute(
            _CONSTRAINTS
        ):
            actions = (_ACTIONS[on_delete], _ACTIONS[on_update]) if kind == "f" else ("", "")
            lines.add("\t".join(("key", table, _KEYS[kind], name, columns, target, target_columns or "", *actions)))
        for table, name, definition, function in connection.execute(_TRIGGERS):
            timing = re.search(r"(BEFORE|AFTER) (.*) ON .* FOR EACH (ROW|STATEMENT)", definition)
            assert timing is not None
            events = f"{timing[1]} {timing[2]}".replace("INSERT", "insert").replace("UPDATE OF", "update of")
            events = events.replace("BEFORE", "before").replace("AFTER", "after").replace(" OR ", " or ")
            lines.add("\t".join(("trigger", table, name, f"{events}, each {timing[3].lower()}", function)))
    return lines


def shape(database_url: str) -> set[str]:
    """What models say of tables: columns without their places, constraints with their rules, indexes."""
    lines = {re.sub(r"^(column\t\w+)\t\d+", r"\1", line) for line in catalogue(database_url)}
    lines = {line for line in lines if line.startswith(("column", "index", "enum"))}
    with psycopg.connect(database_url) as connection:
        for table, *_, name, _, _, _, _, _, definition in connection.execute(_CONSTRAINTS):
            lines.add(f"key\t{table}\t{name}\t{definition}")
        collations = connection.execute("""
            SELECT attrelid::regclass::text, attname, collname
            FROM pg_attribute JOIN pg_collation ON pg_collation.oid = attcollation
            JOIN pg_class ON pg_class.oid = attrelid
            WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND collname <> 'default' AND attnum > 0
        """)
        lines.update("\t".join(("collation", *row)) for row in collations)
    return lines


def test_first_revision_makes_the_schema_of_s25_exactly(empty_database: str) -> None:
    upgrade(empty_database, REVISIONS[0])

    expected = {line.rstrip("\n") for line in S25.read_text().splitlines() if line and not line.startswith("#")}
    made = catalogue(empty_database)
    assert sorted(made - expected) == []
    assert sorted(expected - made) == []


LIBRARY_AUTHORS = {
    ("key", table, "foreign", f"{table}_{column}_fkey")
    for table, column in (
        ("example", "created_by"),
        ("example", "updated_by"),
        ("example_repository", "created_by"),
        ("example_repository", "updated_by"),
        ("example_version", "created_by"),
    )
}


def test_later_revisions_only_add_and_let_authors_of_the_library_be_deleted(empty_database: str) -> None:
    upgrade(empty_database, REVISIONS[0])
    before = catalogue(empty_database)

    upgrade(empty_database)

    after = catalogue(empty_database)
    assert {re.sub("no action\t", "set null\t", line) for line in before - after} <= after
    assert {tuple(line.split("\t")[:4]) for line in before - after} == LIBRARY_AUTHORS


def test_models_and_newest_revision_agree_for_autogenerate(empty_database: str) -> None:
    upgrade(empty_database)

    assert differences(empty_database) == []


def test_tables_made_from_the_models_are_those_of_the_newest_revision(empty_database: str) -> None:
    upgrade(empty_database)
    from_revisions = shape(empty_database)
    downgrade(empty_database, "base")

    with connect(empty_database) as connection:
        connection.exec_driver_sql(TYPES.read_text(), execution_options={"no_parameters": True})
        Base.metadata.create_all(connection)

    from_models = shape(empty_database)
    assert sorted(from_models - from_revisions) == []
    assert sorted(from_revisions - from_models) == []


def test_missing_index_is_a_difference(empty_database: str) -> None:
    upgrade(empty_database)
    with psycopg.connect(empty_database) as connection:
        connection.execute("DROP INDEX ix_result_created_at_id")

    assert any("ix_result_created_at_id" in difference for difference in differences(empty_database))


@pytest.mark.parametrize(("earlier", "revision"), list(zip(("base", *REVISIONS), REVISIONS, strict=False)))
def test_revision_goes_down_and_up_again(empty_database: str, earlier: str, revision: str) -> None:
    if earlier != "base":
        upgrade(empty_database, earlier)
    before = catalogue(empty_database)
    upgrade(empty_database, revision)
    after = catalogue(empty_database)

    downgrade(empty_database, earlier)
    assert catalogue(empty_database) == before
    upgrade(empty_database, revision)
    assert catalogue(empty_database) == after


def test_downgrade_to_the_base_leaves_nothing(empty_database: str) -> None:
    upgrade(empty_database)
    downgrade(empty_database, "base")

    with psycopg.connect(empty_database) as connection:
        extensions = connection.execute("SELECT extname FROM pg_extension").fetchall()
    assert catalogue(empty_database) == set()
    assert extensions == [("plpgsql",)]


def test_database_is_current_after_the_newest_revision_only(empty_database: str) -> None:
    assert not is_current(empty_database)
    upgrade(empty_database, REVISIONS[-2])
    assert not is_current(empty_database)
    upgrade(empty_database)
    assert is_current(empty_database)


def test_upgrade_leaves_the_version_table_of_computor_alone(empty_database: str) -> None:
    with psycopg.connect(empty_database) as connection:
        connection.execute("CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY)")
        connection.execute("INSERT INTO alembic_version VALUES ('of_computor')")

    upgrade(empty_database)

    with psycopg.connect(empty_database) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [("of_computor",)]
    with connect(empty_database) as sqlalchemy_connection:
        assert current_revision(sqlalchemy_connection) == REVISIONS[-1]
    assert differences(empty_database) == []


def test_managers_of_an_older_database_gain_the_claims_of_groups_and_of_the_library(empty_database: str) -> None:
    upgrade(empty_database, "0007_matriculation")
    gained = {
        *(("_user_manager", f"user_group:{action}") for action in ("create", "get", "list", "delete")),
        ("_organization_manager", "example:delete"),
        *(
            ("_organization_manager", f"{resource}:{action}")
            for resource in ("example_repository", "example_version", "example_dependency")
            for action in ("create", "get", "list", "update", "delete")
        ),
    }
    with psycopg.connect(empty_database) as connection:
        before = set(connection.execute("SELECT role_id, claim_value FROM role_claim").fetchall())
    upgrade(empty_database, "0009_further_manager_claims")
    with psycopg.connect(empty_database) as connection:
        after = set(connection.execute("SELECT role_id, claim_value FROM role_claim").fetchall())
    assert after - before == gained


def test_managers_may_archive_but_not_permit_themselves_more(empty_database: str) -> None:
    upgrade(empty_database)

    with psycopg.connect(empty_database) as connection:
        claims = set(connection.execute("SELECT role_id, claim_value FROM role_claim").fetchall())
    assert ("_user_manager", "user_role:delete") in claims
    assert ("_user_manager", "user:archive") in claims
    assert ("_organization_manager", "course_family:update") in claims
    assert ("_user_manager", "role_claim:create") not in claims
    assert not [claim for claim in claims if claim[0] == "_admin"]


VIOLATIONS: tuple[LiteralString, ...] = (
    "INSERT INTO role (id, builtin) VALUES ('admin', true)",
    "INSERT INTO role (id, builtin) VALUES ('_admin2', false)",
    "INSERT INTO role (id, builtin) VALUES ('_Admin', true)",
    "INSERT INTO \"group\" (slug) VALUES ('two--hyphens')",
    "INSERT INTO \"user\" (user_type) VALUES ('token')",
    "INSERT INTO organization (organization_type, path) VALUES ('organization', 'a')",
    "INSERT INTO organization (organization_type, path, title) VALUES ('user', 'a', 'A')",
    "INSERT INTO execution_backend (type, slug) VALUES ('t', 'a b')",
    "INSERT INTO example_repository (name, source_type, source_url) VALUES ('a', 'ftp', 'ftp://a')",
)


def test_checks_refuse_what_breaks_their_rules(empty_database: str) -> None:
    upgrade(empty_database)

    with psycopg.connect(empty_database) as connection:
        for statement in VIOLATIONS:
            with pytest.raises(psycopg.errors.CheckViolation), connection.transaction():
                connection.execute(statement)
