"""Text messages by the same outbox: numbers, lengths, and the gateway that writes files."""

from __future__ import annotations

import json

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from config.base import BadSetting, Settings
from tests.build import SECRET_KEY
from tests.outbox.sending import a_mail, attempt, carriers, clear, put, state
from trustconduct import clock
from trustconduct.jobs.tasks import text_gateway
from trustconduct.outbox.delivery import WAITS
from trustconduct.outbox.links import token
from trustconduct.outbox.mail_server import Post
from trustconduct.outbox.models import SchoolMessage
from trustconduct.outbox.notify import NotifyGateway
from trustconduct.outbox.texts import (
    FileGateway,
    NoGateway,
    NumberRefused,
    Size,
    TextTooLong,
    size_of,
    uk_mobile,
)
from trustconduct.outbox.write import Link, TextMessage, write

# Ofcom keeps 07700 900000 to 900999 for made-up people.
TEMPLATE = "01a20f57-0000-7000-8000-00000000beef"
NUMBER = "07700 900123"


def a_text(**values) -> TextMessage:
    given = {
        "kind": "test",
        "to_name": "Alex Sample",
        "to_number": NUMBER,
        "body": "Oak Lane: please call us.",
    }
    return TextMessage(**{**given, **values})


@pytest.fixture
def quiet(world):
    clear(world)
    return world


# -- numbers


@pytest.mark.parametrize(
    "typed",
    [
        "07700900123",
        "07700 900 123",
        " 07700-900123 ",
        "+44 7700 900123",
        "+44 (0)7700 900123",
        "+44 07700 900123",
        "0044 7700 900123",
        "447700900123",
        "(07700) 900 123",
        "7700 900123",
    ],
)
def test_a_uk_mobile_number_is_read_however_it_is_written(typed):
    assert uk_mobile(typed) == "+447700900123"


def test_the_isle_of_man_has_mobile_numbers_among_those_of_pagers():
    assert uk_mobile("07624 400123") == "+447624400123"


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("", "must begin with 07"),
        ("01632 960001", "must begin with 07"),
        ("+1 202 555 0123", "only text UK mobile"),
        ("+353 85 000 0000", "only text UK mobile"),
        ("0035385000000", "only text UK mobile"),
        ("070 1234 5678", "must begin with 07"),
        ("07600 123456", "pager"),
        ("07700 90012", "too short"),
        ("07700 9001234", "too long"),
        ("ask mum", "figures only"),
        ("07700 900123 or 01632 960001", "figures only"),
        ("٠٧٧٠٠٩٠٠١٢٣", "figures only"),
        ("07700 900123\r\nBcc: x", "figures only"),
        ("+4407700+900123", "figures only"),
    ],
)
def test_any_other_number_is_refused_with_what_to_type(typed, says):
    with pytest.raises(NumberRefused, match=says):
        uk_mobile(typed)


@given(st.text(alphabet="+0123456789 ()-.x\n", max_size=20))
def test_what_comes_out_is_a_uk_mobile_number_or_nothing(typed):
    try:
        number = uk_mobile(typed)
    except NumberRefused:
        return
    assert number.startswith("+447")
    assert len(number) == 13
    assert number[1:].isdigit()
    assert uk_mobile(number) == number


# -- lengths


@pytest.mark.parametrize(
    ("text", "places", "parts"),
    [
        ("a" * 160, 160, 1),
        ("a" * 161, 161, 2),
        ("a" * 306, 306, 2),
        ("a" * 307, 307, 3),
        ("€" * 80, 160, 1),
        ("€" * 81, 162, 2),
        ("ł" + "a" * 69, 70, 1),
        ("ł" + "a" * 70, 71, 2),
        ("ł" + "a" * 134, 135, 3),
        ("🙂" * 35, 70, 1),
        ("🙂" * 36, 72, 2),
        ("’", 1, 1),
    ],
)
def test_a_text_is_as_long_as_its_alphabet_makes_it(text, places, parts):
    size = size_of(text)
    assert (size.places, size.parts) == (places, parts)


def test_a_curly_quote_costs_half_of_a_text_and_that_is_seen():
    assert size_of("It's fine") == Size(9, plain=True)
    assert size_of("It’s fine") == Size(9, plain=False)


def test_a_text_of_more_than_six_parts_is_refused_when_it_is_written(oak):
    write(oak, [a_text(body="a" * 918)])
    with pytest.raises(TextTooLong, match=r"919 characters\. It can have 918"):
        write(oak, [a_text(body="a" * 919)])
    with pytest.raises(TextTooLong, match="It can have 402"):
        write(oak, [a_text(body="ł" * 403)])


def test_a_link_is_counted_with_all_its_letters(oak, schools):
    link = Link("/oak-lane/sign/x/", "sign", schools.oak.id, 1)
    with pytest.raises(TextTooLong):
        write(oak, [a_text(body="a" * 850 + " {link}", link=link)])


