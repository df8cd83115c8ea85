"""A school looks at its own parts once a year, and shares the complaints policy each autumn."""

from __future__ import annotations

from datetime import date

import pytest
import time_machine
from sqlalchemy import select

from tests.at_once import at_once
from tests.build import a_head, an_office, an_officer
from trustconduct.audit.actor import CLOCK
from trustconduct.audit.models import SchoolAuditDetail, SchoolAuditEvent
from trustconduct.db import transaction
from trustconduct.reviews.cycles import CycleRefused
from trustconduct.reviews.models import Outcome, Part, SchoolCycle, SchoolReview
from trustconduct.reviews.school_reviews import (
    begin_reviews,
    change_part,
    cycle_of_part,
    mark_reviewed,
    open_reviews,
    pause_part,
    resolve_days,
    resume_part,
    reviewed,
    term_in,
)
from trustconduct.schools.calendars import mark, save_year
from trustconduct.tenants.calendars import Kind, Span

AUTUMN_DAY = "2026-11-27T09:00:00Z"


def to_come(session) -> dict[str, tuple[str, date]]:
    return {one.subject: (term_in(one).text, one.due_on) for one in open_reviews(session)}


def one_of(session, part: Part) -> SchoolReview:
    return next(one for one in open_reviews(session) if one.subject == part.value)


def change(session, part: Part, **values) -> None:
    cycle = cycle_of_part(session, part)
    given = {"every": 1, "unit": "years", "owner_id": None, "upward_id": None, **values}
    change_part(session, cycle, by=a_head(session), seen=cycle.version, people=(), **given)


def test_a_school_begins_with_a_year_for_each_part_and_this_autumn_for_complaints(oak):
    with time_machine.travel(AUTUMN_DAY):
        assert begin_reviews(oak)
        assert not begin_reviews(oak)
    a_year_on = ("Autumn Term 2027", date(2027, 12, 31))
    assert to_come(oak) == {
        "facts": a_year_on,
        "matrix": a_year_on,
        "bans": a_year_on,
        "complaints": ("Autumn Term 2026", date(2026, 12, 31)),
    }


@pytest.mark.parametrize(
    ("today", "term"),
    [
        ("2027-01-05T09:00:00Z", "Autumn Term 2027"),
        ("2027-08-20T09:00:00Z", "Autumn Term 2027"),
        ("2027-09-01T09:00:00Z", "Autumn Term 2027"),
        ("2027-12-31T23:30:00Z", "Autumn Term 2027"),
        ("2028-01-01T00:30:00Z", "Autumn Term 2028"),
    ],
)
def test_the_complaints_policy_is_shared_in_this_autumn_or_the_next(oak, today, term):
    with time_machine.travel(today):
        begin_reviews(oak)
        assert to_come(oak)["complaints"][0] == term


def test_who_looked_and_what_came_of_it_is_kept_and_the_next_review_begins(oak):
    office = an_office(oak)
    with time_machine.travel(AUTUMN_DAY):
        begin_reviews(oak)
        facts, complaints = one_of(oak, Part.FACTS).id, one_of(oak, Part.COMPLAINTS).id
    with time_machine.travel("2027-10-04T09:00:00Z"):
        done = {"by": office, "outcome": Outcome.SAME, "note": "All is right"}
        assert mark_reviewed(oak, facts, **done)
        assert not mark_reviewed(oak, facts, **done)  # somebody was quicker
        mark_reviewed(oak, complaints, by=office, outcome=Outcome.SHARED, note="")
        assert to_come(oak)["facts"] == ("Autumn Term 2028", date(2028, 12, 31))
        # A year late, and this autumn's is still to be shared.
        assert to_come(oak)["complaints"] == ("Autumn Term 2027", date(2027, 12, 31))
    with time_machine.travel("2027-10-05T09:00:00Z"):
        kept = {one.part: one for one in reviewed(oak, most=10)}
    assert kept[Part.FACTS].done_by == office.name
    assert kept[Part.FACTS].on == date(2027, 10, 4)
    assert kept[Part.FACTS].note == "All is right"
    assert kept[Part.COMPLAINTS].outcome is Outcome.SHARED


def test_another_length_moves_the_review_to_come_and_never_into_the_past(oak):
    with time_machine.travel(AUTUMN_DAY):
        begin_reviews(oak)
        change(oak, Part.FACTS, every=2, unit="terms")
        assert to_come(oak)["facts"][0] == "Summer Term 2027"
        change(oak, Part.FACTS, every=3)
        assert to_come(oak)["facts"][0] == "Autumn Term 2029"
    with time_machine.travel("2028-06-01T09:00:00Z"):
        change(oak, Part.FACTS, every=1)
        assert to_come(oak)["facts"][0] == "Summer Term 2028"


