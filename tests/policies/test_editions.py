"""The Trust's editions: brought in, approved, published, and never changed again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.at_once import at_once
from tests.build import a_draft, a_reader, a_text, an_edition, an_officer
from trustconduct import clock
from trustconduct.accounts.permissions import NotAllowed
from trustconduct.audit.models import TrustAuditEvent
from trustconduct.db import transaction
from trustconduct.policies.editions import (
    EditionRefused,
    approve,
    import_edition,
    newest_published,
    publish,
)
from trustconduct.policies.models import Edition, State
from trustconduct.policies.reading import read_policy


def test_an_edition_is_a_draft_then_approved_then_published(trust):
    edition = a_draft(trust)
    assert (edition.number, edition.state) == (2, State.DRAFT)
    approve(trust, edition, by=an_officer(), board_on=clock.today())
    assert edition.state is State.APPROVED
    publish(trust, edition, by=an_officer())
    assert edition.state is State.PUBLISHED
    trust.flush()
    events = trust.scalars(
        select(TrustAuditEvent.event)
        .where(TrustAuditEvent.thing_id == edition.id)
        .order_by(TrustAuditEvent.id)
    )
    assert events.all() == [
        "edition.imported",
        "edition.approved",
        "edition.published",
        "rollout.asked",
    ]


def test_the_source_is_kept_word_for_word_with_what_was_read_from_it(trust):
    edition = a_draft(trust)
    trust.flush()
    trust.expire_all()
    kept = trust.get(Edition, edition.id)
    assert kept.source_text == a_text()
    assert kept.document == read_policy(a_text().encode(), filename="x.txt").document
    assert kept.review.text == "Summer Term 2028"
    assert kept.union_not_applicable


def test_an_edition_is_not_published_before_the_board_approved_it(trust):
    edition = a_draft(trust)
    with pytest.raises(EditionRefused, match="Board must approve"):
        publish(trust, edition, by=an_officer())


def test_the_board_can_not_have_approved_it_tomorrow(trust):
    edition = a_draft(trust)
    with pytest.raises(EditionRefused, match="still to come"):
        approve(trust, edition, by=an_officer(), board_on=clock.today() + timedelta(days=1))
    assert edition.state is State.DRAFT


def test_no_step_is_taken_twice(trust):
    edition = an_edition(trust)
    with pytest.raises(EditionRefused, match="published already"):
        publish(trust, edition, by=an_officer())
    with pytest.raises(EditionRefused, match="published already"):
        approve(trust, edition, by=an_officer(), board_on=clock.today())


def test_the_newest_published_edition_is_the_one_to_adopt(trust):
    second = an_edition(trust)
    a_draft(trust)
    assert newest_published(trust).id == second.id


def test_those_who_bring_one_in_at_once_get_a_number_each(ground):
    reviews = ["Summer Term 2029", "Summer Term 2030", "Summer Term 2031", "Summer Term 2032"]

    def bring_in():
        review = reviews.pop()
        with ground.sessions.trust() as session, transaction(session):
            return a_draft(session, review).number

    assert sorted(at_once(4, bring_in)) == [2, 3, 4, 5]


def test_the_same_page_sent_several_times_at_once_is_one_draft(ground):
    def bring_in():
        with ground.sessions.trust() as session, transaction(session):
            return a_draft(session).number

    assert at_once(4, bring_in) == [2, 2, 2, 2]
    with ground.sessions.trust() as session:
        assert len(session.scalars(select(Edition.id)).all()) == 2


def test_a_reader_of_the_trust_takes_no_step(trust):
    reading = read_policy(a_text().encode(), filename="x.txt")
    with pytest.raises(NotAllowed):
        import_edition(trust, reading, by=a_reader(), source_name="x", source_text="x")
    edition = a_draft(trust)
    with pytest.raises(NotAllowed):
        approve(trust, edition, by=a_reader(), board_on=clock.today())
    with pytest.raises(NotAllowed):
        publish(trust, edition, by=a_reader())
