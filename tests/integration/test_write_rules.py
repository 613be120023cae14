"""The domain's rules on writes, beyond who may: each is kept once and broken once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from backend.access.credentials import create_token
from tests.support.gateway import Campus, running_gateway
from tests.support.mutations import codes, told, write
from tests.support.university import READERS, build_university, build_upload

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.world import World


@pytest.fixture(scope="module")
def campus(own_world: World) -> Iterator[Campus]:
    build_university(own_world)
    build_upload(own_world, "bob", "bob alone", "bob 1", "bob")
    url = own_world.database_url
    tokens = {user: create_token(url, user=user, scopes=["*"]) for user in READERS}
    narrow = ["api_token:create", "api_token:get", "user:get", "course:get"]
    tokens["narrow lea"] = create_token(url, user="lea", scopes=narrow)
    with running_gateway(url, tokens) as running:
        yield own_world, running


def test_a_new_user_has_an_empty_profile(campus: Campus) -> None:
    _, gateway = campus
    made = write(gateway, "uma", "createUser", "user { id profile { nickname } }", input={"givenName": "New"})
    assert made["errors"] == []
    assert made["user"]["profile"] == {"nickname": None}
    assert codes(write(gateway, "uma", "createProfile", input={"userId": made["user"]["id"]})) == ["CONFLICT"]


def test_an_address_belongs_to_one_user(campus: Campus) -> None:
    world, gateway = campus
    of_ada = {"email": "ADA@uni.example"}
    assert told(write(gateway, "uma", "createUser", input=of_ada)) == [("CONFLICT", ["input", "email"])]
    sol = {"userId": world.id("user", "sol"), "organizationId": world.id("organization", "uni")}
    taken = {**sol, "studentEmail": "Bob@Example.org"}
    assert told(write(gateway, "uma", "createStudentProfile", input=taken)) == [("CONFLICT", ["input", "studentEmail"])]
    # One's own may stand in both places.
    assert codes(write(gateway, "uma", "createStudentProfile", input={**sol, "studentEmail": "sol@example.org"})) == []
    moved = write(gateway, "uma", "updateUser", id=sol["userId"], input=of_ada)
    assert told(moved) == [("CONFLICT", ["input", "email"])]


def test_of_two_who_take_an_address_at_once_one_gets_it(campus: Campus) -> None:
    world, gateway = campus
    profile = world.id("student_profile", "student cyd")

    def take(number: int) -> list[str]:
        address = f"race{number // 2}@uni.example"
        if number % 2:
            return codes(write(gateway, "uma", "createUser", input={"email": address}))
        return codes(write(gateway, "uma", "updateStudentProfile", id=profile, input={"studentEmail": address}))

    for number in range(0, 12, 2):
        with ThreadPoolExecutor(2) as pool:
            outcomes = list(pool.map(take, (number, number + 1)))
        assert sorted(outcomes) == [[], ["CONFLICT"]]


def test_accounts_of_admins_are_linked_by_admins(campus: Campus) -> None:
    world, gateway = campus
    for user, expected in (("adi", ["FORBIDDEN"]), ("ron", ["FORBIDDEN"]), ("bob", [])):
        linked = {"provider": "x", "type": "oidc", "providerAccountId": user, "userId": world.id("user", user)}
        assert codes(write(gateway, "uma", "createAccount", input=linked)) == expected


def test_the_secret_of_a_token_is_told_once(campus: Campus) -> None:
    _, gateway = campus
    of_token = "secret apiToken { id tokenPrefix userId scopes }"
    made = write(gateway, "lea", "createApiToken", of_token, input={"name": "ci", "scopes": ["course:get"]})
    assert made["errors"] == []
    assert made["secret"].startswith(made["apiToken"]["tokenPrefix"])
    tokens = {**gateway.tokens, "new": made["secret"]}
    fresh = gateway.with_tokens(tokens)
    assert fresh.data("new", "{ courses { nodes { title } } }") == {"courses": {"nodes": [{"title": "Algebra"}]}}
    inputs = [{"name": "a"}, {"name": "b"}]
    several = write(gateway, "lea", "createApiTokens", "secrets apiTokens { tokenPrefix }", inputs=inputs)
    assert [secret[:12] for secret in several["secrets"]] == [each["tokenPrefix"] for each in several["apiTokens"]]
    read = "query($id: ID!) { apiToken(id: $id) { revokedAt } }"
    key = made["apiToken"]["id"]
    assert codes(write(gateway, "lea", "deleteApiToken", id=key)) == []
    revoked = gateway.data("lea", read, id=key)["apiToken"]["revokedAt"]
    assert revoked is not None
    assert fresh.ask("new", "{ me { id } }")["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    # It stays as it was when it was taken back first.
    assert codes(write(gateway, "lea", "deleteApiToken", id=key)) == []
    assert gateway.data("lea", read, id=key)["apiToken"]["revokedAt"] == revoked
    refused = write(gateway, "lea", "createApiToken", of_token, input={"name": " "})
    assert (refused["secret"], refused["apiToken"], codes(refused)) == (None, None, ["VALIDATION"])


@pytest.mark.parametrize(
    ("scopes", "allowed"),
    [
        (["course:get"], True),
        (["course:get", "user:get"], True),
        ([], False),
        (["*"], False),
        (["course:update"], False),
        (["course:get", "course:list"], False),
    ],
)
def test_a_narrowed_token_makes_none_that_does_more(campus: Campus, scopes: list[str], allowed: bool) -> None:  # noqa: FBT001 - a column of the table
    _, gateway = campus
    made = write(gateway, "narrow lea", "createApiToken", input={"name": "x", "scopes": scopes})
    assert told(made) == ([] if allowed else [("VALIDATION", ["input", "scopes"])])


@pytest.mark.parametrize("scopes", [["*", "course:get"], ["course"], ["a:b:c"], ["course:get "], [""], ["a:b"] * 201])
def test_scopes_are_names_of_tables_and_actions(campus: Campus, scopes: list[str]) -> None:
    _, gateway = campus
    errors = write(gateway, "lea", "createApiToken", input={"name": "x", "scopes": scopes})["errors"]
    assert {(error["code"], *error["path"][:2]) for error in errors} == {("VALIDATION", "input", "scopes")}


def test_nobody_makes_tokens_of_others(campus: Campus) -> None:
    world, gateway = campus
    of_ada = {"name": "x", "userId": world.id("user", "ada")}
    # Lecturers see their students, and others do not.
    assert codes(write(gateway, "lea", "createApiToken", input=of_ada)) == ["FORBIDDEN"]
    assert codes(write(gateway, "cyd", "createApiToken", input=of_ada)) == ["NOT_FOUND"]


def test_a_session_that_has_ended_stays(campus: Campus) -> None:
    world, gateway = campus
    key = world.id("session", "session ada")
    read = "query($id: ID!) { session(id: $id) { isActive logoutTime } }"
    assert codes(write(gateway, "ada", "deleteSession", id=key)) == []
    ended = gateway.data("ada", read, id=key)["session"]
    assert ended["isActive"] is False
    assert codes(write(gateway, "ada", "deleteSession", id=key)) == []
    assert gateway.data("ada", read, id=key)["session"] == ended


def test_peers_review_what_they_do_not_see(campus: Campus) -> None:
    world, gateway = campus
    of_ada = {"artifactId": world.id("submission_artifact", "upload ada"), "body": "fine"}
    read = "submissionReview { body reviewerCourseMember { user { username } } artifact { id } }"
    made = write(gateway, "mia", "createSubmissionReview", read, input=of_ada)
    assert made["errors"] == []
    assert made["submissionReview"] == {
        "body": "fine",
        "reviewerCourseMember": {"user": {"username": "mia"}},
        "artifact": None,
    }
    assert codes(write(gateway, "dan", "createSubmissionReview", input=of_ada)) == ["NOT_FOUND"]


def test_what_is_graded_is_submitted_no_more(campus: Campus) -> None:
    world, gateway = campus
    upload = world.id("submission_artifact", "upload bob")
    submitted: dict[str, Any] = {"id": upload, "input": {"submit": True}}
    group = {"submissionGroupId": world.id("course_submission_group", "bob alone"), "grading": 0.5}
    of_run = {**group, "resultId": world.id("result", "bob 1")}
    of_upload = {**group, "submissionArtifactId": upload}
    assert codes(write(gateway, "bob", "updateSubmissionArtifact", **submitted)) == []
    for grade in (group, of_run, of_upload):
        made = write(gateway, "tom", "createSubmissionGroupGrading", "submissionGroupGrading { id }", input=grade)
        assert made["errors"] == []
        assert codes(write(gateway, "bob", "updateSubmissionArtifact", **submitted)) == ["FORBIDDEN"]
        gone = made["submissionGroupGrading"]["id"]
        assert codes(write(gateway, "tom", "deleteSubmissionGroupGrading", id=gone)) == []
    assert codes(write(gateway, "bob", "updateSubmissionArtifact", **submitted)) == []


def test_a_grade_is_for_work_of_its_group(campus: Campus) -> None:
    world, gateway = campus
    grade = {"submissionGroupId": world.id("course_submission_group", "bob alone"), "grading": 1}
    for field, other in (
        ("resultId", world.id("result", "ada 1")),
        ("submissionArtifactId", world.id("submission_artifact", "upload ada")),
    ):
        refused = write(gateway, "tom", "createSubmissionGroupGrading", input={**grade, field: other})
        assert told(refused) == [("VALIDATION", ["input", field])]


def test_examples_do_not_need_themselves_whichever_way(campus: Campus) -> None:
    world, gateway = campus
    repository = world.id("example_repository", "library algebra")
    keys = [
        world.insert(
            "example", f"e{n}", example_repository_id=repository, title="e", directory=f"e{n}", identifier=f"e{n}"
        )
        for n in range(4)
    ]

    def need(pair: tuple[int, int]) -> list[tuple[str, list[str]]]:
        given = {"exampleId": keys[pair[0]], "dependsId": keys[pair[1]]}
        return told(write(gateway, "lea", "createExampleDependency", input=given))

    assert [need(pair) for pair in ((0, 1), (1, 2), (2, 3))] == [[], [], []]
    refused = [("VALIDATION", ["input", "dependsId"])]
    assert (need((3, 0)), need((2, 0)), need((1, 1))) == (refused, refused, refused)
    world.connection.execute("DELETE FROM example_dependency WHERE example_id = ANY (%s::uuid[])", [keys])
    for _ in range(5):
        with ThreadPoolExecutor(4) as pool:
            outcomes = list(pool.map(need, ((0, 1), (1, 2), (2, 3), (3, 0))))
        # The last of them closes the circle.
        assert sorted(outcomes) == [[], [], [], refused]
        world.connection.execute("DELETE FROM example_dependency WHERE example_id = ANY (%s::uuid[])", [keys])
    pairs = [{"exampleId": keys[a], "dependsId": keys[b]} for a, b in ((0, 1), (1, 2), (2, 0))]
    together = write(gateway, "lea", "createExampleDependencies", inputs=pairs)
    assert {error["code"] for error in together["errors"]} == {"VALIDATION"}


def test_an_assignment_with_work_stays_one(campus: Campus) -> None:
    world, gateway = campus
    unit = {"courseContentTypeId": world.id("course_content_type", "algebra/unit")}
    sheet = world.id("course_content", "algebra/week_1.sheet_1")
    refused = write(gateway, "lea", "updateCourseContent", id=sheet, input=unit)
    assert told(refused) == [("VALIDATION", ["input", "courseContentTypeId"])]
    plain = world.course("algebra").content("week_1.plain", "assignment")
    assert codes(write(gateway, "lea", "updateCourseContent", id=plain, input=unit)) == []


def test_contents_stand_in_the_order_of_their_positions(campus: Campus) -> None:
    world, gateway = campus
    course = world.course("ordered")
    keys = {path: course.content(path, position=1.0) for path in ("a", "a.x", "b", "b.y")}
    listed = "query($c: ID!) { courseContents(filter: {courseId: {eq: $c}}) { nodes { path } } }"

    def order() -> str:
        nodes = gateway.data("adi", listed, c=course.key)["courseContents"]["nodes"]
        return " ".join(node["path"] for node in nodes)

    assert order() == "a a.x b b.y"
    assert codes(write(gateway, "adi", "updateCourseContent", id=keys["a"], input={"position": 2})) == []
    assert order() == "b b.y a a.x"
    assert codes(write(gateway, "adi", "updateCourseContent", id=keys["b"], input={"path": "a.b"})) == []
    assert order() == "a a.b a.b.y a.x"
    # Where a node is not allowed to be, nothing has moved.
    assert codes(write(gateway, "adi", "updateCourseContent", id=keys["a"], input={"path": "a.b.a"})) == ["VALIDATION"]
    assert order() == "a a.b a.b.y a.x"


def test_nothing_moves_onto_what_was_left_behind(campus: Campus) -> None:
    world, gateway = campus
    course = world.course("left")
    keys = {path: course.content(path) for path in ("a", "a.b", "a.b.c", "p", "p.b", "p.b.c")}
    # As Computor's own backend deletes.
    world.connection.execute("DELETE FROM course_content WHERE id = %s", [keys["p"]])
    moved = write(gateway, "adi", "updateCourseContent", id=keys["a"], input={"path": "p"})
    assert told(moved) == [("CONFLICT", ["input", "path"])]
    paths = world.connection.execute(
        "SELECT path::text FROM course_content WHERE course_id = %s", [course.key]
    ).fetchall()
    assert {path for (path,) in paths} == keys.keys() - {"p"}


def test_a_family_takes_its_courses_to_another_organization(campus: Campus) -> None:
    world, gateway = campus
    key = world.family("moving", organization="uni")
    course = world.course("moved", organization="uni", family="moving").key
    moved = write(
        gateway, "orla", "updateCourseFamily", id=key, input={"organizationId": world.id("organization", "tech")}
    )
    assert moved["errors"] == []
    read = "query($id: ID!) { course(id: $id) { organization { path } } }"
    assert gateway.data("adi", read, id=course)["course"] == {"organization": {"path": "tech"}}


def test_a_refused_delete_says_what_still_refers_as_far_as_one_sees_it(campus: Campus) -> None:
    world, gateway = campus
    algebra = world.course("algebra")
    janitor, seen, both = (algebra.course_group(title) for title in ("hidden", "seen", "both"))
    for claim in ("course_group:get", "course_group:delete"):
        world.claim("janitor", claim)
    world.role("sol", "janitor")
    world.course("geometry").member("sol", course_group_id=world.course("geometry").course_group("sols"))
    algebra.member("dan", course_group_id=janitor)
    algebra.member("ron", course_group_id=both)
    algebra.member("sol", course_group_id=both)

    def refusal(user: str, group: str, **given: Any) -> str:
        (error,) = write(gateway, user, "deleteCourseGroup", id=group, **given)["errors"]
        assert (error["code"], error["path"], error["conflicting"]) == ("CONFLICT", ["id"], None)
        return str(error["message"])

    assert refusal("sol", janitor) == "Rows that you do not see refer to it."
    assert refusal("sol", both) == "1 course members refer to it; and there are more that you do not see."
    assert refusal("lea", both) == "2 course members refer to it."
    assert refusal("sol", janitor, dryRun=True) == "Rows that you do not see refer to it."
    assert codes(write(gateway, "sol", "deleteCourseGroup", id=seen)) == []


def test_a_dry_run_counts_what_one_sees(campus: Campus) -> None:
    world, gateway = campus
    given = {"organizationType": "COMMUNITY", "path": "dry", "title": "Dry"}
    own = write(gateway, "orla", "createOrganization", "organization { id }", input=given)["organization"]["id"]
    gone = "deletedOrganizationId affected { typeName count }"
    would = write(gateway, "adi", "deleteOrganization", gone, id=own, dryRun=True)
    assert would == {
        "errors": [],
        "deletedOrganizationId": None,
        "affected": [{"typeName": "Organization", "count": 1}, {"typeName": "OrganizationMember", "count": 1}],
    }
    assert codes(write(gateway, "adi", "deleteOrganization", id=own, dryRun=True, expectedVersion=7)) == [
        "STALE_VERSION"
    ]
    # Whoever does not see all that goes is told that there is more, and does not take it along.
    tech = world.id("organization", "tech")
    seat = {"organization_id": tech, "organization_role_id": "_owner", "user_id": world.user("cyd")}
    world.insert("organization_member", "cyd@tech", **seat)
    refused = write(gateway, "cyd", "deleteOrganization", gone, id=tech, dryRun=True)
    assert (told(refused), refused["affected"]) == ([("FORBIDDEN", ["id"])], [])


def test_messages_have_one_target_and_replies_their_parents(campus: Campus) -> None:
    world, gateway = campus
    text = {"title": "t", "content": "c"}
    member, course = world.id("course_member", "ada@algebra"), world.id("course", "algebra")
    several = write(gateway, "lea", "createMessage", input={**text, "courseMemberId": member, "courseId": course})
    assert told(several) == [("VALIDATION", ["input", "userId"])]
    of_course = {**text, "courseId": course}
    announced = write(gateway, "lea", "createMessage", "message { id }", input=of_course)["message"]["id"]
    reply = write(gateway, "lea", "createMessage", input={**text, "parentId": announced})
    assert told(reply) == [("VALIDATION", ["input", "parentId"])]
    asked = write(gateway, "ada", "createMessage", "message { id }", input={**text, "courseMemberId": member})[
        "message"
    ]["id"]
    elsewhere = write(gateway, "lea", "createMessage", input={**text, "parentId": asked, "courseId": course})
    assert told(elsewhere) == [("VALIDATION", ["input", "parentId"])]
    assert codes(write(gateway, "tom", "createMessage", input={**text, "parentId": asked})) == []
    # Who does not see the parent is told that it is not there.
    assert codes(write(gateway, "cyd", "createMessage", input={**text, "parentId": asked})) == ["NOT_FOUND"]


@pytest.mark.parametrize(
    "field",
    [
        "updateExampleVersion",
        "deleteExampleVersion",
        "createCourseContentDeployment",
        "updateCourseContentDeployment",
        "createDeploymentHistory",
        "deleteDeploymentHistory",
        "createRoleClaim",
        "createMessageRead",
        "createSession",
        "updateUserRole",
        "createCourseContentKind",
        "createCourseRole",
    ],
)
def test_what_only_the_server_writes_has_no_mutation(campus: Campus, field: str) -> None:
    _, gateway = campus
    answer = gateway.ask("adi", f"mutation {{ {field} {{ errors {{ code }} }} }}")
    assert answer["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert "Cannot query field" in answer["errors"][0]["message"]
