"""What nobody but the gateway may know: the key that cursors are sealed with, the same for all of its processes."""

from alembic import op

revision = "0016_secret"
down_revision = "0015_change"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table, and a key of 64 bytes."""
    op.execute("CREATE TABLE gateway_secret (name text PRIMARY KEY, value bytea NOT NULL)")
    # Random UUIDs have 122 random bits each, and are the only strong randomness that needs no extension.
    op.execute("""
        INSERT INTO gateway_secret (name, value)
        SELECT 'cursor', string_agg(uuid_send(gen_random_uuid()), '') FROM generate_series(1, 4)
    """)


def downgrade() -> None:
    """Drop the table."""
    op.execute("DROP TABLE gateway_secret")
