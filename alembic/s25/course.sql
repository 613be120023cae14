-- Organizations, course families, courses and who is in them.

CREATE TABLE organization (
    id uuid NOT NULL DEFAULT uuid_generate_v4(),
    version bigint DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    created_by uuid,
    updated_by uuid,
    properties jsonb,
    number varchar(255),
    title varchar(255),
    description varchar(4096),
    archived_at timestamptz,
    email varchar(320),
    telephone varchar(255),
    fax_number varchar(255),
    url varchar(2048),
    postal_code varchar(255),
    street_address varchar(1024),
    locality varchar(255),
    region varchar(255),
    country varchar(255),
    organization_type organization_type NOT NULL,
    user_id uuid,
    path ltree NOT NULL,
    parent_path ltree GENERATED ALWAYS AS (
        CASE WHEN (nlevel(path) > 1) THEN subpath(path, 0, (nlevel(path) - 1)) ELSE NULL::ltree END
    ) STORED,
    CONSTRAINT organization_pkey PRIMARY KEY (id),
    CONSTRAINT organization_user_id_key UNIQUE (user_id),
    CONSTRAINT organization_check CHECK ((organization_type = 'user') = (title IS NULL)),
    CONSTRAINT organization_check1 CHECK ((organization_type = 'user') = (user_id IS NOT NULL)),
    CONSTRAINT organization_created_by_fkey FOREIGN KEY (created_by)
        REFERENCES "user" (id) ON DELETE SET NULL,
    CONSTRAINT organization_updated_by_fkey FOREIGN KEY (updated_by)
        REFERENCES "user" (id) ON DELETE SET NULL,
    CONSTRAINT organization_user_id_fkey FOREIGN KEY (user_id)
        REFERENCES "user" (id) ON DELETE CASCADE ON UPDATE RESTRICT
);
CREATE INDEX ix_organization_organization_type ON organization (organization_type);
CREATE INDEX ix_organization_path ON organization (path);
CREATE UNIQUE INDEX organization_number_key ON organization (organization_type, number);
CREATE UNIQUE INDEX organization_path_key ON organization (organization_type, path);

CREATE TABLE course_family (
    id uuid NOT NULL DEFAULT uuid_generate_v4(),
    version bigint DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    created_by uuid,
    updated_by uuid,
    properties jsonb,
    title varchar(255),
    description varchar(4096),
    path ltree NOT NULL,
    organization_id uuid NOT NULL,
    CONSTRAINT course_family_pkey PRIMARY KEY (id),
    CONSTRAINT course_family_created_by_fkey FOREIGN KEY (created_by)
        REFERENCES "user" (id) ON DELETE SET NULL,
    CONSTRAINT course_family_organization_id_fkey FOREIGN KEY (organization_id)
        REFERENCES organization (id) ON DELETE CASCADE ON UPDATE RESTRICT,
    CONSTRAINT course_family_updated_by_fkey FOREIGN KEY (updated_by)
        REFERENCES "user" (id) ON DELETE SET NULL
);
CREATE UNIQUE INDEX course_family_path_key ON course_family (organization_id, path);

CREATE TABLE course (
    id uuid NOT NULL DEFAULT uuid_generate_v4(),
    version bigint DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    created_by uuid,
    updated_by uuid,
    properties jsonb,
    title varchar(255),
    description varchar(4096),
    path ltree NOT NULL,
    course_family_id uuid NOT NULL,
    organization_id uuid NOT NULL,
    CONSTRAINT course_pkey PRIMARY KEY (id),
    CONSTRAINT course_course_family_id_fkey FOREIGN KEY (course_family_id)
        REFERENCES course_family (id) ON DELETE CASCADE ON UPDATE RESTRICT,
    CONSTRAINT course_created_by_fkey FOREIGN KEY (created_by)
        REFERENCES "user" (id) ON DELETE SET NULL,
    CONSTRAINT course_organization_id_fkey FOREIGN KEY (organization_id)
        REFERENCES organization (id) ON DELETE CASCADE ON UPDATE RESTRICT,
    CONSTRAINT course_updated_by_fkey FOREIGN KEY (updated_by)
        REFERENCES "user" (id) ON DELETE SET NULL
);
CREATE UNIQUE INDEX course_path_key ON course (course_family_id, path);

CREATE TABLE course_role (
    id varchar(255) NOT NULL,
    title varchar(255),
    description varchar(4096),
    builtin boolean NOT NULL DEFAULT false,
    CONSTRAINT course_role_pkey PRIMARY KEY (id)
);

