"""PostgreSQL away: each face says so, and when to come again; and goes on by itself."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import psycopg

from tests.support.database import detour
from tests.support.gateway import running_gateway
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx

    from tests.support.gateway import RunningGateway


class Bridge:
    """A socket through which PostgreSQL is reached, as long as it is up."""

    def __init__(self, far: Path, near: Path) -> None:
        self._far, self._near = far, near
        self._open: list[socket.socket] = []
        self._listener: socket.socket | None = None

    def up(self) -> None:
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self._near))
        self._listener.listen()
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def down(self) -> None:
        """Every connection ends, and none is made."""
        self._near.unlink()
        for each in (self._listener, *self._open):
            if each is not None:
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
                each.close()
        self._open.clear()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                near, _ = listener.accept()
                far = socket.socket(socket.AF_UNIX)
                far.connect(str(self._far))
                self._open += [near, far]
                for ends in ((near, far), (far, near)):
                    threading.Thread(target=_carry, args=ends, daemon=True).start()


def _carry(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while chunk := source.recv(65536):
            target.sendall(chunk)
        target.shutdown(socket.SHUT_WR)


@contextmanager
def _bridged(database_url: str) -> Iterator[tuple[str, Bridge]]:
    with detour(database_url) as (far, near, url):
        bridge = Bridge(far, near)
        bridge.up()
        yield url, bridge
        bridge.down()


def _asked(gateway: RunningGateway) -> list[httpx.Response]:
    """What GraphQL and REST answer."""
    headers = {"Authorization": f"Bearer {gateway.tokens['student']}"}
    return [
        gateway.client.post(f"{gateway.url}/graphql", json={"query": "{ me { username } }"}, headers=headers),
        gateway.client.get(f"{gateway.url}/courses", headers=headers),
    ]


def test_outage_is_told_with_when_to_come_again_and_ends_by_itself(gateway: RunningGateway) -> None:
    with (
        _bridged(gateway.database_url) as (url, bridge),
        running_gateway(url, gateway.tokens, pool_timeout=0.5) as bridged,
    ):
        assert [answer.status_code for answer in _asked(bridged)] == [200, 200]
        bridge.down()
        for answer in (*_asked(bridged), *_asked(bridged)):
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
            assert "UNAVAILABLE" in answer.text
            assert "pg-" not in answer.text
        bridge.up()
        # However long it lasted: nobody tells the gateway, and nothing has to.
        eventually(lambda: _asked(bridged)[0].status_code == 200)
        assert [answer.status_code for answer in _asked(bridged)] == [200, 200]


def test_request_that_finds_no_connection_is_told_to_come_again(gateway: RunningGateway) -> None:
    with (
        psycopg.connect(gateway.database_url) as locking,
        running_gateway(gateway.database_url, gateway.tokens, pool_size=1, pool_timeout=0.5) as narrow,
    ):
        locking.execute("LOCK TABLE course IN ACCESS EXCLUSIVE MODE")
        headers = {"Authorization": f"Bearer {narrow.tokens['student']}"}
        waiting = threading.Thread(
            target=lambda: narrow.client.post(
                f"{narrow.url}/graphql", json={"query": "{ courses { totalCount } }"}, headers=headers
            )
        )
        waiting.start()
        eventually(lambda: locking.execute("SELECT 1 FROM pg_locks WHERE NOT granted").fetchone() is not None)
        answer = narrow.client.post(f"{narrow.url}/graphql", json={"query": "{ me { username } }"}, headers=headers)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        locking.rollback()
        waiting.join()
        assert narrow.data("student", "{ me { username } }") == {"me": {"username": "student"}}
