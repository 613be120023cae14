"""A course as Python has it: who may write what, and what becomes of the rows, by the domain's rules.

Independent of the gateway's code: what the two disagree on, one of them has wrong. Rows are dicts of the columns of
their tables; what nobody can foresee (times) is `FRESH`.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

Row = dict[str, Any]
Tables = dict[str, dict[str, Row]]

FRESH = "fresh"
LADDER = ("_student", "_tutor", "_lecturer", "_maintainer", "_owner")
TUTOR, LECTURER, MAINTAINER, OWNER = 1, 2, 3, 4
GROUPS, MEMBERS, CONTENTS = "course_group", "course_member", "course_content"
TEAMS, SEATS, COMMENTS, USERS = (
    "course_submission_group",
    "course_submission_group_member",
    "course_member_comment",
    "user",
)
TRACKED = (GROUPS, MEMBERS, CONTENTS, TEAMS, SEATS, COMMENTS, USERS)


class Refused(Exception):  # noqa: N818 - it is an answer
    """The write is refused with this code."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass
class Model:
    """All rows, and who is an admin. `kinds` has, by content type, its course and whether it takes submissions."""

    tables: Tables
    admin: str
    courses: list[str]
    kinds: dict[str, tuple[str, bool]]
    actor: str = ""
    # Rows that follow from writes, whose keys nobody knows yet.
    followed: list[tuple[str, Row]] = field(default_factory=list)

    def copy(self) -> Model:
        """The same, to go on from or to throw away."""
        return deepcopy(self)

    # Who is asking

    def membership(self, course: str | None) -> Row | None:
        """The actor's own."""
        mine = (m for m in self.tables[MEMBERS].values() if m["course_id"] == course and m["user_id"] == self.actor)
        return next(mine, None)

    def rank(self, course: str | None) -> int:
        """How high the actor stands in the course; -1 for strangers."""
        own = self.membership(course)
        return LADDER.index(own["course_role_id"]) if own else -1

    def at_least(self, course: str | None, level: int) -> bool:
        """Whether they stand so high, or above all."""
        return self.is_admin or self.rank(course) >= level

    @property
    def is_admin(self) -> bool:
        """Whether the actor is one."""
        return self.actor == self.admin

    def sees_user(self, user: str) -> bool:
        """Themselves, and members of courses in which the actor is at least tutor."""
        theirs = (m["course_id"] for m in self.tables[MEMBERS].values() if m["user_id"] == user)
        return self.is_admin or user == self.actor or any(self.rank(course) >= TUTOR for course in theirs)

    def sees_member(self, member: Row | None) -> bool:
        """Oneself, and all members for tutors."""
        return member is not None and (
            self.is_admin or member["user_id"] == self.actor or self.rank(member["course_id"]) >= TUTOR
        )

    def sees_content(self, content: Row | None) -> bool:
        """Members those that are not archived, tutors all."""
        return content is not None and self.at_least(
            content["course_id"], 0 if content["archived_at"] is None else TUTOR
        )

    # What happens to rows

    def add(self, table: str, key: str, **values: Any) -> None:
        """A new row by the actor."""
        kept = {"version": 0, "created_by": self.actor, "updated_by": self.actor}
        self.tables[table][key] = {**values, **kept, "id": key, "created_at": FRESH, "updated_at": FRESH}

    def change(self, table: str, key: str, **values: Any) -> None:
        """A change by the actor."""
        row = self.tables[table][key]
        row |= {**values, "version": row["version"] + 1, "updated_by": self.actor, "updated_at": FRESH}

    def remove(self, table: str, gone: set[str]) -> None:
        """Rows go, with what cascades."""
        for key in gone:
            del self.tables[table][key]
        below = {
            CONTENTS: ((TEAMS, "course_content_id"),),
            TEAMS: ((SEATS, "course_submission_group_id"),),
            MEMBERS: ((COMMENTS, "course_member_id"), (COMMENTS, "transmitter_id")),
        }
        for child, column in below.get(table, ()):
            self.remove(child, {key for key, row in self.tables[child].items() if row[column] in gone})

    def give_groups(self, members: list[Row], contents: list[Row]) -> None:
        """Each student gets a submission group for each content that is worked on alone."""
        for member in members:
            for content in contents:
                alone = self.kinds[content["course_content_type_id"]][1] and content["max_group_size"] in (None, 1)
                if member["course_role_id"] != "_student" or not alone or self._has_group(member, content):
                    continue
                group = {
                    "course_id": content["course_id"],
                    "course_content_id": content["id"],
                    "max_group_size": 1,
                    "max_test_runs": content["max_test_runs"],
                    "max_submissions": content["max_submissions"],
                }
                self.followed.append((TEAMS, group))
                self.followed.append((SEATS, {"course_id": content["course_id"], "course_member_id": member["id"]}))

    def _has_group(self, member: Row, content: Row) -> bool:
        teams = {key for key, row in self.tables[TEAMS].items() if row["course_content_id"] == content["id"]}
        return any(
            seat["course_member_id"] == member["id"] and seat["course_submission_group_id"] in teams
            for seat in self.tables[SEATS].values()
        )

    # The operations. Each raises Refused, or changes rows.

    def stale(self, row: Row, expected: int | None) -> None:
        """Refuses what expects another version."""
        if expected is not None and row["version"] != expected:
            raise Refused("STALE_VERSION")

    def create_group(self, given: Row) -> None:
        """A course group."""
        if not given["title"].strip():
            raise Refused("VALIDATION")
        if not self.at_least(given["course_id"], 0) or given["course_id"] not in self.courses:
            raise Refused("NOT_FOUND")
        if not self.at_least(given["course_id"], LECTURER):
            raise Refused("FORBIDDEN")
        self._free_title(given["id"], given["course_id"], given["title"])
        self.add(GROUPS, **_keyed(given), description=given.get("description"), properties=None)

    def update_group(self, key: str, given: Row, expected: int | None) -> None:
        """A course group."""
        row = self._group(key)
        self.stale(row, expected)
        if "title" in given and not given["title"].strip():
            raise Refused("VALIDATION")
        if given:
            self._free_title(key, row["course_id"], (row | given)["title"])
            self.change(GROUPS, key, **given)

    def delete_group(self, key: str, expected: int | None) -> None:
        """A course group without members."""
        self.stale(self._group(key), expected)
        if any(member["course_group_id"] == key for member in self.tables[MEMBERS].values()):
            raise Refused("CONFLICT")
        self.remove(GROUPS, {key})

    def _group(self, key: str) -> Row:
        row = self.tables[GROUPS].get(key)
        if row is None or not self.at_least(row["course_id"], 0):
            raise Refused("NOT_FOUND")
        if not self.at_least(row["course_id"], LECTURER):
            raise Refused("FORBIDDEN")
        return row

    def _free_title(self, key: str, course: str, title: str) -> None:
        same = (r for k, r in self.tables[GROUPS].items() if k != key and r["course_id"] == course)
        if any(row["title"] == title for row in same):
            raise Refused("CONFLICT")

    def create_member(self, given: Row) -> None:
        """A membership."""
        role, course, group = given["course_role_id"], given["course_id"], given["course_group_id"]
        if role == "_student" and group is None:
            raise Refused("VALIDATION")
        anywhere = self.is_admin or any(self.rank(each) >= LECTURER for each in self.courses)
        known = given["user_id"] in self.tables[USERS] and (anywhere or self.sees_user(given["user_id"]))
        of_group = self.tables[GROUPS].get(group or "")
        if not known or not self.at_least(course, 0) or not self._may_name(group, of_group):
            raise Refused("NOT_FOUND")
        if not self.at_least(course, LECTURER) or not self._may_give(role, course):
            raise Refused("FORBIDDEN")
        theirs = (m for m in self.tables[MEMBERS].values() if m["user_id"] == given["user_id"])
        if any(member["course_id"] == course for member in theirs):
            raise Refused("CONFLICT")
        if of_group is not None and of_group["course_id"] != course:
            raise Refused("NOT_FOUND")
        self.add(MEMBERS, **_keyed(given), properties=None)
        of_course = [c for c in self.tables[CONTENTS].values() if c["course_id"] == course]
        self.give_groups([self.tables[MEMBERS][given["id"]]], of_course)

    def update_member(self, key: str, given: Row, expected: int | None) -> None:
        """A membership."""
        row = self._member(key)
        self.stale(row, expected)
        merged = {**row, **given}
        if given and merged["course_role_id"] == "_student" and merged["course_group_id"] is None:
            raise Refused("VALIDATION")
        if not given:
            return
        of_group = self.tables[GROUPS].get(given.get("course_group_id") or "")
        if not self._may_name(given.get("course_group_id"), of_group):
            raise Refused("NOT_FOUND")
        if not self._may_give(merged["course_role_id"], row["course_id"]):
            raise Refused("FORBIDDEN")
        if of_group is not None and of_group["course_id"] != row["course_id"]:
            raise Refused("NOT_FOUND")
        self.change(MEMBERS, key, **given)

    def delete_member(self, key: str, expected: int | None) -> None:
        """A membership without a place in a submission group."""
        self.stale(self._member(key), expected)
        if any(seat["course_member_id"] == key for seat in self.tables[SEATS].values()):
            raise Refused("CONFLICT")
        self.remove(MEMBERS, {key})

    def _member(self, key: str) -> Row:
        row = self.tables[MEMBERS].get(key)
        if row is None or not self.sees_member(row):
            raise Refused("NOT_FOUND")
        own = self.rank(row["course_id"])
        is_above = own > LADDER.index(row["course_role_id"]) and row["user_id"] != self.actor
        if not self.is_admin and (own < LECTURER or not is_above):
            raise Refused("FORBIDDEN")
        return row

    def _may_give(self, role: str, course: str) -> bool:
        return self.is_admin or LADDER.index(role) <= self.rank(course)

    def _may_name(self, key: str | None, group: Row | None) -> bool:
        return key is None or (group is not None and self.at_least(group["course_id"], 0))

    def create_content(self, given: Row) -> None:
        """A node of a tree."""
        course, kind = given["course_id"], self.kinds.get(given["course_content_type_id"])
        if not self.at_least(course, 0) or kind is None or not self.at_least(kind[0], 0):
            raise Refused("NOT_FOUND")
        if not self.at_least(course, LECTURER):
            raise Refused("FORBIDDEN")
        if kind[0] != course or not self._has_place(course, given["path"]):
            raise Refused("VALIDATION")
        self._free_path(course, [given["path"]], set())
        rest = ("properties", "archived_at", "description", "execution_backend_id", "example_version_id")
        limits = ("max_test_runs", "max_submissions", "title", "max_group_size")
        empty: Row = dict.fromkeys((*rest, *limits))
        self.add(CONTENTS, **{**empty, **_keyed(given)})
        students = [m for m in self.tables[MEMBERS].values() if m["course_id"] == course]
        self.give_groups(students, [self.tables[CONTENTS][given["id"]]])

    def update_content(self, key: str, given: Row, expected: int | None) -> None:
        """A node, and with a new path all below it."""
        row = self._content(key)
        self.stale(row, expected)
        if not given:
            return
        course, old, new = row["course_id"], row["path"], (row | given)["path"]
        kind = self.kinds.get((row | given)["course_content_type_id"])
        if kind is None or not self.at_least(kind[0], 0):
            raise Refused("NOT_FOUND")
        below = {k: r for k, r in self._of(course).items() if r["path"].startswith(f"{old}.")}
        has_teams = any(team["course_content_id"] == key for team in self.tables[TEAMS].values())
        if kind[0] != course or (kind[1] and below) or (not kind[1] and has_teams):
            raise Refused("VALIDATION")
        if new.startswith(f"{old}.") or not self._has_place(course, new):
            raise Refused("VALIDATION")
        moved = {k: new + r["path"].removeprefix(old) for k, r in below.items()}
        self._free_path(course, [new, *moved.values()], {key, *moved})
        self.change(CONTENTS, key, **given)
        for each, path in moved.items() if new != old else ():
            self.change(CONTENTS, each, path=path)

    def delete_content(self, key: str, expected: int | None) -> None:
        """A node without others below it."""
        row = self._content(key)
        if any(other["path"].startswith(f"{row['path']}.") for other in self._of(row["course_id"]).values()):
            raise Refused("CONFLICT")
        self.stale(row, expected)
        self.remove(CONTENTS, {key})

    def archive_content(self, key: str, expected: int | None, *, archived: bool) -> None:
        """A node, unless it is so already."""
        row = self._content(key)
        self.stale(row, expected)
        if (row["archived_at"] is not None) != archived:
            self.change(CONTENTS, key, archived_at=FRESH if archived else None)

    def _content(self, key: str) -> Row:
        row = self.tables[CONTENTS].get(key)
        if row is None or not self.sees_content(row):
            raise Refused("NOT_FOUND")
        if not self.at_least(row["course_id"], LECTURER):
            raise Refused("FORBIDDEN")
        return row

    def _of(self, course: str) -> dict[str, Row]:
        return {key: row for key, row in self.tables[CONTENTS].items() if row["course_id"] == course}

    def _has_place(self, course: str, path: str) -> bool:
        above = path.rpartition(".")[0]
        parents = (row for row in self._of(course).values() if row["path"] == above)
        return not above or any(not self.kinds[row["course_content_type_id"]][1] for row in parents)

    def _free_path(self, course: str, paths: list[str], but: set[str]) -> None:
        taken = {row["path"] for key, row in self._of(course).items() if key not in but}
        if taken & set(paths):
            raise Refused("CONFLICT")

    def create_comment(self, given: Row) -> None:
        """A note about a member."""
        if not given["message"].strip():
            raise Refused("VALIDATION")
        member = self.tables[MEMBERS].get(given["course_member_id"])
        if member is None or not self.sees_member(member):
            raise Refused("NOT_FOUND")
        if not self.at_least(member["course_id"], TUTOR):
            raise Refused("FORBIDDEN")
        own = self.membership(member["course_id"])
        if own is None:
            raise Refused("VALIDATION")
        self.add(COMMENTS, **_keyed(given), transmitter_id=own["id"])

    def update_comment(self, key: str, given: Row, expected: int | None) -> None:
        """A note of one's own."""
        row = self._comment(key, OWNER + 1)
        self.stale(row, expected)
        if given:
            self.change(COMMENTS, key, **given)

    def delete_comment(self, key: str, expected: int | None) -> None:
        """A note of one's own, or any for maintainers."""
        self.stale(self._comment(key, MAINTAINER), expected)
        self.remove(COMMENTS, {key})

    def _comment(self, key: str, level: int) -> Row:
        row = self.tables[COMMENTS].get(key)
        course = self.tables[MEMBERS][row["course_member_id"]]["course_id"] if row else None
        if row is None or not self.at_least(course, TUTOR):
            raise Refused("NOT_FOUND")
        own = self.membership(course)
        is_own = own is not None and own["id"] == row["transmitter_id"]
        if not (self.is_admin or is_own or self.rank(course) >= level):
            raise Refused("FORBIDDEN")
        return row

    def update_user(self, key: str, given: Row, expected: int | None) -> None:
        """One's own names."""
        row = self.tables[USERS].get(key)
        if row is None or not self.sees_user(key):
            raise Refused("NOT_FOUND")
        if not self.is_admin and key != self.actor:
            raise Refused("FORBIDDEN")
        self.stale(row, expected)
        if any(not value.strip() for value in given.values()):
            raise Refused("VALIDATION")
        if given:
            self.change(USERS, key, **given)


def _keyed(given: Row) -> Row:
    return {"key" if name == "id" else name: value for name, value in given.items()}
