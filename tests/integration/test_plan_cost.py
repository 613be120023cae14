"""What planning costs, for filters of hundreds of branches and for long lists. Times are of this thread's processor."""

from __future__ import annotations

import gc
from dataclasses import dataclass, field
from time import thread_time
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from backend.access.principal import principal_from_row
from backend.access.statistics import Statistics
from backend.access.visibility import Visibility
from backend.face.limits import DocumentLimits
from backend.graphql.document import read_document
from backend.graphql.schema import build_schema, core_of
from backend.graphql.variables import Variables
from backend.interface.entity import policies
from backend.interface.reflection import reflect
from backend.interface.registry import INTERFACES
from backend.plan.alternatives import FEW_ALTERNATIVES
from backend.plan.compile import PlanCompiler
from backend.plan.cursor import Seal
from backend.plan.limits import Limits
from backend.plan.run import Run
from backend.plan.source import Scope
from backend.plan.statement import Compiler
from backend.settings import DEFAULTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from backend.access.principal import Principal
    from backend.plan.compile import Plan
    from tests.support.gateway import GatewayHere, RunningGateway

LIMITS = Limits.of(DEFAULTS)
CATALOG = reflect(INTERFACES)
SCHEMA = core_of(build_schema(CATALOG, LIMITS))
QUERY = "query ($f: CourseContentFilter) { courseContents(filter: $f) { nodes { id title } } }"
SHOWN, MOST_SECONDS = 500, 0.02


