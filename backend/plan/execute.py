"""Executes a plan: level by level, all statements of a level in one round trip."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Any

from backend.plan.load import Task
from backend.plan.run import Failure, Level, Pending, Run

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from backend.plan.compile import Plan
    from backend.plan.load import Query
    from backend.plan.run import Json, Row


async def execute(run: Run, plan: Plan, data: Json, *, last: bool, without: Collection[str] = frozenset()) -> None:
    """Loads the plan's roots into `data`, `without` some. `last` says that nothing else will read in this snapshot.

    Raises GraphQLError for bad input, before anything is read.
    """
    for arguments in plan.arguments:
        arguments.of(run)
    tasks = [(key, Task(load, key, [data])) for key, load in plan.loads if key not in without]
    while tasks:
        tasks = await _level(run, tasks, last=last and max(task.load.height for _, task in tasks) == 1)
        pending, run.pending = run.pending, []
        for each in pending:
            await _compute(run, each)


async def _level(run: Run, tasks: Sequence[tuple[str, Task]], *, last: bool) -> list[tuple[str, Task]]:
    """Each task comes with the response key of the root that it belongs to."""
    values = run.principal.values
    asked = [task.load.queries(run, task.slot, task.parents) for _, task in tasks]
    for (root, _), queries in zip(tasks, asked, strict=True):
        for query in queries:
            run.reads[root].take(query.statement.text)
    started = perf_counter()
    commands = [(query.statement.text, query.statement.parameters(values, query.given)) for of in asked for query in of]
    fetched = iter(await run.snapshot.fetch(commands, last=last) if commands else [])
    answers = [[next(fetched) for _ in queries] for queries in asked]
    run.levels.append(_noted(started, [task for _, task in tasks], asked, answers))
    below: list[tuple[str, Task]] = []
    for (root, task), answer in zip(tasks, answers, strict=True):
        computed = len(run.pending)
        below += [(root, each) for each in task.load.place(run, task.slot, task.parents, answer)]
        for pending in run.pending[computed:]:
            run.reads[root].compute(pending.batch)
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
