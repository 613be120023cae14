"""A plan that was run, for people: the tree of loads with their statements, and what each cost.

Statements are texts with `$1` for what is bound: no value of a variable, of a principal or of a row is in them. They do
tell what the policies are, so that they are for operators (docs/explain.md).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backend.json import Json
    from backend.plan.compile import Plan
    from backend.plan.run import Level, Run
    from backend.plan.template import Load


def explain(plan: Plan, run: Run, cache: Mapping[str, str]) -> Json:
    """The levels of a plan that was run, and its loads; `cache` says what the cache did for a root field."""
    levels = [
        {
            "statements": sum(len(rows) for rows in level.rows),
            "rows": sum(sum(rows) for rows in level.rows),
            "milliseconds": milliseconds(level.ended - level.started),
        }
        for level in run.levels
    ]
    loads = [_root(key, root, run, cache) for key, root in plan.roots]
    return {"levels": levels, "loads": loads}


def milliseconds(seconds: float) -> float:
    """To the microsecond."""
    return round(seconds * 1000, 3)


def _root(key: str, root: Load | str | None, run: Run, cache: Mapping[str, str]) -> Json:
    if root is None:
        return {"field": key, "kind": "resolver", "cache": cache.get(key), "statements": [], "loads": []}
    if isinstance(root, str):
        return {"field": key, "kind": "constant", "cache": None, "statements": [], "loads": []}
    return {**_load(key, root, run), "cache": cache.get(key)}


def _load(key: str, load: Load, run: Run) -> Json:
    found = next(((number, level) for number, level in enumerate(run.levels, 1) if load in level.loads), None)
    entry: Json = {"field": key, "kind": load.kind, "type": load.name}
    if found is None:
        # The field came from the cache, or there was nothing to ask.
        entry |= {"level": None, "parents": 0, "rows": 0, "statements": []}
    else:
        entry |= _ran(load, *found)
    # A load that no parent led to is none of what was done.
    done = {id(each) for level in run.levels for each in level.loads}
    entry["loads"] = [_load(name, below, run) for name, below in load.beneath() if id(below) in done]
    return entry


def _ran(load: Load, number: int, level: Level) -> Json:
    index = level.loads.index(load)
    queries, rows = level.queries[index], level.rows[index]
    return {
        "level": number,
        "parents": level.parents[index],
        "rows": sum(rows),
        "statements": [
            {
                "for": query.purpose,
                "sql": query.statement.text.sql.decode(),
                "prepared": query.statement.text.name is not None,
                "rows": count,
            }
            for query, count in zip(queries, rows, strict=True)
        ],
    }
