"""Filters of many alternatives: those that differ in their values alone become one test of arrays.

So neither the statement nor the time that it takes to plan it grows with their number, and a shape is kept whatever
the number is. A structure (`Shape`) numbers the values that it binds, its leaves; see `backend.plan.filter`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

Shape = tuple[Any, ...]
# Below this, each alternative is tested by itself: PostgreSQL can look each up in an index of its own.
FEW_ALTERNATIVES = 16


def grouped(branches: Sequence[tuple[Shape, Sequence[Any]]], base: int) -> tuple[tuple[Shape, ...], list[Any]]:
    """The alternatives with as few structures as possible, and their leaves, which are numbered from `base`.

    A branch comes with its own leaves, numbered from 0. A group is `("any", structure, first leaf, leaves)`, and each
    of its leaves is the list of the values that its branches have there.
    """
    groups: dict[Shape, list[Sequence[Any]]] = {}
    for shape, leaves in branches:
        groups.setdefault(shape, []).append(leaves)
    alternatives: list[Shape] = []
    bound: list[Any] = []
    for shape, rows in groups.items():
        here = base + len(bound)
        if not rows[0]:
            alternatives.append(shape)
        elif len(rows) == 1 or any(isinstance(leaf, list) for row in rows for leaf in row):
            for row in rows:
                alternatives.append(moved(shape, base + len(bound)))
                bound += row
        else:
            alternatives.append(("any", moved(shape, here), here, len(rows[0])))
            bound += [list(values) for values in zip(*rows, strict=True)]
    return tuple(alternatives), bound


def moved(shape: Shape, by: int) -> Shape:
    """The structure with its leaves numbered anew."""
    what = shape[0]
    if what == "test":
        return (*shape[:3], shape[3] + by)
    if what in ("and", "or"):
        return (what, tuple(moved(test, by) for test in shape[1]))
    if what == "not":
        return (what, moved(shape[1], by))
    if what == "any":
        return (what, moved(shape[1], by), shape[2] + by, shape[3])
    if what in ("isNull", "isEmpty"):
        return shape
    return (*shape[:2], moved(shape[2], by))


def single(shape: Shape) -> Shape:
    """The one test of a structure that is a conjunction of one; else the structure itself."""
    while shape[0] == "and" and len(shape[1]) == 1:
        shape = shape[1][0]
    return shape


def tests_in(shape: Shape) -> int:
    """How many tests SQL is made of for a structure: negations, and looks into relations, are tests of tests."""
    what = shape[0]
    if what in ("test", "isNull", "isEmpty"):
        return 1
    if what in ("and", "or"):
        return max(1, sum(map(tests_in, shape[1])))
    return 1 + tests_in(shape[1 if what in ("not", "any") else 2])


def reach(shape: Shape) -> tuple[int, int]:
    """How often a structure looks into relations, and how many to-many relations lie within each other at most."""
    what = shape[0]
    if what in ("test", "isNull", "isEmpty"):
        return 0, 0
    inner = [
        reach(part) for part in (shape[1] if what in ("and", "or") else [shape[1 if what in ("not", "any") else 2]])
    ]
    count, depth = sum(times for times, _ in inner), max((levels for _, levels in inner), default=0)
    if what in ("and", "or", "not", "any"):
        return count, depth
    return count + 1, depth + (what != "one")
