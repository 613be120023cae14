"""Conditions written over plain tables, by search functions and by hand, composed onto what the viewer may see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import BindParameter, Column, ColumnElement, Select, Table, bindparam, inspect, literal_column, select
from sqlalchemy.sql.util import _deep_deannotate
from sqlalchemy.sql.visitors import iterate, replacement_traverse

from backend.access.held import PRINCIPAL_BIND
from backend.errors import DeclarationError, InputError
from backend.interface.search import search
from backend.model.base import table_of
from backend.plan.source import Source
from backend.plan.value import check_column

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Mapping

    from sqlalchemy.sql.cache_key import CacheKey

    from backend.interface.base import ListQuery
    from backend.interface.entity import Entity
    from backend.model import Base


@dataclass(frozen=True)
class Conditions:
    """What is asked of rows by Selects over the entity: of one `shape` are those that differ in their values alone.

    `bound` has these values by names; `build` makes the conditions over the plain table, which bind them by the same
    names, and raises DeclarationError where a Select does more than add conditions.
    """

    shape: Hashable
    bound: Mapping[str, object]
    build: Callable[[], list[ColumnElement[bool]]]


def named_conditions(entity: Entity, query: ListQuery | None, written: Select[Any] | None) -> Conditions:
    """The conditions of a search, and those of a Select written by hand.

    They may be kept: what depends on more than the query asks the database for it. Raises InputError for a value that
    its column cannot hold.
    """
    given = []
    if query is not None:
        try:
            given.append(_keyed(search(entity.interface, select(table_of(entity.model)), query)))
        except InputError as error:
            raise error.under("search") from None
    if written is not None:
        given.append(_keyed(written))
    binds = [bind for _, key in given for bind in key.bindparams]

    def build() -> list[ColumnElement[bool]]:
        clauses: list[ColumnElement[bool]] = []
        start = 0
        for statement, key in given:
            clause = _plain_clause(entity, statement)
            if clause is not None:
                clauses.append(_renamed(clause, key, start))
            start += len(key.bindparams)
        return clauses

    bound = {f"{GIVEN}{index}": bind.effective_value for index, bind in enumerate(binds) if not _is_held(bind)}
    return Conditions(tuple(key.key for _, key in given), bound, build)


def seen_conditions(source: Source, conditions: Conditions) -> list[ColumnElement[bool]]:
    """The conditions, over `source`.

    They were written over the plain tables. Here each column of the entity becomes what the viewer may see of it, and
    each table that a sub-query visits is narrowed to the rows that they may see, so that none can tell of what is
    hidden.
    """
    sources = {table_of(source.model): source}
    return [_seen(clause, sources) for clause in conditions.build()]


def _keyed(statement: Select[Any]) -> tuple[Select[Any], CacheKey]:
    """The statement, whose values fit their columns, with what tells it from those of another shape."""
    key = _key(statement)
    for bind in key.bindparams:
        check_column(bind.effective_value, bind.type)
    return statement, key


def _is_held(bind: BindParameter[Any]) -> bool:
    """Whether it stands for what the caller holds, which is filled in for each of them under this very name."""
    return bind.key.startswith(PRINCIPAL_BIND)


def _renamed(clause: ColumnElement[bool], key: CacheKey, start: int) -> ColumnElement[bool]:
    """The clause of the statement that has the key, its values bound by the names of their places in it."""
    # A copy has its values in the same order.
    binds = _key(clause).bindparams
    names = {id(bind): f"{GIVEN}{start + index}" for index, bind in enumerate(binds) if not _is_held(bind)}

    def rename(element: Any, **_: Any) -> Any:
        given = names.get(id(element))
        return None if given is None else bindparam(given, type_=element.type)

    renamed: ColumnElement[bool] = replacement_traverse(clause, {}, rename)
    found = [each for each in iterate(renamed) if isinstance(each, BindParameter)]
    if len(binds) != len(key.bindparams) or not all(_is_held(bind) or bind.key.startswith(GIVEN) for bind in found):
        # Such a statement would be kept with the values of whoever asked first.
        raise DeclarationError("a search or a Select has values besides those of its conditions")
    return renamed


def _key(element: Any) -> CacheKey:
    key: CacheKey | None = element._generate_cache_key()  # noqa: SLF001 - the recipe that SQLAlchemy documents
    if key is None:
        raise DeclarationError("a search or a Select has a part of which SQLAlchemy does not know what it says")
    return key


def _plain_clause(entity: Entity, statement: Select[Any]) -> ColumnElement[bool] | None:
    """The condition of a Select that has conditions only, None where it has none."""
    table = table_of(entity.model)
    if [str(part) for part in statement.get_final_froms()] != [str(table)] or not _is_plain(statement):
        raise DeclarationError(f"a search or a field's Select over {table} may add conditions only")
    if statement.whereclause is None:
        return None
    # `has` and `any` mark the condition within them as one not to be replaced in; nothing may stay as it was written.
    plain: ColumnElement[bool] = _deep_deannotate(statement.whereclause, values=["no_replacement_traverse"])
    return plain


GIVEN = "given_"
# What a Select may have besides conditions, all of which would be lost.
_MORE = (
    "_limit_clause",
    "_offset_clause",
    "_fetch_clause",
    "_order_by_clauses",
    "_group_by_clauses",
    "_having_criteria",
    "_distinct",
    "_setup_joins",
    "_for_update_arg",
)


def _is_plain(statement: Select[Any]) -> bool:
    found = (getattr(statement, name) for name in _MORE)
    return all(value is None or value is False or value == () for value in found)


def _seen(clause: ColumnElement[Any], sources: Mapping[Table, Source]) -> ColumnElement[Any]:
    """The clause with its tables replaced by occurrences seen through the viewer's eyes."""

    def replace(element: Any, **_: Any) -> Any:
        if isinstance(element, Select):
            return _seen_select(element, sources)
        if isinstance(element, Column):
            for table, source in sources.items():
                if table.c.get(element.key) is not None and str(element.table) == str(table):
                    return source[_attribute(source, table.c[element.key])]
        return None

    seen: ColumnElement[Any] = replacement_traverse(clause, {}, replace)
    return seen


def _seen_select(element: Select[Any], sources: Mapping[Table, Source]) -> Select[Any]:
    outer = next(iter(sources.values()))
    inner = dict(sources)
    for column in _own_columns(element):
        model = _model_of(outer, str(column.table))
        table = table_of(model)
        if table not in inner:
            inner[table] = Source(outer.scope, model)
    added = [source for table, source in inner.items() if table not in sources]
    condition = element.whereclause
    conditions = [] if condition is None else [_seen(condition, inner)]
    visible = [rule for source in added for rule in source.visible()]
    tables = [source.table for source in added]
    return select(literal_column("1")).select_from(*tables).where(*conditions, *visible).correlate_except(*tables)


def _own_columns(element: Select[Any]) -> Iterator[Column[Any]]:
    """The columns in the condition of a sub-query, without those of the sub-queries within it."""
    pending: list[Any] = [] if element.whereclause is None else [element.whereclause]
    while pending:
        part = pending.pop()
        if isinstance(part, Column):
            yield part
        elif not isinstance(part, Select):
            pending += part.get_children()


def _attribute(source: Source, column: Column[Any]) -> str:
    return inspect(source.model).get_property_by_column(column).key


def _model_of(source: Source, table: str) -> type[Base]:
    for mapper in inspect(source.model).registry.mappers:
        if str(mapper.local_table) == table:
            model: type[Base] = mapper.class_
            return model
    raise DeclarationError(f"a search visits {table}, which no model maps")
