"""All rows, into a database."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import psycopg
from psycopg import sql

from backend.seed.cast import cast
from backend.seed.contents import make_contents
from backend.seed.copy import copy, encode
from backend.seed.courses import make_class, make_families
from backend.seed.institutions import make_backends, make_organizations
from backend.seed.people import make_people
from backend.seed.records import make_records
from backend.seed.size import SIZES
from backend.seed.submissions import make_work
from backend.seed.tables import NAMES

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
    size = SIZES[size_name]
    people = make_people(size, demo_users)
    organizations = make_organizations(size, people)
    records = make_records(people, organizations[0])
    families = make_families(size, people, organizations)
    backends = make_backends(size, people)
    classes = [
        make_class(edition, size, people, demo_users, families, backends) for edition in range(len(size.editions))
    ]
    trees = [make_contents(size, lesson, backends) for lesson in classes]
    # Table by table: checks of keys are planned once, and planned for few rows they would go on reading all of many.
    tables: tuple[Iterable[NamedTuple], ...] = (
        people.users,
        people.roles,
        records.accounts,
        records.profiles,
        organizations,
        records.matriculations,
        families.values(),
        backends.values(),
        (lesson.course for lesson in classes),
        (link for lesson in classes for link in lesson.backends),
        (group for lesson in classes for group in lesson.groups),
        (member for lesson in classes for member in lesson.members),
        (kind for tree in trees for kind in tree.types),
        (node for tree in trees for node in tree.nodes),
    )
    for rows in tables:
        copy(connection, encode(list(rows)))
    connection.execute("SELECT setval('user_unique_fs_number_seq', %s)", (len(people.users),))

    def work_on(course: int) -> tuple[Batch | None, ...]:
        work = make_work(size, classes[course], trees[course])
        return encode(work.groups), encode(work.members), encode(work.results)

    # Takes its time to import, which each start of the gateway would pay: it asks this module whether there are users.
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import Progress  # noqa: PLC0415

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        batches = _one_ahead(work_on, range(len(classes)))
        for course in progress.track(batches, total=len(classes), description="Loading courses"):
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
