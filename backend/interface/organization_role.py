"""Organization role: what a member may do in an organization."""

from backend.access.policy import EVERYONE, Policy
from backend.interface.base import EntityInterface
from backend.interface.ladder import LadderRole, LadderRoleQuery
from backend.model import OrganizationRole


class OrganizationRoleInterface(EntityInterface):
    """What a member may do in an organization: _developer, _manager, _owner, each more than the last."""

    get = LadderRole
    list = LadderRole
    query = LadderRoleQuery
    endpoint = "organization-roles"
    model = OrganizationRole
    cache_ttl = 600
    policy = Policy(read=(EVERYONE,))
    relations = {"organization_members": "Who has it, in whichever organization."}
