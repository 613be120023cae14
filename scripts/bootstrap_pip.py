"""Put pip into the environment that runs this, for a Python that came without: `bootstrap_pip.py requirements-pip.txt`.

The requirements file pins a version and the hashes of its files; the package index in PIP_INDEX_URL, which pip reads
too, says where they are.
"""

import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path


def main(requirements: Path) -> None:
    """Download the pinned wheel, compare its hash, and let pip install itself from it."""
    pinned = requirements.read_text(encoding="utf-8")
    version = re.findall(r"^pip==(\S+)", pinned, re.MULTILINE)[0]
    hashes = set(re.findall(r"--hash=sha256:([0-9a-f]{64})", pinned))
    index = os.environ.get("PIP_INDEX_URL")
    if not index:
        sys.exit(
            "This Python has neither ensurepip nor pip. Install them (on Debian: apt install python3-venv), "
            "or set PIP_INDEX_URL to a package index that pip can be downloaded from."
        )
    listing = json.loads(_download(f"{index.rstrip('/')}/pip/"))
    name = f"pip-{version}-py3-none-any.whl"
    wheel = next(file for file in listing["files"] if file["filename"] == name)
    content = _download(wheel["url"])
    if hashlib.sha256(content).hexdigest() not in hashes:
        sys.exit(f"{name} from the index is not the file that {requirements} names.")
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / name
        path.write_bytes(content)
        subprocess.run([sys.executable, path / "pip", "install", "--quiet", "--no-index", path], check=True)  # noqa: S603 - its hash is known


def _download(url: str) -> bytes:
    if not url.startswith("https://"):
        sys.exit(f"{url} is not to be trusted.")
    request = urllib.request.Request(url, headers={"Accept": "application/vnd.pypi.simple.v1+json, */*"})  # noqa: S310 - https, as said
    with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310
        content: bytes = response.read()
    return content


if __name__ == "__main__":
    main(Path(sys.argv[1]))
