"""Until when an answer holds that depends on the time."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

from sqlalchemy import Float, cast, extract, func, select

from backend.access.visibility import Access
from backend.plan.source import Source

if TYPE_CHECKING:
    from collections.abc import Collection

    from backend.plan.run import Run


async def next_moment(run: Run, tables: Collection[str], *, last: bool) -> float | None:
    """Seconds until the next of the moments that the interfaces of the tables name, counted from the snapshot.

    None where they name none, so that nobody can tell. Only rows that the caller sees count: when an answer ends says
    nothing of others.
    """
    moments = []
    for entity in run.scope.catalog.values():
        if entity.model.__tablename__ in tables:
            for attribute in entity.interface.moments:
                source = Source(run.scope, entity.model, Access.SCAN)
                to_come = source[attribute] > func.now()
                first = select(func.min(source[attribute])).where(to_come, *source.visible())
                moments.append(first.scalar_subquery())
    if not moments:
        return None
    left = extract("epoch", func.least(*moments)) - extract("epoch", func.now())
    statement = run.compiler.compile(select(cast(func.coalesce(left, "infinity"), Float)), prepare=False)
    command = (statement.text, statement.parameters(run.principal, {}))
    (((seconds,),),) = await run.snapshot.fetch([command], last=last)
    return float(seconds) if isfinite(seconds) else float("inf")
