-- Submissions, test runs, grades and messages.

CREATE TABLE course_submission_group (
    id uuid NOT NULL DEFAULT uuid_generate_v4(),
    version bigint DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    created_by uuid,
    updated_by uuid,
    properties jsonb,
    max_group_size integer NOT NULL,
    max_test_runs integer,
    max_submissions integer,
    course_id uuid NOT NULL,
    course_content_id uuid NOT NULL,
    CONSTRAINT course_submission_group_pkey PRIMARY KEY (id),
    CONSTRAINT course_submission_group_course_content_id_fkey FOREIGN KEY (course_content_id)
        REFERENCES course_content (id) ON DELETE CASCADE ON UPDATE RESTRICT,
    CONSTRAINT course_submission_group_course_id_fkey FOREIGN KEY (course_id)
        REFERENCES course (id) ON DELETE CASCADE ON UPDATE RESTRICT,
    CONSTRAINT course_submission_group_created_by_fkey FOREIGN KEY (created_by)
        REFERENCES "user" (id) ON DELETE SET NULL,
    CONSTRAINT course_submission_group_updated_by_fkey FOREIGN KEY (updated_by)
        REFERENCES "user" (id) ON DELETE SET NULL
);

CREATE TABLE course_submission_group_member (
    id uuid NOT NULL DEFAULT uuid_generate_v4(),
    version bigint DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    created_by uuid,
    updated_by uuid,
    properties jsonb,
    course_id uuid NOT NULL,
    course_submission_group_id uuid NOT NULL,
    course_member_id uuid NOT NULL,
    CONSTRAINT course_submission_group_member_pkey PRIMARY KEY (id),
    CONSTRAINT course_submission_group_member_course_id_fkey FOREIGN KEY (course_id)
        REFERENCES course (id) ON DELETE RESTRICT ON UPDATE RESTRICT,
    CONSTRAINT course_submission_group_member_course_member_id_fkey FOREIGN KEY (course_member_id)
        REFERENCES course_member (id) ON DELETE RESTRICT ON UPDATE RESTRICT,
    CONSTRAINT course_submission_group_member_course_submission_group_id_fkey FOREIGN KEY (course_submission_group_id)
        REFERENCES course_submission_group (id) ON DELETE CASCADE ON UPDATE RESTRICT,
    CONSTRAINT course_submission_group_member_created_by_fkey FOREIGN KEY (created_by)
        REFERENCES "user" (id) ON DELETE SET NULL,
    CONSTRAINT course_submission_group_member_updated_by_fkey FOREIGN KEY (updated_by)
        REFERENCES "user" (id) ON DELETE SET NULL
);
CREATE UNIQUE INDEX course_submission_group_member_key ON course_submission_group_member (course_submission_group_id, course_member_id);
CREATE INDEX ix_course_submission_group_member_course_id ON course_submission_group_member (course_id);

