"""Numbers that PostgreSQL can hold and JSON cannot, and figures over numbers that are too large to add."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from backend.access.credentials import create_token
from tests.support.gateway import RunningGateway, running_gateway

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.world import World


@pytest.fixture(scope="module")
def numbers(own_world: World) -> Iterator[RunningGateway]:
    """The gateway over a course with two contents, for its lecturer."""
    algebra = own_world.course("algebra")
    algebra.lecturer("lea")
    for name in ("a", "b"):
        algebra.content(name)
    login = {"session_id": "hidden", "ip_address": "10.0.0.1", "logout_time": "infinity"}
    own_world.insert("session", "session lea", user_id=own_world.user("lea"), **login)
    tokens = {"lea": create_token(own_world.database_url, user="lea")}
    with running_gateway(own_world.database_url, tokens) as gateway:
        yield gateway


def _place(world: World, *positions: float | str) -> None:
    for name, position in zip(("a", "b"), positions, strict=True):
        key = world.id("course_content", f"algebra/{name}")
        world.connection.execute("UPDATE course_content SET position = %s WHERE id = %s", [position, key])


@pytest.mark.parametrize("position", ["NaN", "Infinity", "-Infinity"])
def test_number_that_is_not_finite_is_an_error_at_its_place(
    numbers: RunningGateway, own_world: World, position: str
) -> None:
    _place(own_world, 1, position)
    path = f"CourseContent:{own_world.id('course_content', 'algebra/b')}"
    answer = numbers.ask("lea", f'{{ courseContent(id: "{path}") {{ path at: position }} }}')
    (error,) = answer["errors"]
    assert (answer["data"], error["path"]) == ({"courseContent": None}, ["courseContent", "at"])
    assert error["message"] == "The number that is stored here is not finite."
    rest = numbers.data("lea", "{ courseContents { totalCount nodes { path } aggregate { count max { position } } } }")
    assert rest["courseContents"]["totalCount"] == rest["courseContents"]["aggregate"]["count"] == 2
    # Where there may be null, nothing else is lost.
    answer = numbers.ask("lea", "{ sessions { nodes { isActive sessionDuration } } }")
    assert answer["data"] == {"sessions": {"nodes": [{"isActive": False, "sessionDuration": None}]}}
    assert answer["errors"][0]["path"] == ["sessions", "nodes", 0, "sessionDuration"]


FIGURES: tuple[tuple[tuple[float | str, ...], tuple[float | None, ...]], ...] = (
    ((1e120, 3e120), (4e120, 2e120)),
    ((1e308, 1e308), (None, None)),
    ((-1e308, 1), (None, None)),
    (("NaN", 1), (None, None)),
    (("Infinity", "-Infinity"), (None, None)),
    ((0, 0.5), (0.5, 0.25)),
)


@pytest.mark.parametrize(("positions", "expected"), FIGURES)
def test_figures_over_numbers_that_are_too_large_to_add_are_null(
    numbers: RunningGateway, own_world: World, positions: tuple[Any, ...], expected: tuple[float | None, ...]
) -> None:
    _place(own_world, *positions)
    figures = "sum { position } avg { position } count"
    query = f"{{ courseContents {{ aggregate {{ {figures} }} groups(by: [{{ courseId: VALUE }}]) {{ {figures} }} }} }}"
    found = numbers.data("lea", query)["courseContents"]
    for each in (found["aggregate"], *found["groups"]):
        assert each["count"] == 2
        for function, value in zip(("sum", "avg"), expected, strict=True):
            assert each[function]["position"] == (value if value is None else pytest.approx(value))
