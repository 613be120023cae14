"""Measures the gateway on the large data. What the figures mean: docs/benchmark.md."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from bulk import measure_bulk
from changes import measure_changes
from client import BenchmarkError
from database import large_database, remove_data
from entities import measure_entities
from filters import measure_filters
from hostile import measure_beside, measure_empty, measure_refusals
from kept import measure_kept, measure_mixed
from lists import measure_lists
from outage import measure_outage
from rates import measure_rates
from rich.console import Console
from shapes import SHAPES
from tables import (
    beside_table,
    bulk_table,
    costs_table,
    empty_table,
    entities_table,
    filters_table,
    kept_table,
    lists_table,
    rates_table,
    reading_table,
    refusals_table,
    waits_table,
)
from waits import measure_waits

_DATA = Path(__file__).resolve().parents[2] / ".computor" / "benchmark"


class Part(StrEnum):
    """What is measured."""

    RATES = "rates"
    LISTS = "lists"
    BULK = "bulk"
    CHANGES = "changes"
    HOSTILE = "hostile"
    FILTERS = "filters"
    CACHE = "cache"
    WAITS = "waits"
    ENTITIES = "entities"
    ALL = "all"
    OUTAGE = "outage"


def benchmark(
    *,
    part: Annotated[Part, typer.Option(help="Which part to run; all is without the outage.")] = Part.ALL,
    shapes: Annotated[str, typer.Option(help="Which of the five queries, such as 1,3.")] = ",".join(SHAPES),
    seconds: Annotated[
        float | None,
        typer.Option(min=0.1, help="How long each system is asked in a round [2], or an outage lasts [60]."),
    ] = None,
    rounds: Annotated[int, typer.Option(min=1, help="How many rounds; the medians are shown.")] = 3,
    as_json: Annotated[Path | None, typer.Option("--json", help="File to write the figures to.")] = None,
    data_dir: Annotated[Path, typer.Option(help="Where the benchmark's own PostgreSQL has its data.")] = _DATA,
    keep: Annotated[bool, typer.Option("--keep", help="Keep the data for the next run.")] = False,
) -> None:
    """Measure the gateway, the usual way and the floor side by side."""
    chosen = shapes.split(",")
    unknown = [name for name in chosen if name not in SHAPES]
    if unknown:
        sys.exit(f"There is no shape {unknown[0]!r}: the shapes are {', '.join(SHAPES)}.")
    # However narrow the terminal: a cell that is cut says nothing.
    console = Console(width=200)
    figures: dict[str, Any] = {}
    try:
        if part is Part.OUTAGE:
            outage = measure_outage(data_dir / "outage", seconds or 60)
            console.print(outage)
            sys.exit(0 if outage.is_fine else 1)
        if part in {Part.CHANGES, Part.ALL}:
            costs, reading = measure_changes(data_dir / "changes", rounds)
            console.print(costs_table(costs))
            console.print(reading_table(reading))
            figures["changes"] = [*map(asdict, costs), asdict(reading)]
        if part is not Part.CHANGES:
            figures.update(_on_large_data(console, data_dir, part, chosen, seconds or 2, rounds))
    except BenchmarkError as error:
        sys.exit(str(error))
    finally:
        remove_data(data_dir / "changes")
        if not keep:
            remove_data(data_dir)
    if as_json is not None:
        as_json.write_text(json.dumps(figures, indent=2), encoding="utf-8")


def _on_large_data(
    console: Console, data_dir: Path, part: Part, chosen: list[str], seconds: float, rounds: int
) -> dict[str, Any]:
    figures: dict[str, Any] = {}
    with large_database(data_dir) as database:
        if part in {Part.RATES, Part.ALL}:
            rates = measure_rates(database, chosen, seconds, rounds)
            console.print(rates_table(rates))
            figures["rates"] = [asdict(rate) for rate in rates]
        if part in {Part.LISTS, Part.ALL}:
            timings = measure_lists(database, rounds)
            console.print(lists_table(timings))
            figures["lists"] = [asdict(timing) for timing in timings]
        if part in {Part.BULK, Part.ALL}:
            bulk = measure_bulk(database, rounds)
            console.print(bulk_table(bulk))
            figures["bulk"] = [asdict(bulk)]
        if part in {Part.CACHE, Part.ALL} and database.redis_url is not None:
            kept, mixed = measure_kept(database, seconds, rounds), measure_mixed(database)
            console.print(kept_table(kept))
            console.print(
                f"hits while 5 of 100 requests write: {mixed.hits / mixed.fields:.1%} of {mixed.fields:,} fields"
            )
            figures["cache"] = [*map(asdict, kept), asdict(mixed)]
        if part in {Part.WAITS, Part.ALL} and database.redis_url is not None:
            waits, showing = measure_waits(database, database.redis_url, seconds, rounds)
            console.print(waits_table(waits))
            console.print(showing)
            figures["waits"] = [*map(asdict, waits), asdict(showing)]
        if part in {Part.ENTITIES, Part.ALL} and database.redis_url is not None:
            loads = measure_entities(database.url, database.redis_url)
            console.print(entities_table(loads))
            figures["entities"] = [asdict(load) for load in loads]
        if part in {Part.FILTERS, Part.ALL}:
            filtered = measure_filters(database, rounds)
            console.print(filters_table(filtered))
            figures["filters"] = [asdict(each) for each in filtered]
        if part in {Part.HOSTILE, Part.ALL}:
            refusals, beside = measure_refusals(database), measure_beside(database, 10 * seconds)
            empty = measure_empty(database)
            for table in (refusals_table(refusals), beside_table(beside), empty_table(empty)):
                console.print(table)
            figures["hostile"] = [*map(asdict, refusals), *map(asdict, beside), *map(asdict, empty)]
    return figures


if __name__ == "__main__":
    typer.run(benchmark)
