"""Pages of other sites: which may ask (CORS), and that none asks unseen (CSRF).

A browser asks the server first (a preflight) before a page of another site sends what no form could. So whatever runs
a document must be such a request: a POST with JSON, or a GET with a header of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from backend.face.head import is_json
from backend.face.origins import Origins
from backend.graphql.engine import REPORT_COST
from backend.graphql.query import REPORT_CACHE, REPORT_PLAN

if TYPE_CHECKING:
    from collections.abc import Mapping

# Headers that no browser sends without a preflight; the first two are Apollo's.
NOT_SIMPLE = (b"apollo-require-preflight", b"x-apollo-operation-name", b"graphql-require-preflight")
# By header: what a client may ask to be told in the answer's extensions.
REPORTS = {b"graphql-cost": REPORT_COST, b"graphql-cache": REPORT_CACHE, b"x-explain": REPORT_PLAN}
_SENT = b", ".join(
    (
        b"Authorization, Content-Type, Content-Encoding, If-None-Match, X-Request-ID",
        *(name.title() for name in (*REPORTS, *NOT_SIMPLE)),
    )
)
_SHOWN = b"ETag, X-Request-ID, RateLimit, RateLimit-Policy, Retry-After"


def is_simple(headers: Mapping[bytes, bytes]) -> bool:
    """Whether a page of any site could have sent the GET with these headers without a preflight."""
    return not (any(headers.get(name) for name in NOT_SIMPLE) or is_json(headers.get(b"content-type", b"")))


def origins(named: str) -> Origins:
    """Those whose pages may ask for GraphQL."""
    return Origins(named, methods=b"GET, POST", sent=_SENT, shown=_SHOWN)
