"""GraphiQL's page, its assets, and the demo tokens that it may know."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pydantic import TypeAdapter
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route

from backend.face.page import built_page
from backend.observe.machine import is_on_this_machine

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.datastructures import Headers
    from starlette.requests import Request

_TITLES = {"admin": "Administrator"}
_TOKENS = TypeAdapter(dict[str, str])

# The build is flat; and a file system refuses to look for names of any length.
_ASSET = re.compile(r"\w[\w.-]{0,199}", re.ASCII)
# A name and perhaps a port. Only names that no DNS answer can point elsewhere count.
_LOOPBACK_AUTHORITY = re.compile(r"(?:localhost|127\.0\.0\.1|\[::1\])(?::[0-9]{1,5})?", re.IGNORECASE)


def graphiql_page(dist: Path) -> Response:
    """The page from the build in `dist`, or one that says how to build it."""
    meanwhile = "Queries are answered all the same: POST them to this address."
    return built_page(dist / "index.html", "GraphiQL", meanwhile)


def graphiql_routes(dist: Path, demo_tokens: Path | None) -> list[BaseRoute]:
    """Routes of what the page loads: its assets in `dist`, and the demo tokens.

    `demo_tokens` is a file with a JSON object of tokens by the names of their users; None where there are no demo
    users. They are handed to programs and pages of this machine alone, see `may_know_demo_tokens`.
    """
    assets = dist / "assets"

    def asset(request: Request) -> Response:
        name: str = request.path_params["name"]
        path = assets / name
        if _ASSET.fullmatch(name) is None or not path.is_file():
            raise HTTPException(404)
        # Names carry a hash of their content.
        headers = {"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}
        return FileResponse(path, headers=headers)

    def tokens(request: Request) -> Response:
        if demo_tokens is None or not may_know_demo_tokens(request):
            return _private_json({"error": "There are no demo tokens for this client."}, status=403)
        try:
            named = _TOKENS.validate_json(demo_tokens.read_bytes())
        except FileNotFoundError:
            return _private_json({"error": "There are no demo tokens yet."}, status=404)
        return _private_json(
            {
                "tokens": [
                    {"name": name, "title": _TITLES.get(name, name.capitalize()), "token": token}
                    for name, token in named.items()
                ]
            },
            status=200,
        )

    return [
        Route("/graphiql/assets/{name}", asset, methods=["GET"]),
        Route("/graphiql/demo-tokens.json", tokens, methods=["GET"]),
    ]


def may_know_demo_tokens(request: Request) -> bool:
    """Whether the request comes from this machine, and from no page but the gateway's own.

    The address alone does not say so: a browser on this machine asks for any page that it shows. A page of another
    site gives itself away by its Origin or Sec-Fetch-Site; one whose name was rebound to 127.0.0.1, by its Host.
    """
    headers = request.headers
    return (
        is_on_this_machine(request.scope)
        and _has_loopback_host(headers)
        and all(_is_loopback_origin(origin) for origin in headers.getlist("origin"))
        and all(site in {"same-origin", "none"} for site in headers.getlist("sec-fetch-site"))
    )


def _has_loopback_host(headers: Headers) -> bool:
    hosts = headers.getlist("host")
    return len(hosts) == 1 and _LOOPBACK_AUTHORITY.fullmatch(hosts[0]) is not None


def _is_loopback_origin(origin: str) -> bool:
    scheme, separator, authority = origin.partition("://")
    return scheme == "http" and separator != "" and _LOOPBACK_AUTHORITY.fullmatch(authority) is not None


def _private_json(content: object, status: int) -> Response:
    headers = {
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    return JSONResponse(content, status_code=status, headers=headers)
