"""What a course consists of: chapters, in them weeks or days, in them assignments."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from backend.seed.chance import draw_commit, draw_id, happens, stream
from backend.seed.syllabus import label
from backend.seed.tables import CourseContent, CourseContentType

if TYPE_CHECKING:
    from datetime import datetime
    from random import Random

    from backend.seed.courses import Class
    from backend.seed.size import Edition, Size
    from backend.seed.tables import ExecutionBackend

_UNITS = 14
_CHAPTER_STARTS = (0, 4, 8, 11, _UNITS)
_UNITS_FOR_AN_ASSIGNMENT = 2


@dataclass(frozen=True)
class Assignment:
    """A content that students submit to, and what the database does not know of it."""

    content: CourseContent
    backend: ExecutionBackend
    released_at: datetime
    deadline: datetime
    difficulty: float
    tests: tuple[str, ...]
    reference: str | None
    """The commit of the sample solution."""


@dataclass(frozen=True)
class Contents:
    """Types, and nodes in the order in which they may be written: parents before what is below them."""

    types: tuple[CourseContentType, ...]
    nodes: tuple[CourseContent, ...]
    assignments: tuple[Assignment, ...]


def make_contents(size: Size, lesson: Class, backends: dict[str, ExecutionBackend]) -> Contents:
    """The tree of one course."""
    random = stream("contents", lesson.number)
    made = lesson.edition.start - timedelta(days=14)
    types = _make_types(random, lesson, made)
    backend = backends[lesson.syllabus.runner]
    english = lesson.syllabus.language == "en"
    unit_word = size.unit[0] if english else size.unit[1]
    # Not everybody cares about positions.
    ordered = lesson.number % 7 != 6  # noqa: PLR2004 - all but every seventh
    nodes: list[CourseContent] = []
    assignments: list[Assignment] = []

    def add(path: str, position: float, kind: str, title: str | None, **rest: object) -> CourseContent:
        node = CourseContent(
            draw_id(random),
            made,
            lesson.course.id,
            types[kind].id,
            path,
            position if ordered else 0.0,
            title,
            created_by=lesson.author,
            **rest,  # type: ignore[arg-type] # the fields of CourseContent
        )
        nodes.append(node)
        return node

    for number, (chapter, (first, last)) in enumerate(
        zip(lesson.syllabus.chapters, pairwise(_CHAPTER_STARTS), strict=True)
    ):
        top = add(label(chapter.title), float(number + 1), "chapter", chapter.title)
        tasks = chapter.assignments[: size.assignments_in_chapter]
        # The last unit of some courses was dropped.
        dropped = lesson.number % 4 == 2 and chapter is lesson.syllabus.chapters[-1]  # noqa: PLR2004 - every fourth
        for unit in range(first, last):
            archived_at = made + timedelta(days=7) if dropped and unit == last - 1 else None
            title = None if happens(random, 0.08) else f"{unit_word} {unit + 1}"
            week = add(
                f"{top.path}.{size.unit[0].lower()}_{unit + 1:02}", unit + 0.5, "unit", title, archived_at=archived_at
            )
            for place, task in enumerate(tasks):
                if first + place * (last - first) // len(tasks) != unit:
                    continue
                kind = "project" if place == len(tasks) - 1 and number in (1, 3) else "mandatory"
                kind = "bonus" if place == 1 and number in (0, 2) else kind
                withdrawn = archived_at or (made if lesson.number % 3 == 0 and (number, place) == (1, 0) else None)
                node = add(
                    f"{week.path}.{label(task)}",
                    10.0 * (place + 1),
                    kind,
                    task,
                    description=_describe(random, task, english=english),
                    max_group_size=random.choice((3, 4)) if kind == "project" else random.choice((None, None, 1)),
                    max_test_runs=0 if withdrawn else random.choice((None, None, 10, 20, 30)),
                    max_submissions=0 if withdrawn else random.choice((None, None, None, 1, 3, 5)),
                    execution_backend_id=backend.id,
                    archived_at=withdrawn,
                    properties={"gitlab": {"directory": label(task)}} if happens(random, 0.5) else None,
                )
                assignments.append(_assign(random, node, backend, lesson.edition, unit))
    return Contents(tuple(types.values()), tuple(nodes), tuple(assignments))


def _make_types(random: Random, lesson: Class, made: datetime) -> dict[str, CourseContentType]:
    english = lesson.syllabus.language == "en"
    kinds = {
        "chapter": ("unit", "Chapter" if english else "Kapitel", "#3b82f6"),
        "unit": ("unit", None, None),
        "mandatory": ("assignment", "Mandatory" if english else "Pflichtaufgabe", "emerald"),
        "bonus": ("assignment", "Bonus" if english else "Bonusaufgabe", "rgb(245, 158, 11)"),
        "project": ("assignment", "Team project" if english else "Gruppenarbeit", "rebeccapurple"),
    }
    return {
        slug: CourseContentType(
            draw_id(random),
            made,
            lesson.course.id,
            kind,
            slug,
            title,
            "Counts, but nobody needs it." if slug == "bonus" and english else None,
            color,
            lesson.author,
        )
        for slug, (kind, title, color) in kinds.items()
    }


def _describe(random: Random, title: str, *, english: bool) -> str | None:
    if happens(random, 0.25):
        return None
    if english:
        advice = "Work in the folder of this assignment. Tests run on each push;\nonly what you submit counts."
    else:
        advice = "Arbeiten Sie im Ordner dieser Aufgabe. Getestet wird bei jedem Push;\nes zählt nur, was Sie abgeben."
    return f"## {title}\n\n{advice}"


def _assign(
    random: Random, content: CourseContent, backend: ExecutionBackend, edition: Edition, unit: int
) -> Assignment:
    step = (edition.end - edition.start) / (_UNITS + _UNITS_FOR_AN_ASSIGNMENT - 1)
    name = content.path.rpartition(".")[2]
    cases = ("empty", "example", "large_input", "negative", "unicode", "time_limit", "style", "repeated", "boundaries")
    return Assignment(
        content,
        backend,
        released_at=edition.start + unit * step,
        deadline=edition.start + (unit + _UNITS_FOR_AN_ASSIGNMENT) * step,
        # It gets harder towards the end.
        difficulty=random.gauss(-0.6 + unit * 0.09, 0.5),
        tests=tuple(f"{name}.{case}" for case in random.sample(cases, random.randint(4, len(cases)))),
        reference=draw_commit(random) if happens(random, 0.8) else None,
    )
