"""The entities, their keys, and the ways from one row to others.

Names of relations are those that clients see; each is written out, so that nothing here follows from the code it tests.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import inspect

from backend.interface.registry import INTERFACES

# Of each type: a key attribute, the field to one and its type, and the field on that type, to many unless it ends in ?.
_KEYS = """
    UserRole
        user_id                       user                    User                     userRoles
        role_id                       role                    Role                     userRoles
    Account
        user_id                       user                    User                     accounts
    Profile
        user_id                       user                    User                     profile?
    StudentProfile
        user_id                       user                    User                     studentProfiles
        organization_id               organization            Organization             studentProfiles
    Session
        user_id                       user                    User                     sessions
    ApiToken
        user_id                       user                    User                     apiTokens
    RoleClaim
        role_id                       role                    Role                     claims
    GroupClaim
        group_id                      group                   Group                    claims
    UserGroup
        user_id                       user                    User                     userGroups
        group_id                      group                   Group                    userGroups
    Organization
        user_id                       user                    User                     organization?
    CourseFamily
        organization_id               organization            Organization             courseFamilies
    Course
        course_family_id              courseFamily            CourseFamily             courses
        organization_id               organization            Organization             courses
    CourseGroup
        course_id                     course                  Course                   courseGroups
    CourseMember
        course_id                     course                  Course                   members
        user_id                       user                    User                     courseMembers
        course_group_id               courseGroup             CourseGroup              courseMembers
        course_role_id                courseRole              CourseRole               courseMembers
    CourseContentType
        course_id                     course                  Course                   contentTypes
        course_content_kind_id        courseContentKind       CourseContentKind        courseContentTypes
    CourseContent
        course_id                     course                  Course                   contents
        course_content_type_id        courseContentType       CourseContentType        courseContents
        execution_backend_id          executionBackend        ExecutionBackend         courseContents
    CourseExecutionBackend
        course_id                     course                  Course                   courseExecutionBackends
        execution_backend_id          executionBackend        ExecutionBackend         courseExecutionBackends
    ExampleRepository
        organization_id               organization            Organization             exampleRepositories
    Example
        example_repository_id         exampleRepository       ExampleRepository        examples
    ExampleVersion
        example_id                    example                 Example                  versions
    ExampleDependency
        example_id                    example                 Example                  dependencies
        depends_id                    depends                 Example                  dependents
    CourseContentDeployment
        course_content_id             courseContent           CourseContent            deployment?
        example_version_id            exampleVersion          ExampleVersion           deployments
    DeploymentHistory
        deployment_id                 deployment              CourseContentDeployment  history
        example_version_id            exampleVersion          ExampleVersion           -
        previous_example_version_id   previousExampleVersion  ExampleVersion           -
    SubmissionGroup
        course_id                     course                  Course                   submissionGroups
        course_content_id             courseContent           CourseContent            submissionGroups
    SubmissionGroupMember
        submission_group_id           submissionGroup         SubmissionGroup          members
        course_member_id              courseMember            CourseMember             submissionGroupMembers
        course_id                     course                  Course                   -
    SubmissionArtifact
        submission_group_id           submissionGroup         SubmissionGroup          artifacts
        uploaded_by_course_member_id  uploadedByCourseMember  CourseMember             uploadedArtifacts
    Result
        course_member_id              courseMember            CourseMember             results
        submission_group_id           submissionGroup         SubmissionGroup          results
        course_content_id             courseContent           CourseContent            results
        course_content_type_id        courseContentType       CourseContentType        results
        execution_backend_id          executionBackend        ExecutionBackend         results
        submission_artifact_id        submissionArtifact      SubmissionArtifact       results
    ResultArtifact
        result_id                     result                  Result                   artifacts
    SubmissionGroupGrading
        submission_group_id           submissionGroup         SubmissionGroup          gradings
        graded_by_course_member_id    gradedByCourseMember    CourseMember             gradingsGiven
        result_id                     result                  Result                   gradings
        submission_artifact_id        submissionArtifact      SubmissionArtifact       gradings
    SubmissionReview
        artifact_id                   artifact                SubmissionArtifact       reviews
        reviewer_course_member_id     reviewerCourseMember    CourseMember             reviewsGiven
    CourseMemberComment
        course_member_id              courseMember            CourseMember             commentsReceived
        transmitter_id                transmitter             CourseMember             commentsWritten
    OrganizationMember
        user_id                       user                    User                     organizationMembers
        organization_id               organization            Organization             members
        organization_role_id          organizationRole        OrganizationRole         organizationMembers
    CourseFamilyMember
        user_id                       user                    User                     courseFamilyMembers
        course_family_id              courseFamily            CourseFamily             members
        course_family_role_id         courseFamilyRole        CourseFamilyRole         courseFamilyMembers
    Message
        author_id                     author                  User                     messagesWritten
        parent_id                     parent                  Message                  replies
        user_id                       user                    User                     messagesReceived
        course_member_id              courseMember            CourseMember             messages
        submission_group_id           submissionGroup         SubmissionGroup          messages
        course_group_id               courseGroup             CourseGroup              messages
        course_content_id             courseContent           CourseContent            messages
        course_id                     course                  Course                   messages
        course_family_id              courseFamily            CourseFamily             messages
        organization_id               organization            Organization             messages
    MessageRead
        message_id                    message                 Message                  reads
        reader_user_id                readerUser              User                     messageReads
