"""Everyone as whom random documents are asked: each kind of principal that the table of permissions knows."""

from __future__ import annotations

# Whose token it is, by the principal's name, and what the token is narrowed to: nothing where there are no scopes.
PRINCIPALS: dict[str, tuple[str, tuple[str, ...]]] = {
    **{
        name: (name, ())
        for name in (
            # Of the demo data.
            *("admin", "lecturer", "tutor", "student", "stranger", "usermanager", "orgmanager"),
            # Of the university: students, one of whom is a tutor elsewhere, and one a lecturer.
            *("ada", "bob", "cyd", "dan", "nat", "mia", "max"),
            # The staff of algebra, upwards.
            *("tom", "lea", "mel", "oda"),
            # By roles and claims: a role that only sounds like an admin's, claims on single rows, claims of a group.
            *("uma", "orla", "adi", "cora", "clara", "gina"),
            # With seats in an organization or a course family.
            *("olaf", "mona", "otto", "pia", "fred", "fay", "fox", "gil"),
            # A technical account, somebody to whom messages are written, and who wrote most of them.
            *("ron", "sol", "wanda"),
        )
    },
    "narrowed student": (
        "ada",
        (
            "message:get",
            "user:get",
            "course:list",
            "course_submission_group:get",
            "result:list",
            "role:update",
        ),
    ),
    "narrowed lecturer": (
        "lecturer",
        ("course_content:get", "course_content_deployment:get", "example_version:list", "execution_backend:get"),
    ),
    "narrowed admin": ("adi", ("course:get", "course_member:get", "user:get", "role:get", "organization:get")),
    "narrowed to nothing": ("tom", ("nothing:get",)),
    "worker": ("ron", ("result:get", "submission_artifact:get", "execution_backend:get")),
}
USERS = tuple(PRINCIPALS)
