"""The demo data's library, deployments, roles, groups, seats and logins keep the rules of the platform."""

from __future__ import annotations

import pytest

from tests.support.database import run

VIOLATIONS = {
    "an example's versions are numbered without gaps, in the order of time": """
        SELECT FROM (
            SELECT version_number, row_number() OVER (PARTITION BY example_id ORDER BY created_at) AS place
            FROM example_version
        ) AS version WHERE version_number <> place
    """,
    "examples have versions, and are not newer than these": """
        SELECT FROM example WHERE NOT EXISTS (
            SELECT FROM example_version AS version
            WHERE version.example_id = example.id AND version.created_at >= example.created_at)
    """,
    "dependencies stay in a repository and lead to no example twice": """
        SELECT FROM example_dependency AS needs
        JOIN example ON example.id = example_id JOIN example AS other ON other.id = depends_id
        WHERE example.id = other.id OR example.example_repository_id <> other.example_repository_id
        UNION ALL
        SELECT FROM (
            WITH RECURSIVE needed (start, depends_id) AS (
                SELECT example_id, depends_id FROM example_dependency
                UNION
                SELECT start, next.depends_id FROM needed
                JOIN example_dependency AS next ON next.example_id = needed.depends_id
            ) SELECT FROM needed WHERE start = depends_id
        ) AS cycle
    """,
    "identifiers and directories are in the form that the platform accepts": """
        SELECT FROM example WHERE identifier::text !~ '^[a-z0-9_]+(\\.[a-z0-9_]+)*$' OR directory !~ '^[a-zA-Z0-9._-]+$'
    """,
    "only what is submitted to is deployed, and all of it is": """
        SELECT FROM course_content AS content
        JOIN course_content_type AS type ON type.id = course_content_type_id
        JOIN course_content_kind AS kind ON kind.id = course_content_kind_id
        LEFT JOIN course_content_deployment AS deployment ON deployment.course_content_id = content.id
        WHERE submittable <> (deployment.id IS NOT NULL)
    """,
    "a deployment's version is of the example that it names, and was there": """
        SELECT FROM course_content_deployment AS deployment
        JOIN example_version AS version ON version.id = example_version_id JOIN example ON example.id = example_id
        WHERE example_identifier <> identifier OR deployment.version_tag <> version.version_tag
            OR version.created_at > assigned_at
    """,
    "a deployment has what its status says": """
        SELECT FROM course_content_deployment
        WHERE (deployment_status = 'unassigned') <> (example_version_id IS NULL)
            OR (deployment_status = 'deployed')
                <> (deployed_at IS NOT NULL AND deployment_path IS NOT NULL AND version_identifier IS NOT NULL)
            OR (deployment_status = 'failed') <> (deployment_message IS NOT NULL)
            OR (deployment_status IN ('deploying', 'deployed', 'failed') AND last_attempt_at IS NULL)
            OR deployed_at < last_attempt_at OR last_attempt_at < assigned_at
    """,
    "a deployment's status is what happened last": """
        SELECT FROM course_content_deployment AS deployment
        CROSS JOIN LATERAL (
            SELECT action, history.created_at, history.example_version_id FROM deployment_history AS history
            WHERE history.deployment_id = deployment.id ORDER BY history.created_at DESC LIMIT 1
        ) AS last
        WHERE CASE last.action WHEN 'assigned' THEN 'pending' WHEN 'reassigned' THEN 'pending' ELSE last.action END
                <> deployment_status
            OR last.created_at <> deployment.updated_at
            OR last.example_version_id IS DISTINCT FROM deployment.example_version_id
    """,
    "a history begins with an assignment, and follows the states of a deployment": """
        SELECT FROM (
            SELECT action, lag(action, 1, 'nothing') OVER (PARTITION BY deployment_id ORDER BY created_at) AS before
            FROM deployment_history
        ) AS step WHERE (before, action) NOT IN (
            ('nothing', 'assigned'), ('assigned', 'reassigned'), ('assigned', 'deploying'), ('assigned', 'unassigned'),
            ('reassigned', 'deploying'), ('deploying', 'deployed'), ('deploying', 'failed'), ('failed', 'deploying'))
    """,
    "only built-in roles begin with an underscore": """
        SELECT FROM role WHERE builtin <> (left(id, 1) = '_')
    """,
    "claims are in the form that the platform reads, and none makes more of a named user": """
        SELECT FROM (
            SELECT claim_type, claim_value FROM role_claim UNION ALL SELECT claim_type, claim_value FROM group_claim
        ) AS claim WHERE claim_type <> 'permissions' OR claim_value !~ '^[a-z_]+:[a-z]+(:[0-9a-f-]{36})?$'
        UNION ALL
        SELECT FROM user_role JOIN role_claim USING (role_id) JOIN "user" ON "user".id = user_role.user_id
        WHERE username IN ('lecturer', 'tutor', 'student', 'owner', 'stranger')
        UNION ALL
        SELECT FROM user_group JOIN group_claim USING (group_id) JOIN "user" ON "user".id = user_group.user_id
        WHERE username IN ('lecturer', 'tutor', 'student', 'owner', 'stranger')
    """,
    "who made an organization or a course family owns it": """
        SELECT FROM organization WHERE created_by IS NOT NULL AND NOT EXISTS (
            SELECT FROM organization_member AS seat WHERE seat.organization_id = organization.id
                AND seat.user_id = organization.created_by AND organization_role_id = '_owner')
        UNION ALL
        SELECT FROM course_family WHERE created_by IS NOT NULL AND NOT EXISTS (
            SELECT FROM course_family_member AS seat WHERE seat.course_family_id = course_family.id
                AND seat.user_id = course_family.created_by AND course_family_role_id = '_owner')
    """,
    "logins and tokens begin when their user is there, and end later": """
        SELECT FROM session JOIN "user" ON "user".id = user_id
        WHERE session.created_at < "user".created_at OR logout_time <= session.created_at
        UNION ALL
        SELECT FROM api_token JOIN "user" ON "user".id = user_id
        WHERE api_token.created_at < "user".created_at OR last_used_at < api_token.created_at
            OR revoked_at < api_token.created_at OR last_used_at > expires_at
    """,
}


@pytest.mark.parametrize("rule", VIOLATIONS)
def test_rule_holds(rule: str, demo_database: str) -> None:
    assert run(demo_database, VIOLATIONS[rule]) == [], rule
