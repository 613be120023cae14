"""An index for whether an address is a student's: asked for each address that is written."""

from alembic import op

revision = "0018_address_index"
down_revision = "0017_logins"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the index."""
    op.execute("CREATE INDEX ix_student_profile_lower_student_email ON student_profile (lower(student_email))")


def downgrade() -> None:
    """Drop the index."""
    op.drop_index("ix_student_profile_lower_student_email")
