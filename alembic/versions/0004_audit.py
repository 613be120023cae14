"""Version, time and author of changes, kept in the database so that they hold for every writer.

The acting user is the transaction's setting app.user_id. Without one, authors stay as they are written.
"""

from alembic import op

revision = "0004_audit"
down_revision = "0003_tree_key"
branch_labels = None
depends_on = None

_VERSIONED = (
    "account",
    "api_token",
    "course",
    "course_content",
    "course_content_type",
    "course_execution_backend",
    "course_family",
    "course_group",
    "course_member",
    "course_member_comment",
    "course_submission_group",
    "course_submission_group_grading",
    "course_submission_group_member",
    "execution_backend",
    '"group"',
    "group_claim",
    "message",
    "message_read",
    "organization",
    "profile",
    "result",
    "role_claim",
    "session",
    "student_profile",
    '"user"',
    "user_group",
    "user_role",
)
_UNVERSIONED = ("course_content_deployment", "example", "example_repository")
_WRITTEN_ONCE = ("deployment_history", "example_version")

# Columns that are written without a person, whose change alone is none.
_SILENT = {"api_token": ("last_used_at", "usage_count"), "course_content": ("tree_key",)}


def upgrade() -> None:
    """Add the triggers."""
    op.execute("""
        CREATE FUNCTION gateway_acting_user() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
            RETURN nullif(current_setting('app.user_id', true), '')::uuid
    """)
    op.execute("""
        CREATE FUNCTION gateway_audit_insert() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
            acting_user uuid := gateway_acting_user();
        BEGIN
            IF acting_user IS NOT NULL THEN
                NEW.created_by := acting_user;
                IF TG_ARGV[0] = 'updatable' THEN
                    NEW.updated_by := acting_user;
                END IF;
            END IF;
            RETURN NEW;
        END
        $$
    """)
    # A user's deletion clears the authors of rows; that is no change of theirs, and must not name an author again.
    # The other arguments of the trigger name further columns whose change alone is none.
    op.execute("""
        CREATE FUNCTION gateway_audit_update() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
            acting_user uuid := gateway_acting_user();
            silent text[];
        BEGIN
            IF TG_NARGS > 1
                OR (OLD.created_by IS NOT NULL AND NEW.created_by IS NULL)
                OR (OLD.updated_by IS NOT NULL AND NEW.updated_by IS NULL)
            THEN
                silent := '{created_by,updated_by}'::text[];
                FOR argument IN 1 .. TG_NARGS - 1 LOOP
                    silent := silent || TG_ARGV[argument];
                END LOOP;
                IF NEW IS DISTINCT FROM OLD AND to_jsonb(NEW) - silent = to_jsonb(OLD) - silent THEN
                    RETURN NEW;
                END IF;
            END IF;
            IF TG_ARGV[0] = 'versioned' THEN
                NEW.version := coalesce(OLD.version, 0) + 1;
            END IF;
            NEW.updated_at := now();
            IF acting_user IS NOT NULL THEN
                NEW.updated_by := acting_user;
            END IF;
            RETURN NEW;
        END
        $$
    """)
    for table in (*_VERSIONED, *_UNVERSIONED, *_WRITTEN_ONCE):
        updatable = "'written once'" if table in _WRITTEN_ONCE else "'updatable'"
        op.execute(
            f"CREATE TRIGGER gateway_audit_insert BEFORE INSERT ON {table}"
            f" FOR EACH ROW EXECUTE FUNCTION gateway_audit_insert({updatable})"
        )
    for table in (*_VERSIONED, *_UNVERSIONED):
        arguments = ("versioned" if table in _VERSIONED else "unversioned", *_SILENT.get(table, ()))
        op.execute(
            f"CREATE TRIGGER gateway_audit_update BEFORE UPDATE ON {table}"
            f" FOR EACH ROW EXECUTE FUNCTION gateway_audit_update({', '.join(map(repr, arguments))})"
        )


def downgrade() -> None:
    """Drop the triggers."""
    for table in (*_VERSIONED, *_UNVERSIONED, *_WRITTEN_ONCE):
        op.execute(f"DROP TRIGGER gateway_audit_insert ON {table}")
    for table in (*_VERSIONED, *_UNVERSIONED):
        op.execute(f"DROP TRIGGER gateway_audit_update ON {table}")
    op.execute("DROP FUNCTION gateway_audit_update, gateway_audit_insert, gateway_acting_user")
