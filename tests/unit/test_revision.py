"""The cheap check for the newest schema agrees with Alembic."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from alembic.script import ScriptDirectory

from backend.revision import needs_upgrade, newest

if TYPE_CHECKING:
    import pytest

_SCRIPTS = Path(__file__).parents[2] / "alembic"


def test_newest_revision_is_alembics_head() -> None:
    assert newest() == ScriptDirectory(str(_SCRIPTS)).get_current_head()


def test_migrated_database_needs_no_upgrade(migrated_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not needs_upgrade(migrated_database)
    monkeypatch.setattr("backend.revision.newest", lambda: "9999_later")
    assert needs_upgrade(migrated_database)


def test_empty_database_needs_an_upgrade(empty_database: str) -> None:
    assert needs_upgrade(empty_database)
