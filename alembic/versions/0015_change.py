"""Where changes are noted for those who keep answers (docs/caching.md).

What notes them follows from the policies of the version that runs, and is made after the revisions. The rows need not
outlast a crash, since what is kept then is given up.
"""

from alembic import op

revision = "0015_change"
down_revision = "0014_seat_claims"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table, and up to which transaction its readers have read."""
    op.execute("""
        CREATE UNLOGGED TABLE gateway_change (
            xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
            table_name text NOT NULL,
            operation text NOT NULL,
            layout text NOT NULL,
            columns text[],
            keys text[],
            users text[],
            everyone boolean NOT NULL DEFAULT false
        ) WITH (
            autovacuum_vacuum_threshold = 1000,
            autovacuum_vacuum_scale_factor = 0,
            autovacuum_vacuum_insert_threshold = -1,
            autovacuum_vacuum_cost_delay = 0
        )
    """)
    op.execute("CREATE INDEX ix_gateway_change_xid ON gateway_change (xid)")
    op.execute("CREATE SEQUENCE gateway_change_read MINVALUE 0 START 0")


def downgrade() -> None:
    """Drop them; what notes changes is gone by then."""
    op.execute("DROP SEQUENCE gateway_change_read")
    op.execute("DROP TABLE gateway_change")
