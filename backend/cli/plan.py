"""`computor plan`: how the gateway answers a document, told in text."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import orjson

from backend.errors import GatewayError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from backend.json import Json
    from backend.settings import Settings


def plan(settings: Settings, document: str, variables: Mapping[str, Any], token: str, operation: str | None) -> Json:
    """The plan of the document, run once before, so that what is made once for all is made.

    Raises GatewayError where it is a mutation, or is refused.
    """
    from backend.graphql.answer import Request
    from backend.graphql.query import REPORT_PLAN
    from backend.server import create_app
    from backend.settings import Explained

    # What is kept has no plan.
    uncached = {"redis_url": None, "redis_host": None}
    engine = create_app(settings.model_copy(update={"explain": Explained.EVERYONE, **uncached})).engine
    request = Request(document, variables, operation, token, reports=frozenset((REPORT_PLAN,)))

    async def answered() -> Json:
        if engine.writes(request):
            raise GatewayError("This is a mutation: to say how it runs, it would have to write.")
        async with engine.callers.open():
            await engine.answer(request)
            answer: Json = orjson.loads((await engine.answer(request)).content)
            return answer

    answer = asyncio.run(answered())
    found: Json | None = answer.get("extensions", {}).get("plan")
    if found is None:
        raise GatewayError("\n".join(error["message"] for error in answer.get("errors", ())))
    return found


@contextmanager
def token_of(database_url: str, user: str) -> Iterator[str]:
    """A token of the user that holds in the block."""
    from backend.access.credentials import create_token, revoke_token

    token = create_token(database_url, user=user, name="computor plan", expires_in=timedelta(minutes=5))
    try:
        yield token
    finally:
        revoke_token(database_url, token)


def told(plan: Json, *, with_sql: bool) -> str:
    """The plan in lines of text."""
    lines = [
        f"level {number}: {_count(level, 'statements')}, {_count(level, 'rows')}, {level['milliseconds']:.2f} ms"
        for number, level in enumerate(plan["levels"], 1)
    ]
    for load in plan["loads"]:
        lines += ["", *_load(load, "", with_sql=with_sql)]
    return "\n".join(lines)


def _load(load: Json, indent: str, *, with_sql: bool) -> list[str]:
    said = [load["field"], load["kind"]]
    if load.get("level"):
        said[1] += f" of {load['type']}"
        said += [f"level {load['level']}", _count(load, "parents"), _count(load, "rows")]
    if load.get("cache"):
        said.append(f"cache: {load['cache']}")
    lines = [indent + ", ".join(said)]
    for statement in load["statements"] if with_sql else ():
        lines.append(f"{indent}  {statement['for']}, {_count(statement, 'rows')}:")
        lines += [f"{indent}    {line}" for line in statement["sql"].splitlines()]
    for below in load["loads"]:
        lines += _load(below, indent + "  ", with_sql=with_sql)
    return lines


def _count(of: Json, what: str) -> str:
    number = of[what]
    return f"{number} {what.removesuffix('s') if number == 1 else what}"
