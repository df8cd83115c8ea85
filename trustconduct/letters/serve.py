"""Bringing a letter to its addressee, and what proves it. A deadline counts from here.

By post it counts as served so many working days after posting as the Trust says, in hand
on that day, by email on the day on which the addressee opens it with the code. What comes
back counts for nothing: its days stop, and somebody has to try again.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, insert, select

from trustconduct import clock
from trustconduct.accounts.permissions import Can, permit
from trustconduct.audit.actor import Actor
from trustconduct.audit.events import Event
from trustconduct.audit.record import record
from trustconduct.db import new_id
from trustconduct.languages.spoken import ENGLISH, Message, language
from trustconduct.letters.kinds import KINDS
from trustconduct.letters.models import (
    Ended,
    FrozenLetter,
    Letter,
    LetterService,
    LetterWithdrawal,
    Way,
)
from trustconduct.letters.parts import tidy
from trustconduct.outbox.untold import may_be_told, untold
from trustconduct.outbox.write import Link, Mail, mail_rows, withdraw
from trustconduct.people.models import Adult
from trustconduct.tenants.calendars import CalendarUnknown, bank_holidays, calendar_of
from trustconduct.tenants.models import NamedSchool, Trust
from trustconduct.tenants.sessions import ScopedSession

LONGEST = 200
MOST_AT_ONCE = 500
ONE_DAY = timedelta(days=1)


class ServiceRefused(ValueError):
    """The service can't be noted like this. `field` says where, the message what to do."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def add_working_days(day: date, count: int) -> date:
    """The `count`-th day after a day that is no weekend and no bank holiday of England."""
    while count:
        day += ONE_DAY
        if day.weekday() < 5 and day not in bank_holidays(day.year):
            count -= 1
    return day


def deadline_from(
    session: ScopedSession, served_on: date, days: int | None, unit: str
) -> date | None:
    """The last day to answer. One that would fall on no school day moves on to the next.

    Raises ServiceRefused where the term dates do not reach so far.
    """
    if days is None:
        return None
    calendar = calendar_of(session)
    try:
        if unit == "school":
            return calendar.add_school_days(served_on, days)
        last = served_on + timedelta(days=days)
        return last if calendar.is_school_day(last) else calendar.add_school_days(last, 1)
    except CalendarUnknown as no:
        words = f"{no} Add them: the time to answer is counted by them."
        raise ServiceRefused("on", words) from None


@dataclass(frozen=True)
class ToPost:
    """A letter of the print queue."""

    id: UUID
    number: int
    kind: str
    to_name: str
    to_address: str
    pages: int
    before: int  # how often it was sent before


def print_queue(session: ScopedSession) -> list[ToPost]:
    """Approved letters that are to be posted, the oldest first: one query.

    Somebody who must not be told is in it no more, whatever was approved before.
    """
    served = select(LetterService.letter_id).where(LetterService.ended_on.is_(None))
    tries = (
        select(LetterService.letter_id)
        .where(LetterService.letter_id == FrozenLetter.id)
        .correlate(FrozenLetter)
    )
    rows = session.execute(
        select(
            Letter.id, Letter.number, Letter.kind, FrozenLetter.to_name,
            FrozenLetter.to_address, FrozenLetter.pages, tries.exists().label("before"),
        )
        .join(FrozenLetter, FrozenLetter.id == Letter.id)
        .where(
            FrozenLetter.way == Way.POST.value,
            Letter.id.not_in(served),
            Letter.id.not_in(select(LetterWithdrawal.id)),
            _open_to(Letter.adult_id),
        )
        .order_by(Letter.number)
        .limit(MOST_AT_ONCE)
    ).all()  # fmt: skip
    return [ToPost(*row[:6], before=int(row.before)) for row in rows]


def _open_to(adult_id: Any) -> ColumnElement[bool]:
    """To whom a letter may go on paper: a shared email address alone keeps nobody from post."""
    marked = untold().alias("marked")
    return (
        ~select(marked.c.id).where(marked.c.id == adult_id, marked.c.because == "marked").exists()
    )


