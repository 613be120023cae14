"""Every environment variable that the gateway knows, read in this one place."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import quote

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

_PROJECT = Path(__file__).resolve().parents[1]


def _default_data_dir() -> Path:
    # An installed package has no project around it.
    root = _PROJECT if (_PROJECT / "pyproject.toml").exists() else Path.cwd()
    return root / ".computor"


class Settings(BaseSettings):
    """The settings of one process: the environment, and over it what the constructor is given.

    An environment variable has a field's name in capitals. An empty one counts as not set.
    """

    model_config = SettingsConfigDict(frozen=True, env_ignore_empty=True, extra="ignore")

    database_url: SecretStr | None = Field(
        default=None,
        description="PostgreSQL, as libpq takes it: postgresql://user:password@host:port/name. Wins over POSTGRES_*.",
    )
    postgres_host: str | None = Field(default=None, description="Host of PostgreSQL, or the directory of its socket.")
    postgres_port: int = Field(default=5432, ge=1, le=65535, description="Port of PostgreSQL.")
    postgres_user: str = Field(default="postgres", description="Role in PostgreSQL.")
    postgres_password: SecretStr | None = Field(default=None, description="The role's password.")
    postgres_db: str | None = Field(default=None, description="Name of the database; the role's name if not given.")

    redis_url: SecretStr | None = Field(
        default=None,
        description="Redis or Valkey: redis://:password@host:port/0 or unix:///path. Wins over REDIS_*.",
    )
    redis_host: str | None = Field(default=None, description="Host of Redis.")
    redis_port: int = Field(default=6379, ge=1, le=65535, description="Port of Redis.")
    redis_password: SecretStr | None = Field(default=None, description="Password of Redis.")

    host: str = Field(default="127.0.0.1", description="Address that the gateway listens on.")
    port: int = Field(default=8000, ge=0, le=65535, description="Port that the gateway listens on; 0 takes a free one.")
    data_dir: Path = Field(
        default_factory=_default_data_dir,
        description="Where the embedded PostgreSQL and Redis keep what is theirs, and the demo tokens are.",
    )

    anonymous_schema: bool = Field(default=False, description="Answer introspection to requests without a token.")
    pool_size: int = Field(default=8, ge=1, le=1000, description="Connections to PostgreSQL that one process holds.")
    statement_timeout: float = Field(default=30, gt=0, description="Seconds until PostgreSQL gives a statement up.")
    max_body_bytes: int = Field(default=1_048_576, ge=1, description="Largest body of a request that is read.")
    default_page_size: int = Field(default=50, ge=1, description="Rows of a page if neither first nor last is given.")
    max_page_size: int = Field(default=500, ge=1, description="Most rows that first or last may ask for.")

    @model_validator(mode="after")
    def _page_fits(self) -> Settings:
        if self.default_page_size > self.max_page_size:
            raise ValueError("DEFAULT_PAGE_SIZE is larger than MAX_PAGE_SIZE")
        return self

    @property
    def database(self) -> str | None:
        """URL of the configured PostgreSQL for libpq; None if there is none, and one is to be embedded."""
        if self.database_url is not None:
            # SQLAlchemy's URLs name a driver, libpq's do not.
            return re.sub(r"^(postgres(?:ql)?)\+\w+://", r"\1://", self.database_url.get_secret_value())
        if self.postgres_host is None:
            return None
        login = _login(self.postgres_user, self.postgres_password)
        name = quote(self.postgres_db or self.postgres_user, safe="")
        if self.postgres_host.startswith("/"):
            directory = quote(self.postgres_host, safe="")
            return f"postgresql://{login}@/{name}?host={directory}&port={self.postgres_port}"
        return f"postgresql://{login}@{_host(self.postgres_host)}:{self.postgres_port}/{name}"

    @property
    def redis(self) -> str | None:
        """URL of the configured Redis; None if there is none."""
        if self.redis_url is not None:
            return self.redis_url.get_secret_value()
        if self.redis_host is None:
            return None
        login = f"{_login('', self.redis_password)}@" if self.redis_password else ""
        return f"redis://{login}{_host(self.redis_host)}:{self.redis_port}/0"

    def using(self, database_url: str, redis_url: str | None) -> Settings:
        """The same settings over these services."""
        urls = {"database_url": SecretStr(database_url), "redis_url": SecretStr(redis_url) if redis_url else None}
        return self.model_copy(update={**urls, "postgres_host": None, "redis_host": None})


def _login(user: str, password: SecretStr | None) -> str:
    secret = f":{quote(password.get_secret_value(), safe='')}" if password else ""
    return quote(user, safe="") + secret


def _host(host: str) -> str:
    return f"[{host}]" if ":" in host else host