"""

TYPES = [interface.model.__name__ for interface in INTERFACES]
TABLES = {interface.model.__name__: interface.model.__tablename__ for interface in INTERFACES}
COLUMNS = {interface.model.__name__: dict(inspect(interface.model).columns.items()) for interface in INTERFACES}
# The parts of keys that have several.
KEY_PARTS = {
    "UserRole": ("user_id", "role_id"),
    "RoleClaim": ("role_id", "claim_type", "claim_value"),
    "GroupClaim": ("group_id", "claim_type", "claim_value"),
    "UserGroup": ("user_id", "group_id"),
    "CourseExecutionBackend": ("execution_backend_id", "course_id"),
}
# Keys, and parts of keys, that are any text.
TEXT_KEYS = {"Role", "CourseRole", "CourseContentKind", "OrganizationRole", "CourseFamilyRole"}
TEXT_PARTS = {"role_id", "claim_type", "claim_value"}
# Trees by path: within what.
TREES = {"CourseContent": "course_id", "Organization": "organization_type"}
ARCHIVABLE = {"User", "Organization", "CourseContent", "Message"}


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
    own = ""
    for line in _KEYS.strip().splitlines():
        if len(line.split()) == 1:
            own = line.strip()
            continue
        attribute, field, target, back = line.split()
        relations[own, field] = Relation(target, to_many=False, attribute=attribute)
        keys[own, attribute] = target
        if back != "-":
            to_many = not back.endswith("?")
            relations[target, back.rstrip("?")] = Relation(own, to_many, attribute, forward=False)
    # Whoever is known to have written a row is a user, and nothing leads back from there.
    for own, columns in COLUMNS.items():
        for field, attribute in (("createdBy", "created_by_id"), ("updatedBy", "updated_by_id")):
            if attribute in columns:
                relations[own, field] = Relation("User", to_many=False, attribute=attribute)
                keys[own, attribute] = "User"
    for field, to_many in (("parent", False), ("children", True), ("ancestors", True), ("descendants", True)):
        relations["CourseContent", field] = Relation("CourseContent", to_many, None)
    for field, to_many in (("parent", False), ("children", True)):
        relations["Organization", field] = Relation("Organization", to_many, None)
    keys["CourseContent", "course_content_kind_id"] = "CourseContentKind"
    keys["SubmissionGroupMember", "course_content_id"] = "CourseContent"
    keys["SubmissionArtifact", "latest_result_id"] = "Result"
    keys["SubmissionGroup", "last_submitted_result_id"] = "Result"
    keys["SubmissionGroup", "latest_grading_id"] = "SubmissionGroupGrading"
    return relations, keys


RELATIONS, KEYS = _relations()
