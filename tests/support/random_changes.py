"""Random changes to any table, made by SQL from what PostgreSQL's catalogue says and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psycopg import sql

if TYPE_CHECKING:
    from random import Random

    import psycopg

_COLUMNS = """
SELECT own.relname, attname, typname, NOT attnotnull,
    (SELECT confrelid::regclass::text FROM pg_constraint
     WHERE conrelid = own.oid AND contype = 'f' AND conkey = ARRAY[attnum] LIMIT 1),
    EXISTS (SELECT FROM pg_index WHERE indrelid = own.oid AND indisunique AND attnum = ANY (indkey)),
    typtype = 'e'
FROM pg_attribute
JOIN pg_class AS own ON own.oid = attrelid
JOIN pg_type ON pg_type.oid = atttypid
WHERE own.relnamespace = 'public'::regnamespace AND own.relkind = 'r' AND own.relname NOT LIKE 'gateway%%'
    AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
ORDER BY own.relname, attnum
"""
# Rows whose loss leaves little to look at are taken seldom.
_SELDOM_DELETED = {"user", "course", "organization", "course_family", "role", "course_role", "course_content_kind"}
# What means something to the gateway.
_KNOWN = {
    "claim_value": (
        "result:list",
        "course:get",
        "user:list",
        "message:list",
        "course_content:get",
        "organization:list",
    ),
    "scopes": ("[]", '["*"]', '["course:get", "result:list"]'),
}


@dataclass(frozen=True)
class Column:
    """A column; `target` is the table that it refers to."""

    name: str
    type: str
    nullable: bool
    target: str | None
    unique: bool
    is_enum: bool


class Disturber:
    """Makes statements that change something; PostgreSQL may refuse them."""

    def __init__(self, connection: psycopg.Connection[Any], random: Random) -> None:
        self._random = random
        self.tables: dict[str, list[Column]] = {}
        for table, *column in connection.execute(_COLUMNS):
            self.tables.setdefault(table, []).append(Column(*column))

    def statement(self) -> sql.Composed:
        """One that inserts, updates or deletes."""
        table = self._random.choice(list(self.tables))
        kind = self._random.choices(("update", "several", "insert", "delete"), (60, 12, 16, 12))[0]
        if kind == "insert":
            return self._insert(table)
        if kind == "delete":
            if table in _SELDOM_DELETED and self._random.random() > 0.1:
                return self.statement()
            return sql.SQL("DELETE FROM {} WHERE ctid = ANY ({})").format(_named(table), _rows(table, 1))
        return self.update(table, self._random.choice(self.tables[table]), 1 if kind == "update" else 4)

    def update(self, table: str, column: Column, rows: int) -> sql.Composed:
        """One that gives a column another value in some rows."""
        return sql.SQL("UPDATE {} SET {} = {} WHERE ctid = ANY ({})").format(
            _named(table), sql.Identifier(column.name), self._value(table, column), _rows(table, rows)
        )

    def _insert(self, table: str) -> sql.Composed:
        """A row like another, with a key of its own and some references elsewhere."""
        columns = [column for column in self.tables[table] if column.name != "fs_number"]
        values = []
        for column in columns:
            is_changed = self._random.random() < 0.4 if column.target else column.unique
            values.append(self._value(table, column) if is_changed else sql.Identifier("like", column.name))
        return sql.SQL("INSERT INTO {} ({}) SELECT {} FROM {} AS {} WHERE ctid = ANY ({})").format(
            _named(table),
            sql.SQL(", ").join(sql.Identifier(column.name) for column in columns),
            sql.SQL(", ").join(values),
            _named(table),
            sql.Identifier("like"),
            _rows(table, 1),
        )

    def _value(self, table: str, column: Column) -> sql.Composable:
        if column.name in _KNOWN:
            return sql.Literal(self._random.choice(_KNOWN[column.name]))
        if column.nullable and self._random.random() < 0.2:
            return sql.SQL("NULL")
        if column.target:
            key = sql.SQL("(SELECT id FROM {} ORDER BY random() LIMIT 1)")
            return key.format(sql.SQL(column.target))
        if not column.unique and self._random.random() < 0.3:
            other = sql.SQL("(SELECT {} FROM {} ORDER BY random() LIMIT 1)")
            return other.format(sql.Identifier(column.name), _named(table))
        return self._made(column)

    def _made(self, column: Column) -> sql.Composable:
        number = self._random.randrange(1_000_000)
        name = sql.Identifier(column.name)
        if column.is_enum:
            chosen = sql.SQL("(SELECT value FROM unnest(enum_range(NULL::{})) AS value ORDER BY random() LIMIT 1)")
            return chosen.format(sql.Identifier(column.type))
        return {
            "uuid": sql.SQL("uuid_generate_v4()"),
            "bool": sql.SQL("NOT {}").format(name),
            "int4": sql.Literal(number % 4),
            "int8": sql.Literal(number),
            "float8": sql.Literal(number / 1_000_000),
            # Far from now, so that nothing changes by itself while the test runs.
            "timestamptz": sql.SQL("now() + {} * interval '1 day'").format(
                sql.Literal(self._random.choice((-1, 1)) * (100 + number % 1000))
            ),
            "jsonb": sql.Literal(f'{{"n": {number}}}'),
            "_text": sql.Literal([f"t{number % 5}"]),
            "bytea": sql.Literal(str(number).encode()),
            "inet": sql.Literal(f"10.0.0.{number % 250}"),
        }.get(column.type, sql.Literal(f"n{number}"))


def _named(table: str) -> sql.Identifier:
    return sql.Identifier(table)


def _rows(table: str, count: int) -> sql.Composed:
    rows = sql.SQL("ARRAY(SELECT ctid FROM {} ORDER BY random() LIMIT {})")
    return rows.format(_named(table), sql.Literal(count))
