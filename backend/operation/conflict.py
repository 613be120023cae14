"""Finds, once a write is rolled back, which of its rows collided, and with what, as far as the caller may see it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sqlalchemy import Text, and_, case, cast, func, select
from sqlalchemy import true as sql_true

from backend.access.columns import Columns
from backend.operation.candidate import ORDINAL
from backend.operation.problem import Problem, ProblemCode
from backend.operation.unique import unique_keys

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sqlalchemy import Subquery

    from backend.interface.entity import Entity
    from backend.operation.problem import Path
    from backend.operation.writing import Writing


@dataclass(frozen=True)
class Collision:
    """What the database refused of some candidates: the problem, its constraint, and the paths of the candidates."""

    entity: Entity
    problem: Problem
    constraint: str | None
    candidate: Callable[[Writing], Subquery]
    given: Mapping[str, object]
    places: Sequence[Path]
    # The number of the candidate that was refused first.
    refused: int = 0

    async def explained(self, writing: Writing) -> Problem:
        """The problem with its place and the row in the way."""
        plain = self.problem.under(*self.places[self.refused])
        key = unique_keys(self.entity).get(self.constraint or "")
        if self.problem.code is not ProblemCode.CONFLICT or key is None or not key.is_plain:
            return plain
        fields = key.fields
        candidate = self.candidate(writing)
        given = Columns(self.entity.model, candidate)
        source = writing.source(self.entity)
        is_other = and_(*(source.raw[part] == given[part] for part in self.entity.key))
        same = and_(*(source.raw[name] == given[name] for name in fields))
        taken = same if set(fields) == set(self.entity.key) else and_(same, ~is_other)
        seen = and_(sql_true(), *source.visible())
        keys = [case((seen, cast(source.raw[part], Text)), else_=None) for part in self.entity.key]
        order = candidate.c[ORDINAL]
        labelled = [key.label(f"k{index}") for index, key in enumerate(keys)]
        found = select(order, *labelled).select_from(candidate.join(source.table, taken)).order_by(order).limit(1)
        among = select(func.max(order)).select_from(candidate).group_by(*(given[name] for name in fields))
        twice = among.having(func.count() > 1).limit(1)
        rows, doubled = await writing.fetch((found, self.given), (twice, self.given))
        if rows:
            number, *parts = rows[0]
            known = tuple(parts) if None not in parts else None
            problem = self.problem.under(*self.places[number])
            return replace(problem, conflicting=(self.entity.name, known) if known else None)
        return self.problem.under(*self.places[doubled[0][0]]) if doubled else plain
