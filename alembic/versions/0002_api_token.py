"""Secrets by which programs act for a user, of which only hashes are kept."""

from alembic import op

revision = "0002_api_token"
down_revision = "0001_s25_schema"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    op.execute("""
        CREATE TABLE api_token (
            id uuid NOT NULL DEFAULT uuid_generate_v4(),
            version bigint NOT NULL DEFAULT 0,
            created_at timestamptz NOT NULL DEFAULT now(),
            updated_at timestamptz NOT NULL DEFAULT now(),
            created_by uuid,
            updated_by uuid,
            name varchar(255) NOT NULL,
            description text,
            user_id uuid NOT NULL,
            token_hash bytea NOT NULL,
            token_prefix varchar(12) NOT NULL,
            scopes jsonb NOT NULL DEFAULT '[]'::jsonb,
            expires_at timestamptz,
            last_used_at timestamptz,
            usage_count bigint NOT NULL DEFAULT 0,
            revoked_at timestamptz,
            revocation_reason text,
            properties jsonb,
            CONSTRAINT api_token_pkey PRIMARY KEY (id),
            CONSTRAINT api_token_token_hash_key UNIQUE (token_hash),
            CONSTRAINT api_token_expires_at_check CHECK (expires_at IS NULL OR expires_at > created_at),
            CONSTRAINT api_token_user_id_fkey FOREIGN KEY (user_id)
                REFERENCES "user" (id) ON DELETE CASCADE ON UPDATE RESTRICT,
            CONSTRAINT api_token_created_by_fkey FOREIGN KEY (created_by) REFERENCES "user" (id) ON DELETE SET NULL,
            CONSTRAINT api_token_updated_by_fkey FOREIGN KEY (updated_by) REFERENCES "user" (id) ON DELETE SET NULL
        )
    """)
    op.execute("CREATE INDEX ix_api_token_user_id ON api_token (user_id)")
    op.execute("CREATE INDEX ix_api_token_token_prefix ON api_token (token_prefix)")
    op.execute("CREATE INDEX ix_api_token_active_user_id ON api_token (user_id) WHERE revoked_at IS NULL")
    op.execute("CREATE INDEX ix_api_token_active_token_hash ON api_token (token_hash) WHERE revoked_at IS NULL")


def downgrade() -> None:
    """Drop the table."""
    op.execute("DROP TABLE api_token")
