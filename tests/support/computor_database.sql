-- What a database of Computor's own backend has and its catalogue does not say: bodies, and rows as they come about.

-- bodies
CREATE FUNCTION ctutor_valid_slug(value text) RETURNS boolean AS $$
BEGIN
    RETURN value ~ '^[a-z0-9]+([_-][a-z0-9]+)*$';
END;
$$ LANGUAGE plpgsql IMMUTABLE;

-- functions
CREATE FUNCTION validate_course_content_hierarchy() RETURNS trigger AS $$
DECLARE
    above course_content_kind;
    own course_content_kind;
BEGIN
    IF nlevel(NEW.path) < 2 THEN
        RETURN NEW;
    END IF;
    SELECT k.* INTO above FROM course_content c JOIN course_content_type t ON c.course_content_type_id = t.id
        JOIN course_content_kind k ON t.course_content_kind_id = k.id
        WHERE c.course_id = NEW.course_id AND c.path = subpath(NEW.path, 0, nlevel(NEW.path) - 1);
    SELECT k.* INTO own FROM course_content_type t JOIN course_content_kind k ON t.course_content_kind_id = k.id
        WHERE t.id = NEW.course_content_type_id;
    IF above.id IS NULL OR NOT above.has_descendants OR NOT own.has_ascendants THEN
        RAISE EXCEPTION 'Invalid place %', NEW.path;
    END IF;
    RETURN NEW;
END;
$$ LANGUAGE plpgsql;
CREATE FUNCTION validate_course_content_example_submittable() RETURNS trigger AS $$
BEGIN
    IF NEW.example_version_id IS NOT NULL AND NOT (
        SELECT k.submittable FROM course_content_type t JOIN course_content_kind k ON t.course_content_kind_id = k.id
        WHERE t.id = NEW.course_content_type_id
    ) THEN
        RAISE EXCEPTION 'Not submittable';
    END IF;
    RETURN NEW;
END;
$$ LANGUAGE plpgsql;
-- As in the original, each call fails: the title is no text.
CREATE FUNCTION get_course_content_descendants(content_id uuid)
    RETURNS TABLE (id uuid, path ltree, title text, depth integer) AS $$
BEGIN
    RETURN QUERY SELECT c.id, c.path, c.title, nlevel(c.path) - nlevel(p.path) FROM course_content p, course_content c
        WHERE p.id = content_id AND c.course_id = p.course_id AND c.path <@ p.path AND c.id <> p.id;
END;
$$ LANGUAGE plpgsql;
CREATE FUNCTION can_delete_course_content(content_id uuid) RETURNS boolean AS $$
BEGIN
    RETURN NOT EXISTS (SELECT 1 FROM get_course_content_descendants(content_id));
END;
$$ LANGUAGE plpgsql;
CREATE FUNCTION resolve_example_dependencies(example_id uuid) RETURNS TABLE (depends_id uuid, depth integer) AS $$
    SELECT d.depends_id, 1 FROM example_dependency d WHERE d.example_id = $1
$$ LANGUAGE sql;

-- rows
CREATE TABLE alembic_version (version_num varchar(32) CONSTRAINT alembic_version_pkc PRIMARY KEY);
INSERT INTO alembic_version VALUES ('9f3c1d2e4b5a');
CREATE TABLE note_of_an_operator (id integer PRIMARY KEY, body text);

INSERT INTO course_content_kind (id, title, has_ascendants, has_descendants, submittable)
    VALUES ('assignment', 'Assignment', true, false, true), ('unit', 'Unit', true, true, false);
INSERT INTO role (id, title, builtin) VALUES ('_admin', 'Administrator', true), ('_user_manager', 'Users', true),
    ('_organization_manager', 'Organizations', true);
INSERT INTO course_role (id, title, builtin) VALUES ('_student', 'Student', true), ('_tutor', 'Tutor', true),
    ('_lecturer', 'Lecturer', true), ('_maintainer', 'Maintainer', true), ('_owner', 'Owner', true);
INSERT INTO role_claim (role_id, claim_type, claim_value) VALUES ('_user_manager', 'permissions', 'user:get');

INSERT INTO "user" (id, given_name, email, username) VALUES
    ('00000000-0000-4000-8000-000000000001', 'Ada', 'ada@uni.example', 'ada'),
    ('00000000-0000-4000-8000-000000000002', 'Bob', 'Bob@uni.example', 'bob'),
    ('00000000-0000-4000-8000-000000000003', 'Bob', 'bob@uni.example', 'robert');
-- The author was deleted, which nothing noticed.
INSERT INTO account (provider, type, provider_account_id, user_id, created_by) VALUES
    ('git', 'gitlab', '7', '00000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-00000000dead');
INSERT INTO student_profile (user_id, student_id) VALUES ('00000000-0000-4000-8000-000000000001', '4711');
INSERT INTO "group" (title, slug) VALUES ('Tutors', 'tutors'), ('More tutors', 'tutors');
INSERT INTO organization (id, organization_type, title, path)
    VALUES ('00000000-0000-4000-8000-000000000010', 'organization', 'O', 'o');
INSERT INTO course_family (id, path, organization_id)
    VALUES ('00000000-0000-4000-8000-000000000011', 'f', '00000000-0000-4000-8000-000000000010');
INSERT INTO course (id, path, course_family_id, organization_id) VALUES ('00000000-0000-4000-8000-000000000012', 'c',
    '00000000-0000-4000-8000-000000000011', '00000000-0000-4000-8000-000000000010');
INSERT INTO course_group (id, title, course_id)
    VALUES ('00000000-0000-4000-8000-000000000013', 'A', '00000000-0000-4000-8000-000000000012');
INSERT INTO course_member (id, user_id, course_id, course_group_id, course_role_id) VALUES
    ('00000000-0000-4000-8000-000000000014', '00000000-0000-4000-8000-000000000001',
     '00000000-0000-4000-8000-000000000012', '00000000-0000-4000-8000-000000000013', '_student');
INSERT INTO course_content_type (id, slug, course_content_kind_id, course_id) VALUES
    ('00000000-0000-4000-8000-000000000015', 'week', 'unit', '00000000-0000-4000-8000-000000000012'),
    ('00000000-0000-4000-8000-000000000016', 'sheet', 'assignment', '00000000-0000-4000-8000-000000000012');
INSERT INTO execution_backend (id, type, slug)
    VALUES ('00000000-0000-4000-8000-000000000017', 'temporal', 'python.3');
INSERT INTO course_content (id, path, position, course_id, course_content_type_id, max_group_size) VALUES
    ('00000000-0000-4000-8000-000000000018', 'Week_1', 1, '00000000-0000-4000-8000-000000000012',
     '00000000-0000-4000-8000-000000000015', NULL),
    ('00000000-0000-4000-8000-000000000019', 'Week_1.sheet', 1, '00000000-0000-4000-8000-000000000012',
     '00000000-0000-4000-8000-000000000016', 0);
INSERT INTO course_submission_group (id, max_group_size, course_id, course_content_id) VALUES
    ('00000000-0000-4000-8000-00000000001a', 1, '00000000-0000-4000-8000-000000000012',
     '00000000-0000-4000-8000-000000000019');
INSERT INTO example_repository (id, name, source_type, source_url, created_by) VALUES
    ('00000000-0000-4000-8000-00000000001b', 'R', 'git', 'https://git.example/r',
     '00000000-0000-4000-8000-000000000002');
