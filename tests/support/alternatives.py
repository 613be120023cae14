"""Filters of course contents with any number of alternatives, for whoever measures what these come to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def _mixed(number: int) -> dict[str, Any]:
    return (
        {"title": {"eq": f"title {number}"}},
        {"position": {"gt": float(number), "lt": number + 0.5}},
        {"title": {"contains": f"title {number}"}},
        {"maxGroupSize": {"lt": number}, "title": {"ne": "x"}},
        {"path": {"descendantOf": f"week_{number}"}},
    )[number % 5]


ALTERNATIVES: Mapping[str, Callable[[int], dict[str, Any]]] = {
    "equal": lambda number: {"title": {"eq": f"title {number}"}},
    "mixed": _mixed,
    "related": lambda number: {"course": {"title": {"eq": f"title {number}"}}},
    "some": lambda number: {"results": {"some": {"result": {"gt": float(number)}}}},
    "computed": lambda number: {"isSubmittable": {"eq": True}, "title": {"eq": f"title {number}"}},
    "negated": lambda number: {"not": {"title": {"startsWith": f"title {number}"}}},
}
"""Kinds of alternatives, which differ in their values."""


def alternatives(kind: str, count: int) -> dict[str, Any]:
    """A CourseContentFilter of so many."""
    return {"or": [ALTERNATIVES[kind](number) for number in range(count)]}
