"""A campaign to 100,000 adults, sending its mails, and the first page of its list.

Floors: the same rows by one INSERT … SELECT a table, as a superuser whom no policy binds;
a bare smtplib loop over one connection that commits one UPDATE a mail; the same list by
bare SQL.
"""

from __future__ import annotations

import smtplib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from uuid import UUID

import psycopg
from sqlalchemy import create_engine

from tests import build
from tests.bench.many import Place, database
from tests.bench.measure import KEY, in_turns, report, say
from tests.bench.rolls import memory
from trustconduct.acknowledgements.campaigns import carry_on, start_campaign
from trustconduct.acknowledgements.lists import counts, lines
from trustconduct.acknowledgements.reminding import no_longer_wanted
from trustconduct.db import transaction
from trustconduct.outbox.delivery import ByMail, begin_next, deliver_and_begin
from trustconduct.outbox.envelope import Envelope
from trustconduct.outbox.mail_server import Post
from trustconduct.outbox.models import Channel
from trustconduct.policies.versions import version_in_force
from trustconduct.tenants.models import School
from trustconduct.tenants.sessions import ScopedSession, Sessions

ADULTS, MAILS, PAGES = 100_000, 1_000, 20
OFFICE = {"telephone": "01632 960001", "reply_to": "office@school.example"}

_ADULTS = """
insert into adult (school_id, id, name, name_key, email, added_at, version)
select %(school)s, gen_random_uuid(), 'Adult ' || lpad(n::text, 6, '0'), 'adult ' || n,
  'a' || n || '@parents.example', now() - interval '2 days', 1
from generate_series(1, %(many)s) n
"""
_EMPTY = """
truncate outbox_school, outbox_content_school, sign_request, sign_reminder, acknowledgement,
  acknowledgement_words, talk_held, campaign, campaign_plan, campaign_words cascade
"""
_REQUESTS = """
insert into sign_request (school_id, id, campaign_id, adult_id, version_id, asked_at, closes_on,
  generation, remind_on)
select school_id, gen_random_uuid(), %(campaign)s, id, %(version)s, now(), current_date + 180, 1,
  current_date + 5
from adult where school_id = %(school)s and email <> ''
"""
_MESSAGES = """
insert into outbox_school (school_id, id, adult_id, kind, channel, written_at, due_at, tries,
  last_error, reference, outcome, broken)
select school_id, id, adult_id, 'sign_request', 'mail', now(), now(), 0, '', '', '', 0
from sign_request
"""
_CONTENTS = """
insert into outbox_content_school (school_id, id, to_name, to_address, reply_to, from_name,
  subject, body, letter, link)
select r.school_id, r.id, a.name, a.email, %(reply)s, 'Oak', 'Please read', %(body)s, %(letter)s,
  jsonb_build_object('path', '/oak/sign/' || r.id || '/', 'purpose', 'sign', 'row', r.id::text,
    'generation', 1)
from sign_request r join adult a on a.school_id = r.school_id and a.id = r.adult_id
"""


def _address(place: Place) -> str:
    return place.superuser.replace("+psycopg", "")


@contextmanager
def asked(adults: int) -> Iterator[tuple[Place, Sessions, psycopg.Connection]]:
    with database() as place, psycopg.connect(_address(place), autocommit=True) as bare:
        bare.execute("truncate talk_held, acknowledgement_words, acknowledgement cascade")
        bare.execute(_ADULTS, {"school": place.first, "many": adults})
        bare.execute("analyze")
        engine = create_engine(place.services.database_url)
        try:
            yield place, Sessions(engine), bare
        finally:
            engine.dispose()


def campaign() -> None:
    """From the press of the button to the last row committed: planned, then sent by the worker."""
    with asked(ADULTS) as (place, sessions, bare):
        before = memory()
        made: dict[str, str] = {}

        def ours(run: int) -> float:
            bare.execute(_EMPTY)
            with sessions.school(place.first) as session, transaction(session):
                build.confirmed(session)
            began = time.perf_counter()
            with sessions.school(place.first) as session, transaction(session):
                made["id"] = str(_start(session))
            with sessions.school(place.first) as session, transaction(session):
                number = carry_on(session, session.get_one(School, place.first), **OFFICE)
            took = time.perf_counter() - began
            assert number >= ADULTS, number
            return number / took

        def floor(run: int) -> float:
            row = bare.execute("select body, letter from outbox_content_school limit 1").fetchone()
            version = bare.execute("select version_id from campaign").fetchone()
            bare.execute(
                "truncate outbox_school, outbox_content_school, sign_request, sign_reminder,"
                " acknowledgement, acknowledgement_words, talk_held cascade"
            )
            given = {
                "school": place.first, "campaign": made["id"], "version": version[0],
                "reply": OFFICE["reply_to"], "body": row[0], "letter": row[1],
            }  # fmt: skip
            began = time.perf_counter()
            with bare.transaction():
                for statement in (_REQUESTS, _MESSAGES, _CONTENTS):
                    bare.execute(statement, given)
            return ADULTS / (time.perf_counter() - began)

        result = in_turns(ours, floor)
        say(f"  memory: {before:.0f} MB before, {memory():.0f} MB at the most")
        report("campaign", *result, "requests/s", ADULTS)


def _start(session: ScopedSession) -> UUID:
    return start_campaign(
        session, build.the_school(session), version_in_force(session),
        by=build.a_head(session), link_days=180, **OFFICE,
    ).id  # fmt: skip


