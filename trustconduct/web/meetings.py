"""The meetings of a case, and mediation: offered, agreed on, and what came of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date, time
from urllib.parse import urlsplit
from uuid import UUID

from flask import Blueprint, Response, flash, g, make_response, redirect

from trustconduct import clock
from trustconduct.accounts.permissions import Can
from trustconduct.audit.events import Event
from trustconduct.conduct.mediation import (
    MediationRefused,
    mediations_of,
    note_answer,
    note_outcome,
    offer_mediation,
)
from trustconduct.conduct.meeting_file import meeting_file
from trustconduct.conduct.meeting_models import CameOf, Mediation, Meeting, Side
from trustconduct.conduct.meetings import (
    SOURCE,
    MeetingMoved,
    MeetingRefused,
    Offer,
    agree_time,
    call_off,
    comment_on,
    meetings_of,
    note_held,
    note_not_attended,
    offer_meeting,
    postpone,
    to_note,
)
from trustconduct.conduct.models import ConductCase
from trustconduct.db import transaction
from trustconduct.letters.kinds import KINDS
from trustconduct.letters.parts import MEETING_WAYS, clock_words
from trustconduct.letters.write import LetterRefused, begin_letter
from trustconduct.people.models import Adult
from trustconduct.tenants.sessions import ScopedSession
from trustconduct.web import cases, referrals
from trustconduct.web.door import Form, actor, found, needs, note_reading, read, works
from trustconduct.web.downloads import to_save
from trustconduct.web.fields import Choice, Line, Plain, Words, WrittenDay
from trustconduct.web.letter_rows import back as to_letter
from trustconduct.web.navigation import school_url, staff_page
from trustconduct.web.tasks import Here, Task, tasks

pages = Blueprint("meetings", __name__, url_prefix="/<uuid:case_id>/meetings")

LONGEST = 5_000
MOVED = "Somebody else noted what became of this meeting meanwhile. It is shown below."
ROWS = (1, 2, 3)  # of times that the page offers
_TIME = re.compile(r"(\d{1,2})(?:[:.](\d\d))?\s*(am|pm)?", re.IGNORECASE)


class OfferForm(Plain):
    day_1 = WrittenDay()
    time_1 = Line(longest=20)
    day_2 = WrittenDay()
    time_2 = Line(longest=20)
    day_3 = WrittenDay()
    time_3 = Line(longest=20)
    way = Choice(MEETING_WAYS, blank="Say whether you meet in person, by telephone or online.")
    place = Line(longest=200, blank="Say where, or on which number or link.")
    interpreter = Line(longest=120)
    because = Line(longest=500)


class AgreeForm(Plain):
    choice = Choice(("0", "1", "2", "3", "4"), blank="Choose the time that they take.")
    companion = Line(longest=120)
    interpreter = Line(longest=120)


class CameForm(Plain):
    came_of = Choice(("held", "not_attended", "called_off"), blank="Say what became of it.")
    outcome = Words()
    actions = Words()
    companion = Line(longest=120)
    interpreter = Line(longest=120)
    because = Line(longest=500)


class CommentForm(Plain):
    side = Choice(list(Side), blank="Say whose words these are.")
    whose = Line(longest=120, blank="Type their name or role.")
    words = Words()


class MediationForm(Plain):
    mediator = Line(longest=120, blank="Say who leads it.")
    offered_on = WrittenDay(blank="Type the day of the offer.")


class AnswerForm(Plain):
    answer = Choice(("accepted", "declined"), blank="Say what they answered.")
    answered_by = Line(longest=120, blank="Say who gave the answer.")
    answered_on = WrittenDay(blank="Type the day of the answer.")


class OutcomeForm(Plain):
    outcome = Words()
    ended_on = WrittenDay(blank="Type the day on which it ended.")


def _case(case_id: UUID) -> ConductCase:
    return found(g.session.get(ConductCase, (g.school.id, case_id)))


def _meeting(case_id: UUID, meeting_id: UUID) -> Meeting:
    one = found(g.session.get(Meeting, (g.school.id, meeting_id)))
    return found(one if one.case_id == case_id else None)


def _mediation(case_id: UUID, mediation_id: UUID) -> Mediation:
    one = found(g.session.get(Mediation, (g.school.id, mediation_id)))
    return found(one if one.case_id == case_id else None)


@pages.get("/")
@needs(Can.SEE_CASES)
def show(case_id: UUID) -> Response:
    return _page(_case(case_id), Form())


def _page(case: ConductCase, form: Form, status: int = 200) -> Response:
    meetings = meetings_of(g.session, case.id)
    page = staff_page(
        "staff/meetings.html",
        case=case,
        adult=g.session.get(Adult, (g.school.id, case.adult_id)) if case.adult_id else None,
        meetings=meetings,
        coming=next((one for one, _ in meetings if not one.came_of), None),
        mediations=mediations_of(g.session, case.id),
        ways=list(MEETING_WAYS.items()),
        sides=[(one.value, one.word) for one in Side],
        came=[(one.value, one.word) for one in CameOf if one is not CameOf.POSTPONED],
        rows=ROWS,
        when=_when,
        now=clock.now(),
        today=clock.day(clock.today()),
        form=form,
        errors=form.errors,
        day=clock.day,
    )
    if status == 200:
        note_reading(Event.CASE_READ, "conduct_case", case.id)
    return make_response(page, status)


def _when(one: dict[str, str]) -> str:
    on = date.fromisoformat(one["day"])
    return f"{on:%A} {clock.day(on)}, {clock_words(one['time'])}"


def _done(
    case_id: UUID, form: Form, message: str, rule: Callable[[ConductCase], object]
) -> Response:
    """Call the rule; what it refuses stands at its field, with all that was typed."""
    if not form.errors:
        try:
            with transaction(g.session):
                rule(_case(case_id))
        except (MeetingRefused, MediationRefused) as no:
            form.refuse(no.field, str(no))
        except MeetingMoved:
            form.refuse("came_of", MOVED)
            return _page(_case(case_id), form, 409)
    if form.errors:
        return _page(_case(case_id), form, 422)
    flash(message, "good")
    return make_response(redirect(school_url("cases.meetings.show", case_id=case_id), 303))


def _offer(form: Form) -> Offer | None:
    """What was typed as an offer; None where a time can't be read, which the form then says."""
    times: list[tuple[date, time]] = []
    for row in ROWS:
        on, at = form.values.get(f"day_{row}"), form.values.get(f"time_{row}", "")
        if on is None and not at:
            continue
        read_time = _time(at)
        if on is None:
            form.refuse(f"day_{row}", "Type the day as well.")
        elif read_time is None:
            form.refuse(f"time_{row}", "Type a time, like 3.30pm or 15:30.")
        else:
            times.append((on, read_time))
    if not times and not form.errors:
        form.refuse("day_1", "Offer a day and a time at least.")
    if form.errors:
        return None
    return Offer(tuple(times), form.values["way"], form.values["place"], form.values["interpreter"])


