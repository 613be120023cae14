"""The figures as tables, with what they are held to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulk import GOAL as BULK_GOAL
from bulk import MEMBERS
from filters import MOST_CPU as MOST_FILTERING
from hostile import MOST_CPU, MOST_SLOWER
from kept import BARE, HITS, MISSES, OFF
from lists import allowed
from rates import FLOOR, GATEWAY, SERVED, USUAL
from rich.box import MARKDOWN
from rich.table import Table
from shapes import SHAPES
from waits import MOST as MOST_WAITED
from waits import STOPPED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bulk import Bulk
    from changes import Reading, WriteCost
    from entities import Load
    from filters import Filtered
    from hostile import Beside, Empty, Refusal
    from kept import Kept
    from lists import Timing
    from rates import Rate
    from waits import Wait

CPU_GOAL = 2


def rates_table(rates: Sequence[Rate]) -> Table:
    """Requests a second and processor time a request, for each shape and system."""
    table = _table(
        ("shape", "system", "as"),
        ("requests/s", "x usual way", "CPU, ms", "x floor", "x served", "CPU of PostgreSQL, ms", "answers"),
    )
    shown = ""
    for rate in rates:
        usual, floor, served = (_find(rates, rate.shape, system) for system in (USUAL, FLOOR, SERVED))
        goal = SHAPES[rate.shape].goal if (rate.system, rate.user) == (GATEWAY, "admin") else None
        faster = rate.per_second / usual.per_second if rate.system == GATEWAY else None
        is_floor = rate.system in (FLOOR, SERVED)
        dearer = None if is_floor else rate.cpu / served.cpu
        table.add_row(
            f"{rate.shape}  {SHAPES[rate.shape].title}" if rate.shape != shown else "",
            rate.system,
            rate.user,
            f"{rate.per_second:,.1f}",
            _held(faster, goal, met=faster is not None and goal is not None and faster >= goal),
            f"{rate.cpu:.3f}",
            "" if rate.system == FLOOR else f"{rate.cpu / floor.cpu:.1f}",
            _held(dearer, CPU_GOAL if goal else None, met=dearer is not None and dearer <= CPU_GOAL),
            f"{rate.postgres_cpu:.3f}",
            f"{rate.answers:,}",
        )
        shown = rate.shape
    return table


def bulk_table(bulk: Bulk) -> Table:
    """The rows by hand and by a mutation, in milliseconds."""
    table = _table((f"{MEMBERS:,} members",), ("ms", "x by hand"))
    table.add_row("one INSERT by hand", f"{bulk.by_hand:,.1f}", "")
    times = _held(bulk.times, BULK_GOAL, met=bulk.times <= BULK_GOAL)
    table.add_row("createCourseMembers", f"{bulk.mutation:,.1f}", times)
    return table


def refusals_table(refusals: Sequence[Refusal]) -> Table:
    """The dearest hostile requests of each code, and how many there are."""
    table = _table(("code", "dearest"), ("CPU, ms", "median CPU, ms", "requests"))
    for code in dict.fromkeys(refusal.code for refusal in refusals):
        of_code = sorted((each for each in refusals if each.code == code), key=lambda each: each.cpu)
        dearest = of_code[-1]
        table.add_row(
            code,
            dearest.name,
            _held(dearest.cpu, MOST_CPU, met=dearest.cpu <= MOST_CPU),
            f"{of_code[len(of_code) // 2].cpu:.1f}",
            str(len(of_code)),
        )
    return table


def beside_table(beside: Sequence[Beside]) -> Table:
    """How long another user waits."""
    table = _table(("one object with two parents",), ("median, ms", "99 %, ms", "x alone", "answers"))
    for each in beside:
        slower = each.p99 / beside[0].p99
        held = _held(slower, MOST_SLOWER, met=slower <= MOST_SLOWER)
        table.add_row(each.name, f"{each.median:.2f}", f"{each.p99:.2f}", held, f"{each.answers:,}")
    return table


def empty_table(empty: Sequence[Empty]) -> Table:
    """What a request costs that asks for nothing."""
    table = _table(("an empty query",), ("CPU, ms", "x bare"))
    for each in empty:
        times = each.cpu / empty[0].cpu
        table.add_row(each.name, f"{each.cpu:.3f}", _held(times, CPU_GOAL, met=times <= CPU_GOAL))
    return table


def kept_table(kept: Sequence[Kept]) -> Table:
    """Requests a second and processor time a request, of hits beside misses and what bounds both.

    A miss may cost a tenth more than without a cache, in the gateway and with PostgreSQL and Redis.
    """
    table = _table(
        ("shape", "as", "how"),
        ("requests/s", "x misses", "x bare route", "CPU, ms", "x off", "CPU of all, ms", "x off"),
    )
    found = {(each.shape, each.user, each.how): each for each in kept}
    shown = ("", "")
    for each in kept:
        misses, bare, off = (found[each.shape, each.user, how] for how in (MISSES, BARE, OFF))
        hits = each.how == HITS
        faster, share = each.per_second / misses.per_second, each.per_second / bare.per_second
        dearer, whole = each.cpu / off.cpu, each.whole / off.whole
        table.add_row(
            each.shape if each.shape != shown[0] else "",
            each.user if (each.shape, each.user) != shown else "",
            each.how,
            f"{each.per_second:,.1f}",
            _held(faster, 5, met=faster >= 5) if hits else "",  # noqa: PLR2004 - the goal
            f"{share:.2f}{'' if share >= 0.5 else ' !'}" if hits else "",  # noqa: PLR2004 - the goal
            f"{each.cpu:.3f}",
            f"{dearer:.2f}{'' if dearer <= 1.1 else ' !'}" if each.how == MISSES else "",  # noqa: PLR2004 - the goal
            f"{each.whole:.3f}",
            f"{whole:.2f}{'' if whole <= 1.1 else ' !'}" if each.how == MISSES else "",  # noqa: PLR2004 - the goal
        )
        shown = (each.shape, each.user)
    return table


def waits_table(waits: Sequence[Wait]) -> Table:
    """Milliseconds a request; marked where a stopped Redis costs more than it may."""
    table = _table(("how",), ("answers", "median, ms", "99 %, ms", "longest, ms"))
    (off,) = (each.p99 for each in waits if each.how == OFF)
    for each in waits:
        mark = "" if each.how != STOPPED or each.p99 <= off + MOST_WAITED else f" ! ({off + MOST_WAITED:.0f})"
        table.add_row(
            each.how, f"{each.answers:,}", f"{each.median:.2f}", f"{each.p99:.2f}{mark}", f"{each.longest:.2f}"
        )
    return table


def entities_table(loads: Sequence[Load]) -> Table:
    """Milliseconds to have so many objects by their keys, and how much of that the process works."""
    table = _table((), ("objects", "PostgreSQL, ms", "CPU, ms", "Redis, ms", "CPU, ms"))
    for each in loads:
        figures = (each.postgres, each.postgres_cpu, each.redis, each.redis_cpu)
        table.add_row(str(each.number), *(f"{figure:.3f}" for figure in figures))
    return table


def lists_table(timings: Sequence[Timing]) -> Table:
    """First and tenth time, in milliseconds, for each list and user; marked where it is more than is allowed."""
    users = list(dict.fromkeys(timing.user for timing in timings))
    by_key = {(timing.name, timing.user): timing for timing in timings}
    table = _table(("list",), users)
    for name in dict.fromkeys(timing.name for timing in timings):
        admin = by_key[name, "admin"]
        cells = []
        for user in users:
            timing = by_key[name, user]
            pairs = ((timing.first, admin.first), (timing.tenth, admin.tenth))
            cells.append(
                " / ".join(f"[red]{own:.1f} ![/]" if own > allowed(other) else f"{own:.1f}" for own, other in pairs)
            )
        table.add_row(name, *cells)
    return table


def filters_table(filtered: Sequence[Filtered]) -> Table:
    """Milliseconds of processor time for a filter of 500 alternatives; marked where it is more than it may be."""
    table = _table(("500 alternatives", "as"), ("first, ms", "later, ms"))
    for each in filtered:
        cells = (f"{figure:.1f}{' !' if figure > MOST_FILTERING else ''}" for figure in (each.first, each.later))
        table.add_row(each.kind, each.user, *cells)
    return table


def costs_table(costs: Sequence[WriteCost]) -> Table:
    """What writes cost whose changes are noted, and what they cost otherwise."""
    table = _table(("written",), ("not noted, ms", "noted, ms", "x"))
    for cost in costs:
        table.add_row(cost.what, f"{cost.bare:.3f}", f"{cost.noted:.3f}", f"{cost.noted / cost.bare:.2f}")
    return table


def reading_table(reading: Reading) -> Table:
    """How soon the reader has what was committed, and what it costs while nothing is."""
    table = _table(("",), ("ms",))
    for name, figure in (
        ("from COMMIT to the reader's hands, median", reading.median),
        ("the longest", reading.longest),
        ("processor time of an idle second, reader", reading.idle_reader),
        ("processor time of an idle second, PostgreSQL", reading.idle_server),
    ):
        table.add_row(name, f"{figure:.1f}")
    return table


def _table(texts: Sequence[str], figures: Sequence[str]) -> Table:
    """A table that can stand in a page as it is printed."""
    table = Table(box=MARKDOWN)
    for heading in texts:
        table.add_column(heading, no_wrap=True)
    for heading in figures:
        table.add_column(heading, justify="right", no_wrap=True)
    return table


def _held(figure: float | None, goal: float | None, *, met: bool) -> str:
    if figure is None:
        return ""
    if goal is None:
        return f"{figure:.1f}"
    return f"[green]{figure:.1f}[/]" if met else f"[red]{figure:.1f} ! ({goal:g})[/]"


def _find(rates: Sequence[Rate], shape: str, system: str) -> Rate:
    return next(rate for rate in rates if (rate.shape, rate.system) == (shape, system))
