"""The code of an emailed letter as a text message: to a number that is theirs alone."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import select, text

from tests import build
from tests.letters import rows
from trustconduct.letters.approve import withdraw_letter
from trustconduct.letters.code_by_text import text_code
from trustconduct.letters.models import Way
from trustconduct.letters.opening import Tried, behind_link, code_of, open_letter
from trustconduct.letters.serve import ServiceRefused, send_by_email
from trustconduct.outbox.envelope import Envelope
from trustconduct.outbox.models import Channel, SchoolMessage, SchoolMessageContent
from trustconduct.people.untold import keep_apart, mark_untold

KEY = "k" * 32


def emailed(oak, telephone="07700 900123", **more):
    adult = rows.an_addressee(oak, email="sam@parents.example", telephone=telephone, **more)
    letter = rows.a_letter(oak, adult=adult, way=Way.EMAIL)
    rows.approved(oak, letter)
    service = send_by_email(
        oak, letter, build.the_school(oak), by=build.a_head(oak), reply_to="office@oak.example"
    )
    return letter, service


def send(oak, letter):
    return text_code(oak, letter, build.the_school(oak), by=build.an_office(oak))


def texts(oak):
    return oak.execute(
        select(SchoolMessage, SchoolMessageContent)
        .join(SchoolMessageContent, SchoolMessageContent.id == SchoolMessage.id)
        .where(SchoolMessage.channel == Channel.TEXT.value)
        .order_by(SchoolMessage.id)
    ).all()


def test_the_code_is_put_in_when_the_message_leaves_and_opens_the_letter(oak):
    letter, service = emailed(oak)
    send(oak, letter)
    [(message, content)] = texts(oak)
    assert content.to_address == "+447700900123"
    code = code_of(KEY, service.id)
    assert code not in content.body
    assert service.texted_at is not None
    left = Envelope(KEY, "https://x.example", "mail@x.example").text(content)
    assert left.endswith(code)
    assert "http" not in left  # the link went by email, and never by the same way
    waiting = behind_link(oak, service.id)
    assert open_letter(oak, waiting, by=waiting.by, key=KEY, typed=code) is Tried.OPENED
    with pytest.raises(ServiceRefused, match="No letter waits"):
        send(oak, letter)
    assert message.adult_id == letter.adult_id


def test_no_code_stands_in_the_outbox(oak):
    letter, service = emailed(oak)
    send(oak, letter)
    kept = oak.scalars(text("select t::text from outbox_content_school t")).all()
    assert not any(code_of(KEY, service.id) in row for row in kept)


@pytest.mark.parametrize("written", ["07700900123", "+44 7700 900 123", "0044 (0)7700 900123"])
def test_a_number_that_another_adult_uses_gets_no_code(oak, written):
    letter, _ = emailed(oak)
    rows.an_addressee(oak, "Alex Other", telephone=written)
    with pytest.raises(ServiceRefused, match="Another adult uses their number"):
        send(oak, letter)
    assert texts(oak) == []


@pytest.mark.parametrize("telephone", ["", "01632 960123", "ask the office", "+1 202 555 0100"])
def test_only_a_uk_mobile_number_gets_one(oak, telephone):
    letter, _ = emailed(oak, telephone)
    with pytest.raises(ServiceRefused, match="No UK mobile number"):
        send(oak, letter)


def test_nobody_who_must_not_be_told_gets_a_code(oak):
    letter, _ = emailed(oak)
    mark_untold(oak, rows.adult_of(oak, letter), by=build.a_head(oak), because="Court order")
    with pytest.raises(ServiceRefused):
        send(oak, letter)


def test_two_who_are_kept_apart_and_share_a_telephone_get_none(oak):
    letter, _ = emailed(oak)
    other = rows.an_addressee(oak, "Alex Other", telephone="07700 900123")
    keep_apart(oak, rows.adult_of(oak, letter), other, by=build.a_head(oak), because="Court order")
    with pytest.raises(ServiceRefused, match="Another adult"):
        send(oak, letter)


def test_a_second_text_takes_the_first_one_back_and_a_withdrawal_both(oak):
    letter, _ = emailed(oak)
    send(oak, letter)
    send(oak, letter)
    first, second = (row[0] for row in texts(oak))
    oak.refresh(first)
    assert first.settled_at is not None
    assert second.settled_at is None
    withdraw_letter(oak, letter, by=build.a_head(oak), because="Wrong day")
    oak.refresh(second)
    assert second.settled_at is not None


def test_the_text_speaks_their_language_in_as_few_parts_as_it_can(oak):
    letter, _ = emailed(oak, language="pl")
    send(oak, letter)
    [(_, content)] = texts(oak)
    assert content.body.startswith("Od Oak Lane")
    assert content.link["purpose"] == "letter-code"
    assert UUID(content.link["row"])
