"""`/verify`: a receipt's code is right or it is not, and nothing about anybody is told."""

from __future__ import annotations

import re
from html import unescape

import pytest
from sqlalchemy import create_engine, select, text

from tests.web.test_sign import link, send  # noqa: F401
from trustconduct.accounts.throttle import MOST
from trustconduct.acknowledgements.models import Acknowledgement
from trustconduct.acknowledgements.receipt_code import ReceiptCode, read_code
from trustconduct.outbox.models import SchoolMessage, SchoolMessageContent

YES, NO = "Yes. This receipt is on record.", "No. We have no receipt like this."


@pytest.fixture
def code(client, link):  # noqa: F811
    """The code as the receipt's page shows it, a moment after signing."""
    client.get(link)
    page = client.get(send(client, link).location).text
    shown = re.search(r"oak-lane\.<wbr>signed[^<]*(?:<wbr>[^<]*)+", page)
    return unescape(shown[0].replace("<wbr>", "")).strip()


def ask(client, code: str):
    return client.send("/verify", code=code)


def test_a_receipt_that_was_just_given_holds(client, code, world):
    answer = ask(client, code)
    assert answer.status_code == 200
    assert YES in answer.text
    assert "Lee" not in answer.text
    assert world.oak.canary not in answer.text


def test_spaces_line_breaks_and_capitals_of_a_copy_do_no_harm(client, code):
    assert YES in ask(client, f"  {code[:40]}\r\n {code[40:].upper()} ").text


@pytest.mark.parametrize(
    ("part", "other"),
    [
        (0, "elm-park"), (0, "nowhere"), (1, "declined"), (1, "talk"), (2, "2026-01-01"),
        (3, "01a21f07-4a0c-740d-9b48-512f978d6e40"), (4, "0" * 64),
    ],
)  # fmt: skip
def test_any_part_that_differs_makes_it_one_and_the_same_no(client, code, part, other):
    parts = code.split(".")
    parts[part] = other
    answer = ask(client, ".".join(parts))
    assert (answer.status_code, NO in answer.text, YES in answer.text) == (200, True, False)


@pytest.mark.parametrize("typed", ["", "hello", "\0", "a.signed.2026-13-45." + "0" * 36])
def test_what_is_no_code_says_what_to_do_and_keeps_it(client, typed):
    answer = ask(client, typed)
    assert answer.status_code == 422
    assert "Copy all of it from the receipt" in answer.text


def test_a_field_that_we_do_not_know_is_refused(client, code):
    answer = client.send("/verify", code=code, school_id="1")
    assert answer.status_code == 422


def test_a_look_alone_looks_nothing_up(client, code):
    page = client.get(f"/verify?code={code}").text
    assert code in page
    assert YES not in page


def test_who_tries_too_often_waits_and_signing_in_is_not_slowed(client, code):
    wrong = code[:-1] + ("0" if code[-1] != "0" else "1")
    for _ in range(MOST):
        assert NO in ask(client, wrong).text
    refused = ask(client, code)
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) > 0
    answer = client.send("/account/sign-in", email="nobody@school.example", password="wrong")
    assert answer.status_code == 422


@pytest.mark.parametrize(
    "change",
    [
        "update acknowledgement set sha256 = repeat('0', 64)",
        "update acknowledgement set answer = 'declined' where answer = 'signed'",
        "update audit_detail_school set details = details || '{\"version\": 9}'"
        " where details ? 'signed_as'",
        "update audit_event_school set actor_kind = 'user' where event = 'policy.signed'",
        "update audit_leaf_school set hash = repeat('0', 64)",
        "update audit_seal_school set root = repeat('0', 64)",
        "update audit_seal_school set head = repeat('0', 64)",
    ],
)
def test_who_changes_the_database_turns_the_yes_into_a_no(client, code, world, servers, change):
    assert YES in ask(client, code).text
    engine = create_engine(servers.superuser_url(world.name))
    with engine.begin() as connection:
        connection.execute(text("set local session_replication_role = replica"))
        connection.execute(text(change))
    engine.dispose()
    assert NO in ask(client, code).text


def test_the_receipt_by_mail_has_the_same_code(client, code, world):
    with world.sessions.school(world.oak.id) as session:
        page = session.scalars(
            select(SchoolMessageContent.attachment)
            .join(SchoolMessage, SchoolMessage.id == SchoolMessageContent.id)
            .where(SchoolMessage.kind == "sign_receipt")
            .order_by(SchoolMessage.id.desc())
            .limit(1)
        ).one()["page"]
    assert code in page.replace("<wbr>", "")


def test_an_answer_that_was_struck_out_is_a_no(client, world):
    with world.sessions.school(world.oak.id) as session:
        struck = session.scalars(
            select(Acknowledgement).where(Acknowledgement.answer == "talk")
            .order_by(Acknowledgement.id.desc()).limit(1)
        ).one()  # fmt: skip
        day = struck.answered_at.date()
        code = f"oak-lane.talk.{day}.{struck.id}.{struck.sha256}"
    assert NO in ask(client, code).text


def test_a_code_is_read_as_it_is_written():
    code = "oak-lane.talk.2027-06-01.01a21f07-4a0c-740d-9b48-512f978d6e40." + "a" * 64
    found = read_code(code)
    assert isinstance(found, ReceiptCode)
    assert str(found) == code
