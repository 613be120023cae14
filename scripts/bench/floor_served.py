"""The floor behind HTTP: what a request costs at least where it comes over a socket.

One bare Starlette route on the gateway's server with its options. Served as `uvicorn floor_served:app`, with
DATABASE_URL set.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import floor
import orjson
from shapes import SHAPES
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

if TYPE_CHECKING:
    from starlette.requests import Request

_NAMES = {shape.document: shape.name for shape in SHAPES.values()}


async def _graphql(request: Request) -> Response:
    asked = orjson.loads(await request.body())
    connection = floor.open_connection(os.environ["DATABASE_URL"])
    body = floor.answer(connection, _NAMES[asked["query"]], asked["variables"])
    return Response(body, media_type="application/json")


app = Starlette(routes=[Route("/graphql", _graphql, methods=["POST"])])
