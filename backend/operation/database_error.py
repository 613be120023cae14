"""What the database refuses becomes a problem that names the input's field, and tells of no row that is not seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psycopg import Error, errors
from sqlalchemy import CheckConstraint, ForeignKeyConstraint

from backend.interface.entity import camel_case, words
from backend.operation.problem import Problem, ProblemCode, invalid, not_found
from backend.operation.unique import attribute_of, named_attributes, unique_keys

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from sqlalchemy import Table

    from backend.interface.entity import Catalog, Entity


def meaning(catalog: Catalog, entity: Entity, error: Error, changed: Collection[str] = ()) -> Problem:
    """What it means that a statement on the entity's table is refused; the path is an attribute, rather a changed one.

    Raises the error again where it is no answer to what the client sent. So are collisions: who runs the transaction
    tries again.
    """
    if isinstance(error, errors.SerializationFailure | errors.DeadlockDetected | errors.LockNotAvailable):
        raise error
    problem = _problem(catalog, entity, error, changed)
    if problem is None:
        raise error
    return problem


def _problem(catalog: Catalog, entity: Entity, error: Error, changed: Collection[str]) -> Problem | None:
    diagnosis = error.diag
    constraint = diagnosis.constraint_name or ""
    if isinstance(error, errors.UniqueViolation):
        fields = unique_keys(entity)[constraint].fields if constraint in unique_keys(entity) else ()
        own = tuple(name for name in fields if name in changed) or fields
        return Problem(ProblemCode.CONFLICT, "There is a row with this key already.", own[:1], fields)
    if isinstance(error, errors.ForeignKeyViolation | errors.RestrictViolation):
        return _of_reference(catalog, entity, diagnosis.table_name or "", constraint)
    if isinstance(error, errors.CheckViolation):
        return invalid(f"The value breaks the rule {constraint}.", *_checked(entity, constraint))
    if isinstance(error, errors.NotNullViolation) and diagnosis.column_name:
        lacking = attribute_of(entity, diagnosis.column_name)
        blamed = (lacking,) if lacking in _given(entity) else ()
        return invalid(f"There must be a value for {camel_case(lacking)}, and none follows.", *blamed)
    if isinstance(error, errors.RaiseException):
        at = entity.interface.trigger_attribute
        return invalid("The row does not fit the others that it belongs with.", *([at] if at else []))
    return next((problem for kind, problem in _PLAIN.items() if isinstance(error, kind)), None)


_PLAIN: Mapping[type[Error], Problem] = {
    errors.ExclusionViolation: Problem(ProblemCode.CONFLICT, "It overlaps with another row."),
    errors.ProgramLimitExceeded: invalid("A value is too long for the index of its column."),
    errors.DataError: invalid("A value does not fit its column: too long, out of range or of the wrong form."),
}


def _of_reference(catalog: Catalog, entity: Entity, table: str, constraint: str) -> Problem:
    own: Table = entity.model.__table__  # type: ignore[assignment]  # a mapped class has a table
    if table == own.name:
        for key in own.foreign_key_constraints:
            if key.name == constraint:
                return not_found(attribute_of(entity, _local(key)))
    for other in catalog.values():
        if other.model.__tablename__ == table and other is not entity:
            return Problem(ProblemCode.CONFLICT, f"There are {words(other.plural)} that refer to this row.")
    return Problem(ProblemCode.CONFLICT, "There are rows that refer to this one.")


def _local(key: ForeignKeyConstraint) -> str:
    """Of a key of several columns the last one, which is what the client gave."""
    return str(list(key.columns)[-1].name)


def _checked(entity: Entity, constraint: str) -> tuple[str, ...]:
    """Of the attributes that the check looks at, the last one that a client gives, where there is one."""
    table: Table = entity.model.__table__  # type: ignore[assignment]  # a mapped class has a table
    given = _given(entity)
    conditions = (each for each in table.constraints if isinstance(each, CheckConstraint) and each.name == constraint)
    looked_at = (named for each in conditions for named in named_attributes(entity, str(each.sqltext)))
    return tuple(named for named in looked_at if named in given)[-1:]


def _given(entity: Entity) -> set[str]:
    """The attributes that clients give."""
    inputs = (entity.interface.create, entity.interface.update)
    return set().union(*(dto.model_fields for dto in inputs if dto is not None))
