"""Runs a plan: level by level, all statements of a level in one round trip."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from backend.plan.load import BatchSlot, Json, Task

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from graphql.execution.values import VariableValues

    from backend.access.principal import Principal
    from backend.plan.compile import Arguments, Plan
    from backend.plan.snapshot import Snapshot
    from backend.plan.source import Scope
    from backend.plan.statement import Compiler


@dataclass(frozen=True)
class Failure:
    """Stands in an object where a field's value could not be computed, until `backend.plan.failure` settles it."""

    error: BaseException


class Run:
    """One execution of one plan: who asks, with which variables, and what was read of the arguments."""

    def __init__(
        self,
        scope: Scope,
        compiler: Compiler,
        principal: Principal,
        variables: VariableValues,
        snapshot: Snapshot,
        handed_over: Sequence[tuple[str, ...]] = (),
    ) -> None:
        self.scope = scope
        self.compiler = compiler
        self.principal = principal
        self.variables = variables
        self.snapshot = snapshot
        self.handed_over = list(handed_over)
        self.arguments: dict[Arguments, Any] = {}
        self.failed = False
        # Types of objects that were asked for by interface, by identity: failures must find theirs.
        self.types: dict[int, str] = {}
        self._batches: list[tuple[BatchSlot, list[tuple[Any, ...]], list[Json]]] = []

    def compute(self, slot: BatchSlot, needs: list[tuple[Any, ...]], objects: list[Json]) -> None:
        """Has the slot of the objects computed before the level ends."""
        self._batches.append((slot, needs, objects))

    async def execute(self, plan: Plan, data: Json, *, last: bool) -> None:
        """Loads the plan's roots into `data`. `last` says that nothing else will read in this snapshot.

        Raises GraphQLError for bad input, before anything is read.
        """
        for arguments in plan.arguments:
            arguments.of(self)
        tasks = [Task(load, key, [data]) for key, load in plan.loads]
        while tasks:
            tasks = await self._level(tasks, last=last and max(task.load.height for task in tasks) == 1)
            if self._batches:
                await self._compute_batches()

    async def _level(self, tasks: Sequence[Task], *, last: bool) -> list[Task]:
        values: Mapping[str, object] = self.principal.values
        asked = [task.load.queries(self, task.slot, task.parents) for task in tasks]
        commands = [
            (query.statement.text, query.statement.parameters(values, query.given)) for of in asked for query in of
        ]
        answers = iter(await self.snapshot.fetch(commands, last=last) if commands else [])
        below: list[Task] = []
        for task, queries in zip(tasks, asked, strict=True):
            below += task.load.place(self, task.slot, task.parents, [next(answers) for _ in queries])
        return below

    async def _compute_batches(self) -> None:
        batches, self._batches = self._batches, []
        for slot, needs, objects in batches:
            try:
                values = list(await slot.batch.compute(needs))
            except Exception as error:  # noqa: BLE001 - whatever went wrong, the field fails and nothing else
                values = [error] * len(objects)
            if len(values) != len(objects):
                values = [ValueError(f"{len(values)} values for {len(objects)} rows")] * len(objects)
            for target, value in zip(objects, values, strict=True):
                wrong = isinstance(value, Exception) or (value is None and not slot.nullable)
                self.failed = self.failed or wrong
                if isinstance(value, Exception):
                    target[slot.key] = Failure(value)
                elif wrong:
                    target[slot.key] = Failure(ValueError(f"{slot.key} may not be null"))
                else:
                    target[slot.key] = value
