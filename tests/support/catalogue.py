"""What a database has, and what Computor's own has, in the lines of contract/computor-catalogue.tsv.

NOT NULL stands with the columns.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import LiteralString

import psycopg

_COMPUTORS = Path(__file__).parents[1] / "contract" / "computor-catalogue.tsv"

LIBRARY_AUTHORS = {
    ("key", table, "foreign", f"{table}_{column}_fkey")
    for table, column in (
        ("example", "created_by"),
        ("example", "updated_by"),
        ("example_repository", "created_by"),
        ("example_repository", "updated_by"),
        ("example_version", "created_by"),
    )
}
"""What the gateway changes of Computor's: these keys set null, instead of keeping a user from being deleted."""

# The queries name what they list as contract/computor-catalogue.tsv does.
_OWN = "relnamespace = 'public'::regnamespace AND relname <> 'gateway_alembic_version'"
_ACTIONS = {"a": "no action", "r": "restrict", "c": "cascade", "n": "set null", "d": "set default"}
_KEYS = {"p": "primary", "u": "unique", "f": "foreign", "c": "check"}

_ENUMS = """
    SELECT typname, string_agg(enumlabel, ', ' ORDER BY enumsortorder)
    FROM pg_enum JOIN pg_type ON pg_type.oid = enumtypid GROUP BY typname
"""
_SEQUENCES = """
    SELECT relname, format_type(seqtypid, NULL), seqstart::text
    FROM pg_sequence JOIN pg_class ON pg_class.oid = seqrelid
"""
# Functions of extensions are not ours, nor is the stand-in for one on servers without it.
_FUNCTIONS = """
    SELECT proname, pg_get_function_arguments(pg_proc.oid), pg_get_function_result(pg_proc.oid)
    FROM pg_proc
    WHERE pronamespace = 'public'::regnamespace AND proname <> 'uuid_generate_v4'
        AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')
"""
_COLUMNS = f"""
    SELECT relname, (row_number() OVER (PARTITION BY attrelid ORDER BY attnum))::text, attname,
        format_type(atttypid, atttypmod), CASE WHEN attnotnull THEN 'not null' ELSE 'null' END,
        CASE WHEN attgenerated = 's' THEN 'generated: ' ELSE '' END || coalesce(pg_get_expr(adbin, adrelid), '')
    FROM pg_attribute
    JOIN pg_class ON pg_class.oid = attrelid
    LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
    WHERE {_OWN} AND relkind = 'r' AND attnum > 0 AND NOT attisdropped
"""  # noqa: S608 - of constants
CONSTRAINTS = f"""
    SELECT conrelid::regclass::text, contype::text, conname,
        (SELECT string_agg(attname, ', ' ORDER BY place)
         FROM unnest(conkey) WITH ORDINALITY AS part (number, place)
         JOIN pg_attribute ON attrelid = conrelid AND attnum = number),
        CASE WHEN confrelid <> 0 THEN confrelid::regclass::text ELSE '' END,
        (SELECT string_agg(attname, ', ' ORDER BY place)
         FROM unnest(confkey) WITH ORDINALITY AS part (number, place)
         JOIN pg_attribute ON attrelid = confrelid AND attnum = number),
        confdeltype::text, confupdtype::text, pg_get_constraintdef(pg_constraint.oid)
    FROM pg_constraint
    JOIN pg_class ON pg_class.oid = conrelid
    WHERE {_OWN} AND contype IN ('p', 'u', 'f', 'c')
"""  # noqa: S608 - of constants
_INDEXES = r"""
    SELECT pg_class.relname, own.relname, CASE WHEN indisunique THEN 'unique' ELSE 'plain' END, amname,
        (SELECT string_agg(pg_get_indexdef(indexrelid, place, true), ', ' ORDER BY place)
         FROM generate_series(1, indnkeyatts) AS place),
        regexp_replace(coalesce(pg_get_expr(indpred, indrelid), ''), '^\((.*)\)$', '\1')
    FROM pg_index
    JOIN pg_class ON pg_class.oid = indrelid
    JOIN pg_class AS own ON own.oid = indexrelid
    JOIN pg_am ON pg_am.oid = own.relam
    WHERE pg_class.relnamespace = 'public'::regnamespace AND pg_class.relname <> 'gateway_alembic_version'
        AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u'))
"""
_TRIGGERS = f"""
    SELECT relname, tgname, pg_get_triggerdef(pg_trigger.oid), tgfoid::regproc::text
    FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid WHERE {_OWN} AND NOT tgisinternal
"""  # noqa: S608 - of constants


def computor_catalogue() -> list[str]:
    """What a database of Computor's own backend has, tables by the order of their columns."""
    return [line for line in _COMPUTORS.read_text().splitlines() if line and not line.startswith("#")]


def catalogue(database_url: str) -> set[str]:
    """What the database has, in the lines of contract/computor-catalogue.tsv; NOT NULL stands with the columns."""
    lines = set()
    with psycopg.connect(database_url) as connection:

        def add(kind: str, query: LiteralString) -> None:
            for row in connection.execute(query):
                lines.add("\t".join((kind, *(re.sub(r"\n\s*", " ", field or "") for field in row))))

        add("enum", _ENUMS)
        add("sequence", _SEQUENCES)
        add("function", _FUNCTIONS)
        add("column", _COLUMNS)
        add("index", _INDEXES)
        for table, kind, name, columns, target, target_columns, on_delete, on_update, _ in connection.execute(
            CONSTRAINTS
        ):
            actions = (_ACTIONS[on_delete], _ACTIONS[on_update]) if kind == "f" else ("", "")
            lines.add("\t".join(("key", table, _KEYS[kind], name, columns, target, target_columns or "", *actions)))
        for table, name, definition, function in connection.execute(_TRIGGERS):
            timing = re.search(r"(BEFORE|AFTER) (.*) ON .* FOR EACH (ROW|STATEMENT)", definition)
            assert timing is not None
            events = f"{timing[1]} {timing[2]}".replace("INSERT", "insert").replace("UPDATE OF", "update of")
            events = events.replace("BEFORE", "before").replace("AFTER", "after").replace(" OR ", " or ")
            lines.add("\t".join(("trigger", table, name, f"{events}, each {timing[3].lower()}", function)))
    return lines
