"""Commands that cannot do what they are told say why in one sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.database import run
from tests.support.processes import computor

if TYPE_CHECKING:
    from pathlib import Path

_NOT_UPGRADED = "The database does not have the newest schema: run `computor db upgrade`.\n"
_NEWER = (
    "The database is newer than this code, which does not know its revision 9999_later: update the code, or take"
    " another database (--data-dir, or DATABASE_URL).\n"
)


@pytest.mark.parametrize(
    "arguments",
    [
        ("token", "create", "--user", "ada"),
        ("token", "revoke", "ctp_nobody"),
        ("plan", "FILE", "--as", "ada"),
        ("plan", "FILE", "--token", "ctp_nobody"),
    ],
)
def test_database_that_is_not_upgraded(empty_database: str, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    document = tmp_path / "query.graphql"
    document.write_text("{ __typename }")
    refused = computor(empty_database, *(str(document) if each == "FILE" else each for each in arguments))
    assert (refused.returncode, refused.stdout, refused.stderr) == (1, "", _NOT_UPGRADED)


def test_a_token_is_ended_although_an_upgrade_is_due(migrated_database: str) -> None:
    run(migrated_database, "INSERT INTO \"user\" (username) VALUES ('ada')")
    token = computor(migrated_database, "token", "create", "--user", "ada").stdout.strip()
    run(migrated_database, "UPDATE gateway_alembic_version SET version_num = '0018_address_index'")
    assert computor(migrated_database, "token", "revoke", token).stdout == "Revoked 1 token.\n"


@pytest.mark.parametrize(
    "arguments",
    [("serve", "--port", "0"), ("db", "check"), ("db", "upgrade")],
)
def test_database_of_newer_code(migrated_database: str, arguments: tuple[str, ...]) -> None:
    run(migrated_database, "UPDATE gateway_alembic_version SET version_num = '9999_later'")
    refused = computor(migrated_database, *arguments)
    assert (refused.returncode, refused.stdout, refused.stderr) == (1, "", _NEWER)


@pytest.mark.parametrize("scope", ["nonsense", "nonsense:get", "course:nonsense"])
def test_scope_that_there_is_not(migrated_database: str, scope: str) -> None:
    run(migrated_database, "INSERT INTO \"user\" (username) VALUES ('ada')")
    refused = computor(migrated_database, "token", "create", "--user", "ada", "--scope", "course:get", "--scope", scope)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith(f"There is no scope {scope!r}: give *, or TABLE:ACTION such as course:get.")
    assert "Actions are get, list, create, update, delete, archive; tables are " in refused.stderr
    assert " course_group, " in refused.stderr
    assert run(migrated_database, "SELECT count(*) FROM api_token") == [(0,)]


def test_scope_that_does_not_narrow_stands_alone(migrated_database: str) -> None:
    refused = computor(migrated_database, "token", "create", "--user", "ada", "--scope", "*", "--scope", "course:get")
    assert (refused.returncode, refused.stderr) == (1, "The scope * stands alone: it does not narrow.\n")


def test_settings_that_do_not_fit_together(monkeypatch: pytest.MonkeyPatch, empty_database: str) -> None:
    monkeypatch.setenv("TRUSTED_DOCUMENTS", "only")
    refused = computor(empty_database, "serve", "--port", "0")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == "TRUSTED_DOCUMENTS asks for a manifest: set TRUSTED_DOCUMENTS_FILE.\n"
