"""Consulting on a draft: who is asked, what is said, when it ends, and what stands still."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from tests import build
from tests.build import an_officer
from trustconduct import clock
from trustconduct.db import new_id, transaction
from trustconduct.oversight.board_paper import board_paper
from trustconduct.policies.consultations import Comment, Outcome
from trustconduct.policies.consulting import (
    CommentRefused,
    ConsultationOver,
    answer_comment,
    close_consultation,
    comment,
    comment_as_guest,
    comments_of,
    end_guest,
    guest_behind,
    latest_consultation,
    open_consultation,
    take_back,
)
from trustconduct.policies.consulting_mails import Head
from trustconduct.policies.consulting_told import tell, to_tell
from trustconduct.policies.editing import HeaderFields, change_header
from trustconduct.policies.editions import EditionRefused, approve, publish, withdraw
from trustconduct.policies.heard import heard
from trustconduct.policies.models import Edition, State

DAY = timedelta(days=1)


@pytest.fixture
def there(trust):
    return build.a_consultation(trust)


def edition_of(trust, there) -> Edition:
    return trust.get_one(Edition, there.edition_id)


def test_a_draft_is_in_consultation_until_its_last_day_that_day_included(trust, there):
    edition = edition_of(trust, there)
    assert edition.state is State.CONSULTED
    with time_machine.travel(clock.now() + 10 * DAY):
        assert edition.state is State.CONSULTED
    with time_machine.travel(clock.now() + 11 * DAY):
        assert edition.state is State.DRAFT


def test_what_is_asked_about_stands_still(trust, there):
    edition = edition_of(trust, there)
    before = HeaderFields.of(edition)
    with pytest.raises(EditionRefused, match="stand still"):
        change_header(trust, edition, before, by=an_officer(), seen=before.mark)
    with pytest.raises(EditionRefused, match="still being asked"):
        approve(trust, edition, by=an_officer(), board_on=clock.today())
    with pytest.raises(EditionRefused, match="Board must approve"):
        publish(trust, edition, by=an_officer())
    with pytest.raises(EditionRefused, match="in consultation"):
        open_consultation(trust, edition, by=an_officer(), closes_on=clock.today() + DAY)
    close_consultation(trust, edition, by=an_officer(), because="All have answered")
    assert edition.state is State.DRAFT
    approve(trust, edition, by=an_officer(), board_on=clock.today())


def test_a_day_that_will_not_do_is_refused(trust):
    draft = build.a_draft(trust)
    for days in (-1, 0, 300):
        last = clock.today() + days * DAY
        with pytest.raises(EditionRefused):
            open_consultation(trust, draft, by=an_officer(), closes_on=last)
    assert latest_consultation(trust, draft) is None


def test_a_withdrawn_draft_is_asked_about_no_more(trust, there):
    withdraw(trust, edition_of(trust, there), by=an_officer(), because="Begun anew")
    trust.refresh(there)
    assert not there.is_open
    assert to_tell(trust) == []


def test_a_comment_is_of_a_clause_that_stands_in_the_draft_and_says_something(trust, there):
    guest = build.a_guest(trust, there)
    for clause, words in (("behaviour.99", "x"), ("behaviour.1", ""), ("", "x" * 4_001)):
        with pytest.raises(CommentRefused):
            comment_as_guest(trust, there, guest, clause=clause, words=words)
    for _ in range(2):  # the same form sent twice
        comment_as_guest(trust, there, guest, clause="behaviour.1", words="Too harsh")
        comment_as_guest(trust, there, guest, clause="", words="")
    assert [one.words for one in comments_of(trust, there, guest=guest)] == ["Too harsh", ""]
    with time_machine.travel(clock.now() + 11 * DAY), pytest.raises(ConsultationOver):
        comment_as_guest(trust, there, guest, clause="", words="Late")


def test_a_school_sees_what_it_said_and_nothing_of_another(world):
    with world.sessions.trust() as session, transaction(session):
        there = build.a_consultation(session)
    for school in (world.oak, world.elm):
        with world.sessions.school(school.id) as session, transaction(session):
            comment(session, there, by=school.head, clause="", words=f"Said at {school.slug}")
    with world.sessions.school(world.oak.id) as session, transaction(session):
        mine = comments_of(session, there)
        assert [one.words for one in mine] == ["Said at oak-lane"]
        take_back(session, mine[0], by=world.oak.head)
    with world.sessions.trust() as session:
        found = heard(session, there)
        assert [(one.comment.words, one.who) for one in found.said] == [
            ("Said at elm-park", f"{world.elm.head.name}, Elm Park")
        ]
        assert found.sentences[0] == "1 of 3 schools answered."


def test_a_guests_link_opens_for_them_until_it_is_ended(trust, there):
    guest = build.a_guest(trust, there)
    key, purpose = build.SECRET_KEY, "consultation"
    secret = build.token(key, purpose, guest.id, guest.generation)
    assert guest_behind(trust, guest.id, secret, key) is guest
    assert guest_behind(trust, new_id(), secret, key) is None
    assert guest_behind(trust, guest.id, secret[:-1], key) is None
    end_guest(trust, guest, by=an_officer())
    assert guest_behind(trust, guest.id, secret, key) is None


def test_an_answer_says_why_unless_the_comment_is_taken_up(trust, there):
    guest = build.a_guest(trust, there)
    comment_as_guest(trust, there, guest, clause="behaviour.1", words="Too harsh")
    one = trust.scalars(select(Comment)).one()
    with pytest.raises(CommentRefused, match="Say why"):
        answer_comment(trust, one, by=an_officer(), outcome=Outcome.NOT_TAKEN, answer="")
    assert heard(trust, there).unanswered == 1
    answer_comment(trust, one, by=an_officer(), outcome=Outcome.TAKEN, answer="")
    assert heard(trust, there).unanswered == 0


def test_heads_are_told_once_and_who_is_silent_is_reminded_once(trust, there):
    school = build.a_school(trust)
    heads = {school.id: [Head("Jo", "jo@beech.example", school.name, "https://x.example/")]}
    guest = build.a_guest(trust, there)
    mails = []
    for day in range(12):
        with time_machine.travel(clock.now() + day * DAY):
            for _ in range(2):
                for one, _spoke in to_tell(trust):
                    mails.append((day, tell(trust, one, heads, trust="Lantern")))
                    trust.expire_all()
    assert mails == [(0, 1), (7, 2)]  # the guest was written to when invited
    bodies = [content.body for content in build.mailed(trust, "jo@beech.example")]
    assert len(bodies) == 2
    assert "Nothing has come from" in "".join(bodies)
    assert len(build.mailed(trust, guest.email)) == 2


def test_the_board_reads_who_answered_and_what_was_said(trust, there):
    guest = build.a_guest(trust, there)
    comment_as_guest(trust, there, guest, clause="behaviour.1", words="Too harsh")
    paper = board_paper(trust, edition_of(trust, there), by=an_officer())
    assert paper.heard.comments == 1
    assert "1 of 1 governor or union representative answered." in paper.heard.sentences
