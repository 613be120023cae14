"""Documents with fields that the engine does not generate: graphql-core executes those, and hands subtrees over."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from graphql import GraphQLError, GraphQLNonNull, GraphQLObjectType
from graphql.execution import Executor, execute
from sqlalchemy import Select

from backend.errors import InputError
from backend.graphql.answer import public_error
from backend.plan.execute import execute as execute_plan
from backend.plan.failure import Settlement
from backend.plan.value import parse_key

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from graphql import GraphQLSchema
    from graphql.execution.collect_fields import FieldDetailsList
    from graphql.pyutils import Path
    from graphql.type import GraphQLOutputType, GraphQLResolveInfo

    from backend.access.principal import Principal
    from backend.graphql.answer import Request
    from backend.graphql.document import Document
    from backend.interface.entity import Catalog, Entity
    from backend.plan.compile import Plan, PlanCompiler
    from backend.plan.loaders import Loaders
    from backend.plan.run import Run


Place = tuple[str, tuple[int, ...]]
"""Where in a document a field written by hand stands: a type, and the field's nodes by identity."""


@dataclass
class Context:
    """What a resolver written by hand finds in `info.context`; `plans` outlive the request."""

    principal: Principal | None
    loaders: Loaders | None
    generated: dict[str, Any]
    catalog: Catalog
    new_run: Callable[[], Run] | None
    compiler: PlanCompiler
    plans: dict[Place, Plan] = field(default_factory=dict)
    waiting: dict[Place, list[tuple[str, asyncio.Future[Any]]]] = field(default_factory=dict)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)


