"""Organization managers remove members of organizations and course families, as their managers do."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from alembic import op

revision = "0014_seat_claims"
down_revision = "0013_rules"
branch_labels = None
depends_on = None

_ROLE_CLAIM = sa.table("role_claim", *(sa.column(name, sa.String) for name in ("role_id", "claim_type", "claim_value")))
_ROLE = "_organization_manager"
_CLAIMS = ("organization_member:delete", "course_family_member:delete")


def upgrade() -> None:
    """Add the claims that are not there."""
    rows = [{"role_id": _ROLE, "claim_type": "permissions", "claim_value": claim} for claim in _CLAIMS]
    op.execute(insert(_ROLE_CLAIM).values(rows).on_conflict_do_nothing())


def downgrade() -> None:
    """Take them away."""
    columns = _ROLE_CLAIM.c
    op.execute(sa.delete(_ROLE_CLAIM).where(columns.role_id == _ROLE, columns.claim_value.in_(_CLAIMS)))