def _time(typed: str) -> time | None:
    match = _TIME.fullmatch(typed.strip())
    if match is None:
        return None
    hour, minute = int(match[1]), int(match[2] or 0)
    if match[3] and 1 <= hour <= 12:
        hour = hour % 12 + (12 if match[3].lower() == "pm" else 0)
    return time(hour, minute) if hour < 24 and minute < 60 else None


@pages.post("/")
@needs(Can.KEEP_CASES)
def offer(case_id: UUID) -> Response:
    form = read(OfferForm)
    asked = _offer(form)

    def rule(case: ConductCase) -> None:
        try:
            offer_meeting(g.session, case, found(asked), by=actor())
        except MeetingRefused as no:
            raise MeetingRefused(_first(no.field), str(no)) from no

    return _done(case_id, form, "The meeting is offered. Write the invitation.", rule)


def _first(field: str) -> str:
    return "day_1" if field == "times" else field


@pages.post("/<uuid:meeting_id>/postpone")
@needs(Can.KEEP_CASES)
def move(case_id: UUID, meeting_id: UUID) -> Response:
    meeting, form = _meeting(case_id, meeting_id), read(OfferForm)
    asked = _offer(form)

    def rule(case: ConductCase) -> None:
        try:
            postpone(
                g.session, case, meeting, found(asked), by=actor(), because=form.values["because"]
            )
        except MeetingRefused as no:
            raise MeetingRefused(_first(no.field), str(no)) from no

    return _done(case_id, form, "Postponed. New times are offered: write to them again.", rule)


@pages.post("/<uuid:meeting_id>/agree")
@needs(Can.KEEP_CASES)
def agree(case_id: UUID, meeting_id: UUID) -> Response:
    meeting, form = _meeting(case_id, meeting_id), read(AgreeForm)
    return _done(
        case_id,
        form,
        "Noted: this is the time of the meeting.",
        lambda case: agree_time(
            g.session, case, meeting, by=actor(), choice=int(form.values["choice"]),
            companion=form.values["companion"], interpreter=form.values["interpreter"],
        ),
    )  # fmt: skip


