"""schema.graphql: the contract with frontend teams, written from the code and held against it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from graphql import build_schema as parse_schema
from graphql.utilities import find_breaking_changes, find_dangerous_changes

from backend.graphql.schema import build_schema
from backend.interface.reflection import reflect
from backend.interface.registry import INTERFACES
from backend.plan.limits import Limits
from backend.settings import DEFAULTS

if TYPE_CHECKING:
    from pathlib import Path


def print_schema() -> str:
    """The schema in GraphQL's schema definition language, with a line end at its end; the settings as they come."""
    return build_schema(reflect(INTERFACES), Limits.of(DEFAULTS)).as_str() + "\n"


def export(path: Path) -> None:
    """Writes the schema."""
    path.write_text(print_schema(), encoding="utf-8")


def check(path: Path) -> list[str]:
    """What is wrong with the file: nothing, or that it differs, and each change that breaks or may surprise clients."""
    now = print_schema()
    if not path.exists():
        return [f"{path.name} is missing; `computor schema export` writes it."]
    before = path.read_text(encoding="utf-8")
    if before == now:
        return []
    old, new = parse_schema(before), parse_schema(now)
    return [
        f"{path.name} is not what the code declares; `computor schema export` writes it anew.",
        *(f"breaks clients: {change.description}" for change in find_breaking_changes(old, new)),
        *(f"may surprise clients: {change.description}" for change in find_dangerous_changes(old, new)),
    ]
