"""The commands and their options."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from backend.cli.database import cached_database_of, database_of
from backend.embedded import DataDirectoryError, StartError
from backend.errors import GatewayError
from backend.settings import Settings

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
db = typer.Typer(no_args_is_help=True, help="The database's schema.")
schema = typer.Typer(no_args_is_help=True, help="The GraphQL schema that clients see.")
token = typer.Typer(no_args_is_help=True, help="API tokens.")
cache = typer.Typer(no_args_is_help=True, help="The answers that are kept in Redis.")
app.add_typer(db, name="db")
app.add_typer(schema, name="schema")
app.add_typer(token, name="token")
app.add_typer(cache, name="cache")

DataDir = Annotated[
    Path | None,
    typer.Option("--data-dir", help="Where embedded PostgreSQL and Redis keep their data. [default: .computor]"),
]
SchemaFile = Annotated[Path, typer.Argument(help="The file.")]


class Size(StrEnum):
    """How much demo data."""

    DEMO = "demo"
    LARGE = "large"


def main() -> None:
    """Run the command that the arguments name. What may be expected to fail ends with one sentence and code 1."""
    try:
        app()
    except ValidationError as error:
        sys.exit("\n".join(_said(problem["loc"], problem["msg"]) for problem in error.errors()))
    except (DataDirectoryError, StartError, GatewayError) as error:
        sys.exit(str(error))
    except Exception as error:
        from psycopg import OperationalError
        from psycopg.errors import InsufficientPrivilege

        from backend.seed import DatabaseInUseError

        if isinstance(error, OperationalError | InsufficientPrivilege | DatabaseInUseError):
            sys.exit(str(error))
        raise


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on. [default: 127.0.0.1]")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; 0 takes a free one. [default: 8000]")] = None,
    workers: Annotated[int | None, typer.Option(help="Processes that serve. [default: 1]")] = None,
    data_dir: DataDir = None,
) -> None:
    """Serve the gateway. Without DATABASE_URL or POSTGRES_HOST it starts PostgreSQL and Redis, with demo data."""
    from backend.process.serve import serve as run

    raise typer.Exit(run(_settings(host=host, port=port, workers=workers, data_dir=data_dir)))


@db.command()
def upgrade(
    sql: Annotated[bool, typer.Option("--sql", help="Print the statements instead of running them.")] = False,  # noqa: FBT002 - an option
    data_dir: DataDir = None,
) -> None:
    """Bring the database to the newest schema. One that Computor's own migrations made is adopted."""
    from backend.migration import upgrade as run
    from backend.migration import upgrade_statements

    with database_of(_settings(data_dir=data_dir)) as database_url:
        if sql:
            typer.echo(upgrade_statements(database_url), nl=False)
            return
        for warning in run(database_url):
            typer.echo(f"warning: {warning}", err=True)


@db.command(name="check")
def check_database(data_dir: DataDir = None) -> None:
    """Compare the database with the newest schema, and say what each difference means."""
    from backend.migration import check as run

    with database_of(_settings(data_dir=data_dir)) as database_url:
        failures, notes = run(database_url)
    for failure in failures:
        typer.echo(failure)
    for note in notes:
        typer.echo(f"note: {note}")
    typer.echo(f"{len(failures)} difference{'' if len(failures) == 1 else 's'}.")
    raise typer.Exit(1 if failures else 0)


@app.command()
def seed(size: Annotated[Size, typer.Option(help="How much of it.")] = Size.DEMO, data_dir: DataDir = None) -> None:
    """Load demo data into a database without users."""
    from backend.migration import upgrade as migrate
    from backend.seed.demo import load_demo, load_elsewhere, tokens_told

    settings = _settings(data_dir=data_dir)
    with database_of(settings) as database_url:
        migrate(database_url)
        if settings.database is None:
            file = load_demo(database_url, settings.data_dir, size=size.value)
            typer.echo(f"Tokens to log in with are in {file}.")
            return
        # The data directory's file is of the data directory's database.
        tokens = load_elsewhere(database_url, size=size.value)
    typer.echo("\n".join(["Tokens to log in with, which cannot be shown again:", *tokens_told(tokens)]))


@token.command()
def create(
    user: Annotated[str, typer.Option(help="Whose: a username or an e-mail address.")],
    name: Annotated[str, typer.Option(help="What it is called in lists.")] = "command line",
    scope: Annotated[
        list[str] | None,
        typer.Option(
            help="What it is good for, such as course:get; * for all. Without any it reads all and writes nothing."
        ),
    ] = None,
    expires_in: Annotated[int | None, typer.Option(min=1, help="Days until it expires.")] = None,
    data_dir: DataDir = None,
) -> None:
    """Make a token and print it. It cannot be shown again."""
    from backend.access.credentials import create_token
    from backend.cli.scopes import ensure_scopes
    from backend.revision import ensure_upgraded

    ensure_scopes(scope or ())
    lifetime = timedelta(days=expires_in) if expires_in else None
    with database_of(_settings(data_dir=data_dir)) as database_url:
        ensure_upgraded(database_url)
        secret = create_token(database_url, user=user, name=name, scopes=scope or (), expires_in=lifetime)
    typer.echo(secret)


