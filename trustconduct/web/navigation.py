"""Where a signed-in person may go: by the same table of permissions as the pages themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import g, render_template, request, url_for
from flask_login import current_user

from trustconduct.accounts.permissions import Can, allowed
from trustconduct.audit.actor import Actor
from trustconduct.web.door import mine, works

# Text, endpoint, what it needs, and the first part of the endpoints that lie beneath it.
Places = tuple[tuple[str, str, Can, str], ...]
STAFF: Places = (
    ("Home", "staff.home", Can.SEE_SCHOOL, "staff."),
    ("Our code", "setup.adopt", Can.CHANGE_SETTINGS, "setup."),
    ("Acknowledgements", "answers.show", Can.SEE_ANSWERS, "answers."),
    ("People", "people.show", Can.SEE_PEOPLE, "people."),
    ("Reports", "reports.show", Can.REPORT_INCIDENT, "reports."),
    ("Cases", "cases.show", Can.SEE_CASES, "cases."),
    ("Assigned to me", "assigned.show", Can.SEE_ASSIGNED, "assigned."),
    ("Letters", "letters.show", Can.SEE_LETTERS, "letters."),
    ("Letters to send", "posting.show", Can.SERVE_LETTER, "posting."),
    ("Site bans", "bans.show", Can.SEE_BANS, "bans."),
    ("The gate", "gate.show", Can.SEE_GATE, "gate."),
    ("Barred today", "gate.names", Can.CALL_FIRST, "gate.names"),
    ("Reviews", "own_reviews.show", Can.KEEP_REVIEWS, "own_reviews."),
    ("Term dates", "calendar.show", Can.CHANGE_CALENDAR, "calendar."),
    ("Emails and texts", "mail.show", Can.SEE_MAIL, "mail."),
    ("History", "history.show", Can.SEE_HISTORY, "history."),
)
CONSOLE: Places = (
    ("Overview", "console.index", Can.SEE_CONSOLE, "console."),
    ("Editions", "editions.index", Can.SEE_CONSOLE, "editions."),
    ("Schools", "schools.index_view", Can.SEE_CONSOLE, "schools."),
    ("Letters", "letter_words.index", Can.SEE_CONSOLE, "letter_words."),
    ("Reviews", "reviews.index", Can.SEE_CONSOLE, "reviews."),
    ("How schools differ", "drift.show", Can.SEE_CONSOLE, "drift."),
    ("People", "users.index_view", Can.SEE_CONSOLE, "users."),
    ("Term dates", "terms.show", Can.CHANGE_CALENDAR, "terms."),
    ("Emails and texts", "trust_mail.index", Can.SEE_MAIL, "trust_mail."),
    ("Scheduled work", "timetable.show", Can.SEE_CONSOLE, "timetable."),
    ("The Trust", "trust.show", Can.CHANGE_TRUST, "trust."),
    ("History", "look_back.show", Can.SEE_HISTORY, "look_back."),
)


@dataclass(frozen=True)
class Place:
    """Where a person works: a school, or the Trust where `school_id` is None."""

    text: str
    href: str
    role: str
    school_id: UUID | None = None


def places_of(by: Actor) -> list[Place]:
    """The places where a person has a role: the Trust first, then the schools by name."""
    found = []
    if Can.SEE_CONSOLE in allowed(by.grants, None):
        roles = _roles(by, None)
        found.append(Place(works().directory.trust().name, url_for("console.index"), roles))
    found += [
        Place(card.name, url_for("staff.home", school=card.slug), _roles(by, card.id), card.id)
        for card in works().directory.schools()
        if any(grant.school_id == card.id for grant in by.grants)
    ]
    return found


def _roles(by: Actor, school_id: UUID | None) -> str:
    return ", ".join(
        sorted({grant.role.word for grant in by.grants if grant.school_id == school_id})
    )


def _elsewhere(by: Actor, here: UUID | None) -> str:
    """The words that lead to a person's other places, or "" for who has none.

    An officer inside a school goes back to the Trust this way as well.
    """
    others = {place.school_id for place in places_of(by)} - {here}
    if others - {None}:
        return "Switch school" if here else "Go to a school"
    return "Back to the Trust" if others else ""


def school_url(endpoint: str, **values: Any) -> str:
    """The address of a page of the school that this request is for."""
    return url_for(endpoint, school=g.school.slug, **values)


def count(n: int, one: str, many: str) -> str:
    """A number with its noun: 1 adult, 2 adults."""
    return f"{n} {one if n == 1 else many}"


def frame(places: Places) -> dict[str, Any]:
    """What the frame around a signed-in page needs: who is there and where they may go."""
    may = mine()
    school = g.get("school")
    address = school_url if school else url_for
    roles = {
        grant.role.word
        for grant in current_user.actor.grants
        if grant.school_id is None or (school and grant.school_id == school.id)
    }
    return {
        "navigation": [
            {
                "text": text,
                "href": address(endpoint),
                "current": (request.endpoint or "").startswith(beneath),
            }
            for text, endpoint, need, beneath in places
            if need in may
        ],
        "person": {
            "name": current_user.name,
            "role": ", ".join(sorted(roles)),
            "elsewhere": _elsewhere(current_user.actor, school.id if school else None),
        },
        "trust": works().directory.trust(),
        "left": current_user.left,
        "kept": current_user.kept,
        "may": may,
        "Can": Can,
    }


def staff_page(template: str, **more: Any) -> str:
    """A page of a school's own site."""
    return render_template(template, url=school_url, **frame(STAFF), **more)
