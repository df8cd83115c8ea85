"""The home of a school's own site: what waits, and where the school stands."""

from __future__ import annotations

from flask import Blueprint, g

from trustconduct.accounts.permissions import Can
from trustconduct.acknowledgements.lists import Counts, counts
from trustconduct.web.door import actor, enter_school, mine, needs
from trustconduct.web.getting_started import done_of, getting_started
from trustconduct.web.navigation import staff_page
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
        counts=counts(g.session, version) if version and Can.SEE_ANSWERS in may else Counts(),
    )
