"""The figures as tables, with what they are held to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lists import allowed
from rates import FLOOR, GATEWAY, USUAL
from rich.table import Table
from shapes import SHAPES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lists import Timing
    from rates import Rate

CPU_GOAL = 2


def rates_table(rates: Sequence[Rate]) -> Table:
    """Requests a second and processor time a request, for each shape and system."""
    table = Table(title="Requests a second, and milliseconds of processor time a request")
    for heading in ("shape", "system", "as"):
        table.add_column(heading)
    for heading in ("requests/s", "x usual way", "CPU", "x floor", "CPU of PostgreSQL", "answers"):
        table.add_column(heading, justify="right")
    shown = ""
    for rate in rates:
        if rate.shape != shown:
            table.add_section()
        usual, floor = (_find(rates, rate.shape, system) for system in (USUAL, FLOOR))
        goal = SHAPES[rate.shape].goal if (rate.system, rate.user) == (GATEWAY, "admin") else None
        faster = rate.per_second / usual.per_second if rate.system == GATEWAY else None
        dearer = rate.cpu / floor.cpu if rate.system != FLOOR else None
        table.add_row(
            f"{rate.shape}  {SHAPES[rate.shape].title}" if rate.shape != shown else "",
            rate.system,
            rate.user,
            f"{rate.per_second:,.1f}",
            _held(faster, goal, met=faster is not None and goal is not None and faster >= goal),
            f"{rate.cpu:.3f}",
            _held(dearer, CPU_GOAL if goal else None, met=dearer is not None and dearer <= CPU_GOAL),
            f"{rate.postgres_cpu:.3f}",
            f"{rate.answers:,}",
        )
        shown = rate.shape
    return table


def lists_table(timings: Sequence[Timing]) -> Table:
    """First and tenth time, in milliseconds, for each list and user; red where it is more than is allowed."""
    users = list(dict.fromkeys(timing.user for timing in timings))
    by_key = {(timing.name, timing.user): timing for timing in timings}
    table = Table(title="Lists without keys: milliseconds the first and the tenth time")
    table.add_column("list")
    for user in users:
        table.add_column(user, justify="right")
    for name in dict.fromkeys(timing.name for timing in timings):
        admin = by_key[name, "admin"]
        cells = []
        for user in users:
            timing = by_key[name, user]
            pairs = ((timing.first, admin.first), (timing.tenth, admin.tenth))
            cells.append(
                " / ".join(f"[red]{own:.1f}[/red]" if own > allowed(other) else f"{own:.1f}" for own, other in pairs)
            )
        table.add_row(name, *cells)
    return table


def _held(figure: float | None, goal: int | None, *, met: bool) -> str:
    if figure is None:
        return ""
    if goal is None:
        return f"{figure:.1f}"
    return f"[{'green' if met else 'red'}]{figure:.1f}[/] ({goal})"


def _find(rates: Sequence[Rate], shape: str, system: str) -> Rate:
    return next(rate for rate in rates if (rate.shape, rate.system) == (shape, system))
