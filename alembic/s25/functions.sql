-- Rules of the content tree, and walks through contents and examples.

-- Every node below the first level needs a parent in its course; the kinds say who may contain whom.
CREATE FUNCTION validate_course_content_hierarchy() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    parent_may_contain boolean;
    may_be_contained boolean;
BEGIN
    IF nlevel(NEW.path) <= 1 THEN
        RETURN NEW;
    END IF;

    SELECT kind.has_descendants INTO parent_may_contain
    FROM course_content AS parent
    JOIN course_content_type AS type ON type.id = parent.course_content_type_id
    JOIN course_content_kind AS kind ON kind.id = type.course_content_kind_id
    WHERE parent.course_id = NEW.course_id AND parent.path = subpath(NEW.path, 0, -1);
    IF NOT FOUND THEN
        RAISE EXCEPTION 'Course content % has no parent in its course', NEW.path;
    END IF;
    IF NOT parent_may_contain THEN
        RAISE EXCEPTION 'The parent of course content % may not have descendants', NEW.path;
    END IF;

    SELECT kind.has_ascendants INTO may_be_contained
    FROM course_content_type AS type
    JOIN course_content_kind AS kind ON kind.id = type.course_content_kind_id
    WHERE type.id = NEW.course_content_type_id;
    IF NOT may_be_contained THEN
        RAISE EXCEPTION 'Course content % is of a kind that may not have ascendants', NEW.path;
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER trg_validate_course_content_hierarchy
    BEFORE INSERT OR UPDATE OF path, course_content_type_id ON course_content
    FOR EACH ROW EXECUTE FUNCTION validate_course_content_hierarchy();

-- Only what can be submitted can have an example.
CREATE FUNCTION validate_course_content_example_submittable() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.example_version_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM course_content_type AS type
        JOIN course_content_kind AS kind ON kind.id = type.course_content_kind_id
        WHERE type.id = NEW.course_content_type_id AND kind.submittable
    ) THEN
        RAISE EXCEPTION 'Course content % is not submittable, so it cannot have an example', NEW.path;
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER trg_validate_course_content_example
    BEFORE INSERT OR UPDATE OF example_version_id ON course_content
    FOR EACH ROW EXECUTE FUNCTION validate_course_content_example_submittable();

-- All nodes below a content; depth counts from it.
CREATE FUNCTION get_course_content_descendants(content_id uuid)
    RETURNS TABLE (id uuid, path ltree, title text, depth integer) LANGUAGE sql STABLE AS $$
    SELECT node.id, node.path, node.title::text, nlevel(node.path) - nlevel(top.path)
    FROM course_content AS top
    JOIN course_content AS node ON node.course_id = top.course_id AND node.path <@ top.path AND node.id <> top.id
    WHERE top.id = content_id
    ORDER BY node.path
$$;

CREATE FUNCTION can_delete_course_content(content_id uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT NOT EXISTS (SELECT FROM get_course_content_descendants(content_id))
$$;

-- All that an example needs, directly or not, with the least number of steps; cut after ten, which also ends cycles.
CREATE FUNCTION resolve_example_dependencies(example_id uuid)
    RETURNS TABLE (depends_id uuid, depth integer) LANGUAGE sql STABLE AS $$
    WITH RECURSIVE needed AS (
        SELECT dependency.depends_id, 1 AS depth
        FROM example_dependency AS dependency
        WHERE dependency.example_id = resolve_example_dependencies.example_id
        UNION
        SELECT dependency.depends_id, needed.depth + 1
        FROM needed
        JOIN example_dependency AS dependency ON dependency.example_id = needed.depends_id
        WHERE needed.depth < 10
    )
    SELECT needed.depends_id, min(needed.depth) FROM needed GROUP BY needed.depends_id
$$;
