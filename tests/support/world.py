"""A world of organizations, courses and people, built by name with plain SQL.

    world = World(connection, url)
    algebra = world.course("algebra", organization="uni")
    algebra.student("ada")
    algebra.content("week_1.sheet_1", kind="assignment")
    algebra.result("first", "week_1.sheet_1", "ada", result=0.5)

Whatever is named is made when it is first needed, and found again by `world.id(table, name)`: a user and a course by
their own name, a membership as `ada@algebra`, and what belongs to a course as `algebra/week_1.sheet_1`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psycopg import sql
from psycopg.types.json import Jsonb

if TYPE_CHECKING:
    from collections.abc import Iterable

    import psycopg


class World:
    """What was built, over an autocommitting connection."""

    def __init__(self, connection: psycopg.Connection[Any], database_url: str) -> None:
        self.connection = connection
        self.database_url = database_url
        self._ids: dict[tuple[str, str], str] = {}
        self._names: dict[str, str] = {}

    def id(self, table: str, name: str) -> str:
        """The bare key of what was built under the name; KeyError where nothing was."""
        return self._ids[table, name]

    def known(self, table: str, name: str) -> str | None:
        """The bare key of what was built under the name, if it was."""
        return self._ids.get((table, name))

    def name(self, key: str) -> str:
        """The name of what has this key, given bare or as a global id; the key itself where it was not built here."""
        bare = key.partition(":")[2] or key
        return self._names.get(bare, bare)

    def names(self, keys: Iterable[str]) -> set[str]:
        """The names of what has these keys."""
        return {self.name(key) for key in keys}

    def insert(self, table: str, name: str | None, /, **columns: Any) -> str:
        """A row, kept under the name if there is one; its key."""
        fields = {
            column: Jsonb(value) if isinstance(value, dict) else value
            for column, value in columns.items()
            if value is not None
        }
        statement = sql.SQL("INSERT INTO {} ({}) VALUES ({}) RETURNING {}").format(
            sql.Identifier(table),
            sql.SQL(", ").join(map(sql.Identifier, fields)),
            sql.SQL(", ").join(sql.SQL("%s") for _ in fields),
            sql.Identifier("id") if name is not None else sql.SQL("NULL"),
        )
        row = self.connection.execute(statement, list(fields.values())).fetchone()
        key = str(row[0]) if row else ""
        if name is not None:
            self._ids[table, name] = key
            self._names[key] = name
        return key

    def user(self, name: str, **columns: Any) -> str:
        """A person of that username, with names made of it; their key."""
        known = self.known("user", name)
        if known is not None:
            return known
        given = {"given_name": name.capitalize(), "family_name": f"{name.capitalize()}son", "username": name}
        return self.insert("user", name, **{**given, "email": f"{name}@example.org", **columns})

    def role(self, user: str, role: str) -> None:
        """The user holds the role, which is made unless the system has it."""
        self._need_role(role)
        self.insert("user_role", None, user_id=self.user(user), role_id=role)

    def claim(self, role: str, value: str, kind: str = "permissions") -> None:
        """The role carries a claim."""
        self._need_role(role)
        self.insert("role_claim", None, role_id=role, claim_type=kind, claim_value=value)

    def _need_role(self, role: str) -> None:
        if self.connection.execute("SELECT FROM role WHERE id = %s", [role]).rowcount == 0:
            self.insert("role", None, id=role, title=role)

    def organization(self, name: str, **columns: Any) -> str:
        """An institution; its key."""
        known = self.known("organization", name)
        if known is not None:
            return known
        given = {"organization_type": "organization", "title": name.capitalize(), "path": name}
        return self.insert("organization", name, **{**given, **columns})

    def family(self, name: str, *, organization: str = "uni", **columns: Any) -> str:
        """A course family; its key."""
        known = self.known("course_family", name)
        if known is not None:
            return known
        owner = self.organization(organization)
        given = {"title": name.capitalize(), "path": name, "organization_id": owner}
        return self.insert("course_family", name, **{**given, **columns})

    def course(self, name: str, *, organization: str = "uni", family: str | None = None, **columns: Any) -> Course:
        """A course of the family, or of one of its own name."""
        if self.known("course", name) is None:
            owner = self.organization(organization)
            kin = self.family(family or name, organization=organization)
            given = {"title": name.capitalize(), "path": name, "course_family_id": kin, "organization_id": owner}
            self.insert("course", name, **{**given, **columns})
        return Course(self, name)

    def backend(self, slug: str) -> str:
        """An execution backend; its key."""
        known = self.known("execution_backend", slug)
        if known is not None:
            return known
        return self.insert(
            "execution_backend", slug, type=f"temporal:{slug}", slug=slug, properties={"queue": f"queue of {slug}"}
        )


@dataclass(frozen=True)
class Course:
    """One course of a world; what it makes is kept under names that begin with its own."""

    world: World
    name: str

    @property
    def key(self) -> str:
        """Its bare key."""
        return self.world.id("course", self.name)

    def member(self, name: str, role: str = "_student", **columns: Any) -> str:
        """The user has the role here; the key of the membership, `name@course`."""
        group = self.course_group("group") if role == "_student" else None
        given = {"user_id": self.world.user(name), "course_id": self.key, "course_role_id": role}
        return self.world.insert(
            "course_member", f"{name}@{self.name}", **{**given, "course_group_id": group, **columns}
        )

    def student(self, name: str) -> str:
        """The user is a student."""
        return self.member(name)

    def tutor(self, name: str) -> str:
        """The user is a tutor."""
        return self.member(name, "_tutor")

    def lecturer(self, name: str) -> str:
        """The user is a lecturer."""
        return self.member(name, "_lecturer")

    def course_group(self, title: str) -> str:
        """A seminar group; its key."""
        name = f"{self.name}/{title}"
        known = self.world.known("course_group", name)
        return known or self.world.insert("course_group", name, title=title, course_id=self.key)

    def content_type(self, kind: str) -> str:
        """The course's own type of the kind; its key."""
        name = f"{self.name}/{kind}"
        known = self.world.known("course_content_type", name)
        return known or self.world.insert(
            "course_content_type", name, slug=kind, course_content_kind_id=kind, course_id=self.key
        )

    def content(self, path: str, kind: str = "unit", *, archived: bool = False, **columns: Any) -> str:
        """A node of the tree; its key, kept as `course/path`."""
        given = {
            "title": path.rpartition(".")[2].replace("_", " "),
            "path": path,
            "course_id": self.key,
            "course_content_type_id": self.content_type(kind),
            "position": 1.0,
            "archived_at": "2026-01-01T00:00:00Z" if archived else None,
        }
        return self.world.insert("course_content", f"{self.name}/{path}", **{**given, **columns})

    def group(self, name: str, path: str, *members: str) -> str:
        """A submission group of these students on the node; its key."""
        content = self.world.id("course_content", f"{self.name}/{path}")
        key = self.world.insert(
            "course_submission_group", name, course_id=self.key, course_content_id=content, max_group_size=len(members)
        )
        for member in members:
            self.world.insert(
                "course_submission_group_member",
                f"{name}/{member}",
                course_id=self.key,
                course_submission_group_id=key,
                course_member_id=self.world.id("course_member", f"{member}@{self.name}"),
            )
        return key

    def result(self, name: str, path: str, member: str, *, group: str | None = None, **columns: Any) -> str:
        """A test run of the member on the node; its key."""
        given = {
            "submit": False,
            "course_member_id": self.world.id("course_member", f"{member}@{self.name}"),
            "course_submission_group_id": self.world.id("course_submission_group", group) if group else None,
            "course_content_id": self.world.id("course_content", f"{self.name}/{path}"),
            "course_content_type_id": self.content_type("assignment"),
            "execution_backend_id": self.world.backend("python"),
            "test_system_id": f"job of {name}",
            "result": 0.5,
            "version_identifier": f"commit of {name}",
            "reference_version_identifier": f"reference of {name}",
            "status": 0,
        }
        return self.world.insert("result", name, **{**given, **columns})
