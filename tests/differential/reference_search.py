"""Searches, decided for one row at a time: by equality, unless a parameter has a meaning of its own."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from tests.differential.reference_computed import is_active
from tests.differential.reference_filter import holds_in_tree, lower, lquery
from tests.differential.reference_relations import KEYS
from tests.differential.reference_values import InputError, read_id, snake_case

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from tests.differential.reference_rows import Row
    from tests.differential.reference_values import Reader

_PATH = re.compile(r"[A-Za-z0-9_]{1,255}(\.[A-Za-z0-9_]{1,255})*")
_IDENTIFIERS = re.compile(r"(?!(.*\*){4})(\*|[A-Za-z0-9_]+)(\.(\*|[A-Za-z0-9_]+))*")
_TREES = {"descendants": "descendantOf", "ascendants": "ancestorOf", "nlevel": "depth"}
_GITLAB = {"providerUrl": "url", "fullPath": "full_path"}
# Parameters that name keys otherwise than the rows do.
_RENAMED = {("Result", "submitterId"): "course_member_id", ("Example", "repositoryId"): "example_repository_id"}
# Parameters that take a part of a text, whatever the case.
_PARTS = {
    ("Profile", "nickname"),
    ("Group", "title"),
    ("GroupClaim", "claimValue"),
    ("ExampleRepository", "name"),
    ("Example", "title"),
}
# Parameters that keep, of the rows that pass all else, the newest of each: of what, and by what moment.
NEWEST = {"Result": ("course_content_id", "created_at"), "SubmissionArtifact": ("submission_group_id", "uploaded_at")}


def searched(reader: Reader, row: Row, parameters: Mapping[str, Any]) -> bool:
    """Whether a row agrees with all search parameters. `latest` is no condition on a row, so it always agrees."""
    return all(_agrees(reader, row, name, value) for name, value in parameters.items() if value is not None)


def _agrees(reader: Reader, row: Row, name: str, value: Any) -> bool:
    target = search_target(row.type, name)
    if target is not None:
        (value,) = read_id(value, target)
    special = _SPECIAL.get((row.type, name))
    if special is not None:
        return special(reader, row, value)
    if name == "latest":
        return True
    if name in _TREES:
        operand = value.strip(".") if isinstance(value, str) else value
        return holds_in_tree(tuple(row["path"].split(".")), _TREES[name], operand)
    if name in _GITLAB:
        gitlab = (row["properties"] or {}).get("gitlab")
        return isinstance(gitlab, dict) and gitlab.get(_GITLAB[name]) == value
    found = reader.value(row, _attribute(row.type, name))
    if (row.type, name) in _PARTS:
        return found is not None and lower(value) in lower(found)
    return bool(found == value)


def _attribute(type_name: str, name: str) -> str:
    return _RENAMED.get((type_name, name)) or snake_case(name)


def _of_user(reader: Reader, row: Row, attribute: str, part: str) -> bool:
    user = reader.one(row, "user")
    text = None if user is None else reader.value(user, attribute)
    return text is not None and lower(part) in lower(text)


def _group_has(reader: Reader, row: Row, key: str) -> bool:
    group = reader.one(row, "submissionGroup")
    members = [] if group is None else reader.many(group, "members")
    return any(member["course_member_id"] == key for member in members)


def _has_expired(_: Reader, row: Row, expired: bool) -> bool:  # noqa: FBT001 - as all of these take a value
    return (row["expires_at"] is not None and row["expires_at"] <= datetime.now(UTC)) == expired


def _address(_: Reader, row: Row, address: str) -> bool:
    try:
        return ip_address(row["ip_address"]) == ip_address(address)
    except ValueError:
        return False


def _texts(reader: Reader, row: Row, part: str) -> bool:
    texts = (reader.value(row, attribute) for attribute in ("title", "description", "identifier"))
    return any(lower(part) in lower(text) for text in texts if text is not None)


def _in_course(reader: Reader, row: Row, fits: Callable[[Row], bool]) -> bool:
    """Whether a message is for a visible course that fits, or for something visible in one."""
    of_course = reader.one(row, "course")
    if of_course is not None and fits(of_course):
        return True
    return any(
        fits(course)
        for field in ("courseMember", "submissionGroup", "courseGroup", "courseContent")
        for place in reader.many(row, field)
        for course in reader.many(place, "course")
    )


def _of_family(reader: Reader, row: Row, key: str) -> bool:
    return row["course_family_id"] == key or _in_course(reader, row, lambda course: course["course_family_id"] == key)


def _of_organization(reader: Reader, row: Row, key: str) -> bool:
    families: Iterable[Row] = reader.many(row, "courseFamily")
    return (
        row["organization_id"] == key
        or any(family["organization_id"] == key for family in families)
        or _in_course(reader, row, lambda course: course["organization_id"] == key)
    )


def _with_members(own: str, of_member: Callable[[Reader, Row, str], bool]) -> Callable[[Reader, Row, str], bool]:
    """Whether a message is for a group, or for a visible member of it."""

    def holds(reader: Reader, row: Row, key: str) -> bool:
        return row[own] == key or any(of_member(reader, member, key) for member in reader.many(row, "courseMember"))

    return holds


def _has_seat(reader: Reader, member: Row, key: str) -> bool:
    return any(seat["submission_group_id"] == key for seat in reader.many(member, "submissionGroupMembers"))


def _of_content(reader: Reader, row: Row, key: str) -> bool:
    groups: Iterable[Row] = reader.many(row, "submissionGroup")
    return row["course_content_id"] == key or any(group["course_content_id"] == key for group in groups)


def _tags(row: Row) -> set[str]:
    """The words of the title that begin with #, without it, in lower case; a deleted message has none."""
    if row["archived_at"] is not None:
        return set()
    return {lower(word[1:]) for word in re.split("[ \t\n\r\f\v]", row["title"]) if len(word) > 1 and word[0] == "#"}


