"""A database as Computor's own migrations leave it, made from a copy of such a one's catalogue.

It shares nothing with the models or the revisions. Checks and bodies, which the catalogue does not hold, and rows, some
of which break the gateway's rules, are written here and in computor_database.sql.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest

from tests.support.catalogue import computor_catalogue

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_WRITTEN = Path(__file__).with_suffix(".sql")
_CHECKS = {
    "group_slug_check": "ctutor_valid_slug(slug::text)",
    "ck_user_token_expiration": "(user_type = 'token') <= (token_expiration IS NOT NULL)",
    "course_content_type_slug_check": "slug::text ~* '^[A-Z0-9_.-]+$'",
    "course_member_check": "CASE WHEN course_role_id = '_student' THEN course_group_id IS NOT NULL ELSE true END",
    "check_directory_format": "directory ~ '^[a-zA-Z0-9._-]+$'",
    "check_source_type": "source_type = ANY (ARRAY['git', 'minio', 'github', 's3', 'gitlab'])",
    "execution_backend_slug_check": "slug::text ~* '^[A-Z0-9_.-]+$'",
    "organization_check": "CASE organization_type WHEN 'user' THEN title IS NULL ELSE title IS NOT NULL END",
    "organization_check1": "CASE organization_type WHEN 'user' THEN user_id IS NOT NULL ELSE user_id IS NULL END",
    "role_check": "NOT builtin OR starts_with(id, '_')",
    "role_check1": "ctutor_valid_slug(CASE WHEN builtin THEN substr(id, 2) ELSE id END)",
}
_KEYS = {"primary": "PRIMARY KEY", "unique": "UNIQUE"}
# A server without the extension has its one function that is used.
_EXTENSIONS = """
CREATE EXTENSION ltree;
DO $$ BEGIN
    CREATE EXTENSION "uuid-ossp";
EXCEPTION WHEN OTHERS THEN
    CREATE FUNCTION uuid_generate_v4() RETURNS uuid LANGUAGE sql AS 'SELECT gen_random_uuid()';
END $$;
"""


@pytest.fixture
def computor_database(empty_database: str) -> str:
    """A database as Computor's own backend has it, with rows, some of which break rules of the gateway's."""
    lay_out(empty_database)
    return empty_database


def lay_out(database_url: str) -> None:
    """Make the tables and rows in an empty database."""
    slug, functions, rows = _parts()
    lines = [line.split("\t") for line in computor_catalogue()]
    statements = (_EXTENSIONS, *_types(lines), slug, *_tables(lines), *_keys(lines), functions, *_triggers(lines), rows)
    with psycopg.connect(database_url) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def _parts() -> list[str]:
    """What checks need, what needs tables, and the rows."""
    text = _WRITTEN.read_text()
    starts = [text.index(f"-- {name}\n") for name in ("bodies", "functions", "rows")]
    return [text[start:end] for start, end in zip(starts, [*starts[1:], len(text)], strict=True)]


def _types(lines: Iterable[list[str]]) -> Iterator[str]:
    for kind, name, *rest in lines:
        if kind == "enum":
            values = ", ".join(f"'{value}'" for value in rest[0].split(", "))
            yield f"CREATE TYPE {name} AS ENUM ({values})"
        elif kind == "sequence":
            yield f"CREATE SEQUENCE {name} AS {rest[0]} START {rest[1]}"


def _tables(lines: Iterable[list[str]]) -> Iterator[str]:
    columns = defaultdict(list)
    for kind, table, *rest in lines:
        if kind == "column":
            _, name, sql_type, nullability, value = (*rest, "")[:5]
            generated = value.removeprefix("generated: ")
            if generated != value:
                default = f"GENERATED ALWAYS AS ({generated}) STORED"
            else:
                default = f"DEFAULT {value}" if value else ""
            columns[table].append(f'"{name}" {sql_type} {default} {nullability}')
    for table, definitions in columns.items():
        yield f'CREATE TABLE "{table}" ({", ".join(definitions)})'


def _keys(lines: list[list[str]]) -> Iterator[str]:
    """Primary and unique ones first, then unique indexes: foreign ones refer to them."""
    for kind, table, *rest in lines:
        if kind == "key" and rest[0] != "foreign":
            clause = f"CHECK ({_CHECKS[rest[1]]})" if rest[0] == "check" else f"{_KEYS[rest[0]]} ({rest[2]})"
            yield f"ALTER TABLE {table} ADD CONSTRAINT {rest[1]} {clause}"
    for kind, table, *rest in lines:
        if kind == "index":
            name, unique, method, columns, where = (*rest, "")[:5]
            condition = f" WHERE {where}" if where else ""
            yield (
                f"CREATE {'UNIQUE' if unique == 'unique' else ''} INDEX {name}"
                f' ON "{table}" USING {method} ({columns}){condition}'
            )
    for kind, table, *rest in lines:
        if kind == "key" and rest[0] == "foreign":
            _, name, columns, target, target_columns, on_delete, on_update = rest
            yield (
                f"ALTER TABLE {table} ADD CONSTRAINT {name} FOREIGN KEY ({columns})"
                f" REFERENCES {target} ({target_columns}) ON DELETE {on_delete} ON UPDATE {on_update}"
            )


def _triggers(lines: Iterable[list[str]]) -> Iterator[str]:
    for kind, table, *rest in lines:
        if kind == "trigger":
            name, timing, function = rest
            events, _, each = timing.rpartition(", each ")
            yield f'CREATE TRIGGER {name} {events} ON "{table}" FOR EACH {each} EXECUTE FUNCTION {function}()'
