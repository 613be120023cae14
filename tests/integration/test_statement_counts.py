"""How many statements a document takes is a matter of its shape, never of the rows: PostgreSQL itself counts them."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from psycopg import sql

from backend.access.credentials import create_token
from backend.interface.reflection import reflect
from backend.interface.registry import INTERFACES
from backend.plan.aggregate import FUNCTIONS, aggregated_fields
from backend.plan.grouping import grouped_fields
from backend.plan.pipeline_connection import PipelineConnection
from tests.support.gateway import RunningGateway, running_gateway
from tests.support.university import (
    build_feedback,
    build_identity,
    build_library,
    build_message,
    build_university,
    build_upload,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from psycopg.errors import Diagnostic

    from backend.interface.entity import Entity, Relation
    from tests.support.world import World

CATALOG = reflect(INTERFACES)
RELATIONS = tuple((entity, relation) for entity in CATALOG.values() for relation in entity.relations.values())
MANY = 25
READERS = ("adi", "tom")
# The statement that says who is asking is one, whatever the document.
WHO = 1


class Counted:
    """A gateway, and what PostgreSQL says that it executed for it."""

    def __init__(self, gateway: RunningGateway, executed: list[str]) -> None:
        self.gateway = gateway
        self._executed = executed

    def statements(self, reader: str, query: str, **variables: Any) -> tuple[int, dict[str, Any]]:
        """How many statements the document took, and its data."""
        self._executed.clear()
        data = self.gateway.data(reader, query, **variables)
        return len(self._executed), data


@contextmanager
def _listening(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Has PostgreSQL tell each session of the database what it executes there."""
    name = sql.Identifier(world.connection.info.dbname)
    for setting in ("log_statement = 'all'", "client_min_messages = 'log'"):
        world.connection.execute(sql.SQL("ALTER DATABASE {} SET ").format(name) + sql.SQL(setting))
    executed: list[str] = []
    ready = PipelineConnection.ready

    def heard(told: Diagnostic) -> None:
        text = told.message_primary or ""
        if text.startswith("execute ") and "SELECT" in text:
            executed.append(text)

    async def ready_and_heard(connection: PipelineConnection) -> None:
        await ready(connection)
        connection.add_notice_handler(heard)

    monkeypatch.setattr(PipelineConnection, "ready", ready_and_heard)
    yield executed


@pytest.fixture(scope="module")
def counted(own_world: World) -> Iterator[Counted]:
    """The university with many students and courses besides, each row with an author."""
    build_university(own_world)
    algebra = own_world.course("algebra")
    for number in range(MANY):
        student = f"student_{number}"
        algebra.student(student)
        algebra.content(f"week_1.extra_{number}", "assignment", execution_backend_id=own_world.backend("python"))
        algebra.group(f"group {number}", f"week_1.extra_{number}", student)
        algebra.result(f"result {number}", f"week_1.extra_{number}", student, group=f"group {number}")
        own_world.role(student, "reader")
        own_world.course(f"course_{number}").content("week_1")
        build_identity(own_world, student, str(number))
        build_library(own_world, f"week_1.extra_{number}", str(number))
        build_upload(own_world, student, f"group {number}", f"result {number}", str(number))
        build_feedback(own_world, student, f"group {number}", f"result {number}", str(number))
        build_message(own_world, student, f"group {number}", f"week_1.extra_{number}", str(number))
        own_world.organization(f"part_{number}", path=f"uni.part_{number}")
        own_world.organization(f"home_{number}", organization_type="user", title=None, user_id=own_world.user(student))
    author = own_world.id("user", "adi")
    for entity in CATALOG.values():
        table = sql.Identifier(entity.model.__tablename__)
        authors = [name for name in ("created_by", "updated_by") if f"{name}_id" in entity.by_attribute]
        if authors:
            known = sql.SQL(", ").join(sql.SQL("{} = {}").format(sql.Identifier(name), author) for name in authors)
            own_world.connection.execute(sql.SQL("UPDATE {} SET {}").format(table, known))
    tokens = {reader: create_token(own_world.database_url, user=reader, scopes=["*"]) for reader in READERS}
    with (
        pytest.MonkeyPatch.context() as monkeypatch,
        _listening(own_world, monkeypatch) as executed,
        running_gateway(
            own_world.database_url, tokens, max_nodes=10**18, max_cost=10**18, cost_per_minute=0
        ) as gateway,
    ):
        yield Counted(gateway, executed)


def _figures(entity: Entity) -> str:
    columns = {function: " ".join(aggregated_fields(entity, function)) for function in FUNCTIONS}
    return "count " + " ".join(f"{function} {{ {names} }}" for function, names in columns.items() if names)


def _document(entity: Entity, relation: Relation, beneath: str) -> str:
    return f"query ($n: Int!) {{ {entity.plural}(first: $n) {{ nodes {{ id {relation.name} {beneath} }} }} }}"


def _found(data: dict[str, Any], entity: Entity, relation: Relation) -> int:
    """How many rows the relation led to."""
    related = [node[relation.name] for node in data[entity.plural]["nodes"]]
    return sum(len(each["nodes"]) if relation.to_many else 1 for each in related if each is not None)


def _ids(pair: tuple[Entity, Relation]) -> str:
    return f"{pair[0].name}.{pair[1].name}"


