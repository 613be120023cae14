"""Lists are read off an index: sorting a table for each page would grow with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Index, PrimaryKeyConstraint, Table, UniqueConstraint

from backend.interface.registry import INTERFACES

if TYPE_CHECKING:
    from backend.interface.base import EntityInterface

ORDERED = [interface for interface in INTERFACES if interface.default_order]


@pytest.mark.parametrize("interface", ORDERED)
def test_default_order_has_an_index(interface: type[EntityInterface]) -> None:
    mapper = interface.model.__mapper__
    order = [mapper.columns[name.removeprefix("-")].name for name in interface.default_order]

    assert any(columns[: len(order)] == order for columns in _indexed(interface.model.__table__))


def _indexed(table: object) -> list[list[str]]:
    assert isinstance(table, Table)
    keys = [one for one in table.constraints if isinstance(one, PrimaryKeyConstraint | UniqueConstraint)]
    whole = [index for index in table.indexes if _is_whole(index)]
    return [[column.name for column in one.columns] for one in (*keys, *whole)]


def _is_whole(index: Index) -> bool:
    return index.dialect_options["postgresql"]["where"] is None