def post_letters(session: ScopedSession, chosen: Collection[UUID], *, by: Actor, on: date) -> int:
    """Note that these letters of the queue were posted on a day; give how many.

    Twice has one effect. Raises ServiceRefused.
    """
    permit(by, Can.SERVE_LETTER, session.school_id)
    session.take_turns("letter-post")
    if on > clock.today():
        raise ServiceRefused("on", "Type a day up to today: note it once they are posted.")
    waiting = {one.id: one for one in print_queue(session) if one.id in set(chosen)}
    if not waiting:
        return 0
    served_on = add_working_days(on, _post_days(session))
    asked = _answers(session, waiting)
    if any(on < clock.local(row.approved_at).date() for row in asked):
        raise ServiceRefused("on", "One of them was not approved yet on that day.")
    for row in asked:
        _serve(
            session, row.id, Way.POST, by=by, sent_on=on, served_on=served_on,
            deadline_on=deadline_from(session, served_on, row.answer_days, row.answer_unit),
        )  # fmt: skip
        record(session, Event.LETTER_POSTED, by=by, about_kind="letter", about_id=row.id,
               number=waiting[row.id].number, posted_on=on.isoformat(),
               served_on=served_on.isoformat())  # fmt: skip
    return len(asked)


def _post_days(session: ScopedSession) -> int:
    return session.scalar(select(Trust.letter_post_days)) or 2


def _answers(session: ScopedSession, ids: Collection[UUID]) -> Sequence[Row]:
    return session.execute(
        select(
            FrozenLetter.id, FrozenLetter.answer_days, FrozenLetter.answer_unit,
            FrozenLetter.approved_at,
        )
        .where(FrozenLetter.id.in_(ids))
        .order_by(FrozenLetter.id)
    ).all()  # fmt: skip


def hand_over(
    session: ScopedSession,
    letter: Letter,
    *,
    by: Actor,
    on: date,
    handed_by: str,
    witness: str,
) -> LetterService:
    """Note that a letter was handed over: when, by whom, and who saw it. Raises ServiceRefused."""
    permit(by, Can.SERVE_LETTER, session.school_id)
    frozen = _to_serve(session, letter)
    handed_by, witness = (" ".join(tidy(text).split())[:LONGEST] for text in (handed_by, witness))
    if not handed_by:
        raise ServiceRefused("handed_by", "Say who handed it over. It must not be a pupil.")
    if not clock.local(frozen.approved_at).date() <= on <= clock.today():
        raise ServiceRefused("on", "Type a day from its approval up to today.")
    service = _serve(
        session, letter.id, Way.HAND, by=by, sent_on=on, served_on=on, handed_by=handed_by,
        witness=witness,
        deadline_on=deadline_from(session, on, frozen.answer_days, frozen.answer_unit),
    )  # fmt: skip
    record(session, Event.LETTER_HANDED, by=by, about=letter, number=letter.number,
           handed_by=handed_by, on=on.isoformat())  # fmt: skip
    return service


def send_by_email(
    session: ScopedSession, letter: Letter, school: NamedSchool, *, by: Actor, reply_to: str
) -> LetterService:
    """Write to the addressee that there is a letter, and no more. The link asks for a code.

    Served it is once they have opened it. Raises ServiceRefused.
    """
    permit(by, Can.SERVE_LETTER, session.school_id)
    frozen = _to_serve(session, letter)
    adult = session.get_one(Adult, (letter.school_id, letter.adult_id))
    if not frozen.to_email or adult.email != frozen.to_email:
        raise ServiceRefused("way", "Their email address has changed. Withdraw it and write anew.")
    if not session.scalar(select(may_be_told(adult.id))):
        raise ServiceRefused("way", "Another adult uses this address now, and could read it.")
    service_id = new_id()
    mail = Mail(
        kind="letter_waiting",
        adult_id=adult.id,
        to_name=frozen.to_name,
        to_address=frozen.to_email,
        from_name=school.name,
        reply_to=reply_to,
        subject=f"{school.name}: there is a letter for you",
        link=Link(f"/{school.slug}/letter/{service_id}/", "letter", service_id, 1),
        body=_mail(frozen, school.name),
        letter=f"Dear {frozen.to_name},\n\nThere is a letter for you at the school office."
        f" Please ask for it.\n\n{school.name}\n",
    )  # fmt: skip
    rows = mail_rows(session, mail)
    for table, values in rows:
        session.execute(insert(table), [values])
    service = _serve(
        session, letter.id, Way.EMAIL, by=by, sent_on=clock.today(), id=service_id,
        message_id=rows[0][1]["id"],
    )  # fmt: skip
    record(session, Event.LETTER_EMAILED, by=by, about=letter, number=letter.number)
    return service


