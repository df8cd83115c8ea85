"""A school's week on one screen: what came in the last seven days, what comes in the next."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ScalarSelect, func, select

from trustconduct import clock
from trustconduct.accounts.permissions import Can, allowed
from trustconduct.acknowledgements.models import Acknowledgement, Answer, SignRequest, TalkHeld
from trustconduct.acknowledgements.struck_models import stands
from trustconduct.audit.actor import Actor
from trustconduct.outbox.models import SchoolMessage
from trustconduct.people.models import Adult
from trustconduct.policies.models import InForce
from trustconduct.reviews.models import Part, SchoolReview
from trustconduct.schools.occasions import to_come
from trustconduct.tenants.calendars import Kind, calendar_of
from trustconduct.tenants.sessions import ScopedSession

DAYS = 7


@dataclass(frozen=True)
class Figure:
    """How often something happened. `of` is the page of the school's site that has more."""

    number: int
    label: str
    of: str = ""


@dataclass(frozen=True)
class Coming:
    """Something that comes on a day."""

    on: date
    what: str
    of: str = ""


@dataclass(frozen=True)
class Week:
    figures: tuple[Figure, ...]
    coming: tuple[Coming, ...]


def week(session: ScopedSession, *, by: Actor) -> Week:
    """The week of a person's school, of what they may see: at most five queries.

    A day is London's. What somebody may not see is not counted for them either: a
    figure tells, too.
    """
    may = allowed(by.grants, session.school_id)
    today = clock.today()
    figures = _figures(session, may, _midnight(today - timedelta(days=DAYS - 1)))
    coming = sorted(_coming(session, may, today), key=lambda one: (one.on, one.what))
    return Week(figures, tuple(coming))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), clock.LONDON)


# What each figure needs; its key, words for one and for many, and the page that has more.
_FIGURES: dict[str, tuple[Can, str, str, str]] = {
    "signed": (Can.SEE_ANSWERS, "acknowledged", "acknowledged", "answers"),
    "declined": (Can.SEE_ANSWERS, "would rather not", "would rather not", "answers"),
    "talk": (Can.SEE_ANSWERS, "asked to talk", "asked to talk", "talk"),
    "held": (Can.SEE_ANSWERS, "talk held", "talks held", ""),
    "added": (Can.SEE_PEOPLE, "adult added", "adults added", "people"),
    "left": (Can.SEE_PEOPLE, "adult left", "adults left", "left"),
    "failed": (Can.SEE_MAIL, "message did not arrive", "messages did not arrive", "mail"),
}


def _figures(session: ScopedSession, may: Collection[Can], since: datetime) -> tuple[Figure, ...]:
    wanted = [key for key, (needs, *_) in _FIGURES.items() if needs in may]
    if not wanted:
        return ()
    counts = _counts(since)
    row = session.execute(select(*(counts[key].label(key) for key in wanted))).one()
    return tuple(
        Figure(number, one if number == 1 else many, of)
        for number, (_, one, many, of) in zip(row, (_FIGURES[key] for key in wanted), strict=True)
    )


def _counts(since: datetime) -> dict[str, ScalarSelect[Any]]:
    def answered(answer: Answer) -> ScalarSelect[Any]:
        return (
            select(func.count())
            .select_from(Acknowledgement)
            .where(
                Acknowledgement.answer == answer.value,
                Acknowledgement.answered_at >= since,
                stands(),
            )
            .scalar_subquery()
        )

    def counted(model: Any, *conditions: Any) -> ScalarSelect[Any]:
        return select(func.count()).select_from(model).where(*conditions).scalar_subquery()

    return {
        "signed": answered(Answer.SIGNED),
        "declined": answered(Answer.DECLINED),
        "talk": answered(Answer.TALK),
        "held": counted(TalkHeld, TalkHeld.held_at >= since),
        "added": counted(Adult, Adult.added_at >= since, Adult.merged_into.is_(None)),
        "left": counted(Adult, Adult.left_on >= since.date(), Adult.merged_into.is_(None)),
        "failed": counted(SchoolMessage, SchoolMessage.parked_at >= since),
    }


def _coming(session: ScopedSession, may: Collection[Can], today: date) -> Iterator[Coming]:
    last = today + timedelta(days=DAYS)
    for number, first in session.execute(
        select(InForce.number, func.lower(InForce.during)).where(
            func.lower(InForce.during) > today, func.lower(InForce.during) <= last
        )
    ):
        yield Coming(first, f"Version {number} of your code comes in force")
    for one in to_come(session):
        if one.held_on <= last:
            words = f"{one.name}, {one.place}: " + ("alcohol" if one.alcohol else "no alcohol")
            yield Coming(one.held_on, words, "occasions" if Can.CHANGE_SETTINGS in may else "")
    if Can.SEE_ANSWERS in may:
        for closes_on, links in session.execute(
            select(SignRequest.closes_on, func.count())
            .where(SignRequest.closes_on.between(today, last), SignRequest.revoked_at.is_(None))
            .group_by(SignRequest.closes_on)
        ):
            words = "link to sign closes" if links == 1 else "links to sign close"
            yield Coming(closes_on, f"{links} {words}", "answers")
    if Can.KEEP_REVIEWS in may:
        for subject, due_on in session.execute(
            select(SchoolReview.subject, SchoolReview.due_on).where(
                SchoolReview.done_on.is_(None), SchoolReview.due_on.between(today, last)
            )
        ):
            yield Coming(due_on, f"Look at: {Part(subject).word}", "reviews")
    yield from _term_days(session, today, last)


def _term_days(session: ScopedSession, today: date, last: date) -> Iterator[Coming]:
    for spans in calendar_of(session).years.values():
        for span in spans:
            if span.kind is Kind.TERM:
                if today <= span.first <= last:
                    yield Coming(span.first, "Term begins")
                if today <= span.last <= last:
                    yield Coming(span.last, "Term ends")
