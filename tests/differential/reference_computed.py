"""Fields that are computed: a function for each, over what the viewer reads in the row."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tests.differential.reference_access import TARGETS

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.differential.reference_rows import Row
    from tests.differential.reference_values import Reader

_URL = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*://)?(.*)", re.DOTALL)


def _full_name(reader: Reader, row: Row) -> str | None:
    given, family = reader.value(row, "given_name"), reader.value(row, "family_name")
    names = [name.strip(" ") for name in (given, family) if name is not None and name.strip(" ")]
    return " ".join(names) or None


def _user_name(reader: Reader, row: Row) -> str:
    username = (reader.value(row, "username") or "").strip(" ")
    return _full_name(reader, row) or username or f"User {row['id'][:8]}"


def _organization_name(reader: Reader, row: Row) -> str:
    title = (reader.value(row, "title") or "").strip(" ")
    return title or f"{row['organization_type'].capitalize()} {row['path']}"


def _kind(reader: Reader, row: Row) -> str | None:
    content_type = reader.one(row, "courseContentType")
    return None if content_type is None else reader.value(content_type, "course_content_kind_id")


def _is_submittable(reader: Reader, row: Row) -> bool | None:
    content_type = reader.one(row, "courseContentType")
    kind = None if content_type is None else reader.one(content_type, "courseContentKind")
    return None if kind is None else reader.value(kind, "submittable")


def _has_deployment(reader: Reader, row: Row) -> bool | None:
    return bool(reader.many(row, "deployment")) if _is_submittable(reader, row) else None


def _deployment_status(reader: Reader, row: Row) -> str | None:
    deployment = reader.one(row, "deployment")
    return None if deployment is None else reader.value(deployment, "deployment_status")


def _content(reader: Reader, row: Row) -> str | None:
    group = reader.one(row, "submissionGroup")
    return None if group is None else reader.value(group, "course_content_id")


def _avatar_color(_: Reader, row: Row) -> str | None:
    color = row["avatar_color"]
    return f"#{color:06x}" if color is not None and 0 <= color <= 0xFFFFFF else None


def _duration(_: Reader, row: Row) -> float | None:
    ended = row["logout_time"]
    return None if ended is None else ended.timestamp() - row["created_at"].timestamp()


def is_active(login: Row) -> bool:
    """Whether a login lasts."""
    is_over = login["expires_at"] is not None and login["expires_at"] <= datetime.now(UTC)
    return login["logout_time"] is None and login["revoked_at"] is None and not is_over


def _address(_: Reader, row: Row) -> str:
    """Without what lets somebody in: user and password, query and fragment."""
    scheme, rest = _URL.fullmatch(row["source_url"]).groups()  # type: ignore[union-attr] # it fits everything
    return (scheme or "") + re.split("[?#]", rest.rpartition("@")[2])[0]


def _scope(_: Reader, row: Row) -> str:
    return next((name.removesuffix("_id") for name in TARGETS if row[name] is not None), "global").upper()


def _unless_deleted(attribute: str, notice: str) -> Callable[[Reader, Row], str]:
    return lambda _, row: row[attribute] if row["archived_at"] is None else notice


def _is_author(reader: Reader, row: Row) -> bool:
    return bool(row["author_id"] == reader.viewer.user_id)


_TASKS = {0: "FINISHED", 2: "CANCELLED", 3: "QUEUED", 4: "QUEUED", 5: "STARTED", 7: "DEFERRED"}


def _is_read(reader: Reader, row: Row) -> bool:
    return any(mark["reader_user_id"] == reader.viewer.user_id for mark in reader.many(row, "reads"))


def _count(field: str) -> Callable[[Reader, Row], int]:
    return lambda reader, row: len(reader.many(row, field))


def _submitted(reader: Reader, row: Row) -> list[Row]:
    return [run for run in reader.many(row, "results") if run["submit"]]


def _newest(rows: list[Row]) -> Row | None:
    return max(rows, key=lambda row: (row["created_at"], row["id"]), default=None)


def _key(row: Row | None) -> str | None:
    return None if row is None else row["id"]


def _completed(reader: Reader, row: Row) -> list[Row]:
    return [run for run in reader.many(row, "results") if run["status"] == 0]


def _average(reader: Reader, row: Row) -> float | None:
    grades = [reader.value(grade, "grading") for grade in reader.many(row, "gradings")]
    return sum(grades) / len(grades) if grades else None


def _latest_grade(attribute: str) -> Callable[[Reader, Row], Any]:
    def value(reader: Reader, row: Row) -> Any:
        newest = _newest(reader.many(row, "gradings"))
        return None if newest is None else reader.value(newest, attribute)

    return value


COMPUTED: dict[tuple[str, str], Callable[[Reader, Row], Any]] = {
    ("User", "full_name"): _full_name,
    ("User", "display_name"): _user_name,
    ("Account", "display_name"): lambda _, row: f"{row['provider']} ({row['type']}): {row['provider_account_id']}",
    ("Profile", "display_name"): lambda _, row: (
        f"Profile {row['id'][:8]}" if row["nickname"] is None else row["nickname"]
    ),
    ("Profile", "avatar_color_hex"): _avatar_color,
    ("Profile", "has_custom_avatar"): lambda _, row: row["avatar_image"] is not None,
    ("Session", "is_active"): lambda _, row: is_active(row),
    ("Session", "session_duration"): _duration,
    ("Session", "display_name"): lambda _, row: f"{row['ip_address']}, {row['created_at']:%Y-%m-%d}",
    ("Organization", "display_name"): _organization_name,
    ("Organization", "path_components"): lambda _, row: row["path"].split("."),
    ("CourseContent", "course_content_kind_id"): _kind,
    ("CourseContent", "is_submittable"): _is_submittable,
    ("CourseContent", "has_deployment"): _has_deployment,
    ("CourseContent", "deployment_status"): _deployment_status,
    ("SubmissionGroupMember", "course_content_id"): _content,
    ("ExampleRepository", "source_url"): _address,
    ("Message", "title"): _unless_deleted("title", "Deleted"),
    ("Message", "content"): _unless_deleted("content", "This message was deleted."),
    ("Message", "scope"): _scope,
    ("Message", "is_author"): _is_author,
    ("Message", "is_read"): _is_read,
    ("User", "is_service"): lambda _, row: row["user_type"] == "token",
    ("Result", "task_status"): lambda _, row: _TASKS.get(row["status"], "FAILED"),
    ("SubmissionArtifact", "test_results_count"): _count("results"),
    ("SubmissionArtifact", "grades_count"): _count("gradings"),
    ("SubmissionArtifact", "reviews_count"): _count("reviews"),
    ("SubmissionArtifact", "average_grade"): _average,
    ("SubmissionArtifact", "latest_result_id"): lambda reader, row: _key(_newest(_completed(reader, row))),
    ("SubmissionGroup", "member_count"): _count("members"),
    ("SubmissionGroup", "test_run_count"): _count("results"),
    ("SubmissionGroup", "submission_count"): lambda reader, row: len(_submitted(reader, row)),
    ("SubmissionGroup", "last_submitted_result_id"): lambda reader, row: _key(_newest(_submitted(reader, row))),
    ("SubmissionGroup", "grading_count"): _count("gradings"),
    ("SubmissionGroup", "latest_grading_id"): lambda reader, row: _key(_newest(reader.many(row, "gradings"))),
    ("SubmissionGroup", "latest_grade"): _latest_grade("grading"),
    ("SubmissionGroup", "status"): _latest_grade("status"),
}
