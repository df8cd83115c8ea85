"""Where a signed-in person may go: by the same table of permissions as the pages themselves."""

from __future__ import annotations

from typing import Any

from flask import g, render_template, request, url_for
from flask_login import current_user

from trustconduct.accounts.permissions import Can
from trustconduct.web.door import mine, works

# Text, endpoint, what it needs, and the first part of the endpoints that lie beneath it.
Places = tuple[tuple[str, str, Can, str], ...]
STAFF: Places = (
    ("Home", "staff.home", Can.SEE_SCHOOL, "staff."),
    ("Our code", "setup.adopt", Can.CHANGE_SETTINGS, "setup."),
    ("Acknowledgements", "answers.show", Can.SEE_ANSWERS, "answers."),
    ("People", "people.show", Can.SEE_PEOPLE, "people."),
    ("History", "history.show", Can.SEE_HISTORY, "history."),
)
CONSOLE: Places = (
    ("Overview", "console.index", Can.SEE_CONSOLE, "console."),
    ("Editions", "editions.index", Can.SEE_CONSOLE, "editions."),
    ("Schools", "schools.index_view", Can.SEE_CONSOLE, "schools."),
    ("People", "users.index_view", Can.SEE_CONSOLE, "users."),
    ("The Trust", "trust.show", Can.CHANGE_TRUST, "trust."),
    ("History", "look_back.show", Can.SEE_HISTORY, "look_back."),
)


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
        "person": {"name": current_user.name, "role": ", ".join(sorted(roles))},
        "trust": works().directory.trust(),
        "may": may,
        "Can": Can,
    }


def staff_page(template: str, **more: Any) -> str:
    """A page of a school's own site."""
    return render_template(template, url=school_url, **frame(STAFF), **more)
