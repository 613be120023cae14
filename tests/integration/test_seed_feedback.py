"""The demo data's uploads, grades, reviews, comments and messages keep the rules of the platform."""

from __future__ import annotations

import pytest

from tests.support.database import run

VIOLATIONS = {
    "an upload is by a member of the group, and not before the group": """
        SELECT FROM submission_artifact AS upload
        JOIN course_submission_group AS team ON team.id = upload.submission_group_id
        WHERE uploaded_at <= team.created_at OR NOT EXISTS (
            SELECT FROM course_submission_group_member AS member WHERE member.course_submission_group_id = team.id
                AND member.course_member_id = upload.uploaded_by_course_member_id)
    """,
    "a run tests an upload of its group, of the same commit, that was there": """
        SELECT FROM result LEFT JOIN submission_artifact AS upload ON upload.id = submission_artifact_id
        WHERE upload.id IS NULL OR upload.submission_group_id <> course_submission_group_id
            OR upload.version_identifier <> result.version_identifier OR uploaded_at >= result.created_at
    """,
    "an upload is submitted if a run of it is": """
        SELECT FROM submission_artifact AS upload WHERE submit <> EXISTS (
            SELECT FROM result WHERE submission_artifact_id = upload.id AND result.submit)
    """,
    "no group submits more than it may": """
        SELECT FROM submission_artifact AS upload
        JOIN course_submission_group AS team ON team.id = submission_group_id
        WHERE submit GROUP BY team.id HAVING count(*) > max_submissions
    """,
    "a run has an end when it has come to one": """
        SELECT FROM result WHERE (finished_at IS NOT NULL) <> (status IN (0, 1, 2, 6)) OR finished_at < started_at
    """,
    "files are of runs that are complete": """
        SELECT FROM result_artifact JOIN result ON result.id = result_id
        WHERE status <> 0 OR result_artifact.created_at < result.created_at
    """,
    "a grade is by staff of the group's course, for a submission of the group, after it": """
        SELECT FROM course_submission_group_grading AS grade
        JOIN course_submission_group AS team ON team.id = grade.course_submission_group_id
        JOIN course_member AS grader ON grader.id = graded_by_course_member_id
        JOIN result ON result.id = result_id
        WHERE grader.course_id <> team.course_id OR grader.course_role_id = '_student' OR NOT result.submit
            OR result.course_submission_group_id <> team.id OR grade.created_at <= result.created_at
            OR grade.submission_artifact_id IS DISTINCT FROM result.submission_artifact_id
            OR grade.created_by <> grader.user_id
    """,
    "grades lie between 0 and 1, their statuses between 0 and 3": """
        SELECT FROM course_submission_group_grading WHERE NOT (grading BETWEEN 0 AND 1 AND status BETWEEN 0 AND 3)
    """,
    "a review is by a member of the course who did not make what they review, and after it": """
        SELECT FROM submission_review AS review
        JOIN submission_artifact AS upload ON upload.id = artifact_id
        JOIN course_submission_group AS team ON team.id = submission_group_id
        JOIN course_member AS reviewer ON reviewer.id = reviewer_course_member_id
        WHERE reviewer.course_id <> team.course_id OR review.created_at <= uploaded_at OR EXISTS (
            SELECT FROM course_submission_group_member AS member
            WHERE member.course_submission_group_id = team.id AND member.course_member_id = reviewer.id)
    """,
    "a comment is by staff of the course of the member": """
        SELECT FROM course_member_comment AS comment
        JOIN course_member AS author ON author.id = transmitter_id
        JOIN course_member AS member ON member.id = course_member_id
        WHERE author.course_id <> member.course_id OR author.course_role_id = '_student' OR trim(message) = ''
    """,
    "a message has at most one target": """
        SELECT FROM message WHERE num_nonnulls(user_id, course_member_id, course_submission_group_id,
            course_group_id, course_content_id, course_id, course_family_id, organization_id) > 1
    """,
    "an answer has its parent's target, is one level below it and later": """
        SELECT FROM message JOIN message AS parent ON parent.id = message.parent_id
        WHERE message.level <> parent.level + 1 OR message.created_at <= parent.created_at
            OR (message.user_id, message.course_member_id, message.course_submission_group_id)
                IS DISTINCT FROM (parent.user_id, parent.course_member_id, parent.course_submission_group_id)
    """,
    "answers are given to users, members and submission groups alone; nothing else is below the top": """
        SELECT FROM message WHERE (parent_id IS NULL) <> (level = 0)
            OR (parent_id IS NOT NULL AND num_nonnulls(user_id, course_member_id, course_submission_group_id) = 0)
    """,
    "who writes into a course is in it; announcements are by its staff": """
        SELECT FROM message
        LEFT JOIN course_content ON course_content.id = course_content_id
        LEFT JOIN course_group ON course_group.id = course_group_id
        LEFT JOIN course_submission_group AS team ON team.id = course_submission_group_id
        LEFT JOIN course_member AS seat ON seat.id = course_member_id
        JOIN course ON course.id IN (
            message.course_id, course_content.course_id, course_group.course_id, team.course_id, seat.course_id)
        LEFT JOIN course_member AS author ON author.course_id = course.id AND author.user_id = author_id
        WHERE author.id IS NULL OR (author.course_role_id = '_student'
            AND num_nonnulls(course_submission_group_id, course_member_id) = 0)
    """,
    "students write to the groups that they are in": """
        SELECT FROM message
        JOIN course_submission_group AS team ON team.id = course_submission_group_id
        JOIN course_member AS author ON author.course_id = team.course_id AND author.user_id = author_id
        WHERE author.course_role_id = '_student' AND NOT EXISTS (
            SELECT FROM course_submission_group_member AS member
            WHERE member.course_submission_group_id = team.id AND member.course_member_id = author.id)
    """,
    "authors have read what they write, and nobody reads before it is written": """
        SELECT FROM message WHERE NOT EXISTS (
            SELECT FROM message_read WHERE message_id = message.id AND reader_user_id = author_id)
        UNION ALL
        SELECT FROM message_read AS mark JOIN message ON message.id = message_id
        WHERE mark.created_at < message.created_at
    """,
    "what is deleted says nothing any more": """
        SELECT FROM message WHERE (archived_at IS NOT NULL) <> (title = 'Deleted') OR archived_at <= created_at
    """,
}


@pytest.mark.parametrize("rule", VIOLATIONS)
def test_rule_holds(rule: str, demo_database: str) -> None:
    assert run(demo_database, VIOLATIONS[rule]) == [], rule
