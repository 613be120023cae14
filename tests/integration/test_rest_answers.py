"""REST: how answers are sent: coded, tagged, or by their heads alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.rest import a_group

if TYPE_CHECKING:
    from tests.support.gateway import Campus


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd", None])
def test_long_answers_are_coded_as_the_client_likes_best(rest_campus: Campus, coding: str | None) -> None:
    _, gateway = rest_campus
    answered = gateway.send("adi", "GET", "/users?limit=100", Accept_Encoding=coding or "identity")
    assert answered.headers.get("content-encoding") == coding
    assert len(answered.json()) == int(answered.headers["x-total-count"])
    short = gateway.send("adi", "GET", "/users?limit=0", Accept_Encoding=coding or "identity")
    assert "content-encoding" not in short.headers


def test_a_tag_of_a_coded_row_is_known_and_matches(rest_campus: Campus) -> None:
    _, gateway = rest_campus
    place = a_group(rest_campus, "Long").headers["location"]
    gateway.send("lea", "PATCH", place, {"description": "x" * 2000})
    coded = gateway.send("lea", "GET", place, Accept_Encoding="gzip")
    plain = gateway.send("lea", "GET", place, Accept_Encoding="identity")
    assert coded.headers["etag"] == plain.headers["etag"][:-1] + '-gzip"'
    for tag in (coded.headers["etag"], plain.headers["etag"]):
        for coding in ("gzip", "identity"):
            assert gateway.send("lea", "GET", place, If_None_Match=tag, Accept_Encoding=coding).status_code == 304
    changed = gateway.send("lea", "PATCH", place, {"title": "Longer"}, If_Match=coded.headers["etag"])
    assert changed.status_code == 200
    assert gateway.send("lea", "GET", place, If_None_Match=coded.headers["etag"]).status_code == 200


@pytest.mark.parametrize(
    "path", ["/courses", "/courses/active", "/openapi.json", "/courses?limit=nonsense", "/nonsense"]
)
def test_head_tells_what_get_would(rest_campus: Campus, path: str) -> None:
    _, gateway = rest_campus
    read, told = (gateway.send("lea", method, path, Accept_Encoding="identity") for method in ("GET", "HEAD"))
    assert (told.status_code, told.content) == (read.status_code, b"")
    different = {"date", "x-request-id"}
    for name in read.headers.keys() - different:
        assert told.headers[name] == read.headers[name]


@pytest.mark.parametrize("path", ["/courses", "/courses/active", "/openapi.json"])
def test_lists_have_tags_too(rest_campus: Campus, path: str) -> None:
    _, gateway = rest_campus
    tag = gateway.send("lea", "GET", path).headers["etag"]
    for method in ("GET", "HEAD"):
        same = gateway.send("lea", method, path, If_None_Match=tag)
        assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", tag)
    assert gateway.send("unknown", "GET", "/courses", If_None_Match="*").status_code == 401


def test_the_tag_of_a_page_is_another_where_the_list_is_longer(rest_campus: Campus) -> None:
    _, gateway = rest_campus
    before = gateway.send("lea", "GET", "/course-groups?limit=0")
    a_group(rest_campus, "One more")
    after = gateway.send("lea", "GET", "/course-groups?limit=0", If_None_Match=before.headers["etag"])
    assert (after.status_code, after.json()) == (200, [])
    assert int(after.headers["x-total-count"]) == int(before.headers["x-total-count"]) + 1
