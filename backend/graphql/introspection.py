"""Answers about the schema: the same for everyone, made by a thread, and kept."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from time import thread_time
from typing import TYPE_CHECKING

import orjson

from backend.graphql.answer import Answer, answered
from backend.graphql.executor import Context, execute_about_schema
from backend.plan.compile import PlanCompiler
from backend.recent import Recent

if TYPE_CHECKING:
    from graphql import GraphQLSchema
    from graphql.execution.values import VariableValues

    from backend.face.callers import Callers
    from backend.graphql.answer import Request
    from backend.graphql.document import Document
    from backend.plan.limits import Limits

# They are large, and few are asked for.
KEPT = 16
# What a second of the thread's time costs. It holds up nobody but who waits for another such answer; clients ask for
# one now and then, and may.
_COST = 10_000_000


class SchemaAnswers:
    """Makes them, one after the other, and others are answered meanwhile: each takes up to seconds."""

    def __init__(self, schema: GraphQLSchema, callers: Callers, limits: Limits) -> None:
        self._schema = schema
        self._catalog = callers.catalog
        self._admission = callers.admission
        self._limits = limits
        self._kept: Recent[object, Answer] = Recent(KEPT)
        self._thread = ThreadPoolExecutor(1, "schema")
        self._turn = asyncio.Lock()
        self._making: asyncio.Task[Answer] | None = None

    def kept(self, document: Document, request: Request) -> Answer | None:
        """The answer, if it was made already."""
        return self._kept.get(_key(document, request))

    async def answer(self, document: Document, request: Request, variables: VariableValues, user: str) -> Answer:
        """The answer to an operation that asks for nothing but the schema.

        The user who asks first owes for it. Raises RateLimitedError where they owe too much already.
        """
        known = self.kept(document, request)
        if known is not None:
            return known
        await self._turn.acquire()
        # A thread cannot be ended: where whoever asked is gone, it is still their turn, and they owe.
        self._making = asyncio.create_task(self._make(document, request, variables, user))
        return await asyncio.shield(self._making)

    async def _make(self, document: Document, request: Request, variables: VariableValues, user: str) -> Answer:
        try:
            known = self.kept(document, request)
            if known is not None:
                return known
            self._admission.check(user)
            compiler = PlanCompiler(self._schema, self._catalog, document.fragments, variables, self._limits)
            context = Context(None, None, {}, self._catalog, None, compiler)

            def read() -> tuple[Answer, float]:
                begun = thread_time()
                answer = answered(*execute_about_schema(self._schema, document, request, context))
                return answer, thread_time() - begun

            made, seconds = await asyncio.get_running_loop().run_in_executor(self._thread, read)
            await self._admission.owe(user, int(seconds * _COST))
            return self._kept.put(_key(document, request), made)
        finally:
            self._turn.release()


def _key(document: Document, request: Request) -> object:
    return document, request.operation_name, orjson.dumps(request.variables)
