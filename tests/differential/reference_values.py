"""What a viewer reads in a row: columns, computed fields, relations and ids."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from tests.differential.reference_computed import COMPUTED
from tests.differential.reference_relations import ARCHIVABLE, KEY_PARTS, KEYS, RELATIONS, TEXT_KEYS, TEXT_PARTS
from tests.differential.reference_rows import key_of

if TYPE_CHECKING:
    from tests.differential.reference_access import Viewer
    from tests.differential.reference_rows import Row, World

_STATUSES = ("COMPLETED", "FAILED", "CANCELLED", "SCHEDULED", "PENDING", "RUNNING", "CRASHED", "PAUSED")
_GRADINGS = ("NOT_REVIEWED", "CORRECTED", "CORRECTION_NECESSARY", "IMPROVEMENT_POSSIBLE")


def _upper(*names: str) -> dict[Any, str]:
    return {name: name.upper() for name in names}


_DEPLOYMENTS = _upper("deployed", "deploying", "failed", "pending", "unassigned")
# Names of GraphQL by values of PostgreSQL, in the order in which these sort: as declared, as numbers or as texts.
ENUMS: dict[tuple[str, str], dict[Any, str]] = {
    ("User", "user_type"): _upper("user", "token"),
    ("Organization", "organization_type"): _upper("user", "community", "organization"),
    ("Group", "type"): _upper("fixed", "dynamic"),
    ("ExampleRepository", "source_type"): _upper("git", "github", "gitlab", "minio", "s3"),
    ("CourseContentDeployment", "deployment_status"): _DEPLOYMENTS,
    ("CourseContent", "deployment_status"): _DEPLOYMENTS,
    ("DeploymentHistory", "action"): _upper(
        "assigned", "deployed", "deploying", "failed", "migrated", "reassigned", "unassigned", "updated"
    ),
    ("Result", "status"): dict(enumerate(_STATUSES)),
    ("Result", "task_status"): _upper("cancelled", "deferred", "failed", "finished", "queued", "started"),
    ("SubmissionGroupGrading", "status"): dict(enumerate(_GRADINGS)),
    ("SubmissionGroup", "status"): dict(enumerate(_GRADINGS)),
    ("Message", "scope"): _upper(
        *("course", "course_content", "course_family", "course_group", "course_member"),
        *("global", "organization", "submission_group", "user"),
    ),
}
# What null reads as; of a hidden version, though, nothing is read.
_NULLS: dict[tuple[str, str], Any] = {("CourseContentType", "color"): "green", ("UserGroup", "transient"): False}
BIG_INTEGERS = {"version", "usage_count", "file_size"}
_PATHS = {"path", "parent_path", "identifier", "example_identifier"}
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
        reads = self.viewer.reads
        if relation.forward and relation.attribute and not reads(row, relation.attribute):
            return []
        others = [other for other in self.world.related(row, field) if self.viewer.sees(other)]
        # A key that is hidden leads nowhere, from either end.
        back = None if relation.forward else relation.attribute
        return others if back is None else [other for other in others if reads(other, back)]

    def one(self, row: Row, field: str) -> Row | None:
        """The row that a relation to one leads to, where it is visible."""
        return next(iter(self.many(row, field)), None)

    def value(self, row: Row, attribute: str) -> Any:
        """What stands in an attribute for the viewer, before it is made fit for JSON."""
        computed = COMPUTED.get((row.type, attribute))
        if computed is not None:
            return computed(self, row)
        if not self.viewer.reads(row, attribute):
            return None
        value = row.values[attribute]
        if value is None:
            return 0 if attribute == "version" else _NULLS.get((row.type, attribute))
        names = ENUMS.get((row.type, attribute))
        # A column that is no enum may hold what the enum does not know.
        return value if names is None else names.get(value)

    def field(self, row: Row, name: str) -> Any:
        """The value of a field as JSON has it."""
        if name == "id":
            return global_id(row.type, database_id(row))
        if name == "databaseId":
            return database_id(row)
        return shown(row.type, snake_case(name), self.value(row, snake_case(name)))


def shown(type_name: str, attribute: str, value: Any) -> Any:
    """The value of an attribute as JSON has it."""
    target = KEYS.get((type_name, attribute))
    if target is not None and value is not None:
        return global_id(target, value)
    if isinstance(value, dict):
        return without_secrets(value)
    return str(value) if attribute in BIG_INTEGERS and value is not None else as_json(value)


def sort_key(type_name: str, attribute: str, value: Any) -> Any:
    """What a value that is not null is ordered by."""
    names = ENUMS.get((type_name, attribute))
    if names is not None:
        return list(names.values()).index(value)
    return tuple(value.split(".")) if attribute in _PATHS else value


def is_archived(row: Row) -> bool:
    """Whether lists leave the row out unless asked."""
    return row.type in ARCHIVABLE and row.values["archived_at"] is not None


def database_id(row: Row) -> str:
    """The key as one text."""
    return key_text(row.type, key_of(row))


def key_text(type_name: str, key: tuple[str, ...]) -> str:
    """A key as one text; the parts of one that has several are told apart by commas, which they escape."""
    if type_name not in KEY_PARTS:
        return key[0]
    return ",".join(part.replace("%", "%25").replace(",", "%2C") for part in key)


def global_id(type_name: str, key: str) -> str:
    """The id that is unique over all types."""
    return f"{type_name}:{key}"


def read_id(text: str, type_name: str) -> tuple[str, ...]:
    """The key that an id of the type names, global or bare; InputError where it is none."""
    bare = text.removeprefix(f"{type_name}:")
    if type_name in KEY_PARTS:
        parts = tuple(unquote(part) for part in bare.split(","))
        names = KEY_PARTS[type_name]
        if len(parts) != len(names) or not all(map(_is_part, names, parts)):
            raise InputError(f"{text!r} is no id of {type_name}")
        return parts
    fits = "\0" not in bare if type_name in TEXT_KEYS else _UUID.fullmatch(bare)
    if not fits:
        raise InputError(f"{text!r} is no id of {type_name}")
    return (bare,)


def _is_part(name: str, part: str) -> bool:
    return "\0" not in part if name in TEXT_PARTS else _UUID.fullmatch(part) is not None


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
