"""What a process remembers has a bound, and what was not used for longest goes first."""

from __future__ import annotations

from backend.cache.memory import Memory


def test_what_was_used_longest_ago_goes() -> None:
    memory: Memory[str] = Memory(10)
    memory.put(("t", True, b"1"), "one", 4)
    memory.put(("t", True, b"2"), "two", 4)
    assert memory.get(("t", True, b"1")) == "one"
    memory.put(("t", True, b"3"), "three", 4)
    assert [memory.get(("t", True, place)) for place in (b"1", b"2", b"3")] == ["one", None, "three"]


def test_what_is_put_again_counts_once() -> None:
    memory: Memory[str] = Memory(10)
    for _ in range(9):
        memory.put(("t", True, b"1"), "one", 6)
    memory.put(("t", True, b"2"), "two", 4)
    assert memory.get(("t", True, b"1")) == "one"


def test_what_does_not_fit_takes_nothing_away_but_what_it_replaces() -> None:
    memory: Memory[str] = Memory(10)
    memory.put(("t", True, b"1"), "one", 5)
    memory.put(("t", True, b"2"), "two", 5)
    memory.put(("t", True, b"2"), "two, longer", 11)
    assert memory.get(("t", True, b"1")) == "one"
    assert memory.get(("t", True, b"2")) is None
