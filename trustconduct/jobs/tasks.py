"""What the worker does. Each task looks for itself at what is due, and may run at any time."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import cache

from redis import Redis
from sqlalchemy import Engine, create_engine, select

from config.base import Settings, from_environment
from trustconduct.accounts.users import with_trust_role
from trustconduct.audit.actor import Role
from trustconduct.db import transaction
from trustconduct.jobs.queue import connect, heard, ring
from trustconduct.jobs.starting import start_schools as start_each
from trustconduct.outbox.delivery import Envelope, Post, deliver_next, schools_waiting
from trustconduct.reviews.reminders import Recipient, remind
from trustconduct.schools.start import to_hand_over
from trustconduct.tenants.models import Trust
from trustconduct.tenants.sessions import ScopedSession, Sessions

# A job ends well before RQ would kill it, and rings again if something is left.
SECONDS_OF_DELIVERY = 120


@dataclass(frozen=True)
class Works:
    """What the tasks of one process work with."""

    settings: Settings
    engine: Engine
    sessions: Sessions
    redis: Redis


@cache
def works() -> Works:
    """Made when the first task of a process needs it, from the environment."""
    settings = from_environment()
    engine = create_engine(settings.DATABASE_URL, pool_size=1, hide_parameters=True)
    return Works(settings, engine, Sessions(engine), connect(settings.REDIS_URL))


def deliver_mail() -> int:
    """Send all mail that is due, school by school and then the Trust's; give how many."""
    with_ = works()
    heard(with_.redis)
    stop_at = time.monotonic() + SECONDS_OF_DELIVERY
    settings = with_.settings
    envelope = Envelope(
        key=settings.SECRET_KEY, base_url=settings.BASE_URL, mail_from=settings.MAIL_FROM
    )
    sent = 0
    with Post(settings.SMTP_URL) as post:
        with with_.sessions.trust() as session:
            schools = schools_waiting(session)
            sent += _deliver(session, post, envelope, stop_at)
        for school_id in schools:
            with with_.sessions.school(school_id) as session:
                sent += _deliver(session, post, envelope, stop_at)
    if time.monotonic() > stop_at:
        ring(with_.redis)
    return sent


def _deliver(session: ScopedSession, post: Post, envelope: Envelope, stop_at: float) -> int:
    sent = 0
    while time.monotonic() < stop_at:
        with transaction(session):
            if not deliver_next(session, post, envelope):
                break
        session.expunge_all()
        sent += 1
    return sent


def remind_of_reviews() -> bool:
    """Write the reminder of the policy's review if one is due."""
    with_ = works()
    with with_.sessions.accounts(read_only=True) as session:
        officers = [
            Recipient(user.name, user.email)
            for user in with_trust_role(session, Role.TRUST_OFFICER)
        ]
    with with_.sessions.trust() as session:
        trust = session.scalar(select(Trust.name)) or ""
        with transaction(session):
            reminded = remind(
                session,
                officers,
                trust=trust,
                console=f"{with_.settings.BASE_URL.rstrip('/')}/admin/",
            )
    if reminded:
        ring(with_.redis)
    return reminded


def start_schools() -> int:
    """Carry out what a crash left over of the schools that were added; give how many of them."""
    with_ = works()
    with with_.sessions.trust(read_only=True) as session:
        waiting = to_hand_over(session)
    started = start_each(with_.sessions, waiting)
    if started:
        ring(with_.redis)
    return started