def test_the_complaints_policy_is_shared_yearly_whatever_a_school_would_like(oak):
    begin_reviews(oak)
    with pytest.raises(CycleRefused, match="every year, in the autumn term"):
        change(oak, Part.COMPLAINTS, every=2)
    change(oak, Part.COMPLAINTS)


def test_a_pause_rests_the_open_review_and_is_taken_over_by_the_next(oak):
    head = a_head(oak)
    with time_machine.travel(AUTUMN_DAY):
        begin_reviews(oak)
        cycle = cycle_of_part(oak, Part.BANS)
        until = date(2027, 1, 31)
        pause_part(oak, cycle, by=head, seen=cycle.version, because="Moving", until=until)
        assert one_of(oak, Part.BANS).rests_until == until
        bans = one_of(oak, Part.BANS).id
        mark_reviewed(oak, bans, by=head, outcome=Outcome.SAME, note="")
        assert one_of(oak, Part.BANS).rests_until == until
        assert resume_part(oak, cycle, by=head)
        assert one_of(oak, Part.BANS).rests_until is None
        assert not resume_part(oak, cycle, by=head)


def test_a_school_s_own_term_dates_move_its_reviews_with_a_trace(oak):
    with time_machine.travel(AUTUMN_DAY):
        begin_reviews(oak)
        autumn = Span(date(2027, 9, 6), date(2027, 12, 17), Kind.TERM, "autumn")
        save_year(oak, 2027, [autumn], by=a_head(oak), seen=mark(()))
        assert resolve_days(oak, by=a_head(oak))
        assert not resolve_days(oak, by=a_head(oak))
    assert to_come(oak)["facts"] == ("Autumn Term 2027", date(2027, 12, 17))
    assert to_come(oak)["complaints"] == ("Autumn Term 2026", date(2026, 12, 31))
    moved = oak.scalars(
        select(SchoolAuditDetail.details)
        .join(SchoolAuditEvent, SchoolAuditEvent.id == SchoolAuditDetail.id)
        .where(SchoolAuditEvent.event == "review_days.moved")
    ).one()
    assert "the school’s facts, 31 December 2027 to 17 December 2027" in moved["moved"]


def test_the_trusts_term_dates_move_the_reviews_of_each_school_that_has_none_of_its_own(ground):
    with time_machine.travel(AUTUMN_DAY):
        for school in (ground.oak, ground.elm):
            with ground.sessions.school(school.id) as session, transaction(session):
                begin_reviews(session)
        own = Span(date(2027, 9, 6), date(2027, 12, 17), Kind.TERM, "autumn")
        with ground.sessions.school(ground.elm.id) as elm, transaction(elm):
            save_year(elm, 2027, [own], by=a_head(elm), seen=mark(()))
            resolve_days(elm, by=a_head(elm))
        with ground.sessions.trust() as trust, transaction(trust):
            theirs = Span(date(2027, 9, 1), date(2027, 12, 21), Kind.TERM, "autumn")
            save_year(trust, 2027, [theirs], by=an_officer(), seen=mark(()))
        with ground.sessions.school(ground.oak.id) as oak, transaction(oak):
            assert resolve_days(oak, by=CLOCK)
            assert to_come(oak)["facts"][1] == date(2027, 12, 21)
        with ground.sessions.school(ground.elm.id) as elm, transaction(elm):
            assert not resolve_days(elm, by=CLOCK)
            assert to_come(elm)["facts"][1] == date(2027, 12, 17)
            marks = set(elm.scalars(select(SchoolReview.trust_mark)))
    assert len(marks) == 1


def test_of_a_part_one_review_is_open_and_one_cycle_there(oak):
    begin_reviews(oak)
    bans = one_of(oak, Part.BANS).id
    with pytest.raises(ValueError, match="no outcome"):
        mark_reviewed(oak, bans, by=a_head(oak), outcome=Outcome.SHARED, note="")
    mark_reviewed(oak, bans, by=a_head(oak), outcome=Outcome.SAME, note="")
    assert sorted(one.subject for one in open_reviews(oak)) == sorted(part for part in Part)
    assert len(oak.scalars(select(SchoolCycle)).all()) == len(Part)


def test_of_two_who_note_it_at_once_one_does_and_one_review_follows(ground):
    with ground.sessions.school(ground.oak.id) as oak, transaction(oak):
        begin_reviews(oak)
        review = one_of(oak, Part.MATRIX).id

    def note() -> bool:
        with ground.sessions.school(ground.oak.id) as session, transaction(session):
            return mark_reviewed(session, review, by=a_head(session), outcome=Outcome.SAME, note="")

    assert sorted(at_once(4, note)) == [False, False, False, True]
    with ground.sessions.school(ground.oak.id) as oak:
        assert len(open_reviews(oak)) == len(Part)
        assert len(reviewed(oak, most=10)) == 1
