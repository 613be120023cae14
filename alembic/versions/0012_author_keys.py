"""Authors are users, and are forgotten with them, in the tables where either was missing.

Rows may name users who are gone: they keep the name, and new rows name users that exist. The library had keys by which
a user who ever uploaded an example could not be deleted.
"""

from alembic import op
from backend.migration.rule import ValidReference, add_where_kept

revision = "0012_author_keys"
down_revision = "0011_order_indexes"
branch_labels = None
depends_on = None

_WITHOUT = tuple(
    (table, column)
    for table in ("account", "group", "profile", "session", "student_profile")
    for column in ("created_by", "updated_by")
)
_BLOCKING = (
    ("example", "created_by"),
    ("example", "updated_by"),
    ("example_repository", "created_by"),
    ("example_repository", "updated_by"),
    ("example_version", "created_by"),
)
RULES = tuple(ValidReference(table, f"{table}_{column}_fkey", column, "user") for table, column in _WITHOUT)


def upgrade() -> None:
    """Add the keys, with an index each, and have those that blocked set null."""
    for table, column in _WITHOUT:
        op.execute(f'ALTER TABLE "{table}" ADD {_key(table, column, "ON DELETE SET NULL NOT VALID")}')
        op.create_index(f"ix_{table}_{column}", table, [column])
    for rule in RULES:
        op.execute(add_where_kept(rule))
    for table, column in _BLOCKING:
        _replace(table, column, "ON DELETE SET NULL")


def downgrade() -> None:
    """Drop the keys, and have the library's block again."""
    for table, column in _BLOCKING:
        _replace(table, column, "")
    for table, column in _WITHOUT:
        op.drop_index(f"ix_{table}_{column}")
        op.execute(f'ALTER TABLE "{table}" DROP CONSTRAINT {table}_{column}_fkey')


def _replace(table: str, column: str, action: str) -> None:
    op.execute(f'ALTER TABLE "{table}" DROP CONSTRAINT {table}_{column}_fkey, ADD {_key(table, column, action)}')


def _key(table: str, column: str, action: str) -> str:
    return f'CONSTRAINT {table}_{column}_fkey FOREIGN KEY ({column}) REFERENCES "user" (id) {action}'
