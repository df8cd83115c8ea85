"""The console's first page: where every school stands, and what to do next."""

from __future__ import annotations

from collections.abc import Sequence

from flask import g, url_for
from flask_admin import AdminIndexView, expose
from sqlalchemy import select
from sqlalchemy.orm import load_only

from trustconduct import clock
from trustconduct.accounts.permissions import Can
from trustconduct.admin.mail import undelivered
from trustconduct.admin.views import Console
from trustconduct.oversight.overview import overview
from trustconduct.policies.models import Edition, State
from trustconduct.reviews.reminders import due, when
from trustconduct.tenants.calendars import Calendar, calendar_of
from trustconduct.tenants.sessions import ScopedSession
from trustconduct.web.door import actor, mine, needs

# A task as the component `task_list` shows it.
Task = dict[str, str]


class OverviewView(Console, AdminIndexView):
    def __init__(self, **more: str) -> None:
        super().__init__(**more)
        # Flask-Admin's own files (Bootstrap, jQuery) are served nowhere.
        self.static_folder = None

    @expose("/")
    @needs(Can.SEE_CONSOLE)
    def index(self) -> str:
        shown = overview(g.session, by=actor())
        return self.render(
            "console/overview.html",
            overview=shown,
            tasks=[
                *undelivered(),
                *tasks(
                    editions(g.session),
                    any_school=bool(shown.schools),
                    calendar=calendar_of(g.session),
                ),
            ],
            share=share,
        )


def editions(session: ScopedSession) -> Sequence[Edition]:
    """Every edition, newest first, without its text: a list of ten would be megabytes."""
    return session.scalars(
        select(Edition)
        .options(
            load_only(
                Edition.number,
                Edition.board_on,
                Edition.review_text,
                Edition.source_name,
                Edition.made_at,
                Edition.approved_at,
                Edition.published_at,
                raiseload=True,
            )
        )
        .order_by(Edition.number.desc())
    ).all()


def share(part: int, whole: int) -> str:
    """A share in words. Never rounded up: 199 of 200 are not everybody."""
    if not whole:
        return ""
    if 0 < part * 100 < whole:
        return "under 1%"
    return f"{part * 100 // whole}%"


def tasks(newest_first: Sequence[Edition], *, any_school: bool, calendar: Calendar) -> list[Task]:
    """What waits at the Trust: the first is what to do next."""
    found: list[Task] = []
    if not newest_first:
        found.append(_bring_in())
    published = next((one for one in newest_first if one.state is State.PUBLISHED), None)
    for edition in newest_first:
        if edition is published:
            break
        found.append(_waiting(edition))
    if published:
        found += _review(published, calendar)
    if not any_school:
        found.append(_first_school())
    return found


def _bring_in() -> Task:
    return {
        "text": "Bring in your code of conduct",
        "hint": "Upload it as text, or start from the one that ships with this service."
        " You see what we read before anything is saved.",
        "href": url_for("editions.bring_in") if Can.IMPORT_EDITION in mine() else "",
        "word": "To do",
        "tone": "waiting",
    }


def _waiting(edition: Edition) -> Task:
    hint = {
        State.DRAFT: "Read it through, then note the day on which the Board approved it.",
        State.APPROVED: "The Board approved it. Publish it, and every school is asked to adopt it.",
    }[edition.state]
    return {
        "text": f"Edition {edition.number} is waiting",
        "hint": hint,
        "href": url_for("editions.show", number=edition.number),
        "word": WORDS[edition.state],
        "tone": TONES[edition.state],
    }


def _review(edition: Edition, calendar: Calendar) -> list[Task]:
    if edition.review is None:
        return []
    reminder = due(calendar.window(edition.review), clock.today())
    if reminder is None:
        return []
    overdue = reminder.kind == "overdue"
    stands = "is overdue" if overdue else "is near"
    return [
        {
            "text": f"The review of edition {edition.number} {stands}",
            "hint": f"Review date: {when(edition.review, calendar)}",
            "href": url_for("editions.show", number=edition.number),
            "word": "Overdue" if overdue else "Coming up",
            "tone": "attention" if overdue else "waiting",
        }
    ]


def _first_school() -> Task:
    return {
        "text": "Add your first school",
        "hint": "Each school then fills in its own facts and publishes its own version.",
        "href": url_for("schools.add") if Can.ADD_SCHOOL in mine() else "",
        "word": "To do",
        "tone": "waiting",
    }


# One word for each state, in the list, on the page and here.
WORDS = {State.DRAFT: "Draft", State.APPROVED: "Approved", State.PUBLISHED: "Published"}
TONES = {State.DRAFT: "waiting", State.APPROVED: "calm", State.PUBLISHED: "good"}
