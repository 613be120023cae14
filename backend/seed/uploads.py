"""What students uploaded for each test run, and the files that runs left behind."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from backend.seed.chance import draw_id, happens, stream
from backend.seed.tables import ResultArtifact, SubmissionArtifact

if TYPE_CHECKING:
    from random import Random

    from backend.seed.courses import Class
    from backend.seed.submissions import Work
    from backend.seed.tables import Result

_BUCKET = "submissions"
_COMPLETED = 0
_ENDED = {0, 1, 2, 6}
_SOURCE_FILES = {"python": "py", "java": "java", "c": "c", "octave": "m", "node": "js", "haskell": "hs"}
_REPORTS = (("report.json", "application/json"), ("coverage.html", "text/html"), ("stdout.txt", "text/plain"))


@dataclass(frozen=True)
class Uploads:
    """All of one course, and its results, which now say what they tested and when."""

    artifacts: tuple[SubmissionArtifact, ...]
    results: tuple[Result, ...]
    reports: tuple[ResultArtifact, ...]


def make_uploads(lesson: Class, work: Work) -> Uploads:
    """An upload for each commit that was tested; runs that repeat one test the same upload."""
    random = stream("uploads", lesson.number)
    joined = {group.id: group.created_at for group in work.groups}
    uploads: dict[tuple[str, str], SubmissionArtifact] = {}
    results: list[Result] = []
    for result in work.results:
        key = result.course_submission_group_id, result.version_identifier
        if key not in uploads:
            # Never before the group.
            lead = min(timedelta(seconds=random.uniform(2, 40)), (result.created_at - joined[key[0]]) / 2)
            uploads[key] = _upload(random, lesson, result, lead)
        elif result.submit:
            uploads[key] = uploads[key]._replace(submit=True)
        seconds = timedelta(seconds=random.uniform(1, 90))
        begun = result.status in _ENDED
        results.append(
            result._replace(
                submission_artifact_id=uploads[key].id,
                started_at=result.created_at if begun else None,
                finished_at=result.created_at + seconds if begun else None,
            )
        )
    reports = (
        ResultArtifact(
            draw_id(random),
            result.finished_at or result.created_at,
            result.id,
            content_type,
            random.randint(200, 60_000),
            "results",
            f"{result.id}/{name}",
            {"name": name},
        )
        for result in results
        if result.status == _COMPLETED and happens(random, 0.2)
        for name, content_type in random.sample(_REPORTS, random.randint(1, 2))
    )
    return Uploads(tuple(uploads.values()), tuple(results), tuple(reports))


def _upload(random: Random, lesson: Class, result: Result, lead: timedelta) -> SubmissionArtifact:
    time = result.created_at - lead
    ending = _SOURCE_FILES[lesson.syllabus.runner.partition("-")[0]]
    files = [f"main.{ending}", *(f"part_{number}.{ending}" for number in range(1, random.randint(1, 4)))]
    return SubmissionArtifact(
        draw_id(random),
        time,
        result.course_submission_group_id,
        result.course_member_id,
        time,
        result.version_identifier,
        result.submit,
        "application/zip" if happens(random, 0.95) else None,
        random.randint(300, 90_000),
        _BUCKET,
        f"{result.course_submission_group_id}/{result.version_identifier}",
        {"files": files} if happens(random, 0.9) else None,
    )
