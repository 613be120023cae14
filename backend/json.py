"""Objects of JSON, as Python has them."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]
