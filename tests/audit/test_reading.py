"""Looking at a sensitive record is an event itself, once for fifteen minutes."""

from __future__ import annotations

import time_machine
from sqlalchemy import func, select

from tests import build
from trustconduct import clock
from trustconduct.audit.events import Event
from trustconduct.audit.models import SchoolAuditDetail, SchoolAuditEvent, TrustAuditEvent
from trustconduct.audit.reading import ONE_READING, record_reading
from trustconduct.db import new_id


def read(session, by, thing=None, event=Event.ANSWER_READ):
    return record_reading(session, event, by=by, about_kind="acknowledgement", about_id=thing)


def how_many(session, table=SchoolAuditEvent):
    return session.scalar(select(func.count()).where(table.event.endswith(".read")))


def test_the_same_reading_within_fifteen_minutes_is_one_event(oak):
    head, thing = build.a_head(oak), new_id()
    with time_machine.travel(clock.now(), tick=False) as now:
        assert read(oak, head, thing)
        now.shift(ONE_READING.total_seconds() - 1)
        assert not read(oak, head, thing)
        now.shift(1)
        assert read(oak, head, thing)
    assert how_many(oak) == 2


def test_another_person_another_thing_or_another_event_is_another_reading(oak):
    head, office, thing = build.a_head(oak), build.an_office(oak), new_id()
    assert read(oak, head, thing)
    assert read(oak, office, thing)
    assert read(oak, head, new_id())
    assert read(oak, head)
    assert not read(oak, head)
    assert read(oak, head, thing, Event.HISTORY_READ)


def test_a_reading_at_the_trust_stands_in_the_trusts_audit(trust):
    officer, thing = build.an_officer(), new_id()
    assert read(trust, officer, thing)
    assert not read(trust, officer, thing)
    assert how_many(trust, TrustAuditEvent) == 1


def test_an_event_says_who_in_which_role_and_from_where(oak):
    head = build.a_head(oak)
    head = type(head)(head.kind, head.id, "Mrs Sample", head.grants, "192.0.2.7")
    read(oak, head, new_id())
    details = oak.scalars(select(SchoolAuditDetail).order_by(SchoolAuditDetail.id.desc())).first()
    assert details.details == {
        "by": "Mrs Sample",
        "by_role": "Headteacher",
        "address": "192.0.2.7",
    }