class HandOver(Executor[Any]):
    """Executes what is plain Strawberry; what the engine has loaded, or is to load, it takes from there."""

    context_value: Context
    schema: GraphQLSchema

    def execute_field(
        self,
        parent_type: GraphQLObjectType,
        source: Any,
        field_details_list: FieldDetailsList,
        path: Path,
        position_context: Any,
    ) -> Any:
        """The field's value; for a generated root field, what the engine has already loaded."""
        if path.prev is None and path.key in self.context_value.generated:
            return self.context_value.generated[str(path.key)]
        return super().execute_field(parent_type, source, field_details_list, path, position_context)

    def complete_value(
        self,
        return_type: GraphQLOutputType,
        field_details_list: FieldDetailsList,
        info: GraphQLResolveInfo[Any],
        path: Path,
        result: Any,
        position_context: Any,
    ) -> Any:
        """The value as JSON; a Select or the key of an entity goes to the engine."""
        inner = return_type.of_type if isinstance(return_type, GraphQLNonNull) else return_type
        if isinstance(inner, GraphQLObjectType):
            if isinstance(result, Select):
                return self._list(inner, field_details_list, path, result, required=inner is not return_type)
            if isinstance(result, str) and inner.name in self.context_value.catalog:
                return self._one(inner.name, field_details_list, path, result, required=inner is not return_type)
        return super().complete_value(return_type, field_details_list, info, path, result, position_context)

    async def _list(
        self, of: GraphQLObjectType, details: FieldDetailsList, path: Path, statement: Select[Any], *, required: bool
    ) -> Any:
        context = self.context_value
        entity = context.catalog[of.name.removesuffix("Connection")]
        parent, nodes = str(path.typename), [each.node for each in details]
        plan = self._planned(_place(parent, details), lambda compiler: compiler.written_list(parent, entity, nodes))
        run = self._run()
        run.written = statement
        data: dict[str, Any] = {}
        await execute_plan(run, plan, data, last=False)
        key = plan.roots[0][0]
        if run.failed:
            return self._settled(of.name, details, data[key], path, run, required=required)
        return data[key]

    async def _one(self, entity: str, details: FieldDetailsList, path: Path, key: str, *, required: bool) -> Any:
        context = self.context_value
        place = _place(entity, details)
        loop = asyncio.get_running_loop()
        found: asyncio.Future[Any] = loop.create_future()
        if place not in context.waiting:
            context.waiting[place] = []
            loop.call_soon(lambda: loop.call_soon(lambda: self._flush(place, details)))
        context.waiting[place].append((key, found))
        run, value = await found
        if value is None and required:
            raise LookupError(f"{path.typename}.{path.key} leads to a row that is not there, and may not be null")
        if value is not None and run.failed:
            return self._settled(entity, details, value, path, run, required=required)
        return value

    def _flush(self, place: Place, details: FieldDetailsList) -> None:
        """Loads what all siblings wait for, together."""
        waiting = self.context_value.waiting.pop(place)
        task = asyncio.get_running_loop().create_task(self._load(place, details, waiting))
        self.context_value.tasks.add(task)
        task.add_done_callback(self.context_value.tasks.discard)

    async def _load(
        self, place: Place, details: FieldDetailsList, waiting: list[tuple[str, asyncio.Future[Any]]]
    ) -> None:
        entity = self.context_value.catalog[place[0]]
        try:
            keys = [_key(entity, key) for key, _ in waiting]
            nodes = [each.node for each in details]
            plan = self._planned(place, lambda compiler: compiler.written_objects(entity, nodes))
            run = self._run()
            run.handed_over = keys
            data: dict[str, Any] = {}
            await execute_plan(run, plan, data, last=False)
            for (_, found), value in zip(waiting, data[plan.roots[0][0]], strict=True):
                if not found.done():
                    found.set_result((run, value))
        except Exception as error:  # noqa: BLE001 - whoever waits is told
            for _, found in waiting:
                if not found.done():
                    found.set_exception(error)

    def _planned(self, place: Place, plan: Callable[[PlanCompiler], Plan]) -> Plan:
        """What is selected beneath a field, planned once for all requests that share `plans`."""
        context = self.context_value
        known = context.plans.get(place)
        if known is None:
            known = context.plans[place] = plan(context.compiler.fresh())
        return known

    def _run(self) -> Run:
        if self.context_value.new_run is None:
            raise GraphQLError("Without a token only the schema can be read.")
        return self.context_value.new_run()

    def _settled(
        self,
        name: str,
        details: FieldDetailsList,
        value: Any,
        path: Path,
        run: Run,
        *,
        required: bool,
    ) -> Any:
        settlement = Settlement(self.schema, self.context_value.compiler, run.types)
        here = path.as_list()
        settled = settlement.settle(name, [each.node.selection_set for each in details], value, tuple(here))
        errors = settlement.errors
        # Where the value may not be null, graphql-core carries one of the errors on to what lies above.
        raised = errors.pop() if settled is None and required else None
        for error in errors:
            place = path
            for key in (error.path or here)[len(here) :]:
                place = place.add_key(key)
            self.collected_errors.add(error, place)
        if raised is not None:
            raise raised
        return settled


def _place(type_name: str, details: FieldDetailsList) -> Place:
    return type_name, tuple(id(each.node) for each in details)


def _key(entity: Entity, value: str) -> tuple[str, ...]:
    try:
        return parse_key(entity, value)
    except InputError as error:
        raise GraphQLError(str(error)) from None


async def execute_core(
    schema: GraphQLSchema, document: Document, request: Request, context: Context
) -> tuple[dict[str, Any] | None, list[GraphQLError]]:
    """Data and errors of a document, as far as `context` has them not yet, by graphql-core."""
    executed = _begun(schema, document, request, context)
    return _ended(executed if not hasattr(executed, "__await__") else await _awaited(executed))


def execute_about_schema(
    schema: GraphQLSchema, document: Document, request: Request, context: Context
) -> tuple[dict[str, Any] | None, list[GraphQLError]]:
    """The same of an operation that reads the schema only, which waits for nothing. Any thread may do it."""
    return _ended(_begun(schema, document, request, context))


def _begun(schema: GraphQLSchema, document: Document, request: Request, context: Context) -> Any:
    return execute(
        schema,
        document.ast,
        variable_values=dict(request.variables),
        operation_name=request.operation_name,
        context_value=context,
        executor_class=HandOver,
    )


def _ended(result: Any) -> tuple[dict[str, Any] | None, list[GraphQLError]]:
    return result.data, [public_error(error) for error in result.errors or ()]


async def _awaited(work: Awaitable[Any]) -> Any:
    return await work
