"""What the entities of the example library share: their rows keep times and authors, and no version."""

from datetime import datetime

from pydantic import Field

from backend.interface.base import BaseEntityList


class CreatedEntityList(BaseEntityList):
    """What a list answers for each row that is written once."""

    created_at: datetime = Field(description="When it was created.")


class CreatedEntityGet(CreatedEntityList):
    """What a single row answers that is written once."""

    created_by_id: str | None = Field(None, description="Key of the user who created it.")


class LibraryEntityGet(CreatedEntityGet):
    """What a single row answers that may change, and has no version."""

    updated_at: datetime = Field(description="When it was last updated.")
    updated_by_id: str | None = Field(None, description="Key of the user who last updated it.")
