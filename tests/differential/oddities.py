"""What demo data is too tidy to have, and databases are not: nulls, ties, secrets, archived and unknown values."""

from __future__ import annotations

import psycopg
from psycopg import sql

# Rows are picked by what their keys begin with, so that they spread over courses and are the same in each run.
# Rules are left off in databases with such values.
_CHANGES = """
ALTER TABLE result DROP CONSTRAINT result_status_check;
ALTER TABLE course_role DROP CONSTRAINT course_role_check1;
UPDATE "user" SET family_name = NULL WHERE id::text LIKE '1%' AND username IS NULL;
UPDATE "user" SET given_name = '  ', family_name = ' ' WHERE id::text LIKE '2%' AND username IS NULL;
UPDATE "user" SET given_name = 'İpek%_' , family_name = 'ΣΊΣΥΦΟΣ' WHERE id::text LIKE '3%' AND username IS NULL;
UPDATE "user" SET archived_at = '2025-03-01 12:00:00.5+00' WHERE id::text LIKE '4%' AND username IS NULL;
UPDATE "user" SET properties = '{"token": "x", "a": {"password": 1, "b": [{"secret": 2, "Secret": 3, "c": null}]}}'
    WHERE id::text LIKE '5%';
UPDATE "user" SET version = NULL WHERE id::text LIKE '6%';
UPDATE "user" SET version = 9007199254740993 WHERE id::text LIKE '7%';
UPDATE "user" SET user_type = 'token', token_expiration = '2030-01-01+00' WHERE id::text LIKE '8%' AND username IS NULL;
UPDATE organization SET archived_at = '2025-01-01+00' WHERE id::text LIKE '3%' OR id::text LIKE 'a%';
UPDATE organization SET properties = '{"gitlab": {"url": "https://git", "token": "glpat"}, "credentials": {"x": 1}}'
    WHERE id::text ~ '^[0-7]';
UPDATE course SET title = NULL WHERE id::text ~ '^[0-2]';
UPDATE course SET properties = '{"gitlab": "https://git.example"}' WHERE id::text ~ '^[3-4]';
UPDATE course SET created_by = (SELECT id FROM "user" ORDER BY id LIMIT 1);
UPDATE course_content_type SET color = NULL WHERE id::text ~ '^[0-3]';
UPDATE course_content_type SET title = NULL WHERE id::text ~ '^[2-5]';
UPDATE course_content SET archived_at = '2025-06-01 00:00:00.000001+00' WHERE id::text LIKE '7%';
UPDATE course_content SET position = 1 WHERE id::text ~ '^[0-3]';
UPDATE course_content SET position = -0.5 WHERE id::text LIKE '4%';
UPDATE course_content SET title = NULL, description = 'a\\b%c_d' WHERE id::text LIKE '5%';
UPDATE course_content SET max_group_size = 2147483647, max_test_runs = 2147483647 WHERE id::text LIKE '6%';
UPDATE course_content SET properties = '{"gitlab": {"full_path": "a/b", "token": null, "n": 12345678901234567890}}'
    WHERE id::text LIKE '8%';
UPDATE execution_backend SET properties = '{"task_queue": "q", "password": "p"}' WHERE id::text ~ '^[0-9]';
UPDATE course_submission_group SET created_at = '2025-02-02+00' WHERE id::text LIKE '1%';
UPDATE course_submission_group SET properties = '{"gitlab": {"token": "t", "url": "u"}}' WHERE id::text LIKE '2%';
UPDATE course_submission_group_member SET created_at = '2025-02-02+00' WHERE id::text LIKE '1%';
UPDATE result SET created_at = '2025-02-02 02:02:02.020202+00' WHERE id::text LIKE '1%';
UPDATE result SET status = 42 WHERE id::text LIKE '2%' AND status NOT IN (1, 2, 6);
UPDATE result SET course_submission_group_id = NULL WHERE id::text LIKE '3%';
UPDATE result SET reference_version_identifier = 'ref-' || left(id::text, 2) WHERE id::text ~ '^[4-9]';
UPDATE result SET result_json = '{"token": "kept?", "deep": {"secret": 1}}' WHERE id::text LIKE 'a%';
UPDATE result SET result = 0.1 WHERE id::text LIKE 'b%';
UPDATE result SET version = NULL, properties = '[]' WHERE id::text LIKE 'c%';
UPDATE result SET updated_by = course_member.user_id FROM course_member
    WHERE course_member.id = result.course_member_id AND result.id::text LIKE 'd%';
INSERT INTO course_role (id, title) VALUES ('odd role, 100%: ü/?', NULL);
INSERT INTO course_content_kind (id, has_ascendants, has_descendants, submittable)
    VALUES ('odd kind: %,/', true, true, false);
"""


def add_oddities(database_url: str) -> None:
    """Changes rows here and there, past the triggers that would count and stamp each change."""
    with psycopg.connect(database_url) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(sql.SQL(_CHANGES))
        connection.execute("SET session_replication_role = origin")
        # The order of the tree follows from positions; the moment of this change must not differ from run to run.
        connection.execute("UPDATE course_content SET position = position")
        connection.execute("SET session_replication_role = replica")
        connection.execute("UPDATE course_content SET updated_at = '2025-05-05 05:05:05+00'")
