"""Mail that comes back: noted for the one message that it names, and a task of the office."""

from __future__ import annotations

from email.message import EmailMessage

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from tests.build import SECRET_KEY
from tests.outbox.sending import ENVELOPE, a_mail, clear, put
from trustconduct.audit.actor import COMMAND, Role
from trustconduct.audit.models import SchoolAuditEvent
from trustconduct.cli import main
from trustconduct.db import new_id, transaction
from trustconduct.jobs.bounces import take_in
from trustconduct.outbox.bounces import message_of, read_notice, return_address, take_bounce
from trustconduct.outbox.delivery import ByMail, begin_next, deliver
from trustconduct.outbox.envelope import Envelope
from trustconduct.outbox.mail_server import Post
from trustconduct.outbox.models import Channel, SchoolMessage, TrustMessage
from trustconduct.outbox.write import write
from trustconduct.processes import environment_of
from trustconduct.schools.undelivered import try_again, try_all_again, unsent

BOUNCES = "bounces@mail.x.example"


def a_notice(
    to: str, *, action: str = "failed", status: str = "5.1.1", header: str = "To"
) -> bytes:
    """A delivery status notice as Postfix writes one."""
    return (
        f"{header}: {to}\r\nFrom: MAILER-DAEMON@mx.example\r\nSubject: Undelivered\r\n"
        "MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status;\r\n"
        ' boundary="b"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nIt failed.\r\n\r\n'
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n"
        "\r\nFinal-Recipient: rfc822; alex@parents.example\r\n"
        f"Action: {action}\r\nStatus: {status}\r\n"
        "Diagnostic-Code: smtp; 550 5.1.1 <alex@parents.example> unknown\r\n\r\n"
        "--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: The mail\r\n\r\nDear Alex\r\n"
        "--b--\r\n"
    ).encode()


def an_automatic_answer(to: str) -> bytes:
    mail = EmailMessage()
    mail["To"], mail["Subject"], mail["Auto-Submitted"] = to, "Out of office", "auto-replied"
    mail.set_content("I am away. Action: failed. Status: 5.1.1")
    return mail.as_bytes()


@pytest.fixture
def sent(world):
    """A mail of Oak Lane that left."""
    clear(world)
    [message_id] = put(world, a_mail())
    clear(world)
    return message_id


def there(world, message_id):
    with world.sessions.school(world.oak.id) as session:
        return session.scalars(select(SchoolMessage).where(SchoolMessage.id == message_id)).one()


def returns(message_id) -> str:
    return return_address(SECRET_KEY, BOUNCES, message_id)


def test_a_return_address_names_its_message_whatever_the_case():
    message_id = new_id()
    address = returns(message_id)
    assert len(address.rpartition("@")[0]) <= 64
    assert message_of(SECRET_KEY, address) == message_id
    assert message_of(SECRET_KEY, address.upper()) == message_id
    assert message_of(SECRET_KEY, f'"The bounces" <{address}>') == message_id


@pytest.mark.parametrize(
    "change",
    [
        lambda address: address.replace("+", "+a", 1),
        lambda address: address[:-30] + ("b" if address[-30] != "b" else "c") + address[-29:],
        lambda address: "bounces@mail.x.example",
        lambda address: "",
        lambda address: "bounces+" + "é" * 38 + "@mail.x.example",
    ],
)
def test_an_address_that_we_did_not_make_names_nothing(change):
    assert message_of(SECRET_KEY, change(returns(new_id()))) is None


def test_another_service_cannot_make_one():
    assert message_of("another key of another service, long", returns(new_id())) is None


def test_a_mail_leaves_with_its_own_return_address(world, mailbox):
    clear(world)
    [message_id] = put(world, a_mail())
    envelope = Envelope(SECRET_KEY, "https://x.example/", "no-reply@x.example", bounces_to=BOUNCES)
    with Post(mailbox.url) as post, world.sessions.school(world.oak.id) as session:
        with transaction(session):
            assert begin_next(session, envelope) == message_id
        with transaction(session):
            assert deliver(session, message_id, {Channel.MAIL: ByMail(post, envelope)})
    assert mailbox.senders == [returns(message_id)]
    assert mailbox.messages[0]["From"].addresses[0].addr_spec == "no-reply@x.example"
    assert ENVELOPE.sender(message_id) == ""


