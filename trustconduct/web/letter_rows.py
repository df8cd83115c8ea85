"""What the pages about a letter share: the row, the way back, and the letter as a PDF."""

from __future__ import annotations

from uuid import UUID

from flask import Response, flash, g, make_response, redirect

from trustconduct.audit.events import Event
from trustconduct.files.take_in import content_of
from trustconduct.letters.compose import Composed, draft_of
from trustconduct.letters.lists import frozen_of
from trustconduct.letters.models import Letter
from trustconduct.letters.opening import pdf_of_letter
from trustconduct.letters.printing import Logo, print_letter
from trustconduct.plain_log import log
from trustconduct.schools.badge import badge_of
from trustconduct.schools.look import look_of
from trustconduct.sealed.room import Failed, Refused, room
from trustconduct.web.door import found, note_reading
from trustconduct.web.downloads import to_save
from trustconduct.web.navigation import school_url

CHANGED = "Somebody else changed this letter meanwhile. Read it again: nothing of yours was done."
NOT_NOW = "The PDF could not be made just now. Please try again soon."
WAITS = 5.0  # seconds for a free place to print


def the_letter(letter_id: UUID) -> Letter:
    return found(g.session.get(Letter, (g.school.id, letter_id)))


def back(letter_id: UUID, message: str, tone: str = "good") -> Response:
    flash(message, tone)
    return make_response(redirect(school_url("letters.letter", letter_id=letter_id), 303))


def logo() -> Logo | None:
    badge = badge_of(g.session)
    return Logo(content_of(g.session, badge), badge.media_type) if badge else None


def colour() -> str:
    """The first colour of the school's look, for the line below the letterhead."""
    return look_of(g.session).colour


def printed(page: str) -> tuple[bytes, int] | None:
    """The page as PDF, and how many pages it has; None where it can't be made now.

    Never kept on the disk beside the public ones: it is for one adult.
    """
    try:
        done = room().do("print", page.encode(), wait=WAITS)
    except (Failed, Refused) as no:
        log.error("A letter was not printed.", error=type(no).__name__)
        return None
    return done.content, int(done.about["pages"])


def pdf_of(row: Letter, *, large: bool) -> Response:
    """The letter as it prints."""
    number, letter_id = row.number, row.id
    made = None if large else pdf_of_letter(g.session, row.id)
    if made is None:
        sent = frozen_of(g.session, row)  # in large print: the frozen words, larger
        said = Composed.from_text(sent.frozen.text) if sent else draft_of(g.session, row).composed
        page = print_letter(said, logo(), draft=sent is None, large=large, colour=colour())
        g.session.rollback()  # printing may take seconds: no connection waits for it
        done = printed(page)
        if done is None:
            return back(letter_id, NOT_NOW, "waiting")
        made = done[0]
    note_reading(Event.LETTER_READ, "letter", letter_id)
    return to_save(made, f"letter-{number}.pdf")
