"""Pages under docs/ that are written from the code, and held against it.

`write_pages` writes them into a folder; `stale_pages` names those that are not what the code says.
"""

from backend.docs.pages import stale_pages, write_pages

__all__ = ["stale_pages", "write_pages"]
