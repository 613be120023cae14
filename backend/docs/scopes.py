"""docs/caching-scopes.md: which changes concern whom, table by table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import inspect

from backend.access.principal import EVIDENCE
from backend.access.scope import Scopes
from backend.interface.areas import areas
from backend.interface.entity import policies

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backend.interface.entity import Catalog, Entity

_HEAD = """# Whose cached answers does a change take away, table by table?

`computor docs` writes this page from the policies of `backend/interface/`; a test fails when it is out of date. What
scopes are, and how changes are noted: [caching.md](caching.md).

A change of a row takes away the answers of those who hold one of the keys that a way leads to, from the row as it was
and as it is, and of those who see all rows of the table: admins and holders of a claim on it. *Everyone* stands where
all who see rows of the table see all of them. A change that *principals* rest on has the user's rights read again, or
those of all users. Names are those of the database.
"""
_TABLE = "| table | ways to the keys | everyone | principals |\n|---|---|---|---|\n"


def scopes_page(catalog: Catalog) -> str:
    """The page as Markdown."""
    scopes = Scopes(policies(entity.interface for entity in catalog.values()))
    return "".join(_page(catalog, scopes))


def _page(catalog: Catalog, scopes: Scopes) -> Iterator[str]:
    yield _HEAD
    for title, entities in areas(catalog):
        yield f"\n## {title}\n\n{_TABLE}"
        for entity in entities:
            yield _line(entity, scopes)


def _line(entity: Entity, scopes: Scopes) -> str:
    table = entity.model.__tablename__
    ways = sorted({f"{path} ({path.universe})" for path in scopes.bumped_paths(table)})
    return f"| {table} | {'<br>'.join(ways)} | {_everyone(table, scopes)} | {_principals(entity)} |\n"


def _everyone(table: str, scopes: Scopes) -> str:
    conditions = [f"if {condition.text}" for condition in scopes.open_conditions(table)]
    if scopes.is_open(table):
        return "yes"
    return ", ".join(conditions)


def _principals(entity: Entity) -> str:
    evidence = EVIDENCE.get(entity.model.__tablename__)
    if evidence is None:
        return ""
    whose = f"of {evidence.user}" if evidence.user else "of all users"
    silent = [column.name for column in inspect(entity.model).columns if column.info.get("silent")]
    without = f"; {' and '.join(sorted(silent))} are no change" if silent else ""
    return f"{whose}, where {', '.join(evidence.columns)} differ{without}"
