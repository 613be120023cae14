"""Documents that are asked for by name: trusted ones, from a manifest, and automatic persisted queries, by their hash.

Rules: docs/trusted-documents.md.
"""

from __future__ import annotations

import logging
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import orjson

from backend.cache.address import AWAY
from backend.errors import BadRequestError, ErrorCode, GatewayError
from backend.graphql.document import LONGEST_KEPT
from backend.recent import Recent
from backend.settings import TrustedDocuments

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from backend.cache.shared import Shared
    from backend.graphql.answer import Request

log = logging.getLogger("computor")

_KEPT = 1000


class NotTrustedError(GatewayError):
    """No trusted document is meant, where one must be."""

    code = ErrorCode.DOCUMENT_NOT_TRUSTED


class NotPersistedError(GatewayError):
    """No document has this hash. The text is what Apollo's clients look for, who send the document then."""

    code = ErrorCode.PERSISTED_QUERY_NOT_FOUND


class PersistingOffError(GatewayError):
    """Documents are not registered by their hash."""

    code = ErrorCode.PERSISTED_QUERY_NOT_SUPPORTED


class NotHereError(Exception):
    """The document of that hash is not known in this process; Redis may have it."""

    def __init__(self, digest: str) -> None:
        super().__init__()
        self.digest = digest


class NamedDocuments:
    """The texts of documents by their names. `persisted_seconds` is how long unused ones are kept by hash, 0 not."""

    def __init__(
        self,
        mode: TrustedDocuments,
        manifest: Mapping[str, str] | None,
        shared: Shared | None,
        persisted_seconds: int,
    ) -> None:
        self._mode = mode
        self._manifest = manifest or {}
        self._trusted = frozenset(self._manifest.values())
        self._shared: Any = shared
        self._seconds = 0 if mode is TrustedDocuments.ONLY else persisted_seconds
        self._persisted: Recent[str, str] = Recent(_KEPT)

    def text(self, request: Request) -> str:
        """The text of the document that a request means.

        Raises NotHereError where `find` may know it, and GatewayError where there is none that may be answered.
        """
        if request.document_id is not None:
            return self._trusted_text(request.document_id)
        if request.persisted is not None and not request.query:
            return self._persisted_text(request.persisted)
        if self._mode is TrustedDocuments.ONLY and request.query not in self._trusted:
            raise NotTrustedError("This server answers trusted documents only: send the documentId of one.")
        if request.persisted is not None and _digest(request.query) != request.persisted.lower():
            raise BadRequestError("`extensions.persistedQuery.sha256Hash` is not the SHA-256 of `query`.")
        return request.query

    def _trusted_text(self, name: str) -> str:
        if self._mode is not TrustedDocuments.OFF:
            found = self._manifest.get(name) or self._manifest.get(name.partition(":")[2])
            if found is not None:
                return found
        raise NotTrustedError("No trusted document has this documentId.")

    def _persisted_text(self, digest: str) -> str:
        found = self._manifest.get(digest) if self._mode is not TrustedDocuments.OFF else None
        if found is not None:
            return found
        if self._mode is TrustedDocuments.ONLY:
            raise NotTrustedError("No trusted document has this hash.")
        if not self._seconds:
            raise PersistingOffError("PersistedQueryNotSupported")
        found = self._persisted.get(digest.lower())
        if found is None:
            raise NotHereError(digest.lower())
        return found

    async def find(self, digest: str) -> str:
        """The text of that hash, of which this process did not know. Raises NotPersistedError where Redis does not."""
        text = None
        if self._shared is not None and len(digest) == sha256().digest_size * 2:
            try:
                found = await self._shared.redis.getex(self._shared.names.document(digest), ex=self._seconds)
                text = found.decode(errors="replace") if found is not None else None
            except AWAY as error:
                log.warning("persisted queries cannot be looked up: %s", error)
        if text is None or _digest(text) != digest:
            raise NotPersistedError("PersistedQueryNotFound")
        self._keep_here(digest, text)
        return str(text)

    async def keep(self, digest: str, text: str) -> None:
        """Registers a valid document under its hash, for all processes."""
        digest = digest.lower()
        if not self._seconds or self._persisted.get(digest) is not None:
            return
        self._keep_here(digest, text)
        if self._shared is not None:
            try:
                await self._shared.redis.set(self._shared.names.document(digest), text.encode(), ex=self._seconds)
            except AWAY as error:
                log.warning("a persisted query was not kept: %s", error)

    def _keep_here(self, digest: str, text: str) -> None:
        # Longer ones are in Redis alone.
        if len(text) <= LONGEST_KEPT:
            self._persisted.put(digest, text)


def read_manifest(path: Path) -> dict[str, str]:
    """Documents by their ids: a JSON object of texts (graphql-codegen, Relay), or Apollo's manifest.

    Raises GatewayError where the file is neither.
    """
    try:
        content = orjson.loads(path.read_bytes())
    except (OSError, orjson.JSONDecodeError) as error:
        raise GatewayError(f"The trusted documents in {path} cannot be read: {error}.") from None
    if isinstance(content, dict) and content.get("format") == "apollo-persisted-query-manifest":
        content = {str(each.get("id")): each.get("body") for each in content.get("operations", ())}
    if not isinstance(content, dict) or not all(isinstance(text, str) for text in content.values()):
        raise GatewayError(f"{path} is no manifest of documents: it must be a JSON object of texts by their ids.")
    return content


def _digest(text: str) -> str:
    return sha256(text.encode(errors="surrogatepass")).hexdigest()
