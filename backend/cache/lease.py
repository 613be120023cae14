"""That somebody vouches for what is kept, as it stands in Redis."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

_FORM = re.compile(rb"([^:]+):([^:]+):([^:]+):([0-9]{1,16})")


class Lease(NamedTuple):
    """For which server, by the reader of which version, for which epoch, until when by the server's clock.

    `until` is in milliseconds.
    """

    run_id: bytes
    version: bytes
    epoch: bytes
    until: int

    @property
    def text(self) -> bytes:
        """It as `read_lease` reads it."""
        return b"%b:%b:%b:%d" % self


# Every request reads it, and it changes four times a second.
@lru_cache(maxsize=4)
def read_lease(text: bytes | None) -> Lease | None:
    """The lease that the text is; None where there is none."""
    found = None if text is None else _FORM.fullmatch(text)
    if found is None:
        return None
    run_id, version, epoch, until = found.groups()
    return Lease(run_id, version, epoch, int(until))
