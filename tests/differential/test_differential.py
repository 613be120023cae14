"""Random documents: what the gateway answers is what the naive reference answers, for every kind of user.

DIFFERENTIAL_SEED and DIFFERENTIAL_STEPS say which documents and how many. A failure prints the seed of its
document, which repeats it alone:

    DIFFERENTIAL_SEED=20250923:17 python -m pytest tests/differential
"""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING

import pytest
from graphql import GraphQLObjectType, get_named_type

from backend.interface.registry import INTERFACES
from tests.differential.generate import Case, make_case
from tests.differential.principals import USERS
from tests.differential.reference import ROOT_MANY, ROOT_ONE
from tests.differential.reference_access import RULES
from tests.differential.reference_relations import RELATIONS, TYPES
from tests.differential.trial import shown
from tests.support.repeat import given_seed, steps

if TYPE_CHECKING:
    from tests.differential.trial import Failure, Trial

_FIXED = "20250923"
_DOCUMENTS = steps("DIFFERENTIAL", 300)
_MOST_FAILURES = 3


def _seeds() -> dict[str, str]:
    """A fixed seed, and one that is new each time so that runs go on finding things; by names that stay the same."""
    given = given_seed("DIFFERENTIAL")
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


_SEEDS = _seeds()


@pytest.mark.parametrize("which", _SEEDS)
def test_gateway_answers_random_documents_as_the_reference_does(trial: Trial, which: str) -> None:
    seed = _SEEDS[which]
    print(f"DIFFERENTIAL_SEED={seed}")  # noqa: T201 - pytest shows it where the test fails
    share = max(1, _DOCUMENTS // len(_SEEDS))
    seeds = [seed] if ":" in seed else [f"{seed}:{number}" for number in range(share)]
    failures: list[str] = []
    for each in seeds:
        user, case = _case(trial, each)
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


def _case(trial: Trial, seed: str) -> tuple[str, Case]:
    """Whom a seed asks as, and what. Both follow from the seed, so that it alone repeats its document.

    The numbers of users and types have no common divisor, so that running numbers come to all pairs in time.
    """
    number = int(seed.rpartition(":")[2])
    user, about = USERS[number % len(USERS)], TYPES[number % len(TYPES)]
    return user, make_case(seed, trial.reference.schema, trial.reference.world, trial.reference.viewer(user), about)


def test_all_entities_are_asked_about_by_all_kinds_of_users_in_time() -> None:
    assert len({(number % len(USERS), number % len(TYPES)) for number in range(len(USERS) * len(TYPES))}) == (
        len(USERS) * len(TYPES)
    )


def test_every_entity_is_in_the_rules_the_world_and_a_short_run(trial: Trial) -> None:
    names = {interface.model.__name__ for interface in INTERFACES}
    assert set(RULES) == names
    assert {name for name, rows in trial.reference.world.rows.items() if rows} == names
    roots = {name: {field for field, of in {**ROOT_ONE, **ROOT_MANY}.items() if of == name} for name in names}
    cases = {number: _case(trial, f"{_FIXED}:{number}")[1] for number in range(len(TYPES))}
    for number, case in cases.items():
        asked = set(re.findall(r"\w+", case.document))
        assert roots[TYPES[number]] & asked, TYPES[number]


def test_every_relation_of_the_contract_is_one_of_the_reference(trial: Trial) -> None:
    types = {name: of for name, of in trial.reference.schema.type_map.items() if name in TYPES}
    contract = {
        (name, field)
        for name, of in types.items()
        for field, value in (of.fields if isinstance(of, GraphQLObjectType) else {}).items()
        if get_named_type(value.type).name.removesuffix("Connection") in TYPES
    }
    assert contract == set(RELATIONS)


def _report(trial: Trial, seed: str, user: str, case: Case, failure: Failure) -> str:
    smaller = trial.shrink(user, case)
    return shown(seed, user, smaller, trial.run(user, smaller) or failure)
