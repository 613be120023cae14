"""What the manager roles permit, beyond what any member of a course may do.

Hard deletes stay with administrators, except that a user manager takes roles away again.
"""

from sqlalchemy import String, column, table
from sqlalchemy.dialects.postgresql import insert

from alembic import op

revision = "0005_manager_claims"
down_revision = "0004_audit"
branch_labels = None
depends_on = None

_WRITABLE = {
    "_user_manager": ("user", "account", "profile", "student_profile", "user_role"),
    "_organization_manager": ("organization", "course_family", "course", "example"),
}
# Who could write role_claim could permit themselves everything.
_FURTHER = {
    "_user_manager": ("user:archive", "user_role:delete", "role_claim:get", "role_claim:list"),
    "_organization_manager": ("organization:archive", "example:upload", "example:download"),
}

_ROLE_CLAIM = table("role_claim", *(column(name, String) for name in ("role_id", "claim_type", "claim_value")))


def upgrade() -> None:
    """Add the claims that are not there."""
    op.execute(insert(_ROLE_CLAIM).values(_claims()).on_conflict_do_nothing())


def downgrade() -> None:
    """Take the claims away; Computor's own backend adds those that it knows when it starts."""
    for claim in _claims():
        op.execute(_ROLE_CLAIM.delete().where(*(_ROLE_CLAIM.columns[name] == value for name, value in claim.items())))


def _claims() -> list[dict[str, str]]:
    return [
        {"role_id": role, "claim_type": "permissions", "claim_value": value}
        for role, resources in _WRITABLE.items()
        for value in (
            *(f"{resource}:{action}" for resource in resources for action in ("create", "get", "list", "update")),
            *_FURTHER[role],
        )
    ]
