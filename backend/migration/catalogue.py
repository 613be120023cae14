"""What a database has, read off PostgreSQL's own catalogue into a plain form that can be compared.

Definitions are as PostgreSQL writes them. So what is compared must come from one server and be visible without naming
its schema, else the same thing would be written in two ways.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import text

from backend.revision import VERSION_TABLE

if TYPE_CHECKING:
    from sqlalchemy import Connection

_COMPUTORS_VERSION_TABLE = "alembic_version"


class Part(NamedTuple):
    """What is compared: a kind, the table that it belongs to (else empty), and a name (else empty)."""

    kind: str
    table: str
    name: str


Catalogue = dict[Part, str]
"""Definitions by part."""

_TABLES = """
    FROM pg_class AS own WHERE own.relnamespace = current_schema()::regnamespace AND own.relkind IN ('r', 'p')
        AND own.relname NOT IN (:version_table, :computors_version_table)
"""
_COLUMNS = f"""
    FROM pg_attribute
    JOIN (SELECT own.oid, own.relname {_TABLES}) AS own ON own.oid = attrelid AND attnum > 0 AND NOT attisdropped
"""
_OF_EXTENSION = "SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e'"
# A server without uuid-ossp has a stand-in for one function of that extension.
_FUNCTIONS = f"""
    FROM pg_proc JOIN pg_language ON pg_language.oid = prolang
    WHERE pronamespace = current_schema()::regnamespace AND proname <> 'uuid_generate_v4' AND prokind = 'f'
        AND NOT EXISTS ({_OF_EXTENSION})
"""

_QUERIES = (
    f"SELECT 'table', own.relname, '', CASE relpersistence WHEN 'u' THEN 'unlogged' ELSE '' END {_TABLES}",
    f"""
    SELECT 'column', own.relname, attname, format_type(atttypid, atttypmod)
        || coalesce((SELECT ' COLLATE "' || collname || '"' FROM pg_collation
                     WHERE pg_collation.oid = attcollation AND collname <> 'default'), '')
    {_COLUMNS}
    """,  # noqa: S608 - of constants
    f"SELECT 'nullability', own.relname, attname, CASE WHEN attnotnull THEN 'NOT NULL' ELSE 'NULL' END {_COLUMNS}",
    f"""
    SELECT 'default', own.relname, attname,
        CASE attgenerated WHEN 's' THEN 'generated: ' ELSE '' END || pg_get_expr(adbin, adrelid)
    {_COLUMNS} JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
    """,
    # Whether old rows were looked through makes no difference for what is written from now on.
    f"""
    SELECT CASE contype WHEN 'p' THEN 'primary key' WHEN 'u' THEN 'unique key' WHEN 'f' THEN 'foreign key'
            ELSE 'check' END,
        own.relname, conname, regexp_replace(pg_get_constraintdef(pg_constraint.oid), ' NOT VALID$', '')
    FROM pg_constraint JOIN (SELECT own.oid, own.relname {_TABLES}) AS own ON own.oid = conrelid
    WHERE contype IN ('p', 'u', 'f', 'c')
    """,  # noqa: S608 - of constants
    f"""
    SELECT CASE WHEN indisunique THEN 'unique index' ELSE 'index' END, own.relname, mine.relname,
        regexp_replace(pg_get_indexdef(indexrelid, 0, true), '^.* USING ', 'USING ')
        || CASE WHEN indisvalid THEN '' ELSE ' (invalid)' END
    FROM pg_index JOIN (SELECT own.oid, own.relname {_TABLES}) AS own ON own.oid = indrelid
    JOIN pg_class AS mine ON mine.oid = indexrelid
    WHERE NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u'))
    """,  # noqa: S608 - of constants
    f"""
    SELECT 'trigger', own.relname, tgname,
        pg_get_triggerdef(pg_trigger.oid, true)
        || CASE tgenabled WHEN 'D' THEN ' (disabled)' WHEN 'A' THEN ' (always)' ELSE '' END
    FROM pg_trigger JOIN (SELECT own.oid, own.relname {_TABLES}) AS own ON own.oid = tgrelid WHERE NOT tgisinternal
    """,  # noqa: S608 - of constants
    f"""
    SELECT 'function', '', proname,
        pg_get_function_arguments(pg_proc.oid) || ' RETURNS ' || pg_get_function_result(pg_proc.oid)
        || CASE WHEN prosecdef THEN ' SECURITY DEFINER' ELSE '' END
    {_FUNCTIONS}
    """,
    f"""
    SELECT 'body', '', proname, lanname || ': '
        || replace(coalesce(pg_get_function_sqlbody(pg_proc.oid), prosrc), quote_ident(current_schema()) || '.', '')
    {_FUNCTIONS}
    """,
    """
    SELECT 'enum', '', typname, string_agg(enumlabel, ', ' ORDER BY enumsortorder)
    FROM pg_enum JOIN pg_type ON pg_type.oid = enumtypid
    WHERE typnamespace = current_schema()::regnamespace GROUP BY typname
    """,
    """
    SELECT 'sequence', '', relname, format_type(seqtypid, NULL)
    FROM pg_sequence JOIN pg_class ON pg_class.oid = seqrelid WHERE relnamespace = current_schema()::regnamespace
        AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = seqrelid AND deptype IN ('a', 'i'))
    """,
)
# The platform's rules name these rows.
_TABLES_OF_ROWS = ("role", "course_role", "course_content_kind")


def read(connection: Connection) -> Catalogue:
    """All of the schema that the connection's names are looked up in first, and the ids of built-in rows."""
    values = {"version_table": VERSION_TABLE, "computors_version_table": _COMPUTORS_VERSION_TABLE}
    found: Catalogue = {}
    for query in _QUERIES:
        statement = text(query)
        used = {name: value for name, value in values.items() if name in statement.compile().params}
        for kind, table, name, definition in connection.execute(statement, used):
            found[Part(kind, table, name)] = definition
    for table in _TABLES_OF_ROWS:
        if Part("column", table, "id") in found:
            for (key,) in connection.execute(text(f'SELECT id FROM "{table}"')):  # noqa: S608 - of constants
                found[Part("row", table, str(key))] = ""
    return found
