"""The whole university: which rows there are, in an order in which they may be written."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from backend.seed.contents import make_contents
from backend.seed.courses import make_class, make_families
from backend.seed.deployments import make_deployments
from backend.seed.feedback import make_feedback
from backend.seed.institutions import make_backends, make_organizations
from backend.seed.library import make_library
from backend.seed.logins import make_sessions, make_tokens
from backend.seed.messages import write_letters, write_news
from backend.seed.people import make_people
from backend.seed.records import make_records
from backend.seed.rights import make_rights
from backend.seed.submissions import make_work
from backend.seed.uploads import make_uploads

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from backend.seed.cast import DemoUser
    from backend.seed.size import Size


class University:
    """All rows of one size, made when they are asked for; each sequence is of one table."""

    def __init__(self, size: Size, demo_users: tuple[DemoUser, ...]) -> None:
        self._size = size
        self.people = make_people(size, demo_users)
        self._organizations = make_organizations(size, self.people)
        self._families = make_families(size, self.people, self._organizations)
        self._backends = make_backends(size, self.people)
        self._classes = [
            make_class(edition, size, self.people, demo_users, self._families, self._backends)
            for edition in range(len(size.editions))
        ]
        self._contents = [make_contents(size, lesson, self._backends) for lesson in self._classes]
        self._library = make_library(size, self.people, self._organizations)

    @property
    def courses(self) -> range:
        """The numbers of the courses."""
        return range(len(self._classes))

    def shared(self) -> Iterator[Sequence[NamedTuple]]:
        """What is there before anybody works on an assignment.

        Table by table: checks of keys are planned once, and planned for few rows they would go on reading all of many.
        """
        people, organizations, classes = self.people, self._organizations, self._classes
        families = list(self._families.values())
        records = make_records(people, organizations[0])
        rights = make_rights(self._size, people, organizations, families)
        news = write_news(self._size, people, organizations, families, classes)
        yield people.users
        yield rights.roles
        yield rights.role_claims
        yield people.roles
        yield rights.user_roles
        yield rights.groups
        yield rights.group_claims
        yield rights.user_groups
        yield records.accounts
        yield records.profiles
        yield make_sessions(self._size, people)
        yield make_tokens(self._size, people)
        yield organizations
        yield rights.organization_members
        yield records.matriculations
        yield families
        yield rights.family_members
        yield list(self._backends.values())
        yield self._library.repositories
        yield [shelf.example for shelf in self._library.shelves.values()]
        yield [version for shelf in self._library.shelves.values() for version in shelf.versions]
        yield self._library.dependencies
        yield [lesson.course for lesson in classes]
        yield [link for lesson in classes for link in lesson.backends]
        yield [group for lesson in classes for group in lesson.groups]
        yield [member for lesson in classes for member in lesson.members]
        yield [kind for contents in self._contents for kind in contents.types]
        yield [node for contents in self._contents for node in contents.nodes]
        yield news.messages
        yield news.marks

    def of_course(self, course: int) -> Iterator[Sequence[NamedTuple]]:
        """What people do in a course."""
        size, lesson, contents = self._size, self._classes[course], self._contents[course]
        work = make_work(size, lesson, contents)
        yield work.groups
        yield work.members
        if course not in size.detailed:
            yield work.results
            return
        uploads = make_uploads(lesson, work)
        feedback = make_feedback(size, lesson, work, uploads)
        letters = write_letters(size, lesson, contents, work)
        yield uploads.artifacts
        yield uploads.results
        yield uploads.reports
        yield feedback.gradings
        yield feedback.reviews
        yield feedback.comments
        yield letters.messages
        yield letters.marks
        yield from make_deployments(size, lesson, contents, self._library)
