"""Who sees which uploads, files of test runs, reviews, grades and comments.

What is expected is written down for each reader from the rules: uploads and grades are for the members of the
submission group and at least tutors of the course; files are for who sees the run, so for who ran it too; reviews are
their writer's too; comments about members are for tutors, and never for students, not even about themselves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from backend.access.credentials import create_token
from tests.support.gateway import RunningGateway, running_gateway
from tests.support.submissions import build_submissions
from tests.support.university import READERS, build_university

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.world import World

LISTS = (
    "submissionArtifacts",
    "resultArtifacts",
    "submissionReviews",
    "submissionGroupGradings",
    "courseMemberComments",
)
STAFF = {
    "submissionArtifacts": {"upload ada", "upload bob", "upload team", "draft team"},
    "resultArtifacts": {"file ada", "file bob", "file team", "file alone", "file guest"},
    "submissionReviews": {"review ada", "review bob", "review team", "review mia"},
    "submissionGroupGradings": {"grade ada", "grade team"},
    "courseMemberComments": {"comment ada", "comment mia", "comment tom"},
}
CYD = {name: {row} for name, row in zip(LISTS, ("upload cyd", "file cyd", "review cyd", "grade cyd"), strict=False)}
DAN = {name: {row} for name, row in zip(LISTS, ("upload dan", "file dan", "review dan", "grade dan"), strict=False)}
VISIBLE: dict[str, dict[str, set[str]]] = {
    "ada": {
        "submissionArtifacts": {"upload ada", "upload team", "draft team"},
        # One run was without a group, and bob was the guest of her group for another.
        "resultArtifacts": {"file ada", "file team", "file alone", "file guest"},
        # She wrote that of bob's upload, which she does not see.
        "submissionReviews": {"review ada", "review team", "review mia", "review bob"},
        "submissionGroupGradings": {"grade ada", "grade team"},
    },
    "bob": {
        "submissionArtifacts": {"upload bob", "upload team", "draft team"},
        "resultArtifacts": {"file bob", "file team", "file guest"},
        "submissionReviews": {"review bob", "review team"},
        "submissionGroupGradings": {"grade team"},
    },
    "cyd": CYD,
    "dan": DAN,
    # A tutor of geometry, and a student of algebra, where there is a comment about her.
    "mia": {**CYD, "submissionReviews": {"review cyd", "review mia"}, "courseMemberComments": {"comment cyd"}},
    **dict.fromkeys(("tom", "lea", "mel", "oda"), STAFF),
    "adi": {name: STAFF[name] | CYD.get(name, {"comment cyd"}) | DAN.get(name, set()) for name in LISTS},
}
DOCUMENT = "{" + " ".join(f"{name}(first: 500) {{ totalCount nodes {{ id }} }}" for name in LISTS) + "}"


@pytest.fixture(scope="module")
def submitted(own_world: World) -> Iterator[RunningGateway]:
    """The gateway over all submissions, with a token of every reader by their name."""
    build_university(own_world)
    build_submissions(own_world)
    tokens = {reader: create_token(own_world.database_url, user=reader) for reader in READERS}
    scopes = ["submission_artifact:get", "course_submission_group:get", "submission_review:get"]
    tokens["narrow"] = create_token(own_world.database_url, user="ada", scopes=scopes)
    with running_gateway(own_world.database_url, tokens) as gateway:
        yield gateway


@pytest.mark.parametrize("reader", READERS)
def test_lists_hold_what_the_reader_may_see(submitted: RunningGateway, own_world: World, reader: str) -> None:
    found = submitted.data(reader, DOCUMENT)
    seen = {name: own_world.names(node["id"] for node in found[name]["nodes"]) for name in LISTS}
    assert seen == {name: VISIBLE.get(reader, {}).get(name, set()) for name in LISTS}
    assert {name: found[name]["totalCount"] for name in LISTS} == {name: len(rows) for name, rows in seen.items()}


@pytest.mark.parametrize("reader", READERS)
def test_rows_by_id_and_by_filter_are_those_of_the_rules(
    submitted: RunningGateway, own_world: World, reader: str
) -> None:
    every = submitted.data("adi", DOCUMENT)
    for name in LISTS:
        ids = [node["id"] for node in every[name]["nodes"]]
        query = "query ($ids: [ID!]!) { nodes(ids: $ids) { id }"
        query += f" {name}(filter: {{ id: {{ in: $ids }} }}) {{ totalCount nodes {{ id }} aggregate {{ count }} }} }}"
        data = submitted.data(reader, query, ids=ids)
        visible = VISIBLE.get(reader, {}).get(name, set())
        assert own_world.names(node["id"] for node in data["nodes"] if node) == visible, name
        assert own_world.names(node["id"] for node in data[name]["nodes"]) == visible, name
        assert (data[name]["totalCount"], data[name]["aggregate"]["count"]) == (len(visible), len(visible)), name


# The ways to each entity from another: the list, the relation, and whether it leads to many.
NESTED = (
    ("submissionArtifacts", "submissionGroups", "artifacts", True),
    ("submissionArtifacts", "courseMembers", "uploadedArtifacts", True),
    ("submissionArtifacts", "results", "submissionArtifact", False),
    ("submissionArtifacts", "submissionReviews", "artifact", False),
    ("submissionArtifacts", "submissionGroupGradings", "submissionArtifact", False),
    ("resultArtifacts", "results", "artifacts", True),
    ("submissionReviews", "submissionArtifacts", "reviews", True),
    ("submissionReviews", "courseMembers", "reviewsGiven", True),
    ("submissionGroupGradings", "submissionGroups", "gradings", True),
    ("submissionGroupGradings", "submissionArtifacts", "gradings", True),
    ("courseMemberComments", "courseMembers", "commentsReceived", True),
    ("courseMemberComments", "courseMembers", "commentsWritten", True),
)


@pytest.mark.parametrize(("name", "parents", "relation", "many"), NESTED)
def test_relations_lead_to_no_more_than_the_reader_may_see(
    submitted: RunningGateway, own_world: World, name: str, parents: str, relation: str, *, many: bool
) -> None:
    inner = "{ totalCount nodes { id } }" if many else "{ id }"
    query = f"{{ {parents}(first: 500) {{ nodes {{ {relation} {inner} }} }} }}"
    for reader in READERS:
        related = [node[relation] for node in submitted.data(reader, query)[parents]["nodes"]]
        rows = [row for each in related if each for row in (each["nodes"] if many else [each])]
        visible = VISIBLE.get(reader, {}).get(name, set())
        assert own_world.names(row["id"] for row in rows) <= visible, reader
        if many:
            assert sum(each["totalCount"] for each in related) == len(rows), reader
        # Who sees the parents of all rows finds all rows.
        if many and reader in ("tom", "adi"):
            assert own_world.names(row["id"] for row in rows) == visible, reader


def test_review_of_a_hidden_upload_tells_nothing_of_it(submitted: RunningGateway, own_world: World) -> None:
    query = "{ submissionReviews(first: 500) { nodes { id artifact { versionIdentifier } } } }"
    nodes = submitted.data("ada", query)["submissionReviews"]["nodes"]
    artifacts = {own_world.name(node["id"]): node["artifact"] for node in nodes}
    assert artifacts["review bob"] is None
    assert artifacts["review ada"] == {"versionIdentifier": "commit ada"}
    test = 'filter: { artifact: { versionIdentifier: { eq: "commit bob" } } }'
    for reader, count in (("ada", 0), ("bob", 1), ("tom", 1), ("sol", 0)):
        data = submitted.data(reader, f"{{ submissionReviews({test}) {{ totalCount }} }}")
        assert data == {"submissionReviews": {"totalCount": count}}, reader
    # What is hidden is null in an order too, and so comes last, whatever it is.
    order = "orderBy: [{ artifact: { versionIdentifier: ASC } }]"
    nodes = submitted.data("ada", f"{{ submissionReviews({order}) {{ nodes {{ id }} }} }}")["submissionReviews"][
        "nodes"
    ]
    assert own_world.name(nodes[-1]["id"]) == "review bob"


COUNTS_OF_UPLOAD = "testResultsCount gradesCount reviewsCount averageGrade latestResultId"
COUNTS_OF_GROUP = """memberCount testRunCount submissionCount lastSubmittedResultId gradingCount latestGradingId
    latestGrade status"""


def test_figures_of_uploads_and_groups_are_over_what_is_seen(submitted: RunningGateway, own_world: World) -> None:
    own_world.connection.execute("UPDATE result SET submit = true WHERE test_system_id = 'job of ada 1'")
    grade = own_world.id("course_submission_group_grading", "grade ada")
    ids = {name: f"Result:{own_world.id('result', name)}" for name in ("ada 1", "ada 2")}
    upload = f"SubmissionArtifact:{own_world.id('submission_artifact', 'upload ada')}"
    group = f"SubmissionGroup:{own_world.id('course_submission_group', 'ada alone')}"
    query = f"""{{ u: node(id: "{upload}") {{ ... on SubmissionArtifact {{ {COUNTS_OF_UPLOAD} }} }}
        g: node(id: "{group}") {{ ... on SubmissionGroup {{ {COUNTS_OF_GROUP} }} }} }}"""
    of_upload: tuple[Any, ...] = (1, 1, 2, 0.5, ids["ada 2"])
    graded: tuple[Any, ...] = (1, f"SubmissionGroupGrading:{grade}", 0.5, "CORRECTED")
    of_group: tuple[Any, ...] = (1, 3, 1, ids["ada 1"], *graded)
    for reader in ("ada", "tom", "adi"):
        data = submitted.data(reader, query)
        assert tuple(data["u"].values()) == of_upload, reader
        assert tuple(data["g"].values()) == of_group, reader
    data = submitted.data("narrow", query)
    assert tuple(data["u"].values()) == (0, 0, 2, None, None)
    assert tuple(data["g"].values()) == (0, 0, 0, None, 0, None, None, None)
    probes = (
        "submissionGroups(filter: { gradingCount: { gt: 0 } }) { totalCount }",
        "submissionGroups(filter: { status: { eq: CORRECTED } }) { totalCount }",
        f'submissionArtifacts(filter: {{ latestResultId: {{ eq: "{ids["ada 2"]}" }} }}) {{ totalCount }}',
        "submissionArtifacts(filter: { averageGrade: { lte: 0.5 } }) { totalCount }",
    )
    for probe in probes:
        for reader, some in (("narrow", False), ("bob", "gradingCount" in probe), ("ada", True), ("tom", True)):
            (found,) = submitted.data(reader, f"{{ {probe} }}").values()
            assert bool(found["totalCount"]) is some, (probe, reader)
    order = "submissionGroups(orderBy: [{ submissionCount: DESC }, { testRunCount: DESC }], first: 1) { nodes { id } }"
    assert submitted.data("tom", f"{{ {order} }}")["submissionGroups"]["nodes"] == [{"id": group}]


def test_task_status_is_the_status_in_coarser_steps(submitted: RunningGateway, own_world: World) -> None:
    coarse = ("FINISHED", "FAILED", "CANCELLED", "QUEUED", "QUEUED", "STARTED", "FAILED", "DEFERRED")
    key = own_world.id("result", "dan 1")
    query = f'{{ result(id: "{key}") {{ taskStatus }} }}'
    for status, expected in enumerate(coarse):
        own_world.connection.execute("UPDATE result SET status = %s WHERE id = %s", [status, key])
        assert submitted.data("dan", query) == {"result": {"taskStatus": expected}}
    found = "results(filter: { taskStatus: { eq: DEFERRED } }) { totalCount }"
    assert submitted.data("adi", f"{{ {found} }}") == {"results": {"totalCount": 1}}
    own_world.connection.execute("UPDATE result SET status = 0 WHERE id = %s", [key])


def test_comments_are_neither_counted_nor_found_by_students(submitted: RunningGateway) -> None:
    received = 'courseMembers(filter: { commentsReceived: { some: { message: { contains: "" } } } }) { totalCount }'
    for reader, count in (("ada", 0), ("mia", 1), ("cyd", 0), ("tom", 3), ("adi", 4), ("uma", 0), ("orla", 0)):
        assert submitted.data(reader, f"{{ {received} }}") == {"courseMembers": {"totalCount": count}}, reader
    own = "{ me { courseMembers { nodes { commentsReceived { totalCount } } } } }"
    for reader, counts in (("ada", [0]), ("tom", [1]), ("mia", [0, 0])):
        nodes = submitted.data(reader, own)["me"]["courseMembers"]["nodes"]
        assert [node["commentsReceived"]["totalCount"] for node in nodes] == counts, reader


@pytest.mark.parametrize("entities", ["submissionArtifacts", "resultArtifacts"])
@pytest.mark.parametrize("column", ["bucketName", "objectKey"])
@pytest.mark.parametrize(
    "asked",
    [
        "{entities} {{ nodes {{ {column} }} }}",
        '{entities}(filter: {{ {column}: {{ eq: "hidden" }} }}) {{ totalCount }}',
        '{entities}(search: {{ {column}: "hidden" }}) {{ totalCount }}',
        "{entities}(orderBy: [{{ {column}: ASC }}]) {{ totalCount }}",
        "{entities} {{ groups(by: [{{ {column}: VALUE }}]) {{ count }} }}",
        "{entities} {{ aggregate {{ max {{ {column} }} }} }}",
    ],
)
def test_not_even_admins_can_ask_for_storage_keys(
    submitted: RunningGateway, entities: str, column: str, asked: str
) -> None:
    answer = submitted.ask("adi", "{" + asked.format(entities=entities, column=column) + "}")
    assert column in answer["errors"][0]["message"]
    assert answer.get("data") is None


def test_properties_of_an_upload_leave_without_secrets(submitted: RunningGateway) -> None:
    query = '{ submissionArtifacts(search: { versionIdentifier: "commit ada" }) { nodes { properties fileSize } } }'
    for reader in ("ada", "tom", "adi"):
        (node,) = submitted.data(reader, query)["submissionArtifacts"]["nodes"]
        assert node["properties"]["files"] == ["a.py"]
        assert "hidden" not in str(node)


SEARCHES: tuple[tuple[str, str, int], ...] = (
    ("submissionArtifacts", 'versionIdentifier: "commit bob", submit: false', 1),
    ("submissionArtifacts", "submit: true", 0),
    ("submissionArtifacts", "submit: false", 6),
    ("submissionArtifacts", "latest: true", 5),
    ("submissionArtifacts", 'contentType: "application/zip"', 5),
    ("resultArtifacts", 'contentType: "application/zip"', 5),
    ("submissionReviews", 'reviewType: "peer"', 5),
    ("submissionReviews", 'reviewType: "instructor"', 0),
    ("submissionGroupGradings", "minGrade: 0.6", 3),
    ("submissionGroupGradings", "maxGrade: 0.6", 1),
    ("submissionGroupGradings", "hasFeedback: true", 1),
    ("submissionGroupGradings", "hasFeedback: false", 3),
    ("submissionGroups", 'displayName: "The team"', 1),
)


@pytest.mark.parametrize(("entities", "search", "count"), SEARCHES)
def test_searches_find_what_agrees(submitted: RunningGateway, entities: str, search: str, count: int) -> None:
    data: dict[str, Any] = submitted.data("adi", f"{{ {entities}(search: {{ {search} }}) {{ totalCount }} }}")
    assert data == {entities: {"totalCount": count}}


KEYS = (
    ("submissionArtifacts", "submissionGroupId", "course_submission_group", "ada alone", {"upload ada"}),
    (
        "submissionArtifacts",
        "uploadedByCourseMemberId",
        "course_member",
        "bob@algebra",
        {"upload bob", "upload team", "draft team"},
    ),
    ("resultArtifacts", "resultId", "result", "ada 2", {"file ada"}),
    ("resultArtifacts", "id", "result_artifact", "file bob", {"file bob"}),
    ("submissionReviews", "artifactId", "submission_artifact", "upload ada", {"review ada", "review mia"}),
    ("submissionReviews", "reviewerCourseMemberId", "course_member", "ada@algebra", {"review bob"}),
    ("submissionGroupGradings", "submissionArtifactId", "submission_artifact", "upload team", {"grade team"}),
    ("results", "submissionArtifactId", "submission_artifact", "upload bob", {"bob 1"}),
    ("courseMemberComments", "courseMemberId", "course_member", "mia@algebra", {"comment mia"}),
)


@pytest.mark.parametrize(("entities", "key", "table", "name", "found"), KEYS)
def test_searches_by_key_find_the_rows_of_the_key(
    submitted: RunningGateway, own_world: World, entities: str, key: str, table: str, name: str, found: set[str]
) -> None:
    query = f"query ($key: ID!) {{ {entities}(search: {{ {key}: $key }}) {{ nodes {{ id }} }} }}"
    nodes = submitted.data("adi", query, key=own_world.id(table, name))[entities]["nodes"]
    assert own_world.names(node["id"] for node in nodes) == found


def test_one_good_run_for_each_upload_and_member(submitted: RunningGateway, own_world: World) -> None:
    del submitted
    run = """INSERT INTO result (submit, course_member_id, course_content_id, course_content_type_id,
            execution_backend_id, test_system_id, result, version_identifier, submission_artifact_id, status)
        SELECT submit, course_member_id, course_content_id, course_content_type_id, execution_backend_id,
            'job of ' || gen_random_uuid(), result, gen_random_uuid(), submission_artifact_id, %s
        FROM result WHERE id = %s"""
    first = own_world.id("result", "ada 2")
    with own_world.connection.transaction(force_rollback=True):
        for failed in (1, 2, 6):
            own_world.connection.execute(run, [failed, first])
    with pytest.raises(psycopg.errors.UniqueViolation, match="result_submission_artifact_member_partial_key"):
        own_world.connection.execute(run, [4, first])
