"""What may be written into the outbox, and what stands on every mail when it leaves."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import create_engine, select, text

from tests.build import SECRET_KEY
from tests.outbox.sending import ENVELOPE, a_mail, attempt, carriers, clear, put, try_next
from trustconduct.db import transaction
from trustconduct.outbox.links import is_token, token
from trustconduct.outbox.mail_server import Post
from trustconduct.outbox.models import SchoolMessage
from trustconduct.outbox.write import HeaderRefused, Link, withdraw, write


@pytest.fixture
def quiet(world):
    clear(world)
    return world


# -- links


def test_the_link_is_filled_in_when_the_mail_leaves_and_stored_nowhere(quiet, servers, mailbox):
    row = quiet.oak.requests["Alex Sample"]
    link = Link(f"/oak-lane/sign/{row}/", "sign", row, 3)
    put(quiet, a_mail(link=link))
    with Post(mailbox.url) as post:
        try_next(quiet, post)
    secret = token(SECRET_KEY, "sign", row, 3)
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
    put(quiet, a_mail(to_name="{link}", body="Dear {link}\n\nOpen {link}\n", link=link))
    with Post(mailbox.url) as post:
        try_next(quiet, post)
    said = mailbox.messages[0].get_content()
    assert said.count(token(SECRET_KEY, "sign", row, 1)) == 1
    assert "Dear {link}" in said


def test_a_link_is_of_one_purpose_one_row_and_one_generation():
    row, other = UUID(int=1), UUID(int=2)
    made = token(SECRET_KEY, "sign", row, 1)
    assert len(made) == 43
    assert is_token(made, SECRET_KEY, "sign", row, 1)
    for wrong in (
        (SECRET_KEY, "ban", row, 1),
        (SECRET_KEY, "sign", other, 1),
        (SECRET_KEY, "sign", row, 2),
        ("other", "sign", row, 1),
    ):
        assert not is_token(made, *wrong)


@given(st.text())
def test_nothing_that_somebody_types_is_a_token_or_breaks_it(given_):
    assert not is_token(given_, SECRET_KEY, "sign", UUID(int=1), 1)


def test_a_mail_whose_link_is_replaced_does_not_go_any_more(quiet, mailbox):
    """Its link would open a page that says that it does not work."""
    one, other = quiet.oak.requests["Alex Sample"], quiet.oak.requests["Jo Sample"]
    put(
        quiet,
        a_mail(subject="Dead", link=Link("/x/", "sign", one, 1)),
        a_mail(subject="Alive", link=Link("/x/", "sign", other, 1)),
    )
    put(quiet, a_mail(subject="Elm's", link=Link("/x/", "sign", one, 1)), school=quiet.elm)
    with quiet.sessions.school(quiet.oak.id) as session, transaction(session):
        withdraw(session, "sign", [one])
        write(session, [a_mail(subject="Fresh", link=Link("/x/", "sign", one, 2))])
    with Post(mailbox.url) as post:
        while try_next(quiet, post) or try_next(quiet, post, quiet.elm):
            pass
    assert sorted(mail["Subject"] for mail in mailbox.messages) == ["Alive", "Elm's", "Fresh"]


# -- what may be written


@pytest.mark.parametrize("mark", ["\r\n", "\n", "\r", "\0", "\x0b", "\x0c", "\x85", "\u2028"])
@pytest.mark.parametrize("part", ["to_name", "to_address", "from_name", "subject", "reply_to"])
def test_a_line_break_where_a_header_stands_is_refused(oak, part, mark):
    for value in (f"a{mark}Bcc: eve@evil.example", f"a{mark}"):
        with pytest.raises(HeaderRefused):
            write(oak, [a_mail(**{part: value})])
    assert oak.scalar(select(SchoolMessage.id)) is None


@given(
    name=st.text(max_size=60),
    subject=st.text(max_size=80),
)
def test_whatever_name_and_subject_is_taken_can_be_sent_and_adds_no_header(name, subject):
    """What `write` lets pass must not become a poison message in the worker."""

    class Content:
        to_name, to_address, from_name = name, "alex@parents.example", name
        reply_to, body, link, attachment = "", "Hello", None, None
        language = "en"

    Content.subject = subject
    for each in (name, subject):
        if len(f"{each}.".splitlines()) > 1 or "\0" in each:
            return
    mail = ENVELOPE.mail("1@x.example", Content, slug="oak-lane")
    head, _, _ = mail.as_bytes().partition(b"\n\n")
    names = [line.split(b":")[0].lower() for line in head.split(b"\n") if line[:1] not in b" \t"]
    assert b"bcc" not in names
    assert names.count(b"subject") == names.count(b"to") == names.count(b"from") == 1


# -- what stands on every mail


def test_every_mail_says_how_to_check_that_it_is_real(quiet, mailbox):
    """By ways that a forger does not hold: no number, and no link but the address to type."""
    put(quiet, a_mail(body="Dear Alex\n"))
    with quiet.sessions.trust() as session, transaction(session):
        write(session, [a_mail(body="Dear officer\n", subject="For the officer")])
    with Post(mailbox.url) as post, quiet.sessions.trust() as session:
        try_next(quiet, post)
        attempt(session, carriers(post))
    to_parent, to_officer = (mail.get_content() for mail in mailbox.messages)
    for said in (to_parent, to_officer):
        assert "Is this email real?" in said
        assert "on a number you already have" in said
        assert "http" not in said
    assert "type this into your browser: x.example/oak-lane/emails" in to_parent
    assert "type this into your browser: x.example/account/sign-in" in to_officer


def test_mail_comes_from_the_service_with_the_schools_name_in_front(quiet, mailbox):
    put(quiet, a_mail(from_name="St Ælfric’s, Upper School", reply_to="office@oak.example"))
    with Post(mailbox.url) as post:
        try_next(quiet, post)
    [sender] = mailbox.messages[0]["From"].addresses
    assert sender.display_name == "St Ælfric’s, Upper School"
    assert sender.addr_spec == "no-reply@x.example"
    assert mailbox.messages[0]["Reply-To"] == "office@oak.example"


def test_a_mail_is_plain_text_and_nobody_can_be_unsubscribed_by_a_machine(quiet, mailbox):
    put(quiet, a_mail())
    with Post(mailbox.url) as post:
        try_next(quiet, post)
    [mail] = mailbox.messages
    assert mail.get_content_type() == "text/plain"
    assert "List-Unsubscribe" not in mail
