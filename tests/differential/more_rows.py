"""More rows of what the demo data has none of: some for each course and each kind of member, the same in each run."""

from __future__ import annotations

from typing import LiteralString

MORE: LiteralString = """
ALTER TABLE profile DROP CONSTRAINT profile_avatar_color_check;
ALTER TABLE course_content_deployment DROP CONSTRAINT course_content_deployment_deployment_status_check;
ALTER TABLE deployment_history DROP CONSTRAINT deployment_history_action_check;
ALTER TABLE course_submission_group_grading DROP CONSTRAINT course_submission_group_grading_status_check;
INSERT INTO session (id, user_id, session_id, ip_address, created_at, logout_time, properties, sid, expires_at,
        revoked_at, last_ip, device_label)
    SELECT md5('session' || id)::uuid, id, 'hidden ' || id,
        ('{10.0.0.1,2001:db8::1,::ffff:1.2.3.4,192.168.0.1}'::inet[])[1 + ascii(right(id::text, 1)) % 4],
        '2025-03-01 23:30:00.25+00'::timestamptz + ascii(id::text) * interval '9 hours',
        CASE WHEN id::text ~ '^[0-7]' THEN '2025-05-05 05:05:05.123456+00'::timestamptz END,
        '{"agent": "curl", "access_token": "hidden"}', md5('sid' || id)::uuid,
        CASE WHEN id::text ~ '[0-3]$' THEN '2025-06-06+00'::timestamptz
            WHEN id::text ~ '[4-7]$' THEN '2100-01-01+00' END,
        CASE WHEN id::text ~ '[0159]$' THEN '2025-05-06+00'::timestamptz END,
        CASE WHEN id::text ~ '^[4-9]' THEN '::ffff:1.2.3.4'::inet END, CASE WHEN id::text ~ '^[0-7]' THEN 'Phone %' END
    FROM "user" WHERE id::text ~ '[05a]$' OR username IS NOT NULL;
UPDATE profile SET avatar_color = 16777216 WHERE id::text LIKE '1%';
UPDATE profile SET avatar_color = -1 WHERE id::text LIKE '2%';
UPDATE profile SET avatar_color = 2748, nickname = NULL WHERE id::text LIKE '3%';
UPDATE profile SET avatar_image = 'https://a.example/b' WHERE id::text LIKE '4%';
UPDATE user_group SET transient = NULL WHERE user_id::text ~ '^[0-7]';
UPDATE user_group SET transient = true WHERE user_id::text ~ '^[89]';
UPDATE "group" SET type = CASE WHEN id::text ~ '^[0-7]' THEN 'dynamic'::ctutor_group_type END WHERE slug <> 'workers';
UPDATE account SET properties = '{"refresh_token": "hidden", "name": "%_"}' WHERE id::text ~ '^[0-7]';

INSERT INTO example_repository (id, name, source_type, source_url, access_credentials, organization_id, created_at)
    SELECT md5('library' || n)::uuid, 'Library % ' || n, (ARRAY['git', 's3', 'github', 'gitlab', 'minio'])[n],
        (ARRAY['host/path?x=y', 's3://key:sec/ret@bucket/a#b', 'https://u@h@i.example', 'git@host:a/b', ''])[n],
        'hidden', (SELECT id FROM organization ORDER BY id LIMIT 1 OFFSET n), '2025-01-01+00'::timestamptz
    FROM generate_series(1, 5) n;
INSERT INTO example (id, example_repository_id, directory, identifier, title, description, category, tags)
    SELECT md5('example' || n)::uuid, md5('library' || n % 5 + 1)::uuid, 'd' || n, ('week.a_' || n)::ltree,
        'Example ' || n % 7, CASE n % 3 WHEN 0 THEN 'Über %_' WHEN 1 THEN '' END, CASE n % 4 WHEN 0 THEN 'sorting' END,
        (ARRAY['{}', '{a}', '{a,b}', '{"b c",ü}'])[1 + n % 4]::varchar[]
    FROM generate_series(1, 30) n;
INSERT INTO example_dependency (id, example_id, depends_id, version_constraint)
    SELECT md5('needs' || n)::uuid, md5('example' || n)::uuid, md5('example' || n % 30 + 1)::uuid,
        CASE n % 2 WHEN 0 THEN '^1.0' END
    FROM generate_series(1, 30) n;
INSERT INTO example_version (id, example_id, version_tag, version_number, storage_path, meta_yaml, test_yaml)
    SELECT md5('version' || n || ',' || v)::uuid, md5('example' || n)::uuid, v || '.0', v, 'hidden', 'title: ' || v,
        CASE v WHEN 2 THEN 'tests: []' END
    FROM generate_series(1, 30) n, generate_series(1, 2) v;
INSERT INTO course_content_deployment (id, course_content_id, example_version_id, example_identifier, version_tag,
        deployment_status, deployment_message, assigned_at, deployed_at, deployment_metadata, workflow_id, created_at)
    SELECT md5('deployment' || c.id)::uuid, c.id, md5('version' || n % 30 + 1 || ',1')::uuid, 'week.a_1', '1.0',
        (ARRAY['pending', 'deploying', 'deployed', 'failed', 'unassigned', 'lost'])[1 + n % 6], 'hidden ' || n,
        '2025-04-04 04:04:04+00'::timestamptz + n % 9 * interval '20 hours',
        CASE n % 3 WHEN 0 THEN '2025-05-05+00'::timestamptz END, '{"commit": "c", "job_token": "t"}', 'job ' || n,
        '2025-04-04 04:04:04+00'
    FROM (SELECT id, row_number() OVER (ORDER BY id)::int AS n FROM course_content) c
    WHERE n % 3 = 0 OR id IN (SELECT id FROM course_content WHERE archived_at IS NOT NULL)
    ON CONFLICT DO NOTHING;
INSERT INTO deployment_history (id, deployment_id, action, example_version_id, previous_example_version_id,
        example_identifier, meta, created_at, created_by)
    SELECT md5('history' || d.id || n)::uuid, d.id,
        (ARRAY['assigned', 'deploying', 'vanished'])[n], d.example_version_id, NULL, 'week.a_1',
        '{"secret": 1, "a": 2}', '2025-04-05+00'::timestamptz + n * interval '3 days',
        (SELECT id FROM "user" ORDER BY id LIMIT 1)
    FROM course_content_deployment d, generate_series(1, 3) n;

INSERT INTO submission_artifact (id, submission_group_id, uploaded_by_course_member_id, uploaded_at, version_identifier,
        submit, file_size, bucket_name, object_key, content_type, properties, created_at)
    SELECT md5('upload' || m.id)::uuid, m.course_submission_group_id,
        CASE n % 5 WHEN 0 THEN NULL ELSE m.course_member_id END,
        '2025-02-02+00'::timestamptz + n % 11 * interval '31 hours', CASE n % 3 WHEN 0 THEN NULL ELSE 'v' || n END,
        n % 2 = 0, 3000000000 + n % 4, 'hidden', 'hidden', CASE n % 2 WHEN 0 THEN 'application/zip' END,
        '{"files": [], "password": "hidden"}', '2025-02-02+00'
    FROM (SELECT *, row_number() OVER (ORDER BY id)::int AS n FROM course_submission_group_member) m
    WHERE n % 20 = 0 OR course_member_id IN (SELECT m.id FROM course_member m JOIN "user" u ON u.id = m.user_id
        WHERE u.username IN ('student', 'ada', 'bob', 'cyd')) AND n % 2 = 0;
UPDATE result r SET submission_artifact_id = (SELECT min(a.id::text)::uuid FROM submission_artifact a
        WHERE a.submission_group_id = r.course_submission_group_id)
    WHERE NOT EXISTS (SELECT FROM result o WHERE o.course_submission_group_id = r.course_submission_group_id
        AND o.submission_artifact_id IS NOT NULL)
    AND (status IN (1, 2, 6) OR r.id = (SELECT min(o.id::text)::uuid FROM result o
        WHERE o.course_submission_group_id = r.course_submission_group_id));
INSERT INTO result_artifact (id, result_id, content_type, file_size, bucket_name, object_key, created_at, properties)
    SELECT md5('file' || id)::uuid, id, CASE WHEN id::text ~ '^[0-7]' THEN 'text/plain' END, 10, 'hidden', 'hidden',
        '2025-02-03 03:03:03+00', '{"token": "hidden"}'
    FROM result WHERE id::text ~ '^[0-9a-f](0|7)' OR submission_artifact_id IS NOT NULL;
INSERT INTO submission_review (id, artifact_id, reviewer_course_member_id, body, review_type, created_at)
    SELECT md5('review' || a.id)::uuid, a.id,
        (SELECT m.id FROM course_member m JOIN course_submission_group g ON g.course_id = m.course_id
            WHERE g.id = a.submission_group_id ORDER BY md5(m.id::text || a.id::text) LIMIT 1),
        'said', CASE WHEN a.id::text ~ '^[0-7]' THEN 'peer' END, '2025-02-04 04:04:04+00'
    FROM submission_artifact a;
INSERT INTO course_submission_group_grading (id, course_submission_group_id, graded_by_course_member_id,
        submission_artifact_id, result_id, grading, status, feedback, created_at)
    SELECT md5('grade' || a.id)::uuid, a.submission_group_id,
        (SELECT m.id FROM course_member m JOIN course_submission_group g ON g.course_id = m.course_id
            WHERE g.id = a.submission_group_id AND m.course_role_id <> '_student' ORDER BY m.id LIMIT 1),
        a.id, (SELECT min(r.id::text)::uuid FROM result r WHERE r.submission_artifact_id = a.id),
        (ARRAY[0, 0.25, 0.1, 1])[1 + ascii(right(a.id::text, 1)) % 4], ascii(a.id::text) % 6,
        CASE WHEN a.id::text ~ '^[0-7]' THEN 'good, 100%' END, '2025-02-05 05:05:05+00'
    FROM submission_artifact a JOIN course_submission_group g ON g.id = a.submission_group_id
    WHERE EXISTS (SELECT FROM course_member m WHERE m.course_id = g.course_id AND m.course_role_id <> '_student');
INSERT INTO course_member_comment (id, message, transmitter_id, course_member_id, created_at)
    SELECT md5('comment' || m.id)::uuid, 'late ' || m.n % 3,
        (SELECT t.id FROM course_member t WHERE t.course_id = m.course_id AND t.course_role_id <> '_student'
            ORDER BY t.id LIMIT 1), m.id, '2025-02-06 06:06:06+00'
    FROM (SELECT *, row_number() OVER (ORDER BY id)::int AS n FROM course_member) m
    WHERE n % 7 = 0 AND EXISTS (SELECT FROM course_member t
        WHERE t.course_id = m.course_id AND t.course_role_id <> '_student');

CREATE TEMPORARY TABLE target AS SELECT *, row_number() OVER (ORDER BY key)::int AS n FROM (
    SELECT md5('u' || id)::uuid AS key, id AS u, NULL::uuid AS m, NULL::uuid AS s, NULL::uuid AS g, NULL::uuid AS c,
        NULL::uuid AS k, NULL::uuid AS f, NULL::uuid AS o FROM "user" WHERE username IS NOT NULL
    UNION ALL SELECT md5('m' || id)::uuid, NULL, id, NULL, NULL, NULL, course_id, NULL, NULL FROM course_member
        WHERE id::text ~ '^[0-3]'
    UNION ALL SELECT md5('s' || id)::uuid, NULL, NULL, id, NULL, NULL, NULL, NULL, NULL FROM course_submission_group
        WHERE id::text ~ '^[0-9a-f](0)'
    UNION ALL SELECT md5('g' || id)::uuid, NULL, NULL, NULL, id, NULL, NULL, NULL, NULL FROM course_group
    UNION ALL SELECT md5('c' || id)::uuid, NULL, NULL, NULL, NULL, id, course_id, NULL, NULL FROM course_content
        WHERE id::text ~ '^[0-3]' OR archived_at IS NOT NULL
    UNION ALL SELECT md5('k' || id)::uuid, NULL, NULL, NULL, NULL, NULL, id, NULL, organization_id FROM course
    UNION ALL SELECT md5('f' || id)::uuid, NULL, NULL, NULL, NULL, NULL, NULL, id, NULL FROM course_family
    UNION ALL SELECT md5('o' || id)::uuid, NULL, NULL, NULL, NULL, NULL, NULL, NULL, id FROM organization
) t;
INSERT INTO message (id, author_id, level, title, content, created_at, archived_at, user_id, course_member_id,
        course_submission_group_id, course_group_id, course_content_id, course_id, course_family_id, organization_id)
    SELECT key, (SELECT id FROM "user" ORDER BY md5(id::text || key::text) LIMIT 1), 0,
        'Title ' || n % 5 || (ARRAY['', ' #exam', ' #Exam_1 #week due', E'\t#week'])[1 + n % 4], 'said %',
        '2025-02-07 07:07:07+00'::timestamptz + n % 40 * interval '7 hours',
        CASE n % 9 WHEN 0 THEN '2025-03-03+00'::timestamptz END, u, m, s, g, c, k, f, o
    FROM target;
INSERT INTO message (id, author_id, parent_id, level, title, content, user_id, created_at)
    SELECT md5('reply' || key)::uuid, u, key, 1, 'Re', 'yes', u, '2025-02-08+00' FROM target WHERE u IS NOT NULL;
INSERT INTO message_read (id, message_id, reader_user_id, created_at, properties)
    SELECT md5('mark' || x.id || u.id)::uuid, x.id, u.id, '2025-02-09+00', '{"secret": "hidden", "on": "phone"}'
    FROM message x, "user" u WHERE u.username IS NOT NULL AND md5(x.id::text || u.id::text) ~ '^0[0-7]'
    ON CONFLICT DO NOTHING;
DROP TABLE target;
"""

