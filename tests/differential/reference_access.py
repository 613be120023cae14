"""Who sees which rows, and what of them: the table of permissions, a function for each entity."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.differential.reference_rows import Row, World

STUDENT, TUTOR, LECTURER = 1, 2, 3
_LEVELS = {"_student": STUDENT, "_tutor": TUTOR, "_lecturer": LECTURER, "_maintainer": 4, "_owner": 5}
_TABLES = {"User": "user", "UserRole": "user_role", "Organization": "organization", "Course": "course"}
_TABLES["CourseFamily"] = "course_family"
_OPEN_OF_BACKENDS = {"id", "slug", "type"}


class Viewer:
    """Someone who reads, and what they may see."""

    def __init__(self, world: World, username: str) -> None:
        (user,) = (row for row in world.rows["User"] if row.values["username"] == username)
        self._world = world
        self.user_id = user.values["id"]
        roles = {row.values["role_id"] for row in world.referring("UserRole", "user_id", self.user_id)}
        memberships = world.referring("CourseMember", "user_id", self.user_id)
        self._is_admin = "_admin" in roles
        self._claims = {value for role, value in world.claims if role in roles}
        self._own_memberships = {row.values["id"] for row in memberships}
        self._levels = {row.values["course_id"]: _LEVELS[row.values["course_role_id"]] for row in memberships}
        self._known: dict[Row, bool] = {}

    def sees(self, row: Row) -> bool:
        """Whether the row is there for the viewer."""
        if row not in self._known:
            claimed = f"{_TABLES.get(row.type)}:list" in self._claims
            self._known[row] = self._is_admin or claimed or _RULES[row.type](self, row)
        return self._known[row]

    def reads(self, row: Row, attribute: str) -> bool:
        """Whether a column of a visible row is open to the viewer."""
        if self._is_admin:
            return True
        if row.type == "ExecutionBackend":
            lectures = any(level >= LECTURER for level in self._levels.values())
            return attribute in _OPEN_OF_BACKENDS or lectures
        if row.type == "Result" and attribute == "reference_version_identifier":
            return self._has(TUTOR, self._course_of_result(row))
        return True

    def _has(self, level: int, course_id: str) -> bool:
        return self._levels.get(course_id, 0) >= level

    def _in_group(self, submission_group_id: Any) -> bool:
        members = self._world.referring("SubmissionGroupMember", "submission_group_id", submission_group_id)
        return any(member.values["course_member_id"] in self._own_memberships for member in members)

    def _course_of_result(self, row: Row) -> str:
        (content,) = self._world.related(row, "courseContent")
        course_id: str = content.values["course_id"]
        return course_id

    def user(self, row: Row) -> bool:
        """Themselves, and whoever is in a course where they are tutor at least."""
        memberships = self._world.referring("CourseMember", "user_id", row.values["id"])
        return row.values["id"] == self.user_id or any(self._has(TUTOR, m.values["course_id"]) for m in memberships)

    def open_to_all(self, _: Row) -> bool:
        """Everyone who is signed in."""
        return True

    def user_role(self, row: Row) -> bool:
        """Their own."""
        return bool(row.values["user_id"] == self.user_id)

    def has_own_course(self, row: Row) -> bool:
        """An organization or a family with a course that they are in."""
        return any(course.values["id"] in self._levels for course in self._world.related(row, "courses"))

    def course(self, row: Row) -> bool:
        """Courses that they are in."""
        return self._has(STUDENT, row.values["id"])

    def in_own_course(self, row: Row) -> bool:
        """What belongs to a course that they are in."""
        return self._has(STUDENT, row.values["course_id"])

    def course_member(self, row: Row) -> bool:
        """Their own memberships, and all of a course where they are tutor at least."""
        return row.values["user_id"] == self.user_id or self._has(TUTOR, row.values["course_id"])

    def course_content(self, row: Row) -> bool:
        """What is in their courses; what is archived, from tutor on."""
        needed = STUDENT if row.values["archived_at"] is None else TUTOR
        return self._has(needed, row.values["course_id"])

    def submission_group(self, row: Row) -> bool:
        """Groups that they are in, and all of a course where they are tutor at least."""
        return self._in_group(row.values["id"]) or self._has(TUTOR, row.values["course_id"])

    def submission_group_member(self, row: Row) -> bool:
        """Places in groups that they are in, and all of a course where they are tutor at least."""
        return self._in_group(row.values["submission_group_id"]) or self._has(TUTOR, row.values["course_id"])

    def result(self, row: Row) -> bool:
        """Runs of their groups and their own, and all of a course where they are tutor at least."""
        if row.values["course_member_id"] in self._own_memberships:
            return True
        in_group = row.values["submission_group_id"] is not None and self._in_group(row.values["submission_group_id"])
        return in_group or self._has(TUTOR, self._course_of_result(row))


_RULES: dict[str, Callable[[Viewer, Row], bool]] = {
    "User": Viewer.user,
    "Role": Viewer.open_to_all,
    "UserRole": Viewer.user_role,
    "Organization": Viewer.has_own_course,
    "CourseFamily": Viewer.has_own_course,
    "Course": Viewer.course,
    "CourseRole": Viewer.open_to_all,
    "CourseGroup": Viewer.in_own_course,
    "CourseMember": Viewer.course_member,
    "CourseContentKind": Viewer.open_to_all,
    "CourseContentType": Viewer.in_own_course,
    "CourseContent": Viewer.course_content,
    "ExecutionBackend": Viewer.open_to_all,
    "SubmissionGroup": Viewer.submission_group,
    "SubmissionGroupMember": Viewer.submission_group_member,
    "Result": Viewer.result,
}
