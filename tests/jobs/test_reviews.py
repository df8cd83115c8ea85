"""The clock looks after the schools' own reviews: those that are due, each in its own session."""

from __future__ import annotations

import pytest
import time_machine
from sqlalchemy import select, text

from tests import build
from trustconduct.db import transaction
from trustconduct.jobs import tasks
from trustconduct.outbox.models import SchoolMessageContent
from trustconduct.reviews.models import SchoolReview


@pytest.fixture(autouse=True)
def works(settings, monkeypatch):
    monkeypatch.setattr(tasks, "from_environment", lambda: settings)
    tasks.works.cache_clear()
    yield
    made = tasks.works()
    made.engine.dispose()
    made.redis.close()
    tasks.works.cache_clear()


def told(world, school) -> list[str]:
    with world.sessions.school(school.id, read_only=True) as session:
        return list(
            session.scalars(
                select(SchoolMessageContent.to_address)
                .where(SchoolMessageContent.body.like("%/staff/reviews/%"))
                .order_by(SchoolMessageContent.id)
            )
        )


def test_each_schools_office_is_reminded_once_and_its_mail_leaves(world, mailbox, settings):
    with world.sessions.school(world.oak.id, read_only=True) as session:
        first = min(
            session.scalars(select(SchoolReview.begins_on).where(SchoolReview.done_on.is_(None)))
        )
    with time_machine.travel(f"{first.isoformat()}T09:00:00Z"):
        assert tasks.look_after_reviews() == len(world.schools)
        assert tasks.look_after_reviews() == 0
    for school in world.schools.values():
        assert told(world, school) == [f"office@{school.slug}.example"]


def test_what_breaks_at_one_school_does_not_keep_the_others(world, servers, monkeypatch):
    real = tasks.look_after

    def breaks(session, *args, **more):
        if session.school_id == world.oak.id:
            raise RuntimeError("broken")
        return real(session, *args, **more)

    monkeypatch.setattr(tasks, "look_after", breaks)
    with time_machine.travel("2040-01-20T09:00:00Z"), pytest.raises(RuntimeError, match="broken"):
        tasks.look_after_reviews()
    assert told(world, world.oak) == []
    assert told(world, world.elm)


def test_a_closed_account_is_not_reminded(world):
    with world.sessions.accounts() as session, transaction(session):
        session.execute(text("update account_user set disabled_at = now()"))
    with time_machine.travel("2040-01-20T09:00:00Z"):
        assert tasks.look_after_reviews() == 0


def test_heads_of_open_schools_are_asked_about_a_draft_once(world):
    with world.sessions.trust() as session, transaction(session):
        build.a_consultation(session)
    assert tasks.consult_on_drafts() == 3
    assert tasks.consult_on_drafts() == 0
