"""Plans, told to those who may see them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.support.gateway import running_gateway
from tests.support.processes import computor

if TYPE_CHECKING:
    import httpx

    from tests.support.gateway import RunningGateway

_NESTED = """query Nested($title: String) {
  mine: courses(first: 2, filter: { title: { ne: $title } }) {
    totalCount
    nodes { title organization { title } members(first: 1) { nodes { user { fullName } } } }
  }
}"""
_VARIABLES = {"title": "nobody's secret"}


def _ask(gateway: RunningGateway, user: str, query: str, header: str | None = "1", **variables: Any) -> httpx.Response:
    headers = {"Authorization": f"Bearer {gateway.tokens[user]}"}
    if header is not None:
        headers["X-Explain"] = header
    return gateway.client.post(f"{gateway.url}/graphql", json={"query": query, "variables": variables}, headers=headers)


def test_administrator_is_told_the_tree_of_loads(gateway: RunningGateway) -> None:
    answer = _ask(gateway, "admin", _NESTED, **_VARIABLES).json()
    plan = answer["extensions"]["plan"]
    (courses,) = plan["loads"]
    assert (courses["field"], courses["kind"], courses["type"], courses["level"]) == ("mine", "list", "Course", 1)
    assert [(each["for"], each["rows"]) for each in courses["statements"]] == [("page", 3), ("figures", 1)]
    organization, members = courses["loads"]
    assert (organization["kind"], organization["level"], organization["parents"]) == ("to one", 2, 2)
    assert (members["kind"], members["level"], members["rows"]) == ("to many", 2, 4)
    (user,) = members["loads"]
    assert (user["field"], user["level"], user["parents"], user["rows"]) == ("user", 3, 2, 2)
    assert [(level["statements"], level["rows"]) for level in plan["levels"]] == [
        (2, 4),
        (2, organization["rows"] + 4),
        (1, 2),
    ]
    assert all(level["milliseconds"] > 0 for level in plan["levels"])
    assert 'FROM "user"' in user["statements"][0]["sql"]


def test_plan_holds_no_value_of_a_variable_and_no_row(gateway: RunningGateway) -> None:
    answer = _ask(gateway, "admin", _NESTED, **_VARIABLES).json()
    told = json.dumps(answer["extensions"])
    assert _VARIABLES["title"] not in told
    titles = [course["title"] for course in answer["data"]["mine"]["nodes"]]
    assert not [title for title in titles if title in told]


def test_others_get_the_answer_alone(gateway: RunningGateway) -> None:
    for user in ("lecturer", "tutor", "student", "stranger"):
        asked, plain = (_ask(gateway, user, _NESTED, header, **_VARIABLES) for header in ("1", None))
        assert "extensions" not in asked.json()
        assert asked.content == plain.content


def test_nobody_is_told_without_asking(gateway: RunningGateway) -> None:
    assert "extensions" not in _ask(gateway, "admin", _NESTED, None, **_VARIABLES).json()
    assert "extensions" not in _ask(gateway, "admin", _NESTED, "0", **_VARIABLES).json()


def test_only_loads_that_ran_are_told(gateway: RunningGateway) -> None:
    nobody = "00000000-0000-0000-0000-000000000000"
    members = "members { nodes { id } }"
    query = f'{{ course(id: "{nobody}") {{ {members} }} node(id: "User:{nobody}") {{ id }} __typename }}'
    course, node, constant = _ask(gateway, "admin", query).json()["extensions"]["plan"]["loads"]
    assert (course["rows"], course["loads"]) == (0, [])
    assert (node["type"], node["kind"], node["loads"]) == ("Node", "by global id", [])
    assert (constant["kind"], constant["statements"]) == ("constant", [])


def test_resolvers_and_the_schema_are_told_as_what_they_are(gateway: RunningGateway) -> None:
    answer = _ask(gateway, "admin", "{ __schema { queryType { name } } me { username } }").json()
    assert [load["kind"] for load in answer["extensions"]["plan"]["loads"]] == ["resolver", "by key"]


def test_setting_says_whose_plans_are_told(demo_database: str, gateway: RunningGateway) -> None:
    for setting, told in (("off", []), ("everyone", ["admin", "student"])):
        with running_gateway(demo_database, gateway.tokens, explain=setting) as other:
            answers = {user: _ask(other, user, "{ me { username } }").json() for user in ("admin", "student")}
            assert [user for user, answer in answers.items() if "extensions" in answer] == told


def test_token_with_scopes_is_no_administrator(gateway: RunningGateway) -> None:
    created = computor(gateway.database_url, "token", "create", "--user", "admin", "--scope", "user:get")
    asked = gateway.client.post(
        f"{gateway.url}/graphql",
        json={"query": "{ me { username } }"},
        headers={"Authorization": f"Bearer {created.stdout.strip()}", "X-Explain": "1"},
    )
    assert asked.json() == {"data": {"me": {"username": "admin"}}}


def test_command_tells_the_plan_and_leaves_no_token_that_holds(gateway: RunningGateway, tmp_path: Path) -> None:
    file = tmp_path / "nested.graphql"
    file.write_text(_NESTED)
    url = gateway.database_url
    given = ("plan", str(file), "--as", "student", "--variables", json.dumps(_VARIABLES))
    told = computor(url, *given)
    assert told.returncode == 0, told.stderr
    assert "mine, list of Course, level 1, 1 parent, 4 rows" in told.stdout
    assert "    user, to one of User, level 3, " in told.stdout
    assert "SELECT" not in told.stdout
    told = computor(url, *given, "--sql")
    assert "      SELECT " in told.stdout
    held = gateway.data(
        "admin", '{ apiTokens(filter: { name: { eq: "computor plan" } }) { nodes { revokedAt } totalCount } }'
    )["apiTokens"]
    assert held["totalCount"] == 2
    assert all(token["revokedAt"] for token in held["nodes"])


def test_command_reads_a_document_from_its_input(gateway: RunningGateway) -> None:
    told = subprocess.run(
        [Path(sys.executable).with_name("computor"), "plan", "-", "--json", "--token", gateway.tokens["student"]],
        input="{ me { username } }",
        env={"DATABASE_URL": gateway.database_url},
        capture_output=True,
        text=True,
        check=True,
    )
    assert [load["field"] for load in json.loads(told.stdout)["loads"]] == ["me"]


def test_command_says_in_a_sentence_why_not(gateway: RunningGateway, tmp_path: Path) -> None:
    file = tmp_path / "document.graphql"
    url = gateway.database_url
    for text, options, why in (
        ("mutation { deleteUser(id: 1) { errors { message } } }", ("--as", "admin"), "This is a mutation"),
        ("{ me { id } }", (), "Say who asks"),
        ("{ me { id } }", ("--token", "ctp_wrong"), "This token does not hold"),
        ("{ me { id } }", ("--as", "admin", "--variables", "["), "--variables is no JSON"),
    ):
        file.write_text(text)
        refused = computor(url, "plan", str(file), *options)
        assert (refused.returncode, refused.stdout) == (1, "")
        assert refused.stderr.startswith(why), refused.stderr
