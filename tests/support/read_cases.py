"""Who reads which rows of each entity, written down from the rules of the domain: an entry for each entity.

The world is the university with its discussion and its submissions. Whoever is not named in an entry reads nothing of
it. Rows are named as they were built; those of links by their parts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.support.discussion import MESSAGES

if TYPE_CHECKING:
    from collections.abc import Mapping

    Rows = set[str] | set[tuple[str, str]] | None

# By kind of reader: whose token it is, and what it is narrowed to. The anonymous have none.
KINDS: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "stranger": ("sol", ()),
    "student": ("ada", ()),
    "other student": ("bob", ()),
    "student elsewhere": ("cyd", ()),
    "tutor": ("tom", ()),
    "lecturer": ("lea", ()),
    "maintainer": ("mel", ()),
    "owner": ("oda", ()),
    "user manager": ("uma", ()),
    "organization manager": ("orla", ()),
    "organization developer": ("olaf", ()),
    "organization owner": ("otto", ()),
    "family developer": ("fred", ()),
    "family owner": ("fox", ()),
    "admin": ("adi", ()),
    "narrowed student": ("ada", ("course:get", "course_content:list", "result:get", "message:get", "message:create")),
    # What admins may is never carried by scopes.
    "narrowed admin": ("adi", ("course:get", "user:get", "role_claim:list", "message:get")),
}
EVERY: Final = None
"""All rows that there are."""

_NARROWED = {"narrowed student", "narrowed admin"}
_STAFF = ("tutor", "lecturer", "maintainer", "owner")
_LECTURERS = ("lecturer", "maintainer", "owner")
_OF_ALGEBRA = ("student", "other student", *_STAFF)


def _all(*kinds: str, rows: Rows = EVERY) -> dict[str, Rows]:
    return dict.fromkeys((*kinds, "admin") if rows is EVERY else kinds, rows)


def _own(name: str, *managers: str) -> dict[str, Rows]:
    """What ada and cyd have one of each, and they alone read besides those who read all."""
    return {"student": {f"{name} ada"}, "student elsewhere": {f"{name} cyd"}, **_all(*managers)}


_EVERYONE: dict[str, Rows] = dict.fromkeys(KINDS.keys() - _NARROWED)
_MEMBERS = {"ada", "bob", "mia", "nat", "gus", "tom", "lea", "mel", "oda"}
_CONTENTS = {"algebra/week_1", "algebra/week_1.sheet_1", "algebra/week_1.sheet_2"}
_RUNS_OF_ADA = {"ada 1", "ada 2", "bob for ada", "team by bob", "ada by herself", "ada before"}
_GROUPS_OF_ADA, _GROUPS_OF_BOB = {"ada alone", "ada before", "team"}, {"bob alone", "team"}
_PLACES_OF_ADA = {"ada alone/ada", "ada before/ada", "team/ada", "team/bob"}
_LIBRARY = _all(*_LECTURERS, "organization manager")
_TO_ALL = {"to all", "late to all"}
_TO_MATH = {"to math", "math of uni", *_TO_ALL}
_TO_ALGEBRA = {*_TO_MATH, "to uni", "to sheet", "sheet of group", "to algebra", "algebra of uni"}
_TO_TEAM = {"to team", "team of algebra"}
_TO_ADA = {*_TO_ALGEBRA, *_TO_TEAM, "to ada", "ada of sheet", "to alone", "to group"}
_LATE = {"late to all", "late to sol"}


def _seats(scope: str, organization: tuple[str, ...], manager: str) -> dict[str, Rows]:
    names = {f"{name}@{scope}" for name in organization}
    return {f"{manager} developer": {f"{organization[0]}@{scope}"}, f"{manager} owner": names}


MATRIX: Final[Mapping[str, Mapping[str, Rows]]] = {
    "User": {
        **{kind: {user} for kind, (user, _) in KINDS.items() if kind != "narrowed student"},
        **dict.fromkeys(_STAFF, _MEMBERS),
        **_all("user manager"),
    },
    "Role": _EVERYONE,
    "UserRole": {"organization manager": {("orla", "_organization_manager")}, **_all("user manager")},
    "Account": _own("account", "user manager"),
    "Profile": {**_own("profile", "user manager"), **_all(*_STAFF, rows={"profile ada"})},
    "StudentProfile": {**_own("student", "user manager"), **_all(*_STAFF, rows={"student ada"})},
    "Session": _own("session"),
    "ApiToken": {
        **{kind: {f"{user}: {kind}"} for kind, (user, _) in KINDS.items() if kind not in _NARROWED},
        "student": {"ada: student", "ada: narrowed student", "ada: token of ada"},
        "student elsewhere": {"cyd: student elsewhere", "cyd: token of cyd"},
        **_all(),
    },
    "RoleClaim": _all("user manager"),
    "Group": _EVERYONE,
    "GroupClaim": _EVERYONE,
    "UserGroup": {
        "student": {("ada", "group ada")},
        "student elsewhere": {("cyd", "group cyd")},
        **_all("user manager"),
    },
    "Organization": {
        **_all(*_OF_ALGEBRA, "student elsewhere", rows={"uni"}),
        **_all("organization developer", "organization owner", rows={"tech"}),
        **_all("organization manager"),
    },
    "CourseFamily": {
        **_all(*_OF_ALGEBRA, "student elsewhere", "family developer", "family owner", rows={"math"}),
        **_all("organization manager"),
    },
    "Course": {
        **_all(*_OF_ALGEBRA, "narrowed student", rows={"algebra"}),
        "student elsewhere": {"geometry"},
        **_all("organization manager"),
    },
    "CourseRole": _EVERYONE,
    "CourseGroup": {
        **_all(*_OF_ALGEBRA, rows={"algebra/group", "algebra/other"}),
        "student elsewhere": {"geometry/group"},
        **_all(),
    },
    "CourseMember": {
        "student": {"ada@algebra"},
        "other student": {"bob@algebra"},
        "student elsewhere": {"cyd@geometry"},
        **_all(*_STAFF, rows={f"{name}@algebra" for name in _MEMBERS}),
        **_all(),
    },
    "CourseContentKind": _EVERYONE,
    "CourseContentType": {
        **_all(*_OF_ALGEBRA, rows={"algebra/unit", "algebra/assignment"}),
        "student elsewhere": {"geometry/unit", "geometry/assignment"},
        **_all(),
    },
    "CourseContent": {
        **_all("student", "other student", "narrowed student", rows=_CONTENTS),
        **_all(*_STAFF, rows=_CONTENTS | {"algebra/week_1.sheet_0"}),
        "student elsewhere": {"geometry/week_1", "geometry/week_1.sheet_1"},
        **_all(),
    },
    "ExecutionBackend": _EVERYONE,
    "CourseExecutionBackend": {**_all(*_OF_ALGEBRA, rows={("python", "algebra")}), **_all()},
    "ExampleRepository": _LIBRARY,
    "Example": _LIBRARY,
    "ExampleVersion": _LIBRARY,
    "ExampleDependency": _LIBRARY,
    "CourseContentDeployment": {
        **_all("student", "other student", rows={"deployment algebra"}),
        **_all(*_STAFF, rows={"deployment algebra", "deployment archived"}),
        **_all(),
    },
    "DeploymentHistory": {
        **_all("student", "other student", rows={"history algebra"}),
        **_all(*_STAFF, rows={"history algebra", "history archived"}),
        **_all(),
    },
    "SubmissionGroup": {
        "student": _GROUPS_OF_ADA,
        "other student": _GROUPS_OF_BOB,
        "student elsewhere": {"cyd alone"},
        **_all(*_STAFF, rows=_GROUPS_OF_ADA | _GROUPS_OF_BOB),
        **_all(),
    },
    "SubmissionGroupMember": {
        "student": _PLACES_OF_ADA,
        "other student": {"bob alone/bob", "team/ada", "team/bob"},
        "student elsewhere": {"cyd alone/cyd"},
        **_all(*_STAFF, rows=_PLACES_OF_ADA | {"bob alone/bob"}),
        **_all(),
    },
    "SubmissionArtifact": {
        "student": {"upload ada", "upload team", "draft team"},
        "other student": {"upload bob", "upload team", "draft team"},
        "student elsewhere": {"upload cyd"},
        **_all(*_STAFF, rows={"upload ada", "upload bob", "upload team", "draft team"}),
        **_all(),
    },
    "Result": {
        **_all("student", "narrowed student", rows=_RUNS_OF_ADA),
        "other student": {"bob 1", "team by bob", "bob for ada"},
        "student elsewhere": {"cyd 1"},
        **_all(*_STAFF, rows=_RUNS_OF_ADA | {"bob 1"}),
        **_all(),
    },
    "ResultArtifact": {
        "student": {"file ada", "file team", "file alone", "file guest"},
        "other student": {"file bob", "file team", "file guest"},
        "student elsewhere": {"file cyd"},
        **_all(*_STAFF, rows={"file ada", "file bob", "file team", "file alone", "file guest"}),
        **_all(),
    },
    "SubmissionGroupGrading": {
        "student": {"grade ada", "grade team"},
        "other student": {"grade team"},
        "student elsewhere": {"grade cyd"},
        **_all(*_STAFF, rows={"grade ada", "grade team"}),
        **_all(),
    },
    "SubmissionReview": {
        # She wrote that of bob's upload.
        "student": {"review ada", "review team", "review mia", "review bob"},
        "other student": {"review bob", "review team"},
        "student elsewhere": {"review cyd"},
        **_all(*_STAFF, rows={"review ada", "review bob", "review team", "review mia"}),
        **_all(),
    },
    "CourseMemberComment": {**_all(*_STAFF, rows={"comment ada", "comment mia", "comment tom"}), **_all()},
    "OrganizationRole": _EVERYONE,
    "OrganizationMember": {
        **_seats("tech", ("olaf", "mona", "otto"), "organization"),
        **_all("organization manager"),
    },
    "CourseFamilyRole": _EVERYONE,
    "CourseFamilyMember": {
        **_seats("math", ("fred", "fay", "fox"), "family"),
        **_all("organization manager"),
    },
    "Message": {
        **_all("user manager", "organization manager", "narrowed admin", rows=_TO_ALL),
        "stranger": {"to sol", "sol of algebra", "by cyd", *_TO_ALL, *_LATE},
        **_all("student", "narrowed student", rows=_TO_ADA),
        "other student": {*_TO_ALGEBRA, *_TO_TEAM, "to group"},
        "student elsewhere": {*_TO_MATH, "to uni", "to geometry", "by cyd"},
        **_all(*_STAFF, rows={*_TO_ADA, "to other", "other of algebra"}),
        **_all("organization developer", "organization owner", rows={"to tech", *_TO_ALL}),
        **_all("family developer", "family owner", rows=_TO_MATH),
        "admin": {*MESSAGES, *_LATE},
    },
    "MessageRead": {
        "student": {"ada read to algebra", "ada read to team"},
        "other student": {"bob read to team"},
        "tutor": {"tom read to algebra"},
        **_all(),
    },
}

# Of the rows that they see: by entity, the fields that are hidden from some, and the kinds of readers who read them.
OF_TUTORS, OF_LECTURERS = {*_STAFF, "admin"}, {*_LECTURERS, "admin"}
HIDDEN: Final[Mapping[str, tuple[tuple[str, ...], set[str]]]] = {
    "ExecutionBackend": (("version", "createdAt", "updatedAt"), OF_LECTURERS),
    "CourseContentDeployment": (
        ("exampleVersionId", "versionTag", "deploymentMessage", "createdAt", "updatedAt"),
        OF_TUTORS,
    ),
    "DeploymentHistory": (("exampleVersionId", "previousExampleVersionId"), OF_TUTORS),
    "Result": (("referenceVersionIdentifier",), OF_TUTORS),
}
