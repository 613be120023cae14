"""One case tried on the gateway and the reference, and the smallest document that still shows how they differ."""

from __future__ import annotations

import json
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Any

from graphql import (
    ArgumentNode,
    DirectiveNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    ObjectFieldNode,
    VariableDefinitionNode,
    Visitor,
    parse,
    print_ast,
    validate,
    visit,
)
from graphql.language.visitor import REMOVE

from tests.differential.compare import cursors, differences
from tests.differential.generate import Case, Take

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.differential.reference import Reference
    from tests.support.gateway import RunningGateway

_REMOVABLE = (
    FieldNode,
    ArgumentNode,
    DirectiveNode,
    ObjectFieldNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    FragmentDefinitionNode,
    VariableDefinitionNode,
)
_SHRINKING_SECONDS = 20


@dataclass(frozen=True)
class Failure:
    """How two answers differ, and the variables that were sent to the gateway."""

    differences: Sequence[str]
    variables: Mapping[str, Any]


@dataclass(frozen=True)
class Trial:
    """A gateway and a reference over the same database."""

    gateway: RunningGateway
    reference: Reference

    def run(self, user: str, case: Case) -> Failure | None:
        """Asks each step of a case in turn; the first failure, or None."""
        known: dict[str, str] = {}
        places: dict[str, str] = {}
        for step in case.steps:
            ours = {name: places.get(value.which) if isinstance(value, Take) else value for name, value in step.items()}
            theirs = {
                name: known.get(value, value) if isinstance(value, str) else value for name, value in ours.items()
            }
            answered = self.gateway.ask(user, case.document, **ours)
            expected = self.reference.answer(user, case.document, theirs)
            found = differences(answered, expected)
            if found:
                return Failure(found, ours)
            if "data" in answered:
                known |= cursors(answered["data"], expected["data"])
                places |= _places(answered["data"])
        return None

    def shrink(self, user: str, case: Case) -> Case:
        """The case with as much removed as leaves a failure, and as time allows."""
        until = monotonic() + _SHRINKING_SECONDS
        index, removed = 0, False
        while monotonic() < until:
            smaller = _without(case, index)
            if smaller is None and not removed:
                break
            if smaller is None:
                index, removed = 0, False
            elif self._is_valid(smaller) and self.run(user, smaller) is not None:
                case, removed = smaller, True
            else:
                index += 1
        return case

    def _is_valid(self, case: Case) -> bool:
        # graphql-core reads and writes `{}`, which is no selection.
        if "{}" in case.document:
            return False
        try:
            return not validate(self.reference.schema, parse(case.document))
        except GraphQLError:
            return False


def _without(case: Case, index: int) -> Case | None:
    """The case without the n-th part that could go; None where there are not so many."""
    remover = _Remover(index)
    smaller = visit(parse(case.document), remover)
    if remover.left >= 0:
        return None
    return Case(print_ast(visit(smaller, _UnusedRemover(print_ast(smaller)))), case.steps)


def _places(data: Any) -> dict[str, str]:
    """Cursors of the first walk in an answer that has some, by what a next step may use them for."""
    if isinstance(data, list):
        return next((found for each in data if (found := _places(each))), {})
    if not isinstance(data, dict):
        return {}
    walk = data.get("walk") or {}
    edges = [edge["cursor"] for edge in walk.get("edges", ()) if "cursor" in edge]
    if edges:
        return {"start": edges[0], "end": edges[-1], "low": edges[0], "high": edges[len(edges) // 2]}
    return next((found for each in data.values() if (found := _places(each))), {})


class _Remover(Visitor):
    """Removes the n-th removable node."""

    def __init__(self, index: int) -> None:
        super().__init__()
        self.left = index

    def enter(self, node: Any, *_: Any) -> Any:
        if isinstance(node, _REMOVABLE):
            self.left -= 1
            if self.left == -1:
                return REMOVE
        return None


class _UnusedRemover(Visitor):
    """Removes definitions that nothing refers to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text

    def enter_variable_definition(self, node: VariableDefinitionNode, *_: Any) -> Any:
        used = self._text.count(f"${node.variable.name.value}")
        return None if used > 1 else REMOVE

    def enter_fragment_definition(self, node: FragmentDefinitionNode, *_: Any) -> Any:
        return None if f"...{node.name.value}" in self._text.replace("... ", "...") else REMOVE


def shown(seed: str, user: str, case: Case, failure: Failure) -> str:
    """A failure as a person reads it, with what repeats it."""
    used = {name: value for name, value in failure.variables.items() if f"${name}" in case.document}
    return "\n".join(
        (
            f"seed {seed}, as {user}",
            print_ast(parse(case.document)),
            f"variables: {json.dumps(used, ensure_ascii=False)}",
            *failure.differences,
        )
    )
