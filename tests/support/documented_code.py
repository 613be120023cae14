"""Python that docs/ shows, as it stands there."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

_PAGE = Path(__file__).resolve().parents[2] / "docs" / "written-operations.md"
_BLOCK = re.compile(r"```python\n(.*?)```", re.DOTALL)


def documented(name: str) -> Any:
    """What the page defines under the name, in the block that does."""
    block = next(
        body for body in _BLOCK.findall(_PAGE.read_text()) if re.search(rf"^(def )?{name}\b", body, re.MULTILINE)
    )
    # FastAPI and Strawberry look names up in the module that a function says it is of.
    module = ModuleType(f"documented_{name}")
    sys.modules[module.__name__] = module
    exec(compile(block, str(_PAGE), "exec"), module.__dict__)  # noqa: S102 - it is a page of ours
    return module.__dict__[name]
