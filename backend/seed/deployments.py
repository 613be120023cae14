"""What of the library each assignment was made from, and how it got there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from backend.seed.chance import draw_commit, draw_id, happens, stream
from backend.seed.library import identifier_of
from backend.seed.tables import Deployment, DeploymentHistory

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from random import Random

    from backend.seed.contents import Assignment, Contents
    from backend.seed.courses import Class
    from backend.seed.library import Library
    from backend.seed.size import Size
    from backend.seed.tables import ExampleVersion

_FAILURE = "The template repository refused the push: branch main is protected."


@dataclass(frozen=True)
class Step:
    """Something that happened to a deployment."""

    time: datetime
    action: str
    version: ExampleVersion | None
    before: ExampleVersion | None = None
    details: str | None = None


def make_deployments(
    size: Size, lesson: Class, contents: Contents, library: Library
) -> tuple[list[Deployment], list[DeploymentHistory]]:
    """One for each assignment of a course, with its history."""
    random = stream("deployments", lesson.number)
    deployments: list[Deployment] = []
    histories: list[DeploymentHistory] = []
    for assignment in contents.assignments:
        identifier = identifier_of(lesson.syllabus, assignment.content.path.rpartition(".")[2])
        steps = [
            step
            for step in _steps(random, size, lesson, assignment, library.shelves[identifier].versions)
            if step.time <= size.now
        ]
        deployment = _deploy(random, lesson, assignment, identifier, steps)
        deployments.append(deployment)
        histories += [
            DeploymentHistory(
                draw_id(random),
                step.time,
                deployment.id,
                step.action,
                step.details,
                step.version.id if step.version else None,
                step.before.id if step.before else None,
                identifier,
                step.version.version_tag if step.version else None,
                {"files_deployed": random.randint(3, 20)} if step.action == "deployed" else {},
                deployment.workflow_id if step.action in {"deploying", "deployed", "failed"} else None,
                lesson.author,
            )
            for step in steps
        ]
    return deployments, histories


def _steps(
    random: Random, size: Size, lesson: Class, assignment: Assignment, versions: tuple[ExampleVersion, ...]
) -> Iterator[Step]:
    """All that was ever planned to happen, in the order of time."""
    time = assignment.content.created_at + timedelta(hours=random.uniform(1, 60))
    version = _newest(versions, time) or versions[0]
    yield Step(time, "assigned", version)
    if assignment.content.archived_at:
        yield Step(max(time, assignment.content.archived_at) + timedelta(hours=1), "unassigned", None, version)
        return
    release = assignment.released_at - timedelta(days=10, hours=random.uniform(0, 20))
    if size.now < release < size.now + timedelta(days=3):
        # Being worked on right now.
        release = size.now - timedelta(minutes=6)
    newer = _newest(versions, release)
    if newer and newer is not version and time < release:
        time = release - timedelta(hours=2)
        yield Step(time, "reassigned", newer, version, "A newer version came out before the release.")
        version = newer
    time = max(time, release) + timedelta(minutes=5)
    yield Step(time, "deploying", version)
    if happens(random, 0.12):
        time += timedelta(minutes=2)
        yield Step(time, "failed", version, details=_FAILURE)
        if lesson.number % 3 == 0 and happens(random, 0.3):
            # Nobody tried again.
            return
        time += timedelta(hours=random.uniform(1, 30))
        yield Step(time, "deploying", version)
    yield Step(time + timedelta(minutes=random.uniform(1, 9)), "deployed", version)


def _newest(versions: tuple[ExampleVersion, ...], time: datetime) -> ExampleVersion | None:
    return next((version for version in reversed(versions) if version.created_at <= time), None)


def _deploy(random: Random, lesson: Class, assignment: Assignment, identifier: str, steps: list[Step]) -> Deployment:
    last = steps[-1]
    status = "pending" if last.action in {"assigned", "reassigned"} else last.action
    attempts = [step.time for step in steps if step.action == "deploying"]
    directory = identifier.rpartition(".")[2]
    commit = assignment.reference or draw_commit(random)
    deployed = status == "deployed"
    return Deployment(
        draw_id(random),
        steps[0].time,
        last.time,
        assignment.content.id,
        status,
        next(step.time for step in reversed(steps) if step.action in {"assigned", "reassigned"}),
        last.version.id if last.version else None,
        identifier,
        last.version.version_tag if last.version else None,
        commit if deployed else None,
        last.details if status == "failed" else None,
        last.time if deployed else None,
        attempts[-1] if attempts else None,
        f"{lesson.slug}/{directory}" if deployed else None,
        {"git_commit": commit} if deployed else {},
        f"deploy-{random.getrandbits(48):012x}" if attempts else None,
        lesson.author,
        lesson.author,
    )
