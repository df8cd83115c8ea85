"""Mail: written with the fact, sent afterwards, tried again, and given up in the end."""

from __future__ import annotations

import threading
import time as clock_on_the_wall
from datetime import timedelta
from uuid import UUID

import pytest
import time_machine
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from tests.mail import Mailbox
from tests.outbox.sending import (
    ENVELOPE,
    a_mail,
    attempt,
    carriers,
    clear,
    put,
    state,
    try_next,
)
from trustconduct import clock
from trustconduct.audit.models import SchoolAuditEvent
from trustconduct.db import transaction
from trustconduct.outbox import delivery
from trustconduct.outbox.delivery import (
    LEASE,
    MOST_BROKEN,
    WAIT_AFTER_REFUSAL,
    WAITS,
    begin_next,
    deliver,
    schools_waiting,
)
from trustconduct.outbox.mail_server import Post
from trustconduct.outbox.models import SchoolMessage, TrustMessage
from trustconduct.outbox.write import Link, write

NOON = "2027-03-01T12:00:00Z"


@pytest.fixture
def quiet(world):
    clear(world)
    return world


def given_up(world) -> list[dict]:
    """The audit's events about messages that were given up, with their details."""
    with world.sessions.school(world.oak.id) as session:
        return list(
            session.scalars(
                text(
                    "select d.details from audit_event_school e join audit_detail_school d"
                    " on d.id = e.id where e.event = 'message.given_up'"
                )
            )
        )


def test_a_mail_arrives_with_its_parts(quiet, mailbox):
    [message_id] = put(
        quiet,
        a_mail(reply_to="office@oak.example", attachment=("code.txt", "Be kind – always.")),
    )
    with Post(mailbox.url) as post:
        assert try_next(quiet, post)
        assert not try_next(quiet, post)
    [mail] = mailbox.messages
    assert mail["From"] == "Oak Lane <no-reply@x.example>"
    assert mail["To"] == "Alex Sample <alex@parents.example>"
    assert mail["Reply-To"] == "office@oak.example"
    assert mail["Message-ID"] == f"<{message_id}@x.example>"
    assert mail["Auto-Submitted"] == "auto-generated"
    [attached] = mail.iter_attachments()
    assert attached.get_filename() == "code.txt"
    assert "Be kind – always." in attached.get_content()
    assert state(quiet, message_id).sent_at is not None


def test_a_mail_is_sent_once_and_all_of_many_over_one_connection(quiet, mailbox):
    put(quiet, *[a_mail(subject=f"Number {number}") for number in range(5)])
    with Post(mailbox.url) as post:
        while try_next(quiet, post):
            pass
    assert sorted(mail["Subject"] for mail in mailbox.messages) == [f"Number {n}" for n in range(5)]


def test_a_refused_mail_is_tried_again_later_and_ever_later(quiet, mailbox):
    with time_machine.travel(NOON, tick=False) as time:
        [message_id] = put(quiet, a_mail())
        mailbox.answers = ["451 busy, alex@parents.example"] * len(WAITS)
        for tries, wait in enumerate(WAITS, start=1):
            with Post(mailbox.url) as post:
                assert try_next(quiet, post)
                assert not try_next(quiet, post), "tried again at once"
            kept = state(quiet, message_id)
            assert (kept.tries, kept.due_at) == (tries, clock.now() + wait)
            assert (kept.outcome, kept.last_error) == ("later", "SMTPDataError 451")
            time.shift(wait - timedelta(seconds=1))
            with Post(mailbox.url) as post:
                assert not try_next(quiet, post), "tried too soon"
            time.shift(timedelta(seconds=1))
        with Post(mailbox.url) as post:
            assert try_next(quiet, post)
    assert [mail["Message-ID"] for mail in mailbox.messages] == [f"<{message_id}@x.example>"]
    kept = state(quiet, message_id)
    assert (kept.sent_at is not None, kept.last_error, kept.outcome) == (True, "", "")
    assert given_up(quiet) == []


def test_trying_goes_on_for_four_hours_and_more():
    assert sum(WAITS, timedelta()) >= timedelta(hours=4)
    assert list(WAITS) == sorted(WAITS)


