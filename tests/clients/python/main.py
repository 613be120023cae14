"""A client made by ariadne-codegen, in use: members of a course page by page, and a new group."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from typing import TYPE_CHECKING

from generated import (
    CreateCourseGroupInput,
    CreateGroupCreateCourseGroupErrorsConflictError,
    CreateGroupCreateCourseGroupErrorsValidationError,
    Gateway,
    GraphQLClientGraphQLMultiError,
    Member,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

NEW = "7d9f0f5e-2c3b-4f4a-8a57-0b1c5a1f0002"


async def members(gateway: Gateway, course: str, size: int) -> AsyncIterator[Member]:
    """All members of a course."""
    after: str | None = None
    while True:
        found = (await gateway.members(course=course, first=size, after=after)).course
        if found is None:
            return
        for member in found.members.nodes:
            yield member
        if not found.members.page_info.has_next_page:
            return
        after = found.members.page_info.end_cursor


def line(member: Member) -> str:
    """A line about a member: BigInt is an int, DateTime a datetime."""
    name = member.user.full_name if member.user else None
    return f"{name}, {member.version + 0} changes since {member.created_at.astimezone().year}"


async def create(gateway: Gateway, course: str, title: str) -> str:
    """The id of a new group, or why there is none."""
    given = CreateCourseGroupInput(course_id=course, title=title, id=NEW, properties={"room": 12})
    payload = (await gateway.create_group(given)).create_course_group
    for error in payload.errors:
        if isinstance(error, CreateGroupCreateCourseGroupErrorsConflictError):
            return f"{','.join(error.fields)} is taken"
        if isinstance(error, CreateGroupCreateCourseGroupErrorsValidationError):
            return f"{'.'.join(error.path)} is wrong"
        return error.message
    return payload.course_group.id if payload.course_group else "not shown"


async def main() -> None:
    """Ask the gateway that the environment names."""
    headers = {"Authorization": f"Bearer {os.environ['GATEWAY_TOKEN']}"}
    course = os.environ["COURSE_ID"]
    async with Gateway(os.environ["GATEWAY_URL"], headers=headers) as gateway:
        said = {
            "lines": [line(member) async for member in members(gateway, course, 2)],
            "created": await create(gateway, course, "Thursday"),
            "taken": await create(gateway, course, "Thursday"),
            "wrong": await create(gateway, course, ""),
        }
        try:
            await gateway.members(course="no id at all", first=2)
        except GraphQLClientGraphQLMultiError as refused:
            said["refused"] = str((refused.errors[0].extensions or {}).get("code"))
    sys.stdout.write(json.dumps(said))


asyncio.run(main())
