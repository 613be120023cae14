"""Token buckets that the processes of one database share: what each user may still cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from backend.cache.shared import Shared

# In: what is needed at least, what is taken if it is there, what the bucket holds, and 1 where what is needed is taken
# even if it is not there. Out: what was taken, what is left.
# Redis's own clock, so that all processes have the same.
_TAKE = """
local now = redis.call('TIME')
now = now[1] + now[2] / 1000000
local need, want, size = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local bucket = redis.call('HMGET', KEYS[1], 'level', 'at')
local level = tonumber(bucket[1] or size)
level = math.min(size, level + math.max(0, now - tonumber(bucket[2] or now)) * size / 60)
local taken = 0
if level >= need or ARGV[4] == '1' then
  taken = math.max(need, math.min(want, level))
  level = level - taken
  redis.call('HSET', KEYS[1], 'level', level, 'at', now)
  redis.call('EXPIRE', KEYS[1], 61)
end
return {tostring(taken), tostring(level)}
"""


class SharedBuckets:
    """A bucket for each user, which holds `size` and fills evenly in a minute. A new one is full."""

    def __init__(self, shared: Shared, size: int) -> None:
        self._shared = shared
        self._size = size
        self._take: Any = shared.redis.register_script(_TAKE)

    async def take(self, user: str, need: float, want: float, *, force: bool = False) -> tuple[float, float]:
        """What was taken, and what is left: as much as is wanted and there, but nothing where that is less than needed.

        With `force` what is needed is taken in any case. Raises what `AWAY` names.
        """
        keys = [self._shared.names.budget(user)]
        taken, left = await self._take(keys=keys, args=[need, want, self._size, int(force)])
        return float(taken), float(left)
