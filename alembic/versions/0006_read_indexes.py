"""Indexes for every foreign key that has none, for the orders that lists have, and for paths.

Ascending ones serve descending orders as well: PostgreSQL reads them backwards, nulls and all.
"""

from alembic import op

revision = "0006_read_indexes"
down_revision = "0005_manager_claims"
branch_labels = None
depends_on = None

_REFERENCES = (
    ("course", "organization_id"),
    ("course_content", "course_content_type_id"),
    ("course_content", "example_version_id"),
    ("course_content", "execution_backend_id"),
    ("course_content_type", "course_content_kind_id"),
    ("course_content_type", "course_id"),
    ("course_execution_backend", "course_id"),
    ("course_member", "course_group_id"),
    ("course_member", "course_id"),
    ("course_member", "course_role_id"),
    ("course_submission_group", "course_content_id"),
    ("course_submission_group", "course_id"),
    ("course_submission_group_member", "course_member_id"),
    ("deployment_history", "example_version_id"),
    ("deployment_history", "previous_example_version_id"),
    ("example_dependency", "depends_id"),
    ("example_repository", "organization_id"),
    ("message_read", "reader_user_id"),
    ("result", "course_content_type_id"),
    ("result", "execution_backend_id"),
    ("session", "user_id"),
    ("user_group", "group_id"),
    ("user_role", "role_id"),
)
_AUTHORED = (
    "api_token",
    "course",
    "course_content",
    "course_content_deployment",
    "course_content_type",
    "course_family",
    "course_group",
    "course_member",
    "course_member_comment",
    "course_submission_group",
    "course_submission_group_grading",
    "course_submission_group_member",
    "example",
    "example_repository",
    "execution_backend",
    "message",
    "message_read",
    "organization",
    "result",
    "user",
)
_WRITTEN_ONCE = ("deployment_history", "example_version")
_ORDERS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("course", ("title", "id")),
    ("course_content", ("course_id", "tree_key", "id")),
    ("course_content_type", ("slug", "id")),
    ("course_family", ("title", "id")),
    ("course_group", ("course_id", "title", "id")),
    ("course_group", ("title", "id")),
    ("course_member", ("created_at", "id")),
    ("course_submission_group", ("created_at", "id")),
    ("execution_backend", ("slug", "id")),
    ("organization", ("title", "id")),
    ("result", ("course_content_id", "created_at", "id")),
    ("result", ("course_member_id", "created_at", "id")),
    ("result", ("course_submission_group_id", "created_at", "id")),
    ("result", ("created_at", "id")),
    ("user", ("family_name", "given_name", "id")),
)
_PATHS = (
    ("course", "path"),
    ("course_content", "path"),
    ("course_content_deployment", "example_identifier"),
    ("course_family", "path"),
    ("deployment_history", "example_identifier"),
    ("example", "identifier"),
    ("organization", "path"),
)


def upgrade() -> None:
    """Make the indexes."""
    for name, table, columns in _indexes():
        op.create_index(name, table, columns)
    for table, column in _PATHS:
        op.create_index(f"{table}_{column}_gist", table, [column], postgresql_using="gist")


def downgrade() -> None:
    """Drop the indexes."""
    for table, column in _PATHS:
        op.drop_index(f"{table}_{column}_gist")
    for name, _, _ in _indexes():
        op.drop_index(name)


def _indexes() -> list[tuple[str, str, list[str]]]:
    """Name, table and columns of each B-tree."""
    wanted = [(table, [column]) for table, column in _REFERENCES]
    wanted += [(table, ["created_by"]) for table in (*_AUTHORED, *_WRITTEN_ONCE)]
    wanted += [(table, ["updated_by"]) for table in _AUTHORED]
    wanted += [(table, list(columns)) for table, columns in _ORDERS]
    return [(f"ix_{table}_{'_'.join(columns)}", table, columns) for table, columns in wanted]
