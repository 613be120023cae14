"""Where each course content stands in the tree of its course, as one text that can be indexed and ordered by.

A node's key is its parent's, then sixteen hexadecimal digits that sort like its position, its label, and a mark that
sorts before all that labels consist of. In byte order keys are the tree depth first: a parent before its children,
children by position, then label. The trigger of Computor's own backend sees to it that a
node's parent is written before the node.
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
    # Subqueries rather than joins: each is a look-up by course_content_path_key, whatever the planner thinks of a
    # table that was empty a moment ago.
    op.execute("""
        CREATE FUNCTION gateway_tree_key(course uuid, node ltree) RETURNS text LANGUAGE sql STABLE AS $$
            SELECT coalesce(string_agg((
                SELECT gateway_tree_segment(ancestor.position, ancestor.path)
                FROM course_content AS ancestor
                WHERE ancestor.course_id = course AND ancestor.path = subpath(node, 0, level)
            ), '' ORDER BY level), '')
            FROM generate_series(1, nlevel(node)) AS level
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
    # A moved node takes its descendants' keys along, also where one statement moved both, the descendant first. A new
    # node takes over what a deleted one in its place has left. In the order of paths the next is below if any is;
    # without sorting that is one look-up, too.
    op.execute("""
        CREATE FUNCTION gateway_follow_tree_key() RETURNS trigger LANGUAGE plpgsql SET enable_sort = off
        AS $$
        BEGIN
            IF (
                SELECT next.path <@ NEW.path FROM course_content AS next
                WHERE next.course_id = NEW.course_id AND next.path > NEW.path
                ORDER BY next.path LIMIT 1
            ) THEN
                UPDATE course_content
                SET tree_key = gateway_tree_key(course_id, path)
                WHERE course_id = NEW.course_id AND path <@ NEW.path AND path <> NEW.path
                    AND NOT starts_with(tree_key, NEW.tree_key) AND tree_key <> gateway_tree_key(course_id, path);
            END IF;
            RETURN NULL;
        END
        $$
    """)
    op.execute("""
        CREATE TRIGGER gateway_follow_tree_key_insert AFTER INSERT ON course_content
            FOR EACH ROW EXECUTE FUNCTION gateway_follow_tree_key()
    """)
    op.execute("""
        CREATE TRIGGER gateway_follow_tree_key_update AFTER UPDATE OF course_id, path, position ON course_content
            FOR EACH ROW WHEN (OLD.tree_key <> NEW.tree_key) EXECUTE FUNCTION gateway_follow_tree_key()
    """)
    op.execute("UPDATE course_content SET tree_key = gateway_tree_key(course_id, path)")


def downgrade() -> None:
    """Drop the column and what keeps it."""
    op.execute("DROP TRIGGER gateway_follow_tree_key_update ON course_content")
    op.execute("DROP TRIGGER gateway_follow_tree_key_insert ON course_content")
    op.execute("DROP TRIGGER gateway_set_tree_key ON course_content")
    op.execute(
        "DROP FUNCTION gateway_follow_tree_key, gateway_set_tree_key, gateway_tree_key, gateway_tree_segment,"
        " gateway_parent_path"
    )
    op.execute("ALTER TABLE course_content DROP COLUMN tree_key")