# The words of the mail: that there is a letter, and no more.
_MAIL = (
    Message("There is a letter for you from %(school)s.", school="").message,
    Message(
        "You can read it at the link below. You need a code, which the school gives you by"
        " telephone, text or post."
    ).message,
    Message("You have no code? Please ask the school office.").message,
)


def _mail(frozen: FrozenLetter, school: str) -> str:
    """In the letter's language first, where it has one, then in English; the link last."""
    name, school = (text.replace("{", "").replace("}", "") for text in (frozen.to_name, school))
    spoken = language(frozen.language) or ENGLISH
    said = [one.say(text, school=school) for one in dict.fromkeys((spoken, ENGLISH))
            for text in _MAIL]  # fmt: skip
    return "\n\n".join((f"{name},", *said, school, "{link}")) + "\n"


def _to_serve(session: ScopedSession, letter: Letter) -> FrozenLetter:
    session.refresh(letter, with_for_update=True)
    frozen = session.get(FrozenLetter, (letter.school_id, letter.id))
    if frozen is None:
        raise ServiceRefused("on", "The letter must be approved first.")
    if session.get(LetterWithdrawal, (letter.school_id, letter.id)) is not None:
        raise ServiceRefused("on", "The letter was withdrawn. Write a new one.")
    if not KINDS[letter.kind].internal and not session.scalar(select(_open_to(letter.adult_id))):
        raise ServiceRefused("on", "They must not be told anything. No letter goes to them.")
    if live_service(session, letter.id) is not None:
        raise ServiceRefused("on", "It is sent already. If it came back, say so first.")
    return frozen


def live_service(session: ScopedSession, letter_id: UUID) -> LetterService | None:
    return session.scalar(
        select(LetterService).where(
            LetterService.letter_id == letter_id, LetterService.ended_on.is_(None)
        )
    )


def services_of(session: ScopedSession, letter_id: UUID) -> Sequence[LetterService]:
    """Every try, the newest first."""
    return session.scalars(
        select(LetterService)
        .where(LetterService.letter_id == letter_id)
        .order_by(LetterService.id.desc())
    ).all()


def _serve(
    session: ScopedSession, letter_id: UUID, way: Way, *, by: Actor, sent_on: date,
    served_on: date | None = None, deadline_on: date | None = None, handed_by: str = "",
    witness: str = "", id: UUID | None = None, message_id: UUID | None = None,
) -> LetterService:  # fmt: skip
    service = LetterService(
        id=id or new_id(), letter_id=letter_id, way=way.value, sent_on=sent_on,
        served_on=served_on, deadline_on=deadline_on, noted_by=by.name, handed_by=handed_by,
        witness=witness, message_id=message_id,
    )  # fmt: skip
    session.add(service)
    session.flush()
    return service


def end_service(
    session: ScopedSession, letter: Letter, *, by: Actor, how: Ended, on: date, because: str
) -> None:
    """Note that a letter came back, was refused, or that its email bounced: its days stop.

    Raises ServiceRefused.
    """
    permit(by, Can.SERVE_LETTER, session.school_id)
    session.refresh(letter, with_for_update=True)
    service = live_service(session, letter.id)
    if service is None:
        raise ServiceRefused("on", "Nothing is on its way that could come back.")
    if service.opened_at is not None:
        raise ServiceRefused("how", "They have opened it with their code: it has reached them.")
    if not service.sent_on <= on <= clock.today():
        raise ServiceRefused("on", f"Type a day from {clock.day(service.sent_on)} up to today.")
    service.ended_on, service.ended_how, service.ended_by = on, how.value, by.name
    service.ended_because = " ".join(tidy(because).split())[:LONGEST]
    session.flush()
    for purpose in ("letter", "letter-code"):
        withdraw(session, purpose, [service.id])
    record(session, Event.LETTER_RETURNED, by=by, about=letter, number=letter.number,
           how=how.word.lower(), on=on.isoformat())  # fmt: skip
