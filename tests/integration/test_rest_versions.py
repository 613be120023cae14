"""REST: the tags of rows, and writes that ask for a version."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from tests.support.rest import a_group, problem

if TYPE_CHECKING:
    from tests.support.gateway import Campus


def test_a_tag_that_is_known_is_not_sent_again(rest_campus: Campus) -> None:
    _, gateway = rest_campus
    made = a_group(rest_campus, "Tagged")
    place, tag = made.headers["location"], made.headers["etag"]
    for header in (tag, f'"other", W/{tag}', "*"):
        same = gateway.send("lea", "GET", place, If_None_Match=header)
        assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", tag)
    # Nobody learns by a tag that a row is there.
    assert gateway.send("cyd", "GET", place, If_None_Match="*").status_code == 404
    assert gateway.send(None, "GET", place, If_None_Match=tag).status_code == 401
    gateway.send("lea", "PATCH", place, {"title": "Tagged anew"})
    assert gateway.send("lea", "GET", place, If_None_Match=tag).status_code == 200


def test_tags_differ_where_their_readers_see_different_things(rest_campus: Campus) -> None:
    world, gateway = rest_campus
    place = f"/course-contents/{world.id('course_content', 'algebra/week_1.sheet_1')}"
    seen = {user: gateway.send(user, "GET", place) for user in ("lea", "ada")}
    same = seen["lea"].json() == seen["ada"].json()
    assert (seen["lea"].headers["etag"] == seen["ada"].headers["etag"]) == same


@pytest.mark.parametrize("header", ["W/{tag}", '"nonsense"', "nonsense", '"0"', '""'])
def test_a_tag_that_is_none_of_a_version_matches_nothing(rest_campus: Campus, header: str) -> None:
    _, gateway = rest_campus
    made = a_group(rest_campus, f"Matched by {header}")
    if_match = header.replace("{tag}", made.headers["etag"])
    refused = gateway.send("lea", "PATCH", made.headers["location"], {"title": "never"}, If_Match=if_match)
    assert problem(refused)[:2] == (412, "STALE_VERSION")


def test_if_match_takes_the_row_as_it_is_or_any(rest_campus: Campus) -> None:
    _, gateway = rest_campus
    made = a_group(rest_campus, "Matched")
    place = made.headers["location"]
    both = f'"other", {made.headers["etag"]}'
    changed = gateway.send("lea", "PATCH", place, {"title": "Matched once"}, If_Match=both)
    assert (changed.status_code, changed.json()["version"]) == (200, 1)
    assert gateway.send("lea", "PATCH", place, {"title": "Matched by any"}, If_Match="*").status_code == 200
    several = gateway.send("lea", "DELETE", place, If_Match='"1-x", "2-x"')
    assert problem(several)[:2] == (400, "BAD_REQUEST")
    assert gateway.send("lea", "DELETE", place, If_Match='"2-x"').status_code == 200


def test_rows_without_a_version_have_weak_tags_that_no_write_can_ask_for(rest_campus: Campus) -> None:
    _, gateway = rest_campus
    tag = gateway.send("adi", "GET", "/roles/_admin").headers["etag"]
    assert tag.startswith("W/")
    assert gateway.send("adi", "GET", "/roles/_admin", If_None_Match=tag).status_code == 304
    refused = gateway.send("adi", "PATCH", "/roles/_admin", {"title": "x"}, If_Match=tag)
    assert problem(refused)[:2] == (412, "STALE_VERSION")


def test_of_twenty_who_ask_for_a_version_one_wins(rest_campus: Campus) -> None:
    _, gateway = rest_campus
    made = a_group(rest_campus, "Race", "adi")
    place, tag = made.headers["location"], made.headers["etag"]

    def change(number: int) -> int:
        return gateway.send("adi", "PATCH", place, {"title": f"by {number}"}, If_Match=tag).status_code

    with ThreadPoolExecutor(20) as pool:
        statuses = sorted(pool.map(change, range(20)))
    assert statuses == [200, *[412] * 19]
    row = gateway.send("adi", "GET", place).json()
    assert row["version"] == 1


def test_of_twenty_who_delete_one_did(rest_campus: Campus) -> None:
    _, gateway = rest_campus
    place = a_group(rest_campus, "Race to delete", "adi").headers["location"]
    with ThreadPoolExecutor(20) as pool:
        statuses = sorted(pool.map(lambda _: gateway.send("adi", "DELETE", place).status_code, range(20)))
    assert statuses == [200, *[404] * 19]
