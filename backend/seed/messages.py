"""Messages to each kind of target, the answers to them, and who has read which."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from backend.seed.chance import draw_id, draw_time, happens, stream
from backend.seed.tables import Message, MessageRead
from backend.seed.texts import (
    ANNOUNCEMENTS,
    DELETED,
    GLOBAL,
    GROUP_NEWS,
    HINTS,
    PLACES,
    THREADS,
    TO_MEMBER,
    TO_USER,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from random import Random

    from backend.seed.contents import Contents
    from backend.seed.courses import Class
    from backend.seed.people import People
    from backend.seed.size import Size
    from backend.seed.submissions import Work
    from backend.seed.tables import CourseFamily, Organization

_READ = 0.5
_AN_ANSWER_TAKES = timedelta(hours=9)


class Mailbox:
    """Messages and read marks, as they are written; nothing comes after `now`."""

    def __init__(self, random: Random, now: datetime) -> None:
        self._random = random
        self._now = now
        self.messages: list[Message] = []
        self.marks: list[MessageRead] = []

    def write(self, time: datetime, author: str, text: tuple[str, str], readers: Iterable[str], **target: Any) -> None:
        """A message, which its author and about half of the readers have read."""
        self._add(Message(draw_id(self._random), time, author, 0, *text, author, **target), readers)

    def discuss(
        self, time: datetime, title: str, turns: Iterable[tuple[str, str]], readers: Iterable[str], **target: Any
    ) -> None:
        """A thread of contributions, each by an author and in answer to the one before."""
        parent: Message | None = None
        among = list(readers)
        for author, content in turns:
            if parent is not None:
                time += _AN_ANSWER_TAKES * (0.1 + self._random.random())
                title = parent.title if parent.level else f"Re: {parent.title}"
            message = Message(
                draw_id(self._random),
                time,
                author,
                parent.level + 1 if parent else 0,
                title,
                content,
                author,
                parent.id if parent else None,
                **target,
            )
            if not self._add(message, among):
                return
            parent = message

    def delete(self, message: Message) -> None:
        """Leaves a notice in the place of what it said."""
        place = self.messages.index(message)
        title, content = DELETED
        archived_at = min(self._now, message.created_at + timedelta(hours=2))
        self.messages[place] = message._replace(title=title, content=content, archived_at=archived_at)

    def _add(self, message: Message, readers: Iterable[str]) -> bool:
        if message.created_at > self._now:
            return False
        self.messages.append(message)
        self._mark(message, message.author_id, message.created_at)
        for reader in readers:
            if reader != message.author_id and happens(self._random, _READ):
                time = draw_time(self._random, message.created_at, message.created_at + timedelta(days=3))
                self._mark(message, reader, min(time, self._now))
        return True

    def _mark(self, message: Message, reader: str, time: datetime) -> None:
        self.marks.append(MessageRead(draw_id(self._random), time, message.id, reader, reader))


def write_news(
    size: Size,
    people: People,
    organizations: Iterable[Organization],
    families: Iterable[CourseFamily],
    classes: Iterable[Class],
) -> Mailbox:
    """What is for everyone, for an organization or for a course family."""
    random = stream("news")
    mailbox = Mailbox(random, size.now)
    named = [person.id for person in people.named.values()]
    admin = people.named["admin"].id
    for weeks, text in enumerate(GLOBAL, 2):
        readers = named + [person.id for person in random.sample(people.students, 40)]
        mailbox.write(size.now - timedelta(weeks=weeks), admin, text, readers)
    lessons = list(classes)
    for organization in organizations:
        readers = _readers(lesson for lesson in lessons if lesson.course.organization_id == organization.id)
        if readers and organization.title:
            time = draw_time(random, size.now - timedelta(days=40), size.now)
            text = (organization.title, random.choice(PLACES["organization"]))
            mailbox.write(time, organization.created_by or admin, text, readers, organization_id=organization.id)
    for family in families:
        readers = _readers(lesson for lesson in lessons if lesson.course.course_family_id == family.id)
        time = draw_time(random, size.now - timedelta(days=60), size.now)
        text = (family.title or family.path, random.choice(PLACES["course_family"]))
        mailbox.write(time, family.created_by or admin, text, readers, course_family_id=family.id)
    return mailbox


def write_letters(size: Size, lesson: Class, contents: Contents, work: Work) -> Mailbox:
    """What is for those who are in a course, or for some of them."""
    random = stream("letters", lesson.number)
    mailbox = Mailbox(random, size.now)
    language = lesson.syllabus.language
    (lecturer, *_), tutors = lesson.with_role("_lecturer"), lesson.with_role("_tutor")
    everyone = [member.user_id for member in lesson.members]
    end = min(size.now, lesson.edition.end)
    for week, text in enumerate(ANNOUNCEMENTS[language]):
        time = lesson.edition.start + (lesson.edition.end - lesson.edition.start) * (week / 4 + 0.01)
        mailbox.write(time, lecturer.user_id, text, everyone, course_id=lesson.course.id)
    title, content = HINTS[language]
    for assignment in contents.assignments:
        if not assignment.content.archived_at and happens(random, 0.25):
            text = (title.format(assignment.content.title), content)
            time = draw_time(random, assignment.released_at, assignment.deadline)
            mailbox.write(time, lecturer.user_id, text, everyone, course_content_id=assignment.content.id)
    for group in lesson.groups:
        readers = [member.user_id for member in lesson.members if member.course_group_id == group.id]
        tutor = next((tutor for tutor in tutors if tutor.course_group_id == group.id), tutors[0])
        time = draw_time(random, lesson.edition.start, end)
        mailbox.write(time, tutor.user_id, GROUP_NEWS[language], readers, course_group_id=group.id)
    _ask(random, mailbox, lesson, work)
    for student in random.sample(lesson.students, 5) + [student for student in lesson.students if student.person.zeal]:
        user = student.person.id
        time = draw_time(random, max(lesson.edition.start, student.member.created_at), end)
        title, question, answer = TO_MEMBER[language]
        turns = [(lecturer.user_id, question), (user, answer)]
        mailbox.discuss(time, title, turns, [], course_member_id=student.member.id)
        title, question, answer = TO_USER[language]
        peer = random.choice([other.person.id for other in lesson.students if other.person.id != user])
        mailbox.write(time + timedelta(hours=1), peer, (title, question), [user], user_id=user)
        mailbox.write(time + timedelta(hours=3), user, (f"Re: {title}", answer), [peer], user_id=peer)
    mailbox.delete(random.choice([message for message in mailbox.messages if message.course_id]))
    return mailbox


def _ask(random: Random, mailbox: Mailbox, lesson: Class, work: Work) -> None:
    """Questions of groups about their work, and what the tutors say."""
    users = {member.id: member.user_id for member in lesson.members}
    teams: dict[str, list[str]] = {}
    for seat in work.members:
        teams.setdefault(seat.course_submission_group_id, []).append(users[seat.course_member_id])
    zealous = {student.person.id for student in lesson.students if student.person.zeal}
    tried = {result.course_submission_group_id: result.created_at for result in work.results}
    for group, time in tried.items():
        team = teams[group]
        if not happens(random, 0.3 if zealous & set(team) else 0.03):
            continue
        title, question, answer, thanks = random.choice(THREADS[lesson.syllabus.language])
        asker, tutor = random.choice(team), random.choice(lesson.with_role("_tutor")).user_id
        turns = [(asker, question), (tutor, answer), (asker, thanks)][: random.randint(1, 3)]
        mailbox.discuss(time + timedelta(minutes=30), title, turns, [*team, tutor], course_submission_group_id=group)


def _readers(classes: Iterable[Class]) -> list[str]:
    return sorted({member.user_id for lesson in classes for member in lesson.members})
