"""How much of a list one request may ask for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backend.settings import Settings


@dataclass(frozen=True)
class Limits:
    """Bounds on the lists that a request asks for; the settings of these names say what each is."""

    default_page: int
    max_page: int
    filter_relations: int
    filter_depth: int

    @classmethod
    def of(cls, settings: Settings) -> Limits:
        """Those that the settings say."""
        return cls(
            default_page=settings.default_page_size,
            max_page=settings.max_page_size,
            filter_relations=settings.max_filter_relations,
            filter_depth=settings.max_filter_depth,
        )
