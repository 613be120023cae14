"""Conditions written over plain tables, by search functions and by hand, composed onto what the viewer may see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import BindParameter, Column, ColumnElement, Select, Table, bindparam, inspect, literal_column, select
from sqlalchemy.sql.util import _deep_deannotate
from sqlalchemy.sql.visitors import iterate, replacement_traverse

from backend.errors import DeclarationError, InputError
from backend.interface.search import search
from backend.model.base import table_of
from backend.plan.source import Source
from backend.plan.value import check_column

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence

    from sqlalchemy.sql.cache_key import CacheKey

    from backend.interface.base import ListQuery
    from backend.interface.entity import Entity
    from backend.model import Base


def search_conditions(source: Source, entity: Entity, query: ListQuery) -> list[ColumnElement[bool]]:
    """The conditions that a search of the entity adds, over `source`.

    Raises DeclarationError where its search function does more than add conditions, InputError for a value that its
    column cannot hold.
    """
    try:
        return conditions_of(source, entity, search(entity.interface, select(table_of(entity.model)), query))
    except InputError as error:
        raise error.under("search") from None


@dataclass(frozen=True)
class Conditions:
    """What is asked of rows by Selects over the entity: of one `shape` are those that differ in their values alone.

    `bound` has these values by names; `build` makes a Select with the conditions, which binds them by the same names.
    """

    shape: Hashable
    bound: Mapping[str, object]
    build: Callable[[], Select[Any] | None]


def named_conditions(entity: Entity, query: ListQuery | None, written: Select[Any] | None) -> Conditions:
    """The conditions of a search, and those of a Select written by hand. Raises as `search_conditions` does."""
    try:
        searched = None if query is None else search(entity.interface, select(table_of(entity.model)), query)
        return _named(entity, [each for each in (searched, written) if each is not None])
    except InputError as error:
        raise error.under("search") from None


def _named(entity: Entity, statements: Sequence[Select[Any]]) -> Conditions:
    keys = [_key(statement) for statement in statements]
    values = [bind.effective_value for key in keys for bind in _checked(key.bindparams)]

    def build() -> Select[Any] | None:
        clauses: list[ColumnElement[bool]] = []
        start = 0
        for statement, key in zip(statements, keys, strict=True):
            clause = _plain_clause(entity, statement)
            if clause is not None:
                clauses.append(_renamed(clause, key, start))
            start += len(key.bindparams)
        return select(table_of(entity.model)).where(*clauses) if clauses else None

    bound = {f"{GIVEN}{index}": value for index, value in enumerate(values)}
    return Conditions(tuple(key.key for key in keys), bound, build)


def _renamed(clause: ColumnElement[bool], key: CacheKey, start: int) -> ColumnElement[bool]:
    """The clause of the statement that has the key, its values bound by the names of their places in it."""
    # A copy has its values in the same order.
    names = {id(bind): f"{GIVEN}{start + index}" for index, bind in enumerate(_key(clause).bindparams)}

    def rename(element: Any, **_: Any) -> Any:
        given = names.get(id(element))
        return None if given is None else bindparam(given, type_=element.type)

    renamed: ColumnElement[bool] = replacement_traverse(clause, {}, rename)
    left = [each for each in iterate(renamed) if isinstance(each, BindParameter) and not each.key.startswith(GIVEN)]
    if left or len(names) != len(key.bindparams):
        # Such a statement would be kept with the values of whoever asked first.
        raise DeclarationError("a search or a Select has values besides those of its conditions")
    return renamed


def _key(element: Any) -> CacheKey:
    key: CacheKey | None = element._generate_cache_key()  # noqa: SLF001 - the recipe that SQLAlchemy documents
    if key is None:
        raise DeclarationError("a search or a Select has a part of which SQLAlchemy does not know what it says")
    return key


def _checked(binds: Sequence[BindParameter[Any]]) -> Sequence[BindParameter[Any]]:
    for bind in binds:
        check_column(bind.effective_value, bind.type)
    return binds


def conditions_of(source: Source, entity: Entity, statement: Select[Any]) -> list[ColumnElement[bool]]:
    """The conditions of a Select over the entity, over `source`.

    They were written over the plain tables. Here each column of the entity becomes what the viewer may see of it, and
    each table that a sub-query visits is narrowed to the rows that they may see, so that none can tell of what is
    hidden.
    """
    clause = _plain_clause(entity, statement)
    return [] if clause is None else [_seen(clause, {table_of(entity.model): source})]


def _plain_clause(entity: Entity, statement: Select[Any]) -> ColumnElement[bool] | None:
    """The condition of a Select that has conditions only, None where it has none; its values fit their columns."""
    table = table_of(entity.model)
    if [str(part) for part in statement.get_final_froms()] != [str(table)] or not _is_plain(statement):
        raise DeclarationError(f"a search or a field's Select over {table} may add conditions only")
    if statement.whereclause is None:
        return None
    _checked([each for each in iterate(statement.whereclause) if isinstance(each, BindParameter)])
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
