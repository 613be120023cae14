"""Who may write in one organization or one course family, and messages for all of either.

Organization managers seat members anywhere; as elsewhere, hard deletes stay with administrators.
"""

from sqlalchemy import String, column, table
from sqlalchemy.dialects.postgresql import insert

from alembic import op

revision = "0010_scoped_roles"
down_revision = "0009_further_manager_claims"
branch_labels = None
depends_on = None

_SCOPES = ("organization", "course_family")
_INDEXES = tuple(
    (f"{scope}_member", columns)
    for scope in _SCOPES
    for columns in ((f"{scope}_id",), (f"{scope}_role_id",), ("created_by",), ("updated_by",), ("created_at", "id"))
)
_OF_MESSAGES = (
    ("msg_course_family_archived_idx", "message", ("course_family_id", "archived_at")),
    ("msg_organization_archived_idx", "message", ("organization_id", "archived_at")),
    ("ix_message_created_at_id", "message", ("created_at", "id")),
    ("ix_message_read_created_at_id", "message_read", ("created_at", "id")),
)

_ROLE_CLAIM = table("role_claim", *(column(name, String) for name in ("role_id", "claim_type", "claim_value")))


def upgrade() -> None:
    """Add the tables with their rows, the columns, and the claims that are not there."""
    for scope in _SCOPES:
        op.execute(f"""
            CREATE TABLE {scope}_role (
                id varchar(255) NOT NULL,
                title varchar(255),
                description varchar(4096),
                builtin boolean NOT NULL DEFAULT false,
                CONSTRAINT {scope}_role_pkey PRIMARY KEY (id),
                CONSTRAINT {scope}_role_check CHECK (NOT builtin OR id LIKE '\\_%'),
                CONSTRAINT {scope}_role_check1
                    CHECK (ctutor_valid_slug(CASE WHEN builtin THEN substring(id, 2) ELSE id END))
            )
        """)
        op.execute(f"""
            INSERT INTO {scope}_role (id, title, builtin) VALUES
                ('_developer', 'Developer', true),
                ('_manager', 'Manager', true),
                ('_owner', 'Owner', true)
        """)  # noqa: S608 - of constants
        op.execute(f"""
            CREATE TABLE {scope}_member (
                id uuid NOT NULL DEFAULT uuid_generate_v4(),
                version bigint DEFAULT 0,
                created_at timestamptz NOT NULL DEFAULT now(),
                updated_at timestamptz NOT NULL DEFAULT now(),
                created_by uuid,
                updated_by uuid,
                user_id uuid NOT NULL,
                {scope}_id uuid NOT NULL,
                {scope}_role_id varchar(255) NOT NULL,
                properties jsonb,
                CONSTRAINT {scope}_member_pkey PRIMARY KEY (id),
                CONSTRAINT {scope}_member_user_id_{scope}_id_key UNIQUE (user_id, {scope}_id),
                CONSTRAINT {scope}_member_user_id_fkey FOREIGN KEY (user_id)
                    REFERENCES "user" (id) ON DELETE CASCADE ON UPDATE RESTRICT,
                CONSTRAINT {scope}_member_{scope}_id_fkey FOREIGN KEY ({scope}_id)
                    REFERENCES {scope} (id) ON DELETE CASCADE ON UPDATE RESTRICT,
                CONSTRAINT {scope}_member_{scope}_role_id_fkey FOREIGN KEY ({scope}_role_id)
                    REFERENCES {scope}_role (id) ON DELETE RESTRICT ON UPDATE RESTRICT,
                CONSTRAINT {scope}_member_created_by_fkey FOREIGN KEY (created_by)
                    REFERENCES "user" (id) ON DELETE SET NULL,
                CONSTRAINT {scope}_member_updated_by_fkey FOREIGN KEY (updated_by)
                    REFERENCES "user" (id) ON DELETE SET NULL
            )
        """)  # noqa: S608 - of constants
        op.execute(
            f"CREATE TRIGGER gateway_audit_insert BEFORE INSERT ON {scope}_member"
            " FOR EACH ROW EXECUTE FUNCTION gateway_audit_insert('updatable')"
        )
        op.execute(
            f"CREATE TRIGGER gateway_audit_update BEFORE UPDATE ON {scope}_member"
            " FOR EACH ROW EXECUTE FUNCTION gateway_audit_update('versioned')"
        )
    op.execute("""
        ALTER TABLE message
            ADD COLUMN course_family_id uuid,
            ADD COLUMN organization_id uuid,
            ADD CONSTRAINT message_course_family_id_fkey FOREIGN KEY (course_family_id)
                REFERENCES course_family (id) ON DELETE CASCADE ON UPDATE RESTRICT,
            ADD CONSTRAINT message_organization_id_fkey FOREIGN KEY (organization_id)
                REFERENCES organization (id) ON DELETE CASCADE ON UPDATE RESTRICT
    """)
    for name, of, columns in _indexes():
        op.create_index(name, of, columns)
    op.execute(insert(_ROLE_CLAIM).values(_claims()).on_conflict_do_nothing())


def downgrade() -> None:
    """Drop what was added, and the claims that are of it alone; refuse while there are messages that are of it."""
    # Without its target, a message would be one for everyone.
    op.execute("""
        DO $$
        DECLARE aimed bigint;
        BEGIN
            SELECT count(*) INTO aimed FROM message WHERE num_nonnulls(course_family_id, organization_id) > 0;
            IF aimed > 0 THEN
                RAISE EXCEPTION '% messages are for course families or organizations; delete them first', aimed;
            END IF;
        END $$
    """)
    for claim in _claims():
        op.execute(_ROLE_CLAIM.delete().where(*(_ROLE_CLAIM.columns[name] == value for name, value in claim.items())))
    for name, _, _ in _indexes():
        op.drop_index(name)
    for added in ("organization_id", "course_family_id"):
        op.drop_column("message", added)
    for scope in _SCOPES:
        op.drop_table(f"{scope}_member")
        op.drop_table(f"{scope}_role")


def _indexes() -> list[tuple[str, str, list[str]]]:
    """Name, table and columns of each B-tree that is not unique."""
    members = [(f"ix_{of}_{'_'.join(columns)}", of, list(columns)) for of, columns in _INDEXES]
    return members + [(name, of, list(columns)) for name, of, columns in _OF_MESSAGES]


def _claims() -> list[dict[str, str]]:
    return [
        {"role_id": "_organization_manager", "claim_type": "permissions", "claim_value": f"{scope}_member:{action}"}
        for scope in _SCOPES
        for action in ("create", "get", "list", "update")
    ]
