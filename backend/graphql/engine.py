"""From a request to its answer: the document, the caller, the plan, the run."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from graphql import GraphQLError
from graphql.execution import execute
from graphql.execution.values import VariableValues

from backend.errors import ErrorCode, UnauthenticatedError, public
from backend.face.callers import CREDENTIAL_MISSING, Reads, Writes
from backend.graphql.answer import Answer, Request, VariablesError, answered, public_error, refused
from backend.graphql.document import Document, read_document
from backend.graphql.executor import Context, HandOver
from backend.graphql.mutation import Mutations
from backend.graphql.variables import Variables
from backend.observe import observed
from backend.plan.compile import PlanCompiler
from backend.plan.execute import execute as execute_plan
from backend.plan.explain import Explained, explain
from backend.plan.failure import Settlement
from backend.plan.loaders import Loaders
from backend.plan.statement import Recent

if TYPE_CHECKING:
    from collections.abc import Awaitable, Mapping, Sequence

    from graphql import GraphQLSchema

    from backend.face.callers import Callers
    from backend.interface.base import Limits
    from backend.operation.transaction import Transactions
    from backend.plan.compile import Plan
    from backend.plan.run import Reading, Run

# Characters. Whoever sends longer documents waits for them to be read again, and cannot fill the memory with them.
LONGEST_KEPT = 20_000


class Engine:
    """Holds documents and their plans, which outlive a request."""

    def __init__(
        self,
        callers: Callers,
        schema: GraphQLSchema,
        limits: Limits,
        *,
        anonymous_schema: bool,
        explain: Explained = Explained.ADMINS,
    ) -> None:
        self.callers = callers
        self._catalog = callers.catalog
        self._schema = schema
        self._limits = limits
        self._anonymous_schema = anonymous_schema
        self._explain = explain
        self._documents: Recent[str, Document] = Recent(1000)

    def writes(self, request: Request) -> bool:
        """Whether the request is for a mutation."""
        return self._document(request.query).writes(request.operation_name)

    async def answer(self, request: Request) -> Answer:
        """The answer to a request; never raises but for cancellation."""
        answer = await self._answer_or_refusal(request)
        observation = observed()
        if observation is not None:
            observation.document = request.query
            observation.code = answer.code
        return answer

    async def _answer_or_refusal(self, request: Request) -> Answer:
        try:
            return await self._answer(request)
        except VariablesError as error:
            return refused(error.errors, ErrorCode.BAD_USER_INPUT)
        except GraphQLError as error:
            return refused([error], ErrorCode((error.extensions or {}).get("code", ErrorCode.BAD_USER_INPUT)))
        except Exception as error:  # noqa: BLE001 - whatever it is, the client gets an answer and the log the rest
            message, extensions = public(error)
            return refused([GraphQLError(message, extensions=dict(extensions))], ErrorCode(extensions["code"]))

    async def _answer(self, request: Request) -> Answer:
        if request.token is None:
            return await self._anonymous(request)

        def decide() -> Reads[Answer] | Writes[Answer]:
            # Reading a document takes work, which is done for nobody unknown.
            document = self._document(request.query)
            _note_operation(document, request.operation_name)
            if document.writes(request.operation_name):
                return Writes(partial(self._write, document, request))
            return Reads(partial(self._run, document, request))

        return await self.callers.serve(request.token, decide)

    async def _write(self, document: Document, request: Request, transactions: Transactions) -> Answer:
        try:
            variables = self._variables(document, request)
            compiler = PlanCompiler(self._schema, self._catalog, document.fragments, variables, self._limits)
            operation = document.operation(request.operation_name)
            mutations = Mutations(self._schema, self._catalog, compiler, variables, operation)
        except (GraphQLError, VariablesError):
            await transactions.verify()
            raise
        return await mutations.answer(transactions)

    def _document(self, text: str) -> Document:
        document = self._documents.get(text)
        if document is None:
            document = read_document(self._schema, text)
            if len(text) <= LONGEST_KEPT:
                self._documents.put(text, document)
        return document

    async def _anonymous(self, request: Request) -> Answer:
        if not self._anonymous_schema:
            raise UnauthenticatedError(CREDENTIAL_MISSING)
        document = self._document(request.query)
        if document.errors:
            return refused(document.errors, document.code)
        operation = document.operation(request.operation_name)
        if not document.reads_schema_only(operation):
            raise UnauthenticatedError(CREDENTIAL_MISSING)
        variables = self._variables(document, request)
        compiler = PlanCompiler(self._schema, self._catalog, document.fragments, variables, self._limits)
        context = Context(None, None, {}, self._catalog, None, compiler)
        return await self._execute_core(document, request, context)

    async def _run(self, document: Document, request: Request, reading: Reading) -> Answer:
        if document.errors:
            return refused(document.errors, document.code)
        operation = document.operation(request.operation_name)
        variables = self._variables(document, request)
        compiler = PlanCompiler(self._schema, self._catalog, document.fragments, variables, self._limits)
        # Other sizes of tables make other plans; who sees the same in tables of the same sizes shares them.
        key = (request.operation_name, document.switches(variables.coerced), reading.scope.visibility)
        plan = document.plans.get(key) or document.plans.put(key, compiler.operation(operation))
        run = reading.run(variables)
        data: dict[str, Any] = dict(plan.roots)
        await execute_plan(run, plan, data, last=not plan.needs_graphql_core)
        settled: dict[str, Any] | None = data
        errors: list[GraphQLError] = []
        if run.failed:
            settlement = Settlement(self._schema, compiler, run.types)
            loaded = {name: data[name] for name, root in plan.roots if root is not None}
            settled = settlement.settle("Query", [operation.selection_set], loaded)
            errors = settlement.errors
        extensions = self._noted(plan, run, request)
        if settled is None or not plan.needs_graphql_core:
            return answered(settled, errors, extensions)
        await reading.snapshot.fetch([], last=False)
        generated = {name: settled[name] for name, root in plan.roots if root is not None}
        new_run = partial(reading.run, variables)
        loaders = Loaders(self._catalog, new_run)
        context = Context(reading.principal, loaders, generated, self._catalog, new_run, compiler)
        return await self._execute_core(document, request, context, errors, extensions)

    def _noted(self, plan: Plan, run: Run, request: Request) -> Mapping[str, Any] | None:
        """The extensions of the answer: the plan, if it was asked for by somebody who may see it."""
        observation = observed()
        if observation is not None:
            observation.explain = partial(explain, plan, run, observation.cache)
        if not request.explain or not self._explain.allows(admin=run.principal.viewer.admin):
            return None
        return {"plan": explain(plan, run, observation.cache if observation else {})}

    async def _execute_core(
        self,
        document: Document,
        request: Request,
        context: Context,
        errors: Sequence[GraphQLError] = (),
        extensions: Mapping[str, Any] | None = None,
    ) -> Answer:
        executed: Any = execute(
            self._schema,
            document.ast,
            variable_values=dict(request.variables),
            operation_name=request.operation_name,
            context_value=context,
            executor_class=HandOver,
        )
        result = executed if not hasattr(executed, "__await__") else await _awaited(executed)
        found = [public_error(error) for error in result.errors or ()]
        return answered(result.data, [*errors, *found], extensions)

    def _variables(self, document: Document, request: Request) -> VariableValues:
        name = request.operation_name
        definitions = document.operation(name).variable_definitions or ()
        if not definitions:
            return VariableValues({}, {})
        if name not in document.variables:
            document.variables[name] = Variables(self._schema, definitions)
        values = document.variables[name].read(request.variables)
        if isinstance(values, list):
            raise VariablesError(values)
        return values


def _note_operation(document: Document, name: str | None) -> None:
    """What runs: the name that its author gave it, and whether it writes."""
    observation = observed()
    if observation is None or document.errors:
        return
    known = (
        document.operations.get(name)
        if name or len(document.operations) != 1
        else next(iter(document.operations.values()))
    )
    if known is not None:
        observation.operation = known.name.value if known.name else None
        observation.operation_kind = known.operation.value


async def _awaited(work: Awaitable[Any]) -> Any:
    return await work
