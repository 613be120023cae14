"""What the manager roles permit on memberships of groups, and on the library.

A revision of its own: databases that ran the one of the other claims would never see what is added there.
"""

from sqlalchemy import String, column, table
from sqlalchemy.dialects.postgresql import insert

from alembic import op

revision = "0009_further_manager_claims"
down_revision = "0008_submission_artifacts"
branch_labels = None
depends_on = None

_LIBRARY = ("example_repository", "example_version", "example_dependency")
_FURTHER = {
    "_user_manager": tuple(f"user_group:{action}" for action in ("create", "get", "list", "delete")),
    "_organization_manager": (
        "example:delete",
        *(f"{resource}:{action}" for resource in _LIBRARY for action in ("create", "get", "list", "update", "delete")),
    ),
}

_ROLE_CLAIM = table("role_claim", *(column(name, String) for name in ("role_id", "claim_type", "claim_value")))


def upgrade() -> None:
    """Add the claims that are not there."""
    op.execute(insert(_ROLE_CLAIM).values(_claims()).on_conflict_do_nothing())


def downgrade() -> None:
    """Take the claims away."""
    for claim in _claims():
        op.execute(_ROLE_CLAIM.delete().where(*(_ROLE_CLAIM.columns[name] == value for name, value in claim.items())))


def _claims() -> list[dict[str, str]]:
    return [
        {"role_id": role, "claim_type": "permissions", "claim_value": value}
        for role, values in _FURTHER.items()
        for value in values
    ]
