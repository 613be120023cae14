"""All rows, into a database."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import psycopg
from psycopg import sql
from rich.console import Console
from rich.progress import Progress

from backend.seed.cast import cast
from backend.seed.contents import make_contents
from backend.seed.copy import copy_rows
from backend.seed.courses import make_class, make_families
from backend.seed.institutions import make_backends, make_organizations
from backend.seed.people import make_people
from backend.seed.size import SIZES
from backend.seed.submissions import make_work
from backend.seed.tables import NAMES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import Executor, Future

    from psycopg import Connection

    from backend.seed.cast import DemoUser
    from backend.seed.contents import Contents
    from backend.seed.courses import Class
    from backend.seed.size import SizeName
    from backend.seed.submissions import Work


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
    families = make_families(size, people, organizations)
    backends = make_backends(size, people)
    classes = [
        make_class(edition, size, people, demo_users, families, backends) for edition in range(len(size.editions))
    ]
    trees = [make_contents(size, lesson, backends) for lesson in classes]
    # Table by table, for checks of keys are planned once: with few rows they would go on reading all when there are many.
    tables: tuple[Iterable[NamedTuple], ...] = (
        people.users,
        people.roles,
        organizations,
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
        copy_rows(connection, list(rows))
    connection.execute("SELECT setval('user_unique_fs_number_seq', %s)", (len(people.users),))

    console = Console(stderr=True)
    # The next course's work is thought up while the server writes this one's.
    with ThreadPoolExecutor(1) as ahead, Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        works = _one_ahead(ahead, partial(make_work, size), zip(classes, trees, strict=True))
        for work in bar.track(works, total=len(classes), description="Loading courses"):
            copy_rows(connection, work.groups)
            copy_rows(connection, work.members)
            copy_rows(connection, work.results)


def _one_ahead(
    executor: Executor, function: Callable[[Class, Contents], Work], arguments: Iterable[tuple[Class, Contents]]
) -> Iterator[Work]:
    """What the function makes of each, the next one begun before the caller asks for it."""
    coming: Future[Work] | None = None
    for pair in arguments:
        before, coming = coming, executor.submit(function, *pair)
        if before:
            yield before.result()
    if coming:
        yield coming.result()
