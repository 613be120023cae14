"""Documents that are asked for by name: trusted ones by id, automatic persisted queries by hash."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest
import redis

from backend.cache.upkeep import names_of
from backend.errors import GatewayError
from backend.graphql.trusted import read_manifest
from backend.settings import Settings, TrustedDocuments
from tests.support.gateway import running_gateway

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx

    from tests.support.gateway import RunningGateway

COUNT = "query Count { courses { totalCount } }"
COUNTED = {"data": {"courses": {"totalCount": 1}}}
HASH = sha256(COUNT.encode()).hexdigest()
APQ = {"persistedQuery": {"version": 1, "sha256Hash": HASH}}
WRITES = 'mutation { deleteMessage(id: "Message:1") { deletedMessageId } }'


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What graphql-codegen writes."""
    path = tmp_path_factory.mktemp("documents") / "persisted-documents.json"
    path.write_text(json.dumps({"c0ffee": COUNT, "bad": "{ nope }"}))
    return path


@pytest.fixture(scope="module")
def only(world_gateway: RunningGateway, manifest: Path) -> Iterator[RunningGateway]:
    settings: dict[str, Any] = {"trusted_documents": TrustedDocuments.ONLY, "trusted_documents_file": manifest}
    with running_gateway(world_gateway.database_url, world_gateway.tokens, **settings) as running:
        yield running


@pytest.fixture(scope="module")
def preferring(world_gateway: RunningGateway, manifest: Path) -> Iterator[RunningGateway]:
    settings: dict[str, Any] = {"trusted_documents": TrustedDocuments.PREFER, "trusted_documents_file": manifest}
    with running_gateway(world_gateway.database_url, world_gateway.tokens, **settings) as running:
        yield running


def _ask(gateway: RunningGateway, token: str | None = None, **body: Any) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token or gateway.tokens['tom']}"}
    return gateway.client.post(f"{gateway.url}/graphql", json=body, headers=headers)


def _get(gateway: RunningGateway, **parameters: str) -> httpx.Response:
    headers = {"Authorization": f"Bearer {gateway.tokens['tom']}", "GraphQL-Require-Preflight": "1"}
    return gateway.client.get(f"{gateway.url}/graphql", params=parameters, headers=headers)


def _code(response: httpx.Response) -> tuple[int, str]:
    (error,) = response.json()["errors"]
    return response.status_code, error["extensions"]["code"]


@pytest.mark.parametrize("name", ["c0ffee", "sha1:c0ffee"])
def test_trusted_document_is_answered_by_its_id(only: RunningGateway, preferring: RunningGateway, name: str) -> None:
    for gateway in (only, preferring):
        assert _ask(gateway, documentId=name).json() == COUNTED
        first = _get(gateway, documentId=name)
        assert first.json() == COUNTED
        headers = {**first.request.headers, "If-None-Match": first.headers["etag"]}
        assert gateway.client.get(first.request.url, headers=headers).status_code == 304


def test_only_trusted_documents_are_answered_where_only_they_are(only: RunningGateway) -> None:
    assert _ask(only, query=COUNT).json() == COUNTED
    for body in (
        {"query": "{ __typename }"},
        {"query": "{"},
        {"query": COUNT + " "},
        {"documentId": "unknown"},
        {"extensions": APQ},
        {"query": "{ __typename }", "extensions": APQ},
    ):
        assert _code(_ask(only, **body)) == (403, "DOCUMENT_NOT_TRUSTED"), body


def test_other_documents_are_answered_beside_trusted_ones(preferring: RunningGateway) -> None:
    assert _ask(preferring, query="{ __typename }").json() == {"data": {"__typename": "Query"}}
    assert _code(_ask(preferring, documentId="unknown")) == (403, "DOCUMENT_NOT_TRUSTED")
    assert _code(_ask(preferring, documentId="bad"))[1] == "GRAPHQL_VALIDATION_FAILED"


def test_ids_mean_nothing_where_none_are_trusted(world_gateway: RunningGateway) -> None:
    assert _code(_ask(world_gateway, documentId="c0ffee")) == (403, "DOCUMENT_NOT_TRUSTED")


def test_nobody_learns_which_documents_there_are(only: RunningGateway) -> None:
    for body in ({"documentId": "c0ffee"}, {"documentId": "unknown"}, {"query": "{"}, {"extensions": APQ}):
        assert _code(_ask(only, token="nobody", **body)) == (401, "UNAUTHENTICATED")


def test_query_is_registered_by_its_hash(world_gateway: RunningGateway, redis_url: str) -> None:
    settings: dict[str, Any] = {"redis_url": redis_url, "persisted_query_seconds": 100}
    tokens = world_gateway.tokens
    with running_gateway(world_gateway.database_url, tokens, **settings) as one:
        missing = _ask(one, extensions=APQ)
        assert _code(missing) == (200, "PERSISTED_QUERY_NOT_FOUND")
        assert missing.json()["errors"][0]["message"] == "PersistedQueryNotFound"
        assert _ask(one, query=COUNT, extensions=APQ).json() == COUNTED
        assert _ask(one, extensions=APQ).json() == COUNTED
        with running_gateway(world_gateway.database_url, tokens, **settings) as other:
            assert _get(other, extensions=json.dumps(APQ)).json() == COUNTED
    with redis.Redis.from_url(redis_url) as client:
        assert 0 < client.ttl(names_of(world_gateway.database_url).document(HASH)) <= 100


