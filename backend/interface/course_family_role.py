"""Course family role: what a member may do in a course family."""

from backend.access.policy import EVERYONE, Policy
from backend.interface.base import EntityInterface
from backend.interface.ladder import LadderRole, LadderRoleQuery
from backend.model import CourseFamilyRole


class CourseFamilyRoleInterface(EntityInterface):
    """What a member may do in a course family: _developer, _manager, _owner, each more than the last."""

    get = LadderRole
    list = LadderRole
    query = LadderRoleQuery
    endpoint = "course-family-roles"
    model = CourseFamilyRole
    cache_ttl = 600
    policy = Policy(read=(EVERYONE,))
    relations = {"course_family_members": "Who has it, in whichever course family."}
