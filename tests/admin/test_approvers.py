"""Who must approve a draft's text, as the officer and the approver see it."""

from __future__ import annotations

import re

import pytest

from tests import build
from tests.browser import Browser
from trustconduct import clock
from trustconduct.audit.actor import Role
from trustconduct.db import transaction
from trustconduct.policies.consulting import comment_as_guest
from trustconduct.policies.models import Edition


@pytest.fixture
def draft(world):
    with world.sessions.trust() as session, transaction(session):
        number = build.a_draft(session).number
    return f"/admin/editions/{number}"


@pytest.fixture
def reader_id(world):
    return str(world.trust_users[Role.TRUST_READER].id)


def seen(client: Browser, page: str) -> str:
    return re.search(r'name="seen" value="([0-9a-f]+)"', client.get(page).text)[1]


def test_an_officer_names_a_reader_who_reads_approves_and_then_the_board_may(
    officer, reader, draft, reader_id, world
):
    page = f"{draft}/approvers"
    assert "Nobody is named" in officer.get(page).text
    kept = officer.send(page, page=page, people=reader_id, how="all")
    assert kept.status_code == 303
    with world.sessions.trust() as session:
        (mail,) = build.mailed(session, world.trust_users[Role.TRUST_READER].email)
    assert f"{draft}/sign-off" in mail.body
    assert "Not answered yet" in officer.get(page).text
    approval = f"{draft}/approve"
    assert "not approved yet by those who must" in officer.get(approval).text
    day = clock.day(clock.today())
    refused = officer.send(approval, page=approval, board_on=day)
    assert refused.status_code == 422
    assert "still to approve the text" in refused.text

    assert "Your approval of edition" in reader.get("/admin/").text
    sign = f"{draft}/sign-off"
    blank = reader.send(sign, page=sign, said="", seen=seen(reader, sign))
    assert blank.status_code == 422
    said = {"said": "not_yet", "words": "", "seen": seen(reader, sign)}
    assert "Say what should change" in reader.send(sign, page=sign, **said).text
    said["words"] = "ladder.3 reads harshly"
    assert reader.send(sign, page=sign, **said).status_code == 303
    assert "ladder.3 reads harshly" in officer.get(page).text
    assert "Your approval of edition" not in reader.get("/admin/").text
    said = {"said": "approved", "words": "", "seen": seen(reader, sign)}
    assert reader.send(sign, page=sign, **said).status_code == 303
    assert "Approves it" in officer.get(page).text
    assert officer.send(approval, page=approval, board_on=day).status_code == 303
    assert "All of them had to approve it" in officer.get(page).text
    assert "nothing to answer now" in reader.get(sign).text


def test_a_text_that_was_edited_since_is_not_approved_unread(
    officer, reader, draft, reader_id, world
):
    officer.send(f"{draft}/approvers", page=f"{draft}/approvers", people=reader_id, how="any")
    sign = f"{draft}/sign-off"
    before = seen(reader, sign)
    with world.sessions.trust() as session, transaction(session):
        edition = session.query(Edition).order_by(Edition.number.desc()).first()
        edition.review_text = "Summer Term 2033"
    answer = reader.send(sign, page=sign, said="approved", words="", seen=before)
    assert answer.status_code == 409
    assert "read it again" in answer.text
    assert "Not answered yet" in officer.get(f"{draft}/approvers").text


def test_a_reader_names_nobody_and_answers_nothing_unasked(officer, reader, draft, reader_id):
    page = f"{draft}/approvers"
    assert "Name people" not in reader.get(page).text
    assert reader.send(page, page="/admin/", people=reader_id, how="all").status_code == 403
    sign = f"{draft}/sign-off"
    assert "Nobody asked you" in reader.get(sign).text
    answer = reader.send(sign, page="/admin/", said="approved", words="", seen=seen_none())
    assert answer.status_code == 303
    assert "Nobody asked you to approve" in reader.get(f"{draft}/").text
    assert "Nobody is named" in officer.get(page).text


def seen_none() -> str:
    return "0" * 64


def test_what_can_not_be_named_is_said_beside_the_list(officer, draft, world):
    page = f"{draft}/approvers"
    someone = str(world.oak.users[Role.HEADTEACHER].id)
    for people in (someone, "nobody"):
        answer = officer.send(page, page=page, people=people, how="all")
        assert answer.status_code == 422
        assert "There is a problem" in answer.text
    again = officer.send(f"{page}/ask", page=page)
    assert again.status_code == 303
    assert "nobody to ask again today" in officer.get(f"{draft}/").text


def test_comments_without_an_answer_wait_for_the_officer_once_nobody_is_asked(
    officer, reader, world
):
    with world.sessions.trust() as session, transaction(session):
        there = build.a_consultation(session)
        guest = build.a_guest(session, there)
        comment_as_guest(session, there, guest, clause="behaviour.1", words="Too harsh")
        comment_as_guest(session, there, guest, clause="behaviour.2", words="Good")
    waits = f"2 comments on edition {there.edition_number} wait for an answer"
    assert waits not in officer.get("/admin/").text
    page = f"/admin/editions/{there.edition_number}/consultation"
    officer.send(f"{page}/end", page=page, because="Enough")
    assert waits in officer.get("/admin/").text
    assert waits not in reader.get("/admin/").text
