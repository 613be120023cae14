"""Rows as they are written: a class for each table, a field for each column that the data fills.

Columns that are not named here keep their defaults; `updated_at` is `created_at` where it is not named, for nothing has
been changed yet.
"""

from __future__ import annotations

from backend.seed.tables.courses import (
    Course,
    CourseContent,
    CourseContentType,
    CourseExecutionBackend,
    CourseGroup,
    CourseMember,
    CourseMemberComment,
)
from backend.seed.tables.identity import (
    Account,
    ApiToken,
    Group,
    GroupClaim,
    Profile,
    Role,
    RoleClaim,
    Session,
    StudentProfile,
    User,
    UserGroup,
    UserRole,
)
from backend.seed.tables.institutions import (
    CourseFamily,
    CourseFamilyMember,
    ExecutionBackend,
    Organization,
    OrganizationMember,
)
from backend.seed.tables.library import (
    Deployment,
    DeploymentHistory,
    Example,
    ExampleDependency,
    ExampleRepository,
    ExampleVersion,
)
from backend.seed.tables.messages import Message, MessageRead
from backend.seed.tables.submissions import (
    Grading,
    Result,
    ResultArtifact,
    SubmissionArtifact,
    SubmissionGroup,
    SubmissionGroupMember,
    SubmissionReview,
)

__all__ = [
    "NAMES",
    "NEVER_UPDATED",
    "Account",
    "ApiToken",
    "Course",
    "CourseContent",
    "CourseContentType",
    "CourseExecutionBackend",
    "CourseFamily",
    "CourseFamilyMember",
    "CourseGroup",
    "CourseMember",
    "CourseMemberComment",
    "Deployment",
    "DeploymentHistory",
    "Example",
    "ExampleDependency",
    "ExampleRepository",
    "ExampleVersion",
    "ExecutionBackend",
    "Grading",
    "Group",
    "GroupClaim",
    "Message",
    "MessageRead",
    "Organization",
    "OrganizationMember",
    "Profile",
    "Result",
    "ResultArtifact",
    "Role",
    "RoleClaim",
    "Session",
    "StudentProfile",
    "SubmissionArtifact",
    "SubmissionGroup",
    "SubmissionGroupMember",
    "SubmissionReview",
    "User",
    "UserGroup",
    "UserRole",
]

NAMES: dict[type, str] = {
    User: "user",
    Account: "account",
    Profile: "profile",
    StudentProfile: "student_profile",
    Session: "session",
    ApiToken: "api_token",
    Role: "role",
    RoleClaim: "role_claim",
    UserRole: "user_role",
    Group: "group",
    GroupClaim: "group_claim",
    UserGroup: "user_group",
    Organization: "organization",
    OrganizationMember: "organization_member",
    CourseFamily: "course_family",
    CourseFamilyMember: "course_family_member",
    ExecutionBackend: "execution_backend",
    Course: "course",
    CourseExecutionBackend: "course_execution_backend",
    CourseGroup: "course_group",
    CourseMember: "course_member",
    CourseMemberComment: "course_member_comment",
    CourseContentType: "course_content_type",
    CourseContent: "course_content",
    ExampleRepository: "example_repository",
    Example: "example",
    ExampleVersion: "example_version",
    ExampleDependency: "example_dependency",
    Deployment: "course_content_deployment",
    DeploymentHistory: "deployment_history",
    SubmissionGroup: "course_submission_group",
    SubmissionGroupMember: "course_submission_group_member",
    SubmissionArtifact: "submission_artifact",
    Result: "result",
    ResultArtifact: "result_artifact",
    Grading: "course_submission_group_grading",
    SubmissionReview: "submission_review",
    Message: "message",
    MessageRead: "message_read",
}
"""What the tables are called in SQL."""

NEVER_UPDATED: frozenset[type] = frozenset({Role, ExampleVersion, ExampleDependency, DeploymentHistory})
"""Rows without `updated_at`."""
