"""Pages for browsers: built by Vite, served with a policy that lets them load nothing from elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import HTMLResponse, Response

if TYPE_CHECKING:
    from pathlib import Path

# Monaco and Swagger UI style what they draw with attributes and <style> elements that they make, so styles cannot be
# strict; scripts and workers are files of ours, and nothing comes from, or goes to, another host.
_POLICY = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self' data:; img-src 'self' data:; "
    "object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_MISSING_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"
_MISSING = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Computor</title>
<style>
  :root {{ color-scheme: light dark }}
  body {{ max-width: 36rem; margin: 20vh auto 0; padding: 0 1rem; font: 16px/1.6 system-ui, sans-serif }}
</style>
<h1>{name} is not built</h1>
<p>Run <code>scripts/serve</code>, which builds it. {meanwhile}</p>
</html>
"""


def built_page(file: Path, name: str, meanwhile: str) -> Response:
    """The page in the file, or one that says how to build `name`, and what there is `meanwhile`."""
    try:
        page: bytes | str = file.read_bytes()
    except FileNotFoundError:
        return _html(_MISSING.format(name=name, meanwhile=meanwhile), status=503, policy=_MISSING_POLICY)
    return _html(page, status=200, policy=_POLICY)


def _html(page: str | bytes, status: int, policy: str) -> Response:
    headers = {
        "Content-Security-Policy": policy,
        "Cache-Control": "no-cache",
        "Vary": "Accept",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
    }
    return HTMLResponse(page, status_code=status, headers=headers)
