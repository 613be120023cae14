"""Where, and by which version of the policies, somebody vouches for what is kept, or did last (docs/caching.md).

Unlike the notes of changes it outlasts a crash: what is kept in Redis does so, too, for a moment.
"""

from alembic import op

revision = "0019_reader"
down_revision = "0018_address_index"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table, whose one row says that nobody ever did."""
    op.execute("""
        CREATE TABLE gateway_reader (
            is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
            place text NOT NULL
        )
    """)
    op.execute("INSERT INTO gateway_reader (place) VALUES ('')")


def downgrade() -> None:
    """Drop the table."""
    op.execute("DROP TABLE gateway_reader")
