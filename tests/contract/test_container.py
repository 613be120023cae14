"""The Dockerfile and compose.yaml, as far as they can be held without Docker."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # its types are not worth a dependency

from backend.process.worker import SECONDS_TO_FINISH
from backend.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
_PINNED = re.compile(r"[\w./-]+:\d+\.\d+[\w.-]*")
_SERVICES: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]


def _instructions() -> list[tuple[str, str]]:
    """What the Dockerfile says, with continued lines as one."""
    text = re.sub(r"\\\n\s*", "", (ROOT / "Dockerfile").read_text())
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(line.split(maxsplit=1)[0], line.split(maxsplit=1)[1]) for line in lines]


def _last_stage() -> dict[str, str]:
    instructions = _instructions()
    start = max(index for index, (name, _) in enumerate(instructions) if name == "FROM")
    return dict(instructions[start:])


def test_images_are_pinned() -> None:
    images = [given.split()[0] for name, given in _instructions() if name == "FROM"]
    images += [service["image"] for service in _SERVICES.values() if "image" in service]
    assert len(images) == 5
    assert [image for image in images if not _PINNED.fullmatch(image)] == []


def test_gateway_runs_as_nobody_in_particular() -> None:
    stage = _last_stage()
    assert int(stage["USER"]) >= 1000
    gateway = _SERVICES["gateway"]
    assert (gateway["read_only"], gateway["cap_drop"]) == (True, ["ALL"])
    assert gateway["security_opt"] == ["no-new-privileges:true"]


def test_programs_get_signals_themselves() -> None:
    # The form with a shell would keep SIGTERM to itself.
    command = json.loads(_last_stage()["CMD"])
    assert command[:2] == ["computor", "serve"]
    assert json.loads(_last_stage()["HEALTHCHECK"].split("CMD ")[1])[0] == "python"


def test_what_is_copied_is_there_and_what_is_installed_is_pinned() -> None:
    for name, given in _instructions():
        assert name != "ADD"
        if name == "COPY" and not given.startswith("--from"):
            sources = shlex.split(given)[:-1]
            assert [source for source in sources if not (ROOT / source).exists()] == []
        for command in given.split("&&") if name == "RUN" else ():
            if "pip install" in command:
                assert "--no-cache-dir" in command
                assert "--require-hashes" in command or "--no-deps" in command
            assert "npm install" not in command
            assert "sudo" not in command


def test_environment_names_settings() -> None:
    known = {name.upper() for name in Settings.model_fields}
    assert set(_SERVICES["gateway"]["environment"]) <= known


def test_port_is_the_same_everywhere() -> None:
    port = str(Settings.model_fields["port"].default)
    assert _last_stage()["EXPOSE"] == port
    assert f"127.0.0.1:{port}/health/live" in _last_stage()["HEALTHCHECK"]
    # Reached from this machine alone, as long as nobody says otherwise.
    assert _SERVICES["gateway"]["ports"] == [f"127.0.0.1:{port}:{port}"]
    assert [name for name, service in _SERVICES.items() if name != "gateway" and "ports" in service] == []


def test_secrets_are_asked_for_and_not_written_down() -> None:
    environment = {name: of for service in _SERVICES.values() for name, of in service.get("environment", {}).items()}
    secret = {name: of for name, of in environment.items() if re.search("PASSWORD|TOKEN|SECRET", name)}
    assert set(secret) == {"POSTGRES_PASSWORD", "METRICS_TOKEN"}
    assert all(re.fullmatch(r"\$\{\w+:[?-].*\}", of) for of in secret.values())
    assert secret["POSTGRES_PASSWORD"].startswith("${POSTGRES_PASSWORD:?")


@pytest.mark.parametrize("name", ["postgres", "redis"])
def test_gateway_waits_for_what_it_needs(name: str) -> None:
    assert _SERVICES["gateway"]["depends_on"][name] == {"condition": "service_healthy"}
    assert _SERVICES[name]["healthcheck"]["test"][0] == "CMD"


def test_gateway_is_given_the_time_to_end() -> None:
    seconds = int(_SERVICES["gateway"]["stop_grace_period"].removesuffix("s"))
    assert seconds > Settings.model_fields["drain_seconds"].default + SECONDS_TO_FINISH
