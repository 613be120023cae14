"""Orders of lists: terms, always total, and the conditions that a cursor makes of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, UnaryExpression, and_, bindparam, cast, or_, tuple_
from sqlalchemy import false as sql_false

from backend.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from backend.interface.entity import Catalog, Entity
    from backend.plan.source import Source

# By direction: descending, nulls first. Ascending puts nulls last and descending first, as PostgreSQL does.
DIRECTIONS: Mapping[str, tuple[bool, bool]] = {
    "ASC": (False, False),
    "ASC_NULLS_FIRST": (False, True),
    "DESC": (True, True),
    "DESC_NULLS_LAST": (True, False),
}
MAX_TERMS = 16


@dataclass(frozen=True)
class Term:
    """One term of an order: an attribute, dotted across relations to one, and its direction."""

    attribute: str
    descending: bool = False
    nulls_first: bool = False

    def reversed(self) -> Term:
        """The same term, read from the end of the list."""
        return replace(self, descending=not self.descending, nulls_first=not self.nulls_first)


Order = tuple[Term, ...]


def read_order(catalog: Catalog, entity: Entity, given: Sequence[Mapping[str, Any]]) -> Order:
    """The terms of an `orderBy:` argument; InputError names the place of what is wrong."""
    if len(given) > MAX_TERMS:
        raise InputError(f"an order has at most {MAX_TERMS} terms")
    terms: list[Term] = []
    for index, item in enumerate(given):
        try:
            terms += _terms(catalog, entity, item, ())
        except InputError as error:
            raise error.under(index) from None
    return tuple(terms)


def _terms(catalog: Catalog, entity: Entity, item: Mapping[str, Any], hops: tuple[str, ...]) -> Order:
    if len(hops) > MAX_TERMS:
        raise InputError(f"an order crosses at most {MAX_TERMS} relations")
    (name, given) = next(iter(item.items()))
    if name in entity.relations:
        relation = entity.relations[name]
        try:
            return _terms(catalog, catalog[relation.target], given, (*hops, relation.attribute))
        except InputError as error:
            raise error.under(name) from None
    descending, nulls_first = DIRECTIONS[given.value]
    attributes = entity.key if name == "id" else (entity.fields[name].attribute,)
    return tuple(Term(".".join((*hops, attribute)), descending, nulls_first) for attribute in attributes)


def declared_order(attributes: Sequence[str]) -> Order:
    """The terms of an interface's own order, in which a leading minus means descending."""
    return tuple(Term(name.removeprefix("-"), name[0] == "-", name[0] == "-") for name in attributes)


def total_order(entity: Entity, terms: Order) -> Order:
    """The order with the key at its end, in the direction of the last term so that one index serves both."""
    named = {term.attribute for term in terms}
    descending = terms[-1].descending if terms else False
    return (*terms, *(Term(part, descending, descending) for part in entity.key if part not in named))


def order_clauses(source: Source, order: Order) -> list[UnaryExpression[Any]]:
    """ORDER BY; where nulls stand is said only where PostgreSQL would put them elsewhere, so that indexes serve."""
    clauses = []
    for term in order:
        value = source[term.attribute]
        clause = value.desc() if term.descending else value.asc()
        if source.may_be_null(term.attribute) and term.nulls_first != term.descending:
            clause = clause.nulls_first() if term.nulls_first else clause.nulls_last()
        clauses.append(clause)
    return clauses


def beyond(source: Source, order: Order, prefix: str, nulls: Sequence[bool]) -> ColumnElement[bool]:
    """Rows strictly after the position whose values are bound as `prefix` + n; `nulls` says which of them are null."""
    values = [source[term.attribute] for term in order]
    binds = [_bind(value, f"{prefix}{index}") for index, value in enumerate(values)]
    plain = not any(nulls) and not any(source.may_be_null(term.attribute) for term in order)
    if plain and len({term.descending for term in order}) == 1:
        if order[0].descending:
            return tuple_(*values) < tuple_(*binds)
        return tuple_(*values) > tuple_(*binds)
    condition: ColumnElement[bool] = sql_false()
    for term, value, bind, null in reversed(list(zip(order, values, binds, nulls, strict=True))):
        nullable = source.may_be_null(term.attribute)
        condition = or_(
            _after(term, value, bind, null=null, nullable=nullable), and_(_at(value, bind, null=null), condition)
        )
    return condition


def _bind(value: ColumnElement[Any], name: str) -> ColumnElement[Any]:
    return cast(bindparam(name, type_=value.type), value.type)


def _after(
    term: Term, value: ColumnElement[Any], bind: ColumnElement[Any], *, null: bool, nullable: bool
) -> ColumnElement[bool]:
    if null:
        return value.is_not(None) if term.nulls_first else sql_false()
    after = value < bind if term.descending else value > bind
    return or_(after, value.is_(None)) if nullable and not term.nulls_first else after


def _at(value: ColumnElement[Any], bind: ColumnElement[Any], *, null: bool) -> ColumnElement[bool]:
    return value.is_(None) if null else value == bind