@pytest.fixture(autouse=True, scope="module")
def _unburdened() -> Iterator[None]:
    """What other tests have left in this process is not walked through while the time is taken."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


def _principal(roles: list[str], memberships: list[tuple[str, str, str]]) -> Principal:
    rows = (orjson.dumps(part).decode() for part in ([], roles, [], memberships, [], []))
    return principal_from_row(["00000000-0000-4000-8000-000000000000", *rows])


ADMIN = _principal(["_admin"], [])
STUDENT = _principal([], [("member", "course", "_student")])


@dataclass
class Planning:
    """Plans one document as the gateway does, up to what is sent to PostgreSQL."""

    principal: Principal
    compiler: Compiler = field(default_factory=Compiler)
    plan: Plan | None = None

    def seconds(self, variables: dict[str, Any]) -> float:
        """How long it takes to read the variables and to make the statements and their parameters."""
        document = read_document(SCHEMA, QUERY, DocumentLimits.of(DEFAULTS))
        visibility = Visibility(policies(INTERFACES), self.principal.viewer, Statistics({}))
        operation = document.operation(None).node
        start = thread_time()
        values = Variables(SCHEMA, operation.variable_definitions or (), suggest=False).read(variables)
        assert not isinstance(values, list), values
        compiler = PlanCompiler(SCHEMA, CATALOG, document.fragments, values, LIMITS)
        self.plan = self.plan or compiler.operation(operation)
        snapshot: Any = None  # nothing is sent
        run = Run(Scope(CATALOG, visibility, Seal(bytes(range(64)))), self.compiler, self.principal, values, snapshot)
        for arguments in self.plan.arguments:
            arguments.of(run)
        for name, load in self.plan.loads:
            for query in load.queries(run, name, [{}]):
                query.statement.parameters(self.principal, query.given)
        return thread_time() - start


def _mixed(number: int) -> dict[str, Any]:
    return (
        {"title": {"eq": f"title {number}"}},
        {"position": {"gt": float(number), "lt": number + 0.5}},
        {"title": {"contains": f"title {number}"}},
        {"maxGroupSize": {"lt": number}, "title": {"ne": "x"}},
        {"path": {"descendantOf": f"week_{number}"}},
    )[number % 5]


BRANCHES: dict[str, Callable[[int], dict[str, Any]]] = {
    "equal": lambda number: {"title": {"eq": f"title {number}"}},
    "mixed": _mixed,
    "related": lambda number: {"course": {"title": {"eq": f"title {number}"}}},
    "some": lambda number: {"results": {"some": {"result": {"gt": float(number)}}}},
    "computed": lambda number: {"isSubmittable": {"eq": True}, "title": {"eq": f"title {number}"}},
    "negated": lambda number: {"not": {"title": {"startsWith": f"title {number}"}}},
}


def _many(kind: str, count: int) -> dict[str, Any]:
    return {"f": {"or": [BRANCHES[kind](number) for number in range(count)]}}


def _first(principal: Principal, kind: str, count: int) -> float:
    """The least of several first times: whatever else runs on the machine only adds."""
    least = Planning(principal).seconds(_many(kind, count))
    for _ in range(30):
        if count == SHOWN and least < MOST_SECONDS:
            break
        least = min(least, Planning(principal).seconds(_many(kind, count)))
    return least


@pytest.mark.parametrize("kind", BRANCHES)
@pytest.mark.parametrize("principal", [ADMIN, STUDENT], ids=["admin", "student"])
def test_500_branches_are_planned_in_20_milliseconds(principal: Principal, kind: str) -> None:
    assert _first(principal, kind, SHOWN) < MOST_SECONDS
    again = Planning(principal)
    again.seconds(_many(kind, SHOWN))
    assert min(again.seconds(_many(kind, SHOWN)) for _ in range(5)) < MOST_SECONDS


@pytest.mark.parametrize("kind", ["equal", "mixed"])
def test_time_grows_with_the_branches_and_no_faster(kind: str) -> None:
    few, many = _first(STUDENT, kind, 100), _first(STUDENT, kind, 1000)
    assert many < 10 * few


@pytest.mark.parametrize("kind", BRANCHES)
def test_branches_that_differ_in_values_make_no_new_shape(kind: str) -> None:
    planning = Planning(STUDENT)
    planning.seconds(_many(kind, 100))
    known = planning.compiler.compiled
    for count in (50, 200, 500):
        planning.seconds(_many(kind, count))
    assert planning.compiler.compiled == known


def test_list_of_any_length_makes_no_new_shape() -> None:
    planning = Planning(STUDENT)
    planning.seconds({"f": {"id": {"in": [_key(1)]}}})
    known = planning.compiler.compiled
    for length in (0, 2, 100, 5000):
        planning.seconds({"f": {"id": {"in": [_key(number) for number in range(length)]}}})
    assert planning.compiler.compiled == known


def _key(number: int) -> str:
    return f"CourseContent:00000000-0000-4000-8000-{number:012}"


def test_no_shape_is_made_anew_by_the_running_gateway(world_gateway: GatewayHere) -> None:
    query = "query ($ids: [ID!]) { courseContents(filter: { id: { in: $ids } }) { nodes { id course { id } } } }"
    world_gateway.data("ada", query, ids=[_key(1)])
    known = world_gateway.app.engine.callers.compiler.compiled
    for length in (0, 5, 5000):
        world_gateway.data("ada", query, ids=[_key(number) for number in range(length)])
    assert world_gateway.app.engine.callers.compiler.compiled == known


def test_filter_of_too_many_tests_is_refused(world_gateway: RunningGateway) -> None:
    answer = world_gateway.ask("ada", QUERY, **_many("equal", 2000))
    (error,) = answer["errors"]
    assert error["message"] == "filter.or.1999: the filter has too many tests; give a list to `in` instead"
    assert error["extensions"]["code"] == "BAD_USER_INPUT"


# Alternatives on results, by what they cover; each is tried with values of which some hold.
TITLES = ("sheet 1", "sheet 2", "week 1", "nope")
ADA = {"eq": "ada"}
SCORES = (0.0, 0.125, 0.25, 0.5, 0.625, 0.75, 0.875, 1.0, 0.33)
ALTERNATIVES: dict[str, Callable[[int], dict[str, Any]]] = {
    "equality": lambda n: {"result": {"eq": SCORES[n % 9]}},
    "pair": lambda n: {"result": {"gte": SCORES[n % 9]}, "courseContent": {"title": {"eq": TITLES[n % 4]}}},
    "pattern": lambda n: {"versionIdentifier": {"endsWith": f"{n % 3}"}},
    "hidden column": lambda n: {"referenceVersionIdentifier": {"contains": f"ada {n % 2}"}},
    "hidden target": lambda n: {"courseMember": {"user": {"username": {"eq": ("bob", "ada", "x")[n % 3]}}}},
    "negated": lambda n: {"not": {"courseContent": {"title": {"eq": TITLES[n % 2]}}}},
    "computed": lambda n: {"courseContent": {"isSubmittable": {"eq": n % 2 == 0}, "title": {"eq": TITLES[n % 4]}}},
    "some": lambda n: {"submissionGroup": {"members": {"some": {"courseMember": {"user": {"username": ADA}}}}},
                       "result": {"eq": SCORES[n % 9]}},
    "every": lambda n: {"submissionGroup": {"members": {"every": {"courseId": {"ne": _key(n).partition(":")[2]}}}}},
    "none": lambda n: {"courseContent": {"results": {"none": {"result": {"eq": SCORES[n % 4]}}}}},
    "tree": lambda n: {"courseContent": {"parent": {"title": {"eq": TITLES[2 + n % 2]}}, "position": {"gt": n % 3}}},
    "path": lambda n: {"courseContent": {"path": {"matches": f"*.sheet_{n % 3}"}}},
    "path below": lambda n: {"courseContent": {"path": {"descendantOf": f"week_{n % 3}"}}},
    "enum": lambda n: {"status": {"eq": ("COMPLETED", "FAILED")[n % 2]}, "result": {"lt": SCORES[n % 9]}},
    "truth": lambda n: {"submit": {"eq": n % 2 == 1}, "result": {"ne": SCORES[n % 9]}},
    "moment": lambda n: {"createdAt": {"gt": f"20{20 + n % 20}-01-01T00:00:00Z"}},
    "list": lambda n: {"versionIdentifier": {"in": ["commit of ada 1", f"commit of ada {n % 3}"]}},
    "null": lambda n: {"submissionGroupId": {"isNull": n % 2 == 0}, "result": {"eq": SCORES[n % 9]}},
    "long text": lambda n: {"testSystemId": {"eq": "job of bob 1" + " " * (n % 2) * 300}, "submit": {"eq": False}},
    "nested": lambda n: {"or": [{"result": {"eq": SCORES[m % 9]}} for m in range(n % 3, n % 3 + 17, 3)]},
    "different": lambda n: {"submit": {"eq": True}} if n % 4 else {"courseContent": {"title": {"eq": TITLES[n % 3]}}},
}  # fmt: skip
RESULTS = "query ($f: ResultFilter) { results(filter: $f) { totalCount nodes { id } } }"
NESTED = "query ($f: ResultFilter) { courseContents { nodes { results(filter: $f) { nodes { id } } } } }"


@pytest.mark.parametrize("kind", ALTERNATIVES)
def test_many_alternatives_hold_what_each_holds_by_itself(world_gateway: RunningGateway, kind: str) -> None:
    branches = [ALTERNATIVES[kind](number) for number in range(0, 2 * FEW_ALTERNATIVES, 2)]

    def ids(reader: str, given: dict[str, Any]) -> set[str]:
        found = world_gateway.data(reader, RESULTS, f=given)["results"]
        assert found["totalCount"] == len(found["nodes"])
        return {node["id"] for node in found["nodes"]}

    half = FEW_ALTERNATIVES // 2
    for reader in ("ada", "tom"):
        single = ids(reader, {"or": branches[:half]}) | ids(reader, {"or": branches[half:]})
        assert ids(reader, {"or": branches}) == single
        assert ids(reader, {"not": {"or": branches}}) == ids(reader, {}) - single
        contents = world_gateway.data(reader, NESTED, f={"or": branches})["courseContents"]["nodes"]
        nested = {node["id"] for content in contents for node in content["results"]["nodes"]}
        assert nested <= single
        assert reader != "tom" or len(nested) >= len(single) - 1
