"""The demo data's people, courses, contents and test runs keep the rules of the platform."""

from __future__ import annotations

import pytest

from tests.support.database import run

VIOLATIONS = {
    "who runs a test is in the group whose work it is": """
        SELECT FROM result WHERE NOT EXISTS (
            SELECT FROM course_submission_group_member AS member
            WHERE member.course_submission_group_id = result.course_submission_group_id
                AND member.course_member_id = result.course_member_id)
    """,
    "a result is of its group's content, and of that content's type and backend": """
        SELECT FROM result
        JOIN course_submission_group AS team ON team.id = result.course_submission_group_id
        JOIN course_content ON course_content.id = result.course_content_id
        WHERE team.course_content_id <> course_content.id
            OR result.course_content_type_id <> course_content.course_content_type_id
            OR result.execution_backend_id <> course_content.execution_backend_id
    """,
    "a group and its members are of the course of its content": """
        SELECT FROM course_submission_group_member AS member
        JOIN course_submission_group AS team ON team.id = member.course_submission_group_id
        JOIN course_content ON course_content.id = team.course_content_id
        JOIN course_member ON course_member.id = member.course_member_id
        WHERE (team.course_id, member.course_id, course_member.course_id)
            <> (course_content.course_id, course_content.course_id, course_content.course_id)
    """,
    "only students are in groups": """
        SELECT FROM course_submission_group_member AS member
        JOIN course_member ON course_member.id = member.course_member_id WHERE course_role_id <> '_student'
    """,
    "nobody is in two groups for one content": """
        SELECT FROM course_submission_group_member AS member
        JOIN course_submission_group AS team ON team.id = member.course_submission_group_id
        GROUP BY course_content_id, course_member_id HAVING count(*) > 1
    """,
    "no group is empty or too large": """
        SELECT FROM course_submission_group AS team
        LEFT JOIN course_submission_group_member AS member ON member.course_submission_group_id = team.id
        GROUP BY team.id HAVING count(member.id) NOT BETWEEN 1 AND max_group_size
    """,
    "groups exist for contents that can be submitted to": """
        SELECT FROM course_submission_group AS team
        JOIN course_content ON course_content.id = team.course_content_id
        JOIN course_content_type AS type ON type.id = course_content.course_content_type_id
        JOIN course_content_kind AS kind ON kind.id = type.course_content_kind_id WHERE NOT submittable
    """,
    "each student has a group for each content worked on alone": """
        SELECT FROM course_content
        JOIN course_member USING (course_id)
        WHERE execution_backend_id IS NOT NULL AND coalesce(max_group_size, 1) = 1 AND course_role_id = '_student'
            AND NOT EXISTS (
                SELECT FROM course_submission_group_member AS member
                JOIN course_submission_group AS team ON team.id = member.course_submission_group_id
                WHERE team.course_content_id = course_content.id AND member.course_member_id = course_member.id)
    """,
    "no group has more runs or submissions than it may": """
        SELECT FROM result JOIN course_submission_group AS team ON team.id = result.course_submission_group_id
        GROUP BY team.id
        HAVING count(*) > max_test_runs OR count(*) FILTER (WHERE submit) > max_submissions
    """,
    "scores lie between 0 and 1, statuses between 0 and 7": """
        SELECT FROM result WHERE NOT (result BETWEEN 0 AND 1 AND status BETWEEN 0 AND 7)
    """,
    "only what is completed has a score, a report or is submitted": """
        SELECT FROM result WHERE status <> 0 AND (result > 0 OR result_json IS NOT NULL OR submit)
    """,
    "scores do not fall from one completed run of a group to its next": """
        SELECT FROM (
            SELECT result < lag(result) OVER (PARTITION BY course_submission_group_id ORDER BY created_at) AS falls
            FROM result WHERE status = 0
        ) AS run WHERE falls
    """,
    "a report agrees with the score": """
        SELECT FROM result
        WHERE abs((result_json ->> 'passed')::float / (result_json ->> 'total')::float - result) > 1e-9
            OR jsonb_array_length(result_json -> 'failed')
                <> (result_json ->> 'total')::int - (result_json ->> 'passed')::int
    """,
    "an assignment's backend is linked to its course": """
        SELECT FROM course_content WHERE execution_backend_id IS NOT NULL AND NOT EXISTS (
            SELECT FROM course_execution_backend AS link WHERE link.course_id = course_content.course_id
                AND link.execution_backend_id = course_content.execution_backend_id)
    """,
    "paths of contents are lower case": """
        SELECT FROM course_content WHERE path::text !~ '^[a-z0-9_]+(\\.[a-z0-9_]+)*$'
    """,
    "below what is archived everything is": """
        SELECT FROM course_content AS node JOIN course_content AS above
            ON above.course_id = node.course_id AND node.path <@ above.path
        WHERE above.archived_at IS NOT NULL AND node.archived_at IS NULL
    """,
    "a course is in its family's organization": """
        SELECT FROM course JOIN course_family ON course_family.id = course_family_id
        WHERE course.organization_id <> course_family.organization_id
    """,
    "an organization is below another, or at the top": """
        SELECT FROM organization AS node WHERE parent_path IS NOT NULL AND NOT EXISTS (
            SELECT FROM organization AS above
            WHERE above.organization_type = node.organization_type AND above.path = node.parent_path)
    """,
    "usernames and addresses are in the form that the platform accepts": """
        SELECT FROM "user" WHERE username !~ '^[a-z0-9_.-]{3,50}$' OR email !~ '^[a-z0-9._-]+@[a-z.-]+$'
            OR email LIKE '%..%'
    """,
    "nothing comes before what it needs": """
        SELECT FROM course_member JOIN "user" ON "user".id = user_id JOIN course ON course.id = course_id
        WHERE course_member.created_at <= greatest("user".created_at, course.created_at)
            AND course_role_id = '_student'
        UNION ALL
        SELECT FROM result JOIN course_submission_group AS team ON team.id = course_submission_group_id
        WHERE result.created_at <= team.created_at
        UNION ALL
        SELECT FROM course_content JOIN course ON course.id = course_id
        WHERE course_content.created_at <= course.created_at
        UNION ALL
        SELECT FROM "user" WHERE archived_at <= created_at
    """,
}


@pytest.mark.parametrize("rule", VIOLATIONS)
def test_rule_holds(rule: str, demo_database: str) -> None:
    assert run(demo_database, VIOLATIONS[rule]) == [], rule
