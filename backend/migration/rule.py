"""Rules that a revision adds to columns which Computor's own backend writes: only where every row keeps them.

Otherwise the rule is left off and a warning says which rows break it; they are never touched. One statement does both,
so that it says the same when it is printed to be run by hand.
"""

from __future__ import annotations

from dataclasses import dataclass

_ROWS_NAMED = 3


@dataclass(frozen=True)
class Check:
    """A check; `condition` is SQL over a row of the table."""

    table: str
    name: str
    condition: str
    kind = "check"
    error = "check_violation"

    @property
    def subject(self) -> str:
        """What messages call it."""
        return f"{self.kind} {self.name} of {self.table}"

    @property
    def definition(self) -> str:
        """The statement that makes it."""
        return f'ALTER TABLE "{self.table}" ADD CONSTRAINT {self.name} CHECK ({self.condition})'

    @property
    def in_force(self) -> str:
        """The condition that it is there."""
        return _has_constraint(self.table, self.name, "convalidated")

    @property
    def broken_by(self) -> str:
        """The query for the ids of the rows that break it."""
        return f'SELECT id::text AS id FROM "{self.table}" WHERE NOT ({self.condition})'  # noqa: S608 - of a revision's constants

    @property
    def removal(self) -> str:
        """The statement that drops it, if it is there."""
        return f'ALTER TABLE "{self.table}" DROP CONSTRAINT IF EXISTS {self.name}'


@dataclass(frozen=True)
class UniqueIndex:
    """A unique index over columns or expressions; as always, nulls are distinct."""

    table: str
    name: str
    columns: tuple[str, ...]
    kind = "unique index"
    error = "unique_violation"

    @property
    def subject(self) -> str:
        """What messages call it."""
        return f"{self.kind} {self.name} of {self.table}"

    @property
    def definition(self) -> str:
        """The statement that makes it."""
        return f'CREATE UNIQUE INDEX {self.name} ON "{self.table}" ({", ".join(self.columns)})'

    @property
    def in_force(self) -> str:
        """The condition that it is there."""
        return f"to_regclass('{self.name}') IS NOT NULL"

    @property
    def broken_by(self) -> str:
        """The query for the ids of the rows that break it."""
        columns = ", ".join(self.columns)
        present = " AND ".join(f"{column} IS NOT NULL" for column in self.columns)
        return (
            f"SELECT id FROM (SELECT id::text AS id, count(*) OVER (PARTITION BY {columns}) AS alike"  # noqa: S608 - of a revision's constants
            f' FROM "{self.table}" WHERE {present}) AS counted WHERE alike > 1'
        )

    @property
    def removal(self) -> str:
        """The statement that drops it, if it is there."""
        return f"DROP INDEX IF EXISTS {self.name}"


@dataclass(frozen=True)
class ValidReference:
    """That a foreign key, which was added NOT VALID, holds for the rows that were there as well."""

    table: str
    name: str
    column: str
    target: str
    kind = "foreign key"
    error = "foreign_key_violation"

    @property
    def subject(self) -> str:
        """What messages call it."""
        return f"{self.kind} {self.name} of {self.table}"

    @property
    def definition(self) -> str:
        """The statement that looks through the rows."""
        return f'ALTER TABLE "{self.table}" VALIDATE CONSTRAINT {self.name}'

    @property
    def in_force(self) -> str:
        """The condition that it holds for all rows, or is not there at all."""
        return f"NOT {_has_constraint(self.table, self.name, 'NOT convalidated')}"

    @property
    def broken_by(self) -> str:
        """The query for the ids of the rows that break it."""
        return (
            f'SELECT id::text AS id FROM "{self.table}" AS own WHERE {self.column} IS NOT NULL'  # noqa: S608 - of a revision's constants
            f' AND NOT EXISTS (SELECT FROM "{self.target}" AS target WHERE target.id = own.{self.column})'
        )


Rule = Check | UniqueIndex | ValidReference


def add_where_kept(rule: Rule) -> str:
    """The statement that adds the rule, or warns of the rows that break it and goes on."""
    consequence = "holds for new rows only" if isinstance(rule, ValidReference) else "is left off"
    return f"""
DO $rule$
DECLARE
    broken text;
BEGIN
    {rule.definition};
EXCEPTION WHEN {rule.error} THEN
    {report(rule)} INTO broken;
    RAISE WARNING '% {consequence}: %', {_literal(rule.subject)}, broken;
END
$rule$
"""


def report(rule: Rule) -> str:
    """The query whose one value says which rows break the rule; null if none does."""
    return f"""SELECT count(*) || CASE count(*) WHEN 1 THEN ' row breaks it' ELSE ' rows break it' END
        || ', with the id '
        || array_to_string((array_agg(id ORDER BY id))[1:{_ROWS_NAMED}], ', ')
        || CASE WHEN count(*) > {_ROWS_NAMED} THEN ', ...' ELSE '' END
    FROM ({rule.broken_by}) AS broken_rows HAVING count(*) > 0"""  # noqa: S608 - of a revision's constants


def _has_constraint(table: str, name: str, condition: str) -> str:
    return (
        f"EXISTS (SELECT FROM pg_constraint WHERE conrelid = to_regclass('\"{table}\"')"
        f" AND conname = '{name}' AND {condition})"
    )


def _literal(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
