-- The library of examples.

CREATE TABLE example_repository (
    id uuid NOT NULL DEFAULT uuid_generate_v4(),
    name varchar(255) NOT NULL,
    description text,
    source_type varchar(20) NOT NULL,
    source_url text NOT NULL,
    access_credentials text,
    default_version varchar(100),
    organization_id uuid,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    created_by uuid,
    updated_by uuid,
    CONSTRAINT example_repository_pkey PRIMARY KEY (id),
    CONSTRAINT example_repository_source_url_key UNIQUE (source_url),
    CONSTRAINT check_source_type CHECK (source_type IN ('git', 'minio', 'github', 's3', 'gitlab')),
    CONSTRAINT example_repository_created_by_fkey FOREIGN KEY (created_by)
        REFERENCES "user" (id),
    CONSTRAINT example_repository_organization_id_fkey FOREIGN KEY (organization_id)
        REFERENCES organization (id),
    CONSTRAINT example_repository_updated_by_fkey FOREIGN KEY (updated_by)
        REFERENCES "user" (id)
);

CREATE TABLE example (
    id uuid NOT NULL DEFAULT uuid_generate_v4(),
    example_repository_id uuid NOT NULL,
    directory varchar(255) NOT NULL,
    identifier ltree NOT NULL,
    title varchar(255) NOT NULL,
    description text,
    category varchar(100),
    tags varchar[] NOT NULL DEFAULT '{}'::character varying[],
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    created_by uuid,
    updated_by uuid,
    CONSTRAINT example_pkey PRIMARY KEY (id),
    CONSTRAINT unique_example_per_directory UNIQUE (example_repository_id, directory),
    CONSTRAINT unique_example_per_identifier UNIQUE (example_repository_id, identifier),
    CONSTRAINT check_directory_format CHECK (directory ~ '^[a-zA-Z0-9._-]+$'),
    CONSTRAINT example_created_by_fkey FOREIGN KEY (created_by)
        REFERENCES "user" (id),
    CONSTRAINT example_example_repository_id_fkey FOREIGN KEY (example_repository_id)
        REFERENCES example_repository (id) ON DELETE CASCADE,
    CONSTRAINT example_updated_by_fkey FOREIGN KEY (updated_by)
        REFERENCES "user" (id)
);

CREATE TABLE example_version (
    id uuid NOT NULL DEFAULT uuid_generate_v4(),
    example_id uuid NOT NULL,
    version_tag varchar(64) NOT NULL,
    version_number integer NOT NULL,
    storage_path text NOT NULL,
    meta_yaml text NOT NULL,
    test_yaml text,
    created_at timestamptz NOT NULL DEFAULT now(),
    created_by uuid,
    CONSTRAINT example_version_pkey PRIMARY KEY (id),
    CONSTRAINT unique_example_version_number UNIQUE (example_id, version_number),
    CONSTRAINT unique_example_version_tag UNIQUE (example_id, version_tag),
    CONSTRAINT example_version_created_by_fkey FOREIGN KEY (created_by)
        REFERENCES "user" (id),
    CONSTRAINT example_version_example_id_fkey FOREIGN KEY (example_id)
        REFERENCES example (id) ON DELETE CASCADE
);

CREATE TABLE example_dependency (
    id uuid NOT NULL DEFAULT uuid_generate_v4(),
    example_id uuid NOT NULL,
    depends_id uuid NOT NULL,
    version_constraint varchar(100),
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT example_dependency_pkey PRIMARY KEY (id),
    CONSTRAINT unique_example_dependency UNIQUE (example_id, depends_id),
    CONSTRAINT example_dependency_depends_id_fkey FOREIGN KEY (depends_id)
        REFERENCES example (id) ON DELETE CASCADE,
    CONSTRAINT example_dependency_example_id_fkey FOREIGN KEY (example_id)
        REFERENCES example (id) ON DELETE CASCADE
);
