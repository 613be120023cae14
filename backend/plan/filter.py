"""`filter:` arguments. A value is split into its structure, which shapes the SQL, and its leaves, which are bound.

Filters know two values: a test that comes to NULL has failed, and `not` turns that into a pass.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy.dialects.postgresql import UUID

from backend.errors import InputError
from backend.interface.entity import Entity, Field, Kind
from backend.plan.alternatives import FEW_ALTERNATIVES, Shape, grouped
from backend.plan.operators import NO_TEST, OPERATORS, read_test
from backend.plan.value import array_parts, check_column, parse_key, parse_uuids

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.types import TypeEngine

    from backend.plan.source import Scope

MAX_DEPTH = 16
_MOST_READ = 2000
# Of those that are left where alternatives of one form are one test: what SQL is made for.
MOST_TESTS = 1000


class FilterReader:
    """Splits filter values; `leaves` collects what is to be bound, in order."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._left = _MOST_READ
        self._types: dict[tuple[str, str], TypeEngine[Any]] = {}
        self.leaves: list[Any] = []

    def read(self, entity: Entity, value: Mapping[str, Any], depth: int = 0) -> Shape:
        """The structure of a filter on the entity; InputError names the place of what is wrong."""
        if depth > MAX_DEPTH:
            raise InputError(f"a filter can be nested {MAX_DEPTH} levels deep")
        tests: list[Shape] = []
        if not value:
            self._count()
        for name, given in value.items():
            self._count()
            try:
                tests += self._entry(entity, name, given, depth)
            except InputError as error:
                raise error.under(name) from None
        return ("and", tuple(tests))

    def _count(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise InputError("the filter has too many tests; give a list to `in` instead")

    def _entry(self, entity: Entity, name: str, given: Any, depth: int) -> list[Shape]:
        if name == "or":
            return [(name, self._alternatives(entity, given, depth))] if given is not None else []
        if name == "and":
            return [(name, tuple(self._branches(entity, given, depth)))] if given is not None else []
        if name == "not":
            return [("not", self.read(entity, given, depth + 1))] if given is not None else []
        if given is None:
            raise InputError(NO_TEST)
        if name in entity.relations:
            return [self._relation(entity, name, given, depth)]
        return self._tests(entity, entity.fields[name], given)

    def _branches(self, entity: Entity, given: list[Mapping[str, Any]], depth: int) -> list[Shape]:
        branches = []
        for index, branch in enumerate(given):
            try:
                branches.append(self.read(entity, branch, depth + 1))
            except InputError as error:
                raise error.under(index) from None
        return branches

    def _alternatives(self, entity: Entity, given: list[Mapping[str, Any]], depth: int) -> tuple[Shape, ...]:
        if len(given) < FEW_ALTERNATIVES:
            return tuple(self._branches(entity, given, depth))
        outer, branches = self.leaves, []
        for index, branch in enumerate(given):
            self.leaves = []
            try:
                branches.append((self.read(entity, branch, depth + 1), self.leaves))
            except InputError as error:
                raise error.under(index) from None
        alternatives, leaves = grouped(branches, len(outer))
        self.leaves = [*outer, *leaves]
        return alternatives

    def _relation(self, entity: Entity, name: str, given: Mapping[str, Any], depth: int) -> Shape:
        relation = entity.relations[name]
        target = self._scope.catalog[relation.target]
        if not relation.to_many:
            return ("one", name, self.read(target, given, depth + 1))
        tests: list[Shape] = []
        for quantifier, inner in given.items():
            if inner is None:
                raise InputError("null is no test; leave it out", (quantifier,))
            try:
                tests.append((quantifier, name, self.read(target, inner, depth + 1)))
            except InputError as error:
                raise error.under(quantifier) from None
        return ("and", tuple(tests))

    def _tests(self, entity: Entity, field: Field, given: Mapping[str, Any]) -> list[Shape]:
        tests: list[Shape] = []
        for name, value in given.items():
            if value is None:
                raise InputError(NO_TEST, (name,))
            if name in ("isNull", "isEmpty"):
                tests.append((name, field.name, bool(value)))
                continue
            try:
                self.leaves.append(self._leaf(entity, field, name, value))
            except InputError as error:
                raise error.under(name) from None
            tests.append(("test", field.name, name, len(self.leaves) - 1))
        return tests

    def _leaf(self, entity: Entity, field: Field, name: str, value: Any) -> Any:
        operator = OPERATORS[field.kind][name]
        if field.kind is Kind.ID:
            owner = self._scope.catalog.get(field.target or "", entity)
            if operator.many and field.target == owner.name and (bare := parse_uuids(owner, value)) is not None:
                return bare
            keys = [_parse_id(owner, field, item) for item in (value if operator.many else [value])]
            if field.name == "id" and len(entity.key) > 1:
                return array_parts(keys, len(entity.key))
            bare = [key[0] for key in keys]
            return bare if operator.many else bare[0]
        return read_test(field.kind, self._sql_type(entity, field), name, value)

    def _sql_type(self, entity: Entity, field: Field) -> TypeEngine[Any]:
        # One field may be asked for in hundreds of branches.
        known = self._types.get((entity.name, field.name))
        if known is None:
            known = self._types[entity.name, field.name] = entity.sql_type(field)
        return known


def _parse_id(owner: Entity, field: Field, item: str) -> tuple[str, ...]:
    if field.target == owner.name:
        return parse_key(owner, item)
    # The target has no interface yet, so that its id has a type's name and a key of which nothing more is known.
    key = item.removeprefix(f"{field.target}:")
    check_column(key, UUID())
    return (key,)
