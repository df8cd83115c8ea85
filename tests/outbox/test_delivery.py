"""Mail: written with the fact, sent afterwards, tried again, and its link stored nowhere."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import create_engine, select, text

from tests.mail import Mailbox
from trustconduct import clock
from trustconduct.db import transaction
from trustconduct.outbox.delivery import WAITS, Envelope, Post, deliver_next, schools_waiting
from trustconduct.outbox.links import is_token, token
from trustconduct.outbox.models import (
    SchoolMessage,
    TrustMessage,
)
from trustconduct.outbox.write import HeaderRefused, Link, Mail, write

KEY = "a key that only this test has, and long"
ENVELOPE = Envelope(key=KEY, base_url="https://x.example/", mail_from="no-reply@x.example")
NOON = "2027-03-01T12:00:00Z"


def a_mail(**values) -> Mail:
    given = {
        "kind": "test",
        "to_name": "Alex Sample",
        "to_address": "alex@parents.example",
        "from_name": "Oak Lane",
        "subject": "Hello",
        "body": "Dear Alex\n\n{link}\n",
    }
    return Mail(**{**given, **values})


def put(world, *mails: Mail, school=None) -> list[UUID]:
    school = school or world.oak
    with world.sessions.school(school.id) as session, transaction(session):
        before = set(session.scalars(select(SchoolMessage.id)))
        write(session, mails)
        return [id for id in session.scalars(select(SchoolMessage.id)) if id not in before]


def clear(world) -> None:
    """Nothing waits but what the test itself writes."""
    for school in world.schools.values():
        with world.sessions.school(school.id) as session, transaction(session):
            session.execute(text("update outbox_school set sent_at = now()"))


@pytest.fixture
def quiet(world):
    clear(world)
    return world


def deliver(world, post: Post, school=None) -> bool:
    with world.sessions.school((school or world.oak).id) as session, transaction(session):
        return deliver_next(session, post, ENVELOPE)


def state(world, message_id: UUID) -> SchoolMessage:
    with world.sessions.school(world.oak.id) as session:
        return session.get(SchoolMessage, (world.oak.id, message_id))


def test_a_mail_arrives_with_its_parts(quiet, mailbox):
    [message_id] = put(
        quiet,
        a_mail(reply_to="office@oak.example", attachment=("code.txt", "Be kind – always.")),
    )
    with Post(mailbox.url) as post:
        assert deliver(quiet, post)
        assert not deliver(quiet, post)
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
        while deliver(quiet, post):
            pass
    assert sorted(mail["Subject"] for mail in mailbox.messages) == [f"Number {n}" for n in range(5)]


def test_a_refused_mail_is_tried_again_later_and_ever_later(quiet, mailbox):
    with time_machine.travel(NOON, tick=False) as time:
        [message_id] = put(quiet, a_mail())
        mailbox.answers = ["451 busy, alex@parents.example"] * len(WAITS)
        for tries, wait in enumerate(WAITS, start=1):
            with Post(mailbox.url) as post:
                assert deliver(quiet, post)
                assert not deliver(quiet, post), "tried again at once"
            kept = state(quiet, message_id)
            assert (kept.tries, kept.due_at) == (tries, clock.now() + wait)
            assert kept.last_error == "SMTPDataError 451"
            time.shift(wait - timedelta(seconds=1))
            with Post(mailbox.url) as post:
                assert not deliver(quiet, post), "tried too soon"
            time.shift(timedelta(seconds=1))
        with Post(mailbox.url) as post:
            assert deliver(quiet, post)
    assert [mail["Message-ID"] for mail in mailbox.messages] == [f"<{message_id}@x.example>"]
    kept = state(quiet, message_id)
    assert (kept.sent_at is not None, kept.last_error) == (True, "")


def test_trying_goes_on_for_four_hours_and_more():
    assert sum(WAITS, timedelta()) >= timedelta(hours=4)
    assert list(WAITS) == sorted(WAITS)


def test_after_the_last_try_it_is_parked_and_the_next_mail_goes(quiet, mailbox):
    with time_machine.travel(NOON, tick=False) as time:
        [message_id] = put(quiet, a_mail())
        mailbox.answers = ["550 no such person"] * (len(WAITS) + 1)
        for wait in (*WAITS, timedelta(days=30)):
            with Post(mailbox.url) as post:
                assert deliver(quiet, post)
            time.shift(wait)
        kept = state(quiet, message_id)
        assert kept.parked_at is not None
        assert kept.tries == len(WAITS) + 1
        put(quiet, a_mail(subject="Next"))
        with Post(mailbox.url) as post:
            assert deliver(quiet, post)
            assert not deliver(quiet, post)
    assert [mail["Subject"] for mail in mailbox.messages] == ["Next"]


def test_a_mail_server_that_is_not_there_loses_nothing(quiet):
    with Mailbox() as gone:
        pass
    [message_id] = put(quiet, a_mail())
    with Post(gone.url) as post:
        assert deliver(quiet, post)
    kept = state(quiet, message_id)
    assert (kept.sent_at, kept.tries) == (None, 1)
    assert kept.last_error == "ConnectionRefusedError"


def test_one_mail_that_can_not_be_made_does_not_stop_the_rest(quiet, mailbox):
    """It is tried, noted and put back like any other: the queue goes on."""
    with time_machine.travel(NOON, tick=False) as time:
        put(quiet, a_mail(link=Link("/x/", "sign", "poison", 1)))
        time.shift(timedelta(seconds=1))
        put(quiet, a_mail(subject="Second"))
        with Post(mailbox.url) as post:
            assert deliver(quiet, post)
            assert deliver(quiet, post)
    assert [mail["Subject"] for mail in mailbox.messages] == ["Second"]


def test_a_crash_between_sending_and_the_commit_gives_the_same_message_id(quiet, mailbox):
    put(quiet, a_mail())
    with Post(mailbox.url) as post:
        with quiet.sessions.school(quiet.oak.id) as session:
            assert deliver_next(session, post, ENVELOPE)
            session.rollback()
        assert deliver(quiet, post)
    first, second = mailbox.messages
    assert first["Message-ID"] == second["Message-ID"]


def test_two_workers_never_send_the_same_mail(quiet, mailbox):
    put(quiet, a_mail(subject="One"), a_mail(subject="Two"))
    with (
        quiet.sessions.school(quiet.oak.id) as one,
        quiet.sessions.school(quiet.oak.id) as two,
        Post(mailbox.url) as post,
    ):
        assert deliver_next(one, post, ENVELOPE)
        assert deliver_next(two, post, ENVELOPE)
        one.commit()
        two.commit()
    assert sorted(mail["Subject"] for mail in mailbox.messages) == ["One", "Two"]


# -- links


def test_the_link_is_filled_in_when_the_mail_leaves_and_stored_nowhere(quiet, servers, mailbox):
    row = quiet.oak.requests["Alex Sample"]
    link = Link(f"/oak-lane/sign/{row}/", "sign", row, 3)
    put(quiet, a_mail(link=link))
    with Post(mailbox.url) as post:
        deliver(quiet, post)
    secret = token(KEY, "sign", row, 3)
    [mail] = mailbox.messages
    assert f"https://x.example/oak-lane/sign/{row}/{secret}" in mail.get_content()
    assert everything(servers, quiet.name).count(str(row)) > 1  # the scan does see
    assert secret not in everything(servers, quiet.name)


def everything(servers, name: str) -> str:
    """All that a database holds, as text."""
    engine = create_engine(servers.superuser_url(name))
    try:
        with engine.connect() as connection:
            tables = connection.scalars(
                text(
                    "select relname from pg_class where relnamespace = 'public'::regnamespace"
                    " and relkind = 'r'"
                )
            ).all()
            return "\n".join(
                row
                for table in tables
                for row in connection.scalars(text(f'select t::text from "{table}" t'))
            )
    finally:
        engine.dispose()


def test_a_name_that_looks_like_the_placeholder_is_not_filled_in(quiet, mailbox):
    row = quiet.oak.requests["Alex Sample"]
    link = Link("/x/", "sign", row, 1)
    put(quiet, a_mail(to_name="{link}", body="Open {link}\n\nDear {link}\n", link=link))
    with Post(mailbox.url) as post:
        deliver(quiet, post)
    assert mailbox.messages[0].get_content().count(token(KEY, "sign", row, 1)) == 1


def test_a_link_is_of_one_purpose_one_row_and_one_generation():
    row, other = UUID(int=1), UUID(int=2)
    made = token(KEY, "sign", row, 1)
    assert len(made) == 43
    assert is_token(made, KEY, "sign", row, 1)
    for wrong in (
        (KEY, "ban", row, 1),
        (KEY, "sign", other, 1),
        (KEY, "sign", row, 2),
        ("other", "sign", row, 1),
    ):
        assert not is_token(made, *wrong)


@given(st.text())
def test_nothing_that_somebody_types_is_a_token_or_breaks_it(given_):
    assert not is_token(given_, KEY, "sign", UUID(int=1), 1)


# -- what may be written


@pytest.mark.parametrize("mark", ["\r\n", "\n", "\r", "\0"])
@pytest.mark.parametrize("part", ["to_name", "to_address", "from_name", "subject", "reply_to"])
def test_a_line_break_where_a_header_stands_is_refused(oak, part, mark):
    with pytest.raises(HeaderRefused):
        write(oak, [a_mail(**{part: f"a{mark}Bcc: eve@evil.example"})])
    assert oak.scalar(select(SchoolMessage.id)) is None


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
        session.rollback()
        with time_machine.travel(clock.now() - timedelta(hours=1)):
            assert schools_waiting(session) == []


def test_the_trusts_own_mail_is_sent_by_the_trusts_session(world, mailbox):
    with world.sessions.trust() as session, transaction(session):
        write(session, [a_mail(subject="For the officer")])
    with (
        world.sessions.trust() as session,
        Post(mailbox.url) as post,
        transaction(session),
    ):
        assert deliver_next(session, post, ENVELOPE)
        assert not deliver_next(session, post, ENVELOPE)
        assert session.scalars(select(TrustMessage.sent_at)).one() is not None
    assert [mail["Subject"] for mail in mailbox.messages] == ["For the officer"]


def test_a_school_sends_only_its_own(quiet, mailbox):
    put(quiet, a_mail(), school=quiet.elm)
    with Post(mailbox.url) as post:
        assert not deliver(quiet, post)
        assert deliver(quiet, post, quiet.elm)


def test_what_was_written_has_no_name_in_the_table_that_the_trust_reads(world):
    with world.sessions.trust() as session:
        rows = "\n".join(session.scalars(text("select t::text from outbox_school t")))
    assert "parents.example" not in rows
    for school in world.schools.values():
        assert school.canary not in rows
