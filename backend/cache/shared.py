"""What the processes of one database share in Redis besides answers: what users cost, and persisted queries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from backend.cache.names import Names


@dataclass
class Shared:
    """A client of Redis, and the names there, which are known once the database has said which one it is."""

    redis: Redis
    names: Names
