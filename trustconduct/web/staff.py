"""The home of a school's own site: what waits, and where the school stands."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Blueprint, g

from trustconduct import clock
from trustconduct.accounts.permissions import Can
from trustconduct.acknowledgements.answers import Counts, counts, talks
from trustconduct.acknowledgements.campaigns import reach
from trustconduct.acknowledgements.mails import day
from trustconduct.contact_matrix.save import current_matrix
from trustconduct.policies.editions import newest_published
from trustconduct.policies.models import Edition, SchoolVersion
from trustconduct.policies.versions import missing, version_in_force
from trustconduct.schools.settings import facts_of, settings_of
from trustconduct.tenants.sessions import ScopedSession
from trustconduct.web.door import enter_school, mine, needs
from trustconduct.web.mail import undelivered
from trustconduct.web.navigation import count, school_url, staff_page

pages = Blueprint("staff", __name__, url_prefix="/<school>/staff")
pages.url_value_preprocessor(enter_school)

Task = dict[str, str]


@pages.get("/")
@needs(Can.SEE_SCHOOL)
def home() -> str:
    may = mine()
    version = version_in_force(g.session)
    edition = newest_published(g.session)
    tasks: list[Task] = []
    if Can.SEE_MAIL in may:
        tasks += undelivered(g.session)
    if Can.CHANGE_SETTINGS in may and edition:
        tasks += _to_adopt(edition, version)
    if Can.HOLD_TALK in may:
        tasks += _to_talk(g.session)
    if Can.START_CAMPAIGN in may and version:
        tasks += _to_ask(g.session, version)
    return staff_page(
        "staff/home.html",
        tasks=tasks,
        version=version,
        edition=edition,
        counts=counts(g.session, version) if version and Can.SEE_ANSWERS in may else Counts(),
    )


def _to_adopt(edition: Edition, version: SchoolVersion | None) -> Iterator[Task]:
    """An edition of the Trust that the school has not published yet, and what it lacks."""
    if version and version.edition_number >= edition.number:
        return
    settings = settings_of(g.session)
    lacking = missing(
        edition, facts_of(g.session, g.school, settings), settings, current_matrix(g.session)
    )
    hint = f"{len(lacking)} things to fill in first" if len(lacking) > 1 else ""
    may_publish = Can.PUBLISH_VERSION in mine()
    yield {
        "text": f"Adopt edition {edition.number} of the code of conduct",
        "href": school_url("setup.adopt"),
        "hint": hint or (lacking[0].text if lacking else "Everything is filled in"),
        "word": "To do" if lacking or may_publish else "Waits for the headteacher",
        "tone": "waiting" if lacking or may_publish else "quiet",
    }


def _to_talk(session: ScopedSession) -> Iterator[Task]:
    """Parents who want to talk before they sign, each a task of its own, the oldest first."""
    for talk in talks(session):
        yield {
            "text": f"{talk.name} would like to talk about the code",
            "href": school_url("answers.talk", answer_id=talk.id),
            "hint": f"Since {day(clock.local(talk.asked_at).date())}",
            "word": "Get in touch",
            "tone": "attention",
        }


def _to_ask(session: ScopedSession, version: SchoolVersion) -> Iterator[Task]:
    """Adults on the roll who were not asked about the version in force."""
    asked = reach(session, version)
    if asked.to_ask:
        yield {
            "text": f"Ask {count(asked.to_ask, 'adult', 'adults')}"
            f" to read version {version.number}",
            "href": school_url("answers.ask"),
            "hint": "Each gets one email with a link of their own",
            "word": "To do",
            "tone": "waiting",
        }
    elif not asked.asked_before and not asked.without_email:
        yield {
            "text": "Bring in your parents and carers",
            "href": school_url("people.roll"),
            "hint": "A CSV file from your school's system",
            "word": "To do",
            "tone": "waiting",
        }