CREATE TABLE course_group (
    id uuid NOT NULL DEFAULT uuid_generate_v4(),
    version bigint DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    created_by uuid,
    updated_by uuid,
    properties jsonb,
    title varchar(255),
    description varchar(4096),
    course_id uuid NOT NULL,
    CONSTRAINT course_group_pkey PRIMARY KEY (id),
    CONSTRAINT course_group_course_id_fkey FOREIGN KEY (course_id)
        REFERENCES course (id) ON DELETE CASCADE ON UPDATE RESTRICT,
    CONSTRAINT course_group_created_by_fkey FOREIGN KEY (created_by)
        REFERENCES "user" (id) ON DELETE SET NULL,
    CONSTRAINT course_group_updated_by_fkey FOREIGN KEY (updated_by)
        REFERENCES "user" (id) ON DELETE SET NULL
);
CREATE UNIQUE INDEX course_group_course_id_key ON course_group (course_id, id);
CREATE UNIQUE INDEX course_group_title_key ON course_group (course_id, title);

CREATE TABLE course_member (
    id uuid NOT NULL DEFAULT uuid_generate_v4(),
    version bigint DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    created_by uuid,
    updated_by uuid,
    properties jsonb,
    user_id uuid NOT NULL,
    course_id uuid NOT NULL,
    course_group_id uuid,
    course_role_id varchar(255) NOT NULL,
    CONSTRAINT course_member_pkey PRIMARY KEY (id),
    CONSTRAINT course_member_check CHECK (course_role_id <> '_student' OR course_group_id IS NOT NULL),
    CONSTRAINT course_member_course_group_id_fkey FOREIGN KEY (course_group_id)
        REFERENCES course_group (id) ON DELETE RESTRICT ON UPDATE RESTRICT,
    CONSTRAINT course_member_course_id_course_group_id_fkey FOREIGN KEY (course_id, course_group_id)
        REFERENCES course_group (course_id, id) ON DELETE RESTRICT ON UPDATE RESTRICT,
    CONSTRAINT course_member_course_id_fkey FOREIGN KEY (course_id)
        REFERENCES course (id) ON DELETE CASCADE ON UPDATE RESTRICT,
    CONSTRAINT course_member_course_role_id_fkey FOREIGN KEY (course_role_id)
        REFERENCES course_role (id) ON DELETE CASCADE ON UPDATE RESTRICT,
    CONSTRAINT course_member_created_by_fkey FOREIGN KEY (created_by)
        REFERENCES "user" (id) ON DELETE SET NULL,
    CONSTRAINT course_member_updated_by_fkey FOREIGN KEY (updated_by)
        REFERENCES "user" (id) ON DELETE SET NULL,
    CONSTRAINT course_member_user_id_fkey FOREIGN KEY (user_id)
        REFERENCES "user" (id) ON DELETE CASCADE ON UPDATE RESTRICT
);
CREATE UNIQUE INDEX course_member_key ON course_member (user_id, course_id);

CREATE TABLE course_member_comment (
    id uuid NOT NULL DEFAULT uuid_generate_v4(),
    version bigint DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    created_by uuid,
    updated_by uuid,
    message varchar(4096) NOT NULL,
    transmitter_id uuid NOT NULL,
    course_member_id uuid NOT NULL,
    CONSTRAINT course_member_comment_pkey PRIMARY KEY (id),
    CONSTRAINT course_member_comment_course_member_id_fkey FOREIGN KEY (course_member_id)
        REFERENCES course_member (id) ON DELETE CASCADE ON UPDATE RESTRICT,
    CONSTRAINT course_member_comment_created_by_fkey FOREIGN KEY (created_by)
        REFERENCES "user" (id) ON DELETE SET NULL,
    CONSTRAINT course_member_comment_transmitter_id_fkey FOREIGN KEY (transmitter_id)
        REFERENCES course_member (id) ON DELETE CASCADE ON UPDATE RESTRICT,
    CONSTRAINT course_member_comment_updated_by_fkey FOREIGN KEY (updated_by)
        REFERENCES "user" (id) ON DELETE SET NULL
);
CREATE INDEX ix_course_member_comment_course_member_id ON course_member_comment (course_member_id);
CREATE INDEX ix_course_member_comment_transmitter_id ON course_member_comment (transmitter_id);
