"""Who reads which messages, read marks and seats of organizations and course families.

What is expected is written down for each reader from the rules. A message is for whom its most specific target says,
and its author: a user; a member and tutors; a submission group and tutors; all of the course, for a content or the
course; a course group and tutors; who is in any course of a family or an organization, and who has a seat there; or
everyone. Read marks are their reader's. Seats are their holder's and at least managers' of that scope, and give
nothing in what lies below.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from backend.access.credentials import create_token
from tests.support.discussion import (
    ADA,
    ALGEBRA,
    ALONE,
    GROUP,
    MARKS,
    MESSAGES,
    OTHER,
    SEATS,
    SHEET,
    TEAM,
    build_discussion,
)
from tests.support.gateway import RunningGateway, running_gateway
from tests.support.university import READERS as STUDENTS_AND_STAFF

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.world import World

READERS = (*STUDENTS_AND_STAFF, "nat", "wanda", *SEATS)
LISTS = ("messages", "messageReads", "organizationMembers", "courseFamilyMembers")
IN_MATH = {"to math", "math of uni", "to uni", "to all"}
IN_ALGEBRA = {*IN_MATH, "to sheet", "sheet of group", "to algebra", "algebra of uni"}
OF_TEAM = {"to team", "team of algebra"}
OF_ADA = {"to ada", "ada of sheet", "to alone", *OF_TEAM}
TUTOR = {*IN_ALGEBRA, *OF_ADA, "to group", "to other", "other of algebra"}
TO_TECH = {"to tech", "to all"}
TO_MATH = {"to math", "math of uni", "to all"}
READABLE: dict[str, set[str]] = {
    "ada": {*IN_ALGEBRA, *OF_ADA, "to group"},
    "bob": {*IN_ALGEBRA, *OF_TEAM, "to group"},
    "nat": {*IN_ALGEBRA, "to other", "other of algebra"},
    # A tutor of geometry too.
    "mia": {*IN_ALGEBRA, "to group", "to geometry"},
    "cyd": {*IN_MATH, "to geometry", "by cyd"},
    "dan": {"to science", "to tech", "to all"},
    **dict.fromkeys(("tom", "lea", "mel", "oda"), TUTOR),
    "sol": {"to sol", "sol of algebra", "by cyd", "to all"},
    "wanda": MESSAGES.keys() - {"by cyd"},
    "adi": set(MESSAGES),
    **dict.fromkeys(("olaf", "mona", "otto"), TO_TECH),
    **dict.fromkeys(("fred", "fay", "fox"), TO_MATH),
    "pia": {"to uni", "to all"},
    "gil": {"to unused", "to all"},
}
OF_TECH = {"olaf@tech", "mona@tech", "otto@tech"}
OF_MATH = {"fred@math", "fay@math", "fox@math"}
ALL_OF_ORGANIZATIONS = {*OF_TECH, "pia@uni"}
ALL_OF_FAMILIES = {*OF_MATH, "gil@unused"}
SEEN_OF_ORGANIZATIONS = {
    "olaf": {"olaf@tech"},
    "mona": OF_TECH,
    "otto": OF_TECH,
    "pia": {"pia@uni"},
    **dict.fromkeys(("orla", "adi"), ALL_OF_ORGANIZATIONS),
}
SEEN_OF_FAMILIES = {
    "fred": {"fred@math"},
    "fay": OF_MATH,
    "fox": OF_MATH,
    "gil": {"gil@unused"},
    **dict.fromkeys(("orla", "adi"), ALL_OF_FAMILIES),
}


def expected(reader: str) -> dict[str, set[str]]:
    """The names of the rows of each list. Who has no course and no seat reads what is for everyone."""
    readable = READABLE.get(reader, {"to all"})
    marks = {f"{who} read {what}" for who, what in MARKS if reader == "adi" or (reader == who and what in readable)}
    found = (readable, marks, SEEN_OF_ORGANIZATIONS.get(reader), SEEN_OF_FAMILIES.get(reader))
    return dict(zip(LISTS, (rows or set() for rows in found), strict=True))


@pytest.fixture(scope="module")
def talking(own_world: World) -> Iterator[RunningGateway]:
    """The gateway over all messages, with a token of every reader by their name."""
    build_discussion(own_world)
    tokens = {reader: create_token(own_world.database_url, user=reader) for reader in READERS}
    narrow = ["message:get", "message:list"]
    tokens["narrow"] = create_token(own_world.database_url, user="ada", scopes=narrow)
    with running_gateway(own_world.database_url, tokens) as gateway:
        yield gateway


DOCUMENT = "{" + " ".join(f"{name}(first: 500) {{ totalCount nodes {{ id }} }}" for name in LISTS) + "}"


@pytest.mark.parametrize("reader", READERS)
def test_lists_hold_what_the_reader_may_see(talking: RunningGateway, own_world: World, reader: str) -> None:
    found = talking.data(reader, DOCUMENT)
    assert {name: own_world.names(node["id"] for node in found[name]["nodes"]) for name in LISTS} == expected(reader)
    assert {name: found[name]["totalCount"] for name in LISTS} == {
        name: len(rows) for name, rows in expected(reader).items()
    }


@pytest.mark.parametrize("reader", READERS)
def test_rows_by_id_and_by_filter_are_those_of_the_rules(
    talking: RunningGateway, own_world: World, reader: str
) -> None:
    every = talking.data("adi", DOCUMENT)
    for name, visible in expected(reader).items():
        query = "query ($ids: [ID!]!) { nodes(ids: $ids) { id }"
        query += f" {name}(filter: {{ id: {{ in: $ids }} }}) {{ totalCount nodes {{ id }} aggregate {{ count }} }} }}"
        data = talking.data(reader, query, ids=[node["id"] for node in every[name]["nodes"]])
        assert own_world.names(node["id"] for node in data["nodes"] if node) == visible, name
        assert own_world.names(node["id"] for node in data[name]["nodes"]) == visible, name
        assert (data[name]["totalCount"], data[name]["aggregate"]["count"]) == (len(visible), len(visible)), name


# The ways to each entity from another: the list, and the relation to many.
NESTED = (
    ("messages", "users", "messagesWritten"),
    ("messages", "users", "messagesReceived"),
    ("messages", "courseMembers", "messages"),
    ("messages", "submissionGroups", "messages"),
    ("messages", "courseGroups", "messages"),
    ("messages", "courseContents", "messages"),
    ("messages", "courses", "messages"),
    ("messages", "courseFamilies", "messages"),
    ("messages", "organizations", "messages"),
    ("messages", "messages", "replies"),
    ("messageReads", "messages", "reads"),
    ("messageReads", "users", "messageReads"),
    ("organizationMembers", "organizations", "members"),
    ("organizationMembers", "organizationRoles", "organizationMembers"),
    ("organizationMembers", "users", "organizationMembers"),
    ("courseFamilyMembers", "courseFamilies", "members"),
    ("courseFamilyMembers", "courseFamilyRoles", "courseFamilyMembers"),
    ("courseFamilyMembers", "users", "courseFamilyMembers"),
)


@pytest.mark.parametrize(("name", "parents", "relation"), NESTED)
def test_relations_lead_to_no_more_than_the_reader_may_see(
    talking: RunningGateway, own_world: World, name: str, parents: str, relation: str
) -> None:
    query = f"{{ {parents}(first: 500) {{ nodes {{ {relation}(first: 500) {{ totalCount nodes {{ id }} }} }} }} }}"
    for reader in READERS:
        related = [node[relation] for node in talking.data(reader, query)[parents]["nodes"]]
        rows = own_world.names(row["id"] for each in related for row in each["nodes"])
        assert rows <= expected(reader)[name], reader
        assert sum(each["totalCount"] for each in related) == sum(len(each["nodes"]) for each in related), reader
        assert rows or reader != "adi"


def test_seats_open_their_scope_and_nothing_below(talking: RunningGateway, own_world: World) -> None:
    query = "{ organizations { nodes { id } } courseFamilies { nodes { id } } courses { totalCount } }"
    for reader, (scope, name, _) in SEATS.items():
        data = talking.data(reader, query)
        seen = {
            list_: own_world.names(node["id"] for node in data[list_]["nodes"]) for list_ in data if list_ != "courses"
        }
        own: dict[str, set[str]] = {"organizations": set(), "courseFamilies": set()}
        own["organizations" if scope == "organization" else "courseFamilies"] = {name}
        assert (seen, data["courses"]["totalCount"]) == (own, 0), reader


def test_roles_of_scopes_are_a_ladder_for_everyone_to_read(talking: RunningGateway) -> None:
    query = "{ organizationRoles { nodes { databaseId builtin } } courseFamilyRoles { nodes { databaseId builtin } } }"
    ladder = [{"databaseId": role, "builtin": True} for role in ("_developer", "_manager", "_owner")]
    for reader in ("sol", "mona", "adi"):
        data = talking.data(reader, query)
        assert [sorted(of["nodes"], key=lambda role: role["databaseId"]) for of in data.values()] == [ladder, ladder]


def test_a_lower_role_counts_from_the_next_request_on(talking: RunningGateway, own_world: World) -> None:
    change = "UPDATE {0}_member SET {0}_role_id = %s WHERE id = %s"
    query = "{ organizationMembers { totalCount } courseFamilyMembers { totalCount } }"
    for reader, seat, scope, counts in (
        ("mona", "mona@tech", "organization", (3, 0)),
        ("fay", "fay@math", "course_family", (0, 3)),
    ):
        for role, there in (("_developer", tuple(min(count, 1) for count in counts)), ("_manager", counts)):
            key = own_world.id(f"{scope}_member", seat)
            own_world.connection.execute(change.format(scope).encode(), [role, key])
            data = talking.data(reader, query)
            assert tuple(of["totalCount"] for of in data.values()) == there, (reader, role)


def test_archived_messages_are_listed_only_on_demand(talking: RunningGateway, own_world: World) -> None:
    query = "{ messages(archived: ONLY) { totalCount nodes { id } } }"
    for reader in READERS:
        seen = {"late to all", "late to sol"} if reader in ("sol", "wanda", "adi") else {"late to all"}
        assert own_world.names(node["id"] for node in talking.data(reader, query)["messages"]["nodes"]) == seen, reader


def test_scope_is_the_most_specific_target(talking: RunningGateway) -> None:
    data = talking.data("adi", "{ messages(first: 500) { nodes { title scope level } } }")
    scopes = {node["title"]: node["scope"] for node in data["messages"]["nodes"]}
    assert scopes == {name: (targets[0][0] if targets else "global").upper() for name, targets in MESSAGES.items()}
    for clause in ("filter: { scope: { eq: GLOBAL } }", "search: { scope: GLOBAL }"):
        query = f"{{ messages({clause}) {{ nodes {{ title }} }} }}"
        assert talking.data("ada", query) == {"messages": {"nodes": [{"title": "to all"}]}}


TAGGED = ("to all", "all #Exam", "algebra #exam_1 due", "all\t#exam #week")
TAGS: tuple[tuple[str, set[int]], ...] = (
    ('tags: ["exam"]', {1, 3}),
    ('tags: ["WEEK", "exam"]', {3}),
    ("tags: []", {0, 1, 2, 3}),
    ('anyTags: ["week", "exam_1"]', {2, 3}),
    ('anyTags: ["_xam"]', set()),
    ("anyTags: []", set()),
    ('tagPrefix: "EX"', {1, 2, 3}),
    ('tagPrefix: "xam"', set()),
    ('tagPrefix: "%"', set()),
    ('createdAfter: "2001-01-01T00:00:00Z"', {0, 1, 2}),
    ('createdBefore: "2001-01-01T00:00:00Z"', {3}),
    ('createdBefore: "2000-01-01T00:00:00Z"', set()),
)


@pytest.mark.parametrize(("search", "found"), TAGS)
def test_searches_by_tags_and_times_find_what_has_them(
    talking: RunningGateway, own_world: World, search: str, found: set[int]
) -> None:
    change = "UPDATE message SET title = %s, created_at = coalesce(%s, created_at) WHERE id = %s"
    messages = ("to all", "by cyd", "to algebra", "to uni")
    moments = (None, None, None, "2000-01-01T00:00:00Z")
    before = own_world.connection.execute("SELECT id, created_at FROM message").fetchall()
    for name, title, moment in zip(messages, TAGGED, moments, strict=True):
        own_world.connection.execute(change, [title, moment, own_world.id("message", name)])
    try:
        query = f"{{ messages(first: 500, search: {{ {search} }}) {{ nodes {{ title }} }} }}"
        titles = {node["title"] for node in talking.data("adi", query)["messages"]["nodes"]}
        assert titles & {*TAGGED} == {TAGGED[index] for index in found}
    finally:
        for name in messages:
            key = own_world.id("message", name)
            (moment,) = (made for id_, made in before if str(id_) == key)
            own_world.connection.execute(change, [name, moment, key])


@pytest.mark.parametrize("tag", ["", "a b", "#a", "a" * 255])
def test_what_is_no_tag_is_refused(talking: RunningGateway, tag: str) -> None:
    query = "query ($tag: String!) { messages(search: { tags: [$tag] }) { totalCount } }"
    assert talking.ask("adi", query, tag=tag)["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


@pytest.mark.parametrize("reader", ["ada", "bob", "tom", "sol", "adi"])
def test_read_is_what_the_caller_has_marked(talking: RunningGateway, reader: str) -> None:
    read = {what for who, what in MARKS if who == reader} & expected(reader)["messages"]
    unread = expected(reader)["messages"] - read
    for is_unread, found in (("false", read), ("true", unread)):
        asked = f"first: 500, search: {{ unread: {is_unread} }}"
        data = talking.data(reader, f"{{ messages({asked}) {{ totalCount nodes {{ title }} }} }}")
        assert {node["title"] for node in data["messages"]["nodes"]} == found, asked
        assert data["messages"]["totalCount"] == len(found), asked
        rows = talking.send(reader, "GET", f"/messages?limit=500&unread={is_unread}").json()
        assert {row["title"] for row in rows} == found, is_unread
    for is_read, found in (("true", read), ("false", unread)):
        query = f"{{ messages(first: 500, filter: {{ isRead: {{ eq: {is_read} }} }}) {{ nodes {{ title isRead }} }} }}"
        nodes = talking.data(reader, query)["messages"]["nodes"]
        assert {node["title"] for node in nodes} == found
        assert {node["isRead"] for node in nodes} <= {is_read == "true"}


def test_narrowed_token_does_not_learn_what_its_owner_has_read(talking: RunningGateway) -> None:
    query = "{ read: messages(search: { unread: false }) { totalCount } messages { totalCount nodes { isRead } }"
    query += " messageReads { totalCount } }"
    data = talking.data("narrow", query)
    assert data["messages"]["totalCount"] > 0
    assert {node["isRead"] for node in data["messages"]["nodes"]} == {False}
    assert (data["read"], data["messageReads"]) == ({"totalCount": 0}, {"totalCount": 0})
    assert talking.data("ada", query)["read"]["totalCount"] > 0


def test_hidden_parent_and_hidden_message_tell_nothing(talking: RunningGateway) -> None:
    query = '{ messages(filter: { title: { eq: "by cyd" } }) { nodes { parent { title } } } }'
    for reader, parent in (("cyd", None), ("sol", None), ("adi", {"title": "to algebra"})):
        assert talking.data(reader, query)["messages"]["nodes"] == [{"parent": parent}], reader
    probes = (
        'messages(filter: { parent: { title: { contains: "algebra" } } }) { totalCount }',
        'messageReads(filter: { message: { title: { eq: "to algebra" } } }) { totalCount }',
    )
    for probe in probes:
        assert list(talking.data("sol", f"{{ {probe} }}").values()) == [{"totalCount": 0}], probe
    # Nor does the mark of what has been hidden since.
    query = "{ messageReads { totalCount nodes { messageId } } }"
    assert talking.data("sol", query)["messageReads"] == {"totalCount": 0, "nodes": []}


IN_COURSE = {
    name for name, targets in MESSAGES.items() if {ADA, ALONE, TEAM, SHEET, GROUP, OTHER, ALGEBRA} & {*targets}
}
OF_FAMILY = {*IN_COURSE, "to math", "math of uni", "to geometry"}
OF_GROUP = {"to group", "team of algebra", "sheet of group", "to ada", "ada of sheet"}
SEARCHES: tuple[tuple[str, str, str, set[str]], ...] = (
    ("courseId", "course", "algebra", IN_COURSE),
    ("courseFamilyId", "course_family", "math", OF_FAMILY),
    ("organizationId", "organization", "uni", {*OF_FAMILY, "to uni", "to unused"}),
    ("organizationId", "organization", "tech", {"to tech", "to science"}),
    ("authorId", "user", "cyd", {"by cyd"}),
    ("parentId", "message", "to algebra", {"by cyd"}),
    ("userId", "user", "sol", {"to sol", "sol of algebra", "by cyd"}),
    ("courseMemberId", "course_member", "ada@algebra", {"to ada", "ada of sheet"}),
    ("submissionGroupId", "course_submission_group", "team", {*OF_TEAM, "to ada", "ada of sheet"}),
    ("submissionGroupId", "course_submission_group", "cyd alone", set()),
    ("courseGroupId", "course_group", "algebra/group", OF_GROUP),
    (
        "courseContentId",
        "course_content",
        "algebra/week_1.sheet_1",
        {"to alone", "to sheet", "ada of sheet", "sheet of group"},
    ),
    ("courseContentId", "course_content", "algebra/week_1.sheet_2", OF_TEAM),
)


@pytest.mark.parametrize(("key", "table", "name", "found"), SEARCHES)
def test_searches_by_key_find_what_is_for_it_and_in_it(
    talking: RunningGateway, own_world: World, key: str, table: str, name: str, found: set[str]
) -> None:
    query = f"query ($key: ID!) {{ messages(first: 500, search: {{ {key}: $key }}) {{ nodes {{ title }} }} }}"
    for reader in ("adi", "tom", "ada", "uma"):
        nodes = talking.data(reader, query, key=own_world.id(table, name))["messages"]["nodes"]
        titles = {node["title"] for node in nodes}
        assert titles <= found & expected(reader)["messages"], reader
        assert titles == found or reader != "adi"


MEMBER_SEARCHES: tuple[tuple[str, dict[str, Any], int], ...] = (
    ("organizationMembers", {"organizationId": ("organization", "tech")}, 3),
    ("organizationMembers", {"userId": ("user", "pia")}, 1),
    ("organizationMembers", {"organizationRoleId": "_developer"}, 2),
    ("courseFamilyMembers", {"courseFamilyId": ("course_family", "math")}, 3),
    ("courseFamilyMembers", {"userId": ("user", "gil")}, 1),
    ("courseFamilyMembers", {"courseFamilyRoleId": "_manager"}, 2),
    ("messageReads", {"messageId": ("message", "to team")}, 2),
    ("messageReads", {"readerUserId": ("user", "ada")}, 2),
    ("organizationRoles", {"id": "_owner"}, 1),
    ("courseFamilyRoles", {"title": "Manager"}, 1),
)


@pytest.mark.parametrize(("entities", "search", "count"), MEMBER_SEARCHES)
def test_searches_find_what_agrees(
    talking: RunningGateway, own_world: World, entities: str, search: dict[str, Any], count: int
) -> None:
    ((key, value),) = search.items()
    query = f"query ($key: ID!) {{ {entities}(search: {{ {key}: $key }}) {{ totalCount }} }}"
    if key == "title":
        query = query.replace("ID!", "String!")
    given = own_world.id(*value) if isinstance(value, tuple) else value
    assert talking.data("adi", query, key=given) == {entities: {"totalCount": count}}
