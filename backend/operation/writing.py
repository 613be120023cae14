"""One transaction that writes: who does it, and the statements that they send."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from psycopg import Error
from sqlalchemy import Text, bindparam, func, select

from backend.access.visibility import Access
from backend.errors import UnavailableError, UncertainError
from backend.plan.run import Reading
from backend.plan.source import Source
from backend.plan.statement import Statement
from backend.plan.statement import Text as PlainText

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping

    from sqlalchemy import Executable

    from backend.access.principal import Principal
    from backend.interface.entity import Entity
    from backend.plan.pipeline_connection import Command
    from backend.plan.run import Row
    from backend.plan.snapshot import Snapshot

Ask = tuple["Executable | Statement", "Mapping[str, object]"]
T = TypeVar("T")

_ACT = select(func.set_config("app.user_id", bindparam("user", type_=Text), True))  # noqa: FBT003 - PostgreSQL's "local"
_MARK = PlainText(b"SAVEPOINT before_rows", (), None)
_BACK = PlainText(b"ROLLBACK TO SAVEPOINT before_rows", (), None)
_HOLD_ALL = PlainText(b"SET CONSTRAINTS ALL IMMEDIATE", (), None)


@dataclass(frozen=True)
class Writing(Reading):
    """A caller's transaction, which reads, too; `begin` comes first."""

    write_for: Callable[[Principal, Snapshot], Writing]

    async def begin(self, *asks: Ask) -> list[list[Row]]:
        """Says for the triggers who acts, and sends the first statements. Raises PrincipalChangedError."""
        return (await self.fetch((_ACT, {"user": self.principal.user_id}), *asks))[1:]

    async def fetch(self, *asks: Ask) -> list[list[Row]]:
        """The rows of each statement, in one round trip."""
        return await self.snapshot.fetch([self._command(ask) for ask in asks], last=False)

    async def attempt(self, ask: Ask) -> None:
        """Sends a statement, from before which the transaction can go on where it is refused (`is_refused`)."""
        await self.snapshot.fetch([(_MARK, ()), self._command(ask)], last=False)

    async def mark(self) -> None:
        """Marks the place to `go_back` to."""
        await self.snapshot.fetch([(_MARK, ())], last=False)

    async def go_back(self) -> None:
        """Undoes what was written since `mark`."""
        await self.snapshot.fetch([(_BACK, ())], last=False)

    async def is_refused(self, ask: Ask) -> bool:
        """Whether the database refuses the statement in place of the one that it refused; nothing is written."""
        try:
            await self.snapshot.fetch([(_BACK, ()), self._command(ask)], last=False)
        except Error:
            return True
        return False

    async def commit(self) -> None:
        """Ends the transaction. Raises UncertainError where nobody can say whether it is committed.

        Whoever the caller was when they last wrote, they must still be: PrincipalChangedError where they are not.
        """
        if not self.snapshot.is_nobody:
            await self.again()
        try:
            await self.snapshot.fetch([], last=True)
        except UnavailableError as error:
            raise UncertainError from error

    async def again(self, *asks: Ask) -> list[list[Row]]:
        """As `fetch`, after a lock was waited for: whoever the caller was before it, they must still be."""
        self.snapshot.doubt()
        return await self.fetch(*asks)

    @property
    def has_changed_caller(self) -> bool:
        """Whether the caller is somebody else in the transaction than when it began, by its own doing or another's."""
        return self.snapshot.known is not self.principal

    async def as_who_they_are_now(self) -> Writing:
        """The same transaction, seen with the rights that the caller has after what they wrote in it.

        Where they are nobody now, it is seen as before. Whether that is all their own doing is asked before the commit.
        """
        self.snapshot.doubt()
        principal = await self.snapshot.identify()
        if principal is None or principal is self.principal:
            return self
        return self.write_for(principal, self.snapshot)

    async def hold_constraints(self) -> None:
        """Has all constraints checked now, so that nothing can fail when the transaction is committed."""
        await self.snapshot.fetch([(_HOLD_ALL, ())], last=False)

    def compiled(self, construct: Executable) -> Statement:
        """The statement of a construct."""
        return self.compiler.compile(construct, prepare=True)

    def kept(self, key: tuple[Hashable, ...], build: Callable[[], T]) -> T:
        """What is built of the caller's rights and of `key`, once for all whose rights are the same."""
        return self.compiler.kept((self.scope.visibility, *key), build)

    def _command(self, ask: Ask) -> Command:
        statement, given = ask
        compiled = statement if isinstance(statement, Statement) else self.compiled(statement)
        return compiled.text, compiled.parameters(self.principal, given)

    def source(self, entity: Entity) -> Source:
        """An occurrence of the entity whose rows are reached by key."""
        return Source(self.scope, entity.model, Access.KEYED)
