"""What scopes of tokens there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backend.access.policy import Action
from backend.access.principal import EVERYTHING
from backend.errors import GatewayError
from backend.interface.entity import policies
from backend.interface.registry import INTERFACES

if TYPE_CHECKING:
    from collections.abc import Sequence


def ensure_scopes(scopes: Sequence[str]) -> None:
    """Raise GatewayError where one opens nothing, or stands beside the one that does not narrow."""
    tables = sorted(model.__tablename__ for model in policies(INTERFACES))
    actions = [claim for action in Action for claim in action.claims]
    known = {f"{table}:{action}" for table in tables for action in actions}
    if EVERYTHING in scopes and len(scopes) > 1:
        raise GatewayError(f"The scope {EVERYTHING} stands alone: it does not narrow.")
    for scope in scopes:
        if scope not in known and scope != EVERYTHING:
            raise GatewayError(
                f"There is no scope {scope!r}: give {EVERYTHING}, or TABLE:ACTION such as course:get."
                f" Actions are {', '.join(actions)}; tables are {', '.join(tables)}."
            )
