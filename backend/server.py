"""Builds the ASGI application: routes and lifespan."""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.responses import JSONResponse, RedirectResponse
from starlette.routing import Route, Router

from backend.cache.address import client_of
from backend.cache.names import Names, origin, version
from backend.cache.opening import open_cache
from backend.cache.shared import Shared
from backend.errors import GatewayError
from backend.face.admission import Admission
from backend.face.callers import Callers
from backend.face.health import Health
from backend.face.incoming import HttpOptions
from backend.face.limits import DocumentLimits
from backend.face.page import built_page
from backend.graphql.engine import Engine
from backend.graphql.given import GivenAnswers
from backend.graphql.graphiql_page import graphiql_page, graphiql_routes
from backend.graphql.http import GraphQLEndpoint
from backend.graphql.http.negotiation import HTML, accepted
from backend.graphql.schema import build_schema, core_of
from backend.graphql.trusted import NamedDocuments, read_manifest
from backend.interface.reflection import reflect
from backend.interface.registry import INTERFACES
from backend.observe.observer import Observer
from backend.observe.witnesses import Witnesses, witnesses_of
from backend.plan.connection_pool import Timeouts, make_pool
from backend.plan.limits import Limits

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from redis.asyncio import Redis
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp, Receive, Scope, Send

    from backend.settings import Settings

log = logging.getLogger("computor")

_REDIS_SECONDS = 0.25
# Seconds after the start, in which the first GraphQL answer has the processor to itself.
_REST_AFTER = 2.0
# As REST tells of an address that it does not have.
_NOWHERE = JSONResponse(
    {"type": "about:blank", "title": "Not Found", "status": 404, "detail": "Not Found", "code": "NOT_FOUND"},
    404,
    media_type="application/problem+json",
)
_TO_GRAPHIQL = RedirectResponse("/graphql", 302, headers={"Vary": "Accept"})
_PAGES = ("/graphiql/", "/docs")
GRAPHIQL = Path(__file__).parent / "graphql" / "graphiql" / "dist"