# Tokens differ from run to run only in their secrets.
SAME_TOKENS: LiteralString = """
UPDATE api_token SET id = md5('token' || name || user_id || n)::uuid,
    token_prefix = 'ctp_' || left(md5(name || user_id || n), 8), usage_count = ascii(name) % 5,
    last_used_at = CASE WHEN name ~ '^[a-m]' THEN '2026-03-03 03:03:03+00'::timestamptz END
FROM (SELECT id AS known, row_number() OVER (PARTITION BY user_id, name ORDER BY created_at, id) AS n FROM api_token) k
WHERE id = known;
"""

# What was made just now was made at some moment that is the same in each run.
SAME_MOMENTS: LiteralString = """
DO $$
DECLARE made record;
BEGIN
    FOR made IN SELECT table_name, column_name FROM information_schema.columns
        WHERE table_schema = 'public' AND data_type = 'timestamp with time zone' LOOP
        EXECUTE format('UPDATE %I SET %I = %L WHERE %I > now() - interval ''1 day'' AND %I <= now()',
            made.table_name, made.column_name, '2026-02-02 02:02:02.020202+00', made.column_name, made.column_name);
    END LOOP;
END $$;
"""

# That tokens are used is noted while documents are asked; here it must not show.
STILL: LiteralString = """
CREATE FUNCTION stay() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER stay BEFORE UPDATE ON api_token FOR EACH ROW EXECUTE FUNCTION stay();
"""
