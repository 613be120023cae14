"""What answers rest on, and that everything which may let a row be seen has its part in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import exists, select

from backend.access.policy import Condition, Grant, Level, Policies, Policy, courses, own_memberships
from backend.access.principal import Principal, principal_from_row
from backend.access.scope import ANY, UNSCOPED, Scopes, Stamp, tables_in
from backend.change import Change, stamps_of
from backend.interface.entity import policies
from backend.interface.registry import INTERFACES
from backend.model import Course, CourseContent, CourseContentType, Message, Result
from backend.model.base import table_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.sql import visitors

SCOPES = Scopes(policies(INTERFACES))
USER = "00000000-0000-4000-8000-000000000001"
ALGEBRA, GEOMETRY = "a0000000-0000-4000-8000-000000000001", "a0000000-0000-4000-8000-000000000002"
IN_ALGEBRA, IN_GEOMETRY = "b0000000-0000-4000-8000-000000000001", "b0000000-0000-4000-8000-000000000002"

NO_GRANTS: Policies = {Course: Policy(), CourseContent: Policy(), CourseContentType: Policy()}


def _principal(*, roles: str = "[]", claims: str = "[]", members: str = "[]", scopes: str = "[]") -> Principal:
    return principal_from_row((USER, scopes, roles, claims, members, "[]", "[]"))


STUDENT = _principal(members=f'[["{IN_ALGEBRA}", "{ALGEBRA}", "_student"]]')
TUTOR = _principal(members=f'[["{IN_ALGEBRA}", "{ALGEBRA}", "_student"], ["{IN_GEOMETRY}", "{GEOMETRY}", "_tutor"]]')


def _on(principal: Principal, *tables: str, limit: int = 64, scopes: Scopes = SCOPES) -> dict[str, set[str]]:
    stamps: dict[str, set[str]] = {table: set() for table in tables}
    for stamp in scopes.rests_on(tables, principal, limit):
        stamps[stamp.table].add(stamp.scope)
    return stamps


def test_student_rests_on_memberships_and_tutor_on_courses_besides() -> None:
    assert _on(STUDENT, "result") == {"result": {UNSCOPED, f"course_member:{IN_ALGEBRA}"}}
    both = {f"course_member:{IN_ALGEBRA}", f"course_member:{IN_GEOMETRY}", f"course:{GEOMETRY}"}
    assert _on(TUTOR, "result") == {"result": {UNSCOPED, *both}}


def test_who_sees_all_rows_rests_on_all_changes() -> None:
    for principal in (
        _principal(roles='["_admin"]', scopes='["*"]'),
        _principal(claims='["result:list"]'),
        _principal(claims=f'["result:get:{USER}"]'),
    ):
        assert _on(principal, "result", "course_role") == {"result": {ANY}, "course_role": {ANY}}
    assert _on(_principal(claims='["result:list"]', scopes='["course:get"]'), "result") == {"result": {UNSCOPED}}


def test_what_everyone_sees_rests_on_all_changes() -> None:
    assert _on(STUDENT, "course_content_kind", "execution_backend") == {
        "course_content_kind": {ANY},
        "execution_backend": {ANY},
    }
    assert _on(STUDENT, "example") == {"example": {UNSCOPED}}
    lecturer = _principal(members=f'[["{IN_ALGEBRA}", "{ALGEBRA}", "_lecturer"]]')
    assert _on(lecturer, "example") == {"example": {ANY}}


def test_message_to_everyone_is_a_change_without_a_scope_and_others_are_not() -> None:
    assert [condition.text for condition in SCOPES.open_conditions("message")] == ["it has no target"]
    assert ANY not in _on(STUDENT, "message")["message"]


def test_table_without_a_policy_rests_on_all_changes() -> None:
    assert _on(STUDENT, "result", scopes=Scopes({})) == {"result": {ANY}}


def test_past_the_limit_the_tables_with_the_most_stamps_give_way() -> None:
    assert sum(map(len, _on(TUTOR, "result", "message", "user").values())) == 4 + 6 + 3
    assert _on(TUTOR, "result", "message", "user", limit=8) == {
        "result": _on(TUTOR, "result")["result"],
        "message": {ANY},
        "user": _on(TUTOR, "user")["user"],
    }
    assert _on(TUTOR, "result", "message", "user", limit=3) == {"result": {ANY}, "message": {ANY}, "user": {ANY}}


def test_what_a_condition_reads_off_the_path_rests_on_all_changes() -> None:
    of_type = table_of(CourseContentType)

    def counted(row: Any) -> Any:
        return exists(select(of_type.c.id).where(of_type.c.course_id == row["course_content_id"]))

    def scopes_of(holds: Any) -> Scopes:
        grant = Grant("course_content.course_id", courses(Level.STUDENT), where=Condition("so", holds))
        return Scopes({**NO_GRANTS, Result: Policy(read=(grant,))})

    on_path = scopes_of(lambda row: row["course_content.archived_at"].is_(None))
    assert ANY not in _on(STUDENT, "course_content", scopes=on_path)["course_content"]
    beyond = scopes_of(lambda row: row["course_content.course_content_type.slug"] == "exam")
    assert _on(STUDENT, "course_content_type", scopes=beyond) == {"course_content_type": {ANY}}
    subquery = scopes_of(counted)
    assert _on(STUDENT, "course_content_type", scopes=subquery) == {"course_content_type": {ANY}}


def test_condition_without_a_path_that_looks_beyond_the_row_rests_on_all_changes() -> None:
    grant = Grant(where=Condition("so", lambda row: row["course.title"] == "open"))
    scopes = Scopes({Course: Policy(), Message: Policy(read=(grant,))})
    assert scopes.open_conditions("message") == ()
    assert _on(STUDENT, "message", "course", scopes=scopes) == {"message": {ANY}, "course": {ANY}}


def test_every_table_of_a_path_leads_to_its_end() -> None:
    grant = Grant("submission_group.members.course_member_id", own_memberships())
    scopes = Scopes({Result: Policy(read=(grant,))})
    for table, hops in (("result", 2), ("course_submission_group", 1), ("course_submission_group_member", 0)):
        (path,) = scopes.bumped_paths(table)
        assert (len(path.hops), path.column, path.universe) == (hops, "course_member_id", "course_member")


@pytest.mark.parametrize("form", ["cte", "subquery", "scalar", "lateral", "exists", "union"])
def test_statement_knows_its_tables_wherever_they_are(form: str) -> None:
    result, course = table_of(Result).alias(), table_of(Course).alias()
    inner = select(course.c.id)
    outer: dict[str, Callable[[], visitors.ExternallyTraversible]] = {
        "cte": lambda: select(result.c.id).where(result.c.id.in_(select(inner.cte().c.id))),
        "subquery": lambda: select(result.c.id).join(inner.subquery(), result.c.id == result.c.id),
        "scalar": lambda: select(result.c.id).order_by(inner.scalar_subquery()),
        "lateral": lambda: select(result.c.id, inner.lateral().c.id),
        "exists": lambda: select(result.c.id).where(inner.exists()),
        "union": lambda: select(result.c.id).union_all(inner),
    }
    assert tables_in(outer[form]()) == {"result", "course"}


def test_change_without_scopes_reaches_everyone_and_one_with_them_only_those() -> None:
    assert stamps_of([Change("result", None)]) == {Stamp("result", ANY), Stamp("result", UNSCOPED)}
    assert stamps_of([Change("result", frozenset())]) == {Stamp("result", ANY)}
