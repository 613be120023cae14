"""The OpenAPI document: what it says of generated routes, and the schemas that these refer to."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from backend.interface.entity import words
from backend.operation.create import LARGEST_BATCH
from backend.operation.problem import ProblemCode
from backend.plan.dto import MOST_SKIPPED
from backend.rest.answer import TOTAL
from backend.rest.problem import MEDIA_TYPE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fastapi import FastAPI
    from pydantic import BaseModel

    from backend.interface.entity import Catalog, Entity
    from backend.json import Json
    from backend.plan.limits import Limits

_SCHEMAS = "#/components/schemas/"
_KEY_TEXT = "The key. One of several parts: these in order, joined by commas, with % and , in them escaped as in URLs."
_MATCH_TEXT = "The row's ETag as it was read last: the write happens only if its version is still that."
_TAG = {"ETag": {"description": "Version and digest of what the caller sees.", "schema": {"type": "string"}}}
_PROBLEM: Json = {
    "type": "object",
    "description": "Problem details (RFC 9457).",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string", "description": "The phrase of the status."},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What is wrong, for people."},
        "code": {"type": "string", "description": "What kind of problem, stable; the codes of the GraphQL API."},
        "errors": {"type": "array", "items": {"$ref": f"{_SCHEMAS}ProblemError"}},
    },
}
_ERROR: Json = {
    "type": "object",
    "description": "One thing that is wrong, and where: in the body, in a parameter or in a header.",
    "required": ["code", "detail"],
    "properties": {
        "code": {"type": "string"},
        "detail": {"type": "string"},
        "pointer": {"type": "string", "description": "A JSON pointer into the body, such as #/members/0/user_id."},
        "parameter": {"type": "string"},
        "header": {"type": "string"},
        "fields": {
            "type": "array",
            "items": {"type": "string"},
            "description": "The fields of the key that is taken.",
        },
        "conflicting": {
            "type": "object",
            "description": "The row in the way, where the caller may see it.",
            "properties": {"type": {"type": "string"}, "id": {"type": "string"}},
        },
        "current_version": {"type": "integer", "description": ProblemCode.STALE_VERSION.value},
    },
}
_AFFECTED: Json = {
    "type": "object",
    "description": "How many rows of each type went, or would go, as far as the caller sees them.",
    "required": ["affected"],
    "properties": {"affected": {"type": "object", "additionalProperties": {"type": "integer"}}},
}
PROBLEMS: dict[int | str, Json] = {
    status: {"description": text, "content": {MEDIA_TYPE: {"schema": {"$ref": f"{_SCHEMAS}Problem"}}}}
    for status, text in (("4XX", "The request was refused."), ("5XX", "The server failed."))
}


class Route(Enum):
    """The kinds of generated routes: path beneath the endpoint, method, status where it works."""

    CREATE = ("", "POST", 201)
    CREATE_MANY = ("/bulk", "POST", 201)
    LIST = ("", "GET", 200)
    GET = ("/{id}", "GET", 200)
    UPDATE = ("/{id}", "PATCH", 200)
    DELETE = ("/{id}", "DELETE", 200)
    ARCHIVE = ("/{id}/archive", "PATCH", 200)
    UNARCHIVE = ("/{id}/unarchive", "PATCH", 200)

    @property
    def path(self) -> str:
        """What is behind the endpoint."""
        return self.value[0]

    @property
    def method(self) -> str:
        """The HTTP method."""
        return self.value[1]

    @property
    def status(self) -> int:
        """The status where it works."""
        return self.value[2]


@dataclass(frozen=True)
class Described:
    """What the document says of a route."""

    summary: str
    operation_id: str
    operation: Json


def describe(entity: Entity, route: Route, limits: Limits) -> Described:
    """What the document says of an entity's route."""
    one, many = words(entity.singular), words(entity.plural)
    interface = entity.interface
    row = {"$ref": f"{_SCHEMAS}{interface.get.__name__}"}
    create = {"$ref": f"{_SCHEMAS}{interface.create.__name__}"} if interface.create else {}
    update = {"$ref": f"{_SCHEMAS}{interface.update.__name__}"} if interface.update else {}
    # What is issued is told once.
    secret = {"type": "object", "required": ["secret"], "properties": {"secret": {"type": "string"}}}
    made = row if interface.issue is None else {"allOf": [row, secret]}
    batch = {"type": "array", "items": create, "maxItems": LARGEST_BATCH}
    items = {"type": "array", "items": {"$ref": f"{_SCHEMAS}{interface.list.__name__}"}}
    total = {TOTAL: {"description": "How many there are in all.", "schema": {"type": "integer"}}}
    keyed = [_parameter("id", "path", _KEY_TEXT, {"type": "string", "minLength": 1}, required=True)]
    matched = [*keyed, _parameter("If-Match", "header", _MATCH_TEXT, {"type": "string"})]
    known = _parameter("If-None-Match", "header", "ETags that the client has.", {"type": "string"})
    dry_run = _parameter("dry_run", "query", "Only say what would go.", {"type": "boolean", "default": False})
    place = {"Location": {"description": "Where it is.", "schema": {"type": "string"}}}
    said: Mapping[Route, tuple[str, str, Json]] = {
        Route.CREATE: (
            f"Create a {one}",
            "create",
            _operation([], create, "What was created.", made, _TAG | place),
        ),
        Route.CREATE_MANY: (
            f"Create {many}: all, or none",
            "create_many",
            _operation([], batch, "What was created, in the order of the body.", {"type": "array", "items": made}),
        ),
        Route.LIST: (
            f"List {many}",
            "list",
            _operation(_list_parameters(entity, limits), None, "A part of the list.", items, total),
        ),
        Route.GET: (f"Read a {one}", "get", _operation([*keyed, known], None, "The row.", row, _TAG)),
        Route.UPDATE: (f"Change a {one}", "update", _operation(matched, update, "What it is now.", row, _TAG)),
        Route.DELETE: (
            f"Delete a {one}",
            "delete",
            _operation([*matched, dry_run], None, "What went.", {"$ref": f"{_SCHEMAS}Affected"}),
        ),
        Route.ARCHIVE: (f"Archive a {one}", "archive", _operation(matched, None, "What it is now.", row, _TAG)),
        Route.UNARCHIVE: (
            f"Take a {one} out of the archive",
            "unarchive",
            _operation(matched, None, "What it is now.", row, _TAG),
        ),
    }
    summary, verb, operation = said[route]
    operation["responses"] = {str(route.status): operation.pop("response")}
    if route is Route.GET:
        operation["responses"]["304"] = {"description": "What the client has is what it is."}
    return Described(summary, f"{verb}_{interface.endpoint.replace('-', '_')}", operation)


