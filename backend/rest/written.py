"""Routes that are written by hand, next to the generated ones. How: docs/written-operations.md.

FastAPI evaluates the annotations of routes, so this module does not postpone them.
"""

from fastapi import APIRouter
from starlette.responses import Response

from backend.interface.course import CourseList, active_courses
from backend.plan.dto import Asked
from backend.rest.caller import Asking, Limit, Skip

courses = APIRouter(prefix="/courses", tags=["courses"])

# They come before the generated routes, whose /courses/{id} would take any name.
WRITTEN: tuple[APIRouter, ...] = (courses,)


@courses.get("/active", response_model=list[CourseList], summary="List courses that are in use")
async def list_active(caller: Asking, skip: Skip = 0, limit: Limit = None) -> Response:
    """Courses that have a content which is not archived, by title; of these, those that the caller may see."""
    return await caller.page("Course", lambda: Asked(written=active_courses(), skip=skip, limit=limit))
