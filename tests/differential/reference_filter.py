"""Filters, decided for one row at a time. A test of null is false, but `ne` is true: there is no third."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tests.differential.reference_relations import KEYS, RELATIONS
from tests.differential.reference_values import (
    InputError,
    database_id,
    is_archived,
    key_text,
    read_id,
    snake_case,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.differential.reference_rows import Row
    from tests.differential.reference_values import Reader


def passes(reader: Reader, row: Row, tests: Mapping[str, Any]) -> bool:
    """Whether a row passes all tests of a filter."""
    return all(_passes_one(reader, row, name, test) for name, test in tests.items())


def _passes_one(reader: Reader, row: Row, name: str, test: Any) -> bool:  # noqa: PLR0911 - a line for each kind
    if name in ("and", "or", "not") and test is None:
        return True
    if name == "and":
        return all(passes(reader, row, each) for each in test)
    if name == "or":
        return any(passes(reader, row, each) for each in test)
    if name == "not":
        return not passes(reader, row, test)
    relation = RELATIONS.get((row.type, name))
    if relation is None:
        value = database_id(row) if name == "id" else reader.value(row, snake_case(name))
        target = row.type if name == "id" else KEYS.get((row.type, snake_case(name)))
        return all(holds(value, operator, operand, target) for operator, operand in test.items())
    if not relation.to_many:
        target_row = reader.one(row, name)
        return target_row is not None and passes(reader, target_row, test)
    others = [other for other in reader.many(row, name) if not is_archived(other)]
    quantifiers = {
        "some": lambda inner: any(passes(reader, other, inner) for other in others),
        "none": lambda inner: not any(passes(reader, other, inner) for other in others),
        "every": lambda inner: all(passes(reader, other, inner) for other in others),
    }
    return all(quantifiers[quantifier](inner) for quantifier, inner in test.items())


def holds(value: Any, operator: str, operand: Any, target: str | None = None) -> bool:  # noqa: C901, PLR0911, PLR0912
    """Whether a value passes one test. Each operator is a line, as in the list that clients read."""
    if target is not None and operator != "isNull":
        ids = operand if isinstance(operand, list) else [operand]
        # A key is told from its parts as from their one text, so the text is made anew.
        read = [key_text(target, read_id(text, target)) for text in ids]
        operand = read if isinstance(operand, list) else read[0]
    if operator == "isNull":
        return bool((value is None) == operand)
    if operator == "isEmpty":
        return value is not None and bool((len(value) == 0) == operand)
    if operator == "ne":
        return bool(value != operand)
    if operator == "notIn":
        return value not in operand
    if value is None:
        return False
    if operator == "eq":
        return bool(value == operand)
    if operator == "in":
        return value in operand
    if operator == "lt":
        return bool(value < operand)
    if operator == "lte":
        return bool(value <= operand)
    if operator == "gt":
        return bool(value > operand)
    if operator == "gte":
        return bool(value >= operand)
    if operator == "contains":
        return lower(operand) in lower(value)
    if operator == "startsWith":
        return lower(value).startswith(lower(operand))
    if operator == "endsWith":
        return lower(value).endswith(lower(operand))
    if operator == "like":
        return like(operand).fullmatch(value) is not None
    if operator == "ilike":
        return like(lower(operand)).fullmatch(lower(value)) is not None
    if operator == "containsAll":
        return set(operand) <= set(value)
    if operator == "containsAny":
        return bool(set(operand) & set(value))
    return holds_in_tree(tuple(value.split(".")), operator, operand)


def holds_in_tree(path: tuple[str, ...], operator: str, operand: Any) -> bool:
    if operator == "depth":
        return bool(len(path) == operand)
    if operator == "matches":
        return lquery(operand).fullmatch("".join(f"{label}." for label in path)) is not None
    other = tuple(operand.split("."))
    shorter, longer = (path, other) if operator == "ancestorOf" else (other, path)
    return len(shorter) < len(longer) and longer[: len(shorter)] == shorter


def check_filter(type_name: str, tests: Mapping[str, Any]) -> None:
    """InputError where a filter could not be decided."""
    for name, test in tests.items():
        relation = RELATIONS.get((type_name, name))
        if name in ("and", "or", "not"):
            inner = [] if test is None else [test] if name == "not" else test
            for each in inner:
                check_filter(type_name, each)
        elif test is None:
            raise InputError(f"{name} is null")
        elif relation is None:
            target = type_name if name == "id" else KEYS.get((type_name, snake_case(name)))
            for operator, operand in test.items():
                check_operand(operator, operand, target)
        elif relation.to_many:
            for quantifier, inner in test.items():
                if inner is None:
                    raise InputError(f"{name}.{quantifier} is null")
                check_filter(relation.target, inner)
        else:
            check_filter(relation.target, test)


def check_operand(operator: str, operand: Any, target: str | None = None) -> None:
    """InputError where a test could not be decided."""
    if operand is None:
        raise InputError(f"{operator} is null")
    for text in operand if isinstance(operand, list) else [operand]:
        if isinstance(text, str) and "\0" in text:
            raise InputError("NUL is no character")
        if target is not None and isinstance(text, str):
            read_id(text, target)
    if operator in ("like", "ilike"):
        like(operand)
    if operator == "matches":
        lquery(operand)


def lower(text: str) -> str:
    """Lower case, letter by letter."""
    return "".join("i" if letter == "İ" else letter.lower() for letter in text)


def like(pattern: str) -> re.Pattern[str]:
    """A LIKE pattern: % is any text, _ any character, a backslash takes the next one as it is."""
    found, rest = "", list(pattern)
    while rest:
        letter = rest.pop(0)
        if letter == "\\":
            if not rest:
                raise InputError("a backslash at the end")
            found += re.escape(rest.pop(0))
        else:
            found += {"%": ".*", "_": "."}.get(letter, re.escape(letter))
    return re.compile(found, re.DOTALL)


_LQUERY_LEVEL = re.compile(r"\*(\{(\d+)?(,)?(\d+)?\})?|!?[A-Za-z0-9_]+[*@%]*(\|[A-Za-z0-9_]+[*@%]*)*")


def lquery(pattern: str) -> re.Pattern[str]:
    """An lquery, over a path whose labels each end in a dot: a star is any number of labels, ! is none of."""
    return re.compile("".join(_lquery_level(level) for level in pattern.split(".")))


def _lquery_level(level: str) -> str:
    fits = _LQUERY_LEVEL.fullmatch(level)
    if fits is None:
        raise InputError(f"{level!r} is no level of an lquery")
    if level.startswith("*"):
        _, least, comma, most = fits.group(1, 2, 3, 4)
        if not (least or most):
            return r"(?:\w+\.)*"
        if least and most and int(least) > int(most):
            raise InputError(f"{level!r} has its bounds in the wrong order")
        return rf"(?:\w+\.){{{least or 0},{most or ''}}}" if comma else rf"(?:\w+\.){{{least}}}"
    alternatives = "|".join(_lquery_label(label) for label in level.lstrip("!").split("|"))
    return rf"(?!(?:{alternatives})\.)\w+\." if level.startswith("!") else rf"(?:{alternatives})\."


def _lquery_label(label: str) -> str:
    text, flags = re.fullmatch(r"(\w+)([*@%]*)", label).groups()  # type: ignore[union-attr] # it fitted a level
    if "%" in flags:
        raise InputError("this reference does not know % in an lquery")
    found = (text + r"\w*") if "*" in flags else text
    return f"(?i:{found})" if "@" in flags else found
