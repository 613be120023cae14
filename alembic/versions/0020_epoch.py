"""In which epoch somebody vouches for what is kept, beside where (docs/caching.md).

It is unlogged, so that a crash empties it, as it does the notes of changes: until somebody vouches anew, it is not
known what was noted last, and whoever wrote waits. Nor can it be read on a standby, which hears too late of what was
written.
"""

from alembic import op

revision = "0020_epoch"
down_revision = "0019_reader"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; whoever vouches now is of a version that does not write it, and nobody else looks."""
    op.execute("ALTER TABLE gateway_reader ADD COLUMN epoch text NOT NULL DEFAULT ''")
    op.execute("ALTER TABLE gateway_reader SET UNLOGGED")


def downgrade() -> None:
    """Drop the column; the row outlasts a crash again."""
    op.execute("ALTER TABLE gateway_reader SET LOGGED")
    op.execute("ALTER TABLE gateway_reader DROP COLUMN epoch")