def test_what_comes_back_is_a_task_and_stays_noted_as_sent(world, sent):
    said = take_in(world.sessions, SECRET_KEY, a_notice(returns(sent)))
    assert said == f"Noted: message {sent} did not arrive (5.1.1)."
    message = there(world, sent)
    assert message.sent_at is not None
    assert (message.outcome, message.last_error) == ("bounced", "5.1.1")
    with world.sessions.school(world.oak.id) as session:
        [listed] = unsent(session, by=world.oak.head, parked=True, most=9)
        assert listed.id == sent
        events = session.scalars(
            select(SchoolAuditEvent.event).where(SchoolAuditEvent.thing_id == sent)
        ).all()
    assert events == ["message.bounced"]
    first = message.bounced_at
    take_in(world.sessions, SECRET_KEY, a_notice(returns(sent)))
    assert there(world, sent).bounced_at == first, "the same notice twice has one effect"


def test_the_address_is_found_wherever_a_mail_server_puts_it(world, sent):
    elsewhere = a_notice("postmaster@x.example")
    assert "Noted" in take_in(world.sessions, SECRET_KEY, elsewhere, returns(sent))
    assert "Noted" in take_in(
        world.sessions, SECRET_KEY, a_notice(returns(sent), header="Delivered-To")
    )


@pytest.mark.parametrize(
    "raw",
    [
        lambda to: a_notice(to, action="delayed", status="4.4.1"),
        lambda to: a_notice(to, action="delivered", status="2.0.0"),
        an_automatic_answer,
        lambda to: b"",
        lambda to: b"\0\xff" * 1000,
        lambda to: a_notice(to)[:300],
        lambda to: a_notice("bounces+made-up@mail.x.example"),
        lambda to: a_notice(returns(new_id())),
    ],
)
def test_all_else_changes_nothing(world, sent, raw):
    said = take_in(world.sessions, SECRET_KEY, raw(returns(sent)))
    assert said.endswith("Nothing was noted.")
    assert there(world, sent).bounced_at is None


def test_a_code_is_kept_and_never_the_words_of_the_server():
    notice = read_notice(a_notice("a@x.example", status="5.1.1 alex@parents.example unknown"))
    assert notice is not None
    assert notice.status == "5.1.1"
    assert read_notice(a_notice("a@x.example", status="?")).status == "5.0.0"


def test_a_mail_of_the_trust_comes_back_to_the_trust(world):
    with world.sessions.trust() as session, transaction(session):
        write(session, [a_mail()])
        newest = select(TrustMessage.id).order_by(TrustMessage.id.desc())
        message_id = session.scalars(newest).first()
    assert "Noted" in take_in(world.sessions, SECRET_KEY, a_notice(returns(message_id)))
    with world.sessions.trust() as session:
        assert session.get_one(TrustMessage, message_id).bounced_at is not None


def test_what_bounced_is_not_sent_to_the_same_address_again(world, sent):
    with world.sessions.school(world.oak.id) as session, transaction(session):
        assert take_bounce(session, sent, "5.1.1", by=COMMAND)
        assert not try_again(session, sent, by=world.oak.head)
        assert try_all_again(session, by=world.oak.head) == 0
    assert there(world, sent).parked_at is not None


def test_the_command_takes_it_on_standard_input(world, sent, settings):
    service = {**environment_of(settings), "DATABASE_OWNER_URL": settings.DATABASE_OWNER_URL}
    raw = a_notice(returns(sent)) + b"x" * 3_000_000  # the mail that came back was large
    result = CliRunner().invoke(main, ["take-bounce"], raw, service)
    assert result.exit_code == 0, result.output
    assert "did not arrive" in result.output
    assert there(world, sent).bounced_at is not None
    nothing = CliRunner().invoke(main, ["take-bounce"], b"Subject: Hello\n\nHello", service)
    assert (nothing.exit_code, "Nothing was noted" in nothing.output) == (0, True)


def test_with_the_records_away_the_mail_server_tries_again(settings, world, sent):
    away = {
        **environment_of(settings),
        "DATABASE_URL": "postgresql+psycopg://x@127.0.0.1:1/x",
        "DATABASE_OWNER_URL": "postgresql+psycopg://y@127.0.0.1:1/x",
    }
    result = CliRunner().invoke(main, ["take-bounce"], a_notice(returns(sent)), away)
    assert result.exit_code == 75, result.output


def test_the_office_sees_what_came_back_and_why(client, world, sent):
    take_in(world.sessions, SECRET_KEY, a_notice(returns(sent)))
    client.sign_in(world.oak.users[Role.OFFICE])
    home = client.get("/oak-lane/staff/").text
    assert "It came back. The address may be typed wrongly" in home
    page = client.get(f"/oak-lane/staff/mail/{sent}").text
    assert "came back: print it" in page
    assert "Try again" not in page
    client.send(f"/oak-lane/staff/mail/{sent}/by-hand", page=f"/oak-lane/staff/mail/{sent}")
    assert "came back" not in client.get("/oak-lane/staff/").text
