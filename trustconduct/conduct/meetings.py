"""Meetings about a case: times offered, one agreed on, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import select

from trustconduct import clock
from trustconduct.accounts.permissions import Can, permit
from trustconduct.audit.actor import Actor
from trustconduct.audit.events import Event
from trustconduct.audit.record import record
from trustconduct.conduct.letter_record import of_step
from trustconduct.conduct.meeting_models import CameOf, Meeting, MeetingComment, Side
from trustconduct.conduct.models import CaseStep, ConductCase, StepKind
from trustconduct.conduct.risk import holding
from trustconduct.letters.kinds import Kind
from trustconduct.letters.parts import MEETING_WAYS
from trustconduct.letters.records import Record, record_source
from trustconduct.people.models import Adult
from trustconduct.tenants.sessions import ScopedSession

MOST_TIMES = 5
SOURCE = "meeting"


class MeetingRefused(ValueError):
    """The meeting can't be like this. `field` says where, the message what to do."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class MeetingMoved(RuntimeError):
    """Somebody else noted what became of this meeting since it was looked at."""


@dataclass(frozen=True)
class Offer:
    """What is offered: up to five times, and where. The letter names the first."""

    times: tuple[tuple[date, time], ...]
    way: str
    place: str
    interpreter: str = ""


def offer_meeting(
    session: ScopedSession,
    case: ConductCase,
    offer: Offer,
    *,
    by: Actor,
    follows: Meeting | None = None,
) -> Meeting:
    """Offer times for a meeting about a case. Raises MeetingRefused by field.

    One meeting at a time: where one is to come it is postponed or called off first.
    """
    permit(by, Can.KEEP_CASES, session.school_id)
    if case.closed_at or case.merged_into:
        raise MeetingRefused("times", "This case is closed.")
    if case.adult_id is None:
        raise MeetingRefused("times", "Say first whom this case is about.")
    _check(offer)
    session.take_turns("meeting")
    if to_come(session, case.id) is not None:
        raise MeetingRefused("times", "A meeting is to come already. Note first what became of it.")
    first_on, first_at = offer.times[0]
    meeting = Meeting(
        case_id=case.id,
        adult_id=case.adult_id,
        step_id=_step(session, case),
        follows_id=follows.id if follows else None,
        times=[{"day": on.isoformat(), "time": at.strftime("%H:%M")} for on, at in offer.times],
        on=first_on,
        at=first_at,
        way=offer.way,
        place=offer.place.strip(),
        interpreter=offer.interpreter.strip(),
        offered_by=by.name,
    )
    session.add(meeting)
    session.flush()
    record(session, Event.MEETING_OFFERED, by=by, about=case, number=case.number,
           times=len(offer.times))  # fmt: skip
    return meeting


def _check(offer: Offer) -> None:
    if not offer.times:
        raise MeetingRefused("times", "Offer a day and a time at least.")
    if len(offer.times) > MOST_TIMES:
        raise MeetingRefused("times", f"Offer {MOST_TIMES} times at most.")
    if len(set(offer.times)) < len(offer.times):
        raise MeetingRefused("times", "You offer the same time twice. Take one out.")
    for on, at in offer.times:
        if datetime.combine(on, at, clock.LONDON) <= clock.now():
            raise MeetingRefused("times", f"{clock.day(on)} at {at:%H:%M} is past. Offer another.")
    if offer.way not in MEETING_WAYS:
        raise MeetingRefused("way", "Say whether you meet in person, by telephone or online.")
    if not offer.place.strip():
        raise MeetingRefused("place", "Say where, or on which number or link.")


def _step(session: ScopedSession, case: ConductCase) -> UUID | None:
    """The formal letter that invites to the meeting, the newest that stands."""
    found: UUID | None = session.scalar(
        select(CaseStep.id)
        .where(
            CaseStep.case_id == case.id,
            CaseStep.kind == StepKind.FORMAL_LETTER.value,
            CaseStep.withdrawn_at.is_(None),
        )
        .order_by(CaseStep.decided_on.desc(), CaseStep.id.desc())
        .limit(1)
    )
    return found