class Gateway:
    """The whole application: GraphQL straight from ASGI, pages, and REST through FastAPI."""

    def __init__(
        self,
        engine: Engine,
        graphql: GraphQLEndpoint,
        health: Health,
        pages: ASGIApp,
        redis: Redis | None,
        make_rest: Callable[[], ASGIApp] | None,
        observation: Witnesses,
    ) -> None:
        self.engine = engine
        self._graphql = graphql
        self._health = health
        self._pages = pages
        self._redis = redis
        self._make_rest = make_rest
        self._rest: asyncio.Task[ASGIApp] | None = None
        self._lifespan = Router(lifespan=lambda _: self._open())
        self._observation = observation
        self._observer = Observer(self._answer, observation.witnesses, observation.metrics)

    @asynccontextmanager
    async def _open(self) -> AsyncIterator[None]:
        async with self.engine.callers.open():
            completing = asyncio.create_task(self.complete())
            yield
            completing.cancel()
        if self._redis is not None:
            await self._redis.aclose()
        self._observation.close()

    async def complete(self) -> None:
        """Returns a little later, once all is made that lasts as long as the process, or cannot be made."""
        await asyncio.sleep(_REST_AFTER)
        if self._make_rest is not None:
            await asyncio.wait([self._made_rest(self._make_rest)])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI application."""
        if scope["type"] == "lifespan":
            await self._lifespan(scope, receive, send)
        elif scope["path"] == "/metrics" and self._observation.endpoint is not None:
            await self._observation.endpoint(scope, receive, send)
        else:
            await self._observer(scope, receive, send)

    def _answer(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        # A coroutine less for what comes most.
        if scope["path"] == "/graphql":
            return self._graphql(scope, receive, send)
        return self._other(scope, receive, send)

    async def _other(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"].startswith("/health/"):
            await self._health(scope, receive, send)
        elif scope["path"].startswith(_PAGES):
            await self._pages(scope, receive, send)
        elif scope["path"] == "/" and _is_of_browser(scope):
            await _TO_GRAPHIQL(scope, receive, send)
        elif self._make_rest is None:
            await _NOWHERE(scope, receive, send)
        else:
            # Whoever stops waiting for it stops nobody else's.
            await (await asyncio.shield(self._made_rest(self._make_rest)))(scope, receive, send)

    def _made_rest(self, make: Callable[[], ASGIApp]) -> asyncio.Task[ASGIApp]:
        """The application of REST, made once in a thread: its imports take about a second, which nobody waits for."""
        if self._rest is None:
            self._rest = asyncio.create_task(asyncio.to_thread(make))
            self._rest.add_done_callback(_log_failure)
        return self._rest


def _is_of_browser(scope: Scope) -> bool:
    """Whether a page is asked for."""
    accept = Headers(scope=scope).get("accept", "")
    return scope["method"] in {"GET", "HEAD"} and accepted(accept.encode("latin-1")) == HTML


def _log_failure(making: asyncio.Task[ASGIApp]) -> None:
    if not making.cancelled() and (error := making.exception()) is not None:
        log.error("the application of REST could not be made", exc_info=error)


def create_app(settings: Settings, demo_tokens: Path | None = None) -> Gateway:
    """The application over the configured database.

    `demo_tokens` is the file that GraphiQL may read on this machine; None where there are no demo users. Raises
    DeclarationError where interfaces and models do not fit, GatewayError where no database is configured.
    """
    if settings.database is None:
        raise GatewayError("No database is configured: set DATABASE_URL, or POSTGRES_HOST.")
    limits = Limits.of(settings)
    catalog = reflect(INTERFACES)
    schema = build_schema(catalog, limits)
    timeouts = Timeouts.of(settings)
    pool = make_pool(settings.database, size=settings.pool_size, timeouts=timeouts)
    aside = make_pool(settings.database, size=1, timeouts=timeouts, idle=0)
    redis, shared, cache = None, None, None
    if settings.redis is not None:
        redis = client_of(settings.redis, _REDIS_SECONDS)
        shared = Shared(redis, Names(""))
        ours = version([(entity.name, *entity.fields, *entity.relations) for entity in catalog.values()])
        cache = partial(open_cache, settings.redis, shared, pool, catalog, ours, origin(ours, [limits]))
    admission = Admission(settings.max_concurrent, settings.cost_per_minute, shared)
    manifest = read_manifest(settings.trusted_documents_file) if settings.trusted_documents_file else None
    engine = Engine(
        Callers(catalog, pool, aside, admission, cache),
        core_of(schema),
        limits,
        documents=DocumentLimits.of(settings),
        named=NamedDocuments(settings.trusted_documents, manifest, shared, settings.persisted_query_seconds),
        anonymous_schema=settings.anonymous_schema,
        suggest=settings.field_suggestions,
        explain=settings.explain,
    )
    options = HttpOptions.of(settings)
    given = GivenAnswers(engine.callers, settings.answers_kept_bytes)
    endpoint = GraphQLEndpoint(engine, given, graphiql_page(GRAPHIQL), options, settings.max_batch)
    health = Health(pool, redis)
    rest = partial(_rest, engine.callers, limits, options) if settings.rest else None
    pages = _pages(demo_tokens, rest=settings.rest)
    return Gateway(engine, endpoint, health, pages, redis, rest, witnesses_of(settings))


def _rest(callers: Callers, limits: Limits, options: HttpOptions) -> ASGIApp:
    # FastAPI's import would make up a sixth of the time until the first GraphQL answer, which has no need of it.
    from backend.rest.app import build_rest  # noqa: PLC0415

    return build_rest(callers, limits, options)


def _pages(demo_tokens: Path | None, *, rest: bool) -> ASGIApp:
    """What browsers load: what GraphiQL is made of and, if there is one, the page of the REST API."""

    def docs(_: Request) -> Response:
        meanwhile = "What it shows is at /openapi.json."
        return built_page(GRAPHIQL / "docs.html", "The page of the REST API", meanwhile)

    return Starlette(routes=[*([Route("/docs", docs)] if rest else []), *graphiql_routes(GRAPHIQL, demo_tokens)])
