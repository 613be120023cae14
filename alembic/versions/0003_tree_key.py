"""Where each course content stands in the tree of its course, as one text that can be indexed and ordered by.

A node's key is its parent's, then sixteen hexadecimal digits that sort like its position, its label, and a mark that
sorts before all that labels consist of. In byte order keys are the tree depth first: a parent before its children,
children by position, then label. S25's trigger sees to it that a node's parent is written before the node.
"""

from alembic import op

revision = "0003_tree_key"
down_revision = "0002_api_token"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column, what keeps it, and its values."""
    op.execute("""ALTER TABLE course_content ADD COLUMN tree_key text COLLATE "C" NOT NULL DEFAULT ''""")
    op.execute("""
        CREATE FUNCTION gateway_parent_path(path ltree) RETURNS ltree LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
            RETURN CASE WHEN nlevel(path) > 1 THEN subpath(path, 0, -1) END
    """)
    # Bits of a double sort like the number once the sign is flipped, or, of negative ones, all bits are.
    # Adding zero makes minus zero zero, which compares equal.
    op.execute("""
        CREATE FUNCTION gateway_tree_segment(place double precision, path ltree) RETURNS text
            LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
        AS $$
            SELECT lpad(to_hex(CASE WHEN bits < 0 THEN ~bits ELSE bits # (-9223372036854775808)::bigint END), 16, '0')
                || CASE WHEN nlevel(path) > 0 THEN ltree2text(subpath(path, -1)) ELSE '' END || '!'
            FROM (SELECT ('x' || encode(float8send(place + 0), 'hex'))::bit(64)::bigint AS bits) AS encoded
        $$
    """)
    op.execute("""
        CREATE FUNCTION gateway_rewrite_tree_keys(courses uuid[]) RETURNS void LANGUAGE sql AS $$
            WITH RECURSIVE node AS MATERIALIZED (
                SELECT id, course_id, path, gateway_parent_path(path) AS parent_path,
                    gateway_tree_segment(position, path) AS segment
                FROM course_content
                WHERE course_id = ANY (courses)
            ), placed AS (
                SELECT node.id, node.course_id, node.path, node.segment AS tree_key
                FROM node
                LEFT JOIN node AS parent ON parent.course_id = node.course_id AND parent.path = node.parent_path
                WHERE parent.id IS NULL
                UNION ALL
                SELECT node.id, node.course_id, node.path, placed.tree_key || node.segment
                FROM placed
                JOIN node ON node.course_id = placed.course_id AND node.parent_path = placed.path
            )
            UPDATE course_content
            SET tree_key = placed.tree_key
            FROM placed
            WHERE course_content.id = placed.id AND course_content.tree_key <> placed.tree_key
        $$
    """)
    # The course is locked, so that nobody adds a node below one whose key is about to change.
    op.execute("""
        CREATE FUNCTION gateway_set_tree_key() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
            parent_key text := '';
        BEGIN
            PERFORM FROM course WHERE id = NEW.course_id FOR NO KEY UPDATE;
            IF nlevel(NEW.path) > 1 THEN
                SELECT tree_key INTO parent_key FROM course_content
                WHERE course_id = NEW.course_id AND path = gateway_parent_path(NEW.path);
            END IF;
            NEW.tree_key := coalesce(parent_key, '') || gateway_tree_segment(NEW.position, NEW.path);
            RETURN NEW;
        END
        $$
    """)
    op.execute("""
        CREATE TRIGGER gateway_set_tree_key
            BEFORE INSERT OR UPDATE OF course_id, path, position ON course_content
            FOR EACH ROW EXECUTE FUNCTION gateway_set_tree_key()
    """)
    # A moved node takes its descendants' keys along, and of rows moved by one statement a child may have come first.
    op.execute("""
        CREATE FUNCTION gateway_follow_moved_contents() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
            courses uuid[];
        BEGIN
            SELECT array_agg(DISTINCT moved.course_id) INTO courses
            FROM moved
            JOIN original ON original.id = moved.id
            WHERE (original.course_id, original.path, original.position)
                IS DISTINCT FROM (moved.course_id, moved.path, moved.position);
            IF courses IS NOT NULL THEN
                PERFORM gateway_rewrite_tree_keys(courses);
            END IF;
            RETURN NULL;
        END
        $$
    """)
    op.execute("""
        CREATE TRIGGER gateway_follow_moved_contents AFTER UPDATE ON course_content
            REFERENCING OLD TABLE AS original NEW TABLE AS moved
            FOR EACH STATEMENT EXECUTE FUNCTION gateway_follow_moved_contents()
    """)
    # Deleting a node leaves its descendants; one put in its place takes them over.
    op.execute("""
        CREATE FUNCTION gateway_adopt_contents() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
            courses uuid[];
        BEGIN
            SELECT array_agg(DISTINCT added.course_id) INTO courses
            FROM added
            JOIN course_content AS child
                ON child.course_id = added.course_id AND gateway_parent_path(child.path) = added.path
            WHERE NOT starts_with(child.tree_key, added.tree_key);
            IF courses IS NOT NULL THEN
                PERFORM gateway_rewrite_tree_keys(courses);
            END IF;
            RETURN NULL;
        END
        $$
    """)
    op.execute("""
        CREATE TRIGGER gateway_adopt_contents AFTER INSERT ON course_content
            REFERENCING NEW TABLE AS added
            FOR EACH STATEMENT EXECUTE FUNCTION gateway_adopt_contents()
    """)
    op.execute("SELECT gateway_rewrite_tree_keys(array_agg(id)) FROM course HAVING count(*) > 0")


def downgrade() -> None:
    """Drop the column and what keeps it."""
    op.execute("DROP TRIGGER gateway_adopt_contents ON course_content")
    op.execute("DROP TRIGGER gateway_follow_moved_contents ON course_content")
    op.execute("DROP TRIGGER gateway_set_tree_key ON course_content")
    op.execute(
        "DROP FUNCTION gateway_adopt_contents, gateway_follow_moved_contents, gateway_set_tree_key,"
        " gateway_rewrite_tree_keys, gateway_tree_segment, gateway_parent_path"
    )
    op.execute("ALTER TABLE course_content DROP COLUMN tree_key")
