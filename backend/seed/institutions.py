"""The university: its institutes in a tree, two communities, and the personal spaces of a few users."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from backend.seed.chance import draw_id, stream
from backend.seed.tables import ExecutionBackend, Organization

if TYPE_CHECKING:
    from backend.json import Json
    from backend.seed.people import People
    from backend.seed.size import Size

GIT_SERVER = "https://git.uni-lindental.example"


def make_organizations(size: Size, people: People) -> tuple[Organization, ...]:
    """Of all types, parents before what is below them."""
    random = stream("organizations")
    start = size.editions[0].start - timedelta(days=50)
    admin = people.named["admin"].id

    def organization(path: str, title: str, **rest: object) -> Organization:
        values = {"organization_type": "organization", "created_by": admin} | rest
        return Organization(draw_id(random), start, path=path, title=title, **values)  # type: ignore[arg-type] # the fields of Organization

    address = {"postal_code": "8042", "locality": "Lindental", "region": "Steiermark", "country": "Österreich"}
    spaces: tuple[tuple[str, Json | None], ...] = (
        ("lecturer", None),
        ("student", {"theme": "light"}),
        ("orgmanager", {}),
    )
    return (
        organization(
            "lindental",
            "Universität Lindental",
            number="U-1",
            description="Lehre und Forschung seit 1586.",
            email="office@uni-lindental.example",
            telephone="+43 316 555 0",
            url="https://uni-lindental.example",
            street_address="Am Lindenhof 1",
            properties={"gitlab": _gitlab("lindental", 10) | {"token": "not-a-secret-university"}},
            **address,
        ),
        organization(
            "lindental.informatics",
            "Institute of Computer Science",
            number="I-1",
            email="informatics@uni-lindental.example",
            url="https://informatics.uni-lindental.example",
            street_address="Rechnergasse 12/III",
            properties={"gitlab": _gitlab("lindental/informatics", 11) | {"token": "not-a-secret-informatics"}},
            **address,
        ),
        organization("lindental.informatics.information_systems", "Arbeitsgruppe Informationssysteme", number="I-1-2"),
        organization("lindental.mathematics", "Institut für Mathematik", number="M-1", telephone="+43 316 555 200"),
        organization("lindental.mathematics.statistics", "Arbeitsgruppe Statistik", properties={}),
        organization("lindental.physics", "Institut für Physik", number="P-1", description="Theorie und Experiment."),
        organization(
            "lindental.cybernetics",
            "Institut für Kybernetik",
            description="Aufgegangen im Institute of Computer Science.",
            archived_at=start + timedelta(days=20),
        ),
        organization(
            "summer_school",
            "Summer School",
            organization_type="community",
            description="Open to all faculties and to guests. 誰でも歓迎。",
            url="https://summer.uni-lindental.example",
        ),
        organization("open_source", "Open-Source-Stammtisch", organization_type="community", locality="Lindental"),
        *(
            Organization(
                draw_id(random),
                start,
                "user",
                username,
                user_id=people.named[username].id,
                properties=properties,
                created_by=people.named[username].id,
            )
            for username, properties in spaces
        ),
    )


def _gitlab(path: str, group: int) -> dict[str, object]:
    return {
        "url": GIT_SERVER,
        "full_path": path,
        "web_url": f"{GIT_SERVER}/{path}",
        "group_id": group,
        "visibility": "private",
    }


def make_backends(size: Size, people: People) -> dict[str, ExecutionBackend]:
    """What tests assignments, by slug."""
    random = stream("backends")
    start = size.editions[0].start - timedelta(days=45)
    properties: dict[str, dict[str, object] | None] = {
        "python-3": {"task_queue": "tests-python", "timeout_seconds": 60, "credentials": {"password": "not-a-secret"}},
        "java-21": {"task_queue": "tests-java", "timeout_seconds": 120, "namespace": "teaching"},
        "c-17": {"task_queue": "tests-c", "sanitizers": ["address", "undefined"]},
        "octave-9": {"task_queue": "tests-octave"},
        "node-22": {},
        "haskell-9": None,
    }
    return {
        slug: ExecutionBackend(
            draw_id(random), start, f"temporal:{slug}", slug, properties=values, created_by=people.named["admin"].id
        )
        for slug, values in properties.items()
    }
