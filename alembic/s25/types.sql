-- Extensions, enums and what the tables' checks and defaults need.

CREATE EXTENSION IF NOT EXISTS ltree;

-- A server built without uuid-ossp gets the one function of it that keys need.
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_available_extensions WHERE name = 'uuid-ossp') THEN
        CREATE EXTENSION IF NOT EXISTS "uuid-ossp";
    ELSE
        CREATE FUNCTION uuid_generate_v4() RETURNS uuid LANGUAGE sql VOLATILE PARALLEL SAFE
            AS 'SELECT gen_random_uuid()';
    END IF;
END
$$;

CREATE TYPE ctutor_group_type AS ENUM ('fixed', 'dynamic');
CREATE TYPE organization_type AS ENUM ('user', 'community', 'organization');
CREATE TYPE user_type AS ENUM ('user', 'token');

CREATE SEQUENCE user_unique_fs_number_seq;

-- Lower case, single hyphens or underscores between runs.
CREATE FUNCTION ctutor_valid_slug(value text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT value ~ '^[a-z0-9]+([_-][a-z0-9]+)*$' $$;
