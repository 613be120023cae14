"""The rules of all revisions, and which of them a database does without."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

from backend.migration.environment import scripts
from backend.migration.rule import report

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from backend.migration.rule import Rule


def not_in_force(connection: Connection) -> list[Rule]:
    """Rules of revisions, all of which have been run, that were left off for rows that broke them."""
    return [rule for rule in _rules() if connection.execute(text(_is_lacking(rule))).scalar_one()]


def broken_by(connection: Connection, rule: Rule) -> str | None:
    """Which rows break the rule; None if none does."""
    found: str | None = connection.execute(text(report(rule))).scalar_one_or_none()
    return found


def _rules() -> list[Rule]:
    revisions = reversed(list(scripts().walk_revisions()))
    return [rule for revision in revisions for rule in getattr(revision.module, "RULES", ())]


def _is_lacking(rule: Rule) -> str:
    return f"""SELECT to_regclass('"{rule.table}"') IS NOT NULL AND NOT ({rule.in_force})"""
