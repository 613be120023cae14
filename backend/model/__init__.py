"""The tables of the platform, one module for each aggregate: the source of truth for all layers above."""

from backend.model.api_token import ApiToken
from backend.model.base import Base
from backend.model.course import Course
from backend.model.course_content import CourseContent, CourseContentKind, CourseContentType
from backend.model.course_family import CourseFamily
from backend.model.course_family_member import CourseFamilyMember, CourseFamilyRole
from backend.model.course_member import CourseGroup, CourseMember, CourseMemberComment, CourseRole
from backend.model.deployment import CourseContentDeployment, DeploymentHistory
from backend.model.example import Example, ExampleDependency, ExampleRepository, ExampleVersion
from backend.model.execution_backend import CourseExecutionBackend, ExecutionBackend
from backend.model.group import Group, GroupClaim, UserGroup
from backend.model.message import Message, MessageRead
from backend.model.organization import Organization
from backend.model.organization_member import OrganizationMember, OrganizationRole
from backend.model.result import Result, ResultArtifact
from backend.model.role import Role, RoleClaim, UserRole
from backend.model.submission import SubmissionGroup, SubmissionGroupGrading, SubmissionGroupMember
from backend.model.submission_artifact import SubmissionArtifact, SubmissionReview
from backend.model.user import Account, Profile, Session, StudentProfile, User

__all__ = [
    "Account",
    "ApiToken",
    "Base",
    "Course",
    "CourseContent",
    "CourseContentDeployment",
    "CourseContentKind",
    "CourseContentType",
    "CourseExecutionBackend",
    "CourseFamily",
    "CourseFamilyMember",
    "CourseFamilyRole",
    "CourseGroup",
    "CourseMember",
    "CourseMemberComment",
    "CourseRole",
    "DeploymentHistory",
    "Example",
    "ExampleDependency",
    "ExampleRepository",
    "ExampleVersion",
    "ExecutionBackend",
    "Group",
    "GroupClaim",
    "Message",
    "MessageRead",
    "Organization",
    "OrganizationMember",
    "OrganizationRole",
    "Profile",
    "Result",
    "ResultArtifact",
    "Role",
    "RoleClaim",
    "Session",
    "StudentProfile",
    "SubmissionArtifact",
    "SubmissionGroup",
    "SubmissionGroupGrading",
    "SubmissionGroupMember",
    "SubmissionReview",
    "User",
    "UserGroup",
    "UserRole",
]
