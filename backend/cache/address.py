"""Where Redis is: a URL, resolved to the one server that holds our keys. redis-py knows how."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlsplit

from redis.asyncio import Redis
from redis.asyncio.cluster import ClusterNode, RedisCluster
from redis.asyncio.connection import SSLConnection, parse_url
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as ConnectionLostError
from redis.exceptions import RedisClusterException, RedisError

from backend.cache.connection import AwayError
from backend.errors import GatewayError

CLUSTER, SENTINEL = "redis+cluster", "redis+sentinel"
AWAY = (RedisError, RedisClusterException, OSError, TimeoutError)
"""What redis-py raises where Redis does not answer: what it says of clusters is no RedisError."""
_DEFAULT_PORTS = {CLUSTER: 6379, SENTINEL: 26379}


@dataclass(frozen=True)
class Address:
    """One server: a host and port, or the path of a socket; and how to log in there."""

    host: str = "localhost"
    port: int = 6379
    path: str | None = None
    username: str | None = None
    password: str | None = None
    database: int = 0
    tls: ssl.SSLContext | None = None


def client_of(url: str, seconds: float) -> Redis:
    """A client of redis-py, for what is not worth a connection of one's own, which waits for so many seconds at most.

    It connects when it is first used. Raises GatewayError where the URL is none of those that `resolve` knows.
    """
    scheme, login, seeds, service = _read(url)
    if scheme == CLUSTER:
        # It takes the same commands.
        return cast("Redis", _cluster(seeds, login, seconds))
    if scheme == SENTINEL:
        found: Redis = _sentinel(seeds, seconds).master_for(
            service,
            _BehindSentinels,
            db=login.database,
            username=login.username,
            password=login.password,
            **_patience(seconds),
        )
        return found
    return Redis.from_url(url, **_patience(seconds))


class _BehindSentinels(Redis):
    """A client that ends its connections to the sentinels, too."""

    async def aclose(self, close_connection_pool: bool | None = None) -> None:  # noqa: FBT001 - redis-py's
        await super().aclose(close_connection_pool)
        for sentinel in self.connection_pool.sentinel_manager.sentinels:  # type: ignore[attr-defined]  # it is one's
            await sentinel.aclose()


async def resolve(url: str, key: bytes, seconds: float) -> Address:
    """The server that holds the key.

    `redis://`, `rediss://` and `unix://` name it; `redis+cluster://host:port,host:port` names nodes of a cluster, and
    `redis+sentinel://host:port,host:port/service` sentinels that know it. Raises AwayError where none can tell.
    """
    scheme, login, seeds, service = _read(url)
    if scheme not in _DEFAULT_PORTS:
        return login
    try:
        if scheme == CLUSTER:
            host, port = await _node(seeds, login, key, seconds)
        else:
            host, port = await _master(seeds, service, seconds)
    except AWAY as error:
        raise AwayError(f"Nobody says where Redis is: {error}") from error
    return Address(host, port, None, login.username, login.password, login.database)


def _read(url: str) -> tuple[str, Address, list[tuple[str, int]], str]:
    """Scheme; how to log in, and where; hosts and ports; the name of the service."""
    scheme = url.partition("://")[0]
    if scheme not in _DEFAULT_PORTS:
        return scheme, _single(url), [], ""
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise GatewayError(f"REDIS_URL: {error}") from None
    service, _, number = parts.path.strip("/").partition("/")
    if scheme == SENTINEL and not service:
        raise GatewayError(f"REDIS_URL: {SENTINEL}:// needs the service's name, as in {SENTINEL}://host:26379/mymaster")
    hosts = parts.netloc.rpartition("@")[2].split(",")
    seeds = [_seed(host, _DEFAULT_PORTS[scheme]) for host in hosts]
    login = _single(f"redis://{parts.netloc.rpartition('@')[0]}{'@' if '@' in parts.netloc else ''}x/{number or 0}")
    return scheme, login, seeds, service


def _seed(text: str, default_port: int) -> tuple[str, int]:
    try:
        parts = urlsplit(f"//{text}")
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise GatewayError(f"REDIS_URL: {error}") from None
    if not host:
        raise GatewayError("REDIS_URL: there is no host where one must be")
    return host, port or default_port


def _single(url: str) -> Address:
    try:
        read: Any = parse_url(url)
    except ValueError as error:
        raise GatewayError(f"REDIS_URL: {error}") from None
    tls = ssl.create_default_context() if read.get("connection_class") is SSLConnection else None
    return Address(
        read.get("host", "localhost"),
        read.get("port", 6379),
        read.get("path"),
        read.get("username"),
        read.get("password"),
        int(read.get("db", 0)),
        tls,
    )


def _patience(seconds: float) -> dict[str, Any]:
    # A connection that was lost is made anew at once. Where nothing came in time, whoever waited goes on without Redis.
    retry = Retry(NoBackoff(), 1, (ConnectionLostError,))
    return {"socket_timeout": seconds, "socket_connect_timeout": seconds, "retry": retry}


def _cluster(seeds: list[tuple[str, int]], login: Address, seconds: float) -> RedisCluster:
    nodes = [ClusterNode(host, port) for host, port in seeds]
    return RedisCluster(startup_nodes=nodes, username=login.username, password=login.password, **_patience(seconds))


def _sentinel(seeds: list[tuple[str, int]], seconds: float) -> Sentinel:
    return Sentinel(seeds, sentinel_kwargs=_patience(seconds))  # type: ignore[no-untyped-call]  # not annotated there


async def _node(seeds: list[tuple[str, int]], login: Address, key: bytes, seconds: float) -> tuple[str, int]:
    cluster = _cluster(seeds, login, seconds)
    try:
        await cluster.initialize()
        node = cluster.get_node_from_key(key.decode())
    finally:
        await cluster.aclose()
    if node is None:
        raise AwayError("No node of the cluster holds our keys.")
    return node.host, int(node.port)


async def _master(seeds: list[tuple[str, int]], service: str, seconds: float) -> tuple[str, int]:
    sentinel = _sentinel(seeds, seconds)
    try:
        host, port = await sentinel.discover_master(service)
    finally:
        for each in sentinel.sentinels:
            await each.aclose()
    return host, int(port)
