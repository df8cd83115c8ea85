"""A ban from its notice to its end: heard first, decided whole, over at midnight."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
import time_machine

from tests import build
from tests.bans import rows
from tests.letters import rows as letters
from trustconduct import clock
from trustconduct.accounts.permissions import NotAllowed
from trustconduct.audit.actor import Actor, Role
from trustconduct.bans.begin import ask_longer, ban_for_now, give_notice, take_in_ban
from trustconduct.bans.change import add_exception, lift, strike_exception, vary, withdraw
from trustconduct.bans.decide import confirm, let_lapse, not_confirm
from trustconduct.bans.gate import barred_now, named_like, seen_on_site
from trustconduct.bans.hearing import give_more_time, note_said, say
from trustconduct.bans.limits import last_day, midnight_after
from trustconduct.bans.models import BanException, Found, Means
from trustconduct.bans.people import was_warned
from trustconduct.bans.refused import BanMoved, BanRefused, WrongPerson
from trustconduct.bans.register import figures, register
from trustconduct.bans.reviews import finish_review, open_review
from trustconduct.bans.standing import State, hearing_of, state_of
from trustconduct.bans.terms import STANDING, terms_of
from trustconduct.letters.models import Ended
from trustconduct.letters.serve import end_service
from trustconduct.tenants.calendars import Calendar

DAY = timedelta(days=1)


def state(session, ban):
    return state_of(ban, hearing_of(session, ban))


def exceptions(session, ban):
    return session.query(BanException).filter_by(ban_id=ban.id).order_by(BanException.code).all()


def test_a_ban_goes_its_whole_way_from_notice_to_end(oak):
    with time_machine.travel(datetime(2027, 10, 4, 9, tzinfo=UTC), tick=False) as at:
        ban = rows.a_notice(oak)
        assert state(oak, ban) is State.PREPARED
        rows.served(oak, ban)
        assert state(oak, ban) is State.OPEN
        assert barred_now(oak) == []  # an intention bars nobody
        rows.heard(oak, ban, is_all=False)
        assert state(oak, ban) is State.OPEN  # a first message opens nothing
        rows.heard(oak, ban)
        assert state(oak, ban) is State.HEARD
        rows.confirmed(oak, ban)
        assert state(oak, ban) is State.IN_FORCE
        assert [one.name for one in barred_now(oak)] == ["Sam Sample"]
        assert ban.ends_on == date(2027, 11, 3)
        at.move_to(midnight_after(ban.ends_on) - timedelta(seconds=1))
        assert barred_now(oak)
        at.move_to(midnight_after(ban.ends_on))
        assert barred_now(oak) == []
        assert state(oak, ban) is State.ENDED


@pytest.mark.parametrize(
    ("last", "ends"),
    [
        (date(2027, 3, 31), datetime(2027, 3, 31, 23, tzinfo=UTC)),  # summer time has begun
        (date(2027, 3, 27), datetime(2027, 3, 28, 0, tzinfo=UTC)),
        (date(2026, 10, 24), datetime(2026, 10, 24, 23, tzinfo=UTC)),
        (date(2026, 10, 25), datetime(2026, 10, 26, 0, tzinfo=UTC)),
        (date(2028, 2, 29), datetime(2028, 3, 1, 0, tzinfo=UTC)),
    ],
)
def test_until_a_day_is_until_its_midnight_in_london(last, ends):
    assert midnight_after(last) == ends


def test_a_length_in_days_counts_its_first_day():
    assert last_day(Calendar({}), date(2028, 2, 1), 29, "calendar") == date(2028, 2, 29)


def test_school_days_have_a_cap_in_calendar_days():
    # nobody knows these terms: weeks without holidays are counted, which is shorter
    assert last_day(Calendar({}), date(2027, 6, 1), 10, "school") == date(2027, 6, 15)


def test_nothing_is_confirmed_while_the_letter_is_not_served(oak):
    ban = rows.a_notice(oak)
    rows.heard(oak, ban)  # they rang before it came
    with pytest.raises(BanRefused, match="not served"):
        rows.confirmed(oak, ban)


def test_a_letter_that_comes_back_stops_the_deadline(oak):
    with time_machine.travel(datetime(2027, 10, 4, 9, tzinfo=UTC), tick=False) as at:
        ban = rows.a_notice(oak)
        letter = rows.served(oak, ban)
        end_service(oak, letter, by=build.a_head(oak), how=Ended.REFUSED, on=clock.today(),
                    because="")  # fmt: skip
        at.move_to(datetime(2027, 11, 4, 9, tzinfo=UTC))
        assert state(oak, ban) is State.PREPARED
        with pytest.raises(BanRefused, match="not served"):
            rows.confirmed(oak, ban)


def test_nobody_confirms_before_the_deadline(oak):
    with time_machine.travel(datetime(2027, 10, 4, 9, tzinfo=UTC), tick=False) as at:
        ban = rows.a_notice(oak)
        rows.served(oak, ban)
        deadline = hearing_of(oak, ban).deadline_on
        at.move_to(midnight_after(deadline) - timedelta(minutes=1))
        with pytest.raises(BanRefused, match="can still answer"):
            rows.confirmed(oak, ban)
        at.move_to(midnight_after(deadline))
        assert state(oak, ban) is State.SILENT
        rows.confirmed(oak, ban)
        assert ban.heard_at is None
        assert ban.decided_on > ban.deadline_on


def test_a_temporary_ban_bars_at_once_and_lapses_by_itself(oak):
    with time_machine.travel(datetime(2027, 10, 4, 9, tzinfo=UTC), tick=False) as at:
        ban = rows.a_temporary(oak)
        assert [one.decided for one in barred_now(oak)] == [False]
        at.move_to(midnight_after(ban.decide_by) - timedelta(seconds=1))
        assert barred_now(oak)
        at.move_to(midnight_after(ban.decide_by))
        assert barred_now(oak) == []
        assert state(oak, ban) is State.LAPSED
        with pytest.raises(BanRefused, match="lapsed"):
            rows.confirmed(oak, ban)


def test_a_temporary_ban_is_confirmed_from_the_day_on_which_it_began(oak):
    with time_machine.travel(datetime(2027, 10, 4, 9, tzinfo=UTC), tick=False) as at:
        ban = rows.a_temporary(oak)
        began = ban.during.lower
        rows.served(oak, ban)
        at.shift(3 * DAY)
        rows.heard(oak, ban)
        rows.confirmed(oak, ban)
        assert ban.during.lower == began
        assert ban.started_on == date(2027, 10, 4)


def test_not_confirmed_it_bars_nobody_from_that_moment(oak):
    ban = rows.a_temporary(oak)
    not_confirm(oak, ban, by=build.a_head(oak), seen=ban.version, weighed="We believe you.")
    assert barred_now(oak) == []
    assert state(oak, ban) is State.NOT_CONFIRMED


def test_a_ban_without_a_warning_needs_a_reason_and_the_head(oak):
    rows.ready(oak)
    adult = letters.an_addressee(oak)
    assert not was_warned(oak, adult.id)
    with pytest.raises(BanRefused, match="Say why"):
        give_notice(oak, adult, rows.terms(oak, skipped_because=""), by=build.a_head(oak))
    with pytest.raises(NotAllowed):
        give_notice(oak, adult, rows.terms(oak), by=build.an_office(oak))


def test_a_temporary_ban_says_why_it_cannot_wait(oak):
    rows.ready(oak)
    with pytest.raises(BanRefused, match="wait"):
        ban_for_now(oak, letters.an_addressee(oak), rows.terms(oak), by=build.a_head(oak))


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"ends_on": -1}, "ends_on"),
        ({"ends_on": 400}, "ends_on"),
        ({"starts_on": -2}, "starts_on"),
        ({"incident_on": 1}, "incident_on"),
    ],
)
def test_days_that_cannot_be_are_refused_by_their_field(oak, changed, field):
    rows.ready(oak)
    days = {name: rows.on(many).isoformat() for name, many in changed.items()}
    with pytest.raises(BanRefused) as no:
        give_notice(oak, letters.an_addressee(oak), rows.terms(oak, **days), by=build.a_head(oak))
    assert no.value.field == field


def test_one_ban_at_a_time_for_a_person(oak):
    ban = rows.a_notice(oak)
    adult = oak.get(type(letters.an_addressee(oak, "Kim Sample")), (ban.school_id, ban.adult_id))
    with pytest.raises(BanRefused, match="one at a time"):
        rows.a_temporary(oak, adult)


def test_somebody_who_works_at_the_school_is_refused(oak):
    rows.ready(oak)
    with pytest.raises(BanRefused, match="works at the school"):
        give_notice(oak, letters.an_addressee(oak), rows.terms(oak), by=build.a_head(oak),
                    works_here=True)  # fmt: skip


def test_the_decider_is_who_the_settings_name(oak):
    build.settings_filled(oak, ban_decider="chair_of_governors", ban_reviewer="headteacher")
    ban = rows.a_notice(oak)
    rows.served(oak, ban)
    rows.heard(oak, ban)
    with pytest.raises(WrongPerson, match="chair"):
        rows.confirmed(oak, ban)


def test_a_decision_says_how_it_weighed_what_was_said(oak):
    ban = rows.a_notice(oak)
    rows.served(oak, ban)
    rows.heard(oak, ban)
    decision = rows.a_decision(oak, ban)
    for wrong, field in (
        (replace(decision, weighed=" "), "weighed"),
        (replace(decision, review_on=rows.on(31)), "review_on"),
        (replace(decision, terms=decision.terms.but(ends_on=rows.on(300).isoformat())), "ends_on"),
        (replace(decision, terms=decision.terms.but(ends_on=rows.on(-1).isoformat())), "ends_on"),
    ):
        with pytest.raises(BanRefused) as no:
            confirm(oak, ban, wrong, by=build.a_head(oak), seen=ban.version)
        assert no.value.field == field


def test_the_second_of_two_who_decide_is_told(oak):
    ban = rows.a_notice(oak)
    rows.served(oak, ban)
    rows.heard(oak, ban)
    seen = ban.version
    rows.confirmed(oak, ban)
    with pytest.raises(BanMoved):
        not_confirm(oak, ban, by=build.a_head(oak), seen=seen, weighed="No.")


def test_more_time_moves_the_deadline_and_the_day_of_decision(oak):
    with time_machine.travel(datetime(2027, 10, 4, 9, tzinfo=UTC), tick=False):
        ban = rows.a_temporary(oak)
        rows.served(oak, ban)
        before, decide_by = hearing_of(oak, ban).deadline_on, ban.decide_by
        give_more_time(oak, ban, by=build.a_head(oak), until_on=before + 5 * DAY, because="Ill")
        assert hearing_of(oak, ban).deadline_on == before + 5 * DAY
        assert ban.decide_by == decide_by + 5 * DAY
        assert ban.during.upper == midnight_after(ban.decide_by)
        with pytest.raises(BanRefused):
            give_more_time(oak, ban, by=build.a_head(oak), until_on=before + 300 * DAY,
                           because="Ill")  # fmt: skip


def test_what_comes_after_the_deadline_is_taken_and_marked(oak):
    with time_machine.travel(datetime(2027, 10, 4, 9, tzinfo=UTC), tick=False) as at:
        ban = rows.a_notice(oak)
        rows.served(oak, ban)
        at.move_to(midnight_after(hearing_of(oak, ban).deadline_on))
        said = note_said(oak, ban, by=build.a_head(oak), means=Means.LETTER, words="Late",
                         is_all=False)  # fmt: skip
        assert said.late


def test_only_the_letters_own_link_answers_online(oak):
    ban = rows.a_notice(oak)
    rows.served(oak, ban)
    hearing = hearing_of(oak, ban)
    stranger = Actor("link", ban.id, "Someone else")
    with pytest.raises(BanRefused):
        say(oak, ban, hearing, by=stranger, words="Me", is_all=True)
    own = Actor("link", hearing.service_id, "Sam Sample")
    assert say(oak, ban, hearing, by=own, words="Me", is_all=True).number == 1


def test_every_ban_has_the_standing_exceptions_and_striking_one_needs_a_reason(oak):
    ban = rows.in_force(oak)
    found = exceptions(oak, ban)
    assert {one.code for one in found} == set(STANDING)
    with pytest.raises(BanRefused):
        strike_exception(oak, ban, found[0], by=build.a_head(oak), because=" ")
    strike_exception(oak, ban, found[0], by=build.a_head(oak), because="A court order")
    assert len(barred_now(oak)[0].allowed) == len(STANDING) - 1


def test_an_exception_outside_the_school_day_is_refused(oak):
    ban = rows.in_force(oak)
    head = build.a_head(oak)
    with pytest.raises(BanRefused, match="outside the school day"):
        add_exception(oak, ban, by=head, words="Side gate", weekdays="12345",
                      from_time=time(21), to_time=time(22))  # fmt: skip
    with pytest.raises(BanRefused, match="before it begins"):
        add_exception(oak, ban, by=head, words="Side gate", weekdays="1", from_time=time(16),
                      to_time=time(15))  # fmt: skip
    with pytest.raises(BanRefused, match="in force"):
        add_exception(oak, ban, by=head, words="Fair", on_day=rows.on(200))


def test_seen_at_the_gate_within_an_exception_or_as_a_breach(oak):
    with time_machine.travel(datetime(2027, 10, 4, 14, 25, tzinfo=UTC), tick=False) as at:
        ban = rows.in_force(oak)
        side_gate = add_exception(
            oak, ban, by=build.a_head(oak), words="Side gate, to collect", weekdays="12345",
            from_time=time(15, 20), to_time=time(15, 30),
        )  # fmt: skip
        office = build.an_office(oak)
        assert not seen_on_site(oak, ban, by=office, exception=side_gate).breach
        assert seen_on_site(oak, ban, by=office).breach
        assert seen_on_site(oak, ban, by=office).id == seen_on_site(oak, ban, by=office).id
        at.shift(timedelta(hours=1))
        with pytest.raises(BanRefused, match="not the time"):
            seen_on_site(oak, ban, by=office, exception=side_gate)


def test_a_name_is_found_however_it_is_spelt(oak):
    rows.in_force(oak, letters.an_addressee(oak, "Siobhán O’Sample-Kowalczyk"))
    rows.in_force(oak, letters.an_addressee(oak, "Lee Other"))
    barred = barred_now(oak)
    for typed in ("Siobhan", "sample kowalchyk", "Siobán OSample", "kowalczik"):
        assert [one.name for one in named_like(barred, typed)][:1] == [
            "Siobhán O’Sample-Kowalczyk"
        ], typed
    assert named_like(barred, "Zebedee Quux") == []


def test_a_review_is_by_somebody_else_who_declares_interests_first(oak):
    head, chair = build.a_head(oak), rows.a_chair(oak)
    ban = rows.in_force(oak, by=head)
    with pytest.raises(WrongPerson):
        open_review(oak, ban, by=head)
    assert open_review(oak, ban, by=chair, interests="She is my sister") is None
    with pytest.raises(BanRefused, match="interest"):
        open_review(oak, ban, by=chair)
    other = rows.a_chair(oak, "Another governor")
    review = open_review(oak, ban, by=other)
    finish_review(oak, ban, review, by=other, found=Found.LIFT, words="It has served its end.")
    assert state(oak, ban) is State.LIFTED
    assert barred_now(oak) == []


def test_longer_is_a_new_hearing_and_never_follows_by_itself(oak):
    with time_machine.travel(datetime(2027, 10, 4, 9, tzinfo=UTC), tick=False) as at:
        ban = rows.in_force(oak)
        chair = rows.a_chair(oak)
        review = open_review(oak, ban, by=chair)
        until = ban.ends_on + 20 * DAY
        longer = finish_review(oak, ban, review, by=chair, found=Found.EXTEND,
                               words="They came again.", longer_until=until)  # fmt: skip
        assert state(oak, longer) is State.PREPARED
        at.move_to(midnight_after(ban.ends_on))
        assert barred_now(oak) == []
        rows.served(oak, longer)
        rows.heard(oak, longer)
        rows.confirmed(oak, longer, days=10, review=5)
        assert [one.ban_id for one in barred_now(oak)] == [longer.id]


def test_a_change_is_never_longer(oak):
    ban = rows.in_force(oak)
    head = build.a_head(oak)
    said = terms_of(oak, ban.id)
    with pytest.raises(BanRefused, match="extension"):
        vary(oak, ban, said.but(ends_on=rows.on(31).isoformat()), by=head, seen=ban.version,
             because="Longer")  # fmt: skip
    vary(oak, ban, said.but(ends_on=rows.on(10).isoformat()), by=head, seen=ban.version,
         because="It has gone well.")  # fmt: skip
    assert ban.during.upper == midnight_after(rows.on(10))
    assert ban.review_on == rows.on(10)


def test_lifted_and_withdrawn_leave_a_trace(oak):
    head = build.a_head(oak)
    ban = rows.in_force(oak)
    lift(oak, ban, by=head, seen=ban.version, because="They have apologised.")
    assert barred_now(oak) == []
    other = rows.in_force(oak, letters.an_addressee(oak, "Kim Sample"))
    withdraw(oak, other, by=head, seen=other.version, because="The wrong person")
    assert state(oak, other) is State.WITHDRAWN
    assert barred_now(oak) == []
    assert {one.state for one in register(oak)} == {State.LIFTED, State.WITHDRAWN}


def test_a_head_may_choose_that_it_lapses(oak):
    ban = rows.a_temporary(oak)
    let_lapse(oak, ban, by=build.a_head(oak), seen=ban.version, because="We have talked.")
    assert state(oak, ban) is State.LAPSED
    assert barred_now(oak)  # until the day that they were told


def test_a_ban_from_before_comes_in_with_its_days_and_a_review(oak):
    rows.ready(oak)
    adult = letters.an_addressee(oak)
    said = rows.terms(oak, starts_on=rows.on(-10).isoformat(), ends_on=rows.on(40).isoformat())
    ban = take_in_ban(oak, adult, said, by=build.a_head(oak), review_on=rows.on(20),
                      words="Letter of 1 September, in the file")  # fmt: skip
    assert state(oak, ban) is State.IN_FORCE
    assert ban.review_on == rows.on(20)


def test_the_figures_name_nobody(oak):
    rows.in_force(oak)
    rows.a_temporary(oak, letters.an_addressee(oak, "Kim Sample"))
    found = figures(oak)[oak.school_id]
    assert (found.in_force, found.temporary, found.overdue) == (2, 1, 0)


def test_an_ended_ban_is_not_extended(oak):
    with time_machine.travel(datetime(2027, 10, 4, 9, tzinfo=UTC), tick=False) as at:
        ban = rows.in_force(oak)
        at.move_to(midnight_after(ban.ends_on))
        with pytest.raises(BanRefused, match="ended"):
            ask_longer(oak, ban, rows.terms(oak), by=build.a_head(oak))


def test_a_governor_may_not_begin_one(oak):
    rows.ready(oak)
    with pytest.raises(NotAllowed):
        give_notice(oak, letters.an_addressee(oak), rows.terms(oak),
                    by=build.an_actor(Role.GOVERNOR, oak.school_id))  # fmt: skip
