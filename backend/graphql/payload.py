"""What a mutation answers with: compiled before anything is written, read in the transaction that wrote it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from graphql import GraphQLError

from backend.errors import ErrorCode
from backend.interface.entity import camel_case
from backend.operation.problem import ProblemCode
from backend.plan.execute import execute
from backend.plan.value import global_id

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from graphql import FieldNode
    from graphql.execution.values import VariableValues

    from backend.graphql.mutation_fields import MutationField
    from backend.interface.entity import Catalog
    from backend.json import Json
    from backend.operation.problem import Problem
    from backend.operation.writing import Writing
    from backend.plan.compile import Plan, PlanCompiler
    from backend.plan.keys import Key

_TYPES = {
    ProblemCode.VALIDATION: "ValidationError",
    ProblemCode.CONFLICT: "ConflictError",
    ProblemCode.STALE_VERSION: "StaleVersionError",
}


@dataclass(frozen=True)
class Outcome:
    """What came of a mutation: keys of what was written or deleted, and secrets to tell once, or the problems."""

    keys: Sequence[Key] = ()
    created: bool | None = None
    affected: Mapping[str, int] = field(default_factory=dict)
    problems: Sequence[Problem] = ()
    secrets: Sequence[str] = ()


class Payload:
    """The payload of one field of one operation.

    Raises GraphQLError, while it is made, for what cannot be selected in a payload.
    """

    def __init__(
        self, field: MutationField, nodes: Sequence[FieldNode], catalog: Catalog, compiler: PlanCompiler
    ) -> None:
        self._field = field
        self._catalog = catalog
        self._compiler = compiler
        self._selected = compiler.collect(field.payload, [node.selection_set for node in nodes])
        self._plans = {key: plan for key, of in self._selected.items() if (plan := self._plan(of)) is not None}
        # Types of objects that stand for an interface, by identity, as failures must find theirs.
        self.types: dict[int, str] = {}
        self.failed = False

    def check(self, writing: Writing, variables: VariableValues) -> None:
        """Raises GraphQLError where a value that the payload is asked for with breaks a rule; nothing is read."""
        run = writing.run(variables)
        for plan in self._plans.values():
            for arguments in plan.arguments:
                arguments.of(run)

    def _plan(self, nodes: list[FieldNode]) -> Plan | None:
        """What is read for a field of the payload, where that is known before anything is written."""
        name = nodes[0].name.value
        if name == "query":
            return self._query(nodes)
        if name == self._field.returned:
            return self._compiler.fresh().written_objects(self._field.entity, nodes)
        return None

    def _query(self, nodes: list[FieldNode]) -> Plan:
        plan = self._compiler.fresh().query([node.selection_set for node in nodes])
        if plan.needs_graphql_core:
            text = "Beneath a payload's query, only generated fields can be asked for; ask for the others in a query."
            raise GraphQLError(text, nodes, extensions={"code": ErrorCode.GRAPHQL_VALIDATION_FAILED.value})
        return plan

    async def read(self, outcome: Outcome, writing: Writing, variables: VariableValues) -> Json:
        """The payload, its objects read by whoever writes."""
        payload: Json = {}
        for key, nodes in self._selected.items():
            name = nodes[0].name.value
            if name == "__typename":
                payload[key] = self._field.payload
            elif name == self._field.returned:
                payload[key] = await self._objects(outcome, self._plans[key], writing, variables)
            elif name == "errors":
                payload[key] = [await self._error(each, nodes, writing, variables) for each in outcome.problems]
            elif name == "query":
                data: Json = dict(self._plans[key].roots)
                await self._execute(self._plans[key], data, writing, variables)
                payload[key] = data
            elif name == "affected":
                payload[key] = [self._affected(nodes, *counted) for counted in outcome.affected.items()]
            else:
                payload[key] = self._plain(outcome)[name]
        return payload

    def _plain(self, outcome: Outcome) -> Json:
        return {
            "created": outcome.created,
            "secret": next(iter(outcome.secrets), None),
            "secrets": None if outcome.problems else outcome.secrets,
            self._field.deleted: global_id(self._field.entity, outcome.keys[0]) if outcome.keys else None,
        }

    async def _objects(self, outcome: Outcome, plan: Plan, writing: Writing, variables: VariableValues) -> Any:
        if outcome.problems:
            return None
        found = await self._load(plan, outcome.keys, writing, variables)
        return found if self._field.returned == self._field.entity.plural else found[0]

    async def _error(
        self, problem: Problem, nodes: list[FieldNode], writing: Writing, variables: VariableValues
    ) -> Json:
        of = _TYPES.get(problem.code, "RefusedError")
        error: Json = {}
        self.types[id(error)] = of
        for key, selected in self._compiler.collect(of, [node.selection_set for node in nodes]).items():
            name = selected[0].name.value
            if name == "conflicting":
                error[key] = None
                if problem.conflicting is not None:
                    kind, known = problem.conflicting
                    plan = self._compiler.fresh().written_objects(self._catalog[kind], selected)
                    (error[key],) = await self._load(plan, [known], writing, variables)
                    self.types[id(error[key])] = kind
                continue
            error[key] = {
                "__typename": of,
                "code": problem.code.name,
                "message": problem.message,
                "path": [camel_case(part) for part in problem.path],
                "fields": [camel_case(part) for part in problem.fields],
                "currentVersion": str(problem.current_version),
            }[name]
        return error

    def _affected(self, nodes: list[FieldNode], kind: str, count: int) -> Json:
        values = {"__typename": "DeletedRows", "typeName": kind, "count": count}
        selected = self._compiler.collect("DeletedRows", [node.selection_set for node in nodes])
        return {key: values[of[0].name.value] for key, of in selected.items()}

    async def _load(self, plan: Plan, keys: Sequence[Key], writing: Writing, variables: VariableValues) -> list[Any]:
        data: Json = {}
        await self._execute(plan, data, writing, variables, keys)
        found: list[Any] = data[plan.roots[0][0]]
        return found

    async def _execute(
        self, plan: Plan, data: Json, writing: Writing, variables: VariableValues, keys: Sequence[Key] = ()
    ) -> None:
        run = writing.run(variables)
        run.handed_over = list(keys)
        await execute(run, plan, data, last=False)
        self.types |= run.types
        self.failed = self.failed or run.failed