CREATE TABLE result (
    id uuid NOT NULL DEFAULT uuid_generate_v4(),
    version bigint DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    created_by uuid,
    updated_by uuid,
    properties jsonb,
    submit boolean NOT NULL,
    course_member_id uuid NOT NULL,
    course_submission_group_id uuid,
    course_content_id uuid NOT NULL,
    course_content_type_id uuid NOT NULL,
    execution_backend_id uuid NOT NULL,
    test_system_id varchar(255) NOT NULL,
    result double precision NOT NULL,
    result_json jsonb,
    version_identifier varchar(2048) NOT NULL,
    reference_version_identifier varchar(64),
    status integer NOT NULL,
    CONSTRAINT result_pkey PRIMARY KEY (id),
    CONSTRAINT result_course_content_id_fkey FOREIGN KEY (course_content_id)
        REFERENCES course_content (id) ON DELETE CASCADE ON UPDATE RESTRICT,
    CONSTRAINT result_course_content_type_id_fkey FOREIGN KEY (course_content_type_id)
        REFERENCES course_content_type (id) ON DELETE RESTRICT ON UPDATE RESTRICT,
    CONSTRAINT result_course_member_id_fkey FOREIGN KEY (course_member_id)
        REFERENCES course_member (id) ON DELETE RESTRICT ON UPDATE RESTRICT,
    CONSTRAINT result_course_submission_group_id_fkey FOREIGN KEY (course_submission_group_id)
        REFERENCES course_submission_group (id) ON DELETE SET NULL ON UPDATE RESTRICT,
    CONSTRAINT result_created_by_fkey FOREIGN KEY (created_by)
        REFERENCES "user" (id) ON DELETE SET NULL,
    CONSTRAINT result_execution_backend_id_fkey FOREIGN KEY (execution_backend_id)
        REFERENCES execution_backend (id) ON DELETE RESTRICT ON UPDATE RESTRICT,
    CONSTRAINT result_updated_by_fkey FOREIGN KEY (updated_by)
        REFERENCES "user" (id) ON DELETE SET NULL
);
CREATE INDEX ix_result_course_content_id ON result (course_content_id);
CREATE INDEX ix_result_course_member_id ON result (course_member_id);
CREATE INDEX ix_result_course_submission_group_id ON result (course_submission_group_id);
CREATE UNIQUE INDEX result_commit_test_system_key ON result (test_system_id, execution_backend_id);
CREATE UNIQUE INDEX result_version_identifier_group_content_partial_key
    ON result (course_submission_group_id, version_identifier, course_content_id) WHERE status <> ALL (ARRAY[1, 2, 6]);
CREATE UNIQUE INDEX result_version_identifier_member_content_partial_key
    ON result (course_member_id, version_identifier, course_content_id) WHERE status <> ALL (ARRAY[1, 2, 6]);

CREATE TABLE course_submission_group_grading (
    id uuid NOT NULL DEFAULT uuid_generate_v4(),
    version bigint DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    created_by uuid,
    updated_by uuid,
    properties jsonb,
    course_submission_group_id uuid NOT NULL,
    graded_by_course_member_id uuid NOT NULL,
    result_id uuid,
    grading double precision NOT NULL,
    status integer NOT NULL DEFAULT 0,
    feedback varchar(4096),
    CONSTRAINT course_submission_group_grading_pkey PRIMARY KEY (id),
    CONSTRAINT course_submission_group_grading_course_submission_group_id_fkey FOREIGN KEY (course_submission_group_id)
        REFERENCES course_submission_group (id) ON DELETE CASCADE ON UPDATE RESTRICT,
    CONSTRAINT course_submission_group_grading_created_by_fkey FOREIGN KEY (created_by)
        REFERENCES "user" (id) ON DELETE SET NULL,
    CONSTRAINT course_submission_group_grading_graded_by_course_member_id_fkey FOREIGN KEY (graded_by_course_member_id)
        REFERENCES course_member (id) ON DELETE RESTRICT ON UPDATE RESTRICT,
    CONSTRAINT course_submission_group_grading_result_id_fkey FOREIGN KEY (result_id)
        REFERENCES result (id) ON DELETE SET NULL ON UPDATE RESTRICT,
    CONSTRAINT course_submission_group_grading_updated_by_fkey FOREIGN KEY (updated_by)
        REFERENCES "user" (id) ON DELETE SET NULL
);
CREATE INDEX idx_grading_graded_by ON course_submission_group_grading (graded_by_course_member_id);
CREATE INDEX idx_grading_result ON course_submission_group_grading (result_id);
CREATE INDEX idx_grading_submission_group ON course_submission_group_grading (course_submission_group_id);

