"""What changed in the database, whoever wrote it: the table of changes, its triggers, and who reads it.

Rules: docs/caching.md.
"""

from backend.change.change import Change, stamps_of
from backend.change.store import LEASE, NotAcknowledgedError, StampStore

__all__ = ["LEASE", "Change", "NotAcknowledgedError", "StampStore", "stamps_of"]
