"""Strawberry types, declared from data: what `@strawberry.type` makes of a class, made of a list of fields.

Types refer to each other by name in annotations (`list[Course] | None`), which Strawberry resolves when the schema is
made, so that they may be declared in any order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from strawberry.annotation import StrawberryAnnotation
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.field import StrawberryField
from strawberry.types.unset import UNSET

from backend.errors import DeclarationError
from backend.graphql.directives import ExactlyOne

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
    """The types of one schema, by their GraphQL names; its lists have pages of `default_page` rows."""

    def __init__(self, default_page: int) -> None:
        self.default_page = default_page
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
        interfaces: Sequence[str] = (),
        directives: Sequence[object] = (),
        written: Sequence[StrawberryField] = (),
    ) -> None:
        """Declares an object type; `written` are fields with resolvers of their own."""
        self._declare(name, description, fields, interfaces=interfaces, directives=directives, written=written)

    def interface(self, name: str, description: str, fields: Sequence[FieldSpec]) -> None:
        """Declares an interface."""
        self._declare(name, description, fields, is_interface=True)

    def input(self, name: str, description: str, fields: Sequence[FieldSpec], *, one_of: bool = False) -> None:
        """Declares an input type; with `one_of`, one of which exactly one field is given."""
        self._declare(name, description, fields, is_input=True, directives=[ExactlyOne()] if one_of else ())

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

    def _declare(
        self,
        name: str,
        description: str,
        fields: Sequence[FieldSpec],
        *,
        is_input: bool = False,
        is_interface: bool = False,
        interfaces: Sequence[str] = (),
        directives: Sequence[Any] = (),
        written: Sequence[StrawberryField] = (),
    ) -> None:
        """Declares a type by its definition alone: no value of it is ever made, so its class is empty."""
        origin = type(name, (), {})
        definition = StrawberryObjectDefinition(
            name=name,
            is_input=is_input,
            is_interface=is_interface,
            origin=origin,
            description=description,
            interfaces=[self[interface].__strawberry_definition__ for interface in interfaces],
            extend=False,
            directives=directives,
            is_type_of=None,
            resolve_type=None,
            fields=[*(self._field(spec, origin) for spec in fields), *written],
            from_input=_as_given if is_input else None,
        )
        origin.__strawberry_definition__ = definition  # type: ignore[attr-defined]  # how Strawberry finds it
        self.add(name, origin)

    def _field(self, spec: FieldSpec, origin: Any) -> StrawberryField:
        made = StrawberryField(
            python_name=spec.name,
            graphql_name=spec.name,
            type_annotation=self.annotation(spec.annotation),
            origin=origin,
            description=spec.description,
            directives=spec.directives,
            deprecation_reason=spec.deprecated,
            default=UNSET,
        )
        made.arguments = self.arguments(spec.arguments)
        return made


def _as_given(_: type, value: Mapping[str, Any], __: object) -> Mapping[str, Any]:
    """Input for a resolver written by hand: the plain value."""
    return value
