"""What all interfaces keep, and what their DTOs accept."""

import pytest
from pydantic import BaseModel, ValidationError
from sqlalchemy import String, inspect, select

from backend.interface.base import BaseEntityCreate, BaseEntityUpdate, EntityInterface
from backend.interface.course import CourseCreate, CourseQuery
from backend.interface.course_content import CourseContentCreate, CourseContentQuery, CourseContentUpdate
from backend.interface.course_content_type import CourseContentTypeCreate, CourseContentTypeUpdate
from backend.interface.course_group import CourseGroupCreate, CourseGroupUpdate
from backend.interface.course_member import CourseMemberCreate, CourseMemberQuery, CourseMemberUpdate
from backend.interface.course_member import course_member_search as search_members
from backend.interface.execution_backend import ExecutionBackendCreate
from backend.interface.organization import OrganizationCreate, OrganizationUpdate
from backend.interface.reflection import reflect
from backend.interface.registry import INTERFACES
from backend.interface.result import ResultCreate, ResultUpdate
from backend.interface.role import RoleCreate
from backend.interface.search import search
from backend.interface.submission_group import SubmissionGroupCreate, SubmissionGroupUpdate
from backend.interface.user import UserCreate
from backend.model import CourseMember

KEY = "Key."


def test_all_interfaces_fit_their_models() -> None:
    assert list(reflect(INTERFACES)) == [interface.model.__name__ for interface in INTERFACES]


@pytest.mark.parametrize("interface", INTERFACES)
def test_every_field_of_every_dto_is_described_by_a_sentence(interface: type[EntityInterface]) -> None:
    dtos = (interface.create, interface.get, interface.list, interface.update, interface.query)
    for dto in filter(None, dtos):
        for name, info in dto.model_fields.items():
            assert (info.description or "").endswith("."), f"{dto.__name__}.{name}"


@pytest.mark.parametrize("interface", INTERFACES)
def test_every_entity_reads_its_list_fields_when_got(interface: type[EntityInterface]) -> None:
    assert interface.list.model_fields.keys() <= interface.get.model_fields.keys()


@pytest.mark.parametrize("interface", INTERFACES)
def test_no_secret_and_no_server_column_is_in_a_dto(interface: type[EntityInterface]) -> None:
    secret = {
        *("password", "password_hash", "auth_token", "token_expiration", "fs_number"),
        *("session_id", "refresh_token_hash", "refresh_expires_at", "refresh_counter", "token_hash"),
    }
    kept_by_server = {"version", "created_at", "updated_at", "created_by_id", "updated_by_id", "archived_at"}
    # Who stores a file says where; nobody is told.
    assert not (secret | {"bucket_name", "object_key"}) & interface.get.model_fields.keys()
    for dto in filter(None, (interface.create, interface.update)):
        assert not (secret | kept_by_server) & dto.model_fields.keys()


def complaints(dto: type[BaseModel], **values: object) -> set[str]:
    """The fields that the DTO finds fault with, "" standing for their combination."""
    try:
        dto.model_validate(values)
    except ValidationError as error:
        return {str(item["loc"][0]) if item["loc"] else "" for item in error.errors()}
    return set()


def inputs() -> list[tuple[type[EntityInterface], type[BaseEntityUpdate]]]:
    return [(interface, dto) for interface in INTERFACES for dto in (interface.create, interface.update) if dto]


@pytest.mark.parametrize(("interface", "dto"), inputs())
def test_no_text_passes_that_its_column_could_not_hold(
    interface: type[EntityInterface], dto: type[BaseEntityUpdate]
) -> None:
    columns = inspect(interface.model).columns
    for name in dto.model_fields:
        column = columns[name]
        if isinstance(column.type, String) and column.type.length and not column.foreign_keys:
            assert name in complaints(dto, **{name: "a" * (column.type.length + 1)})


@pytest.mark.parametrize("interface", [interface for interface in INTERFACES if interface.update])
def test_update_refuses_to_clear_what_cannot_be_null(interface: type[EntityInterface]) -> None:
    assert interface.update
    for name in interface.update.model_fields:
        if not inspect(interface.model).columns[name].nullable:
            assert complaints(interface.update, **{name: None}) == {name}


@pytest.mark.parametrize("interface", [interface for interface in INTERFACES if interface.update])
def test_update_tells_absent_from_null(interface: type[EntityInterface]) -> None:
    assert interface.update
    assert interface.update.model_validate({}).model_dump(exclude_unset=True) == {}


@pytest.mark.parametrize("interface", [interface for interface in INTERFACES if interface.create])
def test_create_refuses_what_it_does_not_know(interface: type[EntityInterface]) -> None:
    assert interface.create
    assert "created_by_id" in complaints(interface.create, created_by_id="someone")


def test_null_in_a_create_is_the_same_as_absent() -> None:
    created = SubmissionGroupCreate.model_validate({"course_content_id": "c", "max_group_size": None})
    assert created.max_group_size == 1
    assert created.model_fields_set == {"course_content_id"}