@contextmanager
def sink() -> Iterator[int]:
    """A mail server in a process of its own that takes everything and keeps nothing."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "aiosmtpd", "-n", "-c", "aiosmtpd.handlers.Sink",
               "-l", f"127.0.0.1:{port}"]  # fmt: skip
    running = subprocess.Popen(command)
    try:
        for _ in range(100):
            try:
                socket.create_connection(("127.0.0.1", port), 0.2).close()
                break
            except OSError:
                time.sleep(0.1)
        yield port
    finally:
        running.terminate()
        running.wait(20)


def send() -> None:
    """Mails that wait, sent one after the other: each counted, sent, and marked."""
    with asked(MAILS) as (place, sessions, bare), sink() as port:
        bare.execute(_EMPTY)
        with sessions.school(place.first) as session, transaction(session):
            build.confirmed(session)
        with sessions.school(place.first) as session, transaction(session):
            _start(session)
        envelope = Envelope(KEY, "https://code.example", "no-reply@code.example")
        waiting = bare.execute("select count(*) from outbox_school").fetchone()[0]

        def again() -> None:
            bare.execute("update outbox_school set sent_at = null, tries = 0, broken = 0,"
                         " due_at = written_at")  # fmt: skip
            bare.execute("vacuum outbox_school")

        def ours(run: int) -> float:
            again()
            began, number = time.perf_counter(), 0
            with Post(f"smtp://127.0.0.1:{port}") as post:
                carriers = {Channel.MAIL: ByMail(post, envelope)}
                with sessions.school(place.first) as session:
                    with transaction(session):
                        message_id = begin_next(session, envelope)
                    while message_id is not None:  # as the worker does (jobs/tasks.py)
                        with transaction(session):
                            taken, message_id = deliver_and_begin(
                                session, message_id, carriers, envelope, no_longer_wanted
                            )
                            number += taken
                        session.expunge_all()
            assert number == waiting, (number, waiting)
            return number / (time.perf_counter() - began)

        def floor(run: int) -> float:
            again()
            rows = bare.execute(
                "select id, to_address, subject, body from outbox_content_school"
            ).fetchall()
            with (
                psycopg.connect(_address(place)) as connection,
                smtplib.SMTP("127.0.0.1", port) as server,
            ):
                began = time.perf_counter()
                for id, to, subject, body in rows:
                    mail = EmailMessage()
                    mail["From"], mail["To"], mail["Subject"] = "no-reply@code.example", to, subject
                    mail.set_content(body)
                    server.send_message(mail)
                    connection.execute(
                        "update outbox_school set sent_at = now() where school_id = %s and id = %s",
                        (place.first, id),
                    )
                    connection.commit()
                return len(rows) / (time.perf_counter() - began)

        report("send", *in_turns(ours, floor), "mails/s", waiting)


# The same numbers and the same first page by hand.
_LIST = """
select r.id, r.generation, a.name, a.email, k.signed, k.declined, k.talk, k.at
from sign_request r
  join adult a on a.school_id = r.school_id and a.id = r.adult_id
  cross join lateral (
    select bool_or(answer = 'signed') signed, bool_or(answer = 'declined') declined,
      bool_or(answer = 'talk') talk, max(answered_at) at
    from acknowledgement where school_id = r.school_id and request_id = r.id
  ) k
where r.school_id = %(school)s and r.version_id = %(version)s
order by a.name, r.id limit 51
"""
_COUNTS = """
select status, count(*) from (
  select case when bool_or(k.answer = 'signed') then 'signed'
      when bool_or(k.answer = 'declined') then 'declined'
      when bool_or(k.answer = 'talk') then 'talk' else 'none' end as status
  from sign_request r left join acknowledgement k
    on k.school_id = r.school_id and k.request_id = r.id
  where r.school_id = %(school)s and r.version_id = %(version)s group by r.id
) each group by status
"""
_ANSWERS = """
insert into acknowledgement (school_id, id, request_id, answer, sha256, answered_at)
select school_id, gen_random_uuid(), id, 'signed', repeat('0', 64), now()
from sign_request where random() < 0.7
"""
_WORDS = """
insert into acknowledgement_words (school_id, id, typed_name, note)
select school_id, id, 'Sam', '' from acknowledgement
"""


def status_list() -> None:
    """The first page of the list and its counts, at 100,000 people, seven in ten of whom signed."""
    with asked(ADULTS) as (place, sessions, bare):
        bare.execute(_EMPTY)
        with sessions.school(place.first) as session, transaction(session):
            build.confirmed(session)
        with sessions.school(place.first) as session, transaction(session):
            _start(session)
        with sessions.school(place.first) as session, transaction(session):
            carry_on(session, session.get_one(School, place.first), **OFFICE)
        bare.execute("set session_replication_role = replica")  # the keys are right as made
        bare.execute(_ANSWERS)
        bare.execute(_WORDS)
        bare.execute("set session_replication_role = origin")
        bare.execute("vacuum analyze")
        with sessions.school(place.first) as session:
            here = version_in_force(session)
            session.expunge_all()
        given = {"school": place.first, "version": here.id}

        def ours(of: str) -> object:
            def once(run: int) -> float:
                began = time.perf_counter()
                for _ in range(PAGES):
                    with sessions.school(place.first, read_only=True) as session:
                        if of == "page":
                            assert len(lines(session, here, most=50)) == 51
                        else:
                            assert counts(session, here).asked >= ADULTS
                return PAGES / (time.perf_counter() - began)

            return once

        def floor(statement: str) -> object:
            def once(run: int) -> float:
                began = time.perf_counter()
                for _ in range(PAGES):
                    bare.execute(statement, given).fetchall()
                return PAGES / (time.perf_counter() - began)

            return once

        report("status_list", *in_turns(ours("page"), floor(_LIST)), "pages/s", ADULTS)
        report("status_counts", *in_turns(ours("counts"), floor(_COUNTS)), "counts/s", ADULTS)
