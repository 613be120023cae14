"""From a request to its answer: the document, the caller, the plan, the run."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from graphql import GraphQLError
from graphql.execution.values import VariableValues

from backend.errors import ErrorCode, UnauthenticatedError, public
from backend.face.callers import CREDENTIAL_MISSING, Reads, Writes
from backend.graphql.answer import Answer, Request, VariablesError, answered, refused
from backend.graphql.document import Document, read_document
from backend.graphql.executor import Context
from backend.graphql.mutation import Mutations
from backend.graphql.query import QueryRun, execute_core, prepare
from backend.graphql.variables import Variables
from backend.plan.compile import PlanCompiler
from backend.plan.statement import Recent

if TYPE_CHECKING:
    from graphql import GraphQLSchema

    from backend.cache.reader import Reader
    from backend.face.callers import Callers
    from backend.interface.base import Limits
    from backend.operation.transaction import Transactions

# Characters. Whoever sends longer documents waits for them to be read again, and cannot fill the memory with them.
LONGEST_KEPT = 20_000


class Engine:
    """Holds documents and their plans, which outlive a request."""

    def __init__(self, callers: Callers, schema: GraphQLSchema, limits: Limits, *, anonymous_schema: bool) -> None:
        self.callers = callers
        self._catalog = callers.catalog
        self._schema = schema
        self._limits = limits
        self._anonymous_schema = anonymous_schema
        self._documents: Recent[str, Document] = Recent(1000)

    async def answer(self, request: Request) -> Answer:
        """The answer to a request; never raises but for cancellation."""
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
        return answered(*await execute_core(self._schema, document, request, context))

    async def _run(self, document: Document, request: Request, reader: Reader) -> Answer:
        if document.errors:
            return refused(document.errors, document.code)
        operation = document.operation(request.operation_name)
        variables = self._variables(document, request)
        compiler = PlanCompiler(self._schema, self._catalog, document.fragments, variables, self._limits)
        # Other sizes of tables make other plans; who sees the same in tables of the same sizes shares them.
        key = (request.operation_name, document.switches(variables.coerced), reader.scope.visibility)
        prepared = document.prepared.get(key)
        if prepared is None:
            prepared = document.prepared.put(key, prepare(self._schema, compiler, operation))
        run = QueryRun(self._schema, compiler, operation, prepared, variables, reader)
        return await run.answer(document, request)

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
