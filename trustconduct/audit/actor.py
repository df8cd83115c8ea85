"""Who does something: told to every rule as `by`, and kept with what was done."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Role(StrEnum):
    """What a person is, at the Trust or at one school."""

    TRUST_OFFICER = "trust_officer"
    TRUST_READER = "trust_reader"
    HEADTEACHER = "headteacher"
    OFFICE = "office"
    PASTORAL = "pastoral"
    TEACHER = "teacher"
    GOVERNOR = "governor"
    SAFEGUARDING = "safeguarding"

    @property
    def of_trust(self) -> bool:
        return self in (Role.TRUST_OFFICER, Role.TRUST_READER)

    @property
    def word(self) -> str:
        return _WORDS[self]


_WORDS = {
    Role.TRUST_OFFICER: "Trust officer",
    Role.TRUST_READER: "Trust reader",
    Role.HEADTEACHER: "Headteacher",
    Role.OFFICE: "Office",
    Role.PASTORAL: "Pastoral team",
    Role.TEACHER: "Teacher",
    Role.GOVERNOR: "Governor",
    Role.SAFEGUARDING: "Safeguarding lead or deputy",
}


@dataclass(frozen=True)
class Grant:
    """A role at one school, or at the Trust where `school_id` is None."""

    role: Role
    school_id: UUID | None = None


@dataclass(frozen=True)
class Actor:
    """A user, a parent's link, the clock or the command line: never a row or a proxy.

    Frozen, so that what a rule permitted cannot change before it is recorded.
    `fresh` says that a user gave a code of their authenticator a short while ago.
    """

    kind: str  # user, link, clock or command
    id: UUID | None
    name: str
    grants: frozenset[Grant] = frozenset()
    address: str = ""
    fresh: bool = False


CLOCK = Actor("clock", None, "The clock")
COMMAND = Actor("command", None, "The command line", frozenset({Grant(Role.TRUST_OFFICER)}))
