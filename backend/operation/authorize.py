"""What the caller may do with rows: references, grants and checks as columns of one statement. Rules: docs/writing.md.

Each verdict is a boolean column, TRUE where all is well, and the problem that it stands for otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import exists, literal_column, or_
from sqlalchemy import false as sql_false
from sqlalchemy import true as sql_true

from backend.access.columns import PolicyRow
from backend.interface.entity import words
from backend.operation.problem import Problem, ProblemCode, forbidden, invalid, not_found
from backend.plan.source import Source

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import ColumnElement, FromClause

    from backend.access.policy import Action, Check, Grant, Stage
    from backend.interface.entity import Entity
    from backend.operation.writing import Writing


@dataclass(frozen=True)
class Verdict:
    """A test of a row, and the problem where it fails."""

    passes: ColumnElement[bool]
    problem: Problem


class Authority:
    """Tests of one entity's rows for one action, as the caller's policies say."""

    def __init__(self, writing: Writing, entity: Entity, action: Action) -> None:
        self._writing = writing
        self._entity = entity
        self._action = action
        self._visibility = writing.scope.visibility
        self._grants = self._visibility.grants(entity.model, action)

    def granted(self, row: FromClause, changed: Iterable[str] = ()) -> list[Verdict]:
        """That a grant of the action holds for the row, and that one lets each changed attribute be set."""
        grants = self._grants
        if grants is None:
            return []
        tests = [self._visibility.passes(self._entity.model, row, grant) for grant in grants]
        verdicts = [Verdict(_any(tests), forbidden(self._refusal()))]
        for attribute in sorted(changed):
            setting = [test for test, grant in zip(tests, grants, strict=True) if _sets(grant, attribute)]
            if len(setting) < len(tests):
                verdicts.append(Verdict(_any(setting), forbidden(f"You may not set {attribute} here.", attribute)))
        return verdicts

    def checked(self, row: FromClause, stage: Stage) -> list[Verdict]:
        """The policy's checks of a stage that bind the caller."""
        view = PolicyRow(self._entity.model, row)
        return [Verdict(check.holds(view), _problem_of(check)) for check in self._checks(stage)]

    def referred(self, row: FromClause, changed: Iterable[str]) -> list[Verdict]:
        """That what the changed attributes refer to may be seen, or linked to."""
        targets = self._entity.references
        return [
            Verdict(self._reaches(row, attribute, targets[attribute]), not_found(attribute))
            for attribute in sorted(changed)
            if attribute in targets and targets[attribute] in self._writing.scope.catalog
        ]

    def reachable(self, attribute: str, source: Source) -> list[ColumnElement[bool]]:
        """The condition on what the attribute may refer to: seen, or linked to; empty where that is any row."""
        links = self._entity.interface.links.get(attribute, ())
        # Whoever may write any row may link what its writers may.
        if self._grants is None and attribute in self._entity.interface.links:
            return []
        held = (grant for grant in links if self._visibility.may_hold(grant))
        linked = [self._visibility.passes(source.model, source.table, grant) for grant in held]
        seen = source.visible()
        return [or_(*seen, *linked)] if seen else []

    def _checks(self, stage: Stage) -> list[Check]:
        admin = self._writing.scope.visibility.viewer.admin
        checks = self._entity.interface.policy.checks
        return [
            check
            for check in checks
            if check.stage is stage and self._action in check.on and (check.binds_admins or not admin)
        ]

    def _reaches(self, row: FromClause, attribute: str, target: str) -> ColumnElement[bool]:
        entity = self._writing.scope.catalog[target]
        source = Source(self._writing.scope, entity.model)
        key = PolicyRow(self._entity.model, row)[attribute]
        it_is = source.raw[entity.key[0]] == key
        return or_(key.is_(None), exists().select_from(source.table).where(it_is, *self.reachable(attribute, source)))

    def _refusal(self) -> str:
        """Why no grant holds: the token, whatever its user may; else the user. It tells of no row."""
        viewer, table = self._writing.scope.visibility.viewer, self._entity.model.__tablename__
        action, what = self._action.value, words(self._entity.plural)
        if viewer.in_scope(table, self._action):
            return f"You may not {action} {what}."
        narrowed = (
            "This token only reads" if viewer.scopes is None else f"This token's scopes do not let it {action} {what}"
        )
        return f"{narrowed}: that takes one with the scope {table}:{action}, and a user who may."


def columns(verdicts: Sequence[Verdict]) -> list[ColumnElement[Any]]:
    """What to select for the verdicts."""
    return [verdict.passes.is_(sql_true()).label(f"v{index}") for index, verdict in enumerate(verdicts)] or [
        literal_column("TRUE").label("v0")
    ]


def failed(verdicts: Sequence[Verdict], row: Sequence[Any]) -> list[Problem]:
    """The problems of a row that was read with `columns`."""
    return [verdict.problem for verdict, passes in zip(verdicts, row, strict=False) if not passes]


def _problem_of(check: Check) -> Problem:
    if check.conflict:
        fields = (check.attribute,) if check.attribute else ()
        return Problem(ProblemCode.CONFLICT, check.message, fields or ("id",), fields)
    return invalid(check.message, check.attribute) if check.attribute else forbidden(check.message)


def _sets(grant: Grant, attribute: str) -> bool:
    return grant.sets is None or attribute in grant.sets


def _any(tests: Sequence[ColumnElement[bool]]) -> ColumnElement[bool]:
    return or_(*tests) if tests else sql_false()
