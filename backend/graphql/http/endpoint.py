"""What is made of an HTTP request: a request of GraphQL, its answer, and the HTTP answer to that."""

from __future__ import annotations

from time import thread_time
from typing import TYPE_CHECKING

from backend.errors import BadRequestError, GatewayError, MethodNotAllowedError
from backend.face.callers import OVERLOOKED
from backend.face.head import JSON, bearer_token, check_json
from backend.face.sending import reply_of
from backend.face.shell import Shell
from backend.graphql.answer import Request, failed
from backend.graphql.http.cross_site import NOT_SIMPLE, REPORTS, is_simple, origins
from backend.graphql.http.negotiation import GRAPHQL, HTML, NotAcceptableError, accepted
from backend.graphql.http.reading import asks_something, read_query_string, read_requests
from backend.graphql.http.sending import refusal, reply_to, reply_to_batch
from backend.observe import observed

if TYPE_CHECKING:
    from starlette.responses import Response

    from backend.face.incoming import HttpOptions, Incoming
    from backend.face.sending import Reply
    from backend.graphql.engine import Engine
    from backend.graphql.given import GivenAnswers

_SIMPLE = (
    "A page of any site could have sent this GET: send the Content-Type application/json, or one of the headers "
    f"{', '.join(name.decode() for name in NOT_SIMPLE)}."
)


class GraphQLEndpoint(Shell):
    """Answers requests of GraphQL that are sent with POST or GET; shows `page` to a browser that wants one.

    At most `max_batch` requests come in one body; 0 for one that is no list.
    """

    def __init__(
        self, engine: Engine, given: GivenAnswers, page: Response, options: HttpOptions, max_batch: int = 0
    ) -> None:
        super().__init__(options, origins(options.cors_origins))
        self._engine = engine
        self._given = given
        self._page = reply_of(page)
        self._max_batch = max_batch

    async def answer(self, asked: Incoming) -> Reply:
        """The answer, or the page."""
        kind = accepted(asked.headers.get(b"accept", b""))
        token = bearer_token(asked.scope["headers"])
        posted = asked.method == "POST"
        if posted:
            check_json(asked.headers.get(b"content-type", b""))
            self._engine.check(token)
            source = await asked.body()
        elif asked.method not in ("GET", "HEAD"):
            raise MethodNotAllowedError("GraphQL requests are sent with POST or GET.")
        elif kind in (HTML, None, JSON) and not asks_something(asked.scope["query_string"]):
            return self._page
        elif is_simple(asked.headers):
            raise BadRequestError(_SIMPLE)
        else:
            source = asked.scope["query_string"]
        if kind is None or kind == HTML:
            text = "The Accept header takes neither application/graphql-response+json nor application/json."
            raise NotAcceptableError(text)
        reports = not REPORTS.keys().isdisjoint(asked.headers)
        if token and not reports and (given := await self._given.again((token, posted, source))) is not None:
            return reply_to(given, kind)
        large = posted and len(source) > OVERLOOKED
        request = await self._read_large(source, token) if large else self._read(source, token, posted=posted)
        if reports:
            request = _reporting(asked, request)
        if isinstance(request, Request):
            answer = await self._engine.answer(request)
            if token:
                self._given.keep((token, posted, source), request, answer)
            return reply_to(answer, kind)
        return reply_to_batch([await self._engine.answer(each) for each in request], kind)

    def refused(self, asked: Incoming, error: Exception) -> Reply:
        """The answer to what was not answered, whatever the reason."""
        answer = failed(error)
        if (observation := observed()) is not None:
            observation.code = answer.code
        kind = GRAPHQL if accepted(asked.headers.get(b"accept", b"")) == GRAPHQL else JSON
        return refusal(error, answer, kind)

    def _read(self, source: bytes, token: str | None, *, posted: bool) -> Request | list[Request]:
        if not posted:
            return read_query_string(source, token, self.options.values)
        return read_requests(source, token, self._max_batch, self.options.values)

    async def _read_large(self, source: bytes, token: str | None) -> Request | list[Request]:
        begun = thread_time()
        try:
            request = read_requests(source, token, self._max_batch, self.options.values)
        except GatewayError:
            await self._engine.callers.blame(token, len(source))
            raise
        return request._replace(took=thread_time() - begun) if isinstance(request, Request) else request


def _reporting(asked: Incoming, request: Request | list[Request]) -> Request | list[Request]:
    """The same, with what is asked to be told besides."""
    reports = frozenset(name for header, name in REPORTS.items() if asked.headers.get(header, b"0") != b"0")
    if isinstance(request, Request):
        return request._replace(reports=reports)
    return [each._replace(reports=reports) for each in request]
