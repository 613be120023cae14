"""Answers that were given before, and what is noted of the requests for them."""

from __future__ import annotations

from dataclasses import dataclass
from sys import getsizeof
from typing import TYPE_CHECKING

from backend.access.credentials import token_hash
from backend.cache.memory import Memory
from backend.errors import RateLimitedError
from backend.graphql.document import LONGEST_KEPT
from backend.observe import observed

if TYPE_CHECKING:
    from backend.cache.memory import Proof, Source
    from backend.face.callers import Callers
    from backend.graphql.answer import Answer, Request

# Bytes that an answer takes besides all that is of any length.
_BESIDES = 2_000


@dataclass(frozen=True)
class Given:
    """An answer, what it rests on, the hash of the token that it was asked with, and what was noted of its request."""

    answer: Answer
    proof: Proof
    credential: bytes
    document: str | None = None
    operation: str | None = None
    operation_kind: str | None = None
    cache: dict[str, str] | None = None

    def note(self, *, refused: bool = False) -> None:
        """Notes of a request that is given the same, or is refused it, what was noted of the first."""
        observation = observed()
        if observation is None:
            return
        observation.user = self.proof.user
        observation.document = self.document
        observation.operation = self.operation
        observation.operation_kind = self.operation_kind
        if not refused:
            observation.cost = self.answer.cost
            observation.cache = self.cache or {}

    def size(self, source: Source) -> int:
        """Bytes that it takes, and its source."""
        texts = (*source, self.answer.body, self.document, *self.proof.keys, *self.proof.values, *(self.cache or ()))
        return sum(map(getsizeof, texts)) + _BESIDES


class GivenAnswers:
    """Those that fit into so many bytes."""

    def __init__(self, callers: Callers, bound: int) -> None:
        self._callers = callers
        self._memory: Memory[Given] = Memory(bound)

    async def again(self, source: Source) -> Answer | None:
        """The answer that was given to it before, where it would be given now. Raises RateLimitedError."""
        given = self._memory.get(source)
        if given is None:
            return None
        try:
            if not await self._callers.vouch(given.credential, given.proof):
                return None
            allowance = await self._callers.admission.spend(given.proof.user, given.answer.cost)
        except RateLimitedError:
            given.note(refused=True)
            raise
        given.note()
        return given.answer if allowance is None else given.answer.paid(given.answer.cost, allowance)

    def keep(self, source: Source, request: Request, answer: Answer) -> None:
        """Keeps the answer to the request that was read from there, if it may be given again."""
        proof, text = answer.proof, source[2]
        if proof is None or len(text) > LONGEST_KEPT:
            return
        # What was asked to be told besides is of that request alone; and who sends a text to be kept has it kept anew.
        if request.reports or (request.persisted is not None and request.query):
            return
        answer = answer._replace(extensions={}, allowance=None, proof=None)
        seen, credential = observed(), token_hash(source[0])
        given = (
            Given(answer, proof, credential)
            if seen is None
            else Given(answer, proof, credential, seen.document, seen.operation, seen.operation_kind, seen.cache)
        )
        self._memory.put(source, given, given.size(source))
