"""What planning takes, for filters of hundreds of alternatives and for long lists: calls of functions, and statements.

How long it takes is measured by scripts/bench (docs/benchmark.md).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
import pytest
import pytest_asyncio
from pydantic import SecretStr

from backend.access.credentials import create_token
from backend.graphql.answer import Request
from backend.server import create_app
from backend.settings import Settings
from tests.support.alternatives import ALTERNATIVES, alternatives
from tests.support.work import counted

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from backend.graphql.engine import Engine
    from tests.support.gateway import RunningGateway
    from tests.support.world import World

pytestmark = pytest.mark.asyncio(loop_scope="module")

QUERY = "query ($f: CourseContentFilter) { courseContents(filter: $f) { nodes { id title } } }"
# None of them knows the statements of the others.
FEW, MANY = QUERY.replace("title", "path"), QUERY.replace("title", "position")
# A quarter of a microsecond each, so that these are 20 milliseconds.
SHOWN, MOST_CALLS = 500, 80_000
READERS = {"admin": "adi", "student": "ada"}


class Planning:
    """The gateway's engine in this thread, where its work can be counted."""

    def __init__(self, engine: Engine, tokens: Mapping[str, str]) -> None:
        self._engine = engine
        self._tokens = tokens

    @property
    def statements(self) -> int:
        """How many were made so far."""
        return self._engine.callers.compiler.compiled

    async def calls(self, reader: str, query: str, most: int = 10 * MOST_CALLS, **variables: Any) -> int:
        """Of functions, from a request to its answer. AssertionError where there are more than `most`."""
        with counted(most) as work:
            answer = await self._engine.answer(Request(query, variables, None, self._tokens[reader]))
        assert "errors" not in orjson.loads(answer.body), answer.body
        return work.calls


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def planning(world: World) -> AsyncIterator[Planning]:
    url = world.database_url
    engine = create_app(Settings(database_url=SecretStr(url), cost_per_minute=0)).engine
    tokens = {reader: create_token(url, user=user) for reader, user in READERS.items()}
    async with engine.callers.open():
        found = Planning(engine, tokens)
        for reader in READERS:
            for query in (QUERY, FEW, MANY):
                await found.calls(reader, query)
        yield found


@pytest.mark.parametrize("kind", ALTERNATIVES)
@pytest.mark.parametrize("reader", READERS)
async def test_500_alternatives_are_little_work(planning: Planning, reader: str, kind: str) -> None:
    before = planning.statements
    first = await planning.calls(reader, QUERY, f=alternatives(kind, SHOWN))
    assert planning.statements == before + 1
    again = await planning.calls(reader, QUERY, f=alternatives(kind, SHOWN))
    assert planning.statements == before + 1
    assert again < first < MOST_CALLS


@pytest.mark.parametrize("kind", ALTERNATIVES)
async def test_work_grows_with_the_alternatives_and_no_faster(planning: Planning, kind: str) -> None:
    # The first time, when the statement is made, and once it is known.
    for _ in range(2):
        few = await planning.calls("student", FEW, f=alternatives(kind, 90))
        many = await planning.calls("student", MANY, f=alternatives(kind, 900))
        assert many < 10 * few


@pytest.mark.parametrize("kind", ALTERNATIVES)
async def test_alternatives_that_differ_in_values_make_no_new_statement(planning: Planning, kind: str) -> None:
    await planning.calls("student", QUERY, f=alternatives(kind, 100))
    known = planning.statements
    for count in (50, 200, 500):
        await planning.calls("student", QUERY, f=alternatives(kind, count))
    assert planning.statements == known


async def test_list_of_any_length_makes_no_new_statement(planning: Planning) -> None:
    query = "query ($ids: [ID!]) { courseContents(filter: { id: { in: $ids } }) { nodes { id course { id } } } }"
    await planning.calls("student", query, ids=[_key(1)])
    known = planning.statements
    for length in (0, 2, 100, 5000):
        await planning.calls("student", query, ids=[_key(number) for number in range(length)])
    assert planning.statements == known


def _key(number: int) -> str:
    return f"CourseContent:00000000-0000-4000-8000-{number:012}"


async def test_filter_of_too_many_tests_is_refused(world_gateway: RunningGateway) -> None:
    answer = world_gateway.ask("ada", QUERY, f=alternatives("equal", 2000))
    (error,) = answer["errors"]
    assert error["message"] == "filter.or.1999: the filter has too many tests; give a list to `in` instead"
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
