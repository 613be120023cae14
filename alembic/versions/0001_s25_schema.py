"""The schema as Computor's own backend of September 2025 ("S25") makes it: 35 tables, exactly.

Nothing here may change: the gateway runs beside that backend on one database. The statements stand in alembic/s25.
"""

from pathlib import Path

from alembic import context, op

revision = "0001_s25_schema"
down_revision = None
branch_labels = None
depends_on = None

_STATEMENTS = Path(__file__).resolve().parents[1] / "s25"
_FILES = ("types", "identity", "course", "example", "content", "submission", "functions", "rows")

TABLES = (
    "user",
    "account",
    "profile",
    "student_profile",
    "session",
    "role",
    "role_claim",
    "user_role",
    "group",
    "group_claim",
    "user_group",
    "organization",
    "course_family",
    "course",
    "course_role",
    "course_group",
    "course_member",
    "course_member_comment",
    "example_repository",
    "example",
    "example_version",
    "example_dependency",
    "course_content_kind",
    "course_content_type",
    "execution_backend",
    "course_execution_backend",
    "course_content",
    "course_content_deployment",
    "deployment_history",
    "course_submission_group",
    "course_submission_group_member",
    "result",
    "course_submission_group_grading",
    "message",
    "message_read",
)


def upgrade() -> None:
    """Make everything."""
    for name in _FILES:
        statements = (_STATEMENTS / f"{name}.sql").read_text()
        if context.is_offline_mode():
            op.get_context().impl.static_output(statements)
            continue
        # Without parameters psycopg takes percent signs as they are, and several statements at once.
        op.get_bind().exec_driver_sql(statements, execution_options={"no_parameters": True})


def downgrade() -> None:
    """Drop everything, the extensions too: they are not in use by anything else, or PostgreSQL refuses."""
    tables = ", ".join(f'"{table}"' for table in TABLES)
    op.execute(f"DROP TABLE {tables}")
    op.execute(
        "DROP FUNCTION can_delete_course_content, get_course_content_descendants, resolve_example_dependencies,"
        " validate_course_content_example_submittable, validate_course_content_hierarchy, ctutor_valid_slug"
    )
    op.execute("DROP SEQUENCE user_unique_fs_number_seq")
    op.execute("DROP TYPE ctutor_group_type, organization_type, user_type")
    op.execute('DROP EXTENSION IF EXISTS "uuid-ossp"')
    op.execute("DROP FUNCTION IF EXISTS uuid_generate_v4()")
    op.execute("DROP EXTENSION ltree")
