"""What JSON holds under names that speak of secrets: nobody is shown it, and writing what was shown keeps it."""

from __future__ import annotations

import re
from typing import Any

_WORDS = "token|password|secret|credential"
NAMED = re.compile(_WORDS, re.IGNORECASE)
# Anywhere at all: to look for a whole name takes time by the square of a text that is full of such words.
ANYWHERE = re.compile(_WORDS.encode(), re.IGNORECASE)


def may_hold_secrets(raw: bytes) -> bool:
    """Whether such a word stands anywhere in JSON that is not parsed."""
    return ANYWHERE.search(raw) is not None


def without_secrets(value: Any) -> Any:
    """The value without the entries whose names speak of tokens, passwords, secrets or credentials."""
    if isinstance(value, dict):
        return {key: without_secrets(inner) for key, inner in value.items() if not NAMED.search(key)}
    if isinstance(value, list):
        return [without_secrets(inner) for inner in value]
    return value


def with_secrets(value: Any, before: Any) -> Any:
    """The value with what `without_secrets` left out of the one before, where there is still a place for it.

    An entry that is given stays as it is given, null too.
    """
    if isinstance(value, dict) and isinstance(before, dict):
        hidden = {key: inner for key, inner in before.items() if NAMED.search(key)}
        return {**hidden, **{key: with_secrets(inner, before.get(key)) for key, inner in value.items()}}
    if isinstance(value, list) and isinstance(before, list) and len(value) == len(before):
        return [with_secrets(inner, old) for inner, old in zip(value, before, strict=True)]
    return value
