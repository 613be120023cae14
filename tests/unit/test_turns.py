"""Whoever has statements made leaves their turn to others after each."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from types import SimpleNamespace
from typing import Any

from backend.plan.execute import execute
from backend.plan.run import Reads

LOADS = 5


class _Load:
    """A load that has a statement made, and sends none."""

    flat, height = False, 2

    def __init__(self, order: list[str]) -> None:
        self._order = order

    def queries(self, run: Any, _slot: str, _parents: Any) -> list[Any]:
        run.made += 1
        self._order.append("made")
        return []

    def place(self, *_: Any) -> list[Any]:
        return []


def test_others_have_their_turn_after_each_statement_that_is_made() -> None:
    order: list[str] = []
    snapshot, principal = SimpleNamespace(sees_one_state=True), SimpleNamespace(values={})
    run: Any = SimpleNamespace(
        snapshot=snapshot, principal=principal, made=0, levels=[], pending=[], reads=defaultdict(Reads)
    )
    plan: Any = SimpleNamespace(arguments=(), loads=[(f"a{place}", _Load(order)) for place in range(LOADS)])

    async def others() -> None:
        for _ in range(LOADS):
            order.append("others")
            await asyncio.sleep(0)

    async def both() -> None:
        await asyncio.gather(execute(run, plan, {}, last=True), others())

    asyncio.run(both())
    assert order == ["made", "others"] * LOADS
