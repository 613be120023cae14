"""Executes a plan: level by level, all statements of a level in one round trip."""

from __future__ import annotations

import asyncio
from time import perf_counter
from typing import TYPE_CHECKING, Any

from backend.plan.load import MOST_AHEAD, ByKey
from backend.plan.run import Failure, Level, Pending, Run
from backend.plan.template import Query, Task

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from backend.json import Json
    from backend.plan.compile import Plan
    from backend.plan.load import Ahead
    from backend.plan.run import Row

# Loads after which others have their turn.
_TURN = 8


async def execute(run: Run, plan: Plan, data: Json, *, last: bool, without: Collection[str] = frozenset()) -> None:
    """Loads the plan's roots into `data`, `without` some. `last` says that nothing else will read in this snapshot.

    Raises GraphQLError for bad input, before anything is read.
    """
    for arguments in plan.arguments:
        arguments.of(run)
    tasks = [(key, Task(load, key, [data])) for key, load in plan.loads if key not in without]
    # Where a level more has to be waited for anyway, nothing is gained by asking for some of it before. Where each
    # statement sees another state, what led to an object in the one may not do so in the next.
    at_once = (
        run.snapshot.sees_one_state
        and all(task.load.flat for _, task in tasks)
        and sum(task.load.levels_ahead for _, task in tasks if isinstance(task.load, ByKey)) <= MOST_AHEAD
    )
    while tasks:
        ends = last and (at_once or max(task.load.height for _, task in tasks) == 1)
        tasks = await _level(run, tasks, last=ends, at_once=at_once)
        pending, run.pending = run.pending, []
        for each in pending:
            await _compute(run, each)


async def _level(run: Run, tasks: Sequence[tuple[str, Task]], *, last: bool, at_once: bool) -> list[tuple[str, Task]]:
    """Each task comes with the response key of its root. `at_once` asks for all beneath them, too."""
    principal = run.principal
    roots, loads = [root for root, _ in tasks], [task.load for _, task in tasks]
    asked = await _queries(run, [task for _, task in tasks])
    if at_once:
        for (root, task), queries in zip(tasks, tuple(asked), strict=True):
            if queries and isinstance(task.load, ByKey):
                for load, statement in task.load.made_ahead or await _make_ahead(run, task.load):
                    roots.append(root)
                    loads.append(load)
                    asked.append([Query(statement, queries[0].given)])
    for root, queries in zip(roots, asked, strict=True):
        for query in queries:
            run.reads[root].take(query.statement.text)
    started = perf_counter()
    commands = [
        (query.statement.text, query.statement.parameters(principal, query.given)) for of in asked for query in of
    ]
    fetched = iter(await run.snapshot.fetch(commands, last=last) if commands else [])
    answers = [[next(fetched) for _ in queries] for queries in asked]
    level = Level(
        started, perf_counter(), loads, asked, [list(map(len, answer)) for answer in answers], [0] * len(loads)
    )
    run.levels.append(level)
    below: list[tuple[str, Task]] = []
    for index, (root, task) in enumerate(tasks):
        below += _place(run, root, task, level, index, answers)
    while at_once and below:
        root, task = below.pop(0)
        below += _place(run, root, task, level, loads.index(task.load), answers)
    return below


async def _queries(run: Run, tasks: Sequence[Task]) -> list[list[Query]]:
    """What each asks for."""
    asked = []
    made = run.made
    for place, task in enumerate(tasks, 1):
        asked.append(task.load.queries(run, task.slot, task.parents))
        if run.made > made or place % _TURN == 0:
            # Others are answered meanwhile, where hundreds of statements are made, which takes up to ten milliseconds
            # for each.
            made = run.made
            await asyncio.sleep(0)
    return asked


async def _make_ahead(run: Run, load: ByKey) -> list[Ahead]:
    """All beneath it; others have their turn after each statement that is made, for these are the longest."""
    ahead = []
    for each in load.ahead(run):
        ahead.append(each)
        await asyncio.sleep(0)
    return ahead


def _place(
    run: Run, root: str, task: Task, level: Level, index: int, answers: Sequence[Sequence[list[Row]]]
) -> list[tuple[str, Task]]:
    level.parents[index] = len(task.parents)
    computed = len(run.pending)
    below = [(root, each) for each in task.load.place(run, task.slot, task.parents, answers[index])]
    for pending in run.pending[computed:]:
        run.reads[root].compute(pending.batch)
    return below


async def _compute(run: Run, pending: Pending) -> None:
    objects = pending.objects
    try:
        values: list[Any] = list(await pending.batch.compute(run, pending.rows))
    except Exception as error:  # noqa: BLE001 - whatever went wrong, the field fails and nothing else
        values = [error] * len(objects)
    if len(values) != len(objects):
        values = [ValueError(f"{len(values)} values for {len(objects)} rows")] * len(objects)
    for target, value in zip(objects, values, strict=True):
        failure = value if isinstance(value, Exception) else None
        if value is None and not pending.nullable:
            failure = ValueError(f"{pending.slot} may not be null")
        target[pending.slot] = value if failure is None else Failure(failure)
        run.failed = run.failed or failure is not None