@token.command()
def revoke(
    token: Annotated[str, typer.Argument(help="The token, or the characters that it begins with in lists.")],
    data_dir: DataDir = None,
) -> None:
    """End a token. Once this returns, it is good for nothing any more."""
    from time import sleep

    from psycopg.errors import UndefinedTable

    from backend.access.credentials import revoke_token
    from backend.change.store import OUTLASTED
    from backend.revision import ensure_upgraded

    with database_of(_settings(data_dir=data_dir)) as database_url:
        # An upgrade that is due keeps nobody from ending a token.
        try:
            ended = revoke_token(database_url, token)
        except UndefinedTable:
            ensure_upgraded(database_url)
            raise
        # What is kept, and who was whom, may be believed for so long.
        sleep(OUTLASTED)
    typer.echo(f"Revoked {ended} token{'s' if ended > 1 else ''}.")


@cache.command()
def stats(data_dir: DataDir = None) -> None:
    """Say what is kept, and whether it is used."""
    from backend.cache.upkeep import cache_stats

    with cached_database_of(_settings(data_dir=data_dir)) as (database_url, redis_url):
        for line in cache_stats(database_url, redis_url):
            typer.echo(line)


@cache.command()
def clear(data_dir: DataDir = None) -> None:
    """Remove all that is kept. Nobody needs to: what is kept is never wrong."""
    from backend.cache.upkeep import clear_cache

    with cached_database_of(_settings(data_dir=data_dir)) as (database_url, redis_url):
        typer.echo(f"Removed {clear_cache(database_url, redis_url)} answers.")


@schema.command()
def export(path: SchemaFile = Path("schema.graphql")) -> None:
    """Write the schema to a file."""
    from backend.graphql.sdl import export as run

    run(path)


@schema.command()
def check(path: SchemaFile = Path("schema.graphql")) -> None:
    """Compare the schema with a file, and say which differences would break clients."""
    from backend.graphql.sdl import check as run

    differences = run(path)
    for difference in differences:
        typer.echo(difference, err=True)
    raise typer.Exit(1 if differences else 0)


@app.command()
def plan(
    file: Annotated[Path, typer.Argument(help="A GraphQL document; - reads it from standard input.")],
    user: Annotated[str | None, typer.Option("--as", help="Who asks: a username or an e-mail address.")] = None,
    bearer: Annotated[str | None, typer.Option("--token", help="Who asks, by a token.")] = None,
    operation: Annotated[str | None, typer.Option(help="Which operation, if there are several.")] = None,
    variables: Annotated[str, typer.Option(help="The variables, as JSON.")] = "{}",
    data_dir: DataDir = None,
    *,
    sql: Annotated[bool, typer.Option("--sql", help="With the statements.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, statements and all.")] = False,
) -> None:
    """Run a query and say how it was answered: its loads, their statements, rows and times."""
    import orjson

    from backend.cli.plan import plan as run
    from backend.cli.plan import token_of, told
    from backend.revision import ensure_upgraded

    if (user is None) == (bearer is None):
        raise GatewayError("Say who asks, by either --as or --token.")
    try:
        given = orjson.loads(variables)
    except orjson.JSONDecodeError as error:
        raise GatewayError(f"--variables is no JSON: {error.msg}.") from None
    if not isinstance(given, dict):
        raise GatewayError("--variables must be a JSON object.")
    try:
        document = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
    except OSError as error:
        raise GatewayError(f"{file} cannot be read: {error.strerror}.") from None
    settings = _settings(data_dir=data_dir)
    with database_of(settings) as database_url:
        ensure_upgraded(database_url)
        with token_of(database_url, user) if user else nullcontext(bearer) as token:
            found = run(settings.using(database_url, settings.redis), document, given, str(token), operation)
    typer.echo(orjson.dumps(found, option=orjson.OPT_INDENT_2) if as_json else told(found, with_sql=sql))


@app.command()
def docs(
    folder: Annotated[Path, typer.Argument(help="Where the pages are.")] = Path("docs"),
    *,
    check: Annotated[bool, typer.Option("--check", help="Write nothing, fail where a page is not up to date.")] = False,
) -> None:
    """Write the pages that are generated: the model, who may do what, the scopes of the cache, the settings."""
    from backend.docs import stale_pages, write_pages

    if not check:
        write_pages(folder)
        return
    stale = stale_pages(folder)
    for page in stale:
        typer.echo(f"{page} is not what the code says; `computor docs` writes it anew.", err=True)
    raise typer.Exit(1 if stale else 0)


def _said(place: tuple[int | str, ...], message: str) -> str:
    """A problem of a setting; of several together, it names them itself."""
    message = message.removeprefix("Value error, ")
    return f"{'.'.join(map(str, place)).upper()}: {message}" if place else f"{message}."


def _settings(**given: object) -> Settings:
    return Settings(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]