def _is_unread(reader: Reader, row: Row, unread: bool) -> bool:  # noqa: FBT001 - as all of these take a value
    return unread != any(mark["reader_user_id"] == reader.viewer.user_id for mark in reader.many(row, "reads"))


_SPECIAL: dict[tuple[str, str], Callable[[Reader, Row, Any], bool]] = {
    ("CourseMember", "givenName"): lambda reader, row, part: _of_user(reader, row, "given_name", part),
    ("CourseMember", "familyName"): lambda reader, row, part: _of_user(reader, row, "family_name", part),
    ("Result", "courseMemberId"): _group_has,
    ("ApiToken", "scopes"): lambda _, row, scopes: set(scopes) <= set(row["scopes"]),
    ("ApiToken", "expired"): _has_expired,
    ("ApiToken", "revoked"): lambda _, row, revoked: (row["revoked_at"] is not None) == revoked,
    ("Session", "ipAddress"): _address,
    ("Session", "activeOnly"): lambda _, row, only: is_active(row) or not only,
    ("CourseContent", "hasDeployment"): lambda reader, row, has: bool(reader.many(row, "deployment")) == has,
    ("Example", "identifier"): lambda _, row, pattern: (
        lquery(pattern).fullmatch("".join(f"{label}." for label in row["identifier"].split("."))) is not None
    ),
    ("Example", "tags"): lambda _, row, tags: bool(set(tags) & set(row["tags"])),
    ("Example", "search"): _texts,
    ("CourseContentDeployment", "deployed"): lambda _, row, deployed: (row["deployed_at"] is not None) == deployed,
    ("CourseContentDeployment", "failed"): lambda _, row, failed: (row["deployment_status"] == "failed") == failed,
    ("SubmissionGroupGrading", "minGrade"): lambda _, row, least: bool(row["grading"] >= least),
    ("SubmissionGroupGrading", "maxGrade"): lambda _, row, most: bool(row["grading"] <= most),
    ("SubmissionGroupGrading", "hasFeedback"): lambda _, row, says: (row["feedback"] is not None) == says,
    ("Message", "courseId"): lambda reader, row, key: (
        row["course_id"] == key or _in_course(reader, row, lambda course: course["id"] == key)
    ),
    ("Message", "courseFamilyId"): _of_family,
    ("Message", "organizationId"): _of_organization,
    ("Message", "submissionGroupId"): _with_members("submission_group_id", _has_seat),
    ("Message", "courseGroupId"): _with_members(
        "course_group_id", lambda _, member, key: bool(member["course_group_id"] == key)
    ),
    ("Message", "courseContentId"): _of_content,
    ("Message", "unread"): _is_unread,
    ("Message", "createdAfter"): lambda _, row, moment: bool(row["created_at"] > moment),
    ("Message", "createdBefore"): lambda _, row, moment: bool(row["created_at"] < moment),
    ("Message", "tags"): lambda _, row, tags: {lower(tag) for tag in tags} <= _tags(row),
    ("Message", "anyTags"): lambda _, row, tags: bool({lower(tag) for tag in tags} & _tags(row)),
    ("Message", "tagPrefix"): lambda _, row, start: any(tag.startswith(lower(start)) for tag in _tags(row)),
}


def search_target(type_name: str, name: str) -> str | None:
    """The type whose id a search parameter takes; None where it takes no id."""
    return type_name if name == "id" else KEYS.get((type_name, _attribute(type_name, name)))


def check_search(type_name: str, parameters: Mapping[str, Any]) -> None:
    """InputError where a search parameter has a value that it cannot have."""
    for name, value in parameters.items():
        target = search_target(type_name, name)
        for text in value if isinstance(value, list) else [value]:
            if isinstance(text, str) and "\0" in text:
                raise InputError("NUL is no character")
        if value is not None and target is not None:
            read_id(value, target)
        if value is not None and (type_name, name) == ("Example", "identifier") and not _IDENTIFIERS.fullmatch(value):
            raise InputError(f"{value!r} is no identifier")
        if value is not None and name in ("descendants", "ascendants") and not _PATH.fullmatch(value.strip(".")):
            raise InputError(f"{value!r} is no path")