def test_after_the_last_try_it_is_given_up_and_the_next_mail_goes(quiet, mailbox):
    with time_machine.travel(NOON, tick=False) as time:
        [message_id] = put(quiet, a_mail())
        mailbox.answers = ["451 busy"] * (len(WAITS) + 1)
        for wait in (*WAITS, timedelta(days=30)):
            with Post(mailbox.url) as post:
                assert try_next(quiet, post)
            time.shift(wait)
        kept = state(quiet, message_id)
        assert kept.parked_at is not None
        assert (kept.tries, kept.outcome) == (len(WAITS) + 1, "later")
        put(quiet, a_mail(subject="Next"))
        with Post(mailbox.url) as post:
            assert try_next(quiet, post)
            assert not try_next(quiet, post)
    assert [mail["Subject"] for mail in mailbox.messages] == ["Next"]
    [told] = given_up(quiet)
    assert (told["outcome"], told["error"]) == ("later", "SMTPDataError 451")
    assert "alex" not in str(told)


@pytest.mark.parametrize("at", ["recipient", "data"])
def test_a_refusal_for_good_is_believed_when_it_comes_twice(quiet, mailbox, at):
    """Once may be a relay that was set up wrongly for a moment; a third time helps nobody."""
    with time_machine.travel(NOON, tick=False) as time:
        [message_id] = put(quiet, a_mail())
        if at == "recipient":
            mailbox.refuses = {"alex@parents.example": "550 no such person"}
        else:
            mailbox.answers = ["554 not from you"] * 2
        with Post(mailbox.url) as post:
            assert try_next(quiet, post)
        kept = state(quiet, message_id)
        assert (kept.parked_at, kept.outcome) == (None, "refused")
        assert kept.due_at == clock.now() + WAIT_AFTER_REFUSAL
        time.shift(WAIT_AFTER_REFUSAL)
        with Post(mailbox.url) as post:
            assert try_next(quiet, post)
    kept = state(quiet, message_id)
    assert (kept.parked_at is not None, kept.tries) == (True, 2)
    assert mailbox.messages == []


@pytest.mark.parametrize("answer", ["450 greylisted", "530 sign in", "552 mail box full", "421 no"])
def test_an_answer_that_is_not_about_the_address_for_good_is_tried_again(quiet, mailbox, answer):
    with time_machine.travel(NOON, tick=False):
        [message_id] = put(quiet, a_mail())
        mailbox.refuses = {"alex@parents.example": answer}
        with Post(mailbox.url) as post:
            assert try_next(quiet, post)
        kept = state(quiet, message_id)
        assert (kept.outcome, kept.due_at) == ("later", clock.now() + WAITS[0])


def test_a_mail_server_that_is_not_there_loses_nothing(quiet):
    with Mailbox() as gone:
        pass
    ids = put(quiet, a_mail(), a_mail())
    with Post(gone.url) as post:
        assert try_next(quiet, post)
        assert try_next(quiet, post)
        assert not try_next(quiet, post)
    for message_id in ids:
        kept = state(quiet, message_id)
        assert (kept.sent_at, kept.tries) == (None, 1)
        assert kept.last_error == "ConnectionRefusedError"


# -- poison


def test_a_message_that_can_not_be_made_is_parked_after_five_tries(quiet, mailbox):
    """Whatever it raises: here a KeyError, which is no error of any mail server."""
    with time_machine.travel(NOON, tick=False) as time:
        [poison] = put(quiet, a_mail(link=Link("/x/", "sign", "no id", 1)))
        for tries in range(1, MOST_BROKEN + 1):
            put(quiet, a_mail(subject=f"Healthy {tries}"))
            with Post(mailbox.url) as post:
                while try_next(quiet, post):
                    pass
            kept = state(quiet, poison)
            assert (kept.tries, kept.outcome) == (tries, "broken")
            assert (kept.parked_at is not None) == (tries == MOST_BROKEN)
            time.shift(timedelta(hours=4))
        with Post(mailbox.url) as post:
            assert not try_next(quiet, post)
    assert len(mailbox.messages) == MOST_BROKEN, "the others of the same school went"
    [told] = given_up(quiet)
    assert told["error"] == "ValueError"


class Deadly:
    """A carrier under which the worker dies, as by the kernel when memory runs out."""

    def carry(self, message, content, slug) -> None:
        raise SystemExit


def test_a_message_that_kills_its_worker_is_parked_after_five_tries_and_others_go(quiet, mailbox):
    with time_machine.travel(NOON, tick=False) as time:
        [poison] = put(quiet, a_mail())
        time.shift(timedelta(seconds=1))
        [healthy] = put(quiet, a_mail(subject="Healthy"))
        for _ in range(MOST_BROKEN):
            with quiet.sessions.school(quiet.oak.id) as session, pytest.raises(SystemExit):
                attempt(session, carriers() | {"mail": Deadly()})
            # The next worker has another message first: the deadly one waits its lease.
            if state(quiet, healthy).sent_at is None:
                with Post(mailbox.url) as post:
                    assert try_next(quiet, post)
                assert state(quiet, healthy).sent_at is not None
            time.shift(LEASE)
        assert state(quiet, poison).parked_at is None
        with Post(mailbox.url) as post:
            assert not try_next(quiet, post)
        kept = state(quiet, poison)
    assert (kept.parked_at is not None, kept.outcome) == (True, "broken")
    assert [mail["Subject"] for mail in mailbox.messages] == ["Healthy"]
    assert len(given_up(quiet)) == 1


