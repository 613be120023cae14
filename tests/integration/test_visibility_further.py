"""Who sees which rows and columns of people's records, the library, deployments and feedback.

What is expected is written down for each reader and each entity; what is not named is not seen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from psycopg.types.json import Jsonb

from tests.support.university import READERS

if TYPE_CHECKING:
    from tests.support.gateway import RunningGateway
    from tests.support.world import World

OF_ADA = {
    "accounts": {"account ada"},
    "profiles": {"profile ada"},
    "studentProfiles": {"student ada"},
    "sessions": {"session ada"},
    "userGroups": {"ada group ada"},
}
OF_CYD = {name: {row.replace("ada", "cyd") for row in rows} for name, rows in OF_ADA.items()}
OF_BOTH = {name: rows | OF_CYD[name] for name, rows in OF_ADA.items()}
PUBLIC = {"groups": {"group ada", "group cyd"}, "groupClaims": {"group ada", "group cyd"}}
IN_ALGEBRA = {
    "courseExecutionBackends": {"python algebra"},
    "deploymentHistories": {"history algebra"},
    "courseContentDeployments": {"deployment algebra"},
}
LIBRARIES = ("algebra", "archived", "chemistry")
EXAMPLES = {"examples": {f"{title} {name}" for title in ("loops", "lists") for name in LIBRARIES}}
LIBRARY = {
    **EXAMPLES,
    "exampleRepositories": {f"library {name}" for name in LIBRARIES},
    "exampleVersions": {f"loops {name} {number}" for name in LIBRARIES for number in (1, 2)},
    "exampleDependencies": {f"dependency {name}" for name in LIBRARIES},
}
TUTOR = {
    **IN_ALGEBRA,
    "courseContentDeployments": {"deployment algebra", "deployment archived"},
    "deploymentHistories": {"history algebra", "history archived"},
    "submissionGroupGradings": {"grade ada"},
    "courseMemberComments": {"comment ada"},
    "profiles": {"profile ada"},
    "studentProfiles": {"student ada"},
}
LECTURER = {**TUTOR, **LIBRARY}
EVERYTHING = {
    **OF_BOTH,
    **LIBRARY,
    **TUTOR,
    "profiles": OF_BOTH["profiles"],
    "studentProfiles": OF_BOTH["studentProfiles"],
    "courseContentDeployments": {f"deployment {name}" for name in LIBRARIES},
    "deploymentHistories": {f"history {name}" for name in LIBRARIES},
}
VISIBLE: dict[str, dict[str, set[str]]] = {
    "ada": {**OF_ADA, **IN_ALGEBRA, "submissionGroupGradings": {"grade ada"}},
    "bob": IN_ALGEBRA,
    "cyd": OF_CYD,
    "dan": {"courseContentDeployments": {"deployment chemistry"}, "deploymentHistories": {"history chemistry"}},
    # A tutor of geometry, where cyd is a student.
    "mia": {**IN_ALGEBRA, "profiles": {"profile cyd"}, "studentProfiles": {"student cyd"}},
    "tom": TUTOR,
    "lea": LECTURER,
    "mel": LECTURER,
    "oda": LECTURER,
    "uma": {name: OF_BOTH[name] for name in ("accounts", "profiles", "studentProfiles", "userGroups")},
    "orla": LIBRARY,
    "adi": EVERYTHING,
}
LISTS = (*PUBLIC, *EVERYTHING)
DOCUMENT = "{" + " ".join(f"{name}(first: 500) {{ totalCount nodes {{ id }} }}" for name in LISTS) + "}"


def _name(world: World, key: str) -> str:
    """The name of a row; of a link, those of its parts that were built."""
    parts = [world.name(part) for part in key.partition(":")[2].split(",")]
    return parts[0] if key.startswith("GroupClaim:") else " ".join(parts)


@pytest.mark.parametrize("reader", READERS)
def test_lists_hold_what_the_reader_may_see(world_gateway: RunningGateway, world: World, reader: str) -> None:
    found = world_gateway.data(reader, DOCUMENT)
    seen = {name: {_name(world, node["id"]) for node in found[name]["nodes"]} for name in LISTS}
    assert seen == {**{name: VISIBLE.get(reader, {}).get(name, set()) for name in LISTS}, **PUBLIC}
    assert {name: found[name]["totalCount"] for name in LISTS} == {name: len(rows) for name, rows in seen.items()}


@pytest.mark.parametrize("reader", READERS)
def test_rows_by_id_and_by_filter_are_those_of_the_lists(world_gateway: RunningGateway, reader: str) -> None:
    every = world_gateway.data("adi", DOCUMENT)
    own = world_gateway.data(reader, DOCUMENT)
    for name in LISTS:
        ids = [node["id"] for node in every[name]["nodes"]]
        query = "query ($ids: [ID!]!) { nodes(ids: $ids) { id }"
        query += f" {name}(filter: {{ id: {{ in: $ids }} }}) {{ totalCount nodes {{ id }} }} }}"
        data = world_gateway.data(reader, query, ids=ids)
        visible = {node["id"] for node in own[name]["nodes"]}
        assert {node["id"] for node in data["nodes"] if node} == visible, name
        assert {node["id"] for node in data[name]["nodes"]} == visible, name
        assert data[name]["totalCount"] == len(visible), name


def test_tokens_are_for_their_owner(world_gateway: RunningGateway, world: World) -> None:
    query = "{ apiTokens(first: 500) { nodes { userId name tokenPrefix scopes } } }"
    for reader in ("ada", "tom", "uma"):
        tokens = world_gateway.data(reader, query)["apiTokens"]["nodes"]
        assert {world.name(token["userId"]) for token in tokens} == {reader}
    query = "{ apiTokens(first: 500, search: { revoked: true, expired: false }) { nodes { name scopes } } }"
    assert world_gateway.data("cyd", query) == {"apiTokens": {"nodes": [{"name": "token of cyd", "scopes": []}]}}


SCOPES: tuple[tuple[list[str], set[str]], ...] = (
    ([], {"token of cyd", "tests"}),
    (["course:get"], {"token of cyd"}),
    (["course:get", 'a "quoted", {odd} one'], {"token of cyd"}),
    (["course:list"], set()),
)


@pytest.mark.parametrize(("scopes", "found"), SCOPES)
def test_tokens_are_found_by_all_of_some_scopes(
    world_gateway: RunningGateway, world: World, scopes: list[str], found: set[str]
) -> None:
    change = "UPDATE api_token SET scopes = %s WHERE name = 'token of cyd'"
    world.connection.execute(change, (Jsonb(["course:get", "user:get", 'a "quoted", {odd} one']),))
    try:
        query = "query ($scopes: [String!]) { apiTokens(search: { scopes: $scopes }) { nodes { name } } }"
        data = world_gateway.data("cyd", query, scopes=scopes)
        assert {node["name"] for node in data["apiTokens"]["nodes"]} == found
    finally:
        world.connection.execute(change, (Jsonb([]),))


def test_role_claims_are_for_the_user_manager(world_gateway: RunningGateway) -> None:
    query = "{ roleClaims { totalCount } roles { nodes { claims { totalCount } } } }"
    for reader, some in (("uma", True), ("adi", True), ("lea", False), ("orla", False), ("sol", False)):
        data = world_gateway.data(reader, query)
        counts = [role["claims"]["totalCount"] for role in data["roles"]["nodes"]]
        assert (data["roleClaims"]["totalCount"] > 0, sum(counts) > 0) == (some, some), reader


STAFF_COLUMNS = "exampleVersionId versionTag deploymentMessage createdAt updatedAt createdById"


def test_students_read_the_status_of_a_deployment_and_no_more(world_gateway: RunningGateway) -> None:
    hidden = dict.fromkeys(STAFF_COLUMNS.split())
    query = f"{{ courseContentDeployments {{ nodes {{ deploymentStatus {STAFF_COLUMNS} exampleVersion {{ id }}"
    query += " history { nodes { action versionTag exampleVersionId workflowId createdById } } } } }"
    (node,) = world_gateway.data("bob", query)["courseContentDeployments"]["nodes"]
    entry = {"versionTag": None, "exampleVersionId": None, "workflowId": None, "createdById": None}
    history = {"nodes": [{"action": "REASSIGNED", **entry}]}
    assert node == {"deploymentStatus": "DEPLOYED", **hidden, "exampleVersion": None, "history": history}
    for node in world_gateway.data("tom", query)["courseContentDeployments"]["nodes"]:
        assert (node["versionTag"], node["deploymentMessage"]) == ("2.0", "hidden")
        # A tutor sees the key that the row holds, and not the library.
        assert node["exampleVersionId"]
        assert node["exampleVersion"] is None
    for clause in (
        'filter: { versionTag: { eq: "2.0" } }',
        "filter: { createdAt: { isNull: false } }",
        "filter: { not: { versionTag: { isNull: true } } }",
    ):
        query = f"{{ courseContentDeployments({clause}) {{ totalCount }} }}"
        assert world_gateway.data("bob", query) == {"courseContentDeployments": {"totalCount": 0}}
        assert world_gateway.data("tom", query) == {"courseContentDeployments": {"totalCount": 2}}


def test_computed_fields_of_accounts_profiles_and_logins(world_gateway: RunningGateway) -> None:
    query = """{ me { accounts { nodes { displayName properties } }
        profile { displayName avatarColorHex hasCustomAvatar }
        sessions { nodes { isActive sessionDuration ipAddress } } } }"""
    assert world_gateway.data("ada", query)["me"] == {
        "accounts": {"nodes": [{"displayName": "https://git.example (gitlab): ada", "properties": {"picture": "cat"}}]},
        "profile": {"displayName": "nick_ada", "avatarColorHex": "#0000ff", "hasCustomAvatar": False},
        "sessions": {"nodes": [{"isActive": True, "sessionDuration": None, "ipAddress": "10.1.2.3"}]},
    }


def test_address_of_a_repository_comes_without_what_lets_somebody_in(world_gateway: RunningGateway) -> None:
    query = """{ exampleRepositories(orderBy: [{ sourceUrl: DESC }]) { nodes { sourceUrl }
        groups(by: [{ sourceUrl: VALUE }]) { keys { sourceUrl } } } }"""
    found = world_gateway.data("lea", query)["exampleRepositories"]
    shown = [f"https://examples.example/{name}" for name in LIBRARIES]
    assert [node["sourceUrl"] for node in found["nodes"]] == shown[::-1]
    assert [group["keys"]["sourceUrl"] for group in found["groups"]] == shown
    for text in ("bot", "hid", "token"):
        probe = f'{{ exampleRepositories(filter: {{ sourceUrl: {{ contains: "{text}" }} }}) {{ totalCount }} }}'
        assert world_gateway.data("adi", probe) == {"exampleRepositories": {"totalCount": 0}}


def test_logins_are_paged_in_the_order_of_their_addresses(world_gateway: RunningGateway) -> None:
    query = """query ($after: String) { sessions(first: 1, after: $after, orderBy: [{ ipAddress: ASC }])
        { nodes { id } pageInfo { endCursor hasNextPage } } }"""
    every = world_gateway.data("adi", "{ sessions { totalCount } }")["sessions"]["totalCount"]
    seen: set[str] = set()
    page: dict[str, Any] = {"endCursor": None, "hasNextPage": True}
    while page["hasNextPage"]:
        sessions = world_gateway.data("adi", query, after=page["endCursor"])["sessions"]
        seen.add(sessions["nodes"][0]["id"])
        page = sessions["pageInfo"]
    assert len(seen) == every > 1


SEARCHES: tuple[tuple[str, str, int], ...] = (
    ("accounts", 'provider: "https://git.example", type: "gitlab", providerAccountId: "cyd"', 1),
    ("profiles", 'nickname: "ICK_C"', 1),
    ("studentProfiles", 'studentId: "m-ada"', 1),
    ("sessions", 'activeOnly: true, ipAddress: "10.1.2.3"', 2),
    ("sessions", 'ipAddress: "no address"', 0),
    ("groups", 'title: "p ad", slug: "group-ada", type: FIXED', 1),
    ("groupClaims", 'claimType: "permissions", claimValue: "thing"', 2),
    ("userGroups", "transient: false", 2),
    ("exampleRepositories", 'name: "chem", sourceType: GIT', 1),
    ("examples", 'search: "loop", tags: ["loops", "none"]', 3),
    ("examples", 'search: "a%"', 0),
    ("examples", 'identifier: "lists.a"', 3),
    ("exampleVersions", 'versionTag: "1.0"', 3),
    ("courseContentDeployments", "deployed: true", 0),
    ("courseContentDeployments", "failed: false, deploymentStatus: DEPLOYED", 3),
    ("deploymentHistories", "action: REASSIGNED", 3),
    ("submissionGroupGradings", "minGrade: 0.5, maxGrade: 0.5, hasFeedback: true, status: CORRECTED", 1),
    ("submissionGroupGradings", "hasFeedback: false", 0),
)


@pytest.mark.parametrize(("entities", "search", "count"), SEARCHES)
def test_searches_find_what_agrees(world_gateway: RunningGateway, entities: str, search: str, count: int) -> None:
    data: dict[str, Any] = world_gateway.data("adi", f"{{ {entities}(search: {{ {search} }}) {{ totalCount }} }}")
    assert data == {entities: {"totalCount": count}}


@pytest.mark.parametrize("address", ["::ffff:1.2.3.4", "::1.2.3.4", "2001:db8::1", "10.9.8.7"])
def test_logins_are_found_by_the_address_that_they_show(
    world_gateway: RunningGateway, world: World, address: str
) -> None:
    (found,) = world.connection.execute("SELECT id, host(ip_address) FROM session ORDER BY id LIMIT 1").fetchall()
    query = "query ($address: String!) { sessions(search: { ipAddress: $address }) { nodes { ipAddress } } }"
    change = "UPDATE session SET ip_address = %s WHERE id = %s"
    world.connection.execute(change, (address, found[0]))
    try:
        data = world_gateway.data("adi", query, address=address)
        assert data == {"sessions": {"nodes": [{"ipAddress": address}]}}
    finally:
        world.connection.execute(change, (found[1], found[0]))


def test_an_address_with_a_zone_finds_no_login(world_gateway: RunningGateway) -> None:
    query = '{ sessions(search: { ipAddress: "fe80::1%eth0" }) { totalCount } }'
    assert world_gateway.data("adi", query) == {"sessions": {"totalCount": 0}}


def test_a_membership_that_says_nothing_is_found_as_lasting(world_gateway: RunningGateway, world: World) -> None:
    update = "UPDATE user_group SET transient = %s"
    world.connection.execute(update, (None,))
    try:
        assert world.connection.execute("SELECT count(*) FROM user_group WHERE transient IS NULL").fetchone() == (2,)
        for clause in ("search: { transient: false }", "filter: { transient: { eq: false } }"):
            data = world_gateway.data("adi", f"{{ userGroups({clause}) {{ totalCount }} }}")
            assert data == {"userGroups": {"totalCount": 2}}
    finally:
        world.connection.execute(update, (False,))
