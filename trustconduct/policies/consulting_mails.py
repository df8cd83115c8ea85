"""The mails of a consultation: to a school's head, and to a guest with a link of their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from trustconduct import clock
from trustconduct.outbox.write import Link, Mail
from trustconduct.policies.consultations import Consultation, Guest

PURPOSE = "consultation"
CODE = "the Communication Policy and Code of Conduct for Parents and Carers"


@dataclass(frozen=True)
class Head:
    """Whom a school's mail goes to, and the address of its page."""

    name: str
    email: str
    school: str
    address: str

    @classmethod
    def at(cls, user: Any, school: Any, base: str) -> Head:
        """Of a user and a row of the school's name and slug, below the service's address."""
        address = f"{base}/{school.slug}/staff/policy/draft/"
        return cls(user.name, user.email, school.name, address)


def head_mail(one: Consultation, head: Head, trust: str, first: bool) -> Mail:
    day = clock.day(one.closes_on)
    opening = (
        f"{trust} is writing a new edition of\n{CODE}.\n"
        "Before it goes to the Board, please read the draft and say what you think of it."
        if first
        else f"{trust} has asked what you think of the draft of\n{CODE}.\n"
        f"Nothing has come from {head.school} yet."
    )
    words = f"\n{one.words}\n" if one.words and first else ""
    return Mail(
        kind="consultation" if first else "consultation_ends",
        to_name=head.name,
        to_address=head.email,
        from_name=trust,
        subject=f"Please comment on the draft code of conduct by {day}",
        body=f"""Dear {head.name},

{opening}
{words}
The last day is {day}. You can comment on each point, or say that you have nothing to add.

{head.address}

trustconduct, for {trust}
""",
    )


def guest_mail(one: Consultation, guest: Guest, trust: str, again: bool = False) -> Mail:
    day = clock.day(one.closes_on)
    words = f"\n{one.words}\n" if one.words else ""
    opening = (
        f"{trust} has asked what you think of its draft, and nothing has come from you yet."
        if again
        else f"{trust} asks what you think of the draft of\n{CODE}."
    )
    return Mail(
        kind="consultation_guest",
        to_name=guest.name,
        to_address=guest.email,
        from_name=trust,
        subject=f"Please comment on a draft code of conduct by {day}",
        body=f"""Dear {guest.name},

{opening}
{words}
The last day is {day}. This link is yours alone and needs no password. It shows the draft and
takes your comments:

{{link}}

Please do not pass it on: what comes by it is taken as said by you.

trustconduct, for {trust}
""",
        link=Link(f"/consultation/{guest.id}/", PURPOSE, guest.id, guest.generation),
    )
