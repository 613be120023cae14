"""Grouped figures over lists: what the rows of the list come to, and nothing of hidden rows and columns."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from backend.settings import Settings
from tests.support.gateway import running_gateway

if TYPE_CHECKING:
    from tests.support.gateway import RunningGateway

BY = "by: [{ status: VALUE }, { createdAt: MONTH }, { courseContentId: VALUE }, { courseContent: { title: VALUE } }]"
FIGURES = " count min { result createdAt } max { result } avg { result } sum { result }"


def _rows(gateway: RunningGateway, viewer: str) -> list[dict[str, Any]]:
    """All results that the viewer sees."""
    rows: list[dict[str, Any]] = []
    after = None
    while True:
        query = "query ($after: String) { results(first: 500, after: $after, orderBy: [{ createdAt: ASC }])"
        query += " { pageInfo { endCursor hasNextPage } nodes { status submit result createdAt courseContentId"
        query += " courseContent { title } } } }"
        page = gateway.data(viewer, query, after=after)["results"]
        rows += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            return rows
        after = page["pageInfo"]["endCursor"]


@pytest.mark.parametrize("viewer", ["admin", "lecturer", "tutor", "student", "stranger"])
def test_groups_are_what_the_rows_come_to(gateway: RunningGateway, viewer: str) -> None:
    rows = _rows(gateway, viewer)
    expected: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in rows:
        month = f"{row['createdAt'][:7]}-01T00:00:00"
        content = row["courseContent"] or {"title": None}
        expected.setdefault((row["status"], month, row["courseContentId"], content["title"]), []).append(row)
    groups = "keys { status createdAt courseContentId courseContent { title } }" + FIGURES
    query = f"{{ results {{ totalCount groups({BY}, first: 500) {{ {groups} }} }} }}"
    data = gateway.data(viewer, query)["results"]
    assert data["totalCount"] == len(rows)
    found = {}
    for group in data["groups"]:
        keys = group["keys"]
        moment = keys["createdAt"][:19]
        found[keys["status"], moment, keys["courseContentId"], keys["courseContent"]["title"]] = group
    # The first 500 groups are asked for; none that is shown may differ, and all are shown where they are fewer.
    assert len(found) == min(500, len(expected))
    for key, group in found.items():
        scores = [row["result"] for row in expected[key]]
        assert group["count"] == len(scores)
        assert group["min"] == {"result": min(scores), "createdAt": min(row["createdAt"] for row in expected[key])}
        assert group["max"] == {"result": max(scores)}
        assert group["sum"]["result"] == pytest.approx(sum(scores))
        assert group["avg"]["result"] == pytest.approx(sum(scores) / len(scores))


@pytest.mark.parametrize("viewer", ["admin", "tutor", "student"])
def test_groups_are_ordered_kept_and_limited(gateway: RunningGateway, viewer: str) -> None:
    sizes = sorted(Counter(row["courseContentId"] for row in _rows(gateway, viewer)).values())
    middle = sizes[len(sizes) // 2]
    query = "query ($least: Int!) { results { groups(by: [{ courseContentId: VALUE }], first: 7,"
    query += " having: { count: { gte: $least, notIn: [0], isNull: false } }, orderBy: [{ count: DESC }]) { count } } }"
    found = [group["count"] for group in gateway.data(viewer, query, least=middle)["results"]["groups"]]
    assert found == sorted((size for size in sizes if size >= middle), reverse=True)[:7]
    none = "{ results { groups(by: [{ submit: VALUE }], having: { count: { isNull: true } }) { count } } }"
    assert gateway.data(viewer, none) == {"results": {"groups": []}}


@pytest.mark.parametrize("page", ["", "(first: 500)"])
def test_what_a_lecturer_asks_of_all_their_courses_costs_no_more_than_is_allowed(
    gateway: RunningGateway, page: str
) -> None:
    query = f"""{{ courses {{ nodes {{ title contents{page} {{ nodes {{ title
        results(filter: {{ submit: {{ eq: true }} }}) {{
        groups(by: [{{ status: VALUE }}]) {{ keys {{ status }} count }} }} }} }} }} }} }}"""
    allowed = Settings.model_fields["cost_per_minute"].default
    with running_gateway(gateway.database_url, gateway.tokens, cost_per_minute=allowed) as usual:
        courses = usual.data("lecturer", query)["courses"]["nodes"]
    assert any(content["results"]["groups"] for course in courses for content in course["contents"]["nodes"])


def test_submissions_by_content_and_status_is_one_query(gateway: RunningGateway) -> None:
    query = """{ courses(first: 20) { nodes { id contents(first: 500) { nodes { id
        results(filter: { submit: { eq: true } }) { totalCount groups(by: [{ status: VALUE }]) { keys { status } count }
        twice: groups(by: [{ status: VALUE }], orderBy: [{ count: ASC }], first: 1) { count } } } } } } }"""
    courses = gateway.data("lecturer", query)["courses"]["nodes"]
    lists = [content["results"] for course in courses for content in course["contents"]["nodes"]]
    assert any(results["totalCount"] for results in lists)
    for results in lists:
        counts = [group["count"] for group in results["groups"]]
        assert sum(counts) == results["totalCount"]
        assert [group["count"] for group in results["twice"]] == sorted(counts)[:1]


def test_columns_that_are_hidden_or_not_keyed_read_as_null(gateway: RunningGateway) -> None:
    query = """{ executionBackends { groups(by: [{ type: VALUE }, { version: VALUE }, { createdAt: DAY }])
        { keys { __typename type version createdAt slug createdBy { username } } count } } }"""
    groups = gateway.data("stranger", query)["executionBackends"]["groups"]
    assert groups
    for group in groups:
        keys = group["keys"]
        assert keys.pop("type")
        assert keys.pop("__typename") == "ExecutionBackendGroupingKeys"
        assert set(keys.values()) == {None}


REFUSED = (
    ("results { groups(by: []) { count } }", "by: groups need one key at least"),
    ("results { groups(by: [{ status: VALUE }, { status: VALUE }]) { count } }", "by.1: status is a key already"),
    (
        "results { groups(by: [{ status: VALUE }], first: 501) { count } }",
        "first: 501 is no number of groups: it lies between 0 and 500",
    ),
    (
        "results { groups(by: [{ status: VALUE }], having: { count: { eq: null } }) { count } }",
        "having.count.eq: null is no test; leave it out, or ask for isNull",
    ),
    (
        "results { groups(by: [{ status: VALUE }], having: { count: null }) { count } }",
        "having.count: null is no test; leave it out, or ask for isNull",
    ),
    (
        "results { groups(by: [{ status: VALUE }], having: { count: { isNull: null } }) { count } }",
        "having.count.isNull: null is no test; leave it out, or ask for isNull",
    ),
)


@pytest.mark.parametrize(("fields", "message"), REFUSED)
def test_what_is_wrong_in_groups_is_named(gateway: RunningGateway, fields: str, message: str) -> None:
    response = gateway.ask("student", f"{{ {fields} }}")
    (error,) = response["errors"]
    assert (error["message"], error["extensions"]["code"]) == (message, "BAD_USER_INPUT")
