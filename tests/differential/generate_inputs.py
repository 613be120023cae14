"""Values written into documents: as literals, as variables, and as literals with variables in them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from graphql import GraphQLInputObjectType, GraphQLList, GraphQLNonNull, get_nullable_type

from tests.differential.generate_values import Name
from tests.differential.reference_values import BIG_INTEGERS, snake_case

if TYPE_CHECKING:
    from random import Random


class InputWriter:
    """Writes values, and keeps the variables that it makes: how they are defined, and what they are set to."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self.definitions: list[str] = []
        self.variables: dict[str, Any] = {}

    def written(self, value: Any, kind: Any, *, in_one_of: bool = False) -> str:
        """The value as a literal, or in part as variables."""
        if self._random.random() < (0.3 if isinstance(value, dict | list) else 0.1):
            asked = GraphQLNonNull(get_nullable_type(kind)) if in_one_of else kind
            return self.variable(value, asked)
        inner = get_nullable_type(kind)
        if isinstance(value, dict):
            assert isinstance(inner, GraphQLInputObjectType)
            fields = (
                f"{name}: {self.written(each, inner.fields[name].type, in_one_of=inner.is_one_of)}"
                for name, each in value.items()
            )
            return "{" + ", ".join(fields) + "}"
        if isinstance(value, list):
            assert isinstance(inner, GraphQLList)
            return "[" + ", ".join(self.written(each, inner.of_type) for each in value) + "]"
        if isinstance(value, Name):
            return str(value)
        return json.dumps(plain(value, big=str(inner) == "BigInt"), ensure_ascii=self._random.random() < 0.5)

    def variable(self, value: Any, kind: Any) -> str:
        """The value as a variable of a type; now and then a default, nothing or null instead."""
        name = f"v{len(self.definitions)}"
        given = plain(value, big="BigInt" in str(kind))
        chance = self._random.random()
        if chance < 0.1 and isinstance(value, int | str) and not isinstance(value, Name) and given is value:
            self.definitions.append(f"${name}: {get_nullable_type(kind)} = {json.dumps(given)}")
            return f"${name}"
        self.definitions.append(f"${name}: {kind}")
        if chance > 0.15 or isinstance(kind, GraphQLNonNull):
            self.variables[name] = given
        elif chance > 0.1 and isinstance(value, dict | list):
            self.variables[name] = None
        return f"${name}"


def plain(value: Any, *, big: bool = False) -> Any:
    """A value as JSON has it."""
    if isinstance(value, dict):
        return {name: plain(each, big=big or snake_case(name) in BIG_INTEGERS) for name, each in value.items()}
    if isinstance(value, list):
        return [plain(each, big=big) for each in value]
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, bool) or not (big and isinstance(value, int)):
        return str(value) if isinstance(value, Name) else value
    return str(value)
