"""ETag and If-Match (RFC 9110); If-None-Match is looked at where answers are sent.

A tag is `"<version>-<digest of the body>"`: what a caller sees of a row may change without the row. A write asks for
the version alone. Rows without a version have weak tags, which no write can ask for.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from backend.errors import BadRequestError
from backend.operation.problem import Problem, ProblemCode, RefusedError

if TYPE_CHECKING:
    from backend.interface.entity import Entity

ANY = "*"
_TAG = re.compile(r'(?:W/)?"[^"]*"')
_VERSIONED = re.compile(r'"([0-9]{1,18})-[^"]*"', re.ASCII)
# Versions count from 0.
_NEVER = -1


def tag_of(version: int | None, digest: str) -> str:
    """The tag of a row, as its caller sees it."""
    return f'W/"{digest}"' if version is None else f'"{version}-{digest}"'


def expected_version(entity: Entity, if_match: str | None) -> int | None:
    """The version that a row must have, or None if any will do; one that none has where no tag of the header can match.

    Raises RefusedError where rows of the entity have no versions, BadRequestError where several are named.
    """
    if if_match is None or if_match.strip() == ANY:
        return None
    if "version" not in entity.by_attribute:
        text = "Rows of this kind have no version that If-Match could ask for."
        raise RefusedError([Problem(ProblemCode.STALE_VERSION, text, ("expectedVersion",))])
    versions = {int(found[1]) for tag in _TAG.findall(if_match) if (found := _VERSIONED.fullmatch(tag))}
    if len(versions) > 1:
        raise BadRequestError("If-Match names several versions: give the one tag that was read last.")
    return next(iter(versions), _NEVER)
