"""The functions that note changes: one for each table, in PL/pgSQL, from the scopes. Rules: docs/caching.md.

They note keys and follow no path: the rows on it may change in the same moment, or be gone already. Whoever reads the
notes follows the paths, in one state of the database with the notes.
"""

# ruff: noqa: S608 - what the statements are made of are names of the model's

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

from sqlalchemy import ColumnClause
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.sql import visitors

from backend.access.columns import Columns
from backend.access.principal import EVIDENCE
from backend.model.base import table_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Dialect

    from backend.access.policy import Condition
    from backend.access.scope import Scopes
    from backend.model import Base

KEYS_NOTED = 1000
"""Of a statement that writes rows with more keys it is noted only that there was one."""
USERS_NOTED = 200

_DIALECT: Dialect = PGDialect(paramstyle="named")  # type: ignore[no-untyped-call]  # not annotated there


@dataclass(frozen=True)
class Note:
    """What is noted of a table: the function's name and body, and what the rows say that they were noted by."""

    table: str
    columns: tuple[str, ...]
    layout: str
    body: str

    @property
    def function(self) -> str:
        """The function's name."""
        return f"gateway_note_{self.table}"


def note_of(scopes: Scopes, model: type[Base], schema: str) -> Note:
    """What is noted of a model's table. `schema` is that of the tables, as SQL writes it."""
    table = model.__tablename__
    columns = tuple(dict.fromkeys(path.start for path in scopes.bumped_paths(table)))
    rows = _Rows(model, columns, scopes.open_conditions(table))
    # The schema is no part of what is noted.
    layout = blake2b(rows.body("", "").encode(), digest_size=6).hexdigest()
    return Note(table, columns, layout, rows.body(f"{schema}.", layout))


@dataclass(frozen=True)
class _Rows:
    """How the rows that a statement wrote become a note."""

    model: type[Base]
    keys: tuple[str, ...]
    conditions: Sequence[Condition]

    @property
    def table(self) -> str:
        return str(self.model.__tablename__)

    @property
    def _row(self) -> Columns:
        return Columns(self.model, table_of(self.model).alias("changed"))

    def body(self, prefix: str, layout: str) -> str:
        """The function's body."""
        everyone = str(self.table in EVIDENCE).lower()
        return f"""
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        INSERT INTO {prefix}gateway_change (table_name, operation, layout, everyone)
        VALUES ({_text(self.table)}, 'truncate', '{layout}', {everyone});
    ELSIF TG_OP = 'INSERT' THEN
        {self._noted(prefix, layout, "insert", ("gateway_new",))}
    ELSIF TG_OP = 'UPDATE' THEN
        {self._noted(prefix, layout, "update", ("gateway_old", "gateway_new"))}
    ELSE
        {self._noted(prefix, layout, "delete", ("gateway_old",))}
    END IF;
    RETURN NULL;
END
"""

    def _noted(self, prefix: str, layout: str, operation: str, sources: Sequence[str]) -> str:
        rows = self._changed(sources)
        unscoped = self._is_unscoped(rows)
        held, users, everyone = self._held(sources)
        return f"""
        INSERT INTO {prefix}gateway_change (table_name, operation, layout, columns, keys, users, everyone)
        SELECT {_text(self.table)}, '{operation}', '{layout}',
            CASE WHEN {unscoped} THEN NULL ELSE noted.columns END, CASE WHEN {unscoped} THEN NULL ELSE noted.keys END,
            {users}, {everyone}
        FROM {self._keys(rows)} AS noted{held}
        WHERE EXISTS ({self._any(rows, sources)});
"""

    @property
    def _loud(self) -> list[str]:
        return [_name(column.name) for column in table_of(self.model).columns if not column.info.get("silent")]

    def _has_silence(self, sources: Sequence[str]) -> bool:
        return len(sources) > 1 and len(self._loud) < len(table_of(self.model).columns)

    def _changed(self, sources: Sequence[str]) -> str:
        """The rows, as they were and as they are; of updates only those that differ in more than silent columns."""
        if self._has_silence(sources):
            return _differing(self._loud, sources)
        return " UNION ALL ".join(f"SELECT {', '.join(self._needed())} FROM {source}" for source in sources)

    def _any(self, rows: str, sources: Sequence[str]) -> str:
        """A row if anything changed."""
        return rows if self._has_silence(sources) else f"SELECT FROM {sources[0]}"

    def _needed(self) -> list[str]:
        conditions = [condition(self._row) for condition in self.conditions]
        read = [part.name for each in conditions for part in visitors.iterate(each) if isinstance(part, ColumnClause)]
        return [_name(column) for column in dict.fromkeys((*self.keys, *read))] or ["1"]

    def _keys(self, rows: str) -> str:
        """One row: how many keys there are, with the columns that they are of."""
        if not self.keys:
            return "(SELECT 0 AS number, '{}'::text[] AS columns, '{}'::text[] AS keys)"
        pairs = ", ".join(f"({_text(column)}, changed.{_name(column)}::text)" for column in self.keys)
        distinct = (
            f"SELECT DISTINCT pair.name, pair.key FROM ({rows}) AS changed"
            f" CROSS JOIN LATERAL (VALUES {pairs}) AS pair (name, key)"
            f" WHERE pair.key IS NOT NULL LIMIT {KEYS_NOTED + 1}"
        )
        return f"""(
            SELECT count(*) AS number,
                coalesce(array_agg(name), '{{}}') AS columns, coalesce(array_agg(key), '{{}}') AS keys
            FROM ({distinct}) AS pair
        )"""

    def _is_unscoped(self, rows: str) -> str:
        tests = [
            f"EXISTS (SELECT FROM ({rows}) AS changed WHERE {self._holds(condition)})" for condition in self.conditions
        ]
        return " OR ".join((*tests, f"noted.number > {KEYS_NOTED}"))

    def _holds(self, condition: Condition) -> str:
        return str(condition(self._row).compile(dialect=_DIALECT, compile_kwargs={"literal_binds": True}))

    def _held(self, sources: Sequence[str]) -> tuple[str, str, str]:
        """The users who hold something else than before: where they come from, they, and whether there are others."""
        evidence = EVIDENCE.get(self.table)
        if evidence is None:
            return "", "NULL", "false"
        columns = [_name(column) for column in evidence.columns]
        rows = _differing(columns, sources) if len(sources) > 1 else f"SELECT {', '.join(columns)} FROM {sources[0]}"
        if evidence.user is None:
            return "", "NULL", f"EXISTS ({rows})"
        users = f"SELECT DISTINCT {_name(evidence.user)}::text AS key FROM ({rows}) AS row LIMIT {USERS_NOTED + 1}"
        held = f", (SELECT count(*) AS number, array_agg(key) AS keys FROM ({users}) AS each) AS held"
        many = f"held.number > {USERS_NOTED}"
        return held, f"CASE WHEN {many} THEN NULL ELSE held.keys END", many


def _differing(columns: Sequence[str], sources: Sequence[str]) -> str:
    """The rows of either source that are not in the other."""
    listed = ", ".join(columns)
    one, other = (f"SELECT {listed} FROM {source}" for source in sources)
    return f"({one} EXCEPT ALL {other}) UNION ALL ({other} EXCEPT ALL {one})"


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
