"""Entities in groups that one can look at together."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backend.interface.entity import Catalog, Entity

# By the modules of the models. What is in none of them comes last.
_AREAS: dict[str, tuple[str, ...]] = {
    "Identity": ("user", "api_token"),
    "Roles and groups": ("role", "group"),
    "Organizations": ("organization", "organization_member", "course_family", "course_family_member"),
    "Courses": ("course", "course_member"),
    "Contents": ("course_content", "execution_backend"),
    "Library and deployments": ("example", "deployment"),
    "Submissions": ("submission", "submission_artifact", "result"),
    "Messages": ("message",),
}


def areas(catalog: Catalog) -> Iterator[tuple[str, list[Entity]]]:
    """Titles, and the entities of each area in the order of the catalog."""
    left = list(catalog.values())
    for title, modules in _AREAS.items():
        found = [entity for entity in left if entity.model.__module__.rpartition(".")[2] in modules]
        left = [entity for entity in left if entity not in found]
        yield title, found
    if left:
        yield "Others", left
