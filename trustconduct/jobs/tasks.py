"""What the worker does. Each task looks for itself at what is due, and may run at any time."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, wraps
from typing import Any
from uuid import UUID

from redis import Redis, RedisError
from sqlalchemy import Engine, select
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from config.base import Settings, from_environment
from trustconduct import clock
from trustconduct.accounts.kept_forms import forget_old
from trustconduct.accounts.users import at_trust, leading, staff_of_schools
from trustconduct.acknowledgements.reminding import no_longer_wanted
from trustconduct.audit.actor import Role
from trustconduct.db import transaction
from trustconduct.jobs import bans, campaigns, letter_runs, packs, rolls, runs, sealing
from trustconduct.jobs.gateways import text_gateway
from trustconduct.jobs.printing import pdf_of
from trustconduct.jobs.queue import DELIVER, connect, enqueue, heard, ring, run_of_this_job
from trustconduct.jobs.rollouts import remind_schools
from trustconduct.jobs.starting import start_schools as start_each
from trustconduct.outbox.delivery import (
    ByMail,
    ByText,
    Carriers,
    begin_next,
    deliver_and_begin,
    schools_waiting,
)
from trustconduct.outbox.envelope import Envelope
from trustconduct.outbox.mail_server import Post
from trustconduct.outbox.models import Channel
from trustconduct.plain_log import log
from trustconduct.policies.consulting_mails import Head
from trustconduct.policies.consulting_told import tell, to_tell
from trustconduct.reviews.reminders import Recipient, remind
from trustconduct.reviews.school_reminders import ROLES as REVIEWERS
from trustconduct.reviews.school_reminders import Colleague, look_after, schools_to_look_at
from trustconduct.schools.notices import with_notices
from trustconduct.schools.start import to_hand_over
from trustconduct.tenants.engine import make_engine
from trustconduct.tenants.models import School, Trust
from trustconduct.tenants.sessions import ScopedSession, Sessions

# A job ends well before RQ would kill it, and rings again if something is left.
SECONDS_OF_DELIVERY = 120
# One school's thousand mails must not hold up the next school's one.
SECONDS_FOR_A_SCHOOL = 20


class NoSuchSchool(LookupError):
    """A job names a school that is not there."""


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
    engine = make_engine(settings.DATABASE_URL, pool_size=1)
    return Works(settings, engine, Sessions(engine), connect(settings.REDIS_URL))


def told(task: Callable[..., Any]) -> Callable[..., Any]:
    """One line in the log for each run of a task: how long, what came of it, what broke.

    A run of the timetable is noted in its row as well.
    """

    @wraps(task)
    def run(*ids: str) -> Any:
        began = time.perf_counter()
        name = f"{task.__module__}.{task.__name__}"
        run_id = run_of_this_job()
        more = {"run": str(run_id)} if run_id else {}
        if run_id and not _begins(run_id):
            return None
        try:
            done = task(*ids)
        except Exception as error:
            log.error("A task failed.", task=name, ms=_since(began), exc_info=True, **more)
            if run_id:
                _ends(run_id, error=type(error).__qualname__)
            raise
        log.info("task", task=name, ms=_since(began), done=done, **more)
        if run_id:
            _ends(run_id, found=int(done))
        return done

    return run


def _begins(run_id: UUID) -> bool:
    with works().sessions.trust() as session, transaction(session):
        return runs.begin(session, run_id)


def _ends(run_id: UUID, **what: Any) -> None:
    """Never fails: the work is done, and would be done again for the sake of its note."""
    try:
        with works().sessions.trust() as session, transaction(session):
            runs.end(session, run_id, **what)
    except SQLAlchemyError:
        log.error("A run could not be noted.", exc_info=True)


def _since(began: float) -> float:
    return round((time.perf_counter() - began) * 1_000, 1)


@told
def deliver_mail(school_id: str | None = None) -> int:
    """Send all that is due, the Trust's and each school's; give how many were tried.

    With an id, that school's alone. What breaks at one shows after the others had their turn.
    """
    with_ = works()
    settings, stop_at = with_.settings, time.monotonic() + SECONDS_OF_DELIVERY
    if school_id is None:
        heard(with_.redis)
    key, came_back = settings.SECRET_KEY, settings.BOUNCE_ADDRESS
    envelope = Envelope(key, settings.BASE_URL, settings.MAIL_FROM, bounces_to=came_back)
    broken: Exception | None = None
    tried = 0
    with Post(settings.SMTP_URL) as post:
        carriers: Carriers = {
            Channel.MAIL: ByMail(post, envelope, pdf_of),
            Channel.TEXT: ByText(text_gateway(settings), envelope),
        }
        with with_.sessions.trust() as session:
            schools = _chosen(session, school_id)
            session.rollback()  # the choice is made; nothing is kept open while mail is sent
            if school_id is None:
                tried += _deliver(session, carriers, envelope, stop_at)[0]
        for chosen in schools:
            until = min(stop_at, time.monotonic() + SECONDS_FOR_A_SCHOOL)
            try:
                with with_.sessions.school(chosen) as session:
                    number, more = _deliver(session, carriers, envelope, until)
            except OperationalError:
                raise  # PostgreSQL is away: for every school
            except Exception as error:
                broken = broken or error
                _log()
                continue
            tried += number
            if more and time.monotonic() < stop_at:
                with suppress(RedisError):  # the timetable's look finds it as well
                    enqueue(with_.redis, DELIVER, str(chosen))
    if time.monotonic() > stop_at:
        ring(with_.redis)
    if broken:
        raise broken
    return tried


def _chosen(session: ScopedSession, school: str | None) -> list[UUID]:
    """The schools to send for. Raises NoSuchSchool before any of a school's rows is read."""
    if school is None:
        return schools_waiting(session)
    try:
        school_id = UUID(school)
    except (TypeError, ValueError, AttributeError):
        raise NoSuchSchool from None
    if session.scalar(select(School.id).where(School.id == school_id)) is None:
        raise NoSuchSchool
    return schools_waiting(session, school_id)


