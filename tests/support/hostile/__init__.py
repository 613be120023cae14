"""Requests of attackers: documents and bodies, generated, each with the code that it is refused with."""

from __future__ import annotations

from tests.support.hostile import bodies, documents, values
from tests.support.hostile.request import Hostile

__all__ = ["Hostile", "corpus"]


def corpus() -> list[Hostile]:
    """All of them; names are unique."""
    families = (*documents.FAMILIES, *values.FAMILIES, *bodies.FAMILIES)
    return [request for family in families for request in family()]
