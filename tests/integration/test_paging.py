"""Walks along lists, page by page: whatever the order and whatever happens meanwhile, the pages are the whole list.

The orders are drawn at random; a failure names its seed, and `PAGING_SEED` repeats it.
"""

from __future__ import annotations

import random
from base64 import urlsafe_b64decode
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from backend.access.credentials import create_token
from tests.support.gateway import RunningGateway, running_gateway
from tests.support.repeat import seed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.world import World

SEED = seed("PAGING")
DIRECTIONS = ("ASC", "ASC_NULLS_FIRST", "DESC", "DESC_NULLS_LAST")
# Terms of orders of contents: columns with ties and nulls, of relations to one, computed, and of a tree.
TERMS: tuple[tuple[str, ...], ...] = (
    ("id",),
    ("title",),
    ("path",),
    ("position",),
    ("maxGroupSize",),
    ("maxTestRuns",),
    ("archivedAt",),
    ("createdAt",),
    ("version",),
    ("isSubmittable",),
    ("courseContentKindId",),
    ("executionBackendId",),
    ("executionBackend", "slug"),
    ("executionBackend", "version"),
    ("courseContentType", "color"),
    ("courseContentType", "courseContentKind", "submittable"),
    ("parent", "title"),
    ("parent", "position"),
    ("createdBy", "displayName"),
    ("course", "organization", "organizationType"),
)
LIST = (
    "(filter: $f, archived: INCLUDE, orderBy: $o, first: $first, after: $after, last: $last, before: $before)"
    " { edges { cursor node { id } } nodes { id } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"
    " totalCount }"
)
HEAD = (
    "query ($f: CourseContentFilter, $o: [CourseContentOrder!], $first: Int, $after: String, $last: Int,"
    " $before: String, $id: ID!)"
)
ROOT = f"{HEAD} {{ list: courseContents{LIST} course(id: $id) {{ id }} }}"
NESTED = f"{HEAD} {{ course(id: $id) {{ id list: contents{LIST} }} }}"
READERS = ("adi", "tom", "ada")


@pytest.fixture(scope="module")
def pages(own_world: World) -> Iterator[RunningGateway]:
    """Two courses of contents, with nulls and ties in every column that may have them."""
    chance = random.Random(1)  # noqa: S311 - a world, no secret
    # Left off in databases that hold negative numbers.
    own_world.connection.execute("ALTER TABLE course_content DROP CONSTRAINT course_content_max_test_runs_check")
    backends = [None, *(own_world.backend(slug) for slug in ("python", "matlab", "rust"))]
    authors = [None, own_world.user("ann"), own_world.user("Zoe"), own_world.user("\u00d6zge", given_name="")]
    for name in ("algebra", "geometry"):
        course = own_world.course(name)
        for number in range(45):
            parent = f"unit_{number % 5}" if number >= 5 else ""
            assignment = number >= 5 and chance.random() < 0.7
            course.content(
                f"{parent}.node_{number}" if parent else f"unit_{number}",
                "assignment" if assignment else "unit",
                archived=chance.random() < 0.2,
                title=chance.choice([None, "", "a", "B", "b", "\u00e4", "\u0661", "x" * 255]),
                position=chance.choice([-1.0, 0.0, 0.1, 1e-300, 1e300, 2.5]),
                max_group_size=chance.choice([None, 1, 2, 2**31 - 1]),
                max_test_runs=chance.choice([None, -5, 0]),
                execution_backend_id=chance.choice(backends),
                created_by=chance.choice(authors),
                version=chance.choice([None, 0, 2**62]),
                created_at=chance.choice(["2026-01-01", "2026-01-01 00:00:00.000001", "0044-03-15 BC", "infinity"]),
            )
    for course_name in ("algebra", "geometry"):
        own_world.course(course_name).tutor("tom")
        own_world.course(course_name).student("ada")
    own_world.role("adi", "_admin")
    tokens = {reader: create_token(own_world.database_url, user=reader) for reader in READERS}
    with running_gateway(own_world.database_url, tokens) as gateway:
        yield gateway


@dataclass(frozen=True)
class Walk:
    """One list, in one order, of one reader."""

    gateway: RunningGateway
    reader: str
    query: str
    course: str
    order: list[dict[str, Any]]
    filter: dict[str, Any] | None

    def page(self, **arguments: Any) -> dict[str, Any]:
        """The page that the arguments ask for; its edges and nodes agree."""
        data = self.gateway.data(self.reader, self.query, o=self.order, f=self.filter, id=self.course, **arguments)
        found: dict[str, Any] = data.get("list") or data["course"]["list"]
        assert [edge["node"] for edge in found["edges"]] == found["nodes"]
        ends = [edge["cursor"] for edge in found["edges"]]
        info = found["pageInfo"]
        assert (info["startCursor"], info["endCursor"]) == ((ends[0], ends[-1]) if ends else (None, None))
        return found

    def whole(self) -> list[str]:
        """All ids, in order."""
        found = self.page(first=500)
        assert found["totalCount"] == len(found["nodes"])
        return [node["id"] for node in found["nodes"]]


