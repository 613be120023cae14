"""Organization: the owner of course families and courses."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import Field, model_validator
from sqlalchemy import ARRAY, ColumnElement, Select, Text, cast, func, insert, literal, literal_column, select

from backend.access.held import caller
from backend.access.policy import Action, Grant, Level, Policy, ScopedLevel, courses, organizations
from backend.interface.base import (
    BaseEntityCreate,
    BaseEntityGet,
    BaseEntityUpdate,
    EntityInterface,
    Expression,
    Row,
    TimedEntityList,
)
from backend.interface.effect import Written, is_written
from backend.interface.rules import Email, FieldError, Kept, Number, Path, Title, Url
from backend.interface.search import TreeQuery, along_tree, equalities
from backend.interface.trees import children, parent
from backend.model import Organization, OrganizationMember
from backend.model.base import table_of
from backend.model.organization import OrganizationType


class OrganizationList(TimedEntityList):
    """An organization in a list."""

    id: str = Field(description="Key.")
    organization_type: OrganizationType = Field(description="Whose it is.")
    title: str | None = Field(None, max_length=255, description="Name shown to people; null for one person's own.")
    display_name: str = Field(description="The title, else the kind and the path.")
    path: str = Field(description="Place in the tree of organizations of its kind.")
    user_id: str | None = Field(None, description="Key of the user whose own it is.")
    email: str | None = Field(None, max_length=320, description="E-mail address.")
    archived_at: datetime | None = Field(None, description="When it was archived.")


class OrganizationGet(OrganizationList, BaseEntityGet):
    """An organization."""

    parent_path: str | None = Field(None, description="Path of the organization above it; null for a root.")
    path_components: list[str] = Field(description="The labels of the path.")
    number: str | None = Field(None, max_length=255, description="Number in the records of the institution.")
    description: str | None = Field(None, max_length=4096, description="What it is about.")
    telephone: str | None = Field(None, max_length=255, description="Telephone number.")
    fax_number: str | None = Field(None, max_length=255, description="Fax number.")
    url: str | None = Field(None, max_length=2048, description="Address of its web site.")
    postal_code: str | None = Field(None, max_length=255, description="Postal code.")
    street_address: str | None = Field(None, max_length=1024, description="Street and house number.")
    locality: str | None = Field(None, max_length=255, description="Town.")
    region: str | None = Field(None, max_length=255, description="Region.")
    country: str | None = Field(None, max_length=255, description="Country.")
    properties: dict[str, Any] | None = Field(None, description="Data of other systems, without secrets.")


def _fits_type(kind: OrganizationType | None, given: Mapping[str, Any]) -> None:
    """One person's own has a user and no title, any other a title and no user."""
    if kind is None:
        return
    has, lacks = ("user_id", "title") if kind is OrganizationType.USER else ("title", "user_id")
    if has in given and given[has] is None:
        raise FieldError(has, f"an organization of type {kind.name} has one")
    if given.get(lacks) is not None:
        raise FieldError(lacks, f"an organization of type {kind.name} has none")


class OrganizationUpdate(BaseEntityUpdate):
    """What to change in an organization; whoever writes checks the merged row as one to create."""

    organization_type: Kept[OrganizationType] = Field(None, description="Whose it is.")
    title: Title | None = Field(None, description="Name shown to people; null for one person's own.")
    path: Kept[Path] = Field(None, description="Place in the tree of organizations of its kind.")
    user_id: str | None = Field(None, description="Key of the user whose own it is.")
    email: Email | None = Field(None, description="E-mail address; kept in lower case.")
    number: Number | None = Field(None, description="Number in the records of the institution.")
    description: str | None = Field(None, max_length=4096, description="What it is about.")
    telephone: str | None = Field(None, max_length=255, description="Telephone number.")
    fax_number: str | None = Field(None, max_length=255, description="Fax number.")
    url: Url | None = Field(None, description="Address of its web site, with http:// or https://.")
    postal_code: str | None = Field(None, max_length=255, description="Postal code.")
    street_address: str | None = Field(None, max_length=1024, description="Street and house number.")
    locality: str | None = Field(None, max_length=255, description="Town.")
    region: str | None = Field(None, max_length=255, description="Region.")
    country: str | None = Field(None, max_length=255, description="Country.")
    properties: dict[str, Any] | None = Field(None, description="Data of other systems.")

    @model_validator(mode="after")
    def _agrees(self) -> "OrganizationUpdate":
        _fits_type(self.organization_type, {name: getattr(self, name) for name in self.model_fields_set})
        return self


