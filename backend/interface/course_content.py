"""Course content: a node in the tree of a course."""

from datetime import datetime
from typing import Any

from pydantic import Field
from sqlalchemy import ColumnElement, Select, case

from backend.access.policy import Action, Grant, Level, Policy, courses, not_archived
from backend.interface.base import (
    BaseEntityGet,
    BaseEntityList,
    BaseEntityUpdate,
    EntityInterface,
    Expression,
    KeyedEntityCreate,
    Row,
)
from backend.interface.content_tree import CHECKS, move_descendants
from backend.interface.deployment_status import DeploymentStatus
from backend.interface.individual_groups import for_contents
from backend.interface.rules import ContentPath, GroupSize, Kept, Position, Quota, Title
from backend.interface.search import TreeQuery, along_tree, equalities
from backend.interface.trees import ancestors, children, descendants, parent
from backend.model import CourseContent, CourseContentDeployment, CourseContentKind, CourseContentType


class CourseContentList(BaseEntityList):
    """A node in a list."""

    id: str = Field(description="Key.")
    title: str | None = Field(None, max_length=255, description="Name shown to people.")
    path: str = Field(description="Place in the tree of the course.")
    course_id: str = Field(description="Key of the course.")
    course_content_type_id: str = Field(description="Key of the content type.")
    course_content_kind_id: str | None = Field(None, description="Key of the kind that its type belongs to.")
    is_submittable: bool | None = Field(None, description="Whether it takes submissions.")
    has_deployment: bool | None = Field(None, description="Whether an example is assigned; null where none can be.")
    deployment_status: DeploymentStatus | None = Field(None, description="How far its deployment has come.")
    position: float = Field(description="Place among its siblings.")
    max_group_size: int | None = Field(None, description="Largest team; null or 1 is individual work.")
    max_test_runs: int | None = Field(None, description="How many test runs a group has; null is unlimited.")
    max_submissions: int | None = Field(None, description="How many submissions a group has; null is unlimited.")
    execution_backend_id: str | None = Field(None, description="Key of the backend that tests it.")
    archived_at: datetime | None = Field(None, description="When it was archived.")


class CourseContentGet(CourseContentList, BaseEntityGet):
    """A node in the tree of a course."""

    description: str | None = Field(None, max_length=4096, description="What it is about.")
    properties: dict[str, Any] | None = Field(None, description="Data of other systems, without secrets.")


class CourseContentUpdate(BaseEntityUpdate):
    """What to change in a node; with a new path its descendants move too."""

    title: Title | None = Field(None, description="Name shown to people.")
    description: str | None = Field(None, max_length=4096, description="What it is about.")
    path: Kept[ContentPath] = Field(None, description="Place in the tree of the course, in lower case.")
    course_content_type_id: Kept[str] = Field(None, description="Key of a content type of the same course.")
    position: Kept[Position] = Field(None, description="Place among its siblings.")
    max_group_size: GroupSize | None = Field(None, description="Largest team; null or 1 is individual work.")
    max_test_runs: Quota | None = Field(None, description="How many test runs a group has; null is unlimited.")
    max_submissions: Quota | None = Field(None, description="How many submissions a group has; null is unlimited.")
    execution_backend_id: str | None = Field(None, description="Key of the backend that tests it.")
    properties: dict[str, Any] | None = Field(None, description="Data of other systems.")


class CourseContentCreate(KeyedEntityCreate, CourseContentUpdate):
    """A node to create."""

    path: ContentPath = Field(description="Place in the tree of the course, in lower case.")
    course_id: str = Field(description="Key of the course.")
    course_content_type_id: str = Field(description="Key of a content type of the same course.")
    position: Position = Field(0, description="Place among its siblings.")


