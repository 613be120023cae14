"""Answers queries: from what is kept, from the plan engine, and from graphql-core where a field is written by hand."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import orjson

from backend.cache.question import Footprint, Question
from backend.graphql.answer import DUMP, Answer, Request, answered
from backend.graphql.directives import CacheControl
from backend.graphql.executor import Context, execute_core
from backend.observe import observed
from backend.plan.connection import Connection
from backend.plan.execute import execute as execute_plan
from backend.plan.explain import explain
from backend.plan.failure import Settlement
from backend.plan.load import ByKey
from backend.plan.loaders import Loaders
from backend.plan.moment import next_moment
from backend.plan.outline import Outline, outline
from backend.plan.run import Reads

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from graphql import GraphQLError, GraphQLSchema, OperationDefinitionNode
    from graphql.execution.values import VariableValues

    from backend.cache.reading import CachedReading
    from backend.cache.recall import Recall
    from backend.graphql.document import Document
    from backend.graphql.executor import Place
    from backend.plan.compile import Plan, PlanCompiler
    from backend.plan.run import Run


REPORT_CACHE = "cache"
REPORT_PLAN = "plan"


@dataclass(frozen=True)
class Root:
    """A root field whose answer may be kept: `head` begins its key, and `ttl` is what a field written by hand says."""

    head: str
    outline: Outline
    ttl: int | None = None
    footprint: Footprint = field(default_factory=Footprint)


@dataclass(frozen=True)
class Prepared:
    """A query, compiled for one kind of viewer; `roots` by response key.

    `written` has the plans of what is selected beneath fields written by hand, as far as they were asked for.
    """

    plan: Plan
    roots: Mapping[str, Root]
    written: dict[Place, Plan] = field(default_factory=dict)


def prepare(schema: GraphQLSchema, compiler: PlanCompiler, operation: OperationDefinitionNode) -> Prepared:
    """Compiles a query."""
    plan = compiler.operation(operation)
    nodes = compiler.collect("Query", [operation.selection_set])
    roots = {}
    for key, load in plan.roots:
        name = nodes[key][0].name.value
        if isinstance(load, str):
            continue
        ttl = _max_age(schema, name) if load is None else None
        if load is None and ttl is None:
            continue
        if isinstance(load, Connection):
            head = f"{load.entity.model.__tablename__}:list"
        elif isinstance(load, ByKey):
            head = f"{load.template.entity.model.__tablename__}:get"
        else:
            head = f"{name}:get"
        roots[key] = Root(head, outline(schema, compiler, nodes[key]), ttl)
    return Prepared(plan, roots)


def _max_age(schema: GraphQLSchema, name: str) -> int | None:
    """What a field written by hand says of how long its answers may be kept, by `@cacheControl`."""
    definition = schema.query_type.fields.get(name) if schema.query_type else None
    declared = definition.extensions.get("strawberry-definition") if definition else None
    found = [each.max_age for each in getattr(declared, "directives", ()) if isinstance(each, CacheControl)]
    return found[0] if found else None


class QueryRun:
    """One query of one request; `explains` says that its answer is to have the plan in it."""

    def __init__(
        self,
        schema: GraphQLSchema,
        compiler: PlanCompiler,
        operation: OperationDefinitionNode,
        prepared: Prepared,
        variables: VariableValues,
        reading: CachedReading,
        *,
        explains: bool,
    ) -> None:
        self._schema = schema
        self._explains = explains
        self._compiler = compiler
        self._operation = operation
        self._plan = prepared.plan
        self._roots = prepared.roots
        self._written = prepared.written
        self._variables = variables
        self._reading = reading
        self._run = reading.run(variables)
        # Those of fields written by hand.
        self._further: list[Run] = []
        # By response key: a value, bytes of JSON as a Fragment, or a load that is still to be run.
        self._data: dict[str, Any] = dict(prepared.plan.roots)

    @property
    def made(self) -> int:
        """How many statements were made that nobody had asked for in this plan."""
        return sum(run.made for run in (self._run, *self._further))

    async def answer(self, document: Document, request: Request) -> Answer:
        """The answer; what may be kept of it is."""
        recall = await self._reading.recall(self._questions())
        try:
            answer = await self._answer(document, request, recall)
        finally:
            if recall is not None:
                recall.close()
        return answer

    def _questions(self) -> dict[str, Question]:
        cache, held = self._reading.cache, self._reading.held
        if cache is None:
            return {}
        return {
            key: cache.question(held, root.head, root.outline.digest(self._run), root.footprint, root.ttl)
            for key, root in self._roots.items()
            if cache.may_keep(root.footprint)
        }

    async def _answer(self, document: Document, request: Request, recall: Recall | None) -> Answer:
        waited: frozenset[str] = frozenset()
        if recall is not None:
            for key, entry in recall.hits.items():
                self._data[key] = orjson.Fragment(entry.body)
            waited = await recall.begin()
        ends = not self._plan.needs_graphql_core
        loads = [key for key, _ in self._plan.loads if not isinstance(self._data[key], orjson.Fragment)]
        await self._load([key for key in loads if key not in waited], recall, last=ends and not waited)
        if recall is not None and waited:
            for key in waited:
                if (body := await recall.arrived(key)) is not None:
                    self._data[key] = orjson.Fragment(body)
            await self._load([key for key in loads if key in waited and key not in self._kept()], recall, last=ends)
        settled, errors = self._settled()
        extensions = self._noted(request, recall)
        if settled is None or ends:
            proof = None if recall is None or self._run.levels else recall.proof()
            return answered(settled, errors, extensions, proof)
        data, found = await self._core(document, request, settled, recall)
        return answered(data, [*errors, *found], extensions)

    def _noted(self, request: Request, recall: Recall | None) -> dict[str, Any]:
        """What the answer says of itself; more is noted for whoever runs the gateway."""
        extensions: dict[str, Any] = {}
        statuses = {} if recall is None else recall.statuses()
        observation = observed()
        if observation is not None:
            observation.cache = statuses
            observation.explain = partial(explain, self._plan, self._run, statuses)
        if REPORT_CACHE in request.reports:
            extensions[REPORT_CACHE] = {} if recall is None else recall.report()
        if self._explains:
            extensions[REPORT_PLAN] = explain(self._plan, self._run, statuses)
        return extensions

    def _kept(self) -> frozenset[str]:
        return frozenset(key for key, value in self._data.items() if isinstance(value, orjson.Fragment))

    async def _load(self, keys: Iterable[str], recall: Recall | None, *, last: bool) -> None:
        """Has the plan engine load these roots, and keeps them."""
        wanted = frozenset(keys)
        if not wanted:
            return
        timed = recall is not None and any(self._roots[key].footprint.timed for key in wanted)
        others = frozenset(key for key, _ in self._plan.loads) - wanted
        await execute_plan(self._run, self._plan, self._data, last=last and not timed, without=others)
        reads, seconds = self._run.reads, None
        if timed:
            tables = frozenset[str]().union(*(reads[key].tables for key in wanted if reads[key].timed))
            seconds = await next_moment(self._run, tables, last=last)
        # Errors are never kept.
        if recall is None or self._run.failed:
            return
        for key in wanted & recall.asked.keys():
            body = orjson.dumps(self._data[key], option=DUMP)
            self._data[key] = orjson.Fragment(body)
            recall.keep(key, body, reads[key], seconds=seconds)

    def _settled(self) -> tuple[dict[str, Any] | None, list[GraphQLError]]:
        if not self._run.failed:
            return self._data, []
        settlement = Settlement(self._schema, self._compiler, self._run.types)
        kept = self._kept()
        loaded = {key: self._data[key] for key, _ in self._plan.loads if key not in kept}
        settled = settlement.settle("Query", [self._operation.selection_set], loaded)
        return None if settled is None else {**self._data, **settled}, settlement.errors

    async def _core(
        self,
        document: Document,
        request: Request,
        settled: dict[str, Any],
        recall: Recall | None,
    ) -> tuple[dict[str, Any] | None, list[GraphQLError]]:
        """Has graphql-core execute what is left, and keeps what says that it may be."""
        reading = self._reading
        await reading.snapshot.fetch([], last=False)
        kept = self._kept()
        generated = {key: settled[key] for key, load in self._plan.roots if load is not None or key in kept}

        def new_run() -> Run:
            self._further.append(reading.run(self._variables))
            return self._further[-1]

        catalog = self._compiler.catalog
        loaders = Loaders(catalog, new_run)
        context = Context(reading.principal, loaders, generated, catalog, new_run, self._compiler, self._written)
        data, found = await execute_core(self._schema, document, request, context)
        if recall is not None and data is not None and not found:
            reads = _all(each for run in self._further for each in run.reads.values())
            for key in recall.asked.keys() - generated.keys():
                body = orjson.dumps(data[key], option=DUMP)
                data[key] = orjson.Fragment(body)
                recall.keep(key, body, reads)
        return data, found


def _all(several: Iterable[Reads]) -> Reads:
    """What fields were made of that share their runs."""
    reads = Reads()
    for each in several:
        reads.tables |= each.tables
        reads.timed = reads.timed or each.timed
        reads.opaque = reads.opaque or each.opaque
    return reads
