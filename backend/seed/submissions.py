"""Who works together on an assignment, and their test runs."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from math import exp
from typing import TYPE_CHECKING

from backend.seed.chance import draw_commit, draw_id, draw_time, happens, stream
from backend.seed.tables import Result, SubmissionGroup, SubmissionGroupMember

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from random import Random

    from backend.seed.contents import Assignment, Contents
    from backend.seed.courses import Class, Student
    from backend.seed.size import Size

_COMPLETED, _FAILED, _CANCELLED, _SCHEDULED, _PENDING, _RUNNING, _CRASHED, _PAUSED = range(8)
_MAY_BE_REPEATED = (_FAILED, _CANCELLED, _CRASHED)
_COMPLETE = 0.9
_OTHER_ENDS = (_FAILED, _CRASHED, _CANCELLED, _PAUSED, _RUNNING, _PENDING, _SCHEDULED)
# The last three were given up by a runner that died.
_SHARES = (45, 20, 25, 4, 3, 2, 1)
_UNDER_WAY = (_RUNNING, _RUNNING, _PENDING, _SCHEDULED, _PAUSED, _COMPLETED)
_ERRORS = {
    _FAILED: "SyntaxError: expected ':' (line 12)",
    _CANCELLED: "cancelled by a newer push",
    _CRASHED: "the runner lost its worker: exit status 137",
}
_JOBS = "student-testing"
_MOST_ATTEMPTS = 8
_BEGINNERS_WHO_LEAVE = 0.2


@dataclass(frozen=True)
class Work:
    """Everything that one course's students did; results in the order of time."""

    groups: tuple[SubmissionGroup, ...]
    members: tuple[SubmissionGroupMember, ...]
    results: tuple[Result, ...]


def make_work(size: Size, lesson: Class, contents: Contents) -> Work:
    """The work of one course."""
    random = stream("work", lesson.number)
    leave = {
        student.member.id: draw_time(random, lesson.edition.start, lesson.edition.end)
        for student in lesson.students
        if student.person.zeal == 0 and happens(random, _BEGINNERS_WHO_LEAVE)
    }
    groups: list[SubmissionGroup] = []
    members: list[SubmissionGroupMember] = []
    results: list[Result] = []
    for assignment in contents.assignments:
        for team in _teams(random, lesson, assignment):
            group = _make_group(random, lesson, assignment, team)
            active = [
                student for student in team if leave.get(student.member.id, assignment.deadline) >= assignment.deadline
            ]
            runs = list(_make_runs(random, size, assignment, group, active)) if active else []
            if runs or size.groups_without_results:
                groups.append(group)
                members += [
                    SubmissionGroupMember(
                        draw_id(random), group.created_at, lesson.course.id, group.id, student.member.id
                    )
                    for student in team
                ]
                results += runs
    results.sort(key=lambda result: result.created_at)
    return Work(tuple(groups), tuple(members), tuple(results))


def _teams(random: Random, lesson: Class, assignment: Assignment) -> Iterator[tuple[Student, ...]]:
    """Each student for themselves, or teams from one course group."""
    size = assignment.content.max_group_size or 1
    if size == 1:
        yield from ((student,) for student in lesson.students)
        return
    if assignment.content.archived_at:
        # Teams find each other, and never did here.
        return
    by_group: dict[str | None, list[Student]] = defaultdict(list)
    for student in lesson.students:
        by_group[student.member.course_group_id].append(student)
    for students in by_group.values():
        random.shuffle(students)
        for first in range(0, len(students), size):
            yield tuple(students[first : first + size])


def _make_group(random: Random, lesson: Class, assignment: Assignment, team: tuple[Student, ...]) -> SubmissionGroup:
    content = assignment.content
    properties = None
    if happens(random, 0.1):
        path = f"students/{lesson.slug}/{team[0].person.slug}"
        properties = {"gitlab": {"full_path": path, "directory": content.path.rpartition(".")[2]}}
        if happens(random, 0.5):
            properties["gitlab"]["token"] = f"not-a-secret-{team[0].person.slug}"
    return SubmissionGroup(
        draw_id(random),
        # Of those who work alone when they join, of teams when they meet.
        team[0].member.created_at if len(team) == 1 else assignment.released_at,
        lesson.course.id,
        content.id,
        content.max_group_size or 1,
        content.max_test_runs,
        content.max_submissions,
        properties,
    )


def _make_runs(
    random: Random, size: Size, assignment: Assignment, group: SubmissionGroup, team: list[Student]
) -> Iterator[Result]:
    """Test runs of one group. Scores do not fall from one completed run to the next."""
    ability = max(student.person.ability for student in team)
    zeal = max(student.person.zeal for student in team)
    if not happens(random, size.participation + zeal + 0.1 * max(-2, min(2, ability))):
        return
    tests = len(assignment.tests)
    skill = 1 / (1 + exp(assignment.difficulty - 1.1 * ability - 1.2))
    best = round(tests * max(0.0, min(1.0, random.gauss(skill, 0.12))))
    times = _draw_times(random, size, assignment, group)
    submissions = _MOST_ATTEMPTS if group.max_submissions is None else group.max_submissions
    commit, repeated = draw_commit(random), False
    for attempt, time in enumerate(times, 1):
        last = attempt == len(times)
        if attempt > 1 and not (repeated and happens(random, 0.5)):
            commit = draw_commit(random)
        status = _draw_status(random, since=size.now - time)
        repeated = status in _MAY_BE_REPEATED
        completed = status == _COMPLETED
        passed = best * (attempt + 1) // (len(times) + 1) if completed else 0
        # One submission is kept for the last run.
        submit = completed and submissions > (0 if last else 1) and happens(random, 0.85 if last else 0.08)
        submissions -= submit
        student = team[0] if len(team) == 1 else random.choice(team)
        yield Result(
            draw_id(random),
            time,
            submit,
            student.member.id,
            group.id,
            group.course_content_id,
            assignment.content.course_content_type_id,
            assignment.backend.id,
            f"{_JOBS}-{time:%Y%m%dT%H%M%S}-{random.getrandbits(48):012x}",
            passed / tests,
            _report(random, assignment.tests, passed) if completed and happens(random, 0.95) else None,
            commit,
            assignment.reference,
            status,
            {"error": _ERRORS[status]} if status in _ERRORS else None,
        )


def _draw_times(random: Random, size: Size, assignment: Assignment, group: SubmissionGroup) -> list[datetime]:
    """When a group tests its work: most of all shortly before the deadline."""
    most = _MOST_ATTEMPTS if group.max_test_runs is None else min(_MOST_ATTEMPTS, group.max_test_runs)
    attempts = 1
    while attempts < most and happens(random, 0.65):
        attempts += 1
    span = assignment.deadline - assignment.released_at
    times = (assignment.deadline - span * (1 - random.random()) ** 2 for _ in range(min(attempts, most)))
    return sorted(time for time in times if time <= size.now)


def _draw_status(random: Random, since: timedelta) -> int:
    if since < timedelta(hours=4):
        return random.choice(_UNDER_WAY)
    if happens(random, _COMPLETE):
        return _COMPLETED
    (status,) = random.choices(_OTHER_ENDS, _SHARES)
    return status


def _report(random: Random, tests: tuple[str, ...], passed: int) -> dict[str, object]:
    return {
        "total": len(tests),
        "passed": passed,
        "failed": random.sample(tests, len(tests) - passed) if passed < len(tests) else [],
        "seconds": round(random.uniform(0.2, 9), 2),
    }
