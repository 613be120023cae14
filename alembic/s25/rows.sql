-- Rows that the rules of the platform rest on.

INSERT INTO course_content_kind (id, title, has_ascendants, has_descendants, submittable) VALUES
    ('assignment', 'Assignment', true, false, true),
    ('unit', 'Unit', true, true, false);

INSERT INTO role (id, title, builtin) VALUES
    ('_admin', 'Administrator', true),
    ('_user_manager', 'User manager', true),
    ('_organization_manager', 'Organization manager', true);

INSERT INTO course_role (id, title, builtin) VALUES
    ('_student', 'Student', true),
    ('_tutor', 'Tutor', true),
    ('_lecturer', 'Lecturer', true),
    ('_maintainer', 'Maintainer', true),
    ('_owner', 'Owner', true);
