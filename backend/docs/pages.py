"""The generated pages, by the names of their files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backend.docs.model import model_page
from backend.docs.permissions import permissions_page
from backend.docs.scopes import scopes_page
from backend.docs.settings import settings_page
from backend.interface.reflection import reflect
from backend.interface.registry import INTERFACES

if TYPE_CHECKING:
    from pathlib import Path


def write_pages(folder: Path) -> None:
    """Writes them into the folder."""
    for name, text in _pages().items():
        (folder / name).write_text(text, encoding="utf-8")


def stale_pages(folder: Path) -> list[str]:
    """The names of those that are missing from the folder, or differ from what the code says."""
    return [
        name
        for name, text in _pages().items()
        if not (folder / name).exists() or (folder / name).read_text(encoding="utf-8") != text
    ]


def _pages() -> dict[str, str]:
    catalog = reflect(INTERFACES)
    return {
        "model.md": model_page(catalog),
        "permissions-by-entity.md": permissions_page(catalog),
        "caching-scopes.md": scopes_page(catalog),
        "settings.md": settings_page(),
    }