def test_a_text_to_no_mobile_number_is_refused_when_it_is_written(oak):
    with pytest.raises(NumberRefused):
        write(oak, [a_text(to_number="01632 960001")])
    assert oak.scalar(select(SchoolMessage.id)) is None


# -- the gateways


def send(world, gateway) -> bool:
    with world.sessions.school(world.oak.id) as session:
        return attempt(session, carriers(gateway=gateway))


def files(folder) -> list[dict]:
    return [json.loads(path.read_text("utf-8")) for path in sorted(folder.glob("*"))]


def test_a_text_becomes_one_file_with_its_link_filled_in(quiet, tmp_path):
    row = quiet.oak.requests["Alex Sample"]
    link = Link("/oak-lane/sign/x/", "sign", row, 1)
    [message_id] = put(quiet, a_text(body="Hello ł {link}", link=link))
    assert send(quiet, FileGateway(tmp_path / "texts"))
    assert not send(quiet, FileGateway(tmp_path / "texts"))
    [kept] = files(tmp_path / "texts")
    assert kept["to"] == "+447700900123"
    secret = token(SECRET_KEY, "sign", row, 1)
    assert kept["text"] == f"Hello ł https://x.example/oak-lane/sign/x/{secret}"
    assert kept["reference"].startswith(str(message_id))
    message = state(quiet, message_id)
    assert (message.channel, message.sent_at is not None) == ("text", True)


def test_a_text_that_is_sent_again_after_a_crash_stays_one_file(tmp_path):
    gateway = FileGateway(tmp_path)
    for _ in range(2):
        gateway.send("+447700900123", "Hello", "1@x.example", again=False)
    gateway.send("+447700900123", "Hello", "2@x.example", again=False)
    assert [each["reference"] for each in files(tmp_path)] == ["1@x.example", "2@x.example"]


def test_a_folder_that_can_not_be_written_is_our_fault_and_loses_nothing(quiet, tmp_path):
    (tmp_path / "texts").write_text("a file stands here")
    [message_id] = put(quiet, a_text())
    assert send(quiet, FileGateway(tmp_path / "texts"))
    kept = state(quiet, message_id)
    assert (kept.outcome, kept.sent_at) == ("broken", None)


def test_without_a_provider_texts_wait_and_are_given_up_like_mail(quiet):
    with time_machine.travel("2027-03-01T12:00:00Z", tick=False) as time:
        [message_id] = put(quiet, a_text())
        for wait in (*WAITS, WAITS[0]):
            assert send(quiet, NoGateway())
            time.shift(wait)
        assert not send(quiet, NoGateway())
    kept = state(quiet, message_id)
    assert (kept.parked_at is not None, kept.last_error) == (True, "NoTextProvider")


def test_mail_and_texts_wait_in_one_queue_and_neither_holds_up_the_other(quiet, tmp_path, mailbox):
    put(quiet, a_text(), a_mail())
    mailbox.stop()
    with Post(mailbox.url) as post, quiet.sessions.school(quiet.oak.id) as session:
        while attempt(session, carriers(post, FileGateway(tmp_path))):
            pass
    assert len(files(tmp_path)) == 1
    mailbox.start_again()
    with (
        time_machine.travel(clock.now() + WAITS[0]),
        Post(mailbox.url) as post,
        quiet.sessions.school(quiet.oak.id) as session,
    ):
        while attempt(session, carriers(post, FileGateway(tmp_path))):
            pass
    assert (len(files(tmp_path)), len(mailbox.messages)) == (1, 1)


# -- by setting


def test_the_provider_is_chosen_by_setting(tmp_path):
    def gateway(**values):
        return text_gateway(Settings(SECRET_KEY=SECRET_KEY, VAR=tmp_path, **values))

    assert isinstance(gateway(), NoGateway)
    assert isinstance(gateway(SMS_PROVIDER="files"), FileGateway)
    notify = {"NOTIFY_API_KEY": "k" * 80, "NOTIFY_TEMPLATE_ID": TEMPLATE}
    assert isinstance(gateway(SMS_PROVIDER="notify", **notify), NotifyGateway)


@pytest.mark.parametrize(
    "wrong",
    [
        {"SMS_PROVIDER": "pigeon"},
        {"SMS_PROVIDER": "notify"},
        {"SMS_PROVIDER": "notify", "NOTIFY_API_KEY": "k" * 80},
        {"SMS_PROVIDER": "notify", "NOTIFY_API_KEY": "short", "NOTIFY_TEMPLATE_ID": TEMPLATE},
    ],
)
def test_a_provider_that_could_not_send_stops_the_start(wrong):
    with pytest.raises(BadSetting, match="SMS_PROVIDER"):
        Settings(SECRET_KEY=SECRET_KEY, **wrong)
