"""Meetings and mediation for tests: made by the rules, or as rows where days are past."""

from __future__ import annotations

from collections.abc import Callable
from datetime import time, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from tests import build
from tests.conduct.rows import a_case, a_step
from trustconduct import clock
from trustconduct.audit.actor import Actor
from trustconduct.conduct.mediation import note_answer, offer_mediation
from trustconduct.conduct.meeting_models import (
    CameOf,
    Mediation,
    Meeting,
    MeetingComment,
    Side,
)
from trustconduct.conduct.meetings import Offer, offer_meeting
from trustconduct.conduct.models import ConductCase
from trustconduct.letters.models import Letter, LetterService
from trustconduct.tenants.sessions import ScopedSession

DAY = timedelta(days=1)


def an_offer(*days: int, **more: Any) -> Offer:
    times = tuple((clock.today() + day * DAY, time(15, 30)) for day in days or (7, 8))
    return Offer(**{"times": times, "way": "in_person", "place": "Room 4", **more})


def about_somebody(session: ScopedSession) -> ConductCase:
    case, _ = a_case(session, build.an_adult(session))
    a_step(session, case)
    return case


def a_meeting(
    session: ScopedSession, case: ConductCase | None = None, *, by: Actor | None = None, **more: Any
) -> tuple[ConductCase, Meeting]:
    case = case or about_somebody(session)
    return case, offer_meeting(session, case, an_offer(**more), by=by or build.a_head(session))


def a_mediation(session: ScopedSession) -> tuple[ConductCase, Mediation]:
    case = about_somebody(session)
    return case, offer_mediation(
        session, case, by=build.a_head(session), mediator="Somebody neutral", on=clock.today()
    )


def past(
    session: ScopedSession, case: ConductCase, *, by: str = "Headteacher", **more: Any
) -> Meeting:
    """A meeting of yesterday, of which nothing is noted yet."""
    on = clock.today() - DAY
    meeting = Meeting(
        **{
            "case_id": case.id, "adult_id": case.adult_id, "on": on, "at": time(15, 30),
            "times": [{"day": on.isoformat(), "time": "15:30"}], "way": "in_person",
            "place": "Room 4", "offered_by": by, **more,
        }
    )  # fmt: skip
    session.add(meeting)
    session.flush()
    return meeting


def of_world(session: ScopedSession, word: str, by: Actor, case_id: UUID) -> dict[str, UUID]:
    """A meeting that was held, with a comment, one that is to come, and a mediation."""
    case = session.get_one(ConductCase, (session.school_id, case_id))
    held = past(
        session, case, by=by.name, place=f"Room {word}", companion=f"Friend {word}",
        interpreter=f"Polish {word}", outcome=f"We agreed. {word}", actions=f"Ring. {word}",
        because=f"For {word}", came_of=CameOf.HELD.value, noted_at=clock.now(),
        noted_by=by.name,
    )  # fmt: skip
    session.add(
        MeetingComment(
            meeting_id=held.id, side=Side.PERSON.value, whose=f"Lee {word}",
            words=f"Not quite. {word}", written_by=by.name,
        )
    )  # fmt: skip
    meeting = offer_meeting(session, case, an_offer(place=f"Room {word}"), by=by)
    # The letter that Lee has opened invites to it.
    opened = select(LetterService.letter_id).where(LetterService.opened_at.is_not(None))
    session.execute(
        update(Letter)
        .where(Letter.id.in_(opened))
        .values(record_kind="meeting", record_id=meeting.id)
    )
    open_one = offer_mediation(session, case, by=by, mediator=f"Mediator {word}", on=clock.today())
    note_answer(session, case, open_one, by=by, accepted=True, answered_by=f"Lee {word}",
                on=clock.today())  # fmt: skip
    open_one.outcome, open_one.ended_on = f"They talked. {word}", clock.today()
    session.flush()
    return {"meeting": meeting.id, "mediation": open_one.id}


def _given(*args: Any, **more: Any) -> Any:
    return SimpleNamespace(args=args, more=more)


def _held(session: ScopedSession) -> tuple[ConductCase, Meeting]:
    case = about_somebody(session)
    return case, past(session, case, came_of="not_attended", noted_at=clock.now())


def _accepted(session: ScopedSession) -> tuple[ConductCase, Mediation]:
    case, offered = a_mediation(session)
    note_answer(session, case, offered, by=build.a_head(session), accepted=True,
                answered_by="They", on=clock.today())  # fmt: skip
    return case, offered


def _past(session: ScopedSession) -> tuple[ConductCase, Meeting]:
    case = about_somebody(session)
    return case, past(session, case)


# What each rule is given, for the table of who may do what.
RULES: dict[str, Callable[[ScopedSession], Any]] = {
    "meetings.offer_meeting": lambda s: _given(about_somebody(s), an_offer()),
    "meetings.agree_time": lambda s: _given(*a_meeting(s), choice=0),
    "meetings.note_held": lambda s: _given(*_past(s), outcome="Agreed"),
    "meetings.note_not_attended": lambda s: _given(*_past(s)),
    "meetings.call_off": lambda s: _given(*a_meeting(s), because="So"),
    "meetings.postpone": lambda s: _given(*a_meeting(s), an_offer(9), because="So"),
    "meetings.comment_on": lambda s: _given(*_held(s), side=Side.PERSON, whose="They", words="No"),
    "mediation.offer_mediation": lambda s: _given(
        about_somebody(s), mediator="Somebody", on=clock.today()
    ),
    "mediation.note_answer": lambda s: _given(
        *a_mediation(s), accepted=False, answered_by="They", on=clock.today()
    ),
    "mediation.note_outcome": lambda s: _given(*_accepted(s), outcome="So", on=clock.today()),
}
