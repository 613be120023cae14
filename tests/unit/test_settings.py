"""What the environment says about the services to use."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pydantic import ValidationError

from backend.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAMES = [name.upper() for name in Settings.model_fields]


@pytest.mark.parametrize(
    ("environment", "database"),
    [
        ({}, None),
        ({"DATABASE_URL": ""}, None),
        ({"DATABASE_URL": "postgresql://a@b/c"}, "postgresql://a@b/c"),
        ({"DATABASE_URL": "postgresql+psycopg://a@b/c"}, "postgresql://a@b/c"),
        ({"DATABASE_URL": "postgresql://a@b/c", "POSTGRES_HOST": "other"}, "postgresql://a@b/c"),
        ({"POSTGRES_USER": "alone"}, None),
        ({"POSTGRES_HOST": "db"}, "postgresql://postgres@db:5432/postgres"),
        ({"POSTGRES_HOST": "db", "POSTGRES_USER": "u"}, "postgresql://u@db:5432/u"),
        (
            {"POSTGRES_HOST": "::1", "POSTGRES_PORT": "1", "POSTGRES_PASSWORD": "p@/:", "POSTGRES_DB": "d b"},
            "postgresql://postgres:p%40%2F%3A@[::1]:1/d%20b",
        ),
        ({"POSTGRES_HOST": "/run/db"}, "postgresql://postgres@/postgres?host=%2Frun%2Fdb&port=5432"),
    ],
)
def test_database_is_the_url_or_made_of_its_parts(
    monkeypatch: pytest.MonkeyPatch, environment: Mapping[str, str], database: str | None
) -> None:
    assert _settings(monkeypatch, environment).database == database


@pytest.mark.parametrize(
    ("environment", "redis"),
    [
        ({}, None),
        ({"REDIS_URL": "redis://a"}, "redis://a"),
        ({"REDIS_URL": "redis://a", "REDIS_HOST": "b"}, "redis://a"),
        ({"REDIS_HOST": "b"}, "redis://b:6379/0"),
        ({"REDIS_HOST": "b", "REDIS_PASSWORD": "p@"}, "redis://:p%40@b:6379/0"),
    ],
)
def test_redis_is_the_url_or_made_of_its_parts(
    monkeypatch: pytest.MonkeyPatch, environment: Mapping[str, str], redis: str | None
) -> None:
    assert _settings(monkeypatch, environment).redis == redis


def test_secrets_are_not_in_the_text_of_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["DATABASE_URL", "POSTGRES_PASSWORD", "REDIS_URL", "REDIS_PASSWORD"]
    assert "hidden" not in repr(_settings(monkeypatch, dict.fromkeys(names, "hidden")))


def test_embedded_services_take_the_place_of_the_configured(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = _settings(monkeypatch, {"POSTGRES_HOST": "db", "REDIS_HOST": "r", "PORT": "9"})
    using = settings.using("postgresql:///x", None)
    assert (using.database, using.redis, using.port) == ("postgresql:///x", None, 9)


@pytest.mark.parametrize(("name", "value"), [("PORT", "65536"), ("POOL_SIZE", "0"), ("ANONYMOUS_SCHEMA", "perhaps")])
def test_setting_that_makes_no_sense_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    with pytest.raises(ValidationError, match=name.lower()):
        _settings(monkeypatch, {name: value})


def test_every_setting_says_what_it_means() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def _settings(monkeypatch: pytest.MonkeyPatch, environment: Mapping[str, str]) -> Settings:
    for name in _NAMES:
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return Settings()
