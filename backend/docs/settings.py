"""docs/settings.md: every environment variable, from the class that reads them."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from annotated_types import Ge, Gt, Le
from pydantic import SecretStr

from backend.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic.fields import FieldInfo

_HEAD = """# Which settings are there?

`computor docs` writes this page from `backend/settings.py`; a test fails when it is out of date.

All are environment variables; one that is empty counts as not set. What makes no sense ends the program with a sentence
that names it. `OTEL_…` variables that are not here are read by OpenTelemetry's own code: [observing.md](observing.md).

| variable | values | default | meaning |
|---|---|---|---|
"""
_WORDS: dict[object, str] = {str: "text", int: "number", float: "number", bool: "`true`, `false`", Path: "path"}


def settings_page() -> str:
    """The page, with a line end at its end."""
    return _HEAD + "".join(f"{line}\n" for line in _lines())


def _lines() -> Iterator[str]:
    for name, field in Settings.model_fields.items():
        meaning = (field.description or "").replace("|", "\\|")
        yield f"| `{name.upper()}` | {_values(field)} | {_default(field)} | {meaning} |"


def _values(field: FieldInfo) -> str:
    kinds = [kind for kind in get_args(field.annotation) or (field.annotation,) if kind is not type(None)]
    (kind,) = kinds
    if isinstance(kind, type) and issubclass(kind, Enum):
        return ", ".join(f"`{member.value}`" for member in kind)
    if kind is SecretStr:
        return "text, kept secret"
    return _WORDS[kind] + "".join(_bounds(field))


def _bounds(field: FieldInfo) -> Iterator[str]:
    for bound in field.metadata:
        if isinstance(bound, Ge):
            yield f", {bound.ge} or more"
        elif isinstance(bound, Gt):
            yield f", above {bound.gt}"
        elif isinstance(bound, Le):
            yield f", {bound.le} at most"


def _default(field: FieldInfo) -> str:
    if field.default_factory is not None:
        # The place differs from machine to machine.
        return "`.computor`"
    if field.default is None or field.default == "":
        return ""
    if isinstance(field.default, bool):
        return f"`{str(field.default).lower()}`"
    return f"`{field.default.value if isinstance(field.default, Enum) else field.default}`"
