"""What was uploaded, tested and reviewed: artifacts of submissions and of test runs, and reviews.

Runs and grades name the artifact that they are for; those that Computor's own backend writes name none. A run has its
times, and a submission group the name that people gave it.
"""

from alembic import op

revision = "0008_submission_artifacts"
down_revision = "0007_matriculation"
branch_labels = None
depends_on = None

_TABLES = ("submission_artifact", "result_artifact", "submission_review")
_INDEXES = (
    ("submission_artifact", ("uploaded_by_course_member_id",)),
    ("submission_artifact", ("version_identifier",)),
    ("submission_artifact", ("submission_group_id", "version_identifier")),
    ("submission_artifact", ("submission_group_id", "uploaded_at", "id")),
    ("submission_artifact", ("uploaded_at", "id")),
    ("result_artifact", ("result_id", "created_at", "id")),
    ("result_artifact", ("created_at", "id")),
    ("submission_review", ("reviewer_course_member_id",)),
    ("submission_review", ("artifact_id", "created_at", "id")),
    ("submission_review", ("created_at", "id")),
    ("result", ("submission_artifact_id", "created_at", "id")),
    ("course_submission_group_grading", ("created_at", "id")),
)
# The name that the rule would make is longer than PostgreSQL's names may be.
_OF_GRADINGS = (
    ("idx_grading_submission_artifact", ["submission_artifact_id"]),
    ("idx_grading_submission_group_created_at", ["course_submission_group_id", "created_at", "id"]),
)


def upgrade() -> None:
    """Add the tables, the columns and their indexes."""
    op.execute("""
        CREATE TABLE submission_artifact (
            id uuid NOT NULL DEFAULT uuid_generate_v4(),
            version bigint DEFAULT 0,
            created_at timestamptz NOT NULL DEFAULT now(),
            updated_at timestamptz NOT NULL DEFAULT now(),
            submission_group_id uuid NOT NULL,
            uploaded_by_course_member_id uuid,
            uploaded_at timestamptz NOT NULL DEFAULT now(),
            version_identifier varchar(255),
            submit boolean NOT NULL DEFAULT false,
            content_type varchar(120),
            file_size bigint NOT NULL,
            bucket_name varchar(255) NOT NULL,
            object_key varchar(2048) NOT NULL,
            properties jsonb,
            CONSTRAINT submission_artifact_pkey PRIMARY KEY (id),
            CONSTRAINT submission_artifact_submission_group_id_fkey FOREIGN KEY (submission_group_id)
                REFERENCES course_submission_group (id) ON DELETE CASCADE ON UPDATE RESTRICT,
            CONSTRAINT submission_artifact_uploaded_by_course_member_id_fkey
                FOREIGN KEY (uploaded_by_course_member_id)
                REFERENCES course_member (id) ON DELETE SET NULL ON UPDATE RESTRICT
        )
    """)
    op.execute("""
        CREATE TABLE result_artifact (
            id uuid NOT NULL DEFAULT uuid_generate_v4(),
            version bigint DEFAULT 0,
            created_at timestamptz NOT NULL DEFAULT now(),
            updated_at timestamptz NOT NULL DEFAULT now(),
            result_id uuid NOT NULL,
            content_type varchar(120),
            file_size bigint NOT NULL,
            bucket_name varchar(255) NOT NULL,
            object_key varchar(2048) NOT NULL,
            properties jsonb,
            CONSTRAINT result_artifact_pkey PRIMARY KEY (id),
            CONSTRAINT result_artifact_result_id_fkey FOREIGN KEY (result_id)
                REFERENCES result (id) ON DELETE CASCADE ON UPDATE RESTRICT
        )
    """)
    op.execute("""
        CREATE TABLE submission_review (
            id uuid NOT NULL DEFAULT uuid_generate_v4(),
            version bigint DEFAULT 0,
            created_at timestamptz NOT NULL DEFAULT now(),
            updated_at timestamptz NOT NULL DEFAULT now(),
            artifact_id uuid NOT NULL,
            reviewer_course_member_id uuid NOT NULL,
            body varchar(4096) NOT NULL,
            review_type varchar(50),
            CONSTRAINT submission_review_pkey PRIMARY KEY (id),
            CONSTRAINT submission_review_artifact_id_fkey FOREIGN KEY (artifact_id)
                REFERENCES submission_artifact (id) ON DELETE CASCADE ON UPDATE RESTRICT,
            CONSTRAINT submission_review_reviewer_course_member_id_fkey FOREIGN KEY (reviewer_course_member_id)
                REFERENCES course_member (id) ON DELETE RESTRICT ON UPDATE RESTRICT
        )
    """)
    op.execute("""
        ALTER TABLE result
            ADD COLUMN submission_artifact_id uuid,
            ADD COLUMN started_at timestamptz,
            ADD COLUMN finished_at timestamptz,
            ADD CONSTRAINT result_submission_artifact_id_fkey FOREIGN KEY (submission_artifact_id)
                REFERENCES submission_artifact (id) ON DELETE CASCADE ON UPDATE RESTRICT
    """)
    op.execute("""
        ALTER TABLE course_submission_group_grading
            ADD COLUMN submission_artifact_id uuid,
            ADD CONSTRAINT course_submission_group_grading_submission_artifact_id_fkey
                FOREIGN KEY (submission_artifact_id)
                REFERENCES submission_artifact (id) ON DELETE SET NULL ON UPDATE RESTRICT
    """)
    op.execute("ALTER TABLE course_submission_group ADD COLUMN display_name varchar(255)")
    for name, table, columns in _indexes():
        op.create_index(name, table, columns)
    for name, columns in _OF_GRADINGS:
        op.create_index(name, "course_submission_group_grading", columns)
    # As for commits: what failed, was cancelled or crashed may be run again.
    op.execute("""
        CREATE UNIQUE INDEX result_submission_artifact_member_partial_key
        ON result (submission_artifact_id, course_member_id) WHERE status <> ALL (ARRAY[1, 2, 6])
    """)
    # These tables have no authors, whom gateway_audit_update looks for.
    op.execute("""
        CREATE FUNCTION gateway_audit_update_unauthored() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_ARGV[0] = 'versioned' THEN
                NEW.version := coalesce(OLD.version, 0) + 1;
            END IF;
            NEW.updated_at := now();
            RETURN NEW;
        END
        $$
    """)
    for table in _TABLES:
        op.execute(
            f"CREATE TRIGGER gateway_audit_update BEFORE UPDATE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION gateway_audit_update_unauthored('versioned')"
        )


def downgrade() -> None:
    """Drop what was added, and all that was uploaded with it."""
    op.drop_index("result_submission_artifact_member_partial_key")
    for name, _ in _OF_GRADINGS:
        op.drop_index(name)
    for name, _, _ in _indexes():
        op.drop_index(name)
    op.drop_column("course_submission_group", "display_name")
    op.drop_column("course_submission_group_grading", "submission_artifact_id")
    for column in ("finished_at", "started_at", "submission_artifact_id"):
        op.drop_column("result", column)
    for table in reversed(_TABLES):
        op.drop_table(table)
    op.execute("DROP FUNCTION gateway_audit_update_unauthored")


def _indexes() -> list[tuple[str, str, list[str]]]:
    """Name, table and columns of each B-tree that is not unique."""
    return [(f"ix_{table}_{'_'.join(columns)}", table, list(columns)) for table, columns in _INDEXES]
