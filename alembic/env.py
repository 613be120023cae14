"""How Alembic runs here: on the connection that `backend.migration` gives; as a command, on the database of commands.

Offline it prints its statements; `computor db upgrade --sql` knows from which revision on.
"""

import importlib

from alembic import context
from backend.cli.database import database_of
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
    # A new entity's model is known by its interface's line in the registry.
    importlib.import_module("backend.interface.registry")
    with database_of(Settings()) as database_url, connect(database_url) as own:
        configure(own)
        context.run_migrations()


run()