@pytest.mark.parametrize("pair", RELATIONS, ids=map(_ids, RELATIONS))
def test_relation_takes_one_statement(counted: Counted, pair: tuple[Entity, Relation]) -> None:
    entity, relation = pair
    query = _document(entity, relation, "{ nodes { id } }" if relation.to_many else "{ id }")
    for reader in READERS:
        taken = {}
        for parents in (1, 2, 500):
            taken[parents], data = counted.statements(reader, query, n=parents)
        assert max(taken.values()) <= WHO + 2, taken
        if reader == "adi":
            assert _found(data, entity, relation) > 0
            assert taken[500] == WHO + 2


LISTS = [pair for pair in RELATIONS if pair[1].to_many]


@pytest.mark.parametrize("pair", LISTS, ids=map(_ids, LISTS))
def test_page_count_and_figures_of_a_relation_take_one_statement_each(
    counted: Counted, pair: tuple[Entity, Relation]
) -> None:
    entity, relation = pair
    target = CATALOG[relation.target]
    beneath = (
        "{ totalCount some: totalCount(atMost: 2) edges { cursor node { id } } nodes { id databaseId }"
        f" pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} aggregate {{ {_figures(target)} }}"
        f" groups(by: [{{ {next(iter(grouped_fields(target)))}: VALUE }}]) {{ {_figures(target)} }} }}"
    )
    query = _document(entity, relation, beneath)
    taken = {parents: counted.statements("adi", query, n=parents)[0] for parents in (1, 3, 500)}
    # The root's page; the relation's page, its figures with the count, and the count that stops, and the groups.
    assert taken == dict.fromkeys(taken, WHO + 5)


def test_page_in_the_middle_takes_one_statement_more(counted: Counted) -> None:
    first = "{ results(first: 5) { pageInfo { endCursor } } }"
    cursor = counted.gateway.data("adi", first)["results"]["pageInfo"]["endCursor"]
    query = (
        "query ($n: Int!, $a: String!) { results(first: $n, after: $a) {"
        " nodes { id } pageInfo { hasNextPage hasPreviousPage } } }"
    )
    for size in (1, 500):
        assert counted.statements("adi", query, n=size, a=cursor)[0] == WHO + 2


DEEP = """query ($n: Int!) {
  organizations(first: $n) { totalCount nodes {
    courseFamilies(first: $n) { nodes {
      courses(first: $n) { totalCount nodes {
        members(first: $n) { nodes { user { userRoles { nodes { role { title } } } } } }
        contents(first: $n) { nodes { results(first: $n, filter: { submit: { eq: false } }) { nodes {
          submissionGroup { members { nodes { courseMember { user { displayName } } } } } } } } }
      } }
    } }
  } }
}"""


@pytest.mark.parametrize("reader", READERS)
def test_deep_document_takes_as_many_statements_as_it_has_relations(counted: Counted, reader: str) -> None:
    relations, counts = 13, 2
    few, many = (counted.statements(reader, DEEP, n=size)[0] for size in (1, 500))
    assert few <= many <= WHO + relations + counts
    assert reader != "adi" or many == WHO + relations + counts


def test_nodes_of_many_types_take_one_statement_each(counted: Counted) -> None:
    query = "{ results { nodes { id } } courses { nodes { id } } users { nodes { id } } }"
    found = counted.gateway.data("adi", query)
    by_type = [[node["id"] for node in found[name]["nodes"]] for name in found]
    asked = "query ($ids: [ID!]!) { nodes(ids: $ids) { id ... on Result { courseMember { id } } } }"
    for size in (1, 20):
        ids = [key for keys in by_type for key in keys[:size]]
        assert counted.statements("adi", asked, ids=ids)[0] == WHO + len(by_type) + 1


def test_the_same_field_twice_takes_two_statements_and_merged_ones_one(counted: Counted) -> None:
    twice = "{ a: courses { nodes { id } } b: courses { nodes { id } } }"
    merged = "{ courses { nodes { id } } ...F } fragment F on Query { courses { nodes { title } } }"
    assert counted.statements("adi", twice)[0] == WHO + 2
    assert counted.statements("adi", merged)[0] == WHO + 1
    assert counted.statements("adi", "{ __typename }")[0] == WHO


@pytest.mark.parametrize("beneath", ["", "courseGroups"])
def test_creating_many_takes_as_many_statements_as_creating_few(counted: Counted, beneath: str) -> None:
    def taken(count: int, name: str) -> int:
        given = [{"title": f"{name} {number}"} for number in range(count)]
        if beneath:
            families = counted.gateway.data("adi", "{ courseFamilies(first: 1) { nodes { id } } }")
            family = families["courseFamilies"]["nodes"][0]["id"]
            text = "mutation($input: CreateCourseInput!) { it: createCourse(input: $input) { errors { code } } }"
            course = {"path": name, "courseFamilyId": family, beneath: given}
            statements, data = counted.statements("adi", text, input=course)
        else:
            course = counted.gateway.data("adi", "{ courses(first: 1) { nodes { id } } }")["courses"]["nodes"][0]["id"]
            text = "mutation($i: [CreateCourseGroupInput!]!) { it: createCourseGroups(inputs: $i) { errors { code } } }"
            statements, data = counted.statements("adi", text, i=[{**each, "courseId": course} for each in given])
        assert data["it"]["errors"] == []
        return statements

    # One row more or less is no other statement; a single row does without the mark to go back to.
    assert taken(2, "few") == taken(300, "many")
