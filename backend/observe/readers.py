"""Who may read what is noted."""

from __future__ import annotations

from enum import StrEnum


class Explained(StrEnum):
    """Whose plans are told to those who ask for them."""

    OFF = "off"
    ADMINS = "admins"
    EVERYONE = "everyone"

    def allows(self, *, admin: bool) -> bool:
        """Whether a caller is told."""
        return self is Explained.EVERYONE or (self is Explained.ADMINS and admin)


class MetricsReaders(StrEnum):
    """Who may read the metrics where no token is set for that."""

    OFF = "off"
    LOCAL = "local"
    EVERYONE = "everyone"