def document(app: FastAPI, catalog: Catalog) -> Json:
    """The OpenAPI document of the application's routes."""
    made: Json = get_openapi(
        title=app.title, version=app.version, description=app.description, routes=app.routes, tags=app.openapi_tags
    )
    components = made.setdefault("components", {})
    components["schemas"] = {**components.get("schemas", {}), **_schemas(catalog)}
    components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    made["security"] = [{"token": []}]
    return made


def _operation(
    parameters: Sequence[Json], body: Json | None, text: str, answered: Json, headers: Json | None = None
) -> Json:
    operation: Json = {"parameters": list(parameters)}
    if body is not None:
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
    response = {"description": text, "content": {"application/json": {"schema": answered}}}
    return {**operation, "response": {**response, "headers": headers} if headers else response}


def _parameter(name: str, place: str, text: str, schema: Json, *, required: bool = False) -> Json:
    return {"name": name, "in": place, "required": required, "description": text, "schema": schema}


def _list_parameters(entity: Entity, limits: Limits) -> list[Json]:
    size = {"type": "integer", "minimum": 0, "maximum": limits.max_page, "default": limits.default_page}
    skip = {"type": "integer", "minimum": 0, "maximum": MOST_SKIPPED, "default": 0}
    found = [
        _parameter("skip", "query", "How many rows to leave out at the beginning.", skip),
        _parameter("limit", "query", "How many rows to answer at most.", size),
    ]
    if entity.archivable:
        archived = {"type": "string", "enum": ["exclude", "only", "include"], "default": "exclude"}
        found.append(_parameter("archived", "query", "Whether archived rows are in the list.", archived))
    query = entity.interface.query
    for name, schema in _properties(query).items() if query else ():
        found.append(_parameter(name, "query", schema.pop("description", ""), _not_null(schema)))
    return found


def _properties(model: type[BaseModel]) -> dict[str, Json]:
    properties: dict[str, Json] = model.model_json_schema(ref_template=_SCHEMAS + "{model}")["properties"]
    return properties


def _not_null(schema: Json) -> Json:
    """The schema of a parameter, which is absent rather than null."""
    kept = {name: value for name, value in schema.items() if name not in ("anyOf", "default", "title")}
    options = [option for option in schema.get("anyOf", ()) if option != {"type": "null"}]
    return {**kept, **options[0]} if len(options) == 1 else {**kept, **({"anyOf": options} if options else {})}


def _schemas(catalog: Catalog) -> Json:
    models: list[tuple[type[BaseModel], Any]] = []
    for entity in catalog.values():
        interface = entity.interface
        models += [(interface.get, "serialization"), (interface.list, "serialization")]
        models += [(each, "validation") for each in (interface.create, interface.update, interface.query) if each]
    _, made = models_json_schema(models, ref_template=_SCHEMAS + "{model}")
    schemas: Json = made["$defs"]
    for entity in catalog.values():
        _add_children(catalog, entity, schemas)
    queries = {entity.interface.query.__name__ for entity in catalog.values() if entity.interface.query}
    plain = {name: schema for name, schema in schemas.items() if name not in queries}
    return {**plain, "Problem": _PROBLEM, "ProblemError": _ERROR, "Affected": _AFFECTED}


def _add_children(catalog: Catalog, entity: Entity, schemas: Json) -> None:
    """What a create input may carry along: rows that need not say where they belong."""
    create = entity.interface.create
    for relation in entity.children:
        child = catalog[relation.target].interface.create
        if create is None or child is None:
            continue
        own = schemas[child.__name__]
        inner = {
            **own,
            "title": f"{own['title']} in a {create.__name__}",
            "properties": {name: each for name, each in own["properties"].items() if name != relation.remote},
            "required": [name for name in own.get("required", ()) if name != relation.remote],
        }
        schemas[create.__name__]["properties"][relation.attribute] = {
            "type": "array",
            "items": inner,
            "description": f"Created with it. {relation.description}",
        }
