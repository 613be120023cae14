"""Executes a plan: level by level, all statements of a level in one round trip."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Any

from backend.plan.load import Task
from backend.plan.run import Failure, Level, Pending, Run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backend.plan.compile import Plan
    from backend.plan.load import Query
    from backend.plan.run import Json, Row


async def execute(run: Run, plan: Plan, data: Json, *, last: bool) -> None:
    """Loads the plan's roots into `data`. `last` says that nothing else will read in this snapshot.

    Raises GraphQLError for bad input, before anything is read.
    """
    for arguments in plan.arguments:
        arguments.of(run)
    tasks = [Task(load, key, [data]) for key, load in plan.loads]
    while tasks:
        tasks = await _level(run, tasks, last=last and max(task.load.height for task in tasks) == 1)
        pending, run.pending = run.pending, []
        for each in pending:
            await _compute(run, each)


async def _level(run: Run, tasks: Sequence[Task], *, last: bool) -> list[Task]:
    values = run.principal.values
    asked = [task.load.queries(run, task.slot, task.parents) for task in tasks]
    started = perf_counter()
    commands = [(query.statement.text, query.statement.parameters(values, query.given)) for of in asked for query in of]
    fetched = iter(await run.snapshot.fetch(commands, last=last) if commands else [])
    answers = [[next(fetched) for _ in queries] for queries in asked]
    run.levels.append(_noted(started, tasks, asked, answers))
    below: list[Task] = []
    for task, answer in zip(tasks, answers, strict=True):
        below += task.load.place(run, task.slot, task.parents, answer)
    return below


def _noted(
    started: float, tasks: Sequence[Task], asked: Sequence[Sequence[Query]], answers: Sequence[Sequence[list[Row]]]
) -> Level:
    rows = [list(map(len, answer)) for answer in answers]
    return Level(
        started, perf_counter(), [task.load for task in tasks], asked, rows, [len(task.parents) for task in tasks]
    )


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
