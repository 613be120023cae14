"""Random operations by random people: what is refused changes nothing, and what is answered is there as Python has it.

After each operation all tables are compared. COMPUTOR_RANDOM_WRITES is how many operations each seed takes.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from psycopg import sql

from backend.access.credentials import create_token
from backend.interface.entity import camel_case
from backend.interface.reflection import reflect
from backend.interface.registry import INTERFACES
from tests.support.gateway import RunningGateway, running_gateway
from tests.support.repeat import given_seed, steps
from tests.support.write_model import (
    COMMENTS,
    CONTENTS,
    FRESH,
    GROUPS,
    LADDER,
    MEMBERS,
    SEATS,
    TEAMS,
    TRACKED,
    USERS,
    Model,
    Refused,
    Row,
    Tables,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.world import World

STEPS = steps("WRITES", 120)
GIVEN = given_seed("WRITES")
SEEDS = (GIVEN,) if GIVEN else ("1", "2")
PEOPLE = ("ada", "bob", "tom", "lea", "mel", "oda", "adi", "sol")
NOBODY = "00000000-0000-4000-8000-000000000000"
KINDS = {GROUPS: "CourseGroup", MEMBERS: "CourseMember", CONTENTS: "CourseContent", COMMENTS: "CourseMemberComment"}
KINDS[USERS] = "User"
PATHS = ("a", "b", "c", "a.a", "a.b", "b.a", "a.a.a", "a.a.b", "b.a.c")


@dataclass(frozen=True)
class Operation:
    """One mutation, its arguments, and what the model makes of it."""

    mutation: str
    table: str
    arguments: dict[str, Any]
    apply: Callable[[Model], None]


@dataclass(frozen=True)
class Campus:
    """Two courses, who is in them, and the gateway over them."""

    world: World
    gateway: RunningGateway
    people: dict[str, str]
    others: list[str]

    def tables(self) -> Tables:
        """All rows that the model knows."""
        return {table: self._rows(table) for table in TRACKED}

    def _rows(self, table: str) -> dict[str, Row]:
        query = sql.SQL("SELECT to_jsonb(t) - 'tree_key' FROM {} t").format(sql.Identifier(table))
        return {row["id"]: row for (row,) in self.world.connection.execute(query).fetchall()}

    def digest(self) -> list[Any]:
        """Of all other tables, that they are as they were. When tokens were used is no matter."""
        parts = (
            sql.SQL("(SELECT md5(coalesce(string_agg(t::text, ',' ORDER BY t::text), '')) FROM {} t)").format(
                sql.Identifier(table)
            )
            for table in self.others
        )
        return self.world.connection.execute(sql.SQL("SELECT {}").format(sql.SQL(", ").join(parts))).fetchall()


@pytest.fixture(scope="module")
def campus(own_world: World) -> Iterator[Campus]:
    algebra = own_world.course("algebra")
    for user, role in (("ada", "_student"), ("tom", "_tutor"), ("lea", "_lecturer"), ("mel", "_maintainer")):
        algebra.member(user, role)
    algebra.member("oda", "_owner")
    algebra.content("a")
    algebra.content_type("assignment")
    geometry = own_world.course("geometry")
    geometry.student("bob")
    geometry.member("oda", "_lecturer")
    geometry.content("a")
    geometry.content_type("assignment")
    own_world.role("adi", "_admin")
    people = {user: own_world.user(user) for user in PEOPLE}
    tokens = {user: create_token(own_world.database_url, user=user, scopes=["*"]) for user in PEOPLE}
    tables = {entity.model.__tablename__ for entity in reflect(INTERFACES).values()}
    with running_gateway(own_world.database_url, tokens) as running:
        yield Campus(own_world, running, people, sorted(tables - {*TRACKED, "api_token"}))


def _model(campus: Campus) -> Model:
    world = campus.world
    courses = [world.id("course", name) for name in ("algebra", "geometry")]
    kinds = {
        world.id("course_content_type", f"{name}/{kind}"): (world.id("course", name), kind == "assignment")
        for name in ("algebra", "geometry")
        for kind in ("unit", "assignment")
    }
    return Model(campus.tables(), campus.people["adi"], courses, kinds)


class Chance:
    """Operations as they come."""

    def __init__(self, seed: int, campus: Campus) -> None:
        self._random = random.Random(seed)  # noqa: S311 - to be repeated
        self._people = campus.people

    def person(self) -> str:
        """Who acts: now and then the admin, mostly whoever may do something."""
        return self._random.choices(PEOPLE, weights=(1, 1, 2, 4, 3, 6, 5, 1))[0]

    def operation(self, model: Model) -> Operation:
        """Any."""
        make = self._random.choice(
            (
                self._create_group,
                self._update_group,
                self._create_member,
                self._update_member,
                self._create_content,
                self._create_content,
                self._update_content,
                self._update_content,
                self._archive_content,
                self._create_comment,
                self._update_comment,
                self._update_user,
                self._delete,
            )
        )
        return make(model)

    def pair(self) -> bool:
        """Whether two operations are to be one."""
        return self._random.random() < 0.15

    def _key(self, model: Model, table: str) -> str:
        return self._random.choice([*(3 * [*model.tables[table]]), NOBODY])

    def _new(self) -> str:
        return str(UUID(int=self._random.getrandbits(128), version=4))

    def _some(self, **values: Any) -> Row:
        return {name: value for name, value in values.items() if self._random.random() < 0.6}

    def _expected(self, model: Model, table: str, key: str) -> int | None:
        row = model.tables[table].get(key)
        return self._random.choice([None, None, None, row["version"] if row else 0, 7])

    def _create(self, table: str, given: Row, apply: Callable[[Model, Row], None]) -> Operation:
        return Operation(f"create{KINDS[table]}", table, {"input": given}, lambda model: apply(model, given))

    def _update(
        self, model: Model, table: str, given: Row, apply: Callable[[Model, str, Row, int | None], None]
    ) -> Operation:
        key = self._key(model, table)
        expected = self._expected(model, table, key)
        arguments = {"id": key, "input": given, "expectedVersion": expected}
        return Operation(f"update{KINDS[table]}", table, arguments, lambda model: apply(model, key, given, expected))

    def _title(self) -> str:
        return self._random.choice(["one", "two", "three", "four", "five", "six", "seven", " "])

    def _create_group(self, model: Model) -> Operation:
        given = {"id": self._new(), "title": self._title(), "course_id": self._random.choice(model.courses)}
        return self._create(GROUPS, given, Model.create_group)

    def _update_group(self, model: Model) -> Operation:
        given = self._some(title=self._title(), description=self._random.choice(["x", None]))
        return self._update(model, GROUPS, given, Model.update_group)

    def _create_member(self, model: Model) -> Operation:
        given = {
            "id": self._new(),
            "user_id": self._random.choice([*self._people.values(), NOBODY]),
            "course_id": self._random.choice(model.courses),
            "course_role_id": self._random.choice(LADDER),
            "course_group_id": self._random.choice([None, None, *model.tables[GROUPS]]),
        }
        return self._create(MEMBERS, given, Model.create_member)

    def _update_member(self, model: Model) -> Operation:
        group = self._random.choice([None, NOBODY, *model.tables[GROUPS]])
        given = self._some(course_role_id=self._random.choice(LADDER), course_group_id=group)
        return self._update(model, MEMBERS, given, Model.update_member)

    def _create_content(self, model: Model) -> Operation:
        course = self._random.choice(model.courses)
        fitting = [kind for kind, (of, _) in model.kinds.items() if of == course]
        given = {
            "id": self._new(),
            "course_id": course,
            "path": self._random.choice(PATHS),
            "course_content_type_id": self._random.choice([*(4 * fitting), *model.kinds, NOBODY]),
            "position": float(self._random.randrange(3)),
            "max_group_size": self._random.choice([None, 1, 2]),
        }
        return self._create(CONTENTS, given, Model.create_content)

    def _update_content(self, model: Model) -> Operation:
        given = self._some(
            path=self._random.choice(PATHS),
            course_content_type_id=self._random.choice([*model.kinds]),
            position=float(self._random.randrange(3)),
        )
        if self._random.random() < 0.8:
            given.pop("course_content_type_id", None)
        return self._update(model, CONTENTS, given, Model.update_content)

    def _archive_content(self, model: Model) -> Operation:
        key, archived = self._key(model, CONTENTS), self._random.random() < 0.5
        expected = self._expected(model, CONTENTS, key)
        return Operation(
            "archiveCourseContent" if archived else "unarchiveCourseContent",
            CONTENTS,
            {"id": key, "expectedVersion": expected},
            lambda model: model.archive_content(key, expected, archived=archived),
        )

    def _create_comment(self, model: Model) -> Operation:
        text = self._random.choice(["well", "hm", " "])
        given = {"id": self._new(), "course_member_id": self._key(model, MEMBERS), "message": text}
        return self._create(COMMENTS, given, Model.create_comment)

    def _update_comment(self, model: Model) -> Operation:
        return self._update(model, COMMENTS, self._some(message="other"), Model.update_comment)

    def _update_user(self, model: Model) -> Operation:
        given = self._some(given_name=self._random.choice(["Ida", " "]), family_name="New")
        return self._update(model, USERS, given, Model.update_user)

    def _delete(self, model: Model) -> Operation:
        table, apply = self._random.choice(
            (
                (GROUPS, Model.delete_group),
                (MEMBERS, Model.delete_member),
                (CONTENTS, Model.delete_content),
                (COMMENTS, Model.delete_comment),
            )
        )
        key = self._key(model, table)
        expected = self._expected(model, table, key)
        return Operation(
            f"delete{KINDS[table]}",
            table,
            {"id": key, "expectedVersion": expected},
            lambda model: apply(model, key, expected),
        )


def _document(operations: list[Operation]) -> tuple[str, dict[str, Any]]:
    declared, fields, variables = [], [], {}
    for number, operation in enumerate(operations):
        passed = []
        for name, value in operation.arguments.items():
            kind = {"id": "ID!", "expectedVersion": "BigInt"}.get(
                name, f"{operation.mutation[:1].upper()}{operation.mutation[1:]}Input!"
            )
            declared.append(f"${name}{number}: {kind}")
            passed.append(f"{name}: ${name}{number}")
            variables[f"{name}{number}"] = _camel(value) if name == "input" else value
        written = (
            ""
            if operation.mutation.startswith("delete")
            else f"row: {_singular(operation.table)} {{ databaseId version }}"
        )
        fields.append(
            f"m{number}: {operation.mutation}({', '.join(passed)}) {{ {written} errors {{ code path message }} }}"
        )
    atomic = "@atomic" if len(operations) > 1 else ""
    return f"mutation({', '.join(declared)}) {atomic} {{ {' '.join(fields)} }}", variables


def _camel(given: Row) -> Row:
    return {camel_case(name): value for name, value in given.items()}


def _singular(table: str) -> str:
    return KINDS[table][:1].lower() + KINDS[table][1:]


def _predicted(model: Model, operations: list[Operation]) -> tuple[Model, list[list[str]]]:
    """The model afterwards, and the code that each is refused with, if any."""
    trial = model.copy()
    for number, operation in enumerate(operations):
        try:
            operation.apply(trial)
        except Refused as refused:
            codes = [["ROLLED_BACK"]] * len(operations)
            codes[number] = [refused.code]
            return model, codes
    return trial, [[]] * len(operations)


@pytest.mark.parametrize("seed", SEEDS)
def test_random_operations_leave_what_the_model_has(campus: Campus, seed: str) -> None:
    chance = Chance(int(seed), campus)
    model = _model(campus)
    digest = campus.digest()
    done = 0
    for step in range(STEPS):
        person = chance.person()
        model.actor = campus.people[person]
        operations = [chance.operation(model)]
        # What follows from a write has keys that the model does not know before it is written.
        if chance.pair() and not _predicted(model, operations)[0].followed:
            operations.append(chance.operation(model))
        text, variables = _document(operations)
        expected, codes = _predicted(model, operations)
        answer = campus.gateway.ask(person, text, **variables)
        story = f"WRITES_SEED={seed}, step {step}: {person} {text} {variables}"
        assert "errors" not in answer, (story, answer)
        payloads = [answer["data"][f"m{number}"] for number in range(len(operations))]
        told = [sorted({error["code"] for error in payload["errors"]}) for payload in payloads]
        if told != codes:
            pytest.fail(f"{told}, not {codes}: {story} {payloads}")
        found = campus.tables()
        _settle(expected, model.tables, found, story)
        model = expected
        for payload, operation in zip(payloads, operations, strict=True):
            if not payload["errors"] and payload.get("row"):
                row = model.tables[operation.table].get(payload["row"]["databaseId"])
                assert len(operations) > 1 or row is None or payload["row"]["version"] == str(row["version"]), story
        assert campus.digest() == digest, story
        done += codes == [[]] * len(operations)
    # Chance that does nothing would prove nothing.
    assert done > STEPS // 8
    _check_tree(campus, model)


def _settle(model: Model, before: Tables, found: Tables, story: str) -> None:
    """Compares all rows; the model takes over what nobody could foresee."""
    _adopt(model, found, story)
    for table in TRACKED:
        expected, actual = model.tables[table], found[table]
        assert expected.keys() == actual.keys(), (story, table)
        for key, row in expected.items():
            fresh = [column for column, value in row.items() if value == FRESH]
            for column in fresh:
                old = before[table].get(key, {}).get(column)
                assert actual[key][column] is not None, (story, table, column)
                assert old is None or old == FRESH or actual[key][column] > old, (story, table, column)
                row[column] = actual[key][column]
            assert row == actual[key], (story, table)


def _adopt(model: Model, found: Tables, story: str) -> None:
    """Takes over rows that followed, once they are found to be as foreseen."""
    for table in (TEAMS, SEATS):
        unknown = {key: row for key, row in found[table].items() if key not in model.tables[table]}
        foreseen = [row for of, row in model.followed if of == table]
        shown = [{name: row[name] for name in foreseen[0]} for row in unknown.values()] if foreseen else []
        assert sorted(shown, key=str) == sorted(foreseen, key=str), (story, table)
        assert len(unknown) == len(foreseen), (story, table)
        for key, row in unknown.items():
            assert (row["version"], row["created_by"], row["updated_by"]) == (0, model.actor, model.actor), story
            model.tables[table][key] = row
    model.followed.clear()


def _check_tree(campus: Campus, model: Model) -> None:
    """Depth first, by position and then by path, whatever has moved."""
    for course in model.courses:
        nodes = {row["path"]: row for row in model.tables[CONTENTS].values() if row["course_id"] == course}

        def place(path: str, nodes: dict[str, Row] = nodes) -> list[tuple[float, str]]:
            labels = path.split(".")
            above = [".".join(labels[: depth + 1]) for depth in range(len(labels))]
            return [(nodes[each]["position"], each) for each in above]

        stored = campus.world.connection.execute(
            "SELECT path::text FROM course_content WHERE course_id = %s ORDER BY tree_key", [course]
        ).fetchall()
        assert [path for (path,) in stored] == sorted(nodes, key=place)
