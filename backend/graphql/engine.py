"""From a request to its answer: the document, the caller, the plan, the run."""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

from graphql import GraphQLError
from graphql.execution import execute
from graphql.execution.values import VariableValues
from psycopg import Error
from psycopg_pool import PoolTimeout

from backend.access.credentials import token_hash
from backend.access.visibility import Statistics, Visibility
from backend.errors import ErrorCode, InputError, UnauthenticatedError, public
from backend.graphql.answer import Answer, Request, VariablesError, answered, public_error, refused
from backend.graphql.document import Document, read_document
from backend.graphql.executor import Context, HandOver
from backend.graphql.mutation import Mutations
from backend.graphql.variables import read_variables
from backend.interface.entity import policies
from backend.operation.transaction import Transactions
from backend.operation.writing import Writing
from backend.plan.compile import PlanCompiler
from backend.plan.execute import execute as execute_plan
from backend.plan.failure import Settlement
from backend.plan.loaders import Loaders
from backend.plan.run import Run
from backend.plan.snapshot import PrincipalChangedError, Snapshot, snapshot_of
from backend.plan.source import Scope
from backend.plan.statement import Compiler, Recent

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable

    from graphql import GraphQLSchema

    from backend.access.principal import Principal, Viewer
    from backend.interface.base import Limits
    from backend.interface.entity import Catalog
    from backend.plan.connection_pool import Pool

log = logging.getLogger("computor")

_CREDENTIAL_MISSING = (
    "This request has no token. Send the header `Authorization: Bearer <token>`; "
    "`computor token create --user NAME` makes a token."
)
_CREDENTIAL_REFUSED = (
    "This token does not hold: it is unknown, revoked or expired, or its user is archived. "
    "`computor token create --user NAME` makes a new one."
)
STATISTICS_EVERY = 60.0
# Characters. Whoever sends longer documents waits for them to be read again, and cannot fill the memory with them.
LONGEST_KEPT = 20_000


