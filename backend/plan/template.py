"""What a load is, and the template by which the rows that it finds become objects."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from backend.errors import GatewayError
from backend.plan.run import Failure, Pending, Row

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sqlalchemy import ColumnElement

    from backend.interface.base import Batch
    from backend.interface.entity import Entity
    from backend.json import Json
    from backend.plan.run import Run
    from backend.plan.source import Source
    from backend.plan.statement import Statement


class Query(NamedTuple):
    """A statement, what this run binds besides the principal's sets and the statement's constants, and what for."""

    statement: Statement
    given: Mapping[str, object]
    purpose: str = "rows"


class Task(NamedTuple):
    """A load, and the objects into whose slot its results go. Until then the slot holds the key."""

    load: Load
    slot: str
    parents: Sequence[Json]


class Load(Protocol):
    """One relation field, or root field, of a document: a fixed number of statements for all of its parents.

    `height` is how many levels of statements it takes, its own included. They are one all the same where it is `flat`:
    whose keys are known beforehand, and has relations to one beneath it alone.
    """

    height: int

    @property
    def flat(self) -> bool:
        """Whether all of it can be asked at once."""
        ...

    @property
    def kind(self) -> str:
        """In a word, how it finds rows."""
        ...

    @property
    def name(self) -> str:
        """The GraphQL type of what it loads."""
        ...

    def beneath(self) -> Sequence[tuple[str, Load]]:
        """The loads beneath it, by response key."""
        ...

    def queries(self, run: Run, slot: str, parents: Sequence[Json]) -> list[Query]:
        """What to ask for these parents; empty where nothing is left to ask."""
        ...

    def place(self, run: Run, slot: str, parents: Sequence[Json], answers: Sequence[list[Row]]) -> list[Task]:
        """Puts the answers into the parents' slots, and says what is to be loaded beneath them."""
        ...


@dataclass(frozen=True)
class BatchSlot:
    """A computed field of a template: where its value goes, and which columns it is computed from."""

    key: str
    batch: Batch
    columns: tuple[int, ...]
    nullable: bool


@dataclass(frozen=True, eq=False)
class Template:
    """How a row becomes an object: one column for each response key, in order; then columns that only we need."""

    entity: Entity
    keys: tuple[str, ...]
    outputs: tuple[Callable[[Source], ColumnElement[Any]], ...]
    children: tuple[tuple[str, Load], ...] = ()
    batches: tuple[BatchSlot, ...] = ()
    # The keys whose values are numbers that may be none for JSON.
    floats: tuple[str, ...] = ()

    @property
    def height(self) -> int:
        """Levels of statements beneath it."""
        return max((load.height for _, load in self.children), default=0)

    @property
    def width(self) -> int:
        """How many columns it takes of a row."""
        return len(self.outputs)

    def columns(self, source: Source) -> list[ColumnElement[Any]]:
        """What to select for it."""
        return [output(source) for output in self.outputs]

    def objects(self, run: Run, rows: Sequence[Row], start: int = 0) -> list[Json]:
        """An object for each row, from the columns that begin at `start`."""
        keys = self.keys
        # Behind the columns of the keys stand others, so that the rows are longer.
        objects = [dict(zip(keys, row[start:] if start else row, strict=False)) for row in rows]
        for batch in self.batches:
            needs = [tuple(row[start + column] for column in batch.columns) for row in rows]
            run.pending.append(Pending(batch.key, batch.batch, batch.nullable, needs, objects))
        for key in self.floats:
            for each in objects:
                if each[key] is not None and not isfinite(each[key]):
                    each[key] = Failure(GatewayError("The number that is stored here is not finite."))
                    run.failed = True
        return objects

    def tasks(self, objects: Sequence[Json]) -> list[Task]:
        """What is to be loaded beneath the objects."""
        return [Task(load, key, objects) for key, load in self.children] if objects else []


def labelled(columns: Sequence[ColumnElement[Any]]) -> list[ColumnElement[Any]]:
    """The columns under labels that cannot clash."""
    return [column.label(f"c{index}") for index, column in enumerate(columns)]
