"""What the GraphQL specification says of execution, field by field: the plans of the engine keep to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.support.gateway import RunningGateway
    from tests.support.world import World


def _post(gateway: RunningGateway, **body: Any) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {gateway.tokens['tom']}"}
    answer: dict[str, Any] = gateway.client.post(f"{gateway.url}/graphql", json=body, headers=headers).json()
    return answer


def _text(gateway: RunningGateway, query: str, **variables: Any) -> str:
    body = {"query": query, "variables": variables}
    headers = {"Authorization": f"Bearer {gateway.tokens['tom']}"}
    return gateway.client.post(f"{gateway.url}/graphql", json=body, headers=headers).text


def test_response_keys_stand_in_the_order_of_the_document(world_gateway: RunningGateway) -> None:
    query = """{
      z: courses { totalCount nodes { title b: path __typename a: id } edges { node { path } } x: __typename }
      me { username }
      a: courses { pageInfo { endCursor } }
      z: courses { nodes { organizationId } }
    }"""
    data = world_gateway.data("tom", query)
    assert list(data) == ["z", "me", "a"]
    assert list(data["z"]) == ["totalCount", "nodes", "edges", "x"]
    assert list(data["z"]["nodes"][0]) == ["title", "b", "__typename", "a", "organizationId"]


def test_typename_is_known_everywhere(world_gateway: RunningGateway) -> None:
    query = """{
      __typename
      courses(first: 1) {
        __typename
        edges { __typename node { __typename organization { __typename } } }
        nodes { __typename contents { __typename aggregate { __typename min { __typename } } } }
        pageInfo { __typename }
      }
    }"""
    assert world_gateway.data("tom", query) == {
        "__typename": "Query",
        "courses": {
            "__typename": "CourseConnection",
            "edges": [
                {
                    "__typename": "CourseEdge",
                    "node": {"__typename": "Course", "organization": {"__typename": "Organization"}},
                }
            ],
            "nodes": [
                {
                    "__typename": "Course",
                    "contents": {
                        "__typename": "CourseContentConnection",
                        "aggregate": {
                            "__typename": "CourseContentAggregate",
                            "min": {"__typename": "CourseContentMin"},
                        },
                    },
                }
            ],
            "pageInfo": {"__typename": "PageInfo"},
        },
    }


def test_nothing_but_a_typename_is_asked_of_a_list(world_gateway: RunningGateway) -> None:
    query = "{ courses { nodes { __typename } edges { __typename } } users { aggregate { __typename } } }"
    data = world_gateway.data("tom", query)
    assert data["courses"] == {"nodes": [{"__typename": "Course"}], "edges": [{"__typename": "CourseEdge"}]}
    assert data["users"] == {"aggregate": {"__typename": "UserAggregate"}}


def test_merged_fields_select_together(world_gateway: RunningGateway) -> None:
    query = """query ($n: Int) {
      courses(first: $n) { nodes { organization { title } members(first: 1) { totalCount } } }
      ... { courses(first: $n) { nodes { organization { path id } } totalCount } }
      ...More
    }
    fragment More on Query { courses(first: $n) { nodes { members(first: 1) { nodes { courseRoleId } } title } } }"""
    (course,) = world_gateway.data("tom", query, n=1)["courses"]["nodes"]
    assert course["organization"].keys() == {"title", "path", "id"}
    assert course["members"]["totalCount"] == 8
    assert len(course["members"]["nodes"]) == 1
    assert course["title"] == "Algebra"


def test_aliases_of_one_field_with_other_arguments_are_apart(world_gateway: RunningGateway) -> None:
    query = """{
      one: results(filter: { result: { gt: 0.6 } }) { totalCount }
      two: results(filter: { result: { lte: 0.6 } }) { totalCount }
      courses { nodes {
        best: contents(first: 1, orderBy: [{ position: DESC }]) { nodes { position } }
        worst: contents(first: 1, orderBy: [{ position: ASC }]) { nodes { position } }
      } }
    }"""
    data = world_gateway.data("tom", query)
    assert (data["one"], data["two"]) == ({"totalCount": 2}, {"totalCount": 4})
    (course,) = data["courses"]["nodes"]
    assert course == {"best": {"nodes": [{"position": 2.0}]}, "worst": {"nodes": [{"position": 1.0}]}}


def test_fields_that_cannot_merge_are_refused(world_gateway: RunningGateway) -> None:
    query = "{ courses(first: 1) { totalCount } courses(first: 2) { totalCount } }"
    (error,) = world_gateway.ask("tom", query)["errors"]
    assert error["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert error["message"].startswith("Fields 'courses' conflict because they have differing arguments.")


SWITCHED = """query ($yes: Boolean = true, $no: Boolean = false, $given: Boolean!) {
  kept: me @include(if: $yes) { username }
  gone: me @include(if: $no) { username }
  also: me @skip(if: $given) { username }
  both: me @skip(if: $no) @include(if: $given) { username }
  ...F @include(if: $given)
  ... @skip(if: $given) { inline: me { username } }
  ... on Query @include(if: $yes) { courses @skip(if: $no) { totalCount nodes @include(if: $given) { title } } }
}
fragment F on Query { fragment: me { username @skip(if: $yes) id @include(if: true) } }"""


@pytest.mark.parametrize("given", [True, False])
def test_skip_and_include_decide_with_variables_and_defaults(world_gateway: RunningGateway, *, given: bool) -> None:
    data = world_gateway.data("tom", SWITCHED, given=given)
    tom = {"username": "tom"}
    expected: dict[str, Any] = {"kept": tom}
    if given:
        assert data.pop("fragment").keys() == {"id"}
        expected |= {"both": tom, "courses": {"totalCount": 1, "nodes": [{"title": "Algebra"}]}}
    else:
        expected |= {"also": tom, "inline": tom, "courses": {"totalCount": 1}}
    assert data == expected


def test_default_of_a_switch_can_be_overruled(world_gateway: RunningGateway) -> None:
    query = "query ($yes: Boolean = true) { __typename me @include(if: $yes) { username } }"
    assert world_gateway.data("tom", query).keys() == {"__typename", "me"}
    assert world_gateway.data("tom", query, yes=False).keys() == {"__typename"}
    assert world_gateway.data("tom", query, yes=True).keys() == {"__typename", "me"}


def test_null_for_a_switch_is_refused(world_gateway: RunningGateway) -> None:
    query = "query ($yes: Boolean = true) { __typename me @include(if: $yes) { username } }"
    answer = world_gateway.ask("tom", query, yes=None)
    (error,) = answer["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert error["message"] == "Argument 'if' of @include must not be null."


def test_everything_may_be_skipped(world_gateway: RunningGateway) -> None:
    assert world_gateway.data("tom", "{ me @skip(if: true) { username } }") == {}
    assert world_gateway.data("tom", "{ me { username @skip(if: true) } }") == {"me": {}}
    assert world_gateway.data("tom", "{ courses { nodes { id @skip(if: true) } } }") == {"courses": {"nodes": [{}]}}


def test_fragments_on_interfaces_and_types_apply_where_they_fit(world_gateway: RunningGateway, world: World) -> None:
    ids = [
        f"Course:{world.id('course', 'algebra')}",
        f"Result:{world.id('result', 'ada 1')}",
        f"User:{world.id('user', 'ada')}",
    ]
    query = """query ($ids: [ID!]!) { nodes(ids: $ids) {
      __typename
      id
      ... on Node { same: id ... on Course { title } ...OfResult }
      ... on User { username courseMembers { nodes { ...Anything } } }
      ... { again: __typename }
    } }
    fragment OfResult on Result { result courseMember { ...Anything } }
    fragment Anything on Node { __typename ... on CourseMember { courseRoleId } ... on Course { path } }"""
    course, result, user = world_gateway.data("tom", query, ids=ids)["nodes"]
    member = {"__typename": "CourseMember", "courseRoleId": "CourseRole:_student"}
    common = [{"id": key, "same": key} for key in ids]
    assert course == {"__typename": "Course", "again": "Course", "title": "Algebra", **common[0]}
    assert result == {"__typename": "Result", "again": "Result", "result": 0.25, "courseMember": member, **common[1]}
    assert user == {
        "__typename": "User",
        "again": "User",
        "username": "ada",
        "courseMembers": {"nodes": [member]},
        **common[2],
    }


def test_nodes_keep_the_order_and_the_repetitions_of_the_ids(world_gateway: RunningGateway, world: World) -> None:
    algebra, tom = f"Course:{world.id('course', 'algebra')}", f"User:{world.id('user', 'tom')}"
    hidden = f"Course:{world.id('course', 'chemistry')}"
    ids = [tom, algebra, hidden, tom, algebra.upper().replace("COURSE", "Course"), "Role:_admin"]
    query = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }"
    found = [node and node["id"] for node in world_gateway.data("tom", query, ids=ids)["nodes"]]
    assert found == [tom, algebra, None, tom, algebra, "Role:_admin"]
    assert world_gateway.data("tom", query, ids=[]) == {"nodes": []}


NAMED = """query Titles($n: Int = 1, $order: OrderDirection! = DESC, $path: TreePath) {
  courseContents(first: $n, orderBy: [{ path: $order }], filter: { path: { descendantOf: "week_1" } }) {
    nodes { path }
  }
  courses(search: { path: $path }) { totalCount }
}
query Me { me { username } }
fragment Unused on Course { id }"""


def test_operation_is_chosen_by_name(world_gateway: RunningGateway) -> None:
    document = NAMED.replace("fragment Unused on Course { id }", "")
    assert _post(world_gateway, query=document, operationName="Me") == {"data": {"me": {"username": "tom"}}}
    titles = _post(world_gateway, query=document, operationName="Titles")["data"]
    assert titles["courseContents"] == {"nodes": [{"path": "week_1.sheet_2"}]}
    one = "query Me { me { username } }"
    for name in ("Me", None, ""):
        assert _post(world_gateway, query=one, operationName=name) == {"data": {"me": {"username": "tom"}}}


@pytest.mark.parametrize(
    ("variables", "paths"),
    [
        ({}, ["week_1.sheet_2"]),
        ({"n": 2}, ["week_1.sheet_2", "week_1.sheet_1"]),
        ({"n": None}, ["week_1.sheet_2", "week_1.sheet_1"]),
        ({"n": 1, "order": "ASC"}, ["week_1.sheet_1"]),
        ({"unknown": 5}, ["week_1.sheet_2"]),
    ],
)
def test_variables_have_defaults_which_null_overrules(
    world_gateway: RunningGateway, variables: dict[str, Any], paths: list[str]
) -> None:
    document = NAMED.replace("fragment Unused on Course { id }", "")
    data = _post(world_gateway, query=document, operationName="Titles", variables=variables)["data"]
    assert [node["path"] for node in data["courseContents"]["nodes"]] == paths
    assert data["courses"] == {"totalCount": 1}


def test_absent_variable_in_an_object_leaves_its_field_out(world_gateway: RunningGateway) -> None:
    query = "query ($title: StringFilter) { courses(filter: { title: $title }) { totalCount } }"
    assert world_gateway.data("tom", query) == {"courses": {"totalCount": 1}}
    assert world_gateway.data("tom", query, title={"eq": "nope"}) == {"courses": {"totalCount": 0}}
    assert world_gateway.data("tom", query, title={"eq": "Algebra"}) == {"courses": {"totalCount": 1}}
    (error,) = world_gateway.ask("tom", query, title=None)["errors"]
    assert error["message"] == "filter.title: null is no test; leave it out, or ask for isNull"


def test_single_value_stands_for_a_list_of_one(world_gateway: RunningGateway, world: World) -> None:
    query = """query ($o: [CourseOrder!]) {
      courses(orderBy: $o, filter: { or: { title: { in: "Algebra" } } }) { totalCount }
    }"""
    assert world_gateway.data("tom", query, o={"title": "ASC"}) == {"courses": {"totalCount": 1}}


def test_introspection_and_data_stand_in_one_document(world_gateway: RunningGateway) -> None:
    query = """query ($type: String!, $n: Int) {
      before: courses(first: $n) { nodes { title } }
      __type(name: $type) { name fields { name } }
      __schema { mutationType { name } }
      after: me { username }
    }"""
    data = world_gateway.data("tom", query, type="PageInfo", n=1)
    assert list(data) == ["before", "__type", "__schema", "after"]
    assert data["before"] == {"nodes": [{"title": "Algebra"}]}
    names = ["hasNextPage", "hasPreviousPage", "startCursor", "endCursor"]
    assert data["__type"] == {"name": "PageInfo", "fields": [{"name": name} for name in names]}
    assert data["__schema"] == {"mutationType": {"name": "Mutation"}}
    assert data["after"] == {"username": "tom"}


def test_values_are_written_as_the_schema_says(world_gateway: RunningGateway, world: World) -> None:
    key = world.id("organization", "uni")
    world.connection.execute("SET session_replication_role = replica")
    world.connection.execute(
        """UPDATE organization SET created_at = '2026-01-02 03:04:05.000006+02', version = 9007199254740993
           WHERE id = %s""",
        [key],
    )
    world.connection.execute("RESET session_replication_role")
    text = _text(
        world_gateway,
        "query ($id: ID!) { organization(id: $id) {"
        " id databaseId createdAt version organizationType path pathComponents userId archivedAt properties } }",
        id=key,
    )
    assert text == (
        f'{{"data":{{"organization":{{"id":"Organization:{key}","databaseId":"{key}",'
        '"createdAt":"2026-01-02T01:04:05.000006Z","version":"9007199254740993","organizationType":"ORGANIZATION",'
        '"path":"uni","pathComponents":["uni"],"userId":null,"archivedAt":null,"properties":null}}}'
    )


def test_the_same_document_answers_each_reader_for_themselves(world_gateway: RunningGateway) -> None:
    query = "query ($n: Int) { me { username } results(first: $n) { totalCount } }"
    for _ in range(7):
        for reader, count in (("ada", 5), ("bob", 2), ("tom", 6), ("adi", 8), ("sol", 0)):
            data = world_gateway.data(reader, query, n=3)
            assert data == {"me": {"username": reader}, "results": {"totalCount": count}}
