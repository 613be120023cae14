"""All rows, into a database."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

import psycopg
from psycopg import sql

from backend.seed.cast import cast
from backend.seed.copy import copy, encode
from backend.seed.size import SIZES
from backend.seed.tables import NAMES
from backend.seed.university import University

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import Future

    from psycopg import Connection

    from backend.seed.cast import DemoUser
    from backend.seed.copy import Batch
    from backend.seed.size import SizeName

Made = TypeVar("Made")


class DatabaseInUseError(Exception):
    """There are users in the database, so no data is made up for it."""


def is_empty(database_url: str) -> bool:
    """Whether a migrated database has no users."""
    with psycopg.connect(database_url) as connection:
        return _is_empty(connection)


def load(database_url: str, size: SizeName) -> tuple[DemoUser, ...]:
    """Write the data, all of it or nothing, and say who may be logged in as.

    Shows its progress on stderr where that is a terminal. Raises DatabaseInUseError where there are users.
    """
    people = cast(size)
    # Names are of many scripts, whatever the environment says.
    with psycopg.connect(database_url, client_encoding="utf8") as connection:
        # Nobody else adds users, nor loads, until this is done.
        connection.execute('LOCK TABLE "user" IN SHARE ROW EXCLUSIVE MODE')
        if not _is_empty(connection):
            raise DatabaseInUseError(
                "The database has users already, and demo data is only loaded into one without: "
                "choose another database, or drop this one's data first."
            )
        _write(connection, size, people)
    with psycopg.connect(database_url, autocommit=True) as connection:
        # What pages are visible to all is worth knowing too: without it the first counts read every row.
        tables = sql.SQL(", ").join(map(sql.Identifier, NAMES.values()))
        connection.execute(sql.SQL("VACUUM (ANALYZE) {}").format(tables))
    return people


def _is_empty(connection: Connection[Any]) -> bool:
    return connection.execute('SELECT FROM "user" LIMIT 1').fetchone() is None


def _write(connection: Connection[Any], size_name: SizeName, demo_users: tuple[DemoUser, ...]) -> None:
    university = University(SIZES[size_name], demo_users)
    for rows in university.shared():
        copy(connection, encode(rows))
    connection.execute("SELECT setval('user_unique_fs_number_seq', %s)", (len(university.people.users),))

    def work_on(course: int) -> list[Batch | None]:
        return [encode(rows) for rows in university.of_course(course)]

    # Takes its time to import, which each start of the gateway would pay: it asks this module whether there are users.
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import Progress  # noqa: PLC0415

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        batches = _one_ahead(work_on, university.courses)
        for course in progress.track(batches, total=len(university.courses), description="Loading courses"):
            for batch in course:
                copy(connection, batch)


def _one_ahead(function: Callable[[int], Made], arguments: Iterable[int]) -> Iterator[Made]:
    """What the function makes of each, in a thread: the next one while the caller, and the server, work on this one."""
    coming: Future[Made] | None = None
    with ThreadPoolExecutor(1) as executor:
        for argument in arguments:
            made, coming = coming, executor.submit(function, argument)
            if made:
                yield made.result()
        if coming:
            yield coming.result()
