"""Rules on columns that Computor's own backend writes, each only where no row breaks it (docs/entities.md).

They are those that its interface or its model already keeps, or that values without a meaning would break.
"""

from alembic import op
from backend.migration.rule import Check, UniqueIndex, add_where_kept

revision = "0013_rules"
down_revision = "0012_author_keys"
branch_labels = None
depends_on = None

_SLUG_OF_ROLE = "ctutor_valid_slug(CASE WHEN builtin THEN substring(id, 2) ELSE id END)"
_LOWER_LABELS = r"^[a-z0-9_]+(\.[a-z0-9_]+)*$"
_LOOSE_SLUG = "^[A-Za-z0-9_-]+$"
_STATUSES = "'pending', 'deploying', 'deployed', 'failed', 'unassigned'"
_ACTIONS = "'assigned', 'reassigned', 'deploying', 'deployed', 'failed', 'unassigned', 'updated', 'migrated'"

_CHECKS = (
    ("course_role", "check", r"NOT builtin OR id LIKE '\_%'"),
    ("course_role", "check1", _SLUG_OF_ROLE),
    ("course_content", "path_check", f"ltree2text(path) ~ '{_LOWER_LABELS}'"),
    ("course_content_type", "slug_check1", f"slug ~ '{_LOOSE_SLUG}'"),
    ("execution_backend", "slug_check1", f"slug ~ '{_LOOSE_SLUG}'"),
    ("profile", "avatar_color_check", "avatar_color BETWEEN 0 AND 16777215"),
    ("course_content", "max_group_size_check", "max_group_size >= 1"),
    ("course_content", "max_test_runs_check", "max_test_runs >= 0"),
    ("course_content", "max_submissions_check", "max_submissions >= 0"),
    ("course_submission_group", "max_group_size_check", "max_group_size >= 1"),
    ("result", "result_check", "result BETWEEN 0 AND 1"),
    ("result", "status_check", "status BETWEEN 0 AND 7"),
    ("course_submission_group_grading", "grading_check", "grading BETWEEN 0 AND 1"),
    ("course_submission_group_grading", "status_check", "status BETWEEN 0 AND 3"),
    ("course_content_deployment", "deployment_status_check", f"deployment_status IN ({_STATUSES})"),
    ("deployment_history", "action_check", f"action IN ({_ACTIONS})"),
    ("example_version", "version_number_check", "version_number >= 1"),
    ("example_dependency", "check", "depends_id <> example_id"),
)
RULES: tuple[Check | UniqueIndex, ...] = (
    *(Check(table, f"{table}_{suffix}", condition) for table, suffix, condition in _CHECKS),
    UniqueIndex("user", "user_lower_email_key", ("lower(email)",)),
    UniqueIndex("group", "group_slug_key", ("slug",)),
    UniqueIndex("student_profile", "student_profile_user_id_organization_id_key", ("user_id", "organization_id")),
)


def upgrade() -> None:
    """Add the rules that hold; warn of the others."""
    for rule in RULES:
        op.execute(add_where_kept(rule))


def downgrade() -> None:
    """Drop the rules that are there."""
    for rule in RULES:
        op.execute(rule.removal)
