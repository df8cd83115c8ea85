"""Mail servers as they are on a bad day: nothing is lost, and what went twice has one name."""

from __future__ import annotations

import time as clock_on_the_wall

import pytest
import time_machine

from tests.mail import rude_server
from tests.outbox.sending import a_mail, clear, put, state, try_next
from trustconduct import clock
from trustconduct.outbox.delivery import LEASE, WAITS
from trustconduct.outbox.mail_server import Post


@pytest.fixture
def quiet(world):
    clear(world)
    return world


@pytest.mark.parametrize(
    ("says", "error"),
    [
        (b"", "SMTPServerDisconnected"),
        (b"554 not you\r\n", "SMTPConnectError 554"),
        (b"421 later\r\n", "SMTPConnectError 421"),
        (b"what is SMTP?\r\n", "SMTPConnectError"),
    ],
    ids=["closes at once", "refuses everybody", "is busy", "speaks something else"],
)
def test_a_server_that_does_not_even_greet_is_away_for_every_message(quiet, says, error):
    """Also when it says 554: that is about us, and no word about this parent's address."""
    ids = put(quiet, a_mail(), a_mail())
    with rude_server(says) as url, Post(url) as post:
        assert try_next(quiet, post)
        assert try_next(quiet, post)
    for message_id in ids:
        kept = state(quiet, message_id)
        assert (kept.sent_at, kept.parked_at, kept.outcome) == (None, None, "later")
        assert kept.last_error == error


def test_a_server_that_says_nothing_costs_its_silence_once_and_not_for_each_message(quiet):
    put(quiet, *[a_mail() for _ in range(5)])
    began = clock_on_the_wall.monotonic()
    with rude_server(None) as url, Post(url, seconds=0.5) as post:
        while try_next(quiet, post):
            pass
    assert clock_on_the_wall.monotonic() - began < 2.4


def test_a_server_that_never_answers_a_mail_is_left_and_tried_again(quiet, mailbox):
    [message_id] = put(quiet, a_mail())
    mailbox.mood = "hang"
    with Post(mailbox.url, seconds=0.5) as post:
        assert try_next(quiet, post)
    kept = state(quiet, message_id)
    assert (kept.outcome, kept.last_error) == ("later", "SMTPServerDisconnected")
    mailbox.mood = ""
    with time_machine.travel(clock.now() + WAITS[0]), Post(mailbox.url) as post:
        assert try_next(quiet, post)
    assert len(mailbox.messages) == 1


def test_a_server_that_takes_a_mail_and_goes_without_an_answer_gets_it_again_by_one_name(
    quiet, mailbox
):
    """Whether it kept the mail nobody can know: twice is better than never."""
    [message_id] = put(quiet, a_mail())
    mailbox.mood = "drop"
    with Post(mailbox.url) as post:
        assert try_next(quiet, post)
    kept = state(quiet, message_id)
    assert (kept.outcome, kept.last_error) == ("later", "SMTPServerDisconnected")
    mailbox.mood = ""
    with time_machine.travel(clock.now() + WAITS[0]), Post(mailbox.url) as post:
        assert try_next(quiet, post)
        assert not try_next(quiet, post)
    first, second = mailbox.messages
    assert first["Message-ID"] == second["Message-ID"]


def test_after_a_refusal_the_next_mail_goes_over_a_new_connection(quiet, mailbox):
    put(quiet, a_mail(to_address="gone@parents.example"))
    put(quiet, a_mail(subject="Next"))
    mailbox.refuses = {"gone@parents.example": "550 gone"}
    with Post(mailbox.url) as post:
        assert try_next(quiet, post)
        assert try_next(quiet, post)
    assert [mail["Subject"] for mail in mailbox.messages] == ["Next"]


def test_a_server_that_stops_and_comes_back_gets_all_that_waited(quiet, mailbox):
    put(quiet, *[a_mail(subject=str(number)) for number in range(3)])
    mailbox.stop()
    with Post(mailbox.url) as post:
        while try_next(quiet, post):
            pass
    assert mailbox.messages == []
    mailbox.start_again()
    with time_machine.travel(clock.now() + WAITS[0] + LEASE), Post(mailbox.url) as post:
        while try_next(quiet, post):
            pass
    assert sorted(mail["Subject"] for mail in mailbox.messages) == ["0", "1", "2"]


def test_a_password_goes_over_no_line_without_tls(quiet, mailbox):
    put(quiet, a_mail())
    url = mailbox.url.replace("smtp://", "smtp://someone:secret@")
    with Post(url) as post:
        assert try_next(quiet, post)
    assert mailbox.messages == []
