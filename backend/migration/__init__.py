"""Bring a database to the schema of the models, adopt one of Computor's own, and say what a database differs in."""

from backend.migration.adoption import NotAdoptableError
from backend.migration.check import Report, check
from backend.migration.environment import configure, connect, current_revision, differences
from backend.migration.steps import downgrade, upgrade, upgrade_statements

__all__ = [
    "NotAdoptableError",
    "Report",
    "check",
    "configure",
    "connect",
    "current_revision",
    "differences",
    "downgrade",
    "upgrade",
    "upgrade_statements",
]
