"""Connections and servers that end in a mutation: all of it is there, or nothing, and nobody says otherwise."""

from __future__ import annotations

import os
import random
import socket
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import psycopg
import pytest

from backend.access.credentials import create_token
from tests.support.database import detour
from tests.support.gateway import running_gateway
from tests.support.mutations import codes, write
from tests.support.processes import serving
from tests.support.university import build_university
from tests.support.waiting import eventually, wait_for_lock

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator

    from tests.support.world import World

GROUPS = 5
WHOLE = """mutation($input: CreateCourseInput!) { createCourse(input: $input) { course { id } errors { code } } }"""


@pytest.fixture(scope="module")
def world(own_world: World) -> World:
    build_university(own_world)
    return own_world


@pytest.fixture(scope="module")
def token(world: World) -> str:
    return create_token(world.database_url, user="adi", scopes=["*"])


def _course(world: World, path: str) -> dict[str, Any]:
    """A course with groups, which takes several statements."""
    groups = [{"title": f"group {number}"} for number in range(GROUPS)]
    return {"path": path, "courseFamilyId": world.id("course_family", "math"), "courseGroups": groups}


def _written(world: World) -> dict[str, int]:
    """How many groups each of the new courses has."""
    found = world.connection.execute(
        """SELECT c.path::text, count(g.id) FROM course c LEFT JOIN course_group g ON g.course_id = c.id
           WHERE c.path::text LIKE 'new%' GROUP BY 1"""
    ).fetchall()
    return {str(path): int(count) for path, count in found}


class Wire:
    """Stands between the gateway and PostgreSQL, and cuts when the gateway commits what it wrote."""

    def __init__(self, server: str) -> None:
        self._server = server
        # Whether COMMIT still gets to PostgreSQL; None lets everything through.
        self.commits: bool | None = None

    def serve(self, listener: socket.socket) -> None:
        """Takes connections until the listener is closed."""
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                threading.Thread(target=self._between, args=(client,), daemon=True).start()

    def _between(self, client: socket.socket) -> None:
        server = socket.socket(socket.AF_UNIX)
        server.connect(self._server)
        threading.Thread(target=self._copy, args=(server, client), daemon=True).start()
        writes = False
        with suppress(OSError):
            while data := client.recv(65536):
                # Not the transaction that notes when the token was used.
                writes = writes or b"INSERT INTO course" in data
                if writes and self.commits is not None and b"COMMIT" in data:
                    if self.commits:
                        # The answer comes, and is lost.
                        client.shutdown(socket.SHUT_WR)
                        client.close()
                        server.sendall(data)
                        time.sleep(0.2)
                    break
                server.sendall(data)
        for each in (client, server):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    @staticmethod
    def _copy(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_RDWR)


@contextmanager
def _wired(database_url: str) -> Iterator[tuple[Wire, str]]:
    """A wire to the database, and the URL that leads over it."""
    with detour(database_url) as (far, near, url), socket.socket(socket.AF_UNIX) as listener:
        wire = Wire(str(far))
        listener.bind(str(near))
        listener.listen()
        threading.Thread(target=wire.serve, args=(listener,), daemon=True).start()
        yield wire, url


@pytest.mark.parametrize("arrives", [True, False])
def test_a_commit_whose_answer_is_lost_is_said_to_be_uncertain(world: World, token: str, arrives: bool) -> None:  # noqa: FBT001 - a parameter
    with _wired(world.database_url) as (wire, url), running_gateway(url, {"adi": token}) as gateway:
        wire.commits = arrives
        path = f"new_commit_{arrives}".lower()
        answer = gateway.ask("adi", WHOLE, input=_course(world, path))
        assert answer["data"] is None
        (error,) = answer["errors"]
        assert error["extensions"]["code"] == "UNAVAILABLE"
        assert "look whether it did" in error["message"]
        wire.commits = None
        for _ in range(100):
            if _written(world).get(path, 0) == (GROUPS if arrives else 0):
                break
            time.sleep(0.02)
        assert _written(world).get(path) == (GROUPS if arrives else None)
        # What is refused wrote nothing, whatever becomes of its transaction.
        wire.commits = False
        refused = write(gateway, "adi", "createCourse", input=_course(world, "algebra"))
        assert codes(refused) == ["CONFLICT"]
        wire.commits = None
        assert codes(write(gateway, "adi", "createCourse", input=_course(world, f"{path}_again"))) == []


