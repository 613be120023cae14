"""What a reader cannot see leaves no trace in any answer: hidden rows and columns change, and no answer does.

The documents are made of the catalog, so that they cover each field, relation, order, filter, search and figure of each
entity. That they would show a difference at all is seen in the answers of somebody who may see what has changed.
"""

from __future__ import annotations

import re
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from backend.access.credentials import create_token
from backend.interface.entity import Entity, Field, Kind, Relation
from backend.interface.reflection import reflect
from backend.interface.registry import INTERFACES
from backend.plan.aggregate import FUNCTIONS, aggregated_fields
from tests.support.gateway import AT_ANY_COST, RunningGateway, running_gateway
from tests.support.university import build_university, build_upload

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.world import World

CATALOG = reflect(INTERFACES)
# The same on every entity: tried on one.
AUTHORS, AUTHORED = ("createdBy", "updatedBy"), "Course"
# By kind: a test that divides the rows of the university before or after the change.
TESTS = {
    Kind.STRING: 'contains: "hidden"',
    Kind.FLOAT: "gt: 0.4",
    Kind.INT: "gt: 0",
    Kind.BIGINT: 'gt: "0"',
    Kind.DATETIME: 'gt: "2026-06-01T00:00:00Z"',
    Kind.BOOLEAN: "eq: true",
    Kind.TREE_PATH: 'matches: "*.hidden*.*"',
    Kind.STRING_LIST: 'containsAny: ["hidden"]',
}
PAGE = "edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage }"


def _relations(entity: Entity) -> Iterator[Relation]:
    for relation in entity.relations.values():
        if relation.name not in AUTHORS or entity.name == AUTHORED:
            yield relation


def _outputs(entity: Entity, depth: int = 1) -> str:
    fields = list(entity.fields)
    for relation in _relations(entity):
        target = CATALOG[relation.target]
        if depth == 0:
            continue
        if relation.to_many:
            fields.append(f"{relation.name} {{ totalCount nodes {{ {_outputs(target, depth - 1)} }} }}")
        else:
            fields.append(f"{relation.name} {{ {_outputs(target, depth - 1)} }}")
    return " ".join(fields)


def _figures(entity: Entity) -> str:
    columns = {function: " ".join(aggregated_fields(entity, function)) for function in FUNCTIONS}
    return "count " + " ".join(f"{function} {{ {names} }}" for function, names in columns.items() if names)


def _orders(entity: Entity) -> Iterator[str]:
    sortable = [field.name for field in entity.fields.values() if _sortable(field)]
    yield from (f"{{ {name}: ASC }}" for name in sortable)
    for relation in _relations(entity):
        if not relation.to_many:
            target = CATALOG[relation.target]
            kinds = (Kind.STRING, Kind.FLOAT)
            names = [field.name for field in target.fields.values() if _sortable(field) and field.kind in kinds][:3]
            yield from (f"{{ {relation.name}: {{ {name}: DESC }} }}" for name in names)


def _sortable(field: Field) -> bool:
    return field.in_sql and field.kind is not Kind.STRING_LIST and field.name != "databaseId"


def _tests(entity: Entity) -> Iterator[str]:
    for field in entity.fields.values():
        if field.in_sql and field.name != "databaseId":
            yield f"{field.name}: {{ {TESTS.get(field.kind, 'isNull: true')} }}"


def _filters(entity: Entity) -> Iterator[str]:
    yield from _tests(entity)
    for relation in _relations(entity):
        target = CATALOG[relation.target]
        divides = [test for test in _tests(target) if "hidden" in test or "0.4" in test][:1]
        for inner in ("", *divides):
            if relation.to_many:
                yield from (f"{relation.name}: {{ {how}: {{ {inner} }} }}" for how in ("some", "none", "every"))
            else:
                yield f"{relation.name}: {{ {inner} }}"


SEARCHES = (
    'courseMembers(search: { givenName: "hidden" })',
    'courseMembers(search: { familyName: "son" })',
    'users(search: { givenName: "hidden" })',
    "results(search: { latest: true })",
    "results(search: { latest: true, submit: false })",
    "courseContents(search: { isSubmittable: true })",
    "courseContents(search: { courseContentKindId: assignment })".replace("assignment", '"assignment"'),
    'courseContents(search: { descendants: "week_1" })',
    'courses(search: { providerUrl: "hidden" })',
)


