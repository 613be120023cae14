"""Who sees which rows and which columns: what is expected is written down for each reader and each entity."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.university import READERS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.support.gateway import RunningGateway
    from tests.support.world import World

STUDENTS = {"ada@algebra", "bob@algebra", "mia@algebra", "gus@algebra"}
MEMBERS = STUDENTS | {"tom@algebra", "lea@algebra", "mel@algebra", "oda@algebra"}
ALGEBRA = {"algebra/week_1", "algebra/week_1.sheet_1", "algebra/week_1.sheet_2"}
GEOMETRY = {"geometry/week_1", "geometry/week_1.sheet_1"}
RESULTS = {"ada 1", "ada 2", "bob 1", "team by bob", "ada by herself", "ada before"}
BACKENDS = {"python", "matlab"}
PUBLIC = {
    "roles": {"_admin", "_user_manager", "_organization_manager", "course_admin", "collector"},
    "courseRoles": {"_student", "_tutor", "_lecturer", "_maintainer", "_owner"},
    "courseContentKinds": {"unit", "assignment"},
    "executionBackends": BACKENDS,
}
NOTHING: dict[str, set[str]] = {}
A_STUDENT = {
    "organizations": {"uni"},
    "courseFamilies": {"math"},
    "courses": {"algebra"},
    "courseGroups": {"algebra/group"},
    "courseContentTypes": {"algebra/unit", "algebra/assignment"},
    "courseContents": ALGEBRA,
}
STAFF = {
    **A_STUDENT,
    "users": {member.partition("@")[0] for member in MEMBERS},
    "courseMembers": MEMBERS,
    "courseContents": ALGEBRA | {"algebra/week_1.sheet_0"},
    "submissionGroups": {"ada alone", "bob alone", "team", "ada before"},
    "submissionGroupMembers": {"ada alone/ada", "bob alone/bob", "team/ada", "team/bob", "ada before/ada"},
    "results": RESULTS,
}
ALL_USERS = {*READERS, "gus", "rob"}
ALL_ROLES = {"uma _user_manager", "orla _organization_manager", "adi _admin", "cora course_admin", "clara collector"}
EVERYTHING = {
    "users": ALL_USERS,
    "userRoles": ALL_ROLES,
    "organizations": {"uni", "tech", "closed", "home"},
    "courseFamilies": {"math", "science", "unused"},
    "courses": {"algebra", "geometry", "chemistry"},
    "courseGroups": {"algebra/group", "geometry/group", "chemistry/group"},
    "courseMembers": MEMBERS | {"cyd@geometry", "mia@geometry", "dan@chemistry"},
    "courseContentTypes": {
        f"{course}/{kind}" for course in ("algebra", "geometry", "chemistry") for kind in ("unit", "assignment")
    },
    "courseContents": ALGEBRA | GEOMETRY | {"algebra/week_1.sheet_0", "chemistry/lab", "chemistry/lab.report"},
    "submissionGroups": {"ada alone", "bob alone", "team", "ada before", "cyd alone", "dan alone"},
    "submissionGroupMembers": STAFF["submissionGroupMembers"] | {"cyd alone/cyd", "dan alone/dan"},
    "results": RESULTS | {"cyd 1", "dan 1"},
}
# By reader: what they see of each list, archived rows included, besides what everyone sees and themselves.
VISIBLE: Mapping[str, Mapping[str, set[str]]] = {
    "ada": {
        **A_STUDENT,
        "courseMembers": {"ada@algebra"},
        "submissionGroups": {"ada alone", "team", "ada before"},
        "submissionGroupMembers": {"ada alone/ada", "team/ada", "team/bob", "ada before/ada"},
        "results": {"ada 1", "ada 2", "team by bob", "ada by herself", "ada before"},
    },
    "bob": {
        **A_STUDENT,
        "courseMembers": {"bob@algebra"},
        "submissionGroups": {"bob alone", "team"},
        "submissionGroupMembers": {"bob alone/bob", "team/ada", "team/bob"},
        "results": {"bob 1", "team by bob"},
    },
    "cyd": {
        **A_STUDENT,
        "courses": {"geometry"},
        "courseGroups": {"geometry/group"},
        "courseContentTypes": {"geometry/unit", "geometry/assignment"},
        "courseContents": GEOMETRY,
        "courseMembers": {"cyd@geometry"},
        "submissionGroups": {"cyd alone"},
        "submissionGroupMembers": {"cyd alone/cyd"},
        "results": {"cyd 1"},
    },
    "dan": {
        "organizations": {"tech"},
        "courseFamilies": {"science"},
        "courses": {"chemistry"},
        "courseGroups": {"chemistry/group"},
        "courseContentTypes": {"chemistry/unit", "chemistry/assignment"},
        "courseContents": {"chemistry/lab", "chemistry/lab.report"},
        "courseMembers": {"dan@chemistry"},
        "submissionGroups": {"dan alone"},
        "submissionGroupMembers": {"dan alone/dan"},
        "results": {"dan 1"},
    },
    "mia": {
        "users": {"cyd"},
        "organizations": {"uni"},
        "courseFamilies": {"math"},
        "courses": {"algebra", "geometry"},
        "courseGroups": {"algebra/group", "geometry/group"},
        "courseContentTypes": {"algebra/unit", "algebra/assignment", "geometry/unit", "geometry/assignment"},
        "courseContents": ALGEBRA | GEOMETRY,
        "courseMembers": {"mia@algebra", "mia@geometry", "cyd@geometry"},
        "submissionGroups": {"cyd alone"},
        "submissionGroupMembers": {"cyd alone/cyd"},
        "results": {"cyd 1"},
    },
    "tom": STAFF,
    "lea": STAFF,
    "mel": STAFF,
    "oda": STAFF,
    "uma": {"users": ALL_USERS, "userRoles": ALL_ROLES},
    "orla": {
        **{name: EVERYTHING[name] for name in ("organizations", "courseFamilies", "courses")},
        "userRoles": {"orla _organization_manager"},
    },
    "adi": EVERYTHING,
    "cora": {"userRoles": {"cora course_admin"}},
    "clara": {"userRoles": {"clara collector"}, "courses": {"chemistry"}, "courseContents": {"chemistry/lab"}},
    "ron": NOTHING,
    "sol": NOTHING,
}
LISTS = (*PUBLIC, *EVERYTHING)
ARCHIVABLE = ("users", "organizations", "courseContents")
ALL_LISTS = "{" + " ".join(
    f"{name}(first: 500{', archived: INCLUDE' if name in ARCHIVABLE else ''})"
    " { totalCount aggregate { count } atMost: totalCount(atMost: 3) nodes { id } }"
    for name in LISTS
) + "}"  # fmt: skip


def _names(world: World, key: str) -> str:
    """The name of a row; of a link, those of its parts."""
    return " ".join(world.name(part) for part in key.partition(":")[2].split(","))


@pytest.mark.parametrize("reader", READERS)
def test_lists_hold_what_the_reader_may_see(world_gateway: RunningGateway, world: World, reader: str) -> None:
    found = world_gateway.data(reader, ALL_LISTS)
    seen = {name: {_names(world, node["id"]) for node in found[name]["nodes"]} for name in LISTS}
    expected = {name: VISIBLE[reader].get(name, set()) for name in LISTS}
    assert seen == {**expected, **PUBLIC, "users": expected["users"] | {reader}}
    for name in LISTS:
        count = len(seen[name])
        assert found[name]["totalCount"] == found[name]["aggregate"]["count"] == count, name
        assert found[name]["atMost"] == min(count, 3), name


@pytest.mark.parametrize("reader", READERS)
def test_objects_by_id_are_those_of_the_lists(world_gateway: RunningGateway, reader: str) -> None:
    every = world_gateway.data("adi", ALL_LISTS)
    mine = world_gateway.data(reader, ALL_LISTS)
    ids = [node["id"] for name in LISTS for node in every[name]["nodes"]]
    visible = {node["id"] for name in LISTS for node in mine[name]["nodes"]}
    nodes = world_gateway.data(reader, "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=ids)["nodes"]
    assert [node and node["id"] for node in nodes] == [key if key in visible else None for key in ids]
    ids = ids[::5]
    types = [key.partition(":")[0] for key in ids]
    singles = " ".join(
        f'n{index}: node(id: "{key}") {{ id }} o{index}: {of[0].lower()}{of[1:]}(id: "{key}") {{ id }}'
        for index, (key, of) in enumerate(zip(ids, types, strict=True))
    )
    found = world_gateway.data(reader, "{" + singles + "}")
    for index, key in enumerate(ids):
        expected = {"id": key} if key in visible else None
        assert found[f"n{index}"] == found[f"o{index}"] == expected, key


@pytest.mark.parametrize("reader", READERS)
def test_me_is_the_reader(world_gateway: RunningGateway, reader: str) -> None:
    assert world_gateway.data(reader, "{ me { username } }")["me"] == {"username": reader}


def test_archived_rows_are_left_out_unless_asked_for(world_gateway: RunningGateway, world: World) -> None:
    query = "query ($archived: Archived!) { courseContents(archived: $archived) { totalCount nodes { id } } }"

    def contents(reader: str, archived: str) -> set[str]:
        found = world_gateway.data(reader, query, archived=archived)["courseContents"]
        names = world.names(node["id"] for node in found["nodes"])
        assert found["totalCount"] == len(names)
        return names

    old = {"algebra/week_1.sheet_0"}
    assert contents("tom", "EXCLUDE") == ALGEBRA
    assert contents("tom", "ONLY") == old
    assert contents("tom", "INCLUDE") == ALGEBRA | old
    assert contents("ada", "ONLY") == set()
    assert contents("ada", "INCLUDE") == ALGEBRA


RELATIONS: tuple[tuple[str, str, str, Any], ...] = (
    ("ada", "result", "team by bob", {"courseMember": None, "createdBy": None, "submissionGroup": {"n": "team"}}),
    ("ada", "result", "ada before", {"courseContent": None, "submissionGroup": {"n": "ada before"}}),
    ("tom", "result", "ada before", {"courseContent": {"n": "algebra/week_1.sheet_0"}}),
    ("tom", "course_member", "mia@algebra", {"user": {"n": "mia"}, "course": {"n": "algebra"}}),
    ("bob", "course_submission_group_member", "team/ada", {"courseMember": None, "submissionGroup": {"n": "team"}}),
    ("orla", "course", "algebra", {"organization": {"n": "uni"}, "courseFamily": {"n": "math"}}),
    ("clara", "course", "chemistry", {"organization": None, "courseFamily": None}),
    ("clara", "course_content", "chemistry/lab", {"course": {"n": "chemistry"}, "courseContentType": None}),
)


@pytest.mark.parametrize(("reader", "table", "name", "expected"), RELATIONS)
def test_a_visible_row_does_not_make_its_relations_visible(
    world_gateway: RunningGateway, world: World, reader: str, table: str, name: str, expected: dict[str, Any]
) -> None:
    types = {"course_submission_group_member": "SubmissionGroupMember"}
    of = types.get(table) or "".join(part.capitalize() for part in table.split("_"))
    fields = " ".join(f"{relation} {{ id }}" for relation in expected)
    query = f'{{ node(id: "{of}:{world.id(table, name)}") {{ ... on {of} {{ {fields} }} }} }}'
    node = world_gateway.data(reader, query)["node"]
    assert {relation: target and {"n": world.name(target["id"])} for relation, target in node.items()} == expected


def test_the_keys_of_hidden_rows_belong_to_the_rows_that_hold_them(world_gateway: RunningGateway, world: World) -> None:
    key = world.id("result", "team by bob")
    found = world_gateway.data("ada", f'{{ result(id: "{key}") {{ courseMemberId }} }}')
    assert found["result"]["courseMemberId"] == f"CourseMember:{world.id('course_member', 'bob@algebra')}"


REFERENCES = "{ results(first: 500) { nodes { id referenceVersionIdentifier versionIdentifier } } }"


@pytest.mark.parametrize(
    ("reader", "hidden"),
    [("ada", True), ("bob", True), ("cyd", True), ("mia", False), ("tom", False), ("lea", False), ("adi", False)],
)
def test_reference_of_a_result_is_for_staff(
    world_gateway: RunningGateway, world: World, reader: str, *, hidden: bool
) -> None:
    for node in world_gateway.data(reader, REFERENCES)["results"]["nodes"]:
        name = world.name(node["id"])
        assert node["versionIdentifier"] == f"commit of {name}"
        assert node["referenceVersionIdentifier"] == (None if hidden else f"reference of {name}")


BACKEND = "{ executionBackends { nodes { slug type properties version createdAt updatedAt createdById updatedById } } }"


@pytest.mark.parametrize(
    ("reader", "hidden"),
    [("sol", True), ("ada", True), ("mia", True), ("tom", True), ("lea", False), ("oda", False), ("adi", False)],
)
def test_slug_and_type_of_a_backend_are_for_everyone_and_the_rest_for_lecturers(
    world_gateway: RunningGateway, reader: str, *, hidden: bool
) -> None:
    nodes = world_gateway.data(reader, BACKEND)["executionBackends"]["nodes"]
    assert {(node.pop("slug"), node.pop("type")) for node in nodes} == {(name, f"temporal:{name}") for name in BACKENDS}
    for node in nodes:
        staff_only = [node[name] for name in ("properties", "version", "createdAt", "updatedAt")]
        assert all((value is None) is hidden for value in staff_only)


def test_secrets_in_properties_never_leave(world_gateway: RunningGateway, world: World) -> None:
    world.connection.execute(
        """UPDATE organization SET properties = '{"gitlab": {"url": "https://git", "Access_Token": "hush"}, "n": 1e400}'
           WHERE id = %s""",
        [world.id("organization", "uni")],
    )
    body = world_gateway.client.post(
        f"{world_gateway.url}/graphql",
        json={"query": "{ organizations { nodes { properties } } }"},
        headers={"Authorization": f"Bearer {world_gateway.tokens['ada']}"},
    ).text
    world.connection.execute("UPDATE organization SET properties = NULL")
    assert "hush" not in body
    assert '"url":"https://git"' in body.replace(" ", "")