def _order(chance: random.Random) -> list[dict[str, Any]]:
    terms = chance.sample(TERMS, chance.randint(0, 3))
    order = []
    for term in terms:
        value: Any = chance.choice(DIRECTIONS)
        for name in reversed(term):
            value = {name: value}
        order.append(value)
    return order


def _draw(chance: random.Random, gateway: RunningGateway, world: World) -> Walk:
    filters: tuple[dict[str, Any] | None, ...] = (
        None,
        {"maxGroupSize": {"isNull": False}},
        {"title": {"ne": "a"}},
        {"executionBackend": {}},
    )
    return Walk(
        gateway,
        chance.choice(READERS),
        chance.choice((ROOT, NESTED)),
        world.id("course", chance.choice(("algebra", "geometry"))),
        _order(chance),
        chance.choice(filters),
    )


@pytest.mark.parametrize("number", range(16))
def test_pages_joined_are_the_whole_list(pages: RunningGateway, own_world: World, number: int) -> None:
    chance = random.Random(SEED * 1000 + number)  # noqa: S311 - a walk, no secret
    walk = _draw(chance, pages, own_world)
    context = f"PAGING_SEED={SEED}: {walk.reader} {walk.order} {walk.filter}"
    whole = walk.whole()
    size = chance.choice((1, 2, 3, 7, 20))
    size = max(size, len(whole) // 12)
    for way, cursor, near, far in (
        ("first", "after", "hasPreviousPage", "hasNextPage"),
        ("last", "before", "hasNextPage", "hasPreviousPage"),
    ):
        seen: list[str] = []
        at = None
        while True:
            found = walk.page(**{way: size, cursor: at})
            ids = [node["id"] for node in found["nodes"]]
            seen = seen + ids if way == "first" else ids + seen
            info = found["pageInfo"]
            assert found["totalCount"] == len(whole), context
            assert info[near] == (len(seen) > len(ids)), context
            assert info[far] == (len(seen) < len(whole)), context
            if not info[far]:
                break
            assert len(ids) == size, context
            at = info["endCursor" if way == "first" else "startCursor"]
        assert seen == whole, context


@pytest.mark.parametrize("number", range(6))
def test_slices_between_two_cursors_are_slices_of_the_list(
    pages: RunningGateway, own_world: World, number: int
) -> None:
    chance = random.Random(SEED * 2000 + number)  # noqa: S311 - a walk, no secret
    walk = _draw(chance, pages, own_world)
    context = f"PAGING_SEED={SEED}: {walk.reader} {walk.order} {walk.filter}"
    edges = walk.page(first=500)["edges"]
    ids = [edge["node"]["id"] for edge in edges]
    for _ in range(6):
        low, high = sorted(chance.sample(range(len(edges)), 2))
        bounds = {"after": edges[low]["cursor"], "before": edges[high]["cursor"]}
        between = ids[low + 1 : high]
        size = chance.choice((0, 1, 5, 500))
        found = walk.page(first=size, **bounds)
        assert [node["id"] for node in found["nodes"]] == between[:size], context
        assert found["pageInfo"]["hasPreviousPage"] is True, context
        assert found["pageInfo"]["hasNextPage"] is True, context
        found = walk.page(last=size, **bounds)
        assert [node["id"] for node in found["nodes"]] == (between[-size:] if size else []), context


def test_first_0_is_an_empty_page_that_knows_its_list(pages: RunningGateway, own_world: World) -> None:
    for query in (ROOT, NESTED):
        walk = Walk(pages, "adi", query, own_world.id("course", "algebra"), [], None)
        empty = {"hasPreviousPage": False, "startCursor": None, "endCursor": None}
        count = len(walk.whole())
        for found in (walk.page(first=0), walk.page(first=0, after=None)):
            assert found["nodes"] == []
            assert found["totalCount"] == count
            assert found["pageInfo"] == {**empty, "hasNextPage": True}
        last = walk.page(first=500)["edges"][-1]["cursor"]
        assert walk.page(first=0, after=last)["pageInfo"] == {**empty, "hasPreviousPage": True, "hasNextPage": False}
        assert walk.page(last=0)["pageInfo"] == {**empty, "hasPreviousPage": True, "hasNextPage": False}
        nothing = Walk(pages, "adi", query, walk.course, [], {"or": []})
        assert nothing.page(first=0)["pageInfo"] == {**empty, "hasNextPage": False}


@pytest.mark.parametrize("number", range(4))
@pytest.mark.parametrize("way", ["first", "last"])
def test_rows_that_stay_appear_once_and_in_order_whatever_comes_and_goes(
    pages: RunningGateway, own_world: World, way: str, number: int
) -> None:
    chance = random.Random(SEED * 3000 + number)  # noqa: S311 - a walk, no secret
    walk = _draw(chance, pages, own_world)
    context = f"PAGING_SEED={SEED}: {walk.reader} {walk.order} {walk.filter}"
    course = own_world.course("algebra" if walk.course == own_world.id("course", "algebra") else "geometry")
    coming = [f"coming_{way}_{number}_{index}" for index in range(12)]

    def come(name: str) -> None:
        title, position = chance.choice([None, "a", "b", "z"]), chance.choice([-2.0, 0.05, 9.0])
        course.content(name, title=title, position=position, max_group_size=2, execution_backend_id=python)

    def go(name: str) -> None:
        own_world.connection.execute(
            "DELETE FROM course_content WHERE id = %s", [own_world.id("course_content", f"{course.name}/{name}")]
        )

    python = own_world.backend("python")
    for name in coming[:6]:
        come(name)
    before = walk.whole()
    seen: list[str] = []
    at, steps = None, iter(coming)
    while True:
        found = walk.page(**{way: 4, ("after" if way == "first" else "before"): at})
        ids = [node["id"] for node in found["nodes"]]
        seen = seen + ids if way == "first" else ids + seen
        step = next(steps, None)
        if step in coming[:6]:
            # The row of the cursor goes as well, sooner or later.
            go(step)
        elif step is not None:
            come(step)
        if not found["pageInfo"]["hasNextPage" if way == "first" else "hasPreviousPage"]:
            break
        at = found["pageInfo"]["endCursor" if way == "first" else "startCursor"]
    after = walk.whole()
    stay = set(before) & set(after)
    assert [key for key in seen if key in stay] == [key for key in before if key in stay], context
    assert len(seen) == len(set(seen)), context
    own_world.connection.execute("DELETE FROM course_content WHERE path::text LIKE 'coming%%'")


def test_each_parent_has_pages_of_its_own(pages: RunningGateway) -> None:
    query = """query ($o: [CourseContentOrder!]) { courses { nodes {
      whole: contents(orderBy: $o, first: 500) { nodes { id } }
      page: contents(orderBy: $o, first: 3) { nodes { id } pageInfo { hasNextPage hasPreviousPage } }
      end: contents(orderBy: $o, last: 3) { nodes { id } pageInfo { hasNextPage hasPreviousPage } }
    } } }"""
    for order in ([], [{"title": "DESC_NULLS_LAST"}], [{"parent": {"title": "ASC"}}, {"position": "DESC"}]):
        for course in pages.data("ada", query, o=order)["courses"]["nodes"]:
            whole = course["whole"]["nodes"]
            assert course["page"] == {"nodes": whole[:3], "pageInfo": {"hasNextPage": True, "hasPreviousPage": False}}
            assert course["end"] == {"nodes": whole[-3:], "pageInfo": {"hasNextPage": False, "hasPreviousPage": True}}


def test_cursor_of_who_sees_more_tells_nothing(world_gateway: RunningGateway) -> None:
    query = """query ($o: [ResultOrder!], $a: String) {
      results(orderBy: $o, after: $a) { edges { cursor node { id } } }
    }"""
    hidden: tuple[dict[str, Any], ...] = (
        {"referenceVersionIdentifier": "ASC"},
        {"executionBackend": {"version": "ASC"}},
        {"executionBackend": {"createdAt": "DESC"}},
        {"courseMember": {"user": {"familyName": "ASC"}}},
    )
    for term in hidden:
        edges = world_gateway.data("ada", query, o=[term])["results"]["edges"]
        assert len(edges) == 5
        ids = [edge["node"]["id"] for edge in edges]
        # Nor does a cursor of somebody who can read it: it sorts by what ada sees, where nothing tells the rows apart.
        for edge in world_gateway.data("adi", query, o=[term])["results"]["edges"]:
            rest = world_gateway.data("ada", query, o=[term], a=edge["cursor"])["results"]["edges"]
            found = [each["node"]["id"] for each in rest]
            assert found == ids[len(ids) - len(found) :], term
            if edge["node"]["id"] not in ids and "referenceVersionIdentifier" in term:
                assert found in ([], ids), term


def test_cursor_cannot_be_read(world_gateway: RunningGateway) -> None:
    # The order of contents holds the places of all that a content lies in, of archived units, too.
    query = "{ courseContents { edges { cursor node { id path } } } }"
    edges = world_gateway.data("ada", query)["courseContents"]["edges"]
    assert len(edges) > 1
    for edge in edges:
        content = urlsafe_b64decode(edge["cursor"] + "==")
        assert edge["node"]["path"].encode() not in content
        assert edge["node"]["id"].partition(":")[2].encode() not in content
