"""`computor …`: each command calls the package that does the work, imported when it is called: starting takes time."""

import gc

# What is imported stays: looking through it for garbage would be a tenth of the time that importing takes.
gc.disable()

from backend.cli.commands import main  # noqa: E402 - after the line above, whose point it is

gc.enable()

__all__ = ["main"]