CREATE TABLE message (
    id uuid NOT NULL DEFAULT uuid_generate_v4(),
    version bigint DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    created_by uuid,
    updated_by uuid,
    properties jsonb,
    archived_at timestamptz,
    author_id uuid NOT NULL,
    parent_id uuid,
    level integer NOT NULL,
    title varchar(255) NOT NULL,
    content varchar(16384) NOT NULL,
    user_id uuid,
    course_member_id uuid,
    course_submission_group_id uuid,
    course_group_id uuid,
    course_content_id uuid,
    course_id uuid,
    CONSTRAINT message_pkey PRIMARY KEY (id),
    CONSTRAINT message_author_id_fkey FOREIGN KEY (author_id)
        REFERENCES "user" (id) ON DELETE CASCADE ON UPDATE RESTRICT,
    CONSTRAINT message_course_content_id_fkey FOREIGN KEY (course_content_id)
        REFERENCES course_content (id) ON DELETE CASCADE ON UPDATE RESTRICT,
    CONSTRAINT message_course_group_id_fkey FOREIGN KEY (course_group_id)
        REFERENCES course_group (id) ON DELETE CASCADE ON UPDATE RESTRICT,
    CONSTRAINT message_course_id_fkey FOREIGN KEY (course_id)
        REFERENCES course (id) ON DELETE CASCADE ON UPDATE RESTRICT,
    CONSTRAINT message_course_member_id_fkey FOREIGN KEY (course_member_id)
        REFERENCES course_member (id) ON DELETE CASCADE ON UPDATE RESTRICT,
    CONSTRAINT message_course_submission_group_id_fkey FOREIGN KEY (course_submission_group_id)
        REFERENCES course_submission_group (id) ON DELETE CASCADE ON UPDATE RESTRICT,
    CONSTRAINT message_created_by_fkey FOREIGN KEY (created_by)
        REFERENCES "user" (id) ON DELETE SET NULL,
    CONSTRAINT message_parent_id_fkey FOREIGN KEY (parent_id)
        REFERENCES message (id) ON DELETE CASCADE ON UPDATE RESTRICT,
    CONSTRAINT message_updated_by_fkey FOREIGN KEY (updated_by)
        REFERENCES "user" (id) ON DELETE SET NULL,
    CONSTRAINT message_user_id_fkey FOREIGN KEY (user_id)
        REFERENCES "user" (id) ON DELETE CASCADE ON UPDATE RESTRICT
);
CREATE INDEX msg_author_archived_idx ON message (author_id, archived_at);
CREATE INDEX msg_course_archived_idx ON message (course_id, archived_at);
CREATE INDEX msg_course_content_archived_idx ON message (course_content_id, archived_at);
CREATE INDEX msg_course_group_archived_idx ON message (course_group_id, archived_at);
CREATE INDEX msg_course_member_archived_idx ON message (course_member_id, archived_at);
CREATE INDEX msg_parent_archived_idx ON message (parent_id, archived_at);
CREATE INDEX msg_submission_group_archived_idx ON message (course_submission_group_id, archived_at);
CREATE INDEX msg_user_archived_idx ON message (user_id, archived_at);

CREATE TABLE message_read (
    id uuid NOT NULL DEFAULT uuid_generate_v4(),
    version bigint DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    created_by uuid,
    updated_by uuid,
    properties jsonb,
    message_id uuid NOT NULL,
    reader_user_id uuid NOT NULL,
    CONSTRAINT message_read_pkey PRIMARY KEY (id),
    CONSTRAINT message_read_created_by_fkey FOREIGN KEY (created_by)
        REFERENCES "user" (id) ON DELETE SET NULL,
    CONSTRAINT message_read_message_id_fkey FOREIGN KEY (message_id)
        REFERENCES message (id) ON DELETE CASCADE ON UPDATE RESTRICT,
    CONSTRAINT message_read_reader_user_id_fkey FOREIGN KEY (reader_user_id)
        REFERENCES "user" (id) ON DELETE CASCADE ON UPDATE RESTRICT,
    CONSTRAINT message_read_updated_by_fkey FOREIGN KEY (updated_by)
        REFERENCES "user" (id) ON DELETE SET NULL
);
CREATE UNIQUE INDEX msg_read_unique_idx ON message_read (message_id, reader_user_id);
