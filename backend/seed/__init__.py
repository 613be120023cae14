"""Data of a university that does not exist: the same each time, in a size to look at and in a size to measure with.

`load` writes it into a migrated database that has no users yet; `seed/demo.py` makes tokens for its users besides.
"""

from backend.seed.cast import DemoUser, cast
from backend.seed.database import DatabaseInUseError, is_empty, load
from backend.seed.size import SizeName

__all__ = ["DatabaseInUseError", "DemoUser", "SizeName", "cast", "is_empty", "load"]
