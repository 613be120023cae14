"""Runs mutations: in order, each in a transaction of its own, or all in one where the operation is @atomic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from graphql import GraphQLError
from graphql.execution.values import get_argument_values

from backend.graphql.answer import Answer, answered, public_error
from backend.graphql.mutation_fields import MutationField, Verb, mutation_fields, upsert_keys, written_mutation
from backend.graphql.mutation_types import ATOMIC
from backend.graphql.payload import Outcome, Payload
from backend.interface.entity import Catalog, Entity, camel_case
from backend.operation.create import check_batch, create
from backend.operation.delete import delete_row
from backend.operation.finish import finish
from backend.operation.key import read_key
from backend.operation.problem import Problem, ProblemCode, RefusedError
from backend.operation.update import set_archived, update_row
from backend.operation.upsert import upsert
from backend.plan.failure import Settlement

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from graphql import FieldNode, GraphQLSchema, OperationDefinitionNode
    from graphql.execution.values import VariableValues
    from pydantic import BaseModel

    from backend.json import Json
    from backend.operation.transaction import Transactions
    from backend.operation.writing import Writing
    from backend.plan.compile import PlanCompiler

_ROLLED_BACK = Problem(ProblemCode.ROLLED_BACK, ProblemCode.ROLLED_BACK.value)


@dataclass(frozen=True)
class Call:
    """One mutation of an operation: where it answers, its arguments, and what is asked of its payload."""

    key: str
    nodes: list[FieldNode]
    field: MutationField
    given: Mapping[str, Any]
    payload: Payload


class Mutations:
    """The mutations of one operation. Raises GraphQLError, while it is made, for what cannot be run at all."""

    def __init__(
        self,
        schema: GraphQLSchema,
        catalog: Catalog,
        compiler: PlanCompiler,
        variables: VariableValues,
        operation: OperationDefinitionNode,
    ) -> None:
        self._schema = schema
        self._compiler = compiler
        self._variables = variables
        self._operation = operation
        known = mutation_fields(catalog)
        self._calls: list[Call] = []
        self._data: Json = {}
        # Where those answer that are committed.
        self._done: list[str] = []
        for key, nodes in compiler.collect("Mutation", [operation.selection_set]).items():
            name = nodes[0].name.value
            self._data[key] = "Mutation"
            if name == "__typename":
                continue
            definition = schema.mutation_type.fields[name]  # type: ignore[union-attr]  # the document is valid
            given = get_argument_values(definition, nodes[0], variables)
            field = known.get(name) or written_mutation(catalog, name, definition)
            payload = Payload(field, nodes, catalog, compiler)
            self._calls.append(Call(key, nodes, field, given, payload))
        # What is blamed.
        if self._calls:
            self._current = self._calls[0]

    @property
    def _atomic(self) -> bool:
        return any(directive.name.value == ATOMIC.graphql_name for directive in self._operation.directives or ())

    def check(self, writing: Writing) -> None:
        """Raises GraphQLError where a payload is asked for with a value that breaks a rule, before anything is done."""
        for call in self._calls:
            call.payload.check(writing, self._variables)

    async def answer(self, transactions: Transactions) -> Answer:
        """The payloads, by the rules of GraphQL for errors that nobody expected."""
        try:
            if self._atomic:
                await self._together(transactions)
            else:
                for call in self._calls:
                    self._current = call
                    self._data[call.key] = await self._alone(transactions, call)
        except GraphQLError as error:
            if not self._done:
                raise
            return answered(None, [self._told(public_error(error))])
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told with its place and what was done before
            current = self._current
            located = GraphQLError(str(error), current.nodes, path=[current.key], original_error=error)
            return answered(None, [self._told(public_error(located))])
        if not any(call.payload.failed for call in self._calls):
            return answered(self._data, [])
        types = {place: name for call in self._calls for place, name in call.payload.types.items()}
        settlement = Settlement(self._schema, self._compiler, types)
        settled = settlement.settle("Mutation", [self._operation.selection_set], self._data)
        return answered(settled, settlement.errors)

    def _told(self, error: GraphQLError) -> GraphQLError:
        """An error that leaves no data, with what is done all the same."""
        if not self._done:
            return error
        message = f"{error.message} These are done all the same: {', '.join(self._done)}."
        extensions = {**(error.extensions or {}), "done": self._done}
        return GraphQLError(message, error.nodes, path=error.path, extensions=extensions)

    async def _alone(self, transactions: Transactions, call: Call) -> Json:
        async def work(writing: Writing) -> Json:
            return (await self._performed(writing, call))[0]

        try:
            payload = await transactions.run(work)
        except RefusedError as refused:
            return await self._refused(transactions, call, refused.problems)
        self._done.append(call.key)
        return payload

    async def _together(self, transactions: Transactions) -> None:
        async def work(writing: Writing) -> list[Json]:
            payloads, now = [], writing
            for call in self._calls:
                self._current = call
                payload, now = await self._performed(now, call)
                payloads.append(payload)
            return payloads

        if not self._calls:
            return
        try:
            payloads = await transactions.run(work)
        except RefusedError as refused:
            payloads = [
                await self._refused(transactions, call, refused.problems if call is self._current else [_ROLLED_BACK])
                for call in self._calls
            ]
        self._data |= {call.key: payload for call, payload in zip(self._calls, payloads, strict=True)}

    async def _performed(self, writing: Writing, call: Call) -> tuple[Json, Writing]:
        """The payload, and the transaction as the caller goes on in it, with the rights that they have now."""
        outcome = await _perform(writing, call.field, call.given)
        now = await finish(writing, call.field.entity)
        return await call.payload.read(outcome, now, self._variables), now

    async def _refused(self, transactions: Transactions, call: Call, problems: Sequence[Problem]) -> Json:
        async def read(writing: Writing) -> Json:
            return await call.payload.read(Outcome(problems=problems), writing, self._variables)

        return await transactions.look(read)


@dataclass(frozen=True)
class _Info:
    """What stands behind the `info` of a mutation written by hand."""

    context: Writing


async def _perform(writing: Writing, field: MutationField, given: Mapping[str, Any]) -> Outcome:
    entity, verb = field.entity, field.verb
    if field.resolve is not None:
        return Outcome(await field.resolve(None, _Info(writing), **given))
    if verb is Verb.CREATE:
        (row,) = _to_create(writing.scope.catalog, entity, [given["input"]], "input")
        created = await create(writing, entity, [row], [("input",)])
        return Outcome(created.keys, secrets=created.secrets)
    if verb is Verb.CREATE_MANY:
        rows = _to_create(writing.scope.catalog, entity, given["inputs"], "inputs")
        created = await create(writing, entity, rows, [("inputs", str(index)) for index in range(len(rows))])
        return Outcome(created.keys, secrets=created.secrets)
    if verb is Verb.UPSERT:
        (row,) = _to_create(writing.scope.catalog, entity, [given["input"]], "input")
        key, is_new = await upsert(writing, entity, row, upsert_keys(entity)[_name(given["on"])])
        return Outcome([key], created=is_new)
    key = read_key(entity, given["id"], "id")
    version = given.get("expectedVersion")
    if verb is Verb.UPDATE:
        await update_row(writing, entity, key, _by_attribute(entity.interface.update, given["input"]), version)
    elif verb is Verb.DELETE:
        affected = await delete_row(writing, entity, key, version, dry_run=bool(given.get("dryRun")))
        return Outcome([] if given.get("dryRun") else [key], affected=affected)
    else:
        await set_archived(writing, entity, key, version, archived=verb is Verb.ARCHIVE)
    return Outcome([key])


def _to_create(
    catalog: Catalog, entity: Entity, inputs: Sequence[Mapping[str, Any]], place: str
) -> list[dict[str, Any]]:
    """Inputs by attributes, their children's too. Raises RefusedError where they are too many."""
    below = {relation.name: relation for relation in entity.children}
    check_batch(inputs, below, place)
    rows = []
    for given in inputs:
        row = _by_attribute(entity.interface.create, {name: given[name] for name in given if name not in below})
        for name, relation in below.items():
            create = catalog[relation.target].interface.create
            row[relation.attribute] = [_by_attribute(create, child) for child in given.get(name) or ()]
        rows.append(row)
    return rows


def _by_attribute(dto: type[BaseModel] | None, given: Mapping[str, Any]) -> dict[str, Any]:
    attributes = {camel_case(attribute): attribute for attribute in (dto.model_fields if dto else ())}
    return {attributes[name]: value for name, value in given.items()}


def _name(value: Any) -> str:
    return str(getattr(value, "name", value))
