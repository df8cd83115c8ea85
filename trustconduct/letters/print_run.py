"""The day's letters as one PDF to print, with a list of them in front."""

from __future__ import annotations

import io
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date
from uuid import UUID

import pikepdf
from sqlalchemy import select

from trustconduct import clock
from trustconduct.accounts.permissions import Can, permit
from trustconduct.audit.actor import Actor
from trustconduct.audit.events import Event
from trustconduct.audit.record import record
from trustconduct.letters.models import FrozenLetter
from trustconduct.letters.printing import pages
from trustconduct.letters.serve import ToPost, print_queue
from trustconduct.tenants.sessions import ScopedSession

AT_ONCE = 20  # frozen PDFs in memory


def cover_page(letters: Sequence[ToPost], school_name: str, on: date) -> str:
    """The list that lies on top: to tick off while the envelopes are filled."""
    return (
        pages()
        .get_template("cover_list.html")
        .render(letters=letters, school_name=school_name, on=on)
    )


def print_run(
    session: ScopedSession, *, by: Actor, chosen: Collection[UUID] | None = None
) -> tuple[list[ToPost], pikepdf.Pdf]:
    """The letters of the queue, and one PDF of them as they were frozen, in their order.

    Each begins on an odd page, so that both sides can be printed.
    """
    permit(by, Can.SERVE_LETTER, session.school_id)
    queue = [one for one in print_queue(session) if chosen is None or one.id in chosen]
    whole = joined(pdfs_of(session, [one.id for one in queue]))
    record(session, Event.LETTERS_PRINTED, by=by, about_kind="school", about_id=session.school_id,
           count=len(queue))  # fmt: skip
    return queue, whole


def pdfs_of(session: ScopedSession, ids: Sequence[UUID]) -> Iterator[bytes]:
    """The frozen PDFs in this order, a few at a time."""
    for first in range(0, len(ids), AT_ONCE):
        some = ids[first : first + AT_ONCE]
        found = dict(
            session.execute(
                select(FrozenLetter.id, FrozenLetter.pdf).where(FrozenLetter.id.in_(some))
            ).all()
        )
        yield from (found[letter_id] for letter_id in some)


def joined(pdfs: Iterable[bytes]) -> pikepdf.Pdf:
    """One PDF of many, each beginning on an odd page."""
    whole = pikepdf.Pdf.new()
    for content in pdfs:
        add_letter(whole, content)
    return whole


def add_letter(whole: pikepdf.Pdf, content: bytes) -> None:
    with pikepdf.open(io.BytesIO(content)) as one:
        _add(whole, one)


def _add(whole: pikepdf.Pdf, one: pikepdf.Pdf) -> None:
    whole.pages.extend(one.pages)
    if len(one.pages) % 2:
        size = one.pages[0].mediabox
        whole.add_blank_page(page_size=(float(size[2]), float(size[3])))


def with_cover(cover: bytes, whole: pikepdf.Pdf) -> bytes:
    """One PDF: the list, then the letters."""
    made = pikepdf.Pdf.new()
    with pikepdf.open(io.BytesIO(cover)) as first:
        _add(made, first)
        made.pages.extend(whole.pages)
        made.docinfo["/Title"] = f"Letters to post, {clock.day(clock.today())}"
        out = io.BytesIO()
        made.save(out)
    return out.getvalue()
