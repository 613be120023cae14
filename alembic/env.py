"""How Alembic runs here: on the connection that `backend.migration` gives; as a command, on the settings' database."""

import importlib
import sys

from alembic.util import CommandError

from alembic import context
from backend.migration import configure, connect
from backend.settings import Settings


def run() -> None:
    """Run what was asked for."""
    if context.is_offline_mode():
        raise CommandError("Scripts without a database are not offered: revisions look at what the server has")
    connection = context.config.attributes.get("connection")
    if connection is not None:
        configure(connection)
        context.run_migrations()
        return
    database_url = Settings().database
    if database_url is None:
        sys.exit("Set DATABASE_URL to the database to migrate, such as postgresql://localhost/computor")
    # A new entity's model is known by its interface's line in the registry.
    importlib.import_module("backend.interface.registry")
    with connect(database_url) as own:
        configure(own)
        context.run_migrations()


run()
