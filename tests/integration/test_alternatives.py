"""Many alternatives of one filter, which become one test of arrays: what they hold is what each holds by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from backend.plan.alternatives import FEW_ALTERNATIVES

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.gateway import RunningGateway

# Alternatives on results, by what they cover; each is tried with values of which some hold.
TITLES = ("sheet 1", "sheet 2", "week 1", "nope")
ADA = {"eq": "ada"}
KEY = "00000000-0000-4000-8000-{:012}"
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
    "every": lambda n: {"submissionGroup": {"members": {"every": {"courseId": {"ne": KEY.format(n)}}}}},
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
