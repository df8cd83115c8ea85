"""Meetings about a case: offered, agreed on, held or not, and what both say of them."""

from __future__ import annotations

from datetime import time, timedelta

import pytest
from icalendar import Calendar
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from tests import build
from tests.conduct.meeting_rows import (
    a_mediation,
    a_meeting,
    about_somebody,
    an_offer,
    past,
)
from tests.conduct.rows import a_case, a_lead
from tests.letters import rows
from trustconduct import clock
from trustconduct.conduct.cases import close_case
from trustconduct.conduct.mediation import (
    MediationRefused,
    mediations_of,
    note_answer,
    note_outcome,
    offer_mediation,
)
from trustconduct.conduct.meeting_file import meeting_file
from trustconduct.conduct.meeting_models import CameOf, Side
from trustconduct.conduct.meetings import (
    MeetingMoved,
    MeetingRefused,
    Offer,
    agree_time,
    call_off,
    comment_on,
    meetings_of,
    note_held,
    note_not_attended,
    of_meeting,
    offer_meeting,
    postpone,
    to_note,
)
from trustconduct.conduct.risk import may_proceed
from trustconduct.letters.compose import draft_of
from trustconduct.letters.kinds import KINDS
from trustconduct.letters.write import begin_letter

DAY = timedelta(days=1)


def head(session):
    return build.a_head(session)


def test_times_are_offered_and_the_person_takes_one(oak):
    case, meeting = a_meeting(oak)
    assert meeting.stands == "Offered"
    agree_time(oak, case, meeting, by=head(oak), choice=1, companion="A friend",
               interpreter="Polish, by the council")  # fmt: skip
    assert meeting.stands == "Agreed"
    assert meeting.on == clock.today() + 8 * DAY
    assert meeting.companion == "A friend"
    with pytest.raises(MeetingRefused):
        agree_time(oak, case, meeting, by=head(oak), choice=2)


@pytest.mark.parametrize(
    ("field", "offer"),
    [
        ("times", {"times": ()}),
        ("times", {"times": ((clock.today() - DAY, time(9)),)}),
        ("times", {"times": ((clock.today() + DAY, time(9)),) * 2}),
        ("way", {"way": "by post"}),
        ("place", {"place": " "}),
    ],
)
def test_an_offer_that_cannot_be_is_refused_by_field(oak, field, offer):
    case = about_somebody(oak)
    with pytest.raises(MeetingRefused) as no:
        offer_meeting(oak, case, an_offer(**offer), by=head(oak))
    assert no.value.field == field


def test_nobody_known_no_closed_case_and_no_two_meetings_at_once(oak):
    unknown, _ = a_case(oak)
    with pytest.raises(MeetingRefused):
        offer_meeting(oak, unknown, an_offer(), by=head(oak))
    case, meeting = a_meeting(oak)
    with pytest.raises(MeetingRefused):
        offer_meeting(oak, case, an_offer(), by=head(oak))
    call_off(oak, case, meeting, by=head(oak), because="Not needed")
    close_case(oak, case, by=head(oak), because="Settled")
    with pytest.raises(MeetingRefused):
        offer_meeting(oak, case, an_offer(), by=head(oak))


def test_a_meeting_is_held_once_and_not_before_its_time(oak):
    case, meeting = a_meeting(oak)
    with pytest.raises(MeetingRefused):
        note_held(oak, case, meeting, by=head(oak), outcome="We agreed")
    held = past(oak, about_somebody(oak))
    with pytest.raises(MeetingRefused):
        note_held(oak, case, held, by=head(oak), outcome=" ")
    note_held(oak, case, held, by=head(oak), outcome="We agreed", actions="They ring first")
    assert held.stands == "Held"
    with pytest.raises(MeetingMoved):
        note_not_attended(oak, case, held, by=head(oak))


def test_a_postponed_meeting_stays_in_the_history_and_another_follows(oak):
    case, meeting = a_meeting(oak)
    with pytest.raises(MeetingRefused):
        postpone(oak, case, meeting, an_offer(20), by=head(oak), because="")
    other = postpone(oak, case, meeting, an_offer(20), by=head(oak), because="They are ill")
    assert (meeting.stands, other.follows_id) == ("Postponed", meeting.id)
    assert [one.id for one, _ in meetings_of(oak, case.id)] == [other.id, meeting.id]


def test_both_may_comment_on_the_record_which_stays_as_it_is(oak):
    case, coming = a_meeting(oak)
    with pytest.raises(MeetingRefused):
        comment_on(oak, case, coming, by=head(oak), side=Side.PERSON, whose="They", words="No")
    held = past(oak, case, came_of=CameOf.HELD.value, outcome="Agreed", noted_at=clock.now())
    for side in Side:
        comment_on(oak, case, held, by=head(oak), side=side, whose="One", words="Not quite")
    [said] = [comments for one, comments in meetings_of(oak, case.id) if one is held]
    assert [one.side for one in said] == ["school", "person"]
    assert held.outcome == "Agreed"


