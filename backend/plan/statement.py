"""Statements: built with SQLAlchemy Core, compiled to text once for each shape, then run with binds only."""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy.dialects.postgresql.base import PGDialect

from backend.access.held import PRINCIPAL_BIND
from backend.access.scope import tables_in
from backend.plan.value import encode
from backend.recent import Recent

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping, Sequence

    from sqlalchemy import Dialect, Executable

    from backend.access.principal import Principal

DIALECT: Dialect = PGDialect(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]  # not annotated there

_TIME = re.compile(
    rb"\b(now|age|random|(clock|statement|transaction|current|local)_?timestamp|(current|local)_?(date|time))\b",
    re.IGNORECASE,
)
T = TypeVar("T")


@dataclass(frozen=True)
class Text:
    """A statement's text, and the names of what is bound, in the order of `$1` and so on.

    `tables` are those that it reads or writes; `timed` says that it looks at the time. `name` is that of the prepared
    statement. Without one the text is planned anew each time: a scan whose best plan depends on the values must not
    fall for PostgreSQL's generic plan, which comes at the sixth execution.
    """

    sql: bytes
    names: tuple[str, ...]
    name: bytes | None
    tables: frozenset[str] = frozenset()
    timed: bool = False


@dataclass(frozen=True)
class Statement:
    """A text with the constants that its construction bound, by name; what else it needs comes with the run."""

    text: Text
    constants: Mapping[str, object]

    def parameters(self, principal: Principal, given: Mapping[str, object]) -> list[bytes | None]:
        """What is sent for `$1` and so on: the principal's sets, values given for this run, constants."""
        parameters: list[bytes | None] = []
        for name in self.text.names:
            if name.startswith(PRINCIPAL_BIND):
                parameters.append(_encoded(principal, name))
            elif name in given:
                parameters.append(encode(given[name]))
            else:
                parameters.append(encode(self.constants[name]))
        return parameters


def _encoded(principal: Principal, name: str) -> bytes | None:
    """A set of the principal's: they have up to thousands, and are sent the same each time."""
    if name not in principal.encoded:
        principal.encoded[name] = encode(principal.values[name[len(PRINCIPAL_BIND) :]])
    return principal.encoded[name]


class Compiler:
    """Turns constructs into text; equal structures share one."""

    def __init__(self, bound: int = 1000) -> None:
        self._texts: Recent[object, tuple[Text, Sequence[Any], dict[str, str]]] = Recent(bound)
        self._kept: Recent[Hashable, Any] = Recent(bound)
        self.compiled = 0

    def compile(self, construct: Executable, *, prepare: bool) -> Statement:
        """The statement of a construct. Its constants are its own, its text that of its structure."""
        built: Any = construct
        key = built._generate_cache_key()  # noqa: SLF001 - the recipe that SQLAlchemy documents
        if key is None:
            return self._fresh(construct, prepare=prepare)[0]
        known = self._texts.get((key.key, prepare))
        if known is None:
            statement, names = self._fresh(construct, prepare=prepare)
            self._texts.put((key.key, prepare), (statement.text, key.bindparams, names))
            return statement
        text, bindparams, names = known
        constants = {
            names[old.key]: new.effective_value
            for old, new in zip(bindparams, key.bindparams, strict=True)
            if old.key in names
        }
        return Statement(text, constants)

    def kept(self, key: Hashable, build: Callable[[], T]) -> T:
        """What is built, once for each key: statements whose construction alone takes longer than to run them."""
        known: T | None = self._kept.get(key)
        return known if known is not None else self._kept.put(key, build())

    def _fresh(self, construct: Any, *, prepare: bool) -> tuple[Statement, dict[str, str]]:
        self.compiled += 1
        compiled: Any = construct.compile(dialect=DIALECT)
        sql = str(compiled).encode()
        names = tuple(compiled.positiontup or ())
        name = b"s" + blake2b(sql, digest_size=12).hexdigest().encode() if prepare else None
        by_key = {bind.key: name for bind, name in compiled.bind_names.items()}
        constants = {name: bind.effective_value for name, bind in compiled.binds.items()}
        return Statement(Text(sql, names, name, tables_in(construct), _TIME.search(sql) is not None), constants), by_key
