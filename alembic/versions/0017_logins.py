"""What logins of the gateway's own will be recognised by, and where passwords will be kept that nobody can read back.

Computor's own passwords and session ids stay as they are, and are not read. When a login was last seen is no change.
"""

from alembic import op
from backend.migration.rule import UniqueIndex, add_where_kept

revision = "0017_logins"
down_revision = "0016_secret"
branch_labels = None
depends_on = None

RULES = (UniqueIndex("session", "session_session_id_key", ("session_id",)),)

_SESSION = ("sid", "refresh_token_hash", "refresh_expires_at", "refresh_counter", "last_seen_at", "expires_at")
_OF_DEVICE = ("revoked_at", "revocation_reason", "last_ip", "user_agent", "device_label")
_USER = ("password_hash", "password_reset_required")
_SILENT = ("last_seen_at", "last_ip")


def upgrade() -> None:
    """Add the columns, their indexes, and the rule where it holds."""
    op.execute("""
        ALTER TABLE session
            ADD COLUMN sid uuid NOT NULL DEFAULT uuid_generate_v4(),
            ADD COLUMN refresh_token_hash bytea,
            ADD COLUMN refresh_expires_at timestamptz,
            ADD COLUMN refresh_counter integer NOT NULL DEFAULT 0,
            ADD COLUMN last_seen_at timestamptz,
            ADD COLUMN expires_at timestamptz,
            ADD COLUMN revoked_at timestamptz,
            ADD COLUMN revocation_reason varchar(255),
            ADD COLUMN last_ip inet,
            ADD COLUMN user_agent varchar(4096),
            ADD COLUMN device_label varchar(512),
            ADD CONSTRAINT session_sid_key UNIQUE (sid)
    """)
    op.execute("CREATE INDEX ix_session_last_seen_at ON session (last_seen_at)")
    op.execute("""
        CREATE INDEX ix_session_user_id_active ON session (user_id)
        WHERE revoked_at IS NULL AND logout_time IS NULL
    """)
    op.execute("""
        ALTER TABLE "user"
            ADD COLUMN password_hash varchar(512),
            ADD COLUMN password_reset_required boolean NOT NULL DEFAULT false
    """)
    _make_trigger("versioned", *_SILENT)
    for rule in RULES:
        op.execute(add_where_kept(rule))


def downgrade() -> None:
    """Drop them."""
    for rule in RULES:
        op.execute(rule.removal)
    _make_trigger("versioned")
    for column in (*_SESSION, *_OF_DEVICE):
        op.drop_column("session", column)
    for column in _USER:
        op.drop_column("user", column)


def _make_trigger(*arguments: str) -> None:
    op.execute("DROP TRIGGER gateway_audit_update ON session")
    op.execute(
        "CREATE TRIGGER gateway_audit_update BEFORE UPDATE ON session"
        f" FOR EACH ROW EXECUTE FUNCTION gateway_audit_update({', '.join(map(repr, arguments))})"
    )
