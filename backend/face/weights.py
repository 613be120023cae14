"""What the parts of a request weigh in its cost, on every face. How they add up: docs/limits.md."""

from __future__ import annotations

FIELD = 1
"""A field that gives objects; one that gives values weighs nothing."""
OBJECT = 1
INCLUDED = 0
"""What comes with its object."""
WHOLE_LIST = 5
"""What reads all rows of a list, such as how many there are."""
STATEMENT = 50_000
"""A statement that nobody had asked for: to make it takes about a millisecond of the processor's time."""
TRANSACTION = 10
"""A write."""
ASSUMED_SIZE = 10
"""Objects of a list of which nothing says how long it is."""
VALUE = 50
"""A value that is read, to which that takes about a microsecond of the processor's time."""
VALUES_INCLUDED = 1000
"""Values of a request that weigh nothing."""
