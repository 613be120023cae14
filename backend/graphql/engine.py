"""From a request to its answer: the document, the caller, the plan, the run."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from time import thread_time
from typing import TYPE_CHECKING

from graphql import GraphQLError
from graphql.execution.values import VariableValues

from backend.errors import ErrorCode, GatewayError, MethodNotAllowedError, UnauthenticatedError
from backend.face.callers import CREDENTIAL_MISSING, Reads, Writes
from backend.face.values import check_values
from backend.face.weights import STATEMENT
from backend.graphql.answer import Answer, Request, VariablesError, failed, refused
from backend.graphql.document import LONGEST_KEPT, Document, Operation, read_document
from backend.graphql.introspection import SchemaAnswers
from backend.graphql.mutation import Mutations
from backend.graphql.query import REPORT_PLAN, QueryRun, prepare
from backend.graphql.trusted import NotHereError
from backend.graphql.variables import Variables
from backend.observe import observed
from backend.plan.compile import PlanCompiler
from backend.recent import Recent
from backend.settings import Explained

if TYPE_CHECKING:
    from graphql import GraphQLSchema

    from backend.cache.reading import CachedReading
    from backend.face.admission import Allowance
    from backend.face.callers import Callers
    from backend.face.limits import DocumentLimits
    from backend.graphql.cost import Cost
    from backend.graphql.trusted import NamedDocuments
    from backend.operation.transaction import Transactions
    from backend.plan.limits import Limits

REPORT_COST = "cost"
_NOBODY = "nobody"
# What a second of the processor's time costs that is spent on reading, and how many are too few to count.
_READING_COST = 50_000_000
_OVERLOOKED = 0.000_2
_MAKING = STATEMENT / _READING_COST
_MUTATION_ON_GET = "A mutation is sent with POST."


class Engine:
    """Holds documents and their plans, which outlive a request."""

    def __init__(
        self,
        callers: Callers,
        schema: GraphQLSchema,
        limits: Limits,
        *,
        documents: DocumentLimits,
        named: NamedDocuments,
        anonymous_schema: bool,
        suggest: bool,
        explain: Explained = Explained.ADMINS,
    ) -> None:
        self.callers = callers
        self._catalog = callers.catalog
        self._schema = schema
        self._limits = limits
        self._document_limits = documents
        self._named = named
        self._anonymous_schema = anonymous_schema
        self._suggest = suggest
        self._explain = explain
        self._documents: Recent[str, Document] = Recent(1000)
        self._about_schema = SchemaAnswers(schema, callers, limits)

    def check(self, token: str | None) -> None:
        """Raises UnauthenticatedError or RateLimitedError where it is certain already: no body is read then."""
        if token is None and not self._anonymous_schema:
            raise UnauthenticatedError(CREDENTIAL_MISSING)
        self.callers.check(token)

    def writes(self, request: Request) -> bool:
        """Whether the request is for a mutation."""
        return self._document(request.query).writes(request.operation_name)

    async def answer(self, request: Request) -> Answer:
        """The answer to a request; never raises but for cancellation."""
        answer = await self._answer_or_refusal(request)
        observation = observed()
        if observation is not None:
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
            return failed(error)

    async def _answer(self, request: Request) -> Answer:
        if request.token is None:
            return await self._anonymous(request)
        bill = _Bill(spent=request.took)
        try:
            answer = await self._served(request, bill)
        except (GraphQLError, GatewayError):
            await self._settle(bill, refused=True)
            raise
        await self._settle(bill, refused=not answer.executed)
        if bill.cost is not None and REPORT_COST in request.reports:
            answer = answer._replace(extensions={**answer.extensions, REPORT_COST: bill.cost.report(bill.allowance)})
        return answer if bill.cost is None else answer.paid(bill.cost.total, bill.allowance)

    async def _served(self, request: Request, bill: _Bill) -> Answer:
        try:
            return await self.callers.serve(request.token, partial(self._decided, request, bill))
        except NotHereError as missing:
            digest = missing.digest
        try:
            query = await self._named.find(digest)
        except GatewayError as error:
            work = partial(_raise, error)
            return await self.callers.serve(request.token, lambda: Reads(work))
        return await self.callers.serve(request.token, partial(self._decided, request._replace(query=query), bill))

    def _decided(self, request: Request, bill: _Bill) -> Reads[Answer] | Writes[Answer]:
        """Whether the document reads or writes. To read it takes work, which is done for nobody unknown."""
        try:
            text = self._named.text(request)
            document = self._read(text, bill)
        except GatewayError as error:
            return Reads(partial(_raise, error))
        _note_operation(text, document, request.operation_name)
        if not document.writes(request.operation_name):
            return Reads(partial(self._run, document, request, bill))
        if not request.changes:
            return Reads(partial(_raise, MethodNotAllowedError(_MUTATION_ON_GET)))
        return Writes(partial(self._write, document, request, bill))

    async def _write(self, document: Document, request: Request, bill: _Bill, transactions: Transactions) -> Answer:
        bill.user = transactions.principal.user_id
        try:
            variables = await self._admitted(document, request, bill, transactions.principal.user_id)
            compiler = PlanCompiler(self._schema, self._catalog, document.fragments, variables, self._limits)
            operation = document.operation(request.operation_name)
            mutations = Mutations(self._schema, self._catalog, compiler, variables, operation.node)
            mutations.check(transactions.ahead())
        except (GraphQLError, GatewayError):
            await transactions.verify()
            raise
        return await mutations.answer(transactions)

    def _read(self, text: str, bill: _Bill) -> Document:
        """The document; whoever brings one that is new here owes for reading it."""
        known = self._documents.get(text)
        if known is not None:
            return known
        begun = thread_time()
        document = self._document(text)
        bill.reading += thread_time() - begun
        return document

    def _document(self, text: str) -> Document:
        document = self._documents.get(text)
        if document is None:
            document = read_document(self._schema, text, self._document_limits, suggest=self._suggest)
            if len(text) <= LONGEST_KEPT:
                self._documents.put(text, document)
        return document

    async def _settle(self, bill: _Bill, *, refused: bool) -> None:
        """Has the user pay for what it took to read a new document and, where it was for nothing, all else."""
        seconds = bill.reading + (bill.spent if refused else 0)
        if bill.user is not None and seconds > _OVERLOOKED:
            await self.callers.admission.owe(bill.user, int(seconds * _READING_COST))

    async def _admitted(self, document: Document, request: Request, bill: _Bill, user: str) -> VariableValues:
        """The values of the variables, once what is asked for with them is within limits and paid for."""
        # To ask for that time takes longer than to look at a few values.
        begun = thread_time() if request.took else None
        try:
            check_values(request.variables, self._document_limits)
            operation = document.operation(request.operation_name)
            variables = self._variables(operation, request)
        finally:
            if begun is not None:
                bill.spent += thread_time() - begun
        if bill.cost is None:
            cost = operation.cost.of({**request.variables, **variables.coerced})
            self._document_limits.check("nodes", int(cost.rows))
            self._document_limits.check("cost", cost.total)
            bill.allowance = await self.callers.admission.spend(user, cost.total)
            bill.cost = cost
            if (observation := observed()) is not None:
                observation.cost = cost.total
        if request.persisted is not None and request.query:
            await self._named.keep(request.persisted, request.query)
        return variables

    async def _anonymous(self, request: Request) -> Answer:
        self.check(None)
        try:
            text = self._named.text(request)
        except NotHereError as missing:
            text = await self._named.find(missing.digest)
        bill = _Bill(user=_NOBODY)
        if self._documents.get(text) is None:
            # All who have no token are in one debt; what others asked before them they are told all the same.
            self.callers.admission.check(_NOBODY)
        refusal = True
        try:
            answer = await self._about_schema_to_anyone(self._read(text, bill), request, bill)
            refusal = not answer.executed
        finally:
            await self._settle(bill, refused=refusal)
        return answer

    async def _about_schema_to_anyone(self, document: Document, request: Request, bill: _Bill) -> Answer:
        if document.errors:
            return refused(document.errors, document.code)
        operation = document.operation(request.operation_name)
        if operation.writes and not request.changes:
            raise MethodNotAllowedError(_MUTATION_ON_GET)
        if not operation.reads_schema_only:
            raise UnauthenticatedError(CREDENTIAL_MISSING)
        kept = self._about_schema.kept(document, request)
        if kept is not None:
            return kept
        variables = await self._admitted(document, request._replace(persisted=None), bill, _NOBODY)
        return await self._about_schema.answer(document, request, variables, _NOBODY)

    async def _run(self, document: Document, request: Request, bill: _Bill, reading: CachedReading) -> Answer:
        bill.user = reading.principal.user_id
        if document.errors:
            return refused(document.errors, document.code)
        operation = document.operation(request.operation_name)
        variables = await self._admitted(document, request, bill, reading.principal.user_id)
        if operation.reads_schema_only:
            proof = await reading.recognise()
            answer = await self._about_schema.answer(document, request, variables, reading.principal.user_id)
            return answer._replace(proof=proof)
        compiler = PlanCompiler(self._schema, self._catalog, document.fragments, variables, self._limits)
        # Other sizes of tables make other plans; who sees the same in tables of the same sizes shares them.
        key = (document.switches(variables.coerced), reading.scope.visibility)
        prepared = operation.prepared.get(key)
        if prepared is None:
            begun = thread_time()
            prepared = operation.prepared.put(key, prepare(self._schema, compiler, operation.node))
            bill.reading += thread_time() - begun
        explains = REPORT_PLAN in request.reports and self._explain.allows(admin=reading.principal.viewer.admin)
        run = QueryRun(self._schema, compiler, operation.node, prepared, variables, reading, explains=explains)
        try:
            return await run.answer(document, request)
        finally:
            bill.reading += run.made * _MAKING

    def _variables(self, operation: Operation, request: Request) -> VariableValues:
        definitions = operation.node.variable_definitions
        if not definitions:
            return VariableValues({}, {})
        if operation.variables is None:
            operation.variables = Variables(self._schema, definitions, suggest=self._suggest)
        values = operation.variables.read(request.variables)
        if isinstance(values, list):
            raise VariablesError(values)
        return values


@dataclass
class _Bill:
    """What a request costs, and what its caller may still cost, once that is known: it is paid once."""

    cost: Cost | None = None
    allowance: Allowance | None = None
    user: str | None = None
    # Seconds of the processor's time: for a document that was new, and for all else before anything could run.
    reading: float = 0.0
    spent: float = 0.0


async def _raise(error: GatewayError, _: CachedReading) -> Answer:
    raise error


def _note_operation(text: str, document: Document, name: str | None) -> None:
    """What runs: the name that its author gave it, and whether it writes."""
    observation = observed()
    if observation is None:
        return
    observation.document = text
    if document.errors:
        return
    known = document.operations.get(name)
    if known is not None:
        observation.operation = known.node.name.value if known.node.name else None
        observation.operation_kind = known.node.operation.value
