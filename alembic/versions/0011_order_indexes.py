"""Indexes for the orders of lists that had none."""

from alembic import op

revision = "0011_order_indexes"
down_revision = "0010_scoped_roles"
branch_labels = None
depends_on = None

_ORDERS = (
    ("api_token", ("created_at", "id")),
    ("course_content_deployment", ("assigned_at", "id")),
    ("course_member_comment", ("created_at", "id")),
    ("course_submission_group_member", ("created_at", "id")),
    ("example", ("title", "id")),
    ("example_dependency", ("created_at", "id")),
    ("example_repository", ("name", "id")),
    ("example_version", ("version_number", "id")),
    ("group", ("title", "id")),
    ("session", ("created_at", "id")),
)


def upgrade() -> None:
    """Make the indexes."""
    for table, columns in _ORDERS:
        op.create_index(_name(table, columns), table, list(columns))


def downgrade() -> None:
    """Drop the indexes."""
    for table, columns in _ORDERS:
        op.drop_index(_name(table, columns))


def _name(table: str, columns: tuple[str, ...]) -> str:
    return f"ix_{table}_{'_'.join(columns)}"