class OrganizationCreate(BaseEntityCreate, OrganizationUpdate):
    """An organization to create."""

    organization_type: OrganizationType = Field(description="Whose it is.")
    path: Path = Field(description="Place in the tree of organizations of its kind.")

    @model_validator(mode="after")
    def _agrees(self) -> "OrganizationCreate":
        _fits_type(self.organization_type, {"title": self.title, "user_id": self.user_id})
        return self


class OrganizationQuery(TreeQuery):
    """Search for organizations."""

    organization_type: OrganizationType | None = Field(None, description="Whose it is.")
    title: str | None = Field(None, description="Title, exactly.")
    user_id: str | None = Field(None, description="Key of the user whose own it is.")
    number: str | None = Field(None, description="Number, exactly.")
    description: str | None = Field(None, description="Description, exactly.")
    email: str | None = Field(None, description="E-mail address, exactly.")
    telephone: str | None = Field(None, description="Telephone number, exactly.")
    fax_number: str | None = Field(None, description="Fax number, exactly.")
    url: str | None = Field(None, description="Address of the web site, exactly.")
    postal_code: str | None = Field(None, description="Postal code, exactly.")
    street_address: str | None = Field(None, description="Street and house number, exactly.")
    locality: str | None = Field(None, description="Town, exactly.")
    region: str | None = Field(None, description="Region, exactly.")
    country: str | None = Field(None, description="Country, exactly.")


def organization_search(statement: Select[Any], query: OrganizationQuery) -> Select[Any]:
    """Organizations that agree with all that is given."""
    own = OrganizationQuery.model_fields.keys() - TreeQuery.model_fields.keys()
    return equalities(along_tree(statement, Organization.path, query), Organization, query, sorted(own))


# Constants in the text, not bound: the expressions must be the same wherever a statement repeats them.
_EMPTY = literal_column("''", Text)
_SPACE = literal_column("' '", Text)
_DOT = literal_column("'.'", Text)


def _display_name(row: Row) -> ColumnElement[str]:
    title = func.nullif(func.btrim(row["title"]), _EMPTY)
    kind = func.initcap(cast(row["organization_type"], Text), type_=Text)
    return func.coalesce(title, kind.concat(_SPACE).concat(cast(row["path"], Text)), type_=Text)


def _path_components(row: Row) -> ColumnElement[Any]:
    return func.string_to_array(cast(row["path"], Text), _DOT, type_=ARRAY(Text))


async def _seat_creator(written: Written) -> None:
    """Whoever creates one owns it."""
    made = table_of(Organization)
    seat = select(caller(), made.c.id, literal(ScopedLevel.OWNER.value)).where(is_written(made.c.id))
    names = ["user_id", "organization_id", "organization_role_id"]
    await written.run(insert(table_of(OrganizationMember)).from_select(names, seat, include_defaults=False))


class OrganizationInterface(EntityInterface):
    """The owner of course families and courses: an institution, a community or one person."""

    create = OrganizationCreate
    get = OrganizationGet
    list = OrganizationList
    update = OrganizationUpdate
    query = OrganizationQuery
    search = organization_search
    endpoint = "organizations"
    model = Organization
    cache_ttl = 600
    policy = Policy(
        read=(
            Grant("courses.id", courses(at_least=Level.STUDENT)),
            Grant("id", organizations(at_least=ScopedLevel.DEVELOPER)),
        ),
        update=(Grant("id", organizations(at_least=ScopedLevel.DEVELOPER)),),
        delete=(Grant("id", organizations(at_least=ScopedLevel.OWNER)),),
        archive=(Grant("id", organizations(at_least=ScopedLevel.OWNER)),),
    )
    effects = {Action.CREATE: (_seat_creator,)}
    computed = {"display_name": Expression(_display_name), "path_components": Expression(_path_components)}
    trees = {
        "parent": parent("The organization of its kind above it.", "organization_type"),
        "children": children("The organizations of its kind right below it.", "organization_type"),
    }
    default_order = ("title",)
    relations = {
        "user": "Whose own it is.",
        "courses": "The courses of all its families.",
        "members": "Who may write in it.",
    }
