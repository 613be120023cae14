"""One execution of one plan: who asks, what was read of the arguments, and what is still to be computed."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from graphql.execution.values import VariableValues, get_argument_values

if TYPE_CHECKING:
    from collections.abc import Sequence

    from graphql import FieldNode, GraphQLField
    from sqlalchemy import Executable, Select

    from backend.access.principal import Principal
    from backend.interface.base import Batch
    from backend.json import Json
    from backend.plan.snapshot import Snapshot
    from backend.plan.source import Scope
    from backend.plan.statement import Compiler, Statement, Text
    from backend.plan.template import Load, Query

Row = tuple[Any, ...]


@dataclass(frozen=True)
class Pending:
    """A computed field of the objects of a level: its slot in them, and the row that each is computed from."""

    slot: str
    batch: Batch
    nullable: bool
    rows: Sequence[Row]
    objects: Sequence[Json]


@dataclass(frozen=True)
class Failure:
    """Stands in an object where a field's value could not be computed, until `backend.plan.failure` settles it."""

    error: BaseException


@dataclass(frozen=True)
class Reading:
    """A caller's snapshot, and what reads in it."""

    scope: Scope
    compiler: Compiler
    principal: Principal
    snapshot: Snapshot

    def run(self, variables: VariableValues | None = None) -> Run:
        """An execution of a plan, with the variables of its document, if it has any."""
        given = VariableValues({}, {}) if variables is None else variables
        return Run(self.scope, self.compiler, self.principal, given, self.snapshot)


class Level(NamedTuple):
    """A level of loads that was run: from when to when; and by load its statements, their rows, and its parents."""

    started: float
    ended: float
    loads: Sequence[Load]
    queries: Sequence[Sequence[Query]]
    rows: Sequence[Sequence[int]]
    parents: list[int]


@dataclass
class Reads:
    """What a root field was made of: the tables that its statements read.

    `timed` says that the answer depends on the time, too, and `opaque` that it depends on what is not known here.
    """

    tables: frozenset[str] = frozenset()
    timed: bool = False
    opaque: bool = False

    def take(self, text: Text) -> None:
        """A statement was read."""
        self.tables |= text.tables
        self.timed = self.timed or text.timed

    def compute(self, batch: Batch) -> None:
        """A field was computed."""
        if batch.reads is None:
            self.opaque = True
        else:
            self.tables |= {model.__tablename__ for model in batch.reads}


class Run:
    """What an execution carries from level to level; computed fields get it as their context."""

    def __init__(
        self,
        scope: Scope,
        compiler: Compiler,
        principal: Principal,
        variables: VariableValues,
        snapshot: Snapshot,
    ) -> None:
        self.scope = scope
        self.compiler = compiler
        self.principal = principal
        self.variables = variables
        self.snapshot = snapshot
        # What a field written by hand returned: keys, or a Select.
        self.handed_over: list[tuple[str, ...]] = []
        self.written: Select[Any] | None = None
        # What was read of the arguments of a field, by the object that reads them.
        self.arguments: dict[object, Any] = {}
        self._given: dict[int, dict[str, Any]] = {}
        self.pending: list[Pending] = []
        self.failed = False
        # By the response key of each root.
        self.reads: defaultdict[str, Reads] = defaultdict(Reads)
        # Types of objects that were asked for by interface, by identity: failures must find theirs.
        self.types: dict[int, str] = {}
        # What was done so far, for whoever asks how.
        self.levels: list[Level] = []
        # Statements that were made, and are kept.
        self.made = 0

    def make(self, construct: Executable, *, prepare: bool) -> Statement:
        """The statement of a construct, which whoever asks keeps: making it takes about a millisecond."""
        self.made += 1
        return self.compiler.compile(construct, prepare=prepare)

    def given(self, definition: GraphQLField, node: FieldNode) -> dict[str, Any]:
        """The values of a field's arguments, read once. Raises GraphQLError for one that an argument does not take."""
        found = self._given.get(id(node))
        if found is None:
            found = self._given[id(node)] = get_argument_values(definition, node, self.variables)
        return found
