"""What clients send becomes rows: validated by the DTOs, and fit for their columns."""

from __future__ import annotations

from datetime import datetime
from math import isfinite
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import orjson
from pydantic import BaseModel, ValidationError
from sqlalchemy import Uuid, inspect

from backend.errors import InputError
from backend.interface.rules import FieldError
from backend.operation.problem import MOST_PROBLEMS, Problem, invalid
from backend.plan.value import check_column, check_text, in_utc, parse_key

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Column

    from backend.interface.entity import Catalog, Entity

Values = dict[str, Any]
# Answers nest a little deeper, and orjson writes 254 levels.
MOST_NESTED = 100
# In one attribute of a row, such as the words of a list.
MOST_VALUES = 10_000
SMALLEST, LARGEST = -(2**63), 2**64 - 1


def read_create(catalog: Catalog, entity: Entity, given: Mapping[str, Any]) -> tuple[Values, list[Problem]]:
    """The values of a row to create, by attribute, as JSON; or what is wrong with them.

    A key of one random part is made here where the caller has not chosen it, so that the row is known before it is.
    """
    create = entity.interface.create
    if create is None:
        raise LookupError(f"{entity.name} has no input to create it by")
    values, problems = _read(catalog, entity, create, given)
    values = {attribute: value for attribute, value in values.items() if value is not None}
    if len(entity.key) == 1 and isinstance(entity.key_types[0], Uuid):
        values.setdefault(entity.key[0], str(uuid4()))
    return values, problems


def read_update(catalog: Catalog, entity: Entity, given: Mapping[str, Any]) -> tuple[Values, list[Problem]]:
    """The values to change, by attribute, as JSON: only those given, null among them."""
    update = entity.interface.update
    if update is None:
        raise LookupError(f"{entity.name} has no input to update it by")
    values, problems = _read(catalog, entity, update, given)
    return {attribute: value for attribute, value in values.items() if attribute in given}, problems


def merge_problems(entity: Entity, before: Values, changes: Values) -> list[Problem]:
    """What is wrong with the row as it is going to be, and was not before: old rows may break newer rules."""
    create = entity.interface.create
    if create is None:
        return []
    known = {name for name in create.model_fields if name in before or name in changes}
    old = {name: before.get(name) for name in known}
    already = {(problem.path, problem.message) for problem in _problems(create, old)}
    found = _problems(create, {**old, **{name: changes[name] for name in known & changes.keys()}})
    return [problem for problem in found if (problem.path, problem.message) not in already]


def _read(
    catalog: Catalog, entity: Entity, dto: type[BaseModel], given: Mapping[str, Any]
) -> tuple[Values, list[Problem]]:
    values = dict(given)
    # One more than is told, so that there are more.
    for name in [name for name in given if name not in dto.model_fields][MOST_PROBLEMS + 1 :]:
        del values[name]
    problems = _read_keys(catalog, entity, dto, values)
    for attribute, text in [(name, text) for name, value in values.items() if (text := _excess(value)) is not None]:
        problems.append(invalid(text, attribute))
        del values[attribute]
    reported = {problem.path[:1] for problem in problems}
    try:
        checked = dto.model_validate(values)
    except ValidationError as error:
        problems += [problem for problem in _of(error) if problem.path[:1] not in reported]
        return {}, problems
    dumped = checked.model_dump(mode="json")
    columns = inspect(entity.model).columns
    for attribute, value in checked:
        try:
            if isinstance(value, datetime):
                dumped[attribute] = in_utc(value).isoformat()
            # Of plain JSON, for pydantic makes null of what is infinite.
            if not (isinstance(value, dict | list) and _is_plainly_fine(value)):
                _check(value if isinstance(value, dict | list) else dumped[attribute], columns.get(attribute))
        except InputError as error:
            problems.append(invalid(error.message, attribute, *map(str, error.path)))
    return dumped, problems


def _read_keys(catalog: Catalog, entity: Entity, dto: type[BaseModel], values: Values) -> list[Problem]:
    """Makes the keys among the values bare; takes out those that can be none, and says so."""
    problems: list[Problem] = []
    targets = {attribute: catalog[target] for attribute, target in entity.references.items() if target in catalog}
    if "id" in dto.model_fields:
        targets["id"] = entity
    for attribute, target in targets.items():
        if isinstance(values.get(attribute), str):
            try:
                (values[attribute],) = parse_key(target, values[attribute])
            except InputError as error:
                problems.append(invalid(error.message, attribute))
                del values[attribute]
    return problems


def _excess(value: object) -> str | None:
    """Why a value is too large to be checked, or too deep to be read again and written into an answer; else None."""
    level: list[object] = [value]
    found = 0
    for _ in range(MOST_NESTED + 1):
        level = [
            inner
            for each in level
            if isinstance(each, dict | list)
            for inner in (each.values() if isinstance(each, dict) else each)
        ]
        found += len(level)
        if found > MOST_VALUES:
            return f"It has more than {MOST_VALUES} values."
        if not level:
            return None
    return f"It is nested more than {MOST_NESTED} levels deep."


def _problems(dto: type[BaseModel], values: Values) -> list[Problem]:
    try:
        dto.model_validate(values)
    except ValidationError as error:
        return _of(error)
    return []


def _of(error: ValidationError) -> list[Problem]:
    return [
        invalid(each["msg"].removeprefix("Value error, "), *map(str, each["loc"]), *_blamed(each.get("ctx", {})))
        for each in error.errors(include_url=False, include_input=False)
    ]


def _blamed(context: Mapping[str, Any]) -> tuple[str, ...]:
    """The field to change, where values do not fit each other."""
    error = context.get("error")
    return (error.field,) if isinstance(error, FieldError) else ()


def _is_plainly_fine(value: object) -> bool:
    """Whether one look tells that PostgreSQL can hold the JSON, which may be thousands of values."""
    try:
        text = orjson.dumps(value)
    except TypeError:
        return False
    # What is infinite is written as null.
    return b"null" not in text and b"\\u0000" not in text


def _check(value: object, column: Column[Any] | None) -> None:
    """InputError where PostgreSQL could not hold the value."""
    if isinstance(value, dict):
        for key, inner in value.items():
            check_text(key)
            try:
                _check(inner, None)
            except InputError as error:
                raise error.under(key) from None
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            try:
                _check(inner, None)
            except InputError as error:
                raise error.under(index) from None
    elif column is not None:
        check_column(value, column.type)
    elif isinstance(value, str):
        check_text(value)
    else:
        _check_number(value)


def _check_number(value: object) -> None:
    """InputError where JSON is not written with it."""
    if isinstance(value, int) and not SMALLEST <= value <= LARGEST:
        raise InputError("A whole number in JSON has 64 bits at most.")
    if isinstance(value, float) and not isfinite(value):
        raise InputError("It is too large for a number.")