def agree_time(
    session: ScopedSession,
    case: ConductCase,
    meeting: Meeting,
    *,
    by: Actor,
    choice: int,
    companion: str = "",
    interpreter: str = "",
) -> None:
    """Note which of the offered times they take, whom they bring, and who interprets.

    `choice` counts the times from 0. Raises MeetingRefused and MeetingMoved.
    """
    permit(by, Can.KEEP_CASES, session.school_id)
    _lock(session, meeting)
    if not 0 <= choice < len(meeting.times):
        raise MeetingRefused("choice", "Choose one of the times that were offered.")
    chosen = meeting.times[choice]
    meeting.on, meeting.at = date.fromisoformat(chosen["day"]), time.fromisoformat(chosen["time"])
    meeting.agreed = True
    meeting.companion = companion.strip() or meeting.companion
    meeting.interpreter = interpreter.strip() or meeting.interpreter
    session.flush()
    record(session, Event.MEETING_AGREED, by=by, about=case, number=case.number,
           on=meeting.on.isoformat())  # fmt: skip


def note_held(
    session: ScopedSession,
    case: ConductCase,
    meeting: Meeting,
    *,
    by: Actor,
    outcome: str,
    actions: str = "",
    companion: str = "",
    interpreter: str = "",
) -> None:
    """Note that the meeting was held: what came of it, and who does what. Both may comment."""
    permit(by, Can.KEEP_CASES, session.school_id)
    _lock(session, meeting)
    _begun(meeting)
    if not outcome.strip():
        raise MeetingRefused("outcome", "Say what came of the meeting.")
    meeting.outcome, meeting.actions = outcome.strip(), actions.strip()
    meeting.companion = companion.strip() or meeting.companion
    meeting.interpreter = interpreter.strip() or meeting.interpreter
    _noted(session, case, meeting, CameOf.HELD, by)


def note_not_attended(
    session: ScopedSession, case: ConductCase, meeting: Meeting, *, by: Actor, because: str = ""
) -> None:
    """Note that they did not attend, and what is known of why. The ladder goes on either way."""
    permit(by, Can.KEEP_CASES, session.school_id)
    _lock(session, meeting)
    _begun(meeting)
    meeting.because = because.strip()
    _noted(session, case, meeting, CameOf.NOT_ATTENDED, by)


def call_off(
    session: ScopedSession, case: ConductCase, meeting: Meeting, *, by: Actor, because: str
) -> None:
    """Call a meeting off, with a reason."""
    permit(by, Can.KEEP_CASES, session.school_id)
    _lock(session, meeting)
    if not because.strip():
        raise MeetingRefused("because", "Say why, in one sentence.")
    meeting.because = because.strip()
    _noted(session, case, meeting, CameOf.CALLED_OFF, by)


def postpone(
    session: ScopedSession,
    case: ConductCase,
    meeting: Meeting,
    offer: Offer,
    *,
    by: Actor,
    because: str,
) -> Meeting:
    """Offer new times in the place of a meeting's. What stood stays in the history."""
    permit(by, Can.KEEP_CASES, session.school_id)
    _lock(session, meeting)
    if not because.strip():
        raise MeetingRefused("because", "Say why, in one sentence.")
    _check(offer)
    meeting.because = because.strip()
    _noted(session, case, meeting, CameOf.POSTPONED, by)
    return offer_meeting(session, case, offer, by=by, follows=meeting)


def comment_on(
    session: ScopedSession,
    case: ConductCase,
    meeting: Meeting,
    *,
    by: Actor,
    side: Side,
    whose: str,
    words: str,
) -> MeetingComment:
    """Add what one side says of the record. It stands beside the record and changes nothing."""
    permit(by, Can.KEEP_CASES, session.school_id)
    if meeting.came_of not in (CameOf.HELD.value, CameOf.NOT_ATTENDED.value):
        raise MeetingRefused("words", "There is no record of this meeting to comment on yet.")
    if not words.strip():
        raise MeetingRefused("words", "Write what they say of the record.")
    if not whose.strip():
        raise MeetingRefused("whose", "Say whose words these are.")
    said = MeetingComment(
        meeting_id=meeting.id, side=side.value, whose=whose.strip(), words=words.strip(),
        written_by=by.name,
    )  # fmt: skip
    session.add(said)
    session.flush()
    record(session, Event.MEETING_COMMENTED, by=by, about=case, number=case.number,
           side=side.word)  # fmt: skip
    return said


