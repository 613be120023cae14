-- What courses consist of, what tests it and what is deployed to it.

CREATE TABLE course_content_kind (
    id varchar(255) NOT NULL,
    title varchar(255),
    description varchar(4096),
    has_ascendants boolean NOT NULL,
    has_descendants boolean NOT NULL,
    submittable boolean NOT NULL,
    CONSTRAINT course_content_kind_pkey PRIMARY KEY (id)
);

CREATE TABLE course_content_type (
    id uuid NOT NULL DEFAULT uuid_generate_v4(),
    version bigint DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    created_by uuid,
    updated_by uuid,
    properties jsonb,
    title varchar(255),
    description varchar(4096),
    slug varchar(255) NOT NULL,
    color varchar(255),
    course_content_kind_id varchar(255) NOT NULL,
    course_id uuid NOT NULL,
    CONSTRAINT course_content_type_pkey PRIMARY KEY (id),
    CONSTRAINT course_content_type_slug_check CHECK (slug ~* '^[A-Za-z0-9_.-]+$'),
    CONSTRAINT course_content_type_course_content_kind_id_fkey FOREIGN KEY (course_content_kind_id)
        REFERENCES course_content_kind (id) ON DELETE CASCADE ON UPDATE RESTRICT,
    CONSTRAINT course_content_type_course_id_fkey FOREIGN KEY (course_id)
        REFERENCES course (id) ON DELETE CASCADE ON UPDATE RESTRICT,
    CONSTRAINT course_content_type_created_by_fkey FOREIGN KEY (created_by)
        REFERENCES "user" (id) ON DELETE SET NULL,
    CONSTRAINT course_content_type_updated_by_fkey FOREIGN KEY (updated_by)
        REFERENCES "user" (id) ON DELETE SET NULL
);
CREATE UNIQUE INDEX course_content_type_course_id_key ON course_content_type (id, course_id);
CREATE UNIQUE INDEX course_content_type_slug_key ON course_content_type (slug, course_id, course_content_kind_id);

CREATE TABLE execution_backend (
    id uuid NOT NULL DEFAULT uuid_generate_v4(),
    version bigint DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    created_by uuid,
    updated_by uuid,
    properties jsonb,
    type varchar(255) NOT NULL,
    slug varchar(255) NOT NULL,
    CONSTRAINT execution_backend_pkey PRIMARY KEY (id),
    CONSTRAINT execution_backend_slug_key UNIQUE (slug),
    CONSTRAINT execution_backend_slug_check CHECK (slug ~* '^[A-Za-z0-9_.-]+$'),
    CONSTRAINT execution_backend_created_by_fkey FOREIGN KEY (created_by)
        REFERENCES "user" (id) ON DELETE SET NULL,
    CONSTRAINT execution_backend_updated_by_fkey FOREIGN KEY (updated_by)
        REFERENCES "user" (id) ON DELETE SET NULL
);

CREATE TABLE course_execution_backend (
    execution_backend_id uuid NOT NULL,
    course_id uuid NOT NULL,
    version bigint DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    created_by uuid,
    updated_by uuid,
    properties jsonb,
    CONSTRAINT course_execution_backend_pkey PRIMARY KEY (execution_backend_id, course_id),
    CONSTRAINT course_execution_backend_course_id_fkey FOREIGN KEY (course_id)
        REFERENCES course (id) ON DELETE CASCADE ON UPDATE RESTRICT,
    CONSTRAINT course_execution_backend_execution_backend_id_fkey FOREIGN KEY (execution_backend_id)
        REFERENCES execution_backend (id) ON DELETE CASCADE ON UPDATE RESTRICT
);

CREATE TABLE course_content (
    id uuid NOT NULL DEFAULT uuid_generate_v4(),
    version bigint DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    created_by uuid,
    updated_by uuid,
    properties jsonb,
    archived_at timestamptz,
    title varchar(255),
    description varchar(4096),
    path ltree NOT NULL,
    course_id uuid NOT NULL,
    course_content_type_id uuid NOT NULL,
    position double precision NOT NULL,
    max_group_size integer,
    max_test_runs integer,
    max_submissions integer,
    execution_backend_id uuid,
    example_version_id uuid,
    CONSTRAINT course_content_pkey PRIMARY KEY (id),
    CONSTRAINT course_content_course_content_type_id_fkey FOREIGN KEY (course_content_type_id)
        REFERENCES course_content_type (id) ON DELETE RESTRICT ON UPDATE RESTRICT,
    CONSTRAINT course_content_course_id_course_content_type_id_fkey FOREIGN KEY (course_id, course_content_type_id)
        REFERENCES course_content_type (course_id, id) ON DELETE RESTRICT ON UPDATE RESTRICT,
    CONSTRAINT course_content_course_id_fkey FOREIGN KEY (course_id)
        REFERENCES course (id) ON DELETE CASCADE ON UPDATE RESTRICT,
    CONSTRAINT course_content_created_by_fkey FOREIGN KEY (created_by)
        REFERENCES "user" (id) ON DELETE SET NULL,
    CONSTRAINT course_content_example_version_id_fkey FOREIGN KEY (example_version_id)
        REFERENCES example_version (id) ON DELETE SET NULL ON UPDATE RESTRICT,
    CONSTRAINT course_content_execution_backend_id_fkey FOREIGN KEY (execution_backend_id)
        REFERENCES execution_backend (id) ON DELETE CASCADE ON UPDATE RESTRICT,
    CONSTRAINT course_content_updated_by_fkey FOREIGN KEY (updated_by)
        REFERENCES "user" (id) ON DELETE SET NULL
);
CREATE UNIQUE INDEX course_content_path_key ON course_content (course_id, path);

