"""DataLoaders for resolvers written by hand: `info.context.loaders.course.load(id)`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel
from strawberry.dataloader import DataLoader

from backend.errors import InputError
from backend.interface.base import Batch
from backend.plan.load import ByKey, Template
from backend.plan.value import parse_key

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import ColumnElement

    from backend.interface.entity import Catalog, Entity
    from backend.plan.run import Run
    from backend.plan.source import Source

Loader = DataLoader[str, BaseModel | None]


class Loaders:
    """One loader for each entity, under its singular name; made when first asked for, for one request."""

    def __init__(self, catalog: Catalog, run: Callable[[], Run]) -> None:
        self._entities = {entity.singular: entity for entity in catalog.values()}
        self._run = run
        self._loaders: dict[str, Loader] = {}

    def __getattr__(self, singular: str) -> Loader:
        """The loader of the entity: from ids, global or bare, to its Get DTO, or None where the caller sees none."""
        entity = self._entities.get(singular)
        if entity is None:
            raise AttributeError(singular)
        if singular not in self._loaders:
            self._loaders[singular] = DataLoader(load_fn=lambda ids: self._load(entity, ids))
        return self._loaders[singular]

    async def _load(self, entity: Entity, ids: list[str]) -> list[BaseModel | InputError | None]:
        names, template = dto_template(entity)
        keys: list[tuple[str, ...] | InputError] = [_parse(entity, value) for value in ids]
        good = [key for key in keys if isinstance(key, tuple)]
        load = ByKey(template, lambda _run: good, many=True)
        run = self._run()
        box: dict[str, Any] = {}
        answers = []
        for query in load.queries(run, "found", [box]):
            text = query.statement.text
            run.reads["found"].take(text)
            command = (text, query.statement.parameters(run.principal.values, query.given))
            answers.append(await run.snapshot.fetch([command], last=False))
        load.place(run, "found", [box], answers[0] if answers else [])
        found = dict(zip(good, box["found"], strict=True))
        return [key if isinstance(key, InputError) else _dto(entity, names, found[key]) for key in keys]


def dto_template(entity: Entity) -> tuple[tuple[str, ...], Template]:
    """The attributes of the entity's Get DTO that come from SQL, and the template that reads them."""
    names = tuple(
        name for name in entity.interface.get.model_fields if not isinstance(entity.interface.computed.get(name), Batch)
    )
    return names, Template(entity, names, tuple(_reader(name) for name in names))


def _reader(name: str) -> Callable[[Source], ColumnElement[Any]]:
    return lambda source: source[name]


def _dto(entity: Entity, names: tuple[str, ...], row: dict[str, Any] | None) -> BaseModel | None:
    return None if row is None else entity.interface.get.model_construct(_fields_set=set(names), **row)


def _parse(entity: Entity, value: str) -> tuple[str, ...] | InputError:
    try:
        return parse_key(entity, value)
    except InputError as error:
        return error
