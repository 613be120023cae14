"""How much there is of everything, and when courses take place."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from backend.seed.syllabus import SYLLABI

SizeName = Literal["demo", "large"]
Season = Literal["summer", "winter"]


@dataclass(frozen=True)
class Semester:
    """Half a year of teaching; a winter begins in its year and ends in the next."""

    year: int
    season: Season

    @property
    def start(self) -> datetime:
        """First day of teaching."""
        return datetime(self.year, 3 if self.season == "summer" else 10, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Edition:
    """One course: which syllabus it follows, and from when to when its students work."""

    syllabus: int
    semester: Semester
    start: datetime
    end: datetime


@dataclass(frozen=True)
class Size:
    """What differs between the small data and the large."""

    editions: tuple[Edition, ...]
    users: int
    students: int
    """Students of one course, the named ones besides."""
    assignments_in_chapter: int
    unit: tuple[str, str]
    """What a part of a chapter is called, in English and in German."""
    participation: float
    """How likely an average student is to begin an assignment."""
    now: datetime
    """Nothing has happened after this."""
    groups_without_results: bool
    """Whether submission groups exist for all students, as they do for courses made through the gateway."""
    detailed: frozenset[int]
    """The courses with uploads, grades, comments, messages and deployments; the others have results alone."""


def _demo_editions() -> tuple[Edition, ...]:
    plan = (
        (Semester(2023, "winter"), (0,)),
        (Semester(2024, "summer"), (1,)),
        (Semester(2024, "winter"), (0, 2, 3)),
        (Semester(2025, "summer"), (1, 4, 5, 6)),
        (Semester(2025, "winter"), (0, 2, 3)),
    )
    length = timedelta(days=125)
    return tuple(
        Edition(syllabus, semester, semester.start, semester.start + length)
        for semester, syllabi in plan
        for syllabus in syllabi
    )


def _large_editions() -> tuple[Edition, ...]:
    # Courses in blocks, one after the other, so that results are in the order of their courses.
    semesters = [Semester(year, season) for year in range(2016, 2026) for season in ("summer", "winter")]
    length = timedelta(days=15)
    return tuple(
        Edition(syllabus, semester, semester.start + syllabus * length, semester.start + (syllabus + 1) * length)
        for semester in semesters
        for syllabus in range(len(SYLLABI))
    )


SIZES: dict[SizeName, Size] = {
    "demo": Size(
        editions=_demo_editions(),
        users=300,
        students=37,
        assignments_in_chapter=4,
        unit=("Week", "Woche"),
        participation=0.43,
        now=datetime(2025, 12, 10, 15, 30, tzinfo=UTC),
        groups_without_results=True,
        detailed=frozenset(range(len(_demo_editions()))),
    ),
    "large": Size(
        editions=_large_editions(),
        users=5000,
        students=95,
        assignments_in_chapter=3,
        unit=("Day", "Tag"),
        participation=0.417,
        now=datetime(2026, 3, 1, tzinfo=UTC),
        groups_without_results=False,
        # Those of the cast that the small data has too.
        detailed=frozenset({0, 40, 90, 100, 120, 130, 150, 160, 170, 190}),
    ),
}
