"""What requests cost: as much as the documents of GraphQL that ask for the same (docs/limits.md)."""

from __future__ import annotations

from typing import Any

from backend.face.values import cost_of_size, size_of
from backend.face.weights import ASSUMED_SIZE, FIELD, OBJECT, TRANSACTION, WHOLE_LIST

ROW = OBJECT + FIELD + OBJECT
"""`{ course(id: …) { id } }`: the query, its field, the row."""
_WRITE = OBJECT + TRANSACTION + OBJECT + FIELD
DELETION = _WRITE + ASSUMED_SIZE * OBJECT
"""`mutation { deleteCourse(id: …) { affected { count } } }`: the mutation, its payload, the rows by their types."""


def of_page(rows: int) -> int:
    """`{ courses(first: rows) { totalCount nodes { id } } }`, in whose connection are the rows and their number."""
    return ROW + WHOLE_LIST + FIELD + rows * OBJECT


def of_write(rows: int = 1) -> int:
    """`mutation { createCourses(inputs: …) { courses { id } } }`: the mutation, its payload, the rows."""
    return _WRITE + rows * OBJECT


def of_body(given: Any, rows: int = 1) -> int:
    """As `of_write`, with what the inputs hold."""
    return of_write(rows) + cost_of_size(size_of(given))
