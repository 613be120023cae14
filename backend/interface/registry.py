"""The interfaces, all of them. Adding an entity ends with a line here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backend.interface.account import AccountInterface
from backend.interface.api_token import ApiTokenInterface
from backend.interface.course import CourseInterface
from backend.interface.course_content import CourseContentInterface
from backend.interface.course_content_deployment import CourseContentDeploymentInterface
from backend.interface.course_content_kind import CourseContentKindInterface
from backend.interface.course_content_type import CourseContentTypeInterface
from backend.interface.course_execution_backend import CourseExecutionBackendInterface
from backend.interface.course_family import CourseFamilyInterface
from backend.interface.course_family_member import CourseFamilyMemberInterface
from backend.interface.course_family_role import CourseFamilyRoleInterface
from backend.interface.course_group import CourseGroupInterface
from backend.interface.course_member import CourseMemberInterface
from backend.interface.course_member_comment import CourseMemberCommentInterface
from backend.interface.course_role import CourseRoleInterface
from backend.interface.deployment_history import DeploymentHistoryInterface
from backend.interface.example import ExampleInterface
from backend.interface.example_dependency import ExampleDependencyInterface
from backend.interface.example_repository import ExampleRepositoryInterface
from backend.interface.example_version import ExampleVersionInterface
from backend.interface.execution_backend import ExecutionBackendInterface
from backend.interface.group import GroupInterface
from backend.interface.group_claim import GroupClaimInterface
from backend.interface.message import MessageInterface
from backend.interface.message_read import MessageReadInterface
from backend.interface.organization import OrganizationInterface
from backend.interface.organization_member import OrganizationMemberInterface
from backend.interface.organization_role import OrganizationRoleInterface
from backend.interface.profile import ProfileInterface
from backend.interface.result import ResultInterface
from backend.interface.result_artifact import ResultArtifactInterface
from backend.interface.role import RoleInterface
from backend.interface.role_claim import RoleClaimInterface
from backend.interface.session import SessionInterface
from backend.interface.student_profile import StudentProfileInterface
from backend.interface.submission_artifact import SubmissionArtifactInterface
from backend.interface.submission_group import SubmissionGroupInterface
from backend.interface.submission_group_grading import SubmissionGroupGradingInterface
from backend.interface.submission_group_member import SubmissionGroupMemberInterface
from backend.interface.submission_review import SubmissionReviewInterface
from backend.interface.user import UserInterface
from backend.interface.user_group import UserGroupInterface
from backend.interface.user_role import UserRoleInterface

if TYPE_CHECKING:
    from backend.interface.base import EntityInterface

INTERFACES: tuple[type[EntityInterface], ...] = (
    UserInterface,
    RoleInterface,
    UserRoleInterface,
    AccountInterface,
    ProfileInterface,
    StudentProfileInterface,
    SessionInterface,
    ApiTokenInterface,
    RoleClaimInterface,
    GroupInterface,
    GroupClaimInterface,
    UserGroupInterface,
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
    CourseExecutionBackendInterface,
    ExampleRepositoryInterface,
    ExampleInterface,
    ExampleVersionInterface,
    ExampleDependencyInterface,
    CourseContentDeploymentInterface,
    DeploymentHistoryInterface,
    SubmissionGroupInterface,
    SubmissionGroupMemberInterface,
    SubmissionArtifactInterface,
    ResultInterface,
    ResultArtifactInterface,
    SubmissionGroupGradingInterface,
    SubmissionReviewInterface,
    CourseMemberCommentInterface,
    OrganizationRoleInterface,
    OrganizationMemberInterface,
    CourseFamilyRoleInterface,
    CourseFamilyMemberInterface,
    MessageInterface,
    MessageReadInterface,
)
