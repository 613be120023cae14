"""What is said of students' work: grades, reviews, and notes among the staff."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from backend.seed.chance import draw_id, draw_time, happens, stream
from backend.seed.tables import CourseMemberComment, Grading, SubmissionReview
from backend.seed.texts import COMMENTS, FEEDBACK, REVIEWS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from random import Random

    from backend.seed.courses import Class
    from backend.seed.size import Size
    from backend.seed.submissions import Work
    from backend.seed.tables import CourseMember, Result
    from backend.seed.texts import Tone
    from backend.seed.uploads import Uploads

_NOT_REVIEWED, _CORRECTED, _CORRECTION_NECESSARY, _IMPROVEMENT_POSSIBLE = range(4)
_STATUSES: dict[Tone, int] = {"good": _CORRECTED, "fair": _IMPROVEMENT_POSSIBLE, "poor": _CORRECTION_NECESSARY}
_GOOD, _FAIR = 0.85, 0.5
_GRADING_TAKES = timedelta(days=10)


@dataclass(frozen=True)
class Feedback:
    """All of one course."""

    gradings: tuple[Grading, ...]
    reviews: tuple[SubmissionReview, ...]
    comments: tuple[CourseMemberComment, ...]


def make_feedback(size: Size, lesson: Class, work: Work, uploads: Uploads) -> Feedback:
    """Grades of most submissions, the latest ones excepted; some reviews, and some notes."""
    random = stream("feedback", lesson.number)
    graders = lesson.with_role("_tutor", "_lecturer")
    gradings = tuple(
        grading
        for result in uploads.results
        if result.submit
        for grading in _grade(random, size, lesson, result, random.choice(graders))
    )
    return Feedback(
        gradings,
        tuple(_review(random, size, lesson, work, uploads, graders)),
        tuple(_comment(random, size, lesson)),
    )


def _grade(random: Random, size: Size, lesson: Class, result: Result, grader: CourseMember) -> Iterator[Grading]:
    time = result.created_at + timedelta(hours=1) + _GRADING_TAKES * random.random()
    if time > size.now or happens(random, 0.1):
        return
    tone: Tone = "good" if result.result >= _GOOD else "fair" if result.result >= _FAIR else "poor"
    looked_at = happens(random, 0.95)
    grading = min(1.0, max(0.0, round(result.result + random.choice((-0.1, -0.05, 0.0, 0.0, 0.05)), 2)))
    feedback = random.choice(FEEDBACK[tone][lesson.syllabus.language]) if looked_at and happens(random, 0.7) else None
    status = _STATUSES[tone] if looked_at else _NOT_REVIEWED
    yield _grading(random, time, result, grader, grading, status, feedback)
    later = time + timedelta(days=random.uniform(1, 5))
    if status == _IMPROVEMENT_POSSIBLE and later < size.now and happens(random, 0.2):
        # After a talk in the tutorial.
        yield _grading(random, later, result, grader, min(1.0, grading + 0.1), _CORRECTED, None)


def _grading(
    random: Random,
    time: datetime,
    result: Result,
    grader: CourseMember,
    grading: float,
    status: int,
    feedback: str | None,
) -> Grading:
    return Grading(
        draw_id(random),
        time,
        result.course_submission_group_id,
        grader.id,
        result.id,
        result.submission_artifact_id,
        grading,
        status,
        feedback,
        grader.user_id,
    )


def _review(
    random: Random, size: Size, lesson: Class, work: Work, uploads: Uploads, graders: list[CourseMember]
) -> Iterator[SubmissionReview]:
    authors: dict[str, set[str]] = {group.id: set() for group in work.groups}
    for member in work.members:
        authors[member.course_submission_group_id].add(member.course_member_id)
    zealous = {student.member.id for student in lesson.students if student.person.zeal}
    for artifact in uploads.artifacts:
        team = authors[artifact.submission_group_id]
        if not artifact.submit or not happens(random, 0.6 if team & zealous else 0.12):
            continue
        peer = happens(random, 0.6)
        readers = [student.member for student in lesson.students if student.member.id not in team] if peer else graders
        time = artifact.uploaded_at + timedelta(days=random.uniform(0.1, 6))
        if time <= size.now:
            yield SubmissionReview(
                draw_id(random),
                time,
                artifact.id,
                random.choice(readers).id,
                random.choice(REVIEWS[lesson.syllabus.language]),
                "peer" if peer else random.choice(("instructor", None)),
            )


def _comment(random: Random, size: Size, lesson: Class) -> Iterator[CourseMemberComment]:
    staff = lesson.with_role("_tutor", "_lecturer", "_owner")
    end = min(size.now, lesson.edition.end)
    for student in lesson.students:
        if happens(random, 0.2):
            author = random.choice(staff)
            yield CourseMemberComment(
                draw_id(random),
                draw_time(random, max(student.member.created_at, lesson.edition.start), end),
                author.id,
                student.member.id,
                random.choice(COMMENTS[lesson.syllabus.language]),
                author.user_id,
            )
