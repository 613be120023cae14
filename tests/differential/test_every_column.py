"""Every list and every column of it, as every principal: what random documents might come to only in time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from graphql import GraphQLObjectType, get_named_type, is_leaf_type

from tests.differential.generate import Case
from tests.differential.principals import USERS
from tests.differential.reference import ROOT_MANY
from tests.differential.reference_relations import ARCHIVABLE, RELATIONS

if TYPE_CHECKING:
    from graphql import GraphQLSchema

    from tests.differential.trial import Trial

_LISTS_AT_ONCE = 9


def _list(schema: GraphQLSchema, field: str, type_name: str) -> str:
    """All columns of the first rows, how many rows there are, and the keys of what is related to one."""
    of = schema.type_map[type_name]
    assert isinstance(of, GraphQLObjectType)
    columns = [name for name, value in of.fields.items() if is_leaf_type(get_named_type(value.type))]
    columns += [f"{name} {{ id }}" for (own, name), way in RELATIONS.items() if own == type_name and not way.to_many]
    archived = ", archived: INCLUDE" if type_name in ARCHIVABLE else ""
    return f"{field}(first: 12{archived}) {{ totalCount nodes {{ {' '.join(columns)} }} }}"


@pytest.mark.parametrize("user", USERS)
def test_every_list_is_what_the_reference_answers(trial: Trial, user: str) -> None:
    lists = [_list(trial.reference.schema, field, type_name) for field, type_name in ROOT_MANY.items()]
    for start in range(0, len(lists), _LISTS_AT_ONCE):
        document = f"{{ {' '.join(lists[start : start + _LISTS_AT_ONCE])} }}"
        failure = trial.run(user, Case(document, [{}]))
        assert failure is None, "\n".join(failure.differences)
