"""Rules that hold for values of many entities, as annotated types. Rules: docs/entities.md."""

from typing import Annotated, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from backend.interface.color import color
from backend.model.base import CONTENT_PATH_PATTERN, LOOSE_SLUG_PATTERN, PATH_PATTERN

SLUG_PATTERN = r"^[a-z0-9]+([_-][a-z0-9]+)*$"
LONGEST_LABEL = 255
LONGEST_PATH = 2000
LARGEST_INTEGER = 2**31 - 1

Value = TypeVar("Value")


class FieldError(ValueError):
    """That values of a row do not fit each other; `field` is the one to change."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def _no_long_label(path: str) -> str:
    if len(path) > LONGEST_PATH:
        raise ValueError(f"a path may have {LONGEST_PATH} characters at most")
    if any(len(label) > LONGEST_LABEL for label in path.split(".")):
        raise ValueError(f"a label may have {LONGEST_LABEL} characters at most")
    return path


def _without_outer_dots(path: object) -> object:
    return path.strip(".") if isinstance(path, str) else path


def _no_double_dot(email: str) -> str:
    if ".." in email:
        raise ValueError("must not have two dots in a row")
    return email


def _alphanumeric(username: str) -> str:
    if not username.translate(str.maketrans("", "", "_-.")).isalnum():
        raise ValueError("must have letters and digits, and besides only _ - and .")
    return username


def _kept(value: Value | None) -> Value | None:
    if value is None:
        raise ValueError("cannot be cleared")
    return value


# In an update: may be absent, but null is refused. The default, None, is not validated.
Kept = Annotated[Value | None, AfterValidator(_kept)]

Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=255)]
Path = Annotated[str, StringConstraints(pattern=PATH_PATTERN), AfterValidator(_no_long_label)]
ContentPath = Annotated[str, StringConstraints(pattern=CONTENT_PATH_PATTERN), AfterValidator(_no_long_label)]
DottedPath = Annotated[Path, BeforeValidator(_without_outer_dots)]
Slug = Annotated[str, StringConstraints(pattern=SLUG_PATTERN, max_length=255)]
LooseSlug = Annotated[str, StringConstraints(pattern=LOOSE_SLUG_PATTERN, max_length=255)]
Email = Annotated[
    str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+$", max_length=320, to_lower=True), AfterValidator(_no_double_dot)
]
Username = Annotated[str, StringConstraints(min_length=3, max_length=50), AfterValidator(_alphanumeric)]
Number = Annotated[str, StringConstraints(min_length=1, max_length=255)]
Url = Annotated[str, StringConstraints(pattern="^https?://", max_length=2048)]
Color = Annotated[str, StringConstraints(strip_whitespace=True, max_length=255), AfterValidator(color)]
GroupSize = Annotated[int, Field(ge=1, le=LARGEST_INTEGER)]
Quota = Annotated[int, Field(ge=0, le=LARGEST_INTEGER)]
Position = Annotated[float, Field(allow_inf_nan=False)]
Score = Annotated[float, Field(ge=0, le=1)]
