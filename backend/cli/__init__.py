"""`computor …`: each command calls the package that does the work, imported when it is called: starting takes time."""

from backend.cli.commands import main

__all__ = ["main"]