def _deliver(
    session: ScopedSession, carriers: Carriers, envelope: Envelope, until: float
) -> tuple[int, bool]:
    """Try one message after the other; give how many, and whether the time ran out first."""
    tried = 0
    message_id: UUID | None = None
    while time.monotonic() < until:
        if message_id is None:
            with transaction(session):
                message_id = begin_next(session, envelope)
        if message_id is None:
            return tried, False
        at_hand, message_id = message_id, None
        try:
            with transaction(session):
                # The next one's try is counted in the commit that marks this one: one commit a
                # mail. When the time is up the last that was begun waits for its lease.
                _, message_id = deliver_and_begin(
                    session, at_hand, carriers, envelope, no_longer_wanted
                )
        except OperationalError:
            raise
        except Exception:  # its try is counted: the next message has its turn
            message_id = None
            _log()
        session.expunge_all()
        tried += 1
    return tried, True


def _log() -> None:
    log.error("A message could not be tried.", exc_info=True)


@told
def remind_of_reviews() -> bool:
    """Write the reminder of the policy's review if one is due."""
    with_ = works()
    people = _people_of_trust()
    with with_.sessions.trust() as session:
        trust = session.scalar(select(Trust.name)) or ""
        with transaction(session):
            console = f"{with_.settings.BASE_URL.rstrip('/')}/admin/"
            reminded = remind(session, people, trust=trust, console=console)
    if reminded:
        ring(with_.redis)
    return reminded


def _people_of_trust() -> list[Recipient]:
    with works().sessions.accounts(read_only=True) as session:
        today, role = clock.today(), Role.TRUST_OFFICER
        return [
            Recipient(user.name, user.email, user.id, officer=user.is_at_trust(role, today))
            for user in at_trust(session)
        ]


@told
def remind_of_rollouts() -> int:
    """Write to the schools that are to adopt an edition; give how many reminders were written."""
    with_ = works()
    officers = [one for one in _people_of_trust() if one.officer]
    base = with_.settings.BASE_URL.rstrip("/")
    return remind_schools(with_.sessions, officers, base, lambda: ring(with_.redis))


