"""A route of Starlette that says the same, whatever it is asked: what an HTTP server of this kind costs by itself.

The bytes are those of the file that ANSWER_FILE names, else the answer to an empty query.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

if TYPE_CHECKING:
    from starlette.requests import Request

_FILE = os.environ.get("ANSWER_FILE")
_BODY = Path(_FILE).read_bytes() if _FILE else b'{"data":{"__typename":"Query"}}'


async def graphql(request: Request) -> Response:
    """The answer, once the body is read."""
    await request.body()
    return Response(_BODY, media_type="application/json")


app = Starlette(routes=[Route("/graphql", graphql, methods=["POST"])])
