"""docs/permissions-by-entity.md: the policies, in a table that a person can read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import inspect

from backend.access.policy import Action
from backend.interface.areas import areas

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backend.access.policy import Grant
    from backend.interface.entity import Catalog, Entity

_HEAD = """# Who may do what, entity by entity?

`computor docs` writes this page from the policies of `backend/interface/`; a test fails when it is out of date. How a
policy works, and what becomes of it in SQL: [permissions.md](permissions.md); how it holds for writes:
[writing.md](writing.md).

Admins may do everything, and holders of a general claim what it says, on all rows. A claim on one row does so for that
row. Besides these, a row may be read (R), created (C), updated (U), deleted (D) or archived (A) if one of the lines of
its entity holds: the *path* leads from the row over relations to one of the keys that are named beside it, and what
stands under *only if* is true. U, D and A take R too. A column that a line *hides* is null, also in filters and orders,
unless another line opens the row too. Names are those of the model.
"""
_COLUMNS = "| entity | may | path | leads to | only if | hides | sets only |\n|---|---|---|---|---|---|---|\n"
_CHECKS = """
## What is checked besides

Rules on writes that are no grants. Those marked with a star bind admins too.

| entity | on | it is refused with |
|---|---|---|
"""
_NEVER = """
## What nobody reads

These columns are no fields of the schema, whoever asks:

| entity | columns |
|---|---|
"""


def permissions_page(catalog: Catalog) -> str:
    """The page, with a line end at its end."""
    sections = (
        f"\n## {title}\n\n{_COLUMNS}{''.join(_lines(entities))}" for title, entities in areas(catalog) if entities
    )
    return _HEAD + "".join(sections) + _CHECKS + "".join(_checks(catalog)) + _NEVER + "".join(_never(catalog))


def _lines(entities: list[Entity]) -> Iterator[str]:
    for entity in entities:
        lines = _merged(entity)
        if not lines:
            yield f"| {entity.name} |  |  | nobody besides these |  |  |  |\n"
        for place, (grant, actions) in enumerate(lines):
            name = entity.name if place == 0 else ""
            hidden, sets = _hidden(entity, grant), _names(sorted(grant.sets or ()))
            cells = (name, actions, _path(grant), _reader(grant), _condition(grant), hidden, sets)
            yield f"| {' | '.join(cells)} |\n"


def _merged(entity: Entity) -> list[tuple[Grant, str]]:
    """The grants of all actions, each with the letters of what it opens."""
    letters: dict[Grant, str] = {}
    for action in Action:
        for grant in entity.interface.policy.grants(action):
            letters[grant] = letters.get(grant, "") + action.value[0].upper()
    return list(letters.items())


def _checks(catalog: Catalog) -> Iterator[str]:
    for entity in catalog.values():
        for check in entity.interface.policy.checks:
            actions = "".join(action.value[0].upper() for action in Action if action in check.on)
            star = "*" if check.binds_admins else ""
            yield f"| {entity.name} | {actions}{star} | {check.message} |\n"


def _path(grant: Grant) -> str:
    return f"`{grant.path}`" if grant.path else ""


def _reader(grant: Grant) -> str:
    if grant.values is None:
        return "everyone signed in"
    return grant.values.text if grant.path else f"whoever has {grant.values.text}"


def _condition(grant: Grant) -> str:
    texts = [grant.where.text] if grant.where else []
    if grant.sees:
        texts.append(f"one sees its `{grant.sees}`")
    return " and ".join(texts)


def _hidden(entity: Entity, grant: Grant) -> str:
    """The hidden columns, or those that are not, whichever are fewer."""
    columns = [name for name in inspect(entity.model).columns.keys() if name in entity.by_attribute]  # noqa: SIM118 - no mapping
    hidden = [name for name in columns if name in grant.hides]
    opened = [name for name in columns if name not in grant.hides]
    return f"all but {_names(opened)}" if len(opened) < len(hidden) else _names(hidden)


def _never(catalog: Catalog) -> Iterator[str]:
    for entity in catalog.values():
        columns = inspect(entity.model).columns.keys()
        unread = [name for name in columns if name not in entity.by_attribute]
        if unread:
            yield f"| {entity.name} | {_names(unread)} |\n"


def _names(columns: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in columns)