@told
def consult_on_drafts() -> int:
    """Write to those who are asked about a draft; give how many emails were written."""
    with_ = works()
    base = with_.settings.BASE_URL.rstrip("/")
    with with_.sessions.trust(read_only=True) as session:
        found = to_tell(session)
        if not found:
            return 0
        trust = session.scalar(select(Trust.name)) or ""
        schools = {
            row.id: row
            for row in session.execute(
                select(School.id, School.slug, School.name).where(School.suspended_at.is_(None))
            )
        }
    with with_.sessions.accounts(read_only=True) as session:
        led = leading(session, schools)
    heads = {id: [Head.at(user, schools[id], base) for user in users] for id, users in led.items()}
    written = 0
    for one, spoke in found:
        silent = {school: them for school, them in heads.items() if school not in (spoke or ())}
        with with_.sessions.trust() as session, transaction(session):
            written += tell(session, one, silent, trust=trust)
    if written:
        ring(with_.redis)
    return written


@told
def look_after_reviews() -> int:
    """Look after the schools' own reviews; give at how many schools somebody was reminded.

    One query finds the schools, one the people there; each school is a commit of its
    own. What breaks at one does not keep the others from their turn.
    """
    with_ = works()
    with with_.sessions.trust(read_only=True) as session:
        trust = session.scalar(select(Trust.name)) or ""
        schools = schools_to_look_at(session)
    with with_.sessions.accounts(read_only=True) as session:
        staff = {
            school_id: [Colleague(user.id, user.name, user.email, role) for user, role in people]
            for school_id, people in staff_of_schools(session, schools, REVIEWERS).items()
        }
    reminded, broken = 0, None
    for school_id in schools:
        try:
            with with_.sessions.school(school_id) as session, transaction(session):
                reminded += look_after(
                    session,
                    staff.get(school_id, ()),
                    trust=trust,
                    base_url=with_.settings.BASE_URL,
                )
        except OperationalError:
            raise  # PostgreSQL is away: for every school
        except Exception as error:
            broken = broken or error
            log.error("A school's reviews could not be looked after.", exc_info=True)
    if reminded:
        ring(with_.redis)
    if broken:
        raise broken
    return reminded


@told
def ask_adults() -> int:
    """Send the campaigns whose day has come, and ask who joined; give how many were asked."""
    return campaigns.ask_adults(works().sessions, lambda: ring(works().redis))


@told
def remind_adults() -> int:
    """Remind who has not answered and is due today; give how many."""
    return campaigns.remind_adults(works().sessions, lambda: ring(works().redis))


@told
def tell_of_bans() -> int:
    """Tell staff of the days of bans that are near; give how many days were told of."""
    with_ = works()
    officers = [one for one in _people_of_trust() if one.officer]
    return bans.tell_schools(
        with_.sessions, officers, with_.settings.BASE_URL, lambda: ring(with_.redis)
    )


@told
def forget_kept_forms() -> int:
    """Delete what was typed into forms and not sent within an hour; give how many."""
    with works().sessions.accounts() as session, transaction(session):
        return forget_old(session)


@told
def start_schools() -> int:
    """Carry out what a crash left over of what schools are handed; give how many schools."""
    with_ = works()
    with with_.sessions.trust(read_only=True) as session:
        waiting = dict.fromkeys([*to_hand_over(session), *with_notices(session)])
    started = start_each(with_.sessions, waiting)
    if started:
        ring(with_.redis)
    return started


@told
def take_in_rolls() -> int:
    """Do the next step of every roll that waits for one; give how many."""
    return rolls.take_in_due(works().sessions)


@told
def make_packs() -> int:
    """Make every pack of paper sheets that waits for it; give how many."""
    return packs.make_due(works().sessions, works().settings)


@told
def print_letters() -> int:
    """Make every print run of letters that waits for it; give how many."""
    return letter_runs.make_due(works().sessions)


@told
def forget_runs() -> int:
    """Delete what the timetable ran more than 90 days ago; give how many."""
    with works().sessions.trust() as session, transaction(session):
        return runs.forget_old(session)


@told
def seal_events() -> int:
    """Seal what has happened since the last look; give how many events."""
    return sealing.seal_all(works().sessions)


@told
def mail_seals() -> bool:
    """Mail today's newest seals to the Trust, once a day."""
    with works().sessions.trust() as session, transaction(session):
        written = sealing.mail_heads(session)
    if written:
        ring(works().redis)
    return written
