"""What roles that people hold within something answer, and are searched by: in a course, a family, an organization."""

from pydantic import Field

from backend.interface.base import BaseEntityList, ListQuery


class LadderRole(BaseEntityList):
    """A role of a ladder, in a list and by itself."""

    id: str = Field(description="Key.")
    title: str | None = Field(None, max_length=255, description="Name shown to people.")
    description: str | None = Field(None, max_length=4096, description="What it is for.")
    builtin: bool = Field(description="Whether it belongs to the system.")


class LadderRoleQuery(ListQuery):
    """Search for roles of a ladder."""

    id: str | None = Field(None, description="Key, exactly.")
    title: str | None = Field(None, description="Title, exactly.")
    description: str | None = Field(None, description="Description, exactly.")
