"""What a request to a generated route says, in its URL, its headers and its body."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, get_origin

from backend.errors import InputError
from backend.face.head import check_json
from backend.face.values import check_values, read_json
from backend.interface.annotation import unwrap
from backend.operation.create import check_batch
from backend.operation.problem import RefusedError, invalid, not_found
from backend.plan.dto import Asked
from backend.plan.value import parse_key
from backend.rest.caller import token_of
from backend.rest.problem import BODY

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from starlette.requests import Request

    from backend.interface.entity import Entity
    from backend.plan.keys import Key

ARCHIVED = ("exclude", "only", "include")
_INTEGER = re.compile(r"-?[0-9]{1,18}", re.ASCII)
_FLAGS = {"true": True, "false": False}


def key_of(entity: Entity, request: Request) -> Key:
    """The key in the path; RefusedError where it can be that of no row."""
    try:
        return parse_key(entity, request.path_params["id"])
    except InputError:
        raise RefusedError([not_found("id")]) from None


def asked_of(entity: Entity, request: Request) -> Asked:
    """What is asked of the entity's list. Raises InputError, which names the parameter."""
    search = entity.interface.query.model_fields if entity.interface.query else {}
    _only(request, ("skip", "limit", *(("archived",) if entity.archivable else ()), *search))
    values: dict[str, Any] = {}
    for name, info in search.items():
        is_list = get_origin(unwrap(info.annotation)[0]) is list
        values[name] = (request.query_params.getlist(name) or None) if is_list else _single(request, name)
    archived = _single(request, "archived") or ARCHIVED[0]
    if archived not in ARCHIVED:
        raise InputError(f"it is one of {', '.join(ARCHIVED)}", ("archived",))
    skip, limit = _integer(request, "skip"), _integer(request, "limit")
    return Asked(values, archived=archived.upper(), skip=skip or 0, limit=limit)


def is_dry_run(request: Request) -> bool:
    """Whether a delete is only to say what would go. Raises InputError."""
    _only(request, ("dry_run",))
    given = _single(request, "dry_run")
    if given is not None and given not in _FLAGS:
        raise InputError("it is true or false", ("dry_run",))
    return given is not None and _FLAGS[given]


async def json_body(request: Request) -> Any:
    """The body. Raises BadRequestError where it is no JSON, LimitError where it holds too much.

    Raises UnauthenticatedError where there is no token.
    """
    token_of(request.scope)
    check_json(request.headers.get("content-type", "").encode("latin-1"))
    given = read_json(await request.body(), request.app.state.values)
    check_values(given, request.app.state.values)
    return given


def rows_of(entity: Entity, given: Any) -> list[Mapping[str, Any]]:
    """A list of inputs by attributes. Raises RefusedError, as `row_of` does, and where they are too many."""
    if not isinstance(given, list):
        raise RefusedError([invalid("There must be a list.", BODY)])
    check_batch(given, entity.interface.children, BODY)
    return [_row(entity, row, str(index)) for index, row in enumerate(given)]


def row_of(entity: Entity, given: Any) -> Mapping[str, Any]:
    """An input by attributes, if it has the form of one; what stands in it is for the operations to look at.

    Raises RefusedError.
    """
    check_batch([given], entity.interface.children, BODY)
    return _row(entity, given)


def _row(entity: Entity, given: Any, *place: str) -> Mapping[str, Any]:
    if not isinstance(given, dict):
        raise RefusedError([invalid("There must be an object.", BODY, *place)])
    for relation in entity.children:
        children = given.get(relation.attribute) or []
        if not isinstance(children, list):
            raise RefusedError([invalid("There must be a list.", BODY, *place, relation.attribute)])
        for index, child in enumerate(children):
            where = (BODY, *place, relation.attribute, str(index))
            if not isinstance(child, dict):
                raise RefusedError([invalid("There must be an object.", *where)])
            if relation.remote in child:
                raise RefusedError([invalid("It follows from the row that it stands in.", *where, relation.remote)])
    return given


def _only(request: Request, names: Iterable[str]) -> None:
    for name in request.query_params:
        if name not in names:
            raise InputError("there is no such parameter here", (name,))


def _single(request: Request, name: str) -> str | None:
    values = request.query_params.getlist(name)
    if len(values) > 1:
        raise InputError("it is given more than once", (name,))
    return values[0] if values else None


def _integer(request: Request, name: str) -> int | None:
    text = _single(request, name)
    if text is not None and not _INTEGER.fullmatch(text):
        raise InputError(f"{text!r} is no whole number of a sensible size", (name,))
    return None if text is None else int(text)
