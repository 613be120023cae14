"""How long tests run that draw what they try, and what they draw: docs/testing.md lists them.

Each run has a name, and up to three variables of the environment that begin with it.
"""

from __future__ import annotations

import os
from random import SystemRandom


def steps(run: str, usual: int) -> int:
    """How many steps it takes: NAME_STEPS, else the usual few."""
    return int(os.environ.get(f"{run}_STEPS") or usual)


def given_seed(run: str) -> str | None:
    """What it is to draw from, where NAME_SEED says so, to do again what failed."""
    return os.environ.get(f"{run}_SEED") or None


def seed(run: str) -> int:
    """What it draws from: NAME_SEED, else something else each time."""
    given = given_seed(run)
    return SystemRandom().randrange(2**32) if given is None else int(given)


def tries_all(run: str) -> bool:
    """Whether it tries everything, as NAME_ALL=1 says, and not a few of each kind."""
    return os.environ.get(f"{run}_ALL") == "1"
