"""The rows of a whole database as plain dicts, and the ways from one row to others.

Names of relations are those that clients see; each is written out, so that nothing here follows from the code it tests.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

import psycopg
from psycopg import sql
from psycopg.rows import dict_row
from sqlalchemy import inspect

from backend.interface.registry import INTERFACES as ALL_INTERFACES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# Type and key attribute; the field to one and its type; the field on that type, to many unless it ends in ?.
_KEYS = """
    User.created_by_id                          createdBy          User               -
    User.updated_by_id                          updatedBy          User               -
    UserRole.user_id                            user               User               userRoles
    UserRole.role_id                            role               Role               userRoles
    UserRole.created_by_id                      createdBy          User               -
    UserRole.updated_by_id                      updatedBy          User               -
    Organization.user_id                        user               User               organization?
    Organization.created_by_id                  createdBy          User               -
    Organization.updated_by_id                  updatedBy          User               -
    CourseFamily.organization_id                organization       Organization       courseFamilies
    CourseFamily.created_by_id                  createdBy          User               -
    CourseFamily.updated_by_id                  updatedBy          User               -
    Course.course_family_id                     courseFamily       CourseFamily       courses
    Course.organization_id                      organization       Organization       courses
    Course.created_by_id                        createdBy          User               -
    Course.updated_by_id                        updatedBy          User               -
    CourseGroup.course_id                       course             Course             courseGroups
    CourseGroup.created_by_id                   createdBy          User               -
    CourseGroup.updated_by_id                   updatedBy          User               -
    CourseMember.course_id                      course             Course             members
    CourseMember.user_id                        user               User               courseMembers
    CourseMember.course_group_id                courseGroup        CourseGroup        courseMembers
    CourseMember.course_role_id                 courseRole         CourseRole         courseMembers
    CourseMember.created_by_id                  createdBy          User               -
    CourseMember.updated_by_id                  updatedBy          User               -
    CourseContentType.course_id                 course             Course             contentTypes
    CourseContentType.course_content_kind_id    courseContentKind  CourseContentKind  courseContentTypes
    CourseContentType.created_by_id             createdBy          User               -
    CourseContentType.updated_by_id             updatedBy          User               -
    CourseContent.course_id                     course             Course             contents
    CourseContent.course_content_type_id        courseContentType  CourseContentType  courseContents
    CourseContent.execution_backend_id          executionBackend   ExecutionBackend   courseContents
    CourseContent.created_by_id                 createdBy          User               -
    CourseContent.updated_by_id                 updatedBy          User               -
    ExecutionBackend.created_by_id              createdBy          User               -
    ExecutionBackend.updated_by_id              updatedBy          User               -
    SubmissionGroup.course_id                   course             Course             submissionGroups
    SubmissionGroup.course_content_id           courseContent      CourseContent      submissionGroups
    SubmissionGroup.created_by_id               createdBy          User               -
    SubmissionGroup.updated_by_id               updatedBy          User               -
    SubmissionGroupMember.submission_group_id   submissionGroup    SubmissionGroup    members
    SubmissionGroupMember.course_member_id      courseMember       CourseMember       submissionGroupMembers
    SubmissionGroupMember.course_id             course             Course             -
    SubmissionGroupMember.created_by_id         createdBy          User               -
    SubmissionGroupMember.updated_by_id         updatedBy          User               -
    Result.course_member_id                     courseMember       CourseMember       results
    Result.submission_group_id                  submissionGroup    SubmissionGroup    results
    Result.course_content_id                    courseContent      CourseContent      results
    Result.course_content_type_id               courseContentType  CourseContentType  results
    Result.execution_backend_id                 executionBackend   ExecutionBackend   results
    Result.created_by_id                        createdBy          User               -
    Result.updated_by_id                        updatedBy          User               -
