"""The home of a school's own site: what waits, and where the school stands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, g

from trustconduct import clock
from trustconduct.accounts.permissions import Can
from trustconduct.acknowledgements.lists import Counts, counts
from trustconduct.oversight.week import Week, week
from trustconduct.web.door import actor, enter_school, mine, needs
from trustconduct.web.getting_started import done_of, getting_started
from trustconduct.web.navigation import school_url, staff_page
from trustconduct.web.tasks import Here, tasks

pages = Blueprint("staff", __name__, url_prefix="/<school>/staff")
pages.url_value_preprocessor(enter_school)


@pages.get("/")
@needs(Can.SEE_SCHOOL)
def home() -> str:
    may = mine()
    here = Here(g.session, g.school, may, actor())
    leads = Can.CHANGE_SETTINGS in may and here.starting
    steps = getting_started(g.session, here) if leads else []
    version = here.version
    return staff_page(
        "staff/home.html",
        steps=steps,
        done=done_of(steps),
        tasks=tasks.waiting(g.session, here, may),
        version=version,
        edition=here.edition,
        week=_week(week(g.session, by=here.by)),
        counts=counts(g.session, version) if version and Can.SEE_ANSWERS in may else Counts(),
    )


# Where the home page's figures and days lead.
_MORE: dict[str, Callable[[], str]] = {
    "answers": lambda: school_url("answers.show"),
    "talk": lambda: school_url("answers.show", status="talk"),
    "people": lambda: school_url("people.show"),
    "left": lambda: school_url("people.show", show="left"),
    "mail": lambda: school_url("mail.show"),
    "occasions": lambda: school_url("setup.occasions.show"),
    "reviews": lambda: school_url("own_reviews.show"),
}


def _week(found: Week) -> dict[str, Any]:
    """The week as the page shows it: only figures that tell something, each with its link."""
    return {
        "figures": [
            {"number": one.number, "label": one.label, "href": _MORE[one.of]() if one.of else ""}
            for one in found.figures
            if one.number
        ],
        "coming": [
            {
                "day": f"{one.on:%A} {clock.day(one.on)}",
                "what": one.what,
                "href": _MORE[one.of]() if one.of else "",
            }
            for one in found.coming
        ],
        "counts": bool(found.figures),
    }
