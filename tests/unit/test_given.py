"""What a process remembers of answers is counted with all that it takes."""

from __future__ import annotations

import tracemalloc
from math import inf

from backend.cache.memory import Proof
from backend.graphql.answer import Answer, Request
from backend.graphql.given import GivenAnswers
from backend.observe.observation import Observing

BOUND = 1_000_000


def _proof(place: int) -> Proof:
    keys = tuple(b"computor:stamp:%d:%d:" % (place, number) + bytes(80) for number in range(64))
    return Proof("user", inf, b"epoch", keys, [bytes((number,)) * 16 for number in range(64)], 1)


def test_what_is_remembered_takes_no_more_than_it_may() -> None:
    given = GivenAnswers(None, BOUND)  # type: ignore[arg-type]  # who only keeps asks nobody
    request = Request("", {}, None, "token", persisted="hash")
    tracemalloc.start()
    try:
        for place in range(200):
            with Observing() as seen:
                # As documents are that are asked for by their hashes: Redis had it, and the body does not.
                seen.document = f"{{ a }} # {place} é" + "x" * 50_000
                answer = Answer(b"{}", executed=True, proof=_proof(place))
                given.keep(("token", True, b"%d" % place), request, answer)
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert taken < BOUND