RULES: list[tuple[type[BaseModel], str, list[object], list[object]]] = [
    (
        UserCreate,
        "given_name",
        ["Ada", " Ada ", "José", "👩‍🎓", "a" * 255],
        ["", "  ", "\u2003", "a" * 256],
    ),
    (UserCreate, "family_name", ["Lovelace"], ["", "\t"]),
    (
        UserCreate,
        "email",
        ["ada@example.org", "a.b@c", "a" * 308 + "@example.org"],
        ["", "ada", "@example.org", "ada@", "a@b@c", "a b@c", "a..b@c", "a@c..d", " a@c", "a@c\n", "a" * 319 + "@c"],
    ),
    (
        UserCreate,
        "username",
        ["ada", "ada_l-1.x", "a" * 50, "zoë"],
        ["ad", "a" * 51, "___", "ada!", "ada l", "ada@l"],
    ),
    (UserCreate, "number", ["1", "a" * 255], ["", "a" * 256]),
    (UserCreate, "user_type", ["user"], ["token", "admin"]),
    (RoleCreate, "id", ["grader", "lab-1", "a_b"], ["_admin", "Grader", "a__b", "a-", "-a", "", "a b"]),
    (
        CourseCreate,
        "path",
        ["a", "A_1.b", "a" * 255, ".".join(["a"] * 9)],
        ["", ".a", "a.", "a..b", "a-b", "a b", "ä", "a" * 256, "b." + "a" * 256, "a\n"],
    ),
    (CourseCreate, "title", ["Algebra"], ["", " ", "a" * 256]),
    (CourseContentCreate, "path", ["week_1.task"], ["Week", "a-b", "a..b", "a" * 256]),
    (CourseContentUpdate, "path", ["week_1"], ["Week", None]),
    (CourseContentCreate, "position", [0, -1.5, 1e300], [float("nan"), float("inf"), "first"]),
    (CourseContentCreate, "max_group_size", [1, 2, None, 2**31 - 1], [0, -1, 2**31]),
    (CourseContentUpdate, "max_group_size", [1, None], [0]),
    (CourseContentCreate, "max_test_runs", [0, None, 3], [-1, 2**31]),
    (CourseContentCreate, "max_submissions", [0, None, 3], [-1, 1.5]),
    (SubmissionGroupCreate, "max_group_size", [1, None], [0, -1]),
    (SubmissionGroupUpdate, "max_group_size", [1], [0, None]),
    (CourseGroupCreate, "title", ["Monday"], ["", " ", None, "a" * 256]),
    (CourseGroupUpdate, "title", ["Monday"], ["", None]),
    (CourseContentTypeCreate, "slug", ["weekly", "Week_1-a"], ["", "a.b", "a b", "ä", "a" * 256]),
    (ExecutionBackendCreate, "slug", ["itp-exec-py"], ["itp.exec", ""]),
    (ExecutionBackendCreate, "type", ["temporal:python"], ["", " "]),
    (
        CourseContentTypeCreate,
        "color",
        ["#abc", "#ABCD", "#aabbcc", "#aabbccdd", "RebeccaPurple", " green ", "emerald", "sky", None],
        ["", "#ab", "#abcde", "#ggg", "greenish", "url(x)", "a" * 256],
    ),
    (
        CourseContentTypeCreate,
        "color",
        ["rgb(0,128, 255)", "rgba(1, 2, 3, 0.5)", "rgba(1,2,3,1)"],
        ["rgb(256,0,0)", "rgb(1,2)", "rgb(1,2,3,4)", "rgba(1,2,3,1.5)", "rgba(1,2,3)", "rgb(-1,0,0)"],
    ),
    (
        CourseContentTypeCreate,
        "color",
        ["hsl(360, 100%, 0%)", "hsla(0,0%,0%,.25)"],
        ["hsl(361,0%,0%)", "hsl(0,101%,0%)", "hsl(0,0,0)", "hsla(0,0%,0%,2)"],
    ),
    (CourseContentTypeUpdate, "color", [None, "green"], ["greenish"]),
    (ResultCreate, "result", [0, 1, 0.5], [-0.1, 1.1, float("nan"), None]),
    (ResultUpdate, "result", [0, 1], [-0.1, 1.1, None]),
    (ResultCreate, "status", [0, 7], [8, -1, "done", None]),
    (ResultCreate, "version_identifier", ["a" * 2048], ["a" * 2049, None]),
    (ResultCreate, "reference_version_identifier", ["a" * 64, None], ["a" * 65]),
    (OrganizationCreate, "url", ["http://a", "https://a.example/b"], ["ftp://a", "a.example", "javascript:x", ""]),
    (OrganizationUpdate, "email", ["a@b", None], ["a"]),
    (OrganizationUpdate, "street_address", ["a" * 1024, None], ["a" * 1025]),
    (OrganizationUpdate, "organization_type", ["community"], [None, "club"]),
    (CourseMemberUpdate, "course_role_id", ["_tutor"], [None]),
]


