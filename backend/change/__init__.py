"""What changed in the database, whoever wrote it: the table of changes, its triggers, and who reads it.

Rules: docs/caching.md.
"""

from backend.change.announce import Announcer
from backend.change.change import Change, stamps_of
from backend.change.notes import Notes
from backend.change.reader import Reader
from backend.change.store import LEASE, OUTLASTED, ElsewhereError, NotAcknowledgedError, StampStore

__all__ = [
    "LEASE",
    "OUTLASTED",
    "Announcer",
    "Change",
    "ElsewhereError",
    "NotAcknowledgedError",
    "Notes",
    "Reader",
    "StampStore",
    "stamps_of",
]
