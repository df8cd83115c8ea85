"""A cycle says when the review after the next one is; its steps are ticked one by one."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import time_machine

from tests.at_once import at_once
from tests.build import a_cycle, an_edition, an_officer
from trustconduct import clock
from trustconduct.clock import Term
from trustconduct.db import new_id, transaction
from trustconduct.policies.editions import newest_published
from trustconduct.reviews.cycles import (
    CycleChanged,
    CycleRefused,
    change_cycle,
    cycle_of,
    following,
    move_review,
    pause,
    review_of,
)
from trustconduct.reviews.due_days import Step
from trustconduct.reviews.models import TrustCycle
from trustconduct.reviews.review_steps import edition_before, review_steps, tick, untick
from trustconduct.tenants.calendars import Calendar, calendar_of

NONE = Calendar({})


@pytest.mark.parametrize(
    ("review", "every", "unit", "then"),
    [
        ("Summer Term 2028", 3, "years", "Summer Term 2031"),
        ("Autumn 2027", 1, "years", "Autumn Term 2028"),
        ("Summer Term 2028", 2, "terms", "Spring Term 2029"),
        ("Autumn Term 2027", 1, "terms", "Spring Term 2028"),
        ("Term 6 2028", 2, "years", "Term 6 2030"),
        ("Term 6 2028", 1, "terms", "Autumn Term 2028"),
        ("29 February 2028", 1, "years", "28 February 2029"),
        ("June 2028", 2, "years", "June 2030"),
        ("February 2028", 1, "years", "February 2029"),
        ("July 2025 - July 2028", 3, "years", "July 2031"),
        ("31 July 2028", 4, "terms", "Autumn Term 2029"),
    ],
)
def test_the_review_after_is_the_cycles_length_later(review, every, unit, then):
    cycle = TrustCycle(subject="policy", every=every, unit=unit)
    assert following(NONE, Term.parse(review), cycle).text == then


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"every": 6}, "every"),
        ({"every": 16, "unit": "terms"}, "every"),
        ({"owner_id": new_id()}, "owner_id"),
        ({"upward_id": new_id()}, "upward_id"),
    ],
)
def test_a_cycle_that_can_t_be_is_refused_at_its_field(trust, values, field):
    given = {"every": 2, "unit": "years", "owner_id": None, "upward_id": None, **values}
    with pytest.raises(CycleRefused) as refused:
        change_cycle(trust, cycle_of(trust), by=an_officer(), seen=None, people=(), **given)
    assert list(refused.value.errors) == [field]


def test_nobody_is_their_own_next_person_up(trust):
    one = new_id()
    given = {"every": 2, "unit": "years", "owner_id": one, "upward_id": one}
    with pytest.raises(CycleRefused, match="next person up"):
        change_cycle(trust, cycle_of(trust), by=an_officer(), seen=None, people={one}, **given)


def test_the_second_of_two_who_change_a_cycle_is_told(trust):
    a_cycle(trust)
    with pytest.raises(CycleChanged):
        pause(trust, cycle_of(trust), by=an_officer(), seen=None, because="Merger", until=None)


@pytest.mark.parametrize("days", [-1, 400])
def test_a_pause_ends_between_today_and_a_year_from_now(trust, days):
    until = clock.today() + timedelta(days=days)
    with pytest.raises(CycleRefused, match="a year ahead at the most"):
        pause(trust, cycle_of(trust), by=an_officer(), seen=None, because="So", until=until)


def test_a_pause_has_a_reason(trust):
    with pytest.raises(CycleRefused, match="Say why"):
        pause(trust, cycle_of(trust), by=an_officer(), seen=None, because="", until=None)


def test_a_date_that_is_set_holds_for_its_own_edition_alone(trust):
    edition, cycle, calendar = an_edition(trust), cycle_of(trust), calendar_of(trust)
    own = review_of(edition, cycle, calendar)
    soon = {"to": "Spring Term 2033", "because": "New guidance"}
    move_review(trust, cycle, edition, by=an_officer(), seen=cycle.version, **soon)
    assert review_of(edition, cycle, calendar).text == "Spring Term 2033"
    assert own is not None
    later = an_edition(trust)
    assert review_of(later, cycle, calendar) == own
    with pytest.raises(CycleChanged):
        move_review(trust, cycle, edition, by=an_officer(), seen=None, **soon)
    back = {"to": "", "because": ""}
    move_review(trust, cycle, edition, by=an_officer(), seen=cycle.version, **back)
    assert review_of(edition, cycle, calendar) == own


def test_a_step_is_ticked_once_and_can_be_opened_again(trust):
    edition = newest_published(trust)
    assert tick(trust, edition, Step.CONSULT, by=an_officer())
    assert not tick(trust, edition, Step.CONSULT, by=an_officer())
    found = review_steps(trust, edition, edition.review, NONE, before=None)
    assert [one.step for one in found.coming if one.done_at] == [Step.CONSULT]
    assert found.is_done(Step.CONSULT)
    assert found.open[0].step is Step.START
    assert untick(trust, edition, Step.CONSULT, by=an_officer())
    assert not untick(trust, edition, Step.CONSULT, by=an_officer())


def test_of_the_review_before_schools_are_left_to_adopt_and_parents_to_acknowledge(trust):
    first = newest_published(trust)
    with time_machine.travel("2028-06-01T08:00:00Z"):
        second = an_edition(trust, "Summer Term 2031")
        found = review_steps(
            trust, second, second.review, NONE, before=edition_before(trust, second)
        )
        left = [(one.edition.number, one.step, one.on) for one in found.before]
    assert left == [
        (first.number, Step.ADOPT, date(2028, 8, 28)),
        (first.number, Step.ACKNOWLEDGE, date(2028, 9, 25)),
    ]
    with time_machine.travel("2028-10-02T08:00:00Z"):  # published after the review date
        third = an_edition(trust, "Summer Term 2034")
        found = review_steps(trust, third, third.review, NONE, before=edition_before(trust, third))
    assert found.before[0].on == max(date(2031, 8, 28), date(2028, 10, 30))


def test_of_two_who_choose_the_first_cycle_at_once_the_second_is_told(ground):
    def choose() -> str:
        with ground.sessions.trust() as session, transaction(session):
            try:
                change_cycle(
                    session, cycle_of(session, lock=True), by=an_officer(), seen=None, every=2,
                    unit="years", owner_id=None, upward_id=None, people=(),
                )  # fmt: skip
            except CycleChanged:
                return "told"
        return "saved"

    assert sorted(at_once(3, choose)) == ["saved", "told", "told"]
