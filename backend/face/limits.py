"""What one request may ask for: bounds, and the errors that name them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from backend.errors import LimitError

if TYPE_CHECKING:
    from backend.settings import Settings


@dataclass(frozen=True)
class ValueLimits:
    """Bounds on the values in a request: the variables of a document, or the body of a REST request."""

    variable_depth: int
    variable_values: int
    list_length: int
    variable_objects: int

    def check(self, limit: str, found: int) -> None:
        """Raises LimitError where `found` is more than the limit of that name allows."""
        allowed = getattr(self, limit)
        if found > allowed:
            raise exceeded(limit, allowed, found)


@dataclass(frozen=True)
class DocumentLimits(ValueLimits):
    """Bounds on documents and their variables; the settings `MAX_…` of the same names say what each is."""

    characters: int
    tokens: int
    depth: int
    operations: int
    root_fields: int
    fields: int
    objects: int
    aliases: int
    directives: int
    spreads: int
    overlaps: int
    nodes: int
    cost: int

    @classmethod
    def of(cls, settings: Settings) -> DocumentLimits:
        """Those that the settings say."""
        return cls(**{each.name: getattr(settings, f"max_{each.name}") for each in fields(cls)})


def exceeded(limit: str, allowed: int, found: int) -> LimitError:
    """The error for a limit that was passed."""
    # JSON's numbers end where a float's exact integers do, and fragments multiply beyond.
    found = min(found, 2**53 - 1)
    return LimitError(_TEXTS[limit].format(allowed=allowed, found=found), _NAMES.get(limit, limit), allowed, found)


_NAMES = {
    "root_fields": "rootFields",
    "variable_depth": "variableDepth",
    "variable_values": "variableValues",
    "list_length": "listLength",
    "variable_objects": "variableObjects",
}
_TEXTS = {
    "characters": "The document has {found} characters; at most {allowed} are read.",
    "tokens": "The document has {found} tokens; at most {allowed} are read.",
    "nesting": "The document's brackets are nested {found} deep; at most {allowed} are read.",
    "depth": "The document is {found} levels deep; at most {allowed} are answered.",
    "operations": "The document has {found} operations; at most {allowed} are read.",
    "root_fields": "The operation has {found} fields at its root; at most {allowed} are answered.",
    "fields": "The operation selects {found} fields, fragments spelled out; at most {allowed} are answered.",
    "objects": "The operation selects {found} objects, fragments spelled out; at most {allowed} are answered.",
    "aliases": "The document has {found} aliases; at most {allowed} are read.",
    "directives": "The document has {found} directives; at most {allowed} are read.",
    "spreads": "The operation spreads {found} fragments, those within each other counted; at most {allowed} are read.",
    "overlaps": "Fields that share a name in their place make {found} pairs; at most {allowed} are compared.",
    "nodes": "The operation may come to {found} rows, by the sizes of its pages; at most {allowed} are answered.",
    "cost": "The operation costs {found}; at most {allowed} is answered.",
    "variable_depth": "The values are {found} levels deep; at most {allowed} are read.",
    "variable_values": "There are {found} values; at most {allowed} are read.",
    "variable_objects": "There are {found} objects; at most {allowed} are read.",
    "list_length": "A list has {found} values; at most {allowed} are read.",
}
