"""Course role: what a member may do in a course."""

from backend.access.policy import EVERYONE, Policy
from backend.interface.base import EntityInterface
from backend.interface.ladder import LadderRole, LadderRoleQuery
from backend.model import CourseRole


class CourseRoleInterface(EntityInterface):
    """What a member may do in a course: _student, _tutor, _lecturer, _maintainer, _owner, each more than the last."""

    get = LadderRole
    list = LadderRole
    query = LadderRoleQuery
    endpoint = "course-roles"
    model = CourseRole
    cache_ttl = 600
    policy = Policy(read=(EVERYONE,))
    relations = {"course_members": "Who has it, in whichever course."}
