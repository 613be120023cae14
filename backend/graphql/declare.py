"""Strawberry types, declared from data: what `@strawberry.type` does for a class, for a list of fields.

Types refer to each other by name in annotations (`list[Course] | None`), which Strawberry resolves when the schema is
made, so that they may be declared in any order.
"""

from __future__ import annotations

from dataclasses import dataclass
from keyword import iskeyword
from typing import TYPE_CHECKING, Any

import strawberry
from strawberry.annotation import StrawberryAnnotation
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.field import StrawberryField
from strawberry.types.unset import UNSET

from backend.errors import DeclarationError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True)
class ArgumentSpec:
    """An argument: its name, its annotation, what it is for, and its default, if any."""

    name: str
    annotation: str
    description: str
    default: object = UNSET


@dataclass(frozen=True)
class FieldSpec:
    """A field of an object or input type."""

    name: str
    annotation: str
    description: str
    arguments: Sequence[ArgumentSpec] = ()
    directives: Sequence[object] = ()
    deprecated: str | None = None


class Declarations:
    """The types of one schema, by their GraphQL names."""

    def __init__(self) -> None:
        self.namespace: dict[str, Any] = {"list": list}
        self._annotations: dict[str, StrawberryAnnotation] = {}

    def __getitem__(self, name: str) -> Any:
        """The declared type of that name."""
        return self.namespace[name]

    def add(self, name: str, declared: Any) -> None:
        """Takes a type under a name; DeclarationError where the name is taken."""
        if name in self.namespace:
            raise DeclarationError(f"two types of the schema are called {name}")
        self.namespace[name] = declared

    def object(
        self,
        name: str,
        description: str,
        fields: Sequence[FieldSpec],
        *,
        interfaces: Sequence[type] = (),
        directives: Sequence[object] = (),
        written: Mapping[str, StrawberryField] | None = None,
    ) -> None:
        """Declares an object type; `written` are fields with resolvers of their own."""
        cls = self._class(name, fields, interfaces, written or {})
        made = strawberry.type(cls, name=name, description=description, directives=directives)
        self._annotate(made, fields)
        self.add(name, made)

    def interface(self, name: str, description: str, fields: Sequence[FieldSpec]) -> None:
        """Declares an interface."""
        made = strawberry.interface(self._class(name, fields), name=name, description=description)
        self._annotate(made, fields)
        self.add(name, made)

    def input(self, name: str, description: str, fields: Sequence[FieldSpec], *, one_of: bool = False) -> None:
        """Declares an input type; with `one_of`, one of which exactly one field is given."""
        cls = self._class(name, fields)
        made = strawberry.input(cls, name=name, description=description, one_of=one_of)
        self._annotate(made, fields)
        self.add(name, made)

    def arguments(self, specs: Sequence[ArgumentSpec]) -> list[StrawberryArgument]:
        """Arguments as Strawberry has them."""
        return [
            StrawberryArgument(
                spec.name,
                spec.name,
                self.annotation(spec.annotation),
                description=spec.description,
                default=spec.default,
            )
            for spec in specs
        ]

    def annotation(self, text: str) -> StrawberryAnnotation:
        """An annotation that names types of this schema; one for each text, for evaluating them takes its time."""
        return self._annotations.setdefault(text, StrawberryAnnotation(text, namespace=self.namespace))

    def _class(
        self,
        name: str,
        fields: Sequence[FieldSpec],
        bases: Sequence[type] = (),
        written: Mapping[str, StrawberryField] | None = None,
    ) -> type:
        body: dict[str, Any] = {_python_name(spec.name): self._field(spec) for spec in fields}
        return type(name, tuple(bases), {**body, **(written or {}), "__annotations__": dict.fromkeys(body, object)})

    def _field(self, spec: FieldSpec) -> StrawberryField:
        made = StrawberryField(
            python_name=_python_name(spec.name),
            graphql_name=spec.name,
            description=spec.description,
            directives=spec.directives,
            deprecation_reason=spec.deprecated,
            default=UNSET,
        )
        made.arguments = self.arguments(spec.arguments)
        return made

    def _annotate(self, made: Any, fields: Sequence[FieldSpec]) -> None:
        """Sets the annotations, which on the class say nothing: there Strawberry would try to resolve them too early."""
        annotations = {_python_name(spec.name): self.annotation(spec.annotation) for spec in fields}
        for each in made.__strawberry_definition__.fields:
            if each.python_name in annotations:
                each.type_annotation = annotations[each.python_name]


def _python_name(name: str) -> str:
    """A name that an attribute can have: `in`, `and`, `or` and `not` cannot."""
    return f"{name}_" if iskeyword(name) else name
