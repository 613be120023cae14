"""The interfaces, all of them. Adding an entity ends with a line here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backend.interface.course import CourseInterface
from backend.interface.course_content import CourseContentInterface
from backend.interface.course_content_kind import CourseContentKindInterface
from backend.interface.course_content_type import CourseContentTypeInterface
from backend.interface.course_family import CourseFamilyInterface
from backend.interface.course_group import CourseGroupInterface
from backend.interface.course_member import CourseMemberInterface
from backend.interface.course_role import CourseRoleInterface
from backend.interface.execution_backend import ExecutionBackendInterface
from backend.interface.organization import OrganizationInterface
from backend.interface.result import ResultInterface
from backend.interface.role import RoleInterface
from backend.interface.submission_group import SubmissionGroupInterface
from backend.interface.submission_group_member import SubmissionGroupMemberInterface
from backend.interface.user import UserInterface
from backend.interface.user_role import UserRoleInterface

if TYPE_CHECKING:
    from backend.interface.base import EntityInterface

INTERFACES: tuple[type[EntityInterface], ...] = (
    UserInterface,
    RoleInterface,
    UserRoleInterface,
    OrganizationInterface,
    CourseFamilyInterface,
    CourseInterface,
    CourseRoleInterface,
    CourseGroupInterface,
    CourseMemberInterface,
    CourseContentKindInterface,
    CourseContentTypeInterface,
    CourseContentInterface,
    ExecutionBackendInterface,
    SubmissionGroupInterface,
    SubmissionGroupMemberInterface,
    ResultInterface,
)
