"""Reminding: by the plan, once a person and local day, and never after an answer."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from sqlalchemy import func, select, update

from tests.at_once import at_once
from tests.build import (
    a_campaign,
    a_head,
    a_request,
    a_version,
    an_adult,
    an_answer,
    asked_again,
    the_school,
)
from trustconduct import clock
from trustconduct.acknowledgements.campaigns import Reminders, stop_campaign
from trustconduct.acknowledgements.links import disown, revoke, send_again
from trustconduct.acknowledgements.models import Answer, Campaign, SignRequest
from trustconduct.acknowledgements.plans import SignReminder
from trustconduct.acknowledgements.reminding import no_longer_wanted, remind_adults
from trustconduct.acknowledgements.signing import asked
from trustconduct.db import transaction
from trustconduct.outbox.delivery import begin_next, deliver
from trustconduct.outbox.envelope import Envelope
from trustconduct.outbox.models import SchoolMessage, SchoolMessageContent
from trustconduct.people.change import leave
from trustconduct.people.models import Adult
from trustconduct.people.untold import mark_untold

OFFICE = {"telephone": "01632 960001", "reply_to": "office@school.example"}
DAY_0 = date(2027, 6, 1)
ENVELOPE = Envelope(key="k" * 32, base_url="https://trust.example", mail_from="a@trust.example")


def at(day: int, hour: int = 12):
    when = datetime(2027, 6, 1, hour, tzinfo=ZoneInfo("Europe/London")) + timedelta(days=day)
    return time_machine.travel(when, tick=False)


def remind(session) -> int:
    return remind_adults(session, the_school(session), **OFFICE)


def reminded_on(session) -> list[int]:
    days = session.scalars(select(SignReminder.local_day).order_by(SignReminder.local_day))
    return [(day - DAY_0).days for day in days]


@pytest.fixture
def request_(oak):
    """An adult asked on the first of June, who has not answered."""
    with at(0):
        return a_request(oak)


def test_silence_is_reminded_of_after_5_days_then_every_7_at_most_3_times(oak, request_):
    for day in range(60):
        with at(day):
            remind(oak)
    assert reminded_on(oak) == [5, 12, 19]
    assert Reminders().days(DAY_0) == [DAY_0 + timedelta(days=each) for each in (5, 12, 19)]


def test_no_reminder_comes_later_than_the_plan_allows(oak):
    with at(0):
        an_adult(oak)
        a_campaign(oak, reminders=Reminders(after=5, every=10, most=9, within=30))
    for day in range(60):
        with at(day):
            remind(oak)
    assert reminded_on(oak) == [5, 15, 25]


def test_a_plan_without_reminders_reminds_nobody(oak):
    with at(0):
        an_adult(oak)
        a_campaign(oak, reminders=Reminders(most=0))
    for day in range(40):
        with at(day):
            assert remind(oak) == 0


def test_missed_days_bring_one_reminder_and_not_all_that_were_missed(oak, request_):
    for day in (14, 14, 15, 20, 21, 29):
        with at(day):
            remind(oak)
    assert reminded_on(oak) == [14, 21, 29]


def test_a_month_without_the_clock_brings_none_that_is_too_late(oak, request_):
    with at(31):
        assert remind(oak) == 0
    assert oak.scalar(select(SignRequest.remind_on)) is None


def test_however_often_it_runs_on_one_day_one_reminder_is_written(oak, request_):
    for hour in (0, 9, 12, 23):
        with at(5, hour):
            remind(oak)
    kinds = oak.scalars(select(SchoolMessage.kind)).all()
    assert sorted(kinds) == ["sign_reminder", "sign_request"]


def test_several_workers_at_once_remind_each_once(world):
    with world.sessions.school(world.oak.id) as session, transaction(session):
        session.execute(update(SignRequest).values(remind_on=clock.today()))

    def work():
        with world.sessions.school(world.oak.id) as session, transaction(session):
            return remind(session)

    got = at_once(4, work)
    silent = 1  # of the world's four asked, three have answered
    assert sum(got) == silent
    with world.sessions.school(world.oak.id) as session:
        written = select(func.count()).where(SchoolMessage.kind == "sign_reminder")
        assert session.scalar(written.select_from(SchoolMessage)) == silent


@pytest.mark.parametrize("answer", list(Answer))
def test_an_answer_of_any_kind_stops_it(oak, request_, answer):
    with at(5):
        remind(oak)
    with at(6):
        an_answer(oak, request_, answer)
    for day in range(7, 40):
        with at(day):
            assert remind(oak) == 0


def test_a_reminder_for_who_signed_a_second_ago_does_not_leave(oak, request_):
    with at(5):
        oak.execute(update(SchoolMessage).values(sent_at=clock.now()))
        assert remind(oak) == 1
        an_answer(oak, request_)
        oak.execute(
            update(SchoolMessage)
            .where(SchoolMessage.kind == "sign_receipt")
            .values(sent_at=clock.now())
        )
        message_id = begin_next(oak, ENVELOPE)
        assert message_id is not None
        assert not deliver(oak, message_id, {}, no_longer_wanted)
    message = oak.get_one(SchoolMessage, (oak.school_id, message_id), populate_existing=True)
    assert (message.sent_at, message.settled_at is None) == (None, False)


def stop(session, request) -> None:
    stop_campaign(session, session.scalars(select(Campaign.id)).one(), by=a_head(session))


def leaves(session, request) -> None:
    leave(session, session.scalars(select(Adult)).one(), by=a_head(session))


def is_marked(session, request) -> None:
    mark_untold(session, session.scalars(select(Adult)).one(), by=a_head(session), because="So")


def is_revoked(session, request) -> None:
    revoke(session, request.id, by=a_head(session))


def is_disowned(session, request) -> None:
    disown(session, request, by=request.by)


def new_version(session, request) -> None:
    a_version(session)


@pytest.mark.parametrize("act", [stop, leaves, is_marked, is_revoked, is_disowned, new_version])
def test_nobody_is_reminded_who_must_not_or_need_not_be(oak, request_, act):
    with at(2):
        act(oak, request_)
    for day in (5, 6, 12):
        with at(day):
            assert remind(oak) == 0


def test_a_reminder_says_that_it_is_one_and_carries_the_same_link(oak, request_):
    with at(5):
        remind(oak)
    mail = oak.scalars(
        select(SchoolMessageContent).order_by(SchoolMessageContent.id.desc()).limit(1)
    ).one()
    assert mail.subject == "A reminder: Oak Lane: please read our code of conduct"
    assert mail.body.startswith("We wrote to you about this before.")
    assert mail.link["row"] == str(request_.id)
    assert mail.link["generation"] == 1


# -- links taken back, and in the wrong hands


def test_a_link_that_was_taken_back_opens_nothing_until_a_fresh_one_is_sent(oak):
    request = a_request(oak)
    assert revoke(oak, request.id, by=a_head(oak))
    assert revoke(oak, request.id, by=a_head(oak))
    assert asked(oak, request.id) is None
    fresh = {"link_days": 9, "telephone": "", "reply_to": ""}
    assert send_again(oak, the_school(oak), {request.id: 1}, by=a_head(oak), **fresh) == 1
    assert asked_again(oak, request.id).generation == 2


def test_fresh_links_go_to_those_chosen_and_to_nobody_else(oak):
    for number in range(4):
        an_adult(oak, f"Adult {number}", email=f"a{number}@parents.example")
    a_campaign(oak)
    rows = oak.execute(
        select(Adult.name, SignRequest.id).join(Adult, Adult.id == SignRequest.adult_id)
    ).all()
    chosen = {id: 1 for name, id in rows if name in ("Adult 1", "Adult 3")}
    before = set(oak.scalars(select(SchoolMessage.id)))
    fresh = {"link_days": 9, "telephone": "", "reply_to": ""}
    assert send_again(oak, the_school(oak), chosen, by=a_head(oak), **fresh) == 2
    names = oak.scalars(
        select(SchoolMessageContent.to_name)
        .where(SchoolMessageContent.id.not_in(before))
        .order_by(SchoolMessageContent.to_name)
    ).all()
    assert names == ["Adult 1", "Adult 3"]


def test_fifty_fresh_links_need_no_more_queries_than_two(oak, queries):
    for number in range(50):
        an_adult(oak, f"Adult {number}", email=f"a{number}@parents.example")
    a_campaign(oak)
    ids = oak.scalars(select(SignRequest.id)).all()
    took = []
    for chosen in (ids[:2], ids[2:]):
        with queries(oak.connection().engine) as counted:
            send_again(oak, the_school(oak), dict.fromkeys(chosen, 1), by=a_head(oak),
                       link_days=9, telephone="", reply_to="")  # fmt: skip
        took.append(counted.n)
    assert took[1] <= took[0] + 1  # one statement changes each row that it locked
