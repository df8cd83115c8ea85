"""A parent answers: once, about the text that was shown, and nothing is overwritten."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import func, select

from tests.at_once import at_once
from tests.build import (
    a_head,
    a_request,
    a_teacher,
    a_version,
    an_adult,
    an_answer,
    asked_again,
    the_school,
)
from trustconduct import clock
from trustconduct.accounts.permissions import NotAllowed
from trustconduct.acknowledgements.answers import hold_talk, talks
from trustconduct.acknowledgements.links import send_again
from trustconduct.acknowledgements.lists import Counts, counts, lines
from trustconduct.acknowledgements.models import (
    Acknowledgement,
    AcknowledgementWords,
    Answer,
    SignRequest,
    TalkHeld,
)
from trustconduct.acknowledgements.signing import AnswerRefused, LinkClosed, asked
from trustconduct.audit.models import SchoolAuditEvent
from trustconduct.db import new_id, transaction
from trustconduct.languages.spoken import language
from trustconduct.outbox.models import SchoolMessage, SchoolMessageContent
from trustconduct.policies.document import sha256
from trustconduct.policies.models import SchoolVersion
from trustconduct.policies.versions import newest_version, version_in_force


def how_many(session, table, *where) -> int:
    return session.scalar(select(func.count()).select_from(table).where(*where))


RECEIPT = SchoolMessage.kind == "sign_receipt"


def test_a_signature_keeps_the_hash_of_the_text_and_writes_a_receipt(oak):
    request = a_request(oak)
    assert an_answer(oak, request, typed_name="  Alex   Sample ")
    answer = oak.scalars(select(Acknowledgement)).one()
    assert (answer.answer, answer.sha256) == ("signed", request.sha256)
    assert oak.scalars(select(AcknowledgementWords.typed_name)).one() == "Alex Sample"
    assert how_many(oak, SchoolMessage, RECEIPT) == 1
    assert how_many(oak, SchoolAuditEvent, SchoolAuditEvent.event == "policy.signed") == 1


def test_what_was_signed_is_reproduced_from_the_stored_text(world):
    for school in world.schools.values():
        with world.sessions.school(school.id) as session:
            rows = session.execute(
                select(Acknowledgement.sha256, SchoolVersion.text)
                .join(SignRequest, SignRequest.id == Acknowledgement.request_id)
                .join(SchoolVersion, SchoolVersion.id == SignRequest.version_id)
            ).all()
            assert len(rows) == 5
            assert all(sha256(row.text) == row.sha256 for row in rows)


def test_the_receipt_carries_the_very_text(oak):
    an_answer(oak, a_request(oak))
    mail = oak.scalars(
        select(SchoolMessageContent).where(SchoolMessageContent.attachment.is_not(None))
    ).one()
    assert "Welcome to Oak Lane." in mail.attachment["text"]
    assert "signed as Alex Sample" in mail.body


def test_fifty_at_once_are_one_signature_and_one_receipt(world):
    request_id = world.oak.requests[f"Lee {world.oak.canary}"]

    def sign():
        with world.sessions.school(world.oak.id) as session:
            request = asked_again(session, request_id)
            with transaction(session):
                return an_answer(session, request)

    with world.sessions.school(world.oak.id) as session:
        before = how_many(session, SchoolMessage, RECEIPT)
    got = at_once(50, sign)
    assert got.count(True) == 1
    assert got.count(False) == 49
    with world.sessions.school(world.oak.id) as session:
        given = Acknowledgement.request_id == request_id
        assert how_many(session, Acknowledgement, given) == 1
        assert how_many(session, SchoolMessage, RECEIPT) == before + 1


def test_who_declined_may_sign_later_and_both_stand(oak):
    request = a_request(oak)
    an_answer(oak, request, Answer.DECLINED, note="Not now")
    an_answer(oak, request, Answer.SIGNED, typed_name="Alex S")
    rows = oak.execute(
        select(Acknowledgement.answer, AcknowledgementWords.typed_name, AcknowledgementWords.note)
        .join(AcknowledgementWords, AcknowledgementWords.id == Acknowledgement.id)
        .order_by(Acknowledgement.id)
    ).all()
    assert [tuple(row) for row in rows] == [
        ("declined", "Alex Sample", "Not now"),
        ("signed", "Alex S", ""),
    ]
    assert counts(oak, version_in_force(oak)) == Counts(asked=1, signed=1)


def test_the_same_answer_again_changes_nothing(oak):
    request = a_request(oak)
    assert an_answer(oak, request, Answer.DECLINED, note="First")
    assert not an_answer(oak, request, Answer.DECLINED, note="Second")
    assert oak.scalars(select(AcknowledgementWords.note)).all() == ["First"]
    assert how_many(oak, SchoolMessage, RECEIPT) == 1


def test_a_link_works_up_to_its_last_day_in_london(oak):
    with time_machine.travel("2027-06-01T12:00:00Z"):
        request = a_request(oak, link_days=9)
    with time_machine.travel("2027-06-10T22:59:00Z"):
        assert request.open
    with time_machine.travel("2027-06-10T23:01:00Z"), pytest.raises(LinkClosed):
        an_answer(oak, request)
    assert how_many(oak, Acknowledgement) == 0


def test_a_link_to_a_text_that_is_no_longer_in_force_takes_no_answer(oak):
    old = a_request(oak)
    a_version(oak)
    request = asked_again(oak, old.id)
    assert request.superseded
    with pytest.raises(LinkClosed):
        an_answer(oak, request)


def test_a_version_to_come_does_not_close_the_links_of_today(oak):
    old = a_request(oak)
    a_version(oak, in_force_on=clock.today() + timedelta(days=30))
    assert asked_again(oak, old.id).open


def test_an_answer_to_a_page_opened_before_the_change_is_refused(world):
    """The page was loaded, then the head published: the answer would be about the old text."""
    request_id = world.oak.requests[f"Lee {world.oak.canary}"]
    with world.sessions.school(world.oak.id) as session:
        shown = asked_again(session, request_id).sha256
    with world.sessions.school(world.oak.id) as session, transaction(session):
        a_version(session, by=world.oak.head)
    with world.sessions.school(world.oak.id) as session, pytest.raises(LinkClosed):
        an_answer(session, asked_again(session, request_id), shown_sha256=shown)


@pytest.mark.parametrize("shown", ["", "0" * 64, "é"])
def test_another_text_than_the_one_asked_about_is_refused(oak, shown):
    request = a_request(oak)
    with pytest.raises(AnswerRefused) as refused:
        an_answer(oak, request, shown_sha256=shown)
    assert refused.value.field == "text"
    assert how_many(oak, Acknowledgement) == 0


@pytest.mark.parametrize("answer", list(Answer))
@pytest.mark.parametrize(
    "name", ["", "   ", "x" * 201, "x" * 10_000, "12345", "...", "Al\x00ex", "Al\x1bex", "\u200d"]
)
def test_a_name_that_will_not_do_is_refused_for_every_answer(oak, answer, name):
    request = a_request(oak)
    with pytest.raises(AnswerRefused) as refused:
        an_answer(oak, request, answer, typed_name=name)
    assert refused.value.field == "typed_name"


@pytest.mark.parametrize("name", ["Ana María O'Neill-Åsa", "王小明", "نیلو\u200cفر", "x" * 200])
def test_names_of_the_world_are_taken(oak, name):
    assert an_answer(oak, a_request(oak), typed_name=name)


@pytest.mark.parametrize("note", ["x" * 2_001, "a\x00b", "a\x07b"])
def test_a_message_that_will_not_do_is_refused(oak, note):
    with pytest.raises(AnswerRefused) as refused:
        an_answer(oak, a_request(oak), Answer.TALK, note=note)
    assert refused.value.field == "note"


def test_a_message_keeps_its_lines(oak):
    an_answer(oak, a_request(oak), Answer.TALK, note="One\r\nTwo\n")
    assert oak.scalars(select(AcknowledgementWords.note)).one() == "One\nTwo"


def test_a_foreign_request_is_as_unknown_as_one_that_never_was(world):
    with world.sessions.school(world.oak.id) as session:
        assert asked(session, new_id()) is None
        for request_id in world.elm.requests.values():
            assert asked(session, request_id) is None
        assert asked(session, next(iter(world.oak.requests.values()))) is not None


# -- what staff do with it


def test_a_fresh_link_ends_the_one_before(oak):
    request = a_request(oak)
    assert send_again(
        oak,
        the_school(oak),
        {request.id: 1},
        by=a_head(oak),
        link_days=90,
        telephone="",
        reply_to="",
    )
    assert asked_again(oak, request.id).generation == 2
    newest = oak.scalars(
        select(SchoolMessageContent.link).order_by(SchoolMessageContent.id.desc()).limit(1)
    ).one()
    assert newest["generation"] == 2


def test_the_same_button_pressed_twice_sends_one_fresh_link(oak):
    request = a_request(oak)
    given = {"by": a_head(oak), "link_days": 90, "telephone": "", "reply_to": ""}
    for _ in range(3):
        assert send_again(oak, the_school(oak), {request.id: 1}, **given)
    assert asked_again(oak, request.id).generation == 2


def test_no_fresh_link_goes_to_who_signed_already(oak):
    request = a_request(oak)
    an_answer(oak, request, Answer.SIGNED)
    given = {"by": a_head(oak), "link_days": 90, "telephone": "", "reply_to": ""}
    assert not send_again(oak, the_school(oak), {request.id: 1}, **given)
    assert asked_again(oak, request.id).generation == 1


def test_a_fresh_link_for_an_unknown_request_is_refused(oak):
    given = {
        "link_days": 90,
        "by": a_head(oak),
        "telephone": "",
        "reply_to": "",
    }
    assert not send_again(oak, the_school(oak), {new_id(): 1}, **given)


def test_a_talk_that_was_held_is_off_the_list_and_noted_once(oak):
    an_answer(oak, a_request(oak), Answer.TALK, note="Please call")
    [wish] = talks(oak)
    assert (wish.name, wish.note) == ("Alex Sample", "Please call")
    assert hold_talk(oak, wish.id, by=a_head(oak))
    assert hold_talk(oak, wish.id, by=a_head(oak))
    assert talks(oak) == []
    oak.flush()
    assert how_many(oak, TalkHeld) == 1
    assert how_many(oak, SchoolAuditEvent, SchoolAuditEvent.event == "talk.held") == 1


def test_only_a_wish_to_talk_can_be_held(oak):
    an_answer(oak, a_request(oak))
    signed = oak.scalar(select(Acknowledgement.id))
    assert not hold_talk(oak, signed, by=a_head(oak))
    assert not hold_talk(oak, new_id(), by=a_head(oak))


def test_a_teacher_sends_no_links_and_holds_no_talks(oak):
    request = a_request(oak)
    with pytest.raises(NotAllowed):
        hold_talk(oak, new_id(), by=a_teacher(oak))
    with pytest.raises(NotAllowed):
        send_again(
            oak,
            the_school(oak),
            {request.id: 1},
            by=a_teacher(oak),
            link_days=90,
            telephone="",
            reply_to="",
        )


def test_the_counts_agree_with_the_list(world):
    with world.sessions.school(world.oak.id) as session:
        version = version_in_force(session)
        told = counts(session, version)
        listed = [line.status for line in lines(session, version, most=100)]
    assert told == Counts(asked=4, signed=1, declined=1, talk=1)
    assert told.none == 1
    assert sorted(listed) == ["declined", "none", "signed", "talk"]


@pytest.mark.parametrize("status", ["signed", "declined", "talk", "none"])
def test_the_list_shows_one_status_if_asked(world, status):
    with world.sessions.school(world.oak.id) as session:
        found = lines(session, version_in_force(session), status=status, most=100)
    assert [line.status for line in found] == [status]


def test_the_list_comes_in_pages_without_gap_or_double(oak):
    for number in range(7):
        an_adult(oak, "Same Name", email=f"a{number}@parents.example")
    a_request(oak)
    seen, after = [], ""
    while page := lines(oak, newest_version(oak), after=after, most=3):
        seen += [line.request_id for line in page[:3]]
        if len(page) <= 3:
            break
        after = f"{page[2].name}|{page[2].request_id}"
    assert len(seen) == len(set(seen)) == 8


@pytest.mark.parametrize("mark", ["no-bar", "Alex|not-an-id", "|", "Alex|"])
def test_a_page_mark_that_somebody_made_up_breaks_nothing(oak, mark):
    a_request(oak)
    assert isinstance(lines(oak, newest_version(oak), after=mark, most=3), list)


def test_the_receipt_to_print_is_in_the_language_of_the_page(oak):
    """The mail's own words are another matter; its PDF is what they show to somebody."""
    request = a_request(oak)
    assert an_answer(oak, request, language=language("ur"))
    page = oak.scalars(
        select(SchoolMessageContent.attachment)
        .join(SchoolMessage, SchoolMessage.id == SchoolMessageContent.id)
        .where(RECEIPT)
    ).one()["page"]
    assert "<html lang=ur dir=rtl>" in page
    assert "رسید" in page
    assert "Receipt number" not in page
    assert request.sha256 in page
