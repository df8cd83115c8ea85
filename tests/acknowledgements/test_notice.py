"""Whether somebody was on notice: each ground alone, taken away, and what is never one."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import time_machine
from sqlalchemy import select

from tests.build import (
    a_campaign,
    a_head,
    a_version,
    an_adult,
    an_answer,
    an_open_edition,
    asked_again,
    the_school,
)
from trustconduct import clock
from trustconduct.acknowledgements.entrance import hang_notice, take_down_notice
from trustconduct.acknowledgements.links import disown, revoke, send_again
from trustconduct.acknowledgements.models import Answer, SignRequest
from trustconduct.acknowledgements.notice import OnNotice, was_on_notice
from trustconduct.acknowledgements.notice_facts import What
from trustconduct.acknowledgements.notice_models import ToldHow
from trustconduct.acknowledgements.on_behalf import Keyed, key_answer
from trustconduct.acknowledgements.opened import note_fetch, note_opened
from trustconduct.acknowledgements.paper_models import How
from trustconduct.acknowledgements.told_otherwise import note_told, take_back_told
from trustconduct.audit.actor import CLOCK
from trustconduct.db import transaction
from trustconduct.outbox.bounces import take_bounce
from trustconduct.outbox.models import SchoolMessage
from trustconduct.people.doubles import merge, separate
from trustconduct.people.models import AdultKind

CLAUSE = "behaviour.1"
DAY = timedelta(days=1)


def on_notice(session, adult, clause: str = CLAUSE, day: date | None = None) -> OnNotice:
    return was_on_notice(session, adult, clause, day or clock.today() + DAY)


def kinds(notice: OnNotice) -> list[str]:
    return [one.what.value for one in notice.grounds]


def against(notice: OnNotice) -> dict[str, str]:
    return {one.what.value: one.against for one in notice.not_counted}


@pytest.fixture
def told(oak):
    """An adult with a request whose mail has not left."""
    a_version(oak)
    adult = an_adult(oak)
    a_campaign(oak)
    request = oak.scalars(select(SignRequest).where(SignRequest.adult_id == adult.id)).one()
    return adult, request


def leave(session, *, kind: str = "sign_request") -> SchoolMessage:
    message = session.scalars(select(SchoolMessage).where(SchoolMessage.kind == kind)).one()
    message.sent_at = clock.now()
    session.flush()
    return message


def test_who_was_only_asked_and_whose_mail_waits_is_not_on_notice(oak, told):
    adult, _ = told
    assert not on_notice(oak, adult)
    assert "Nothing shows" in on_notice(oak, adult).because


def test_a_mail_that_left_and_did_not_come_back_is_a_ground(oak, told):
    adult, _ = told
    message = leave(oak)
    found = on_notice(oak, adult)
    assert found.yes
    assert kinds(found) == ["sent"]
    ground = found.grounds[0]
    assert (ground.table, ground.row_id, ground.on) == ("outbox_school", message.id, clock.today())
    assert clock.day(clock.today()) in ground.words
    assert found.version == 1
    take_bounce(oak, message.id, "5.1.1", by=CLOCK)
    found = on_notice(oak, adult)
    assert not found
    assert "came back" in against(found)["sent"]
    assert "bounced" in against(found)  # kept apart


def test_a_mail_that_reached_somebody_else_is_none_even_after_a_fresh_link_waits(oak, told):
    adult, request = told
    leave(oak)
    asks = asked_again(oak, request.id)
    disown(oak, asks, by=asks.by)
    assert "another person" in against(on_notice(oak, adult))["sent"]
    send_again(
        oak, the_school(oak), {request.id: request.generation}, by=a_head(oak), link_days=180,
        telephone="", reply_to="",
    )  # fmt: skip
    assert request.disowned_at is None  # the request forgets it, the history does not
    assert not on_notice(oak, adult)


def test_a_link_that_was_taken_back_takes_its_mail_with_it(oak, told):
    adult, request = told
    leave(oak)
    revoke(oak, request.id, by=a_head(oak))
    assert "taken back" in against(on_notice(oak, adult))["sent"]
    assert not on_notice(oak, adult)


def test_a_link_that_was_fetched_is_never_a_ground(oak, told):
    adult, request = told
    note_fetch(oak, request.id)
    note_fetch(oak, request.id)  # once a day
    found = on_notice(oak, adult)
    assert not found
    assert list(against(found)) == ["fetched"]
    assert "scanner" in against(found)["fetched"]


def test_who_said_that_they_opened_the_text_is_on_notice(oak, told):
    adult, request = told
    asks = asked_again(oak, request.id)
    given = {"by": asks.by, "typed_name": "Alex Sample", "shown_sha256": asks.sha256}
    assert note_opened(oak, asks, **given)
    assert not note_opened(oak, asks, **given)
    found = on_notice(oak, adult)
    assert kinds(found) == ["opened"]
    assert "Alex Sample" in found.grounds[0].words
    disown(oak, asks, by=asks.by)
    assert not on_notice(oak, adult)


@pytest.mark.parametrize("answer", list(Answer))
def test_every_kind_of_answer_is_a_ground(oak, told, answer):
    adult, request = told
    asks = asked_again(oak, request.id)
    assert an_answer(oak, asks, answer)
    assert kinds(on_notice(oak, adult)) == ["answered"]


@pytest.mark.parametrize("how", [How.PAPER, How.TELEPHONE, How.INTERPRETER, How.MEETING])
def test_an_answer_on_paper_or_by_voice_counts_from_the_day_on_which_it_was_given(oak, how):
    with time_machine.travel(clock.now() - 10 * DAY):
        a_version(oak)
        adult = an_adult(oak)
    signed = clock.today() - 4 * DAY
    keyed = Keyed(Answer.SIGNED, how, "Alex Sample", signed, clock.today(), witness="Mx Sample")
    assert key_answer(oak, adult, keyed, by=a_head(oak))
    assert not on_notice(oak, adult, day=signed)  # the day itself: nobody knows the hour
    found = on_notice(oak, adult, day=signed + DAY)
    assert kinds(found) == ["answered"]
    assert "keyed by" in found.grounds[0].words
    assert found.grounds[0].on == signed


@pytest.mark.parametrize("how", list(ToldHow))
def test_who_was_told_by_a_person_is_on_notice_until_it_is_taken_back(oak, how):
    a_version(oak)
    adult, other = an_adult(oak), an_adult(oak, "Jo Sample", email="jo@parents.example")
    telling = note_told(
        oak, [adult.id], by=a_head(oak), how=how, told_on=clock.today(), words="The head, hall"
    )
    assert kinds(on_notice(oak, adult)) == ["told"]
    assert not on_notice(oak, other)
    take_back_told(oak, telling.id, by=a_head(oak), because="Another Alex")
    found = on_notice(oak, adult)
    assert not found
    assert against(found)["told"] == "Taken back: Another Alex"


def test_a_visitor_is_told_by_the_notice_that_hung_on_the_day(oak):
    a_version(oak)
    visitor, parent = an_adult(oak), an_adult(oak, "Jo Sample", email="jo@parents.example")
    visitor.kind = AdultKind.VISITOR.value
    oak.flush()
    today = clock.today()
    assert not on_notice(oak, visitor, day=today)
    notice = hang_notice(oak, by=a_head(oak), place="Gate", hung_on=today)
    found = on_notice(oak, visitor, day=today)
    assert kinds(found) == ["entrance"]
    assert "Gate" in found.grounds[0].words
    assert not on_notice(oak, parent, day=today)
    hidden = on_notice(oak, visitor, "ladder.1", today)
    assert not hidden
    assert "does not show this clause" in against(hidden)["entrance"]
    take_down_notice(oak, notice, by=a_head(oak), on=today)
    assert not on_notice(oak, visitor, day=today + DAY)


def test_there_is_no_notice_of_a_clause_that_was_not_in_force(oak, told):
    adult, _ = told
    leave(oak)
    found = on_notice(oak, adult, "behaviour.99")
    assert not found
    assert "no clause" in found.because
    early = on_notice(oak, adult, day=clock.today() - 30 * DAY)
    assert not early
    assert early.version is None
    assert "No version" in early.because


def test_nothing_counts_before_its_day_or_on_it(oak, told):
    adult, _ = told
    leave(oak)
    same = on_notice(oak, adult, day=clock.today())
    assert not same
    assert "same day" in against(same)["sent"]


def test_doubles_that_were_merged_count_together(oak, told):
    adult, _ = told
    leave(oak)
    kept = an_adult(oak, "Alexandra Sample", email="sandra@parents.example")
    assert not on_notice(oak, kept)
    merge(oak, adult, kept, by=a_head(oak))
    assert on_notice(oak, kept)
    assert on_notice(oak, adult)
    separate(oak, adult, by=a_head(oak))
    assert not on_notice(oak, kept)


def test_an_earlier_version_counts_where_the_clause_reads_the_same(ground):
    with (
        time_machine.travel(clock.now() - 10 * DAY),
        ground.sessions.school(ground.oak.id) as oak,
        transaction(oak),
    ):
        a_version(oak)
        adult = an_adult(oak)
        a_campaign(oak)
        leave(oak)
    with ground.sessions.trust() as trust, transaction(trust):
        an_open_edition(trust, importance_p1="Quite other words.")
    with ground.sessions.school(ground.oak.id) as oak, transaction(oak):
        a_version(oak)
        found = was_on_notice(oak, adult, CLAUSE, clock.today())
        assert found.version == 2
        assert [one.number for one in found.grounds] == [1]
        other = was_on_notice(oak, adult, "importance.p1", clock.today())
        assert not other
        assert "other words" in against(other)["sent"]


def test_facts_are_kept_apart(oak, told):
    adult, request = told
    leave(oak)
    note_fetch(oak, request.id)
    assert {What.SENT.value, *against(on_notice(oak, adult))} == {"sent", "fetched"}
