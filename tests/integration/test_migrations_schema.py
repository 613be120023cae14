"""Migrations make the schema that they promise, and the models agree with it."""

from __future__ import annotations

import re
from pathlib import Path

import psycopg
import pytest

from backend.migration import connect, current_revision, differences, downgrade, upgrade
from backend.model import Base
from backend.process.serve import is_current
from tests.support.catalogue import CONSTRAINTS, LIBRARY_AUTHORS, catalogue, computor_catalogue

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
    "0014_seat_claims",
    "0015_change",
    "0016_secret",
    "0017_logins",
    "0018_address_index",
    "0019_reader",
    "0020_epoch",
)
TYPES = Path(__file__).parents[2] / "alembic" / "s25" / "types.sql"


def shape(database_url: str) -> set[str]:
    """What models say of tables: columns without their places, constraints with their rules, indexes.

    Where changes are noted and who reads that, and what nobody may know, are no tables of a model.
    """
    lines = {re.sub(r"^(column\t\w+)\t\d+", r"\1", line) for line in catalogue(database_url)}
    lines = {line for line in lines if line.startswith(("column", "index", "enum"))}
    with psycopg.connect(database_url) as connection:
        for table, *_, name, _, _, _, _, _, definition in connection.execute(CONSTRAINTS):
            lines.add(f"key\t{table}\t{name}\t{definition}")
        collations = connection.execute("""
            SELECT attrelid::regclass::text, attname, collname
            FROM pg_attribute JOIN pg_collation ON pg_collation.oid = attcollation
            JOIN pg_class ON pg_class.oid = attrelid
            WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND collname <> 'default' AND attnum > 0
        """)
        lines.update("\t".join(("collation", *row)) for row in collations)
    return {line for line in lines if line.split("\t")[1] not in ("gateway_change", "gateway_reader", "gateway_secret")}


def test_first_revision_makes_the_schema_of_computors_own_backend_exactly(empty_database: str) -> None:
    upgrade(empty_database, REVISIONS[0])

    expected = set(computor_catalogue())
    made = catalogue(empty_database)
    assert sorted(made - expected) == []
    assert sorted(expected - made) == []


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


def _of_revisions(database_url: str) -> set[str]:
    """All but what notes changes: it comes after the newest revision, and goes with the table that it needs."""
    return {line for line in catalogue(database_url) if "gateway_note_" not in line}


@pytest.mark.parametrize(("earlier", "revision"), list(zip(("base", *REVISIONS), REVISIONS, strict=False)))
def test_revision_goes_down_and_up_again(empty_database: str, earlier: str, revision: str) -> None:
    if earlier != "base":
        upgrade(empty_database, earlier)
    before = _of_revisions(empty_database)
    upgrade(empty_database, revision)
    after = _of_revisions(empty_database)

    downgrade(empty_database, earlier)
    assert _of_revisions(empty_database) == before
    upgrade(empty_database, revision)
    assert _of_revisions(empty_database) == after


def test_downgrade_does_not_forget_messages_for_families_and_organizations(empty_database: str) -> None:
    upgrade(empty_database)
    with psycopg.connect(empty_database) as connection:
        connection.execute("""
            WITH writer AS (INSERT INTO "user" (username) VALUES ('ada') RETURNING id),
                org AS (INSERT INTO organization (organization_type, path, title)
                    VALUES ('organization', 'uni', 'Uni') RETURNING id)
            INSERT INTO message (author_id, level, title, content, organization_id)
                SELECT writer.id, 0, 'Hello', 'all', org.id FROM writer, org
        """)
    with pytest.raises(psycopg.errors.RaiseException, match="1 messages are for course families or organizations"):
        downgrade(empty_database, "0009_further_manager_claims")

    with psycopg.connect(empty_database) as connection:
        assert connection.execute("DELETE FROM message").rowcount == 1
    downgrade(empty_database, "0009_further_manager_claims")


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


def test_database_is_current_while_notes_outlast_what_may_be_noted(empty_database: str) -> None:
    upgrade(empty_database)
    with psycopg.connect(empty_database) as connection:
        # As it has to be with prepared transactions, which this server does not have.
        connection.execute("ALTER TABLE gateway_change SET LOGGED")
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