def _lock(session: ScopedSession, meeting: Meeting) -> None:
    session.take_turns("meeting")
    session.refresh(meeting)
    if meeting.came_of:
        raise MeetingMoved


def _begun(meeting: Meeting) -> None:
    if meeting.when > clock.now():
        raise MeetingRefused(
            "came_of", "This meeting is still to come. Postpone it, or note it afterwards."
        )


def _noted(
    session: ScopedSession, case: ConductCase, meeting: Meeting, came_of: CameOf, by: Actor
) -> None:
    meeting.came_of, meeting.noted_at, meeting.noted_by = came_of.value, clock.now(), by.name
    session.flush()
    record(session, Event.MEETING_NOTED, by=by, about=case, number=case.number,
           came_of=came_of.word)  # fmt: skip


# -- asking for them


def to_come(session: ScopedSession, case_id: UUID) -> Meeting | None:
    found: Meeting | None = session.scalar(
        select(Meeting).where(Meeting.case_id == case_id, Meeting.came_of == "")
    )
    return found


def meetings_of(
    session: ScopedSession, case_id: UUID
) -> list[tuple[Meeting, Sequence[MeetingComment]]]:
    """A case's meetings, the newest first, each with what was said of its record: two queries."""
    found = session.scalars(
        select(Meeting).where(Meeting.case_id == case_id).order_by(Meeting.id.desc())
    ).all()
    said: dict[UUID, list[MeetingComment]] = {one.id: [] for one in found}
    for comment in session.scalars(
        select(MeetingComment)
        .where(MeetingComment.meeting_id.in_(said))
        .order_by(MeetingComment.id)
    ):
        said[comment.meeting_id].append(comment)
    return [(one, said[one.id]) for one in found]


def to_note(session: ScopedSession) -> list[tuple[Meeting, int, str]]:
    """Meetings whose day has come and of which nobody noted anything: with case and name."""
    rows = session.execute(
        select(Meeting, ConductCase.number, Adult.name)
        .join(
            ConductCase,
            (ConductCase.school_id == Meeting.school_id) & (ConductCase.id == Meeting.case_id),
        )
        .join(Adult, (Adult.school_id == Meeting.school_id) & (Adult.id == Meeting.adult_id))
        .where(Meeting.came_of == "", Meeting.on <= clock.today())
        .order_by(Meeting.on, Meeting.id)
    )
    return [(meeting, number, name) for meeting, number, name in rows]


# -- in letters and calendars


def held_by(session: ScopedSession, case_id: UUID) -> str:
    """Why letters about a case wait, whether or not they follow a step; blank where none does."""
    waiting = ", ".join(str(one.number) for one in holding(session, case_id))
    if not waiting:
        return ""
    return f"The safeguarding lead has not yet said that letters may go out (report {waiting})."


@record_source(SOURCE)
def of_meeting(session: ScopedSession, meeting_id: UUID, kind: Kind) -> Record | None:
    """What an invitation says: the meeting, and the step that it follows.

    Another time is another mark, so a letter never invites to a meeting that was moved;
    None where the meeting is not to come any more.
    """
    meeting = session.get(Meeting, (session.school_id, meeting_id))
    if meeting is None or meeting.came_of:
        return None
    case = session.get_one(ConductCase, (session.school_id, meeting.case_id))
    if case.closed_at:
        return None
    step = of_step(session, meeting.step_id, kind) if meeting.step_id else None
    parts: dict[str, Any] = dict(step.parts) if step else {}
    if kind.part("meeting"):
        parts["meeting"] = {
            "day": meeting.on.isoformat(),
            "time": meeting.at.strftime("%H:%M"),
            "place": meeting.place,
            "way": meeting.way,
        }
    mark = f"{step.mark if step else ''} {meeting.on} {meeting.at:%H:%M} {meeting.way}"
    return Record(parts=parts, mark=mark, held=held_by(session, case.id))
