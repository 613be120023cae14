"""What pages ask the gateway."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from playwright.sync_api import Request, Response


def is_operation(request: Request, name: str) -> bool:
    """Whether the request is for the operation of that name."""
    return (
        request.method == "POST"
        and urlsplit(request.url).path == "/graphql"
        and json.loads(request.post_data or "{}").get("operationName") == name
    )


def is_introspection(response: Response) -> bool:
    """Whether a schema was asked for."""
    return is_operation(response.request, "IntrospectionQuery")