CREATE TABLE course_content_deployment (
    id uuid NOT NULL DEFAULT uuid_generate_v4(),
    course_content_id uuid NOT NULL,
    example_version_id uuid,
    example_identifier ltree,
    version_tag varchar(64),
    version_identifier varchar(64),
    deployment_status varchar(32) NOT NULL DEFAULT 'pending'::text,
    deployment_message text,
    assigned_at timestamptz NOT NULL DEFAULT now(),
    deployed_at timestamptz,
    last_attempt_at timestamptz,
    deployment_path text,
    deployment_metadata jsonb DEFAULT '{}'::jsonb,
    workflow_id varchar(255),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    created_by uuid,
    updated_by uuid,
    CONSTRAINT course_content_deployment_pkey PRIMARY KEY (id),
    CONSTRAINT uq_deployment_per_content UNIQUE (course_content_id),
    CONSTRAINT course_content_deployment_course_content_id_fkey FOREIGN KEY (course_content_id)
        REFERENCES course_content (id) ON DELETE CASCADE,
    CONSTRAINT course_content_deployment_created_by_fkey FOREIGN KEY (created_by)
        REFERENCES "user" (id) ON DELETE SET NULL,
    CONSTRAINT course_content_deployment_example_version_id_fkey FOREIGN KEY (example_version_id)
        REFERENCES example_version (id) ON DELETE SET NULL,
    CONSTRAINT course_content_deployment_updated_by_fkey FOREIGN KEY (updated_by)
        REFERENCES "user" (id) ON DELETE SET NULL
);
CREATE INDEX idx_deployment_deployed_at ON course_content_deployment (deployed_at);
CREATE INDEX idx_deployment_example_identifier ON course_content_deployment (example_identifier);
CREATE INDEX idx_deployment_example_version ON course_content_deployment (example_version_id);
CREATE INDEX idx_deployment_status ON course_content_deployment (deployment_status);
CREATE INDEX idx_deployment_version_tag ON course_content_deployment (version_tag);

CREATE TABLE deployment_history (
    id uuid NOT NULL DEFAULT uuid_generate_v4(),
    deployment_id uuid NOT NULL,
    action varchar(32) NOT NULL,
    action_details text,
    example_version_id uuid,
    previous_example_version_id uuid,
    example_identifier ltree,
    version_tag varchar(64),
    meta jsonb DEFAULT '{}'::jsonb,
    workflow_id varchar(255),
    created_at timestamptz NOT NULL DEFAULT now(),
    created_by uuid,
    CONSTRAINT deployment_history_pkey PRIMARY KEY (id),
    CONSTRAINT deployment_history_created_by_fkey FOREIGN KEY (created_by)
        REFERENCES "user" (id) ON DELETE SET NULL,
    CONSTRAINT deployment_history_deployment_id_fkey FOREIGN KEY (deployment_id)
        REFERENCES course_content_deployment (id) ON DELETE CASCADE,
    CONSTRAINT deployment_history_example_version_id_fkey FOREIGN KEY (example_version_id)
        REFERENCES example_version (id) ON DELETE SET NULL,
    CONSTRAINT deployment_history_previous_example_version_id_fkey FOREIGN KEY (previous_example_version_id)
        REFERENCES example_version (id) ON DELETE SET NULL
);
CREATE INDEX idx_history_action ON deployment_history (action);
CREATE INDEX idx_history_created_at ON deployment_history (created_at);
CREATE INDEX idx_history_deployment_id ON deployment_history (deployment_id);
CREATE INDEX idx_history_example_identifier ON deployment_history (example_identifier);
CREATE INDEX idx_history_version_tag ON deployment_history (version_tag);
CREATE INDEX idx_history_workflow_id ON deployment_history (workflow_id);