class CourseContentQuery(TreeQuery):
    """Search for contents."""

    title: str | None = Field(None, description="Title, exactly.")
    course_id: str | None = Field(None, description="Key of the course.")
    course_content_type_id: str | None = Field(None, description="Key of the content type.")
    position: float | None = Field(None, description="Position, exactly.")
    max_group_size: int | None = Field(None, description="Largest team, exactly.")
    max_test_runs: int | None = Field(None, description="Test runs, exactly.")
    max_submissions: int | None = Field(None, description="Submissions, exactly.")
    execution_backend_id: str | None = Field(None, description="Key of the execution backend.")
    course_content_kind_id: str | None = Field(None, description="Key of the kind.")
    is_submittable: bool | None = Field(None, description="Whether it takes submissions.")
    has_deployment: bool | None = Field(None, description="Whether there is a deployment.")
    deployment_status: DeploymentStatus | None = Field(None, description="How far its deployment has come.")


_EQUALITIES = (
    "title",
    "course_id",
    "course_content_type_id",
    "position",
    "max_group_size",
    "max_test_runs",
    "max_submissions",
    "execution_backend_id",
)


def course_content_search(statement: Select[Any], query: CourseContentQuery) -> Select[Any]:
    """Contents that agree with all that is given."""
    statement = equalities(along_tree(statement, CourseContent.path, query), CourseContent, query, _EQUALITIES)
    if query.course_content_kind_id is not None:
        statement = statement.where(
            CourseContent.course_content_type.has(
                CourseContentType.course_content_kind_id == query.course_content_kind_id
            )
        )
    if query.is_submittable is not None:
        statement = statement.where(
            CourseContent.course_content_type.has(
                CourseContentType.course_content_kind.has(CourseContentKind.submittable == query.is_submittable)
            )
        )
    if query.has_deployment is not None:
        has_one = CourseContent.deployment.has()
        statement = statement.where(has_one if query.has_deployment else ~has_one)
    if query.deployment_status is not None:
        is_there = CourseContentDeployment.deployment_status == query.deployment_status.value
        statement = statement.where(CourseContent.deployment.has(is_there))
    return statement


def _has_deployment(row: Row) -> ColumnElement[Any]:
    is_submittable = row["course_content_type.course_content_kind.submittable"]
    return case((is_submittable, row["deployment.id"].is_not(None)), else_=None)


class CourseContentInterface(EntityInterface):
    """A node in the tree of a course: a unit, or an assignment."""

    create = CourseContentCreate
    get = CourseContentGet
    list = CourseContentList
    update = CourseContentUpdate
    query = CourseContentQuery
    search = course_content_search
    endpoint = "course-contents"
    model = CourseContent
    cache_ttl = 300
    policy = Policy(
        read=(
            Grant("course_id", courses(at_least=Level.STUDENT), where=not_archived("archived_at")),
            Grant("course_id", courses(at_least=Level.TUTOR)),
        ),
        create=(Grant("course_id", courses(at_least=Level.LECTURER)),),
        update=(Grant("course_id", courses(at_least=Level.LECTURER)),),
        delete=(Grant("course_id", courses(at_least=Level.LECTURER)),),
        archive=(Grant("course_id", courses(at_least=Level.LECTURER)),),
        checks=CHECKS,
    )
    trigger_attribute = "path"
    # Nodes are placed by others' paths, which must not change meanwhile.
    locks = ("course",)
    effects = {Action.CREATE: (for_contents,), Action.UPDATE: (move_descendants,)}
    computed = {
        "course_content_kind_id": Expression(
            lambda row: row["course_content_type.course_content_kind_id"], target=CourseContentKind
        ),
        "is_submittable": Expression(lambda row: row["course_content_type.course_content_kind.submittable"]),
        "has_deployment": Expression(_has_deployment),
        "deployment_status": Expression(lambda row: row["deployment.deployment_status"]),
    }
    trees = {
        "parent": parent("The node above it.", "course_id"),
        "children": children("The nodes right below it.", "course_id"),
        "ancestors": ancestors("The nodes above it, root first.", "course_id"),
        "descendants": descendants("The nodes below it, depth first.", "course_id"),
    }
    default_order = ("course_id", "tree_key")
