"""Every environment variable that the gateway knows, read in this one place."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path
from urllib.parse import quote

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

_PROJECT = Path(__file__).resolve().parents[1]


def _default_data_dir() -> Path:
    # An installed package has no project around it.
    root = _PROJECT if (_PROJECT / "pyproject.toml").exists() else Path.cwd()
    return root / ".computor"


class TrustedDocuments(StrEnum):
    """Whether clients ask for documents by id."""

    OFF = "off"
    PREFER = "prefer"
    ONLY = "only"


class Explained(StrEnum):
    """Whose plans are told to those who ask for them."""

    OFF = "off"
    ADMINS = "admins"
    EVERYONE = "everyone"

    def allows(self, *, admin: bool) -> bool:
        """Whether a caller is told."""
        return self is Explained.EVERYONE or (self is Explained.ADMINS and admin)


class MetricsReaders(StrEnum):
    """Who may read the metrics where no token is set for that."""

    OFF = "off"
    LOCAL = "local"
    EVERYONE = "everyone"


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
    workers: int = Field(default=1, ge=1, le=256, description="Processes that serve on that port.")
    head_seconds: float = Field(default=10, gt=0, description="Seconds that a request's head may take to come.")
    keep_alive_seconds: int = Field(
        default=5, ge=0, description="Seconds that a connection may lie idle. Longer than a proxy before it keeps one."
    )
    drain_seconds: float = Field(
        default=5, ge=0, description="Seconds that clients are given on SIGTERM to go with their next answer."
    )
    data_dir: Path = Field(
        default_factory=_default_data_dir,
        description="Where the embedded PostgreSQL and Redis keep what is theirs, and the demo tokens are.",
    )

    anonymous_schema: bool = Field(default=False, description="Answer introspection to requests without a token.")
    log_requests: bool = Field(default=True, description="Write a line of JSON to standard error for each request.")
    slow_seconds: float = Field(
        default=1, ge=0, description="Seconds from which on a request is logged with its plan; 0 for never."
    )
    metrics: MetricsReaders = Field(
        default=MetricsReaders.LOCAL,
        description="Who may read /metrics: off, local (this machine alone), everyone.",
    )
    metrics_token: SecretStr | None = Field(
        default=None, description="What readers of /metrics must send as a bearer token, wherever they are."
    )
    prometheus_multiproc_dir: Path | None = Field(
        default=None,
        description="Where several workers keep their figures; without it, in a directory that goes with them.",
    )
    otel_sdk_disabled: bool = Field(default=False, description="No spans, whatever the other settings say.")
    otel_exporter_otlp_endpoint: str | None = Field(
        default=None,
        description="Where spans go, as OTLP over HTTP. All other OTEL_* of OpenTelemetry's SDK hold, too.",
    )
    otel_exporter_otlp_traces_endpoint: str | None = Field(
        default=None, description="Likewise, in full, with /v1/traces."
    )

    explain: Explained = Field(
        default=Explained.ADMINS,
        description="Whose answers carry their plan where the header X-Explain asks for it: off, admins, everyone.",
    )
    pool_size: int = Field(
        default=8,
        ge=1,
        le=1000,
        description="Connections to PostgreSQL that one process holds; a user gets half of them at most.",
    )
    pool_timeout: float = Field(
        default=5, gt=0, description="Seconds that a request waits for one of them, before it is answered 503."
    )
    statement_timeout: float = Field(default=30, gt=0, description="Seconds until PostgreSQL gives a statement up.")
    transaction_timeout: float = Field(
        default=30,
        gt=0,
        description="Seconds until PostgreSQL ends a transaction; before version 17, one that pauses.",
    )
    lock_timeout: float = Field(
        default=5, gt=0, description="Seconds that a statement waits for others' locks, before it is given up."
    )
    default_page_size: int = Field(default=50, ge=1, description="Rows of a page if neither first nor last is given.")
    max_page_size: int = Field(default=500, ge=1, description="Most rows that first or last may ask for.")

    field_suggestions: bool = Field(
        default=False, description="Have errors suggest names of the schema: `Did you mean …`. For development."
    )
    cors_origins: str = Field(
        default="",
        description="Origins whose pages may ask, with commas between, such as https://app.example.org; * for all.",
    )
    compress_from: int = Field(
        default=1024, ge=0, description="Bytes from which on answers are compressed where clients can; 0 for never."
    )
    max_batch: int = Field(default=0, ge=0, description="Most requests that one body may have as a list; 0 for none.")

    max_body_bytes: int = Field(
        default=1_048_576, ge=1, description="Largest body of a request that is read, decompressed."
    )
    max_characters: int = Field(default=100_000, ge=1, description="Longest document.")
    max_tokens: int = Field(default=5_000, ge=1, description="Most tokens of a document.")
    max_depth: int = Field(
        default=30, ge=1, le=100, description="Most levels of fields within each other in an operation."
    )
    max_operations: int = Field(default=50, ge=1, description="Most operations in a document.")
    max_root_fields: int = Field(default=50, ge=1, description="Most fields at the root of an operation.")
    max_fields: int = Field(default=3_000, ge=1, description="Most fields of an operation, fragments spelled out.")
    max_objects: int = Field(
        default=2_000, ge=1, description="Most fields with selections of their own, each of which may take a statement."
    )
    max_aliases: int = Field(default=200, ge=0, description="Most aliases in a document.")
    max_directives: int = Field(default=200, ge=0, description="Most directives in a document.")
    max_spreads: int = Field(
        default=300, ge=0, description="Most spreads of fragments in an operation, those within fragments spelled out."
    )
    max_overlaps: int = Field(
        default=20_000, ge=0, description="Most pairs of fields that share a name in their place, and so are compared."
    )
    max_nodes: int = Field(
        default=500_000, ge=1, description="Most rows that an operation may come to, by the sizes of its pages."
    )
    max_cost: int = Field(default=2_500_000, ge=1, description="Highest cost of an operation.")
    max_variable_depth: int = Field(default=40, ge=1, description="Most levels of lists and objects in variables.")
    max_variable_values: int = Field(default=100_000, ge=1, description="Most values in variables, all counted.")
    max_variable_objects: int = Field(default=10_000, ge=1, description="Most objects in variables, all counted.")
    max_list_length: int = Field(default=50_000, ge=1, description="Longest list in variables.")
    max_filter_relations: int = Field(default=50, ge=0, description="Most times that a filter looks into relations.")
    max_filter_depth: int = Field(
        default=3, ge=0, description="Most relations to many within each other in a filter: some, none, every."
    )
    max_seconds: float = Field(
        default=60, gt=0, description="Seconds after which a request is ended, its statement with it."
    )
    max_body_seconds: float = Field(default=20, gt=0, description="Seconds that a client may take to send a body.")
    max_concurrent: int = Field(
        default=100, ge=1, description="Most requests of one user that a process answers at the same time."
    )
    cost_per_minute: int = Field(
        default=25_000_000, ge=0, description="Cost that one user may cause in a minute, over all processes; 0 for any."
    )

    rest: bool = Field(default=True, description="Answer REST, too; without it every address of REST is a 404.")
    trusted_documents: TrustedDocuments = Field(
        default=TrustedDocuments.OFF,
        description="Whether documents are asked for by id: off; prefer, beside others; only, and no others.",
    )
    trusted_documents_file: Path | None = Field(
        default=None, description="Their manifest, such as graphql-codegen's persisted-documents.json."
    )
    persisted_query_seconds: int = Field(
        default=86_400, ge=0, description="How long automatic persisted queries are kept unused; 0 for not at all."
    )

    answers_kept_bytes: int = Field(
        default=67_108_864,
        ge=0,
        description="Bytes of answers that one process keeps beside Redis, which is asked then only whether they hold; "
        "0 for none.",
    )

    @model_validator(mode="after")
    def _page_fits(self) -> Settings:
        if self.default_page_size > self.max_page_size:
            raise ValueError("DEFAULT_PAGE_SIZE is larger than MAX_PAGE_SIZE")
        return self

    @model_validator(mode="after")
    def _documents_are_named(self) -> Settings:
        if self.trusted_documents is not TrustedDocuments.OFF and self.trusted_documents_file is None:
            raise ValueError("TRUSTED_DOCUMENTS asks for a manifest: set TRUSTED_DOCUMENTS_FILE")
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

    @property
    def traced(self) -> bool:
        """Whether spans are asked for."""
        endpoint = self.otel_exporter_otlp_traces_endpoint or self.otel_exporter_otlp_endpoint
        return endpoint is not None and not self.otel_sdk_disabled

    def using(self, database_url: str, redis_url: str | None) -> Settings:
        """The same settings over these services."""
        urls = {"database_url": SecretStr(database_url), "redis_url": SecretStr(redis_url) if redis_url else None}
        return self.model_copy(update={**urls, "postgres_host": None, "redis_host": None})


DEFAULTS = Settings.model_construct()
"""What holds where the environment says nothing."""


def _login(user: str, password: SecretStr | None) -> str:
    secret = f":{quote(password.get_secret_value(), safe='')}" if password else ""
    return quote(user, safe="") + secret


def _host(host: str) -> str:
    return f"[{host}]" if ":" in host else host
