"""The rows of a whole database as plain dicts."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

import psycopg
from psycopg import sql
from psycopg.rows import dict_row
from sqlalchemy.dialects.postgresql import INET

from tests.differential.reference_relations import COLUMNS, KEY_PARTS, KEYS, RELATIONS, TABLES, TREES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True, eq=False)
class Row:
    """A row as it is in its table: nothing hidden. Two are the same only where they are the same object."""

    type: str
    values: Mapping[str, Any]

    def __getitem__(self, attribute: str) -> Any:
        """What stands in an attribute."""
        return self.values[attribute]


class World:
    """All rows of a database, read once."""

    def __init__(self, database_url: str) -> None:
        self.rows: dict[str, list[Row]] = {}
        with psycopg.connect(database_url, row_factory=dict_row, client_encoding="utf8") as connection:
            connection.execute("SET TIME ZONE 'UTC'")
            for name, table in TABLES.items():
                names = sql.SQL(", ").join(
                    # The text is what the field shows, and Python writes some addresses otherwise.
                    sql.SQL("host({}) AS {}" if isinstance(column.type, INET) else "{} AS {}").format(
                        sql.Identifier(column.name), sql.Identifier(attribute)
                    )
                    for attribute, column in COLUMNS[name].items()
                )
                found = connection.execute(sql.SQL("SELECT {} FROM {}").format(names, sql.Identifier(table)))
                self.rows[name] = sorted((Row(name, _plain(row)) for row in found), key=key_of)
        self._by_key = {(row.type, key_of(row)): row for rows in self.rows.values() for row in rows}
        self._by_reference: dict[tuple[str, str, Any], list[Row]] = defaultdict(list)
        for own, attribute in KEYS:
            for row in self.rows[own]:
                if attribute in row.values:
                    self._by_reference[own, attribute, row.values[attribute]].append(row)
        self._nodes = {(row.values["course_id"], labels(row)): row for row in self.rows["CourseContent"]}

    def get(self, type_name: str, key: tuple[str, ...]) -> Row | None:
        """The row with this key."""
        return self._by_key.get((type_name, key))

    def referring(self, type_name: str, attribute: str, key: str) -> list[Row]:
        """The rows of a type whose attribute holds the key."""
        return self._by_reference.get((type_name, attribute, key), [])

    def related(self, row: Row, field: str) -> Iterable[Row]:
        """The rows that a relation leads to, whoever may see them."""
        relation = RELATIONS[row.type, field]
        if relation.attribute is None:
            return self._in_tree(row, field)
        if relation.forward:
            target = self.get(relation.target, (row.values[relation.attribute],))
            return [] if target is None else [target]
        return self.referring(relation.target, relation.attribute, row.values["id"])

    def _in_tree(self, row: Row, field: str) -> list[Row]:
        own, within = labels(row), TREES[row.type]
        tree = (
            self.referring(row.type, within, row.values[within])
            if (row.type, within) in KEYS
            else [other for other in self.rows[row.type] if other.values[within] == row.values[within]]
        )
        if field == "parent":
            return [other for other in tree if len(own) > 1 and labels(other) == own[:-1]]
        if field == "children":
            return [other for other in tree if labels(other)[:-1] == own]
        if field == "ancestors":
            return [
                other for other in tree if len(labels(other)) < len(own) and own[: len(labels(other))] == labels(other)
            ]
        return [other for other in tree if len(labels(other)) > len(own) and labels(other)[: len(own)] == own]

    def tree_order(self, row: Row) -> tuple[Any, ...]:
        """Sorts the nodes of a course depth first, siblings by position and then by path."""
        path = labels(row)
        above = [self._nodes[row.values["course_id"], path[:depth]] for depth in range(1, len(path) + 1)]
        return tuple((node.values["position"], labels(node)) for node in above)


def key_of(row: Row) -> tuple[str, ...]:
    """The parts of a row's key."""
    return tuple(row.values[part] for part in KEY_PARTS.get(row.type, ("id",)))


def labels(row: Row) -> tuple[str, ...]:
    """The labels of a row's path."""
    return tuple(row.values["path"].split("."))


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: str(value) if isinstance(value, UUID) else value for name, value in row.items()}
