"""The costs that docs/limits.md tells are those that the schema weighs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from backend.face.limits import DocumentLimits
from backend.face.weights import VALUE, VALUES_INCLUDED
from backend.graphql.document import read_document
from backend.graphql.schema import build_schema, core_of
from backend.interface.reflection import reflect
from backend.interface.registry import INTERFACES
from backend.plan.limits import Limits
from backend.settings import DEFAULTS
from tests.support.documented_blocks import ROOT, blocks

if TYPE_CHECKING:
    from backend.graphql.cost import Cost

SCHEMA = core_of(build_schema(reflect(INTERFACES), Limits.of(DEFAULTS)))
LIMITS = DocumentLimits.of(DEFAULTS)
PAGE = (ROOT / "docs" / "limits.md").read_text()
# By what the page writes for it: what the document of a request of REST has there, for so many rows.
FOR_REST = {
    "id: …": 'id: "1"',
    "first: limit": "first: $limit",
    "inputs: …": "inputs: $inputs",
    "updateCourse(…)": 'updateCourse(id: "1", input: {})',
}
REST = re.findall(
    r"^\| [^|]+ \| `((?:mutation )?\{.*\})` \| (\d+)(?:, and (\d+) for each row[^|]*)? \|$", PAGE, re.MULTILINE
)


def _cost(text: str, **variables: Any) -> Cost:
    document = read_document(SCHEMA, text, LIMITS)
    assert document.errors == ()
    return document.operation(None).cost.of(variables)


def _json_with(word: str) -> str:
    (text,) = [block.text for block in blocks("json") if block.page == "limits.md" and word in block.text]
    return text


def test_examples_cost_what_the_page_says() -> None:
    small, large = re.findall(r"^    (\{.*\})$", PAGE, re.MULTILINE)
    words = " ".join(PAGE.split())
    cost = _cost(small)
    assert f"costs {cost.total}: {cost.fields:.0f} for fields" in words
    assert f", {cost.types:.0f} for objects" in words
    told = orjson.loads(f"{{{_json_with('fieldCost')}}}")["extensions"]["cost"]
    a_minute = DEFAULTS.cost_per_minute
    assert told == {
        "cost": cost.total,
        "fieldCost": cost.fields,
        "typeCost": cost.types,
        "rows": cost.rows,
        "costPerMinute": a_minute,
        "costLeft": a_minute - cost.total,
    }
    assert f'RateLimit-Policy: "cost";q={a_minute};w=60' in PAGE
    assert f'RateLimit: "cost";r={a_minute - cost.total};t=1' in PAGE
    assert f"cost {_cost(large).total:,}, for" in words
    assert f"they cost {_cost(large.replace('contents {', 'contents(first: 500) {')).total:,}." in words


@pytest.mark.parametrize(("document", "cost", "of_a_row"), REST, ids=[document for document, _, _ in REST])
def test_requests_of_rest_cost_what_the_page_says(document: str, cost: str, of_a_row: str) -> None:
    for shown, meant in FOR_REST.items():
        document = document.replace(shown, meant)
    assert "…" not in document
    if "$limit" in document:
        document = f"query ($limit: Int) {document}"
    if "$inputs" in document:
        document = document.replace("mutation", "mutation ($inputs: [CreateCourseInput!]!)")
    for rows in (1, 50):
        found = _cost(document, limit=rows, inputs=[{}] * rows)
        assert found.total == int(cost) + rows * int(of_a_row or 0)


def test_values_cost_what_the_page_says() -> None:
    words = " ".join(PAGE.split())
    assert f"the first {VALUES_INCLUDED:,} values of a request cost nothing, each further one {VALUE}" in words
    text = "query ($ids: [ID!]!) { courses(filter: {id: {in: $ids}}) { totalCount } }"
    most = DEFAULTS.max_list_length
    found = _cost(text, ids=[1] * most)
    assert f"A list of {most:,} keys costs {found.total:,}." in words
    assert found.total <= LIMITS.cost


def test_all_kinds_of_requests_have_their_cost() -> None:
    assert len(REST) == 5


def test_refusal_is_what_the_page_shows() -> None:
    told = orjson.loads(_json_with("LIMIT_EXCEEDED"))
    levels = told["extensions"]["found"]
    text = "id"
    for level in reversed(range(levels - 1)):
        text = f"{('courses', 'nodes', 'courseFamily')[level % 3]} {{ {text} }}"
    (error,) = read_document(SCHEMA, f"{{ {text} }}", LIMITS).errors
    assert {"message": error.message, "extensions": error.extensions} == told