@pages.post("/<uuid:meeting_id>/came")
@needs(Can.KEEP_CASES)
def came(case_id: UUID, meeting_id: UUID) -> Response:
    meeting, form = _meeting(case_id, meeting_id), read(CameForm)

    def rule(case: ConductCase) -> None:
        given, by = form.values, actor()
        if given["came_of"] == CameOf.HELD:
            note_held(
                g.session, case, meeting, by=by, outcome=given["outcome"],
                actions=given["actions"], companion=given["companion"],
                interpreter=given["interpreter"],
            )  # fmt: skip
        elif given["came_of"] == CameOf.NOT_ATTENDED:
            note_not_attended(g.session, case, meeting, by=by, because=given["because"])
        else:
            call_off(g.session, case, meeting, by=by, because=given["because"])

    return _done(case_id, form, "Noted. Both sides may comment on the record.", rule)


@pages.post("/<uuid:meeting_id>/comment")
@needs(Can.KEEP_CASES)
def comment(case_id: UUID, meeting_id: UUID) -> Response:
    meeting, form = _meeting(case_id, meeting_id), read(CommentForm)
    return _done(
        case_id,
        form,
        "The comment stands beside the record.",
        lambda case: comment_on(
            g.session, case, meeting, by=actor(), side=Side(form.values["side"]),
            whose=form.values["whose"], words=form.values["words"],
        ),
    )  # fmt: skip


@pages.post("/<uuid:meeting_id>/letter")
@needs(Can.WRITE_LETTER)
def invite(case_id: UUID, meeting_id: UUID) -> Response:
    """Begin the invitation: the meeting and its step fill it in."""
    meeting = _meeting(case_id, meeting_id)
    adult = found(g.session.get(Adult, (g.school.id, meeting.adult_id)))
    try:
        with transaction(g.session):
            letter_id = begin_letter(
                g.session, adult, KINDS["invitation"], by=actor(), record_kind=SOURCE,
                record_id=meeting.id,
            ).id  # fmt: skip
    except LetterRefused as no:
        flash(str(no), "waiting")
        return make_response(redirect(school_url("cases.meetings.show", case_id=case_id), 303))
    return to_letter(letter_id, "The invitation is begun. The meeting is filled in.")


@pages.get("/<uuid:meeting_id>/meeting.ics")
@needs(Can.SEE_CASES)
def calendar_entry(case_id: UUID, meeting_id: UUID) -> Response:
    return ics(_meeting(case_id, meeting_id))


def ics(meeting: Meeting) -> Response:
    """The meeting for a calendar: the same for staff and for whom it is with."""
    host = urlsplit(works().settings.BASE_URL).hostname or "localhost"
    made = meeting_file(meeting, school=g.school.name, host=host)
    return to_save(made, "meeting.ics")


# -- mediation


@pages.post("/mediation")
@needs(Can.KEEP_CASES)
def mediate(case_id: UUID) -> Response:
    form = read(MediationForm)
    return _done(
        case_id,
        form,
        "The offer of mediation is noted.",
        lambda case: offer_mediation(
            g.session, case, by=actor(), mediator=form.values["mediator"],
            on=form.values["offered_on"],
        ),
    )  # fmt: skip


@pages.post("/mediation/<uuid:mediation_id>/answer")
@needs(Can.KEEP_CASES)
def answered(case_id: UUID, mediation_id: UUID) -> Response:
    one, form = _mediation(case_id, mediation_id), read(AnswerForm)
    return _done(
        case_id,
        form,
        "The answer is noted.",
        lambda case: note_answer(
            g.session, case, one, by=actor(), accepted=form.values["answer"] == "accepted",
            answered_by=form.values["answered_by"], on=form.values["answered_on"],
        ),
    )  # fmt: skip


@pages.post("/mediation/<uuid:mediation_id>/outcome")
@needs(Can.KEEP_CASES)
def ended(case_id: UUID, mediation_id: UUID) -> Response:
    one, form = _mediation(case_id, mediation_id), read(OutcomeForm)
    return _done(
        case_id,
        form,
        "What came of it is noted.",
        lambda case: note_outcome(
            g.session, case, one, by=actor(), outcome=form.values["outcome"],
            on=form.values["ended_on"],
        ),
    )  # fmt: skip


@tasks(Can.KEEP_CASES, order=19, more=lambda: school_url("cases.show"))
def meetings_to_note(session: ScopedSession, here: Here) -> Iterator[Task]:
    """Meetings whose day has come: today's, and those of which nothing is noted. One query."""
    today = clock.today()
    for meeting, number, name in to_note(session):
        late = meeting.on < today
        yield Task(
            f"Meeting with {name} on {clock.day(meeting.on)}",
            school_url("cases.meetings.show", case_id=meeting.case_id),
            f"Case {number}. Note what came of it." if late else f"Case {number}.",
            "To note" if late else "Today",
        )


for part in (pages, referrals.pages):
    cases.pages.register_blueprint(part)