@pytest.mark.parametrize(
    ("dto", "field", "value"), [(dto, field, value) for dto, field, good, _ in RULES for value in good]
)
def test_good_value_passes(dto: type[BaseModel], field: str, value: object) -> None:
    assert field not in complaints(dto, **{field: value})


@pytest.mark.parametrize(
    ("dto", "field", "value"), [(dto, field, value) for dto, field, _, bad in RULES for value in bad]
)
def test_bad_value_is_refused(dto: type[BaseModel], field: str, value: object) -> None:
    assert field in complaints(dto, **{field: value})


@pytest.mark.parametrize(
    ("dto", "field", "given", "kept"),
    [
        (UserCreate, "given_name", "  Ada ", "Ada"),
        (UserCreate, "email", "Ada@Example.ORG", "ada@example.org"),
        (CourseContentTypeUpdate, "color", " #ABC ", "#abc"),
        (CourseContentTypeUpdate, "color", "RebeccaPurple", "rebeccapurple"),
        (CourseContentQuery, "path", ".week_1.", "week_1"),
        (CourseQuery, "descendants", "a.b.", "a.b"),
    ],
)
def test_value_is_tidied(dto: type[BaseModel], field: str, given: str, kept: str) -> None:
    assert getattr(dto.model_validate({field: given}), field) == kept


ORGANIZATION = {"path": "a"}


@pytest.mark.parametrize(
    ("dto", "values", "passes"),
    [
        (OrganizationCreate, {**ORGANIZATION, "organization_type": "user", "user_id": "u"}, True),
        (OrganizationCreate, {**ORGANIZATION, "organization_type": "user"}, False),
        (OrganizationCreate, {**ORGANIZATION, "organization_type": "user", "user_id": "u", "title": "A"}, False),
        (OrganizationCreate, {**ORGANIZATION, "organization_type": "community", "title": "A"}, True),
        (OrganizationCreate, {**ORGANIZATION, "organization_type": "organization"}, False),
        (
            OrganizationCreate,
            {**ORGANIZATION, "organization_type": "organization", "title": "A", "user_id": "u"},
            False,
        ),
        (OrganizationUpdate, {"organization_type": "user"}, True),
        (OrganizationUpdate, {"organization_type": "user", "title": "A"}, False),
        (OrganizationUpdate, {"organization_type": "user", "user_id": None}, False),
        (OrganizationUpdate, {"organization_type": "user", "user_id": "u", "title": None}, True),
        (OrganizationUpdate, {"organization_type": "community", "title": None}, False),
        (OrganizationUpdate, {"title": None}, True),
        (CourseMemberCreate, {"user_id": "u", "course_id": "c", "course_role_id": "_student"}, False),
        (
            CourseMemberCreate,
            {"user_id": "u", "course_id": "c", "course_role_id": "_student", "course_group_id": "g"},
            True,
        ),
        (CourseMemberCreate, {"user_id": "u", "course_id": "c", "course_role_id": "_tutor"}, True),
        (CourseMemberUpdate, {"course_role_id": "_student"}, True),
        (CourseMemberUpdate, {"course_role_id": "_student", "course_group_id": None}, False),
        (CourseMemberUpdate, {"course_group_id": None}, True),
    ],
)
def test_fields_must_agree(dto: type[BaseModel], values: dict[str, object], passes: bool) -> None:  # noqa: FBT001 - a column of the table
    assert complaints(dto, **values) == (set() if passes else {""})


def test_wildcards_in_a_name_search_are_taken_literally() -> None:
    statement = search_members(select(CourseMember.id), CourseMemberQuery.model_validate({"given_name": "a%_\\"}))
    assert "a/%/_\\" in statement.compile().params.values()


# By logging in, and by upload.
MADE_ELSEWHERE = ("SessionInterface", "ExampleInterface")


def test_what_can_be_updated_can_be_created() -> None:
    for interface in INTERFACES:
        if interface.update and interface.__name__ not in MADE_ELSEWHERE:
            assert interface.create
            assert issubclass(interface.create, BaseEntityCreate)


def parameters() -> list[tuple[type[EntityInterface], str]]:
    return [(interface, name) for interface in INTERFACES if interface.query for name in interface.query.model_fields]


@pytest.mark.parametrize(("interface", "name"), parameters())
def test_every_search_parameter_adds_conditions_and_nothing_else(interface: type[EntityInterface], name: str) -> None:
    assert interface.query
    value = next(
        value
        for value in ("a", 1, "user", ["a"], "fixed", "git", "pending", "assigned")
        if not complaints(interface.query, **{name: value})
    )
    plain = select(interface.model)
    narrowed = search(interface, plain, interface.query.model_validate({name: value}))
    assert (narrowed.whereclause is None) == (name in interface.modifiers)
    assert str(narrowed).startswith(str(plain))
    assert narrowed.get_final_froms() == plain.get_final_froms()