def test_a_message_that_was_broken_and_is_taken_then_is_like_any_other(quiet, mailbox):
    [message_id] = put(quiet, a_mail())
    with quiet.sessions.school(quiet.oak.id) as session, pytest.raises(SystemExit):
        attempt(session, carriers() | {"mail": Deadly()})
    with time_machine.travel(clock.now() + LEASE), Post(mailbox.url) as post:
        assert try_next(quiet, post)
    kept = state(quiet, message_id)
    assert (kept.broken, kept.tries, kept.outcome) == (0, 2, "")
    assert len(mailbox.messages) == 1


# -- crashes, and two at once


def test_a_crash_between_sending_and_the_commit_gives_the_same_message_id(quiet, mailbox):
    [message_id] = put(quiet, a_mail())
    with Post(mailbox.url) as post, quiet.sessions.school(quiet.oak.id) as session:
        with transaction(session):
            assert begin_next(session, ENVELOPE) == message_id
        assert deliver(session, message_id, carriers(post))
        session.rollback()
    with time_machine.travel(clock.now() + LEASE), Post(mailbox.url) as post:
        assert try_next(quiet, post)
    first, second = mailbox.messages
    assert first["Message-ID"] == second["Message-ID"]


def test_the_message_id_is_of_the_message_and_not_of_the_settings(quiet, mailbox):
    """Another sender's address must not make two mails of one that went twice."""
    [message_id] = put(quiet, a_mail())
    mailbox.answers = ["451 busy"]
    with Post(mailbox.url) as post:
        assert try_next(quiet, post)
    moved = delivery.Envelope(key="x" * 32, base_url="https://y.example", mail_from="no@y.example")
    with (
        time_machine.travel(clock.now() + WAITS[0]),
        Post(mailbox.url) as post,
        quiet.sessions.school(quiet.oak.id) as session,
    ):
        with transaction(session):
            assert begin_next(session, moved) == message_id
        with transaction(session):
            assert deliver(session, message_id, {"mail": delivery.ByMail(post, moved)})
    [mail] = mailbox.messages
    assert mail["From"].addresses[0].domain == "y.example"
    assert mail["Message-ID"] == f"<{message_id}@x.example>"


def test_two_workers_never_send_the_same_mail(quiet, mailbox):
    put(quiet, a_mail(subject="One"), a_mail(subject="Two"))
    with (
        quiet.sessions.school(quiet.oak.id) as one,
        quiet.sessions.school(quiet.oak.id) as two,
        Post(mailbox.url) as post,
    ):
        ids = []
        for session in (one, two):
            with transaction(session):
                ids.append(begin_next(session, ENVELOPE))
        assert deliver(one, ids[0], carriers(post))
        assert not deliver(two, ids[0], carriers(post)), "the row is held"
        assert deliver(two, ids[1], carriers(post))
        one.commit()
        two.commit()
        assert not deliver(two, ids[0], carriers(post)), "it is sent"
    assert sorted(mail["Subject"] for mail in mailbox.messages) == ["One", "Two"]


def test_a_slow_worker_whose_lease_ran_out_does_not_send_what_another_has_sent(quiet, mailbox):
    [message_id] = put(quiet, a_mail())
    with quiet.sessions.school(quiet.oak.id) as slow, Post(mailbox.url) as post:
        with transaction(slow):
            begin_next(slow, ENVELOPE)
        with time_machine.travel(clock.now() + LEASE):
            assert try_next(quiet, post)
        assert not deliver(slow, message_id, carriers(post))
        slow.rollback()
    assert len(mailbox.messages) == 1


