"""Whether a database is as the revisions make it, and what each difference means."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import text

from backend.migration.adoption import is_of_computor
from backend.migration.catalogue import read
from backend.migration.comparison import Difference, compare
from backend.migration.environment import connect, current_revision, head
from backend.migration.expectation import Expectation, expectation
from backend.migration.rule import ValidReference
from backend.migration.rules import broken_by, not_in_force

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from backend.migration.rule import Rule

# Computor's own migrations may word these as they like; the names and shapes are what the gateway relies on.
_WORDED_FREELY = frozenset(("body", "check"))

# What a subscription writes fires no statement-level triggers.
_SUBSCRIPTIONS = """
SELECT own.relname, subname FROM pg_subscription_rel
JOIN pg_subscription ON pg_subscription.oid = srsubid
JOIN pg_class AS own ON own.oid = srrelid
WHERE own.relnamespace = current_schema()::regnamespace AND own.relname <> 'gateway_change' ORDER BY 1, 2
"""
_SUBSCRIBED = (
    "table {} is written by the logical subscription {}, whose changes nobody is told of: cached answers go stale"
)


class Report(NamedTuple):
    """Sentences about what is wrong, and about what is worth knowing only."""

    failures: list[str]
    notes: list[str]


def check(database_url: str) -> Report:
    """Compare a database with the newest revision. Changes nothing, but needs the right to create schemas in it."""
    with connect(database_url) as connection:
        current = current_revision(connection)
        is_pending = current != head()
        actual, expected = read(connection), expectation(connection)
        if current is None and not is_of_computor(connection):
            # The gateway's first revision makes what is Computor's elsewhere.
            expected = expected._replace(of_computor={})
        lacking = [] if is_pending else not_in_force(connection)
        left_off = {(rule.kind, rule.table, rule.name) for rule in lacking if not isinstance(rule, ValidReference)}
        report = Report([], [])
        if is_pending:
            place = f"revision {current}" if current else "no revision of the gateway"
            report.failures.append(f"the database is at {place}, the newest is {head()}: `computor db upgrade`")
        for difference in compare(actual, expected.newest):
            if not difference.is_ours:
                report.notes.append(str(difference))
            elif _is_wording(difference, expected):
                report.notes.append(f"{difference.subject} is worded otherwise")
            elif difference.part not in left_off:
                report.failures.append(f"{difference}{_remedy(difference, expected, is_pending=is_pending)}")
        report.failures.extend(_SUBSCRIBED.format(*found) for found in connection.execute(text(_SUBSCRIPTIONS)))
        for rule in lacking:
            (report.notes if isinstance(rule, ValidReference) else report.failures).append(_about(connection, rule))
        return report


def _is_wording(difference: Difference, expected: Expectation) -> bool:
    """Whether only the words differ of what Computor's own migrations made."""
    part = difference.part
    return part.kind in _WORDED_FREELY and part in expected.of_computor and difference.actual is not None


def _remedy(difference: Difference, expected: Expectation, *, is_pending: bool) -> str:
    part = difference.part
    if is_pending and difference.actual == expected.of_computor.get(part):
        return f": `computor db upgrade` {'adds' if difference.actual is None else 'changes'} it"
    if part in expected.of_computor:
        return "; Computor's own migrations make it so"
    if difference.actual is None and difference.expected:
        return f"; the gateway's revisions made it so: {' '.join(difference.expected.split())}"
    return ""


def _about(connection: Connection, rule: Rule) -> str:
    broken = broken_by(connection, rule)
    consequence = "holds for newer rows only" if isinstance(rule, ValidReference) else "was left off"
    if broken is None:
        return f"{rule.subject} {consequence}, and no row breaks it now: `computor db upgrade` adds it"
    return f"{rule.subject} {consequence}: {broken}; once they are changed, `computor db upgrade` adds it"