def _documents() -> Iterator[tuple[str, str]]:
    """Documents by what they try."""
    for entity in CATALOG.values():
        name = entity.plural
        everything = f"first: 500{', archived: INCLUDE' if entity.archivable else ''}"
        yield f"{name} whole", f"{name}({everything}) {{ totalCount {PAGE} nodes {{ {_outputs(entity)} }} }}"
        yield f"{name} figures", f"{name}({everything}) {{ aggregate {{ {_figures(entity)} }} }}"
        for order in _orders(entity):
            if (key := re.sub("ASC|DESC", "VALUE", order)) != "{ id: VALUE }":
                keys = re.sub(": (?:VALUE)?", " ", key)
                groups = f"groups(by: [{key}], first: 500) {{ keys {keys} {_figures(entity)} }}"
                yield f"{name} grouped by {key}", f"{name}({everything}) {{ {groups} }}"
            yield f"{name} by {order}", f"{name}(first: 2, orderBy: [{order}]) {{ {PAGE} }}"
        for test in _filters(entity):
            yield f"{name} where {test}", f"{name}(filter: {{ {test} }}) {{ totalCount }}"
    for search in SEARCHES:
        yield search, f"{search} {{ totalCount nodes {{ id }} }}"


DOCUMENTS = tuple(_documents())
# A stride would meet the same kinds again and again.
SOME = Random(1).sample(DOCUMENTS, len(DOCUMENTS) // 3)  # noqa: S311 - nothing secret
TOGETHER = 60


def _answers(gateway: RunningGateway, reader: str) -> dict[str, Any]:
    answers: dict[str, Any] = {}
    # To see that the changes show at all, and that a narrowed token is no wider, a part of them is enough.
    documents = DOCUMENTS if reader == "ada" else (*SOME, *DOCUMENTS[-len(SEARCHES) :])
    for start in range(0, len(documents), TOGETHER):
        some = documents[start : start + TOGETHER]
        query = "{" + " ".join(f"q{index}: {text}" for index, (_, text) in enumerate(some)) + "}"
        data = gateway.data(reader, query)
        answers.update({what: data[f"q{index}"] for index, (what, _) in enumerate(some)})
    return answers


# What ada, a student of algebra, cannot see; nor can who sees less.
HIDDEN_FROM_ADA = (
    "DELETE FROM course_member WHERE course_role_id = '_maintainer'",
    "DELETE FROM result WHERE test_system_id = 'job of dan 1'",
    "INSERT INTO \"user\" (given_name, family_name, username) VALUES ('hidden', 'Aaason', 'hidden')",
    "DELETE FROM user_role WHERE role_id = 'course_admin'",
    """INSERT INTO course_content (path, position, course_id, course_content_type_id)
       SELECT 'week_1.hidden', 1, course.id, type.id FROM course JOIN course_content_type type ON course_id = course.id
       WHERE course.path = 'geometry' AND course_content_kind_id = 'assignment'""",
    # What follows changes no count of updates, which the rows in sight show rightly.
    "SET session_replication_role = replica",
    """UPDATE "user" SET given_name = 'hidden', family_name = username, number = username, version = 9,
       updated_at = now() WHERE username <> 'ada'""",
    "UPDATE organization SET title = 'hidden', path = 'hidden', country = 'hidden' WHERE title = 'Tech'",
    "UPDATE course_family SET title = 'hidden', path = 'hidden' WHERE title = 'Science'",
    """UPDATE course SET title = 'hidden', path = path || 'hidden', description = 'hidden', updated_at = now(),
       properties = '{"gitlab": {"url": "hidden"}}' WHERE title IN ('Geometry', 'Chemistry')""",
    "UPDATE course_group SET title = 'hidden' FROM course WHERE course.id = course_id AND course.path <> 'algebra'",
    """UPDATE course_content_type SET color = 'red', title = 'hidden' FROM course
       WHERE course.id = course_id AND course.path <> 'algebra'""",
    """UPDATE course_content SET title = 'hidden', position = 9, max_group_size = 9 FROM course
       WHERE course.id = course_id AND course.path <> 'algebra'""",
    """UPDATE course_content SET title = 'hidden', position = 0.1, max_test_runs = 9, path = 'week_1.hidden'
       WHERE archived_at IS NOT NULL""",
    """UPDATE execution_backend SET properties = '{"n": "hidden"}', version = 9, updated_at = now()""",
    "UPDATE result SET reference_version_identifier = 'hidden'",
    """UPDATE result SET result = 0.01, status = 3, submit = true, version_identifier = 'hidden', created_at = now()
       WHERE test_system_id IN ('job of bob 1', 'job of cyd 1')""",
    """UPDATE course_submission_group SET max_group_size = 9 FROM course
       WHERE course.id = course_id AND course.path <> 'algebra'""",
    """UPDATE course_member SET properties = '{"n": "hidden"}', version = 9
       WHERE user_id IN (SELECT id FROM "user" WHERE username <> 'ada')""",
    """UPDATE submission_artifact SET version_identifier = 'hidden', submit = true, file_size = 99, uploaded_at = now()
       FROM course_submission_group_member member JOIN course_member ON course_member.id = course_member_id
       WHERE member.course_submission_group_id = submission_group_id
           AND user_id IN (SELECT id FROM "user" WHERE username IN ('bob', 'cyd'))""",
    "UPDATE submission_artifact SET bucket_name = 'moved', object_key = 'moved'",
    """UPDATE result_artifact SET content_type = 'hidden', file_size = 99 FROM result
       WHERE result.id = result_id AND test_system_id IN ('job of bob 1', 'job of cyd 1')""",
    """UPDATE submission_review SET body = 'hidden', review_type = 'hidden'
       WHERE reviewer_course_member_id IN (SELECT id FROM course_member WHERE course_role_id = '_student')""",
    "RESET session_replication_role",
)


@pytest.fixture(scope="module")
def before_and_after(own_world: World) -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """The answers of each reader before the change and after it."""
    build_university(own_world)
    build_upload(own_world, "bob", "bob alone", "bob 1", "bob", reviewer="mia")
    build_upload(own_world, "cyd", "cyd alone", "cyd 1", "cyd", course="geometry", reviewer="cyd")
    # Timestamps that the change makes must not differ from those that the readers see by chance.
    own_world.connection.execute("UPDATE result SET created_at = '2026-01-01T00:00:00Z'")
    readers = ("ada", "narrow", "adi")
    url = own_world.database_url
    tokens = {user: create_token(url, user=user) for user in readers if user != "narrow"}
    tokens["narrow"] = create_token(url, user="ada", scopes=["course:get", "result:get", "user:get"])
    with running_gateway(url, tokens, max_root_fields=200, **AT_ANY_COST) as gateway:
        before = {reader: _answers(gateway, reader) for reader in readers}
        for statement in HIDDEN_FROM_ADA:
            assert own_world.connection.execute(statement.encode()).rowcount != 0, statement
        after = {reader: _answers(gateway, reader) for reader in readers}
    return {reader: (before[reader], after[reader]) for reader in readers}


@pytest.mark.parametrize("reader", ["ada", "narrow"])
def test_hidden_changes_change_no_answer(
    before_and_after: dict[str, tuple[dict[str, Any], dict[str, Any]]], reader: str
) -> None:
    before, after = before_and_after[reader]
    told = {what: (before[what], after[what]) for what in before if before[what] != after[what]}
    assert told == {}


def test_these_documents_show_the_changes_to_whoever_may_see_them(
    before_and_after: dict[str, tuple[dict[str, Any], dict[str, Any]]],
) -> None:
    before, after = before_and_after["adi"]
    told = [what for what in before if before[what] != after[what]]
    assert len(told) > len(before) / 5
    assert [search for search in SEARCHES if search not in told] == []
    kinds = ("whole", "figures", " by ", "where", "some", "none", "every")
    assert [kind for kind in kinds if not any(kind in what for what in told)] == []
