"""What a viewer reads in a row: columns, computed fields, relations and ids."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from tests.differential.reference_rows import ARCHIVABLE, KEY_PARTS, KEYS, RELATIONS, TEXT_KEYS, key_of

if TYPE_CHECKING:
    from tests.differential.reference_access import Viewer
    from tests.differential.reference_rows import Row, World

STATUSES = ("COMPLETED", "FAILED", "CANCELLED", "SCHEDULED", "PENDING", "RUNNING", "CRASHED", "PAUSED")
# Names of GraphQL by values of PostgreSQL, in PostgreSQL's order.
USER_TYPES = {"user": "USER", "token": "TOKEN"}
ORGANIZATION_TYPES = {"user": "USER", "community": "COMMUNITY", "organization": "ORGANIZATION"}
_SECRETS = ("token", "password", "secret", "credential")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class InputError(Exception):
    """The arguments break a rule, so that the whole request is refused."""


class Reader:
    """A world as one viewer reads it."""

    def __init__(self, world: World, viewer: Viewer) -> None:
        self.world = world
        self.viewer = viewer

    def many(self, row: Row, field: str) -> list[Row]:
        """The visible rows that a relation leads to."""
        relation = RELATIONS[row.type, field]
        if relation.forward and relation.attribute and not self.viewer.reads(row, relation.attribute):
            return []
        return [other for other in self.world.related(row, field) if self.viewer.sees(other)]

    def one(self, row: Row, field: str) -> Row | None:
        """The row that a relation to one leads to, where it is visible."""
        return next(iter(self.many(row, field)), None)

    def value(self, row: Row, attribute: str) -> Any:  # noqa: PLR0911 - a line for each rule
        """What stands in an attribute for the viewer, before it is made fit for JSON."""
        computed = getattr(self, f"_{row.type}_{attribute}", None)
        if computed is not None:
            return computed(row)
        if not self.viewer.reads(row, attribute):
            return None
        value = row.values[attribute]
        if attribute == "version" and value is None:
            return 0
        if (row.type, attribute) == ("CourseContentType", "color") and value is None:
            return "green"
        if (row.type, attribute) == ("Result", "status"):
            return STATUSES[value] if value in range(len(STATUSES)) else None
        if attribute == "user_type":
            return USER_TYPES[value]
        if attribute == "organization_type":
            return ORGANIZATION_TYPES[value]
        return value

    def field(self, row: Row, name: str) -> Any:
        """The value of a field as JSON has it."""
        if name == "id":
            return global_id(row.type, database_id(row))
        if name == "databaseId":
            return database_id(row)
        attribute = snake_case(name)
        value = self.value(row, attribute)
        target = KEYS.get((row.type, attribute))
        if target is not None and value is not None:
            return global_id(target, value)
        if isinstance(value, dict):
            return without_secrets(value)
        return str(value) if name == "version" and value is not None else as_json(value)

    def _User_full_name(self, row: Row) -> str | None:  # noqa: N802 - the type, then the attribute
        given, family = self.value(row, "given_name"), self.value(row, "family_name")
        names = [name.strip(" ") for name in (given, family) if name is not None and name.strip(" ")]
        return " ".join(names) or None

    def _User_display_name(self, row: Row) -> str:  # noqa: N802 - the type, then the attribute
        username = (self.value(row, "username") or "").strip(" ")
        return self._User_full_name(row) or username or f"User {row.values['id'][:8]}"

    def _Organization_display_name(self, row: Row) -> str:  # noqa: N802 - the type, then the attribute
        title = (self.value(row, "title") or "").strip(" ")
        return title or f"{row.values['organization_type'].capitalize()} {row.values['path']}"

    def _Organization_path_components(self, row: Row) -> list[str]:  # noqa: N802 - the type, then the attribute
        components: list[str] = row.values["path"].split(".")
        return components

    def _CourseContent_course_content_kind_id(self, row: Row) -> str | None:  # noqa: N802 - the type, then the attribute
        content_type = self.one(row, "courseContentType")
        return None if content_type is None else self.value(content_type, "course_content_kind_id")

    def _CourseContent_is_submittable(self, row: Row) -> bool | None:  # noqa: N802 - the type, then the attribute
        content_type = self.one(row, "courseContentType")
        kind = None if content_type is None else self.one(content_type, "courseContentKind")
        return None if kind is None else self.value(kind, "submittable")

    def _SubmissionGroupMember_course_content_id(self, row: Row) -> str | None:  # noqa: N802 - the type, then the attribute
        group = self.one(row, "submissionGroup")
        return None if group is None else self.value(group, "course_content_id")


def is_archived(row: Row) -> bool:
    """Whether lists leave the row out unless asked."""
    return row.type in ARCHIVABLE and row.values["archived_at"] is not None


def database_id(row: Row) -> str:
    """The key as one text."""
    key = key_of(row)
    return ",".join(quote(part, safe="") for part in key) if row.type in KEY_PARTS else key[0]


def global_id(type_name: str, key: str) -> str:
    """The id that is unique over all types."""
    return f"{type_name}:{key}"


def read_id(text: str, type_name: str) -> tuple[str, ...]:
    """The key that an id of the type names, global or bare; InputError where it is none."""
    bare = text.removeprefix(f"{type_name}:")
    if type_name in KEY_PARTS:
        parts = tuple(unquote(part) for part in bare.split(","))
        if len(parts) != len(KEY_PARTS[type_name]) or not _UUID.fullmatch(parts[0]) or "\0" in bare:
            raise InputError(f"{text!r} is no id of {type_name}")
        return parts
    fits = "\0" not in bare if type_name in TEXT_KEYS else _UUID.fullmatch(bare)
    if not fits:
        raise InputError(f"{text!r} is no id of {type_name}")
    return (bare,)


def as_json(value: Any) -> Any:
    """A moment as clients read it; anything else as it is."""
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value


def without_secrets(value: Any) -> Any:
    """JSON without the keys that are named like secrets, however deep they stand."""
    if isinstance(value, dict):
        return {key: without_secrets(inner) for key, inner in value.items() if not _is_secret(key)}
    return [without_secrets(inner) for inner in value] if isinstance(value, list) else value


def _is_secret(key: str) -> bool:
    return any(word in key.lower() for word in _SECRETS)


@cache
def snake_case(name: str) -> str:
    """The name of the attribute that a field shows."""
    return re.sub("[A-Z]", lambda letter: f"_{letter[0].lower()}", name)
