"""What tests need that not every machine has."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def lacking(name: str, reason: str) -> NoReturn:
    """Skips the test; fails it where REQUIRE_NAME is 1, as .ci/run has it, for there nothing is left untested."""
    if os.environ.get(f"REQUIRE_{name}") == "1":
        pytest.fail(reason)
    pytest.skip(reason)