def test_a_meeting_of_which_nothing_is_noted_stands_among_the_tasks(oak):
    case = about_somebody(oak)
    meeting = past(oak, case)
    assert [(one.id, number) for one, number, _ in to_note(oak)] == [(meeting.id, case.number)]
    note_not_attended(oak, case, meeting, by=head(oak), because="No word from them")
    assert to_note(oak) == []


@pytest.mark.parametrize(
    "change",
    [
        "came_of = 'held', outcome = '', noted_at = now()",
        "came_of = 'postponed', noted_at = now()",
        "came_of = 'not_attended', noted_at = now()",
        "came_of = 'held', outcome = 'x'",
    ],
)
def test_the_database_refuses_a_record_that_cannot_be(oak, change):
    _, meeting = a_meeting(oak)
    with pytest.raises(IntegrityError), oak.begin_nested():
        oak.execute(text(f"update meeting set {change} where id = :id"), {"id": meeting.id})


def test_the_invitation_is_filled_from_the_meeting_and_its_step(oak):
    adult = rows.an_addressee(oak)
    case, _ = a_case(oak, adult)
    meeting = offer_meeting(oak, case, an_offer(), by=head(oak))
    letter = begin_letter(oak, adult, KINDS["invitation"], by=head(oak), record_kind="meeting",
                          record_id=meeting.id)  # fmt: skip
    draft = draft_of(oak, letter)
    assert draft.given["meeting"]["time"] == "15:30"
    assert "meeting" in draft.from_record
    agree_time(oak, case, meeting, by=head(oak), choice=1)
    assert any(one.part == "record" for one in draft_of(oak, letter).against)
    call_off(oak, case, meeting, by=head(oak), because="Not needed")
    assert draft_of(oak, letter).record is None


def test_an_invitation_waits_for_the_safeguarding_lead_and_ends_with_its_case(oak):
    adult = rows.an_addressee(oak)
    case, incident = a_case(oak, adult, at_risk=True)
    meeting = offer_meeting(oak, case, an_offer(), by=head(oak))
    kind = KINDS["invitation"]
    assert "safeguarding lead" in of_meeting(oak, meeting.id, kind).held
    may_proceed(oak, incident, by=a_lead(oak), because="Talked to the family")
    assert of_meeting(oak, meeting.id, kind).held == ""
    close_case(oak, case, by=head(oak), because="Settled")
    assert of_meeting(oak, meeting.id, kind) is None


def test_the_calendar_file_says_when_and_where_and_not_what_about(oak):
    _, meeting = a_meeting(oak)
    made = meeting_file(meeting, school="Oak Lane", host="service.example")
    [event] = Calendar.from_ical(made).walk("vevent")
    assert event["summary"] == "Meeting with Oak Lane"
    assert event["dtstart"].dt.astimezone(clock.LONDON).time() == time(15, 30)
    assert event["location"] == "Room 4 (in person)"
    assert event["status"] == "TENTATIVE"
    assert b"shout" not in made
    assert b"conduct" not in made.lower().replace(b"trustconduct", b"")
    assert made == meeting_file(meeting, school="Oak Lane", host="service.example")


# -- mediation


def test_mediation_is_offered_answered_by_somebody_and_ends_with_an_outcome(oak):
    case, offered = a_mediation(oak)
    with pytest.raises(MediationRefused):
        offer_mediation(oak, case, by=head(oak), mediator="Another", on=clock.today())
    with pytest.raises(MediationRefused):
        note_outcome(oak, case, offered, by=head(oak), outcome="So", on=clock.today())
    note_answer(oak, case, offered, by=head(oak), accepted=True, answered_by="Their sister",
                on=clock.today())  # fmt: skip
    with pytest.raises(MediationRefused):
        note_answer(oak, case, offered, by=head(oak), accepted=False, answered_by="They",
                    on=clock.today())  # fmt: skip
    note_outcome(oak, case, offered, by=head(oak), outcome="They talked.", on=clock.today())
    assert offered.stands == "Ended"


def test_who_declines_may_be_offered_it_again(oak):
    case, offered = a_mediation(oak)
    note_answer(oak, case, offered, by=head(oak), accepted=False, answered_by="They",
                on=clock.today())  # fmt: skip
    offer_mediation(oak, case, by=head(oak), mediator="Another", on=clock.today())
    assert [one.stands for one in mediations_of(oak, case.id)] == ["Offered", "Declined"]


@pytest.mark.parametrize(
    ("field", "wrong"),
    [("answered_by", {"answered_by": " "}), ("answered_on", {"on": clock.today() + DAY}),
     ("answered_on", {"on": clock.today() - DAY})],
)  # fmt: skip
def test_an_answer_that_cannot_be_is_refused_by_field(oak, field, wrong):
    case, offered = a_mediation(oak)
    given = {"accepted": True, "answered_by": "They", "on": clock.today(), **wrong}
    with pytest.raises(MediationRefused) as no:
        note_answer(oak, case, offered, by=head(oak), **given)
    assert no.value.field == field


def test_an_offer_counts_its_times(oak):
    too_many = tuple((clock.today() + (n + 1) * DAY, time(9)) for n in range(6))
    with pytest.raises(MeetingRefused):
        offer_meeting(oak, about_somebody(oak), Offer(too_many, "online", "A link"), by=head(oak))
