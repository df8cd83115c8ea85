"""Looking back: in words, by person, thing and day, page by page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select, text

from tests import build
from trustconduct import clock
from trustconduct.accounts.permissions import NotAllowed
from trustconduct.acknowledgements.models import Answer
from trustconduct.audit.actor import CLOCK, Role
from trustconduct.audit.events import Event
from trustconduct.audit.history import Happened, Wanted, happened
from trustconduct.audit.models import SchoolAuditEvent
from trustconduct.audit.record import record
from trustconduct.db import new_id
from trustconduct.oversight.history import all_about, look_back, people_of, told


def words(event, names=()):
    said = "".join(piece.text for piece in told(event, dict(names)).pieces)
    assert said.endswith(".")
    return said.removesuffix(".")


def look(session, wanted=None, by=None, most=100):
    events, names = look_back(
        session, wanted or Wanted(), by=by or build.a_head(session), most=most
    )
    return [words(event, names) for event in events]


def test_what_happened_reads_as_a_sentence(oak):
    request = build.a_request(oak)
    build.an_answer(oak, request, Answer.TALK, note="Please call")
    said = look(oak)
    assert any("(Headteacher) changed the school’s settings: " in line for line in said)
    assert any(
        line.startswith("Headteacher (Headteacher) published version 1 of the code of conduct,")
        for line in said
    )
    assert said[0] == "Alex Sample asked to talk about the code of conduct first"
    assert "Headteacher (Headteacher) took in a roll (new adults: 1, new pupils: 1)" in said


def test_with_its_details_gone_an_event_still_reads_well():
    gone = Happened(
        new_id(), "version.published", datetime.now(UTC), "user", new_id(),
        "policy_version", new_id(), None,
    )  # fmt: skip
    assert words(gone) == (
        "A person whose name is no longer kept published a version of the code of conduct"
    )
    assert not told(gone, {}).whole


def test_a_name_with_marks_in_it_prints_as_it_is(oak):
    odd = "{thing} <b>{0.__class__}</b>"
    adult = build.an_adult(oak, odd)
    head = build.a_head(oak)
    record(oak, Event.HISTORY_READ, by=head, about=adult)
    assert look(oak)[0] == f"Headteacher (Headteacher) looked at the history of {odd}"


def test_only_the_head_looks_back_at_a_school_and_only_the_officer_at_the_trust(oak, trust):
    for by in (build.an_office(oak), build.a_teacher(oak), build.an_officer(), build.a_reader()):
        with pytest.raises(NotAllowed):
            look(oak, by=by)
    for by in (build.a_reader(), build.a_head(oak)):
        with pytest.raises(NotAllowed):
            look(trust, by=by)
    assert look(trust, by=build.an_officer())


def test_by_person_by_thing_and_by_kind(oak):
    head, office = build.a_head(oak), build.an_office(oak)
    build.a_matrix(oak, by=head)
    build.settings_filled(oak, by=office)
    assert [line.partition(":")[0] for line in look(oak, Wanted(person=office.id))] == [
        "Office (Office) changed the school’s settings"
    ]
    assert len(look(oak, Wanted(kind="settings"))) == 2
    assert look(oak, Wanted(kind="answers")) == []
    record(oak, Event.TALK_HELD, by=head, about_kind="something_new", about_id=new_id())
    assert len(look(oak, Wanted(kind="other"))) == 1
    record(oak, Event.REVIEW_REMINDED, by=CLOCK, about_kind="policy_edition")
    assert look(oak, Wanted(actor_kinds=frozenset({"clock"}))) == [
        "The service sent a reminder of the review of an edition"
    ]


def test_everything_about_a_parent_is_found_by_any_id_of_theirs(oak):
    request = build.a_request(oak)
    build.an_answer(oak, request, Answer.TALK)
    event = oak.scalars(
        select(SchoolAuditEvent).where(SchoolAuditEvent.event == "talk.asked")
    ).one()
    by_request = all_about(oak, request.id)
    assert by_request.adult is not None
    assert all_about(oak, event.thing_id) == by_request
    assert all_about(oak, by_request.adult) == by_request
    assert len(by_request.ids) == 3
    assert look(oak, Wanted(things=by_request.ids)) == [
        "Alex Sample asked to talk about the code of conduct first"
    ]
    stranger = new_id()
    assert all_about(oak, stranger).ids == {stranger}


def test_a_day_is_a_day_in_london(oak):
    head = build.a_head(oak)
    record(oak, Event.TALK_HELD, by=head, about_kind="acknowledgement", about_id=new_id())
    now = oak.scalars(select(SchoolAuditEvent.at).order_by(SchoolAuditEvent.at.desc())).first()
    after = timedelta(microseconds=1)
    assert look(oak, Wanted(since=now + after)) == []
    assert len(look(oak, Wanted(since=now, until=now + after))) == 1
    assert not any("a talk" in line for line in look(oak, Wanted(until=now)))


def test_page_by_page_nothing_is_missed_or_shown_twice(oak):
    head = build.a_head(oak)
    with time_machine.travel(clock.now(), tick=False):  # the mark must tell them apart
        for _ in range(25):
            record(oak, Event.TALK_HELD, by=head, about_kind="acknowledgement", about_id=new_id())
    many = oak.scalars(select(SchoolAuditEvent.id)).all()
    seen, after = [], None
    while True:
        page = happened(oak, Wanted(after=after), most=10)
        seen += [one.id for one in page[:10]]
        if len(page) <= 10:
            break
        after = (page[9].at, page[9].id)
    assert sorted(seen) == sorted(many)
    assert len(seen) == len(set(seen)) >= 25


def test_the_history_of_another_school_is_not_there(world):
    with world.sessions.school(world.oak.id) as session:
        said = "\n".join(look(session, Wanted(things=frozenset(world.elm.adults.values()))))
        everything = "\n".join(look(session))
        elm = world.elm.users[Role.HEADTEACHER].id
        assert look(session, Wanted(person=elm)) == []
    assert said == ""
    assert world.elm.canary not in everything
    assert world.elm.staff_canary not in everything
    assert world.oak.canary in everything


def test_the_trust_reads_no_event_of_a_school(world):
    with world.sessions.trust() as session, pytest.raises(Exception, match="permission denied"):
        session.execute(text("select event from audit_event_school"))


def test_the_people_to_choose_are_those_of_the_school(world):
    other = world.elm.users[Role.OFFICE].id
    with world.sessions.accounts() as session:
        people = people_of(session, [], school_id=world.oak.id)
        named = people_of(session, [other], school_id=world.oak.id)
    assert {name for _, name in people.staff} == {user.name for user in world.oak.users.values()}
    assert other not in people.names
    assert named.names[other] == world.elm.users[Role.OFFICE].name
    assert named.staff == people.staff