class Engine:
    """Holds what outlives a request: documents, plans, statements, principals, and the pool."""

    def __init__(
        self, catalog: Catalog, schema: GraphQLSchema, pool: Pool, limits: Limits, *, anonymous_schema: bool
    ) -> None:
        self._catalog = catalog
        self._schema = schema
        self._pool = pool
        self._limits = limits
        self._anonymous_schema = anonymous_schema
        self._policies = policies(catalog)
        self._compiler = Compiler()
        self._documents: Recent[str, Document] = Recent(1000)
        self._principals: Recent[bytes, Principal] = Recent(10000)
        self._scopes: Recent[Viewer, Scope] = Recent(1000)
        self._statistics = Statistics({})

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Answers requests until the block ends; the pool is open meanwhile."""
        async with self._pool:
            await self.refresh_statistics()
            refreshing = asyncio.create_task(self._keep_refreshing())
            try:
                yield
            finally:
                refreshing.cancel()
                with suppress(asyncio.CancelledError):
                    await refreshing

    async def _keep_refreshing(self) -> None:
        while True:
            await asyncio.sleep(STATISTICS_EVERY)
            try:
                await self.refresh_statistics()
            except (Error, PoolTimeout) as error:
                # Plans that were made for the old sizes are right all the same.
                log.warning("table sizes could not be read: %s", error)

    async def refresh_statistics(self) -> None:
        """Learns how large the tables are; plans are made anew when another form of statement may be better."""
        async with self._pool.connection() as connection:
            found = await connection.execute(
                "SELECT relname, reltuples::bigint FROM pg_class"
                " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
            )
            statistics = Statistics({str(table): int(rows) for table, rows in await found.fetchall()})
        if statistics.digest() != self._statistics.digest():
            self._statistics = statistics
            self._scopes = Recent(1000)
            self._documents = Recent(1000)

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
        credential = token_hash(request.token)
        known = self._principals.get(credential)
        while True:
            async with snapshot_of(self._pool, credential, known) as snapshot:
                if known is None:
                    known = await snapshot.identify()
                    if known is None:
                        raise UnauthenticatedError(_CREDENTIAL_REFUSED)
                    self._principals.put(credential, known)
                # Reading a document takes work, which is done for nobody unknown.
                document = self._document(request.query)
                if document.writes(request.operation_name):
                    break
                try:
                    return await self._checked(document, request, known, snapshot)
                except PrincipalChangedError as changed:
                    if changed.principal is None:
                        raise UnauthenticatedError(_CREDENTIAL_REFUSED) from None
                    known = self._principals.put(credential, changed.principal)
        return await self._write(document, request, known, credential)

    async def _write(self, document: Document, request: Request, principal: Principal, credential: bytes) -> Answer:
        def write_for(principal: Principal, snapshot: Snapshot) -> Writing:
            return Writing(self._scope(principal.viewer), self._compiler, principal, snapshot, write_for)

        transactions = Transactions(self._pool, credential, principal, write_for)
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
            raise UnauthenticatedError(_CREDENTIAL_MISSING)
        document = self._document(request.query)
        if document.errors:
            return refused(document.errors, document.code)
        operation = document.operation(request.operation_name)
        if not document.reads_schema_only(operation):
            raise UnauthenticatedError(_CREDENTIAL_MISSING)
        variables = self._variables(document, request)
        compiler = PlanCompiler(self._schema, self._catalog, document.fragments, variables, self._limits)
        context = Context(None, None, {}, self._catalog, None, compiler)
        return await self._execute_core(document, request, context)

    async def _checked(self, document: Document, request: Request, principal: Principal, snapshot: Snapshot) -> Answer:
        """The answer, given to nobody whose token has ended: neither where it is empty nor where the input is bad."""
        try:
            answer = await self._run(document, request, principal, snapshot)
        except (GraphQLError, InputError, VariablesError):
            await snapshot.verify()
            raise
        await snapshot.verify()
        return answer

    async def _run(self, document: Document, request: Request, principal: Principal, snapshot: Snapshot) -> Answer:
        if document.errors:
            return refused(document.errors, document.code)
        operation = document.operation(request.operation_name)
        variables = self._variables(document, request)
        scope = self._scope(principal.viewer)
        compiler = PlanCompiler(self._schema, self._catalog, document.fragments, variables, self._limits)
        key = (request.operation_name, document.switches(variables.coerced), principal.viewer)
        plan = document.plans.get(key) or document.plans.put(key, compiler.operation(operation))
        run = Run(scope, self._compiler, principal, variables, snapshot)
        data: dict[str, Any] = dict(plan.roots)
        await execute_plan(run, plan, data, last=not plan.needs_graphql_core)
        settled: dict[str, Any] | None = data
        errors: list[GraphQLError] = []
        if run.failed:
            settlement = Settlement(self._schema, compiler, run.types)
            loaded = {name: data[name] for name, root in plan.roots if root is not None}
            settled = settlement.settle("Query", [operation.selection_set], loaded)
            errors = settlement.errors
        if settled is None or not plan.needs_graphql_core:
            return answered(settled, errors)
        await snapshot.fetch([], last=False)
        generated = {name: settled[name] for name, root in plan.roots if root is not None}

        def new_run() -> Run:
            return Run(scope, self._compiler, principal, variables, snapshot)

        context = Context(principal, Loaders(self._catalog, new_run), generated, self._catalog, new_run, compiler)
        return await self._execute_core(document, request, context, errors)

    async def _execute_core(
        self, document: Document, request: Request, context: Context, errors: list[GraphQLError] | None = None
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
        return answered(result.data, [*(errors or []), *found])

    def _variables(self, document: Document, request: Request) -> VariableValues:
        definitions = document.operation(request.operation_name).variable_definitions or ()
        if not definitions:
            return VariableValues({}, {})
        values = read_variables(self._schema, definitions, request.variables)
        if isinstance(values, list):
            raise VariablesError(values)
        return values

    def _scope(self, viewer: Viewer) -> Scope:
        known = self._scopes.get(viewer)
        return known or self._scopes.put(
            viewer, Scope(self._catalog, Visibility(self._policies, viewer, self._statistics))
        )


async def _awaited(work: Awaitable[Any]) -> Any:
    return await work
