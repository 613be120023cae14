"""What the cache tells Prometheus."""

from __future__ import annotations

from prometheus_client import Counter, Gauge

FIELDS = Counter(
    "computor_cache_fields",
    "Root fields that may be kept, by where their answers came from: hit (Redis), joined (another request that was "
    "computing the same), miss (PostgreSQL).",
    ["answer"],
)
HITS, JOINED, MISSES = (FIELDS.labels(answer) for answer in ("hit", "joined", "miss"))
STORED = Counter("computor_cache_stored", "Answers that were sent to Redis to be kept.")
BYPASSED = Counter(
    "computor_cache_bypassed",
    "Requests that did without, by why: away (Redis does not answer), lease (nobody reads what changed).",
    ["reason"],
)
TROUBLES = Counter(
    "computor_cache_troubles",
    "What went wrong with Redis: lost (connection), timeout (no answer within the budget), mismatch (an answer to "
    "another question).",
    ["kind"],
)
UP = Gauge(
    "computor_cache_up",
    "1 while Redis answers in time, and 0 while a process does without.",
    multiprocess_mode="livemin",
)
