"""The large data has what a benchmark needs: as many rows, in the order of time, and users of each kind.

It is loaded in the benchmark; here its rows are made, and those of a few courses written out in full.
"""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from backend.seed.cast import cast
from backend.seed.contents import make_contents
from backend.seed.courses import make_class, make_families
from backend.seed.institutions import make_backends, make_organizations
from backend.seed.people import make_people
from backend.seed.size import SIZES
from backend.seed.submissions import make_work

if TYPE_CHECKING:
    from backend.seed.contents import Contents
    from backend.seed.courses import Class
    from backend.seed.people import People

LARGE = SIZES["large"]
SAMPLE = range(3, 200, 19)


@pytest.fixture(scope="module")
def people() -> People:
    return make_people(LARGE, cast("large"))


@pytest.fixture(scope="module")
def courses(people: People) -> list[tuple[Class, Contents]]:
    """All courses of the large data with their contents."""
    families = make_families(LARGE, people, make_organizations(LARGE, people))
    backends = make_backends(LARGE, people)
    classes = [make_class(number, LARGE, people, cast("large"), families, backends) for number in range(200)]
    return [(lesson, make_contents(LARGE, lesson, backends)) for lesson in classes]


def test_there_are_enough_members_and_contents(courses: list[tuple[Class, Contents]]) -> None:
    assert sum(len(lesson.members) for lesson, _ in courses) >= 20_000
    assert all(len(lesson.members) >= 100 for lesson, _ in courses)
    assert all(len(contents.nodes) == 30 for _, contents in courses)


def test_results_are_in_the_order_of_their_courses_and_enough(courses: list[tuple[Class, Contents]]) -> None:
    works = [make_work(LARGE, *courses[number]) for number in SAMPLE]
    for earlier, later in pairwise(works):
        assert earlier.results[-1].created_at < later.results[0].created_at
    for (lesson, _), work in zip((courses[number] for number in SAMPLE), works, strict=True):
        assert lesson.edition.start <= work.results[0].created_at
        assert work.results[-1].created_at < lesson.edition.end
    assert sum(len(work.results) for work in works) > 1000 * len(works)


def test_no_two_courses_take_place_at_once() -> None:
    assert all(earlier.end <= later.start for earlier, later in pairwise(LARGE.editions))


@pytest.mark.parametrize(
    ("username", "role", "numbers"),
    [
        ("lecturer_old", "_lecturer", set(range(60))),
        ("lecturer_spread", "_lecturer", {course * 10 // 3 for course in range(60)}),
        ("student", "_student", {40, 90, 130, 160}),
        ("admin", None, set()),
        ("stranger", None, set()),
    ],
)
def test_named_user_is_in_exactly_these_courses(
    username: str, role: str | None, numbers: set[int], people: People, courses: list[tuple[Class, Contents]]
) -> None:
    user = people.named[username].id
    found = Counter(
        (lesson.number, member.course_role_id)
        for lesson, _ in courses
        for member in lesson.members
        if member.user_id == user
    )
    assert found == Counter((number, role) for number in numbers)
