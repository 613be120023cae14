"""Relations within a table by ltree paths: to the node above one, and to those below."""

from sqlalchemy import ColumnElement, and_, func

from backend.interface.base import Row, Tree
from backend.model.base import Ltree


def parent(description: str, *within: str) -> Tree:
    """To the node whose path is that of the row without its last label."""
    return Tree(description, to_many=False, within=within, on=_is_parent)


def children(description: str, *within: str) -> Tree:
    """To the nodes whose path has one label more."""
    return Tree(description, to_many=True, within=within, on=_is_child)


def ancestors(description: str, *within: str) -> Tree:
    """To all nodes above the row."""
    return Tree(description, to_many=True, within=within, on=_is_ancestor)


def descendants(description: str, *within: str) -> Tree:
    """To all nodes below the row."""
    return Tree(description, to_many=True, within=within, on=_is_descendant)


def _is_parent(row: Row, other: Row) -> ColumnElement[bool]:
    above = func.subpath(row["path"], 0, func.nlevel(row["path"]) - 1, type_=Ltree)
    return and_(func.nlevel(row["path"]) > 1, other["path"] == above)


def _is_child(row: Row, other: Row) -> ColumnElement[bool]:
    return and_(other["path"].op("<@")(row["path"]), func.nlevel(other["path"]) == func.nlevel(row["path"]) + 1)


def _is_ancestor(row: Row, other: Row) -> ColumnElement[bool]:
    return and_(other["path"].op("@>")(row["path"]), other["path"] != row["path"])


def _is_descendant(row: Row, other: Row) -> ColumnElement[bool]:
    return and_(other["path"].op("<@")(row["path"]), other["path"] != row["path"])
