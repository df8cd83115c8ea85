"""No sequence of acts reaches what the policy forbids, and raw SQL can't write it either."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from tests import build
from tests.bans import rows
from tests.letters import rows as letters
from trustconduct import clock
from trustconduct.bans.change import lift, vary, withdraw
from trustconduct.bans.decide import let_lapse, not_confirm
from trustconduct.bans.gate import barred_now
from trustconduct.bans.hearing import give_more_time
from trustconduct.bans.limits import midnight_after
from trustconduct.bans.models import Ban, BanReview, Found
from trustconduct.bans.refused import BanMoved, BanRefused, WrongPerson
from trustconduct.bans.reviews import finish_review, open_review, open_reviews
from trustconduct.bans.standing import State, bars_now, hearing_of, state_of
from trustconduct.bans.terms import terms_of
from trustconduct.letters.approve import NotWhole
from trustconduct.letters.models import Ended, Letter
from trustconduct.letters.serve import ServiceRefused, end_service
from trustconduct.people.models import Adult

REFUSED = (BanRefused, BanMoved, WrongPerson, NotWhole, ServiceRefused)
BEGAN = datetime(2027, 10, 4, 9, tzinfo=UTC)
DAY = timedelta(days=1)


class Machine(RuleBasedStateMachine):
    """One person, two heads who take turns, two governors, and a clock that only goes on."""

    session: Any = None

    def __init__(self) -> None:
        super().__init__()
        self.savepoint = self.session.connection().begin_nested()
        self.travel = time_machine.travel(BEGAN, tick=False)
        self.at = self.travel.start()
        self.head = build.a_head(self.session)
        self.chairs = [rows.a_chair(self.session, name) for name in ("First", "Second")]
        rows.ready(self.session)
        self.adult_id = letters.an_addressee(self.session).id
        self.letter_id: Any = None
        # What was in force before it was decided, by the test's own book.
        self.served_at: dict[Any, Any] = {}

    def teardown(self) -> None:
        self.travel.stop()
        self.session.expunge_all()
        self.savepoint.rollback()

    @property
    def ban(self) -> Ban | None:
        return self.session.scalars(select(Ban).order_by(Ban.number.desc()).limit(1)).first()

    def tried(self, act: Any, *given: Any, **more: Any) -> None:
        """Try an act; refused, it must have left nothing behind."""
        savepoint = self.session.connection().begin_nested()
        try:
            act(*given, **more)
            self.session.flush()
        except REFUSED:
            self.session.expunge_all()
            savepoint.rollback()
        else:
            savepoint.commit()
        self.session.expire_all()

    def adult(self) -> Adult:
        return self.session.get_one(Adult, (self.session.school_id, self.adult_id))

    @rule()
    def notice(self) -> None:
        self.tried(rows.a_notice, self.session, self.adult(), by=self.head)

    @rule()
    def for_now(self) -> None:
        self.tried(rows.a_temporary, self.session, self.adult(), by=self.head)

    @precondition(lambda self: self.ban is not None)
    @rule()
    def serve(self) -> None:
        def act() -> None:
            self.letter_id = rows.served(self.session, self.ban, self.head).id

        self.tried(act)

    @precondition(lambda self: self.letter_id is not None)
    @rule()
    def comes_back(self) -> None:
        letter = self.session.get(Letter, (self.session.school_id, self.letter_id))
        if letter is None:
            return  # it was never approved
        self.tried(end_service, self.session, letter, by=self.head, how=Ended.REFUSED,
                   on=clock.today(), because="")  # fmt: skip

    @precondition(lambda self: self.ban is not None)
    @rule(is_all=st.booleans())
    def they_say(self, is_all: bool) -> None:
        self.tried(rows.heard, self.session, self.ban, by=self.head, is_all=is_all)

    @precondition(lambda self: self.ban is not None)
    @rule(days=st.integers(1, 60))
    def more_time(self, days: int) -> None:
        self.tried(give_more_time, self.session, self.ban, by=self.head,
                   until_on=rows.on(days), because="Ill")  # fmt: skip

    @precondition(lambda self: self.ban is not None)
    @rule(days=st.integers(-3, 260), review=st.integers(-3, 80))
    def confirm(self, days: int, review: int) -> None:
        self.tried(rows.confirmed, self.session, self.ban, self.head, days=days, review=review)

    @precondition(lambda self: self.ban is not None)
    @rule()
    def no(self) -> None:
        self.tried(not_confirm, self.session, self.ban, by=self.head, seen=self.ban.version,
                   weighed="We believe you.")  # fmt: skip

    @precondition(lambda self: self.ban is not None)
    @rule()
    def lapse(self) -> None:
        self.tried(let_lapse, self.session, self.ban, by=self.head, seen=self.ban.version,
                   because="We have talked.")  # fmt: skip

    @precondition(lambda self: self.ban is not None)
    @rule()
    def lift(self) -> None:
        self.tried(lift, self.session, self.ban, by=self.head, seen=self.ban.version,
                   because="Enough")  # fmt: skip

    @precondition(lambda self: self.ban is not None)
    @rule()
    def withdraw(self) -> None:
        self.tried(withdraw, self.session, self.ban, by=self.head, seen=self.ban.version,
                   because="Wrong")  # fmt: skip

    @precondition(lambda self: self.ban is not None)
    @rule(days=st.integers(-3, 260))
    def vary(self, days: int) -> None:
        said = terms_of(self.session, self.ban.id).but(ends_on=rows.on(days).isoformat())
        self.tried(vary, self.session, self.ban, said, by=self.head, seen=self.ban.version,
                   because="It has gone well")  # fmt: skip

    @precondition(lambda self: self.ban is not None)
    @rule(who=st.integers(0, 2), found=st.sampled_from(list(Found)), days=st.integers(1, 260))
    def review(self, who: int, found: Found, days: int) -> None:
        by = [*self.chairs, self.head][who]

        def act() -> None:
            for ban in self.session.scalars(select(Ban)).all():
                open_review(self.session, ban, by=by)
                for review in open_reviews(self.session, ban.id):
                    finish_review(self.session, ban, review, by=by, found=found, words="Looked",
                                  longer_until=rows.on(days))  # fmt: skip

        self.tried(act)

    @rule(hours=st.sampled_from([1, 10, 24, 72, 24 * 8, 24 * 20]))
    def time_passes(self, hours: int) -> None:
        self.at.shift(timedelta(hours=hours))

    @invariant()
    def nothing_forbidden(self) -> None:
        session, now, today = self.session, clock.now(), clock.today()
        bans = session.scalars(select(Ban)).all()
        barring = [ban for ban in bans if bars_now(ban)]
        assert len(barring) <= 1, "one ban at a time"
        listed = {one.ban_id for one in barred_now(session)}
        assert listed == {ban.id for ban in barring}, "the gate shows what is in force"
        for ban in bans:
            state = state_of(ban, hearing_of(session, ban))
            if state in (State.ENDED, State.LIFTED, State.WITHDRAWN, State.NOT_CONFIRMED):
                assert not bars_now(ban), f"{state} and shown as active"
            if ban.outcome == "confirmed":
                assert ban.served_on is not None, "confirmed while not served"
                assert ban.heard_at is not None or ban.decided_on > ban.deadline_on
                assert ban.review_on <= ban.ends_on <= ban.longest_on
                if not ban.during.isempty:
                    assert ban.during.upper <= midnight_after(ban.ends_on)
            elif bars_now(ban):
                assert ban.route == "temporary", "barred by an intention"
                assert today <= ban.decide_by, "rolled over by itself"
        for review in session.scalars(select(BanReview)).all():
            ban = session.get_one(Ban, (review.school_id, review.ban_id))
            assert review.reviewer_id != ban.decided_by_id
        assert now == clock.now()


@pytest.fixture
def machine(oak: Any) -> type[Machine]:
    return type("Bound", (Machine,), {"session": oak})


def test_no_sequence_of_acts_reaches_what_is_forbidden(machine):
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=25, stateful_step_count=25, deadline=None, database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip


# -- raw SQL

WRONG = {
    "one_ban_at_a_time": "insert into ban select (jsonb_populate_record(null::ban, to_jsonb(b)"
    " || jsonb_build_object('id', gen_random_uuid(), 'number', b.number + 1000))).* from ban b"
    " where id = :ban",
    "ck_ban_heard_before_confirmed": "update ban set heard_at = null, heard_id = null"
    " where id = :ban",
    "ck_ban_ends_at_midnight": "update ban set during = tstzrange(lower(during), upper(during)"
    " + interval '1 second') where id = :ban",
    "ck_ban_never_open": "update ban set during = tstzrange(lower(during), null) where id = :ban",
    "ck_ban_confirmed_has_an_end": "update ban set ends_on = null, review_on = null"
    " where id = :ban",
    "ck_ban_reviewed_before_its_end": "update ban set review_on = ends_on + 1 where id = :ban",
    "ck_ban_within_the_longest": "update ban set ends_on = longest_on + 1, during ="
    " tstzrange(lower(during), ((longest_on + 2)::timestamp at time zone 'Europe/London'))"
    " where id = :ban",
    "ck_ban_longest_is_the_limit": "update ban set longest_on = longest_on + 400 where id = :ban",
    "ck_ban_roles_differ": "update ban set reviewer_role = decider_role where id = :ban",
    "ck_ban_decided_by_somebody": "update ban set decided_by_id = null where id = :ban",
    "ck_ban_barred_only_when_decided": "update ban set outcome = '', decided_at = null,"
    " decided_on = null, decided_by_id = null, decision_id = null where id = :ban",
    "ck_ban_lifted_ends": "update ban set lifted_at = lower(during) + interval '1 second'"
    " where id = :ban",
    "ck_ban_withdrawn_ends": "update ban set withdrawn_at = lower(during) where id = :ban",
    "ck_ban_review_not_by_the_decider": "insert into ban_review (school_id, id, ban_id, decider_id,"
    " due_on, reviewer_id, reviewer, interests, opened_at, found, words) select school_id,"
    " gen_random_uuid(), id, decided_by_id, review_on, decided_by_id, 'x', '', now(), '', ''"
    " from ban where id = :ban",
    "ban_review_decider": "insert into ban_review (school_id, id, ban_id, decider_id,"
    " due_on, reviewer_id, reviewer, interests, opened_at, found, words) select school_id,"
    " gen_random_uuid(), id, gen_random_uuid(), review_on, decided_by_id, 'x', '', now(), '', ''"
    " from ban where id = :ban",
    "ck_ban_exception_struck_with_a_reason": "update ban_exception set struck_at = now(),"
    " struck_by = 'x' where ban_id = :ban and code = 'statutory'",
    "ck_ban_exception_within_the_day": "insert into ban_exception select (jsonb_populate_record("
    "null::ban_exception, to_jsonb(e) || jsonb_build_object('id', gen_random_uuid(), 'code', '',"
    " 'weekdays', '1', 'from_time', '23:00', 'to_time', '23:30'))).* from ban_exception e"
    " where ban_id = :ban and code = 'statutory'",
    "ck_ban_decision_with_words": "insert into ban_decision (school_id, id, ban_id, step, words,"
    " police_told, decided_at, decided_by, role) select school_id, gen_random_uuid(), id,"
    " 'confirmed', '', false, now(), 'x', '' from ban where id = :ban",
}


@pytest.mark.parametrize("constraint", WRONG)
def test_raw_sql_cannot_write_what_is_forbidden(oak, constraint):
    ban = rows.in_force(oak)
    with pytest.raises(DBAPIError) as no, oak.begin_nested():
        oak.execute(text(WRONG[constraint]), {"ban": ban.id})
    assert no.value.orig.diag.constraint_name == constraint


@pytest.mark.parametrize(
    ("constraint", "sql"),
    [
        (
            "ck_ban_temporary_ends_by_itself",
            "update ban set during = tstzrange(lower(during), upper(during) + interval '1 day')"
            " where id = :ban",
        ),
        ("ck_ban_within_the_longest", "update ban set decide_by = longest_on + 1 where id = :ban"),
    ],
)
def test_raw_sql_cannot_let_a_temporary_ban_roll_over(oak, constraint, sql):
    ban = rows.a_temporary(oak)
    with pytest.raises(DBAPIError) as no, oak.begin_nested():
        oak.execute(text(sql), {"ban": ban.id})
    assert no.value.orig.diag.constraint_name == constraint
