"""DataLoaders for resolvers written by hand: `info.context.loaders.course.load(id)`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel
from strawberry.dataloader import DataLoader

from backend.errors import InputError
from backend.interface.base import Batch
from backend.plan.dto import load_attributes
from backend.plan.value import parse_key

if TYPE_CHECKING:
    from collections.abc import Callable

    from backend.interface.entity import Catalog, Entity
    from backend.plan.run import Run

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
        keys: list[tuple[str, ...] | InputError] = [_parse(entity, value) for value in ids]
        good = [key for key in keys if isinstance(key, tuple)]
        get = entity.interface.get
        in_sql = [name for name in get.model_fields if not isinstance(entity.interface.computed.get(name), Batch)]
        rows = await load_attributes(self._run(), entity, in_sql, good, last=False)
        found = dict(zip(good, (_dto(get, row) for row in rows), strict=True))
        return [key if isinstance(key, InputError) else found[key] for key in keys]


def _dto(get: type[BaseModel], row: dict[str, Any] | None) -> BaseModel | None:
    return None if row is None else get.model_construct(_fields_set=set(row), **row)


def _parse(entity: Entity, value: str) -> tuple[str, ...] | InputError:
    try:
        return parse_key(entity, value)
    except InputError as error:
        return error
