"""Which institution matriculation data are of. Those that Computor's own backend writes name none."""

from alembic import op

revision = "0007_matriculation"
down_revision = "0006_read_indexes"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.execute("""
        ALTER TABLE student_profile
            ADD COLUMN organization_id uuid,
            ADD CONSTRAINT student_profile_organization_id_fkey FOREIGN KEY (organization_id)
                REFERENCES organization (id) ON DELETE CASCADE ON UPDATE RESTRICT
    """)
    op.create_index("ix_student_profile_organization_id", "student_profile", ["organization_id"])


def downgrade() -> None:
    """Drop the column."""
    op.drop_column("student_profile", "organization_id")