"""

# The entities whose rules the reference knows.
_COVERED = {line.split(".")[0].strip() for line in _KEYS.strip().splitlines()} | {
    "Role",
    "CourseRole",
    "CourseContentKind",
}
INTERFACES = tuple(interface for interface in ALL_INTERFACES if interface.model.__name__ in _COVERED)
KEY_PARTS = {"UserRole": ("user_id", "role_id")}
TEXT_KEYS = {"Role", "CourseRole", "CourseContentKind"}
ARCHIVABLE = {"User", "Organization", "CourseContent"}


@dataclass(frozen=True, eq=False)
class Row:
    """A row as it is in its table: nothing hidden. Two are the same only where they are the same object."""

    type: str
    values: Mapping[str, Any]


@dataclass(frozen=True)
class Relation:
    """A field that leads to rows of `target`; `attribute` is the key that it goes along, None in a tree."""

    target: str
    to_many: bool
    attribute: str | None
    forward: bool = True


def _relations() -> tuple[dict[tuple[str, str], Relation], dict[tuple[str, str], str]]:
    """Relations by type and field, and what type an attribute is the key of."""
    relations: dict[tuple[str, str], Relation] = {}
    keys: dict[tuple[str, str], str] = {}
    for line in _KEYS.strip().splitlines():
        key, field, target, back = line.split()
        own, attribute = key.split(".")
        relations[own, field] = Relation(target, to_many=False, attribute=attribute)
        keys[own, attribute] = target
        if back != "-":
            to_many = not back.endswith("?")
            relations[target, back.rstrip("?")] = Relation(own, to_many, attribute, forward=False)
    for field, to_many in (("parent", False), ("children", True), ("ancestors", True), ("descendants", True)):
        relations["CourseContent", field] = Relation("CourseContent", to_many, None)
    keys["CourseContent", "course_content_kind_id"] = "CourseContentKind"
    keys["SubmissionGroupMember", "course_content_id"] = "CourseContent"
    # An entity whose rules are not known here: its keys are, and no way leads there.
    keys["Result", "submission_artifact_id"] = "SubmissionArtifact"
    return relations, keys


RELATIONS, KEYS = _relations()


class World:
    """All rows of a database, read once."""

    def __init__(self, database_url: str) -> None:
        self.rows: dict[str, list[Row]] = {}
        with psycopg.connect(database_url, row_factory=dict_row, client_encoding="utf8") as connection:
            connection.execute("SET TIME ZONE 'UTC'")
            for interface in INTERFACES:
                columns = inspect(interface.model).columns
                names = sql.SQL(", ").join(
                    sql.SQL("{} AS {}").format(sql.Identifier(column.name), sql.Identifier(attribute))
                    for attribute, column in columns.items()
                )
                table = sql.Identifier(interface.model.__tablename__)
                found = connection.execute(sql.SQL("SELECT {} FROM {}").format(names, table))
                name = interface.model.__name__
                self.rows[name] = sorted((Row(name, _plain(row)) for row in found), key=key_of)
            claims = connection.execute("SELECT role_id, claim_value FROM role_claim WHERE claim_type = 'permissions'")
            self.claims = [(row["role_id"], row["claim_value"]) for row in claims]
        self._by_key = {(row.type, key_of(row)): row for rows in self.rows.values() for row in rows}
        self._by_reference: dict[tuple[str, str, Any], list[Row]] = defaultdict(list)
        for own, attribute in KEYS:
            for row in self.rows[own]:
                if attribute in row.values:
                    self._by_reference[own, attribute, row.values[attribute]].append(row)
        self._nodes = {(row.values["course_id"], labels(row)): row for row in self.rows["CourseContent"]}

    def get(self, type_name: str, key: tuple[str, ...]) -> Row | None:
        """The row with this key."""
        return self._by_key.get((type_name, key))

    def referring(self, type_name: str, attribute: str, key: str) -> list[Row]:
        """The rows of a type whose attribute holds the key."""
        return self._by_reference.get((type_name, attribute, key), [])

    def related(self, row: Row, field: str) -> Iterable[Row]:
        """The rows that a relation leads to, whoever may see them."""
        relation = RELATIONS[row.type, field]
        if relation.attribute is None:
            return self._in_tree(row, field)
        if relation.forward:
            target = self.get(relation.target, (row.values[relation.attribute],))
            return [] if target is None else [target]
        return self.referring(relation.target, relation.attribute, row.values["id"])

    def _in_tree(self, row: Row, field: str) -> list[Row]:
        own = labels(row)
        course = self.referring("CourseContent", "course_id", row.values["course_id"])
        if field == "parent":
            return [other for other in course if len(own) > 1 and labels(other) == own[:-1]]
        if field == "children":
            return [other for other in course if labels(other)[:-1] == own]
        if field == "ancestors":
            return [
                other
                for other in course
                if len(labels(other)) < len(own) and own[: len(labels(other))] == labels(other)
            ]
        return [other for other in course if len(labels(other)) > len(own) and labels(other)[: len(own)] == own]

    def tree_order(self, row: Row) -> tuple[Any, ...]:
        """Sorts the nodes of a course depth first, siblings by position and then by path."""
        path = labels(row)
        above = [self._nodes[row.values["course_id"], path[:depth]] for depth in range(1, len(path) + 1)]
        return tuple((node.values["position"], labels(node)) for node in above)


def key_of(row: Row) -> tuple[str, ...]:
    """The parts of a row's key."""
    return tuple(row.values[part] for part in KEY_PARTS.get(row.type, ("id",)))


def labels(row: Row) -> tuple[str, ...]:
    """The labels of a row's path."""
    return tuple(row.values["path"].split("."))


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: str(value) if isinstance(value, UUID) else value for name, value in row.items()}
