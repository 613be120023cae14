"""How Alembic runs here: on the connection that `backend.migration` gives; as a command, on the settings' database.

Offline it prints its statements; `computor db upgrade --sql` knows from which revision on.
"""

import importlib
import sys

from alembic import context
from backend.migration import configure, connect
from backend.settings import Settings


def run() -> None:
    """Run what was asked for."""
    if context.is_offline_mode():
        configure(None)
        with context.begin_transaction():
            context.run_migrations()
        return
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
