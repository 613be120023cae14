"""What tells versions of the gateway apart, which must not use what the other keeps."""

from __future__ import annotations

import compileall
from typing import TYPE_CHECKING

import pytest

from backend.cache.names import version
from backend.errors import GatewayError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """One with a package in it."""
    for name in ("__init__.py", "one.py", "inner/__init__.py", "inner/two.py"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"NAME = '{name}'")
    return tmp_path


@pytest.mark.parametrize("changed", ["__init__.py", "one.py", "inner/__init__.py", "inner/two.py", "inner/new.py"])
def test_all_code_makes_a_version(package: Path, changed: str) -> None:
    before = version([], package)
    assert version([], package) == before
    assert version(["another schema"], package) != before
    (package / changed).write_text("CHANGED = True")
    assert version([], package) != before


def test_a_version_without_sources_is_refused(package: Path) -> None:
    compileall.compile_dir(package, legacy=True, quiet=1)
    for path in package.rglob("*.py"):
        source = path.read_bytes()
        path.unlink()
        with pytest.raises(GatewayError, match=rf"a version that is not known.*{path.name}"):
            version([], package)
        path.write_bytes(source)