def test_a_row_held_by_a_worker_that_is_gone_without_a_word_comes_free(quiet, monkeypatch):
    """As when its machine loses its network: PostgreSQL alone must end it."""
    monkeypatch.setattr(delivery, "LONGEST_SILENCE", timedelta(seconds=0.5))
    [message_id] = put(quiet, a_mail())
    holds, silent = threading.Event(), threading.Event()

    class Silent:
        def carry(self, message, content, slug) -> None:
            holds.set()
            silent.wait(20)

    def gone() -> None:
        with quiet.sessions.school(quiet.oak.id) as session, pytest.raises(DBAPIError):
            attempt(session, {"mail": Silent()})

    worker = threading.Thread(target=gone)
    worker.start()
    try:
        assert holds.wait(10)  # a look before it would hold the row itself
        held = text("select id from outbox_school where id = :id for update skip locked")
        until = clock_on_the_wall.monotonic() + 10
        seen_held = False
        while clock_on_the_wall.monotonic() < until:
            with quiet.sessions.school(quiet.oak.id) as session:
                free = session.scalar(held, {"id": message_id}) is not None
            seen_held = seen_held or not free
            if seen_held and free:
                break
            clock_on_the_wall.sleep(0.02)
        assert seen_held
        assert free
    finally:
        silent.set()
        worker.join()
    assert state(quiet, message_id).sent_at is None


# -- which, and in whose session


def test_a_mail_is_gone_with_the_fact_that_it_tells(quiet):
    with quiet.sessions.school(quiet.oak.id) as session:
        write(session, [a_mail()])
        session.rollback()
    with quiet.sessions.trust() as session:
        assert schools_waiting(session) == []


def test_only_schools_with_mail_that_is_due_are_looked_at(quiet):
    put(quiet, a_mail(), a_mail(), school=quiet.elm)
    with quiet.sessions.trust() as session:
        assert schools_waiting(session) == [quiet.elm.id]
        assert schools_waiting(session, quiet.elm.id) == [quiet.elm.id]
        assert schools_waiting(session, quiet.oak.id) == []
        session.rollback()
        with time_machine.travel(clock.now() - timedelta(hours=1)):
            assert schools_waiting(session) == []


def test_the_school_that_has_waited_longest_comes_first(quiet):
    for hours, school in ((1, quiet.oak), (3, quiet.ash), (2, quiet.elm)):
        with time_machine.travel(clock.now() - timedelta(hours=hours)):
            put(quiet, a_mail(), school=school)
    with quiet.sessions.trust() as session:
        assert schools_waiting(session) == [quiet.ash.id, quiet.elm.id, quiet.oak.id]


def test_the_trusts_own_mail_is_sent_by_the_trusts_session(world, mailbox):
    with world.sessions.trust() as session, transaction(session):
        write(session, [a_mail(subject="For the officer")])
    with world.sessions.trust() as session, Post(mailbox.url) as post:
        assert attempt(session, carriers(post))
        assert not attempt(session, carriers(post))
        assert session.scalars(select(TrustMessage.sent_at)).one() is not None
    assert [mail["Subject"] for mail in mailbox.messages] == ["For the officer"]


def test_a_school_sends_only_its_own(quiet, mailbox):
    put(quiet, a_mail(), school=quiet.elm)
    with Post(mailbox.url) as post:
        assert not try_next(quiet, post)
        assert try_next(quiet, post, quiet.elm)


def test_a_message_is_waiting_or_sent_or_given_up_and_never_two_of_them(quiet):
    [message_id] = put(quiet, a_mail())
    for change in ("sent_at = now(), parked_at = now()", "settled_at = now()"):
        with quiet.sessions.school(quiet.oak.id) as session, pytest.raises(IntegrityError):
            session.execute(
                text(f"update outbox_school set {change} where id = :id"), {"id": message_id}
            )


def test_what_was_written_has_no_name_in_the_table_that_the_trust_reads(world, mailbox):
    with Post(mailbox.url) as post:
        while try_next(world, post):
            pass
    with world.sessions.trust() as session:
        rows = "\n".join(session.scalars(text("select t::text from outbox_school t")))
    assert "parents.example" not in rows
    for school in world.schools.values():
        assert school.canary not in rows


def test_an_event_names_the_message_that_was_given_up(quiet, mailbox):
    mailbox.refuses = {"alex@parents.example": "550 no such person"}
    with time_machine.travel(NOON, tick=False) as time:
        [message_id] = put(quiet, a_mail())
        for _ in range(2):
            with Post(mailbox.url) as post:
                assert try_next(quiet, post)
            time.shift(WAIT_AFTER_REFUSAL)
    with quiet.sessions.school(quiet.oak.id) as session:
        event = session.scalars(
            select(SchoolAuditEvent).where(SchoolAuditEvent.event == "message.given_up")
        ).one()
    assert (event.thing_kind, event.thing_id) == (SchoolMessage.__tablename__, message_id)
    assert event.actor_kind == "clock"
    assert isinstance(event.thing_id, UUID)
