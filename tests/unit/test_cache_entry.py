"""Entries as bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.cache.entry import STAMP_SIZE, Entry, ForeignEntryError, Rest, pack, unpack

NAMES = st.frozensets(st.from_regex(r"[a-z_]{1,9}/[a-z0-9:-]{1,20}", fullmatch=True), max_size=5)


@given(NAMES, st.binary(), st.integers(0, 2**50), st.booleans(), st.data())
def test_what_is_packed_is_unpacked(
    names: frozenset[str],
    body: bytes,
    made: int,
    timed: bool,  # noqa: FBT001 - hypothesis gives it
    data: st.DataObject,
) -> None:
    size = STAMP_SIZE * len(names)
    # Any bytes may stand in stamps and body, line ends among them.
    stamps = data.draw(st.binary(min_size=size, max_size=size))
    rest = Rest.on(names)
    entry = unpack(pack(b"key", made, made + 5, rest, stamps, body, timed=timed), b"key")
    assert entry == Entry(made, made + 5, timed, rest.text, stamps, body)


def test_an_entry_of_another_key_is_refused() -> None:
    raw = pack(b"key of another", 1, 2, Rest.on(frozenset({"course/any"})), b"x" * STAMP_SIZE, b"{}", timed=False)
    for key in (b"key", b"key of another one", b"other"):
        with pytest.raises(ForeignEntryError):
            unpack(raw, key)


@given(st.binary(), st.binary(max_size=3))
def test_whatever_is_there_it_is_an_entry_or_none(junk: bytes, more: bytes) -> None:
    for raw in (b"key\n" + junk, b"key\n1\n" + junk, b"key\n1\n2\n" + junk, b"key\n1\n2\n0\n" + more + b"\n" + junk):
        entry = unpack(raw, b"key")
        assert entry is None or (entry.stamps + entry.body) in raw
