"""Who sees which rows, and what of them: the table of permissions, a line or two for each entity."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from tests.differential.reference_relations import KEY_PARTS, TABLES

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from tests.differential.reference_rows import Row, World

STUDENT, TUTOR, LECTURER = 1, 2, 3
_LEVELS = {"_student": STUDENT, "_tutor": TUTOR, "_lecturer": LECTURER, "_maintainer": 4, "_owner": 5}
DEVELOPER, MANAGER = 1, 2
_SEATS = {"_developer": DEVELOPER, "_manager": MANAGER, "_owner": 3}


class Viewer:
    """Someone who reads, and what they may see; with `scopes`, by a token that is narrowed to them."""

    def __init__(self, world: World, username: str, scopes: Collection[str] = ()) -> None:
        (user,) = (row for row in world.rows["User"] if row["username"] == username)
        self.user_id = user["id"]
        self._world = world
        self._scopes = scopes
        roles = {row["role_id"] for row in self._of_user("UserRole")}
        groups = {row["group_id"] for row in self._of_user("UserGroup")}
        memberships = self._of_user("CourseMember")
        # Scopes only narrow, and never carry what admins may.
        self._is_admin = "_admin" in roles and not scopes
        self._claims = {
            claim["claim_value"]
            for claim in (*world.rows["RoleClaim"], *world.rows["GroupClaim"])
            if claim["claim_type"].lower() == "permissions"
            and (claim.values.get("role_id") in roles or claim.values.get("group_id") in groups)
        }
        self.memberships = {row["id"] for row in memberships}
        self._levels = {row["course_id"]: _LEVELS.get(row["course_role_id"], 0) for row in memberships}
        self._seats = {
            row[f"{scope}_id"]: _SEATS.get(row[f"{scope}_role_id"], 0)
            for type_name, scope in (("OrganizationMember", "organization"), ("CourseFamilyMember", "course_family"))
            for row in self._of_user(type_name)
        }
        self._known: dict[Row, bool] = {}
        self._visible: dict[str, list[Row]] = {}

    def sees(self, row: Row) -> bool:
        """Whether the row is there for the viewer."""
        if row not in self._known:
            self._known[row] = self._is_in_scope(row.type) and (self._claims_row(row) or RULES[row.type](self, row))
        return self._known[row]

    def visible(self, type_name: str) -> list[Row]:
        """All rows of a type that are there for the viewer."""
        if type_name not in self._visible:
            self._visible[type_name] = [row for row in self._world.rows[type_name] if self.sees(row)]
        return self._visible[type_name]

    def reads(self, row: Row, attribute: str) -> bool:
        """Whether a column of a visible row is open to the viewer."""
        hidden_unless = COLUMN_RULES.get(row.type)
        if hidden_unless is None or self._claims_row(row):
            return True
        is_open, staff = hidden_unless
        return is_open(attribute) or staff(self, row)

    def _of_user(self, type_name: str) -> list[Row]:
        return self._world.referring(type_name, "user_id", self.user_id)

    def _is_in_scope(self, type_name: str) -> bool:
        table = TABLES[type_name]
        return not self._scopes or any(f"{table}:{action}" in self._scopes for action in ("get", "list"))

    def _claims_row(self, row: Row) -> bool:
        """Whether the row is open for admins and holders of a claim, on all rows of the table or on this one."""
        table = TABLES[row.type]
        on_row = row.type not in KEY_PARTS and _is_uuid(row["id"]) and f"{table}:get:{row['id']}" in self._claims
        return self._is_admin or on_row or any(f"{table}:{action}" in self._claims for action in ("get", "list"))

    # What the rules below are made of, named as in the table of permissions.

    def is_self(self, user_id: str | None) -> bool:
        """SELF."""
        return bool(user_id == self.user_id)

    def has(self, level: int, course_id: str | None) -> bool:
        """MEM, TUT, LEC: at least this role in the course."""
        return course_id is not None and self._levels.get(course_id, 0) >= level

    def lectures(self) -> bool:
        """LEC*: at least lecturer in any course."""
        return any(level >= LECTURER for level in self._levels.values())

    def teaches(self, user_id: str) -> bool:
        """At least tutor in a course that the user is in."""
        memberships = self._world.referring("CourseMember", "user_id", user_id)
        return any(self.has(TUTOR, membership["course_id"]) for membership in memberships)

    def is_in(self, submission_group: Row | None) -> bool:
        """GRP: a membership of theirs belongs to the submission group."""
        places = () if submission_group is None else self._world.related(submission_group, "members")
        return any(place["course_member_id"] in self.memberships for place in places)

    def is_seated(self, course_group: Row | None) -> bool:
        """A membership of theirs is in the course group."""
        members = () if course_group is None else self._world.related(course_group, "courseMembers")
        return any(member["id"] in self.memberships for member in members)

    def is_via(self, scope: Row) -> bool:
        """VIA: a course of the organization or family is theirs."""
        return any(self.has(STUDENT, course["id"]) for course in self._world.related(scope, "courses"))

    def sits(self, level: int, scope_id: str) -> bool:
        """ORG, FAM: at least this role in the organization or family itself."""
        return self._seats.get(scope_id, 0) >= level

    def to(self, row: Row, *fields: str) -> Row | None:
        """The row at the end of relations to one, whoever may see it."""
        found: Row | None = row
        for field in fields:
            found = None if found is None else next(iter(self._world.related(found, field)), None)
        return found

    def sees_message(self, mark: Row) -> bool:
        """Whether what was read is there for them."""
        message = self.to(mark, "message")
        return message is not None and self.sees(message)

    def course(self, row: Row, *fields: str) -> str | None:
        """The course of the row at the end of relations to one."""
        found = self.to(row, *fields)
        return None if found is None else found["course_id"]


def _of_group(me: Viewer, row: Row, *fields: str) -> bool:
    """GRP and TUT, of the submission group at the end of the fields."""
    group = me.to(row, *fields)
    return me.is_in(group) or (group is not None and me.has(TUTOR, group["course_id"]))


def _result(me: Viewer, row: Row | None) -> bool:
    if row is None:
        return False
    own = row["course_member_id"] in me.memberships or me.is_in(me.to(row, "submissionGroup"))
    return own or me.has(TUTOR, me.course(row, "courseContent"))


def _of_content(me: Viewer, content: Row | None) -> bool:
    """MEM while it is not archived, and TUT."""
    return content is not None and me.has(STUDENT if content["archived_at"] is None else TUTOR, content["course_id"])


def _of_scope(me: Viewer, scope: Row | None) -> bool:
    return scope is not None and (me.is_via(scope) or me.sits(DEVELOPER, scope["id"]))


# Most specific first: the first target that a message has says who reads it.
TARGETS: dict[str, Callable[[Viewer, Row], bool]] = {
    "user_id": lambda me, row: me.is_self(row["user_id"]),
    "course_member_id": lambda me, row: (
        row["course_member_id"] in me.memberships or me.has(TUTOR, me.course(row, "courseMember"))
    ),
    "submission_group_id": lambda me, row: _of_group(me, row, "submissionGroup"),
    "course_content_id": lambda me, row: me.has(STUDENT, me.course(row, "courseContent")),
    "course_group_id": lambda me, row: (
        me.is_seated(me.to(row, "courseGroup")) or me.has(TUTOR, me.course(row, "courseGroup"))
    ),
    "course_id": lambda me, row: me.has(STUDENT, row["course_id"]),
    "course_family_id": lambda me, row: _of_scope(me, me.to(row, "courseFamily")),
    "organization_id": lambda me, row: _of_scope(me, me.to(row, "organization")),
}


def _message(me: Viewer, row: Row) -> bool:
    target = next((name for name in TARGETS if row[name] is not None), None)
    return me.is_self(row["author_id"]) or target is None or TARGETS[target](me, row)


def _everyone(_: Viewer, __: Row) -> bool:
    return True


def _nobody(_: Viewer, __: Row) -> bool:
    return False


def _own(me: Viewer, row: Row) -> bool:
    return me.is_self(row["user_id"])


def _of_member(me: Viewer, row: Row) -> bool:
    return _own(me, row) or me.teaches(row["user_id"])


def _in_course(me: Viewer, row: Row) -> bool:
    return me.has(STUDENT, row["course_id"])


def _library(me: Viewer, _: Row) -> bool:
    return me.lectures()


_LADDERS = ("Role", "CourseRole", "OrganizationRole", "CourseFamilyRole", "CourseContentKind")
RULES: dict[str, Callable[[Viewer, Row], bool]] = {
    "User": lambda me, row: me.is_self(row["id"]) or me.teaches(row["id"]),
    **dict.fromkeys((*_LADDERS, "Group", "GroupClaim", "ExecutionBackend"), _everyone),
    **dict.fromkeys(("UserRole", "UserGroup", "Account", "Session", "ApiToken"), _own),
    **dict.fromkeys(("Profile", "StudentProfile"), _of_member),
    "RoleClaim": _nobody,
    "Organization": _of_scope,
    "OrganizationMember": lambda me, row: _own(me, row) or me.sits(MANAGER, row["organization_id"]),
    "CourseFamily": _of_scope,
    "CourseFamilyMember": lambda me, row: _own(me, row) or me.sits(MANAGER, row["course_family_id"]),
    "Course": lambda me, row: me.has(STUDENT, row["id"]),
    **dict.fromkeys(("CourseGroup", "CourseContentType", "CourseExecutionBackend"), _in_course),
    "CourseMember": lambda me, row: _own(me, row) or me.has(TUTOR, row["course_id"]),
    "CourseMemberComment": lambda me, row: me.has(TUTOR, me.course(row, "courseMember")),
    "CourseContent": _of_content,
    **dict.fromkeys(("ExampleRepository", "Example", "ExampleVersion", "ExampleDependency"), _library),
    "CourseContentDeployment": lambda me, row: _of_content(me, me.to(row, "courseContent")),
    "DeploymentHistory": lambda me, row: _of_content(me, me.to(row, "deployment", "courseContent")),
    "SubmissionGroup": _of_group,
    "SubmissionGroupMember": lambda me, row: _of_group(me, row, "submissionGroup"),
    "SubmissionArtifact": lambda me, row: _of_group(me, row, "submissionGroup"),
    "SubmissionGroupGrading": lambda me, row: _of_group(me, row, "submissionGroup"),
    "SubmissionReview": lambda me, row: (
        row["reviewer_course_member_id"] in me.memberships or _of_group(me, row, "artifact", "submissionGroup")
    ),
    "Result": _result,
    "ResultArtifact": lambda me, row: _result(me, me.to(row, "result")),
    "Message": _message,
    "MessageRead": lambda me, row: me.is_self(row["reader_user_id"]) and me.sees_message(row),
}
# Of the rows of a type: which columns are open to all who see them, and who reads the others.
COLUMN_RULES: dict[str, tuple[Callable[[str], bool], Callable[[Viewer, Row], bool]]] = {
    "ExecutionBackend": ({"id", "slug", "type"}.__contains__, _library),
    "CourseContentDeployment": (
        {"id", "course_content_id", "deployment_status", "assigned_at", "deployed_at"}.__contains__,
        lambda me, row: me.has(TUTOR, me.course(row, "courseContent")),
    ),
    "DeploymentHistory": (
        {"id", "deployment_id", "action", "created_at"}.__contains__,
        lambda me, row: me.has(TUTOR, me.course(row, "deployment", "courseContent")),
    ),
    "Result": (
        lambda attribute: attribute != "reference_version_identifier",
        lambda me, row: me.has(TUTOR, me.course(row, "courseContent")),
    ),
}


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False
