"""The library: repositories of examples, one example for each assignment of a syllabus, and its versions over time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from backend.seed.chance import draw_id, happens, stream
from backend.seed.institutions import GIT_SERVER
from backend.seed.syllabus import SYLLABI, label
from backend.seed.tables import Example, ExampleDependency, ExampleRepository, ExampleVersion

if TYPE_CHECKING:
    from datetime import datetime
    from random import Random

    from backend.seed.people import People
    from backend.seed.size import Size
    from backend.seed.syllabus import Chapter, Syllabus
    from backend.seed.tables import Organization

# What a version changes, by its number: tag, and time since the course took place for the first time.
_RELEASES = (("1.0.0", -30), ("1.1.0", 30), ("2.0.0", 150), ("2.1.0", 400))
_CONSTRAINTS = (None, ">=1.0.0", "^1.1.0", "latest")
_SOURCES = ("git", "gitlab", "github", "s3")


@dataclass(frozen=True)
class Shelf:
    """An example with its versions, the oldest first."""

    example: Example
    versions: tuple[ExampleVersion, ...]


@dataclass(frozen=True)
class Library:
    """All examples; `shelves` by the paths of their identifiers."""

    repositories: tuple[ExampleRepository, ...]
    shelves: dict[str, Shelf]
    dependencies: tuple[ExampleDependency, ...]


def make_library(size: Size, people: People, organizations: tuple[Organization, ...]) -> Library:
    """Examples for all that is taught."""
    random = stream("library")
    made = size.editions[0].start - timedelta(days=38)
    author = people.named["orgmanager"].id
    by_path = {organization.path: organization.id for organization in organizations}
    taught = sorted({edition.syllabus for edition in size.editions})
    homes = sorted({SYLLABI[number].organization for number in taught})
    repositories = {
        path: _make_repository(random, made, author, by_path[path], path, _SOURCES[place % len(_SOURCES)])
        for place, path in enumerate(homes)
    }
    default = ExampleRepository(
        draw_id(random), made, "Default", "minio", "http://minio.uni-lindental.example/examples", created_by=author
    )
    shelves: dict[str, Shelf] = {}
    dependencies: list[ExampleDependency] = []
    for number in taught:
        syllabus = SYLLABI[number]
        first = next(edition.start for edition in size.editions if edition.syllabus == number)
        for chapter in syllabus.chapters:
            before: Shelf | None = None
            for title in chapter.assignments:
                shelf = _make_shelf(random, size, syllabus, chapter, title, repositories[syllabus.organization], first)
                shelves[shelf.example.identifier] = shelf
                if before and happens(random, 0.4):
                    dependencies.append(
                        ExampleDependency(
                            draw_id(random),
                            shelf.example.created_at,
                            shelf.example.id,
                            before.example.id,
                            random.choice(_CONSTRAINTS),
                        )
                    )
                before = shelf
    return Library((*repositories.values(), default), shelves, tuple(dependencies))


def identifier_of(syllabus: Syllabus, name: str) -> str:
    """What the example of an assignment is called, whose path ends with the name."""
    return f"{syllabus.path}.{name}"


def _make_repository(
    random: Random, made: datetime, author: str, organization: str, path: str, source: str
) -> ExampleRepository:
    place = path.replace(".", "/")
    buckets = {"s3": f"https://s3.uni-lindental.example/{path.replace('.', '-').replace('_', '-')}/examples"}
    return ExampleRepository(
        draw_id(random),
        made,
        f"Examples of {path.rpartition('.')[2].replace('_', ' ')}",
        source,
        buckets.get(source, f"{GIT_SERVER}/{place}/examples.git"),
        "Beispiele für die Übungen. Änderungen bitte als Merge-Request." if source == "gitlab" else None,
        "not-a-secret-library" if source in {"gitlab", "s3"} else None,
        "main" if source != "s3" else None,
        organization,
        author,
    )


def _make_shelf(
    random: Random,
    size: Size,
    syllabus: Syllabus,
    chapter: Chapter,
    title: str,
    repository: ExampleRepository,
    first: datetime,
) -> Shelf:
    times = [(tag, first + timedelta(days=days, hours=random.random() * 20)) for tag, days in _RELEASES]
    released = [times[0], *(found for found in times[1:] if found[1] < size.now and happens(random, 0.4))]
    example = Example(
        draw_id(random),
        released[0][1],
        released[-1][1],
        repository.id,
        f"{syllabus.path}-{label(title)}",
        identifier_of(syllabus, label(title)),
        title,
        (syllabus.runner.partition("-")[0], label(chapter.title), *(("exam",) if happens(random, 0.1) else ())),
        f"{chapter.title}: {title}." if happens(random, 0.7) else None,
        syllabus.title if happens(random, 0.9) else None,
        repository.created_by,
    )
    versions = tuple(
        ExampleVersion(
            draw_id(random),
            time,
            example.id,
            tag,
            number,
            f"{example.directory}/{tag}",
            _describe(syllabus, example, tag),
            f"type: {syllabus.runner}\ntests:\n  - example\n  - boundaries\n" if happens(random, 0.8) else None,
            repository.created_by,
        )
        for number, (tag, time) in enumerate(released, 1)
    )
    return Shelf(example, versions)


def _describe(syllabus: Syllabus, example: Example, tag: str) -> str:
    return (
        f"slug: {example.identifier}\ntitle: {example.title}\nversion: {tag}\nlanguage: {syllabus.language}\n"
        f"properties:\n  executionBackend:\n    slug: {syllabus.runner}\n"
    )
