"""Whoever has statements made leaves their turn to others after each."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import TYPE_CHECKING

import orjson
import pytest
from pydantic import SecretStr

from backend.access.credentials import create_token
from backend.graphql.answer import Request
from backend.server import create_app
from backend.settings import Settings

if TYPE_CHECKING:
    from tests.support.world import World

# Each list has an order of its own, so that none is answered by the statement of another.
ORDERS = ("title", "path", "createdAt", "updatedAt", "version", "description")
LISTS = " ".join(f"{name}: courses(orderBy: [{{{name}: ASC}}]) {{ nodes {{ {name} }} }}" for name in ORDERS)
OBJECT = "course(id: $id) { title courseFamily { title organization { title } } organization { path } }"


@pytest.mark.parametrize(("fields", "made"), [(LISTS, 6), (OBJECT, 4)], ids=["lists", "an object and all beneath it"])
async def test_others_have_their_turn_after_each_statement_that_is_made(world: World, fields: str, made: int) -> None:
    engine = create_app(Settings(database_url=SecretStr(world.database_url))).engine
    key = orjson.dumps(world.id("course", "algebra")).decode()
    compiler, token = engine.callers.compiler, create_token(world.database_url, user="adi")
    async with engine.callers.open():
        request = Request(f"{{ {fields.replace('$id', key)} }}", {}, None, token)
        answering = asyncio.create_task(engine.answer(request))
        # How many there are, whenever it is the turn of somebody else.
        seen = [compiler.compiled]
        while not answering.done():
            await asyncio.sleep(0)
            seen.append(compiler.compiled)
        assert "errors" not in orjson.loads(answering.result().body)
    assert seen[-1] == made
    assert max(after - before for before, after in pairwise(seen)) == 1
