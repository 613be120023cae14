-- People, their logins, system-wide roles and groups.

CREATE TABLE "user" (
    number varchar(255),
    id uuid NOT NULL DEFAULT uuid_generate_v4(),
    version bigint DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    created_by uuid,
    updated_by uuid,
    properties jsonb,
    archived_at timestamptz,
    given_name varchar(255),
    family_name varchar(255),
    email varchar(320),
    user_type user_type NOT NULL DEFAULT 'user'::user_type,
    fs_number bigint NOT NULL DEFAULT nextval('user_unique_fs_number_seq'::regclass),
    token_expiration timestamptz,
    username varchar(255),
    password varchar(255),
    auth_token varchar(4096),
    CONSTRAINT user_pkey PRIMARY KEY (id),
    CONSTRAINT user_email_key UNIQUE (email),
    CONSTRAINT user_number_key UNIQUE (number),
    CONSTRAINT user_username_key UNIQUE (username),
    CONSTRAINT ck_user_token_expiration CHECK (user_type <> 'token' OR token_expiration IS NOT NULL),
    CONSTRAINT user_created_by_fkey FOREIGN KEY (created_by)
        REFERENCES "user" (id) ON DELETE SET NULL,
    CONSTRAINT user_updated_by_fkey FOREIGN KEY (updated_by)
        REFERENCES "user" (id) ON DELETE SET NULL
);

CREATE TABLE account (
    id uuid NOT NULL DEFAULT uuid_generate_v4(),
    version bigint DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    created_by uuid,
    updated_by uuid,
    properties jsonb,
    provider varchar(255) NOT NULL,
    type varchar(63) NOT NULL,
    provider_account_id varchar(255) NOT NULL,
    user_id uuid NOT NULL,
    CONSTRAINT account_pkey PRIMARY KEY (id),
    CONSTRAINT account_user_id_fkey FOREIGN KEY (user_id)
        REFERENCES "user" (id) ON DELETE CASCADE ON UPDATE RESTRICT
);
CREATE UNIQUE INDEX account_provider_type_provider_account_id_key ON account (provider, type, provider_account_id);
CREATE UNIQUE INDEX account_provider_type_user_id_key ON account (provider, type, user_id);
CREATE INDEX ix_account_user_id ON account (user_id);

CREATE TABLE profile (
    id uuid NOT NULL DEFAULT uuid_generate_v4(),
    version bigint DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    created_by uuid,
    updated_by uuid,
    properties jsonb,
    avatar_color integer,
    avatar_image varchar(2048),
    nickname varchar(255),
    bio varchar(16384),
    url varchar(2048),
    user_id uuid NOT NULL,
    CONSTRAINT profile_pkey PRIMARY KEY (id),
    CONSTRAINT profile_nickname_key UNIQUE (nickname),
    CONSTRAINT profile_user_id_key UNIQUE (user_id),
    CONSTRAINT profile_user_id_fkey FOREIGN KEY (user_id)
        REFERENCES "user" (id) ON DELETE CASCADE ON UPDATE RESTRICT
);

CREATE TABLE student_profile (
    id uuid NOT NULL DEFAULT uuid_generate_v4(),
    version bigint DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    created_by uuid,
    updated_by uuid,
    properties jsonb,
    student_id varchar(255),
    student_email varchar(320),
    user_id uuid NOT NULL,
    CONSTRAINT student_profile_pkey PRIMARY KEY (id),
    CONSTRAINT student_profile_student_email_key UNIQUE (student_email),
    CONSTRAINT student_profile_student_id_key UNIQUE (student_id),
    CONSTRAINT student_profile_user_id_key UNIQUE (user_id),
    CONSTRAINT student_profile_user_id_fkey FOREIGN KEY (user_id)
        REFERENCES "user" (id) ON DELETE CASCADE ON UPDATE RESTRICT
);

CREATE TABLE session (
    id uuid NOT NULL DEFAULT uuid_generate_v4(),
    version bigint DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    created_by uuid,
    updated_by uuid,
    properties jsonb,
    user_id uuid NOT NULL,
    session_id varchar(1024) NOT NULL,
    logout_time timestamptz,
    ip_address inet NOT NULL,
    CONSTRAINT session_pkey PRIMARY KEY (id),
    CONSTRAINT session_user_id_fkey FOREIGN KEY (user_id)
        REFERENCES "user" (id) ON DELETE CASCADE ON UPDATE RESTRICT
);

CREATE TABLE role (
    id varchar(255) NOT NULL,
    title varchar(255),
    description varchar(4096),
    builtin boolean NOT NULL DEFAULT false,
    CONSTRAINT role_pkey PRIMARY KEY (id),
    CONSTRAINT role_check CHECK (NOT builtin OR id LIKE '\_%'),
    CONSTRAINT role_check1 CHECK (ctutor_valid_slug(CASE WHEN builtin THEN substring(id, 2) ELSE id END))
);

CREATE TABLE role_claim (
    role_id varchar(255) NOT NULL,
    claim_type varchar(255) NOT NULL,
    claim_value varchar(255) NOT NULL,
    version bigint DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    created_by uuid,
    updated_by uuid,
    properties jsonb,
    CONSTRAINT role_claim_pkey PRIMARY KEY (role_id, claim_type, claim_value),
    CONSTRAINT role_claim_role_id_fkey FOREIGN KEY (role_id)
        REFERENCES role (id) ON DELETE CASCADE
);

CREATE TABLE user_role (
    user_id uuid NOT NULL,
    role_id varchar(255) NOT NULL,
    transient boolean DEFAULT false,
    version bigint DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    created_by uuid,
    updated_by uuid,
    CONSTRAINT user_role_pkey PRIMARY KEY (user_id, role_id),
    CONSTRAINT user_role_role_id_fkey FOREIGN KEY (role_id)
        REFERENCES role (id) ON DELETE RESTRICT ON UPDATE CASCADE,
    CONSTRAINT user_role_user_id_fkey FOREIGN KEY (user_id)
        REFERENCES "user" (id) ON DELETE CASCADE
);

CREATE TABLE "group" (
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
    type ctutor_group_type DEFAULT 'fixed'::ctutor_group_type,
    CONSTRAINT group_pkey PRIMARY KEY (id),
    CONSTRAINT group_slug_check CHECK (ctutor_valid_slug(slug))
);

CREATE TABLE group_claim (
    group_id uuid NOT NULL,
    claim_type varchar(255) NOT NULL,
    claim_value varchar(255) NOT NULL,
    version bigint DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    created_by uuid,
    updated_by uuid,
    properties jsonb,
    CONSTRAINT group_claim_pkey PRIMARY KEY (group_id, claim_type, claim_value),
    CONSTRAINT group_claim_group_id_fkey FOREIGN KEY (group_id)
        REFERENCES "group" (id) ON DELETE CASCADE
);

CREATE TABLE user_group (
    user_id uuid NOT NULL,
    group_id uuid NOT NULL,
    transient boolean DEFAULT false,
    version bigint DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    created_by uuid,
    updated_by uuid,
    CONSTRAINT user_group_pkey PRIMARY KEY (user_id, group_id),
    CONSTRAINT user_group_group_id_fkey FOREIGN KEY (group_id)
        REFERENCES "group" (id) ON DELETE RESTRICT ON UPDATE CASCADE,
    CONSTRAINT user_group_user_id_fkey FOREIGN KEY (user_id)
        REFERENCES "user" (id) ON DELETE CASCADE
);
