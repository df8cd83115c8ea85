"""The made-up Trust: its schools, their facts, their staff and how their parents answer.

Nothing in here is anybody's: names are samples, addresses end in .example, and
telephone numbers are from the range that Ofcom keeps for drama (01632 960xxx).
Only the police forces are real, since a school must choose one of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from trustconduct.acknowledgements.models import Answer
from trustconduct.audit.actor import Role
from trustconduct.demo import families
from trustconduct.schools.settings import SUGGESTED
from trustconduct.tenants.models import Phase

# One for all: it guards made-up people on one machine, and must be easy to type.
PASSWORD = "sample-password-only"  # noqa: S105
TRUST = {
    "name": "Sample Learning Trust",
    "telephone": "01632 960001",
    "email": "office@sample-trust.example",
}


@dataclass(frozen=True)
class DemoUser:
    """A member of staff; `slug` is their school's, None at the Trust."""

    role: Role
    name: str
    email: str
    slug: str | None = None


@dataclass(frozen=True)
class DemoSchool:
    """`settings` blank: the school has done nothing yet. `replies` are given in turn to the
    adults who were asked, in the order of their names; whoever is left has not replied."""

    slug: str
    name: str
    phase: Phase = Phase.PRIMARY
    address: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    unticked: tuple[str, str] = ("", "")  # beginnings of a route's and a purpose's id
    badge: tuple[str, str] = ("", "")  # the colours of its ground and of what is on it
    suspended: str = ""  # why, where the Trust has suspended it
    roll: bytes = b""
    replies: tuple[tuple[Answer, str], ...] = ()

    @property
    def short(self) -> str:
        return " ".join(self.name.split()[:2])


def _settings(slug: str, number: str, app: str, force: str, **bans: Any) -> dict[str, Any]:
    return {
        "policies_url": f"https://www.{slug}.example/policies",
        "app_name": app,
        "telephone": f"01632 960{number}",
        "email": f"office@{slug}.example",
        "police_force_id": force,
        **SUGGESTED,
        **bans,
    }


_SIGNED = (Answer.SIGNED, "")
SCHOOLS = (
    DemoSchool(
        "oak-lane",
        "Oak Lane Primary School",
        Phase.PRIMARY,
        "1 Oak Lane, Sampleton",
        _settings("oak-lane", "101", "Acorn Post", "thames-valley"),
        ("have-a-quick-chat", "talk-to-a-pastoral"),
        badge=("#1d4d3a", "#e8b04b"),
        roll=families.roll(
            families.OAK_SURNAMES, families.OAK, ("Reception", *(f"Year {n}" for n in range(1, 7)))
        ),
        replies=(
            *[_SIGNED] * 6,
            (Answer.DECLINED, ""),
            *[_SIGNED] * 5,
            (Answer.TALK, "What happens if my mother collects him? She has not seen the code."),
            *[_SIGNED] * 4,
            (Answer.DECLINED, "I agree with most of it, but I would rather not sign anything."),
            *[_SIGNED] * 3,
            (Answer.TALK, "Please ring me after six. I want to ask about the class chat."),
            *[_SIGNED] * 2,
            (Answer.TALK, ""),
        ),
    ),
    DemoSchool(
        "elm-park",
        "Elm Park Junior School",
        Phase.PRIMARY,
        "Elm Park, Exampleford",
        _settings(
            "elm-park",
            "201",
            "Elm Notes",
            "norfolk",
            ban_unit="school",
            ban_temporary_days=10,
            ban_first_days=20,
            ban_longest_days=95,
            ban_review_days=30,
            representations_days=8,
            ban_reviewer="governor_panel",
        ),
        ("email-the-school", "talk-to-my-child"),
        roll=families.roll(families.ELM_SURNAMES, families.ELM, [f"Year {n}" for n in range(3, 7)]),
        replies=(
            *[_SIGNED] * 3,
            (Answer.TALK, "Is it all right to bring our assistance dog in training?"),
            _SIGNED,
            (Answer.DECLINED, ""),
        ),
    ),
    DemoSchool(
        "willow-bank", "Willow Bank Infant School", Phase.PRIMARY, "2 Willow Bank, Sampleton"
    ),
    DemoSchool(
        "hazel-hill",
        "Hazel Hill Nursery School",
        Phase.NURSERY,
        "3 Hazel Hill, Exampleford",
        suspended="It closed in the summer. Its children are at Willow Bank now.",
    ),
)

_STAFF = {
    "oak-lane": {
        Role.HEADTEACHER: "Holly Sample",
        Role.OFFICE: "Orla Example",
        Role.PASTORAL: "Petra Specimen",
        Role.TEACHER: "Teasel Pattern",
        Role.GOVERNOR: "Gale Template",
        Role.SAFEGUARDING: "Sage Placeholder",
    },
    "elm-park": {
        Role.HEADTEACHER: "Hart Testcase",
        Role.OFFICE: "Opal Standin",
        Role.PASTORAL: "Pearl Pretend",
        Role.TEACHER: "Thorn Fictional",
        Role.GOVERNOR: "Garnet Invented",
        Role.SAFEGUARDING: "Sorrel Imaginary",
    },
    "willow-bank": {Role.HEADTEACHER: "Heron Notional", Role.OFFICE: "Oriole Draftley"},
}
_LOCAL_PART = {Role.HEADTEACHER: "head", Role.TRUST_OFFICER: "officer", Role.TRUST_READER: "reader"}

USERS = (
    DemoUser(Role.TRUST_OFFICER, "Olive Sample", "officer@sample-trust.example"),
    DemoUser(Role.TRUST_READER, "Reed Sample", "reader@sample-trust.example"),
    *(
        DemoUser(role, name, f"{_LOCAL_PART.get(role, role.value)}@{slug}.example", slug)
        for slug, staff in _STAFF.items()
        for role, name in staff.items()
    ),
)

# What the second edition says that the first does not: it waits as a draft.
NEXT_EDITION = (
    ("Review date: Summer Term 2028", "Review date: Summer Term 2031"),
    (
        "- Bringing a dog onto our site.",
        "- Filming or recording people on our site without their agreement.\n"
        "- Bringing a dog onto our site.",
    ),
)
NEXT_EDITION_NAME = "code-of-conduct-second-edition.txt"
