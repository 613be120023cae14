"""Random documents: what the gateway answers is what the naive reference answers, for every kind of user.

DIFFERENTIAL_SEED and DIFFERENTIAL_DOCUMENTS say which documents and how many. A failure prints the seed of its
document, which repeats it alone:

    DIFFERENTIAL_SEED=20250923:17 python -m pytest tests/differential
"""

from __future__ import annotations

import os
import secrets
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from backend.access.credentials import create_token
from backend.graphql.schema import build_schema
from backend.interface.base import Limits
from backend.interface.reflection import reflect
from backend.seed import load
from tests.differential.generate import Case, make_case
from tests.differential.oddities import add_oddities
from tests.differential.reference import Reference
from tests.differential.reference_rows import INTERFACES, World
from tests.differential.trial import USERS, Trial, shown
from tests.gateway import running_gateway

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.differential.trial import Failure

_FIXED = "20250923"
_DOCUMENTS = int(os.environ.get("DIFFERENTIAL_DOCUMENTS", "300"))
_MOST_FAILURES = 3


def _seeds() -> dict[str, str]:
    """A fixed seed, and one that is new each time so that runs go on finding things; by names that stay the same."""
    given = os.environ.get("DIFFERENTIAL_SEED")
    return {"given": given} if given else {"fixed": _FIXED, "fresh": secrets.token_hex(4)}


# Documents that once were answered wrongly.
_FOUND = (
    ("admin", '{ courseMembers(search: {givenName: "a"}) { totalCount } }'),
    ("tutor", '{ courseMembers(search: {familyName: "e"}) { totalCount } }'),
    ("lecturer", "{ courseContents(search: {isSubmittable: true}) { totalCount } }"),
    ("student", '{ courseContents(search: {courseContentKindId: "unit"}) { totalCount } }'),
    ("orgmanager", "{ activeCourses { totalCount nodes { id } } }"),
    ("admin", "{ results(filter: {status: {isNull: true}}) { totalCount } }"),
    (
        "admin",
        "{ results(filter: {status: {ne: COMPLETED}}, orderBy: {status: DESC}) { nodes { status } } }",
    ),
    ("stranger", "{ executionBackends { nodes { slug type version createdAt } } }"),
)


@pytest.fixture(scope="module")
def odd_database(postgres_url: str, migrated_template: str) -> Iterator[str]:
    """URL of a database with the demo data, made odd; dropped afterwards."""
    name = f"test_{uuid4().hex}"
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        create = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        connection.execute(create.format(sql.Identifier(name), sql.Identifier(migrated_template)))
    url = urlsplit(postgres_url)._replace(path=f"/{name}").geturl()
    load(url, "demo")
    add_oddities(url)
    yield url
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture(scope="module")
def trial(odd_database: str) -> Iterator[Trial]:
    """A gateway and a reference that answer from the same rows."""
    tokens = {user: create_token(odd_database, user=user, name="differential") for user in USERS}
    contract = build_schema(reflect(INTERFACES), Limits()).as_str()
    with running_gateway(odd_database, tokens) as gateway:
        yield Trial(gateway, Reference(contract, World(odd_database)))


_SEEDS = _seeds()


@pytest.mark.parametrize("which", _SEEDS)
def test_gateway_answers_random_documents_as_the_reference_does(trial: Trial, which: str) -> None:
    seed = _SEEDS[which]
    print(f"DIFFERENTIAL_SEED={seed}")  # noqa: T201 - pytest shows it where the test fails
    share = max(1, _DOCUMENTS // len(_SEEDS))
    # The user belongs to the seed, so that the seed alone repeats a document.
    seeds = [seed] if ":" in seed else [f"{seed}:{number}" for number in range(share)]
    failures: list[str] = []
    for each in seeds:
        user = USERS[int(each.rpartition(":")[2]) % len(USERS)]
        case = make_case(each, trial.reference.schema, trial.reference.world)
        failure = trial.run(user, case)
        if failure is not None:
            failures.append(_report(trial, each, user, case, failure))
        if len(failures) == _MOST_FAILURES:
            break
    assert not failures, "\n\n".join(("", *failures))


@pytest.mark.parametrize(("user", "document"), _FOUND)
def test_gateway_answers_what_it_once_got_wrong_as_the_reference_does(trial: Trial, user: str, document: str) -> None:
    failure = trial.run(user, Case(document, [{}]))
    assert failure is None, "\n".join(failure.differences)


def _report(trial: Trial, seed: str, user: str, case: Case, failure: Failure) -> str:
    smaller = trial.shrink(user, case)
    return shown(seed, user, smaller, trial.run(user, smaller) or failure)