def test_what_is_no_text_in_redis_is_no_document(world_gateway: RunningGateway, redis_url: str) -> None:
    settings: dict[str, Any] = {"redis_url": redis_url, "persisted_query_seconds": 100}
    with (
        redis.Redis.from_url(redis_url) as client,
        running_gateway(world_gateway.database_url, world_gateway.tokens, **settings) as one,
    ):
        assert _ask(one, query=COUNT, extensions=APQ).json() == COUNTED
        (key,) = client.scan_iter(f"computor:document:*{HASH}")
        client.set(key, b"\xff\xfe")
        with running_gateway(world_gateway.database_url, world_gateway.tokens, **settings) as other:
            assert _code(_ask(other, extensions=APQ)) == (200, "PERSISTED_QUERY_NOT_FOUND")


def test_query_is_registered_in_the_process_without_redis(world_gateway: RunningGateway) -> None:
    with running_gateway(world_gateway.database_url, world_gateway.tokens) as alone:
        assert _code(_ask(alone, extensions=APQ)) == (200, "PERSISTED_QUERY_NOT_FOUND")
        assert _ask(alone, query=COUNT, extensions=APQ).json() == COUNTED
        assert _ask(alone, extensions=APQ).json() == COUNTED


def test_only_valid_documents_of_callers_are_registered(world_gateway: RunningGateway) -> None:
    broken = {"persistedQuery": {"version": 1, "sha256Hash": sha256(b"{ nope }").hexdigest()}}
    with running_gateway(world_gateway.database_url, world_gateway.tokens) as alone:
        assert _code(_ask(alone, query="{ nope }", extensions=broken))[1] == "GRAPHQL_VALIDATION_FAILED"
        assert _code(_ask(alone, extensions=broken)) == (200, "PERSISTED_QUERY_NOT_FOUND")
        assert _code(_ask(alone, token="nobody", query=COUNT, extensions=APQ)) == (401, "UNAUTHENTICATED")
        assert _code(_ask(alone, token="nobody", extensions=APQ)) == (401, "UNAUTHENTICATED")
        assert _code(_ask(alone, extensions=APQ)) == (200, "PERSISTED_QUERY_NOT_FOUND")
        assert _code(_ask(alone, query="{ __typename }", extensions=APQ)) == (400, "BAD_REQUEST")
        assert _code(_ask(alone, extensions={"persistedQuery": {"version": 2}})) == (400, "BAD_REQUEST")


def test_hash_of_a_mutation_is_not_run_by_get(world_gateway: RunningGateway) -> None:
    writes = {"persistedQuery": {"version": 1, "sha256Hash": sha256(WRITES.encode()).hexdigest()}}
    with running_gateway(world_gateway.database_url, world_gateway.tokens) as alone:
        _ask(alone, query=WRITES, extensions=writes)
        assert _code(_get(alone, extensions=json.dumps(writes))) == (405, "METHOD_NOT_ALLOWED")


def test_document_in_redis_that_has_another_hash_is_not_taken(world_gateway: RunningGateway, redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        client.set(names_of(world_gateway.database_url).document(HASH), "{ users { totalCount } }")
    with running_gateway(world_gateway.database_url, world_gateway.tokens, redis_url=redis_url) as running:
        assert _code(_ask(running, extensions=APQ)) == (200, "PERSISTED_QUERY_NOT_FOUND")


def test_registering_may_be_off(world_gateway: RunningGateway) -> None:
    with running_gateway(world_gateway.database_url, world_gateway.tokens, persisted_query_seconds=0) as off:
        assert _code(_ask(off, extensions=APQ)) == (200, "PERSISTED_QUERY_NOT_SUPPORTED")
        assert _ask(off, query=COUNT, extensions=APQ).json() == COUNTED


def test_manifest_of_apollo_is_read(tmp_path: Path) -> None:
    path = tmp_path / "manifest.json"
    operations = [{"id": "a", "name": "Count", "type": "query", "body": COUNT}]
    path.write_text(json.dumps({"format": "apollo-persisted-query-manifest", "version": 1, "operations": operations}))
    assert read_manifest(path) == {"a": COUNT}


@pytest.mark.parametrize("content", ["", "[]", '{"a": 1}', '{"a": {"b": "c"}}'])
def test_file_that_is_no_manifest_is_named(tmp_path: Path, content: str) -> None:
    path = tmp_path / "manifest.json"
    path.write_text(content)
    with pytest.raises(GatewayError, match=r"manifest\.json"):
        read_manifest(path)


def test_mode_without_a_manifest_is_refused() -> None:
    with pytest.raises(ValueError, match="TRUSTED_DOCUMENTS_FILE"):
        Settings(trusted_documents=TrustedDocuments.ONLY)
