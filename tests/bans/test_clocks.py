"""The days of bans: each is told of once, on its day, however often the clock looks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import time_machine
from sqlalchemy import select

from tests.bans import rows
from tests.letters import rows as letters
from trustconduct import clock
from trustconduct.bans.clocks import Told, tell_of_bans
from trustconduct.bans.models import BanNotice
from trustconduct.outbox.models import SchoolMessageContent

PEOPLE = (Told("Head", "head@oak.example"), Told("Officer", "officer@trust.example", officer=True))


def test_each_day_of_a_ban_is_told_of_once_on_its_day(oak):
    with time_machine.travel(datetime(2027, 10, 4, 9, tzinfo=UTC), tick=False) as at:
        temporary = rows.a_temporary(oak)
        ban = rows.in_force(oak, letters.an_addressee(oak, "Kim Sample"), review=20, days=30)
        decide_by, review_on, ends_on = temporary.decide_by, ban.review_on, ban.ends_on
        told = {}
        for _ in range(40):
            tell_of_bans(oak, PEOPLE, base_url="https://code.example")
            tell_of_bans(oak, PEOPLE, base_url="https://code.example")
            for one in oak.scalars(select(BanNotice)):
                told.setdefault((one.ban_id, one.kind), clock.local(one.told_at).date())
            at.shift(timedelta(days=1))
        day = timedelta(days=1)
        assert told == {
            (temporary.id, "lapses_in_3"): decide_by - 3 * day,
            (temporary.id, "lapses_tomorrow"): decide_by - day,
            (temporary.id, "lapses_today"): decide_by,
            (temporary.id, "lapsed"): decide_by + day,
            (ban.id, "review"): review_on,
            (ban.id, "review_overdue"): review_on + 7 * day,
            (ban.id, "ends_soon"): ends_on - 7 * day,
            (ban.id, "ended"): ends_on + day,
        }
        mails = oak.scalars(
            select(SchoolMessageContent).where(
                SchoolMessageContent.to_address == "officer@trust.example"
            )
        ).all()
        assert len(mails) == 5  # what lapses, and a review that is overdue
        assert not any("Sample" in mail.body + mail.subject for mail in mails)
