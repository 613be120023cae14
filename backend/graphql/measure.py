"""How large a document is, before anybody takes the time to validate it.

All of it is linear in the document: fragments are counted once and then multiplied, and are only spelled out where that
is known to stay within bounds. Documents may still be wrong here: fragments that contain themselves, or are not there.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

from backend.face.limits import exceeded

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from backend.face.limits import DocumentLimits

# The parser takes five calls for a level, and Python allows a thousand in all.
MOST_NESTED = 110
# A text without an end reaches to the end of what it may have, so that nothing is looked at twice.
# A token in the first group; else what lies between tokens, or is none. What is no GraphQL is the parser's business.
# Python before 3.11.5 takes possessive groups of alternatives for more than they are (gh-106052), so there are none.
_TOKEN = re.compile(
    r'("""[^"\\]*+(?:(?:\\"""|\\(?!""")|"(?!""))[^"\\]*+)*(?:""")?|"[^"\\\n\r]*+(?:\\.[^"\\\n\r]*+)*"?'
    r"|[_A-Za-z][_0-9A-Za-z]*+|-?[0-9][0-9A-Za-z_.+-]*+|\.\.\.|[!$&()\[\]{}:=|@])|#[^\n\r]*+|[^#]",
    re.DOTALL,
)
_LIMITS = {"top": "root_fields"}
_OPENING, _CLOSING = frozenset("{[("), frozenset("}])")


def check_text(text: str, limits: DocumentLimits) -> None:
    """Raises LimitError where the text is too long or too deeply nested to be parsed."""
    limits.check("characters", len(text))
    tokens = [token for token in _TOKEN.findall(text) if token]
    limits.check("tokens", len(tokens))
    depth = deepest = 0
    for token in tokens:
        if token in _OPENING:
            depth += 1
            deepest = max(deepest, depth)
        elif token in _CLOSING:
            depth -= 1
    if deepest > MOST_NESTED:
        raise exceeded("nesting", MOST_NESTED, deepest)


def check_size(ast: DocumentNode, limits: DocumentLimits) -> bool:
    """Whether the document's fragments are sound, so that all of it was measured: each used, none within itself.

    Raises LimitError where it asks for more than the limits allow, its cost apart.
    """
    operations = [node for node in ast.definitions if isinstance(node, OperationDefinitionNode)]
    definitions = [node for node in ast.definitions if isinstance(node, FragmentDefinitionNode)]
    limits.check("operations", len(operations))
    of_operations = [_own_size(node.selection_set) for node in operations]
    of_fragments = [_own_size(node.selection_set) for node in definitions]
    every = (*of_operations, *of_fragments)
    on_definitions = sum(len(node.directives or ()) for node in (*operations, *definitions))
    limits.check("aliases", sum(size.aliases for size in every))
    limits.check("directives", on_definitions + sum(size.directives for size in every))
    limits.check("spreads", max(len(definitions), sum(len(size.inner) for size in every)))
    fragments = {node.name.value: node for node in definitions}
    own = {node.name.value: size for node, size in zip(definitions, of_fragments, strict=True)}
    sizes: dict[str, _Size] = {}
    sound = len(fragments) == len(definitions)
    for size in of_operations:
        sound &= _count_fragments(size, own, sizes)
        whole = _sum(size, sizes)
        for limit in ("spreads", "depth", "top", "objects", "fields"):
            limits.check(_LIMITS.get(limit, limit), getattr(whole, limit))
    if not sound or len(sizes) < len(fragments):
        return False
    for operation in operations:
        limits.check("overlaps", _overlaps(operation.selection_set, fragments))
    return True


@dataclass
class _Size:
    """What is in a selection set; `inner` are the fragments spread in it, each with the level that it is spread at."""

    fields: int = 0
    objects: int = 0
    top: int = 0
    depth: int = 0
    spreads: int = 0
    aliases: int = 0
    directives: int = 0
    inner: list[tuple[str, int]] = field(default_factory=list)


def _own_size(selections: SelectionSetNode) -> _Size:
    """What is in the set itself, fragments not spelled out."""
    size = _Size()
    pending: list[tuple[SelectionSetNode, int]] = [(selections, 0)]
    while pending:
        current, level = pending.pop()
        for selection in current.selections:
            size.directives += len(selection.directives or ())
            if isinstance(selection, FragmentSpreadNode):
                size.inner.append((selection.name.value, level))
                continue
            below: SelectionSetNode | None = getattr(selection, "selection_set", None)
            if isinstance(selection, FieldNode):
                size.fields += 1
                size.top += level == 0
                size.objects += below is not None
                size.aliases += selection.alias is not None
                size.depth = max(size.depth, level + 1)
            if below is not None:
                pending.append((below, level + isinstance(selection, FieldNode)))
    return size


def _count_fragments(root: _Size, own: Mapping[str, _Size], known: dict[str, _Size]) -> bool:
    """Whether no fragment below lies within itself; `known` gets the size of each, those within it spelled out."""
    sound = True
    entered = set(known)
    stack: list[str] = [name for name, _ in root.inner]
    while stack:
        name = stack[-1]
        if name in known or name not in own:
            stack.pop()
        elif name in entered:
            known[name] = _sum(own[name], known)
            stack.pop()
        else:
            entered.add(name)
            for inner, _ in own[name].inner:
                # What was entered and is not known yet is what this fragment was reached through.
                sound &= inner not in entered or inner in known
                if inner not in entered:
                    stack.append(inner)
    return sound


def _sum(size: _Size, known: Mapping[str, _Size]) -> _Size:
    whole = _Size(size.fields, size.objects, size.top, size.depth)
    for name, level in size.inner:
        inner = known.get(name)
        whole.spreads += 1
        if inner is not None:
            whole.fields += inner.fields
            whole.objects += inner.objects
            whole.spreads += inner.spreads
            whole.top += inner.top if level == 0 else 0
            whole.depth = max(whole.depth, level + inner.depth)
    return whole


def _overlaps(root: SelectionSetNode, fragments: Mapping[str, FragmentDefinitionNode]) -> int:
    """How many pairs of fields stand under one name in one place, as rule 5.3.2 of GraphQL's specification has it."""
    pairs = 0
    pending: list[list[SelectionSetNode]] = [[root]]
    while pending:
        counts: Counter[str] = Counter()
        below: dict[str, list[SelectionSetNode]] = {}
        for selected in _fields(pending.pop(), fragments):
            name = (selected.alias or selected.name).value
            pairs += counts[name]
            counts[name] += 1
            if selected.selection_set is not None:
                below.setdefault(name, []).append(selected.selection_set)
        pending += below.values()
    return pairs


def _fields(sets: Iterable[SelectionSetNode], fragments: Mapping[str, FragmentDefinitionNode]) -> Iterable[FieldNode]:
    """The fields of the sets at their own level, each fragment spelled out once."""
    pending = list(sets)
    spread: set[str] = set()
    while pending:
        selection: Any
        for selection in pending.pop().selections:
            if isinstance(selection, FieldNode):
                yield selection
            elif not isinstance(selection, FragmentSpreadNode):
                pending.append(selection.selection_set)
            elif selection.name.value in fragments and selection.name.value not in spread:
                spread.add(selection.name.value)
                pending.append(fragments[selection.name.value].selection_set)