def test_connections_that_are_ended_at_any_moment_leave_all_or_nothing(world: World, token: str) -> None:
    chance = random.Random(5)  # noqa: S311 - to be repeated
    stop = threading.Event()

    def end() -> None:
        with psycopg.connect(world.database_url, autocommit=True) as killer:
            while not stop.wait(chance.uniform(0.01, 0.06)):
                killer.execute(
                    """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                       WHERE datname = current_database() AND pid NOT IN (pg_backend_pid(), %s)
                         AND (state = 'idle in transaction' OR query LIKE 'INSERT INTO course%%')""",
                    [world.connection.info.backend_pid],
                )

    claimed, uncertain = set(), set()
    with running_gateway(world.database_url, {"adi": token}) as gateway:
        killer = threading.Thread(target=end)
        killer.start()
        try:
            for number in range(40):
                path = f"new_ended_{number}"
                answer = gateway.ask("adi", WHOLE, input=_course(world, path))
                if "errors" not in answer:
                    assert answer["data"]["createCourse"]["errors"] == []
                    claimed.add(path)
                else:
                    (error,) = answer["errors"]
                    assert error["extensions"]["code"] == "UNAVAILABLE", answer
                    uncertain |= {path} if "look whether it did" in error["message"] else set()
        finally:
            stop.set()
            killer.join()
    written = {path: count for path, count in _written(world).items() if path.startswith("new_ended")}
    assert set(written.values()) <= {GROUPS}
    assert claimed <= written.keys() <= claimed | uncertain


@dataclass
class Server:
    """A gateway in a process of its own, to be killed."""

    process: subprocess.Popen[str]
    url: str
    token: str

    def ask(self, text: str, **variables: Any) -> dict[str, Any] | None:
        """The answer; None where there was none."""
        try:
            answer: dict[str, Any] = httpx.post(
                self.url,
                json={"query": text, "variables": variables},
                headers={"Authorization": f"Bearer {self.token}"},
                timeout=30,
            ).json()
        except httpx.HTTPError:
            return None
        return answer


@contextmanager
def _serving(database_url: str, token: str) -> Iterator[Server]:
    with serving(Path(os.devnull), {"DATABASE_URL": database_url}) as served:
        yield Server(served.process, served.url, token)


def test_a_server_that_is_killed_keeps_what_it_answered_and_leaves_nothing_half_done(world: World, token: str) -> None:
    claimed: set[str] = set()
    with _serving(world.database_url, token) as server:

        def create(thread: int) -> None:
            for number in range(500):
                path = f"new_killed_{thread}_{number}"
                answer = server.ask(WHOLE, input=_course(world, path))
                if answer is None:
                    return
                if "errors" not in answer and not answer["data"]["createCourse"]["errors"]:
                    claimed.add(path)

        threads = [threading.Thread(target=create, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        eventually(lambda: len(claimed) >= 8)
        with psycopg.connect(world.database_url) as other:
            # One at least has written its course by the end, and not yet the groups.
            other.execute("LOCK TABLE course_group IN SHARE ROW EXCLUSIVE MODE")
            wait_for_lock(world)
            server.process.kill()
            server.process.wait()
            other.rollback()
        for thread in threads:
            thread.join()
    for _ in range(500):
        written = {path: count for path, count in _written(world).items() if path.startswith("new_killed")}
        left = world.connection.execute(
            """SELECT FROM pg_stat_activity
               WHERE datname = current_database() AND state <> 'idle' AND pid <> pg_backend_pid()"""
        ).fetchall()
        if not left:
            break
        time.sleep(0.01)
    assert set(written.values()) == {GROUPS}
    assert claimed <= written.keys()
