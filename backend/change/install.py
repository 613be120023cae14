"""Triggers that note changes, brought to what the policies say. Rules: docs/caching.md.

They are no part of a revision, since they follow from the policies of the version that runs. `computor db upgrade`
makes them after the revisions, as far as they are not there already.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from backend.change.note import Note
    from backend.change.notes import Notes

_EVENTS = {
    "insert": "REFERENCING NEW TABLE AS gateway_new",
    "update": "REFERENCING OLD TABLE AS gateway_old NEW TABLE AS gateway_new",
    "delete": "REFERENCING OLD TABLE AS gateway_old",
    "truncate": "",
}

SCHEMA = "SELECT quote_ident(current_schema())"

# What is noted must outlast a crash where a transaction may: one that is prepared.
IS_KEPT_RIGHTLY = """
SELECT (relpersistence = 'u') = (current_setting('max_prepared_transactions') = '0')
FROM pg_class WHERE oid = 'gateway_change'::regclass
"""
KEEP_RIGHTLY = f"""
DO $kept$
BEGIN
    IF NOT ({IS_KEPT_RIGHTLY}) THEN
        EXECUTE 'ALTER TABLE gateway_change SET '
            || CASE current_setting('max_prepared_transactions') WHEN '0' THEN 'UNLOGGED' ELSE 'LOGGED' END;
    END IF;
END
$kept$
"""

# One row for each table: its triggers' events that fire for every writer, and the body of the function that they call.
INSTALLED = r"""
SELECT own.relname, string_agg(substr(tgname, length('gateway_change_') + 1), ',' ORDER BY tgname), min(prosrc)
FROM pg_trigger
JOIN pg_class AS own ON own.oid = tgrelid
JOIN pg_proc ON pg_proc.oid = tgfoid
WHERE own.relnamespace = current_schema()::regnamespace AND pronamespace = own.relnamespace
    AND tgname LIKE 'gateway\_change\_%' AND tgenabled = 'A' AND prosecdef AND proname = 'gateway_note_' || own.relname
GROUP BY own.relname
"""

# What is read stands on more than rows: which tables have the names, how their columns were made, and by which triggers
# and functions it is noted what is written to them. Where anything of that was made anew, this is another text. Nothing
# rewrites rows without a note, and leaves all of it as it was.
STANDING = r"""
SELECT concat(pg_relation_filenode('gateway_change'), ' ', md5(string_agg(
    concat_ws(' ', relname, columns.made, noting.made), ',' ORDER BY own.oid
)))
FROM pg_class AS own
CROSS JOIN LATERAL (
    SELECT sum(pg_attribute.xmin::text::bigint) AS made FROM pg_attribute WHERE attrelid = own.oid
) AS columns
JOIN (
    SELECT tgrelid, string_agg(
        concat_ws(' ', pg_trigger.oid, pg_trigger.xmin, pg_proc.xmin), ',' ORDER BY pg_trigger.oid
    ) AS made
    FROM pg_trigger JOIN pg_proc ON pg_proc.oid = tgfoid
    WHERE tgname LIKE 'gateway\_change\_%' GROUP BY tgrelid
) AS noting ON tgrelid = own.oid
WHERE own.relnamespace = current_schema()::regnamespace
"""


def lacking(notes: Iterable[Note], installed: Iterable[tuple[str, str, str]]) -> list[Note]:
    """The notes whose triggers are not as they should be, given the rows of `INSTALLED`."""
    found = {table: (events, body) for table, events, body in installed}
    return [note for note in notes if found.get(note.table) != (",".join(sorted(_EVENTS)), note.body)]


def are_noted(database_url: str, notes: Notes) -> bool:
    """Whether all changes of that database are noted as they should be."""
    with psycopg.connect(database_url) as connection:
        ((schema,),) = connection.execute(SCHEMA)
        if connection.execute(IS_KEPT_RIGHTLY).fetchone() != (True,):
            return False
        return not lacking(notes.noted(schema), connection.execute(INSTALLED).fetchall())


def statements(notes: Sequence[Note]) -> Iterator[str]:
    """What makes the triggers, whatever was there before, and has whoever reads their notes look at them anew."""
    if notes:
        yield "INSERT INTO gateway_change (table_name, operation, layout) VALUES ('gateway_change', 'install', '')"
    for note in notes:
        yield (
            f'CREATE OR REPLACE FUNCTION "{note.function}"() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER'
            f" SET search_path = pg_catalog, pg_temp AS $note${note.body}$note$"
        )
        for event, referencing in _EVENTS.items():
            name = f"gateway_change_{event}"
            yield (
                f'CREATE OR REPLACE TRIGGER {name} AFTER {event.upper()} ON "{note.table}" {referencing}'
                f' FOR EACH STATEMENT EXECUTE FUNCTION "{note.function}"()'
            )
            yield f'ALTER TABLE "{note.table}" ENABLE ALWAYS TRIGGER {name}'
