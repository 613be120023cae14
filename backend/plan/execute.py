"""Executes a plan: level by level, all statements of a level in one round trip."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backend.plan.load import Task
from backend.plan.run import Failure, Pending, Run

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from backend.plan.compile import Plan
    from backend.plan.run import Json


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
    commands = [(query.statement.text, query.statement.parameters(values, query.given)) for of in asked for query in of]
    answers = iter(await run.snapshot.fetch(commands, last=last) if commands else [])
    below: list[tuple[str, Task]] = []
    for (root, task), queries in zip(tasks, asked, strict=True):
        computed = len(run.pending)
        placed = task.load.place(run, task.slot, task.parents, [next(answers) for _ in queries])
        below += [(root, each) for each in placed]
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
