"""An edition superseded or withdrawn, how it was approved, and how great its change is."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.exc import DBAPIError

from tests.build import a_draft, a_reader, a_school, a_version, an_edition, an_officer
from trustconduct import clock
from trustconduct.accounts.permissions import NotAllowed
from trustconduct.db import transaction
from trustconduct.oversight.impact import impact
from trustconduct.oversight.overview import overview
from trustconduct.policies.editions import (
    EditionRefused,
    Union,
    approve,
    mark_change,
    newest_published,
    publish,
    withdraw,
    withdrawal_of,
)
from trustconduct.policies.models import Edition, State
from trustconduct.policies.withdrawals import Withdrawal


def test_an_edition_is_superseded_by_a_newer_one_that_is_published(trust):
    first = newest_published(trust)
    second = an_edition(trust)
    assert (first.state, second.state) == (State.SUPERSEDED, State.PUBLISHED)


def test_a_withdrawn_edition_is_no_longer_the_one_to_adopt(trust):
    first = newest_published(trust)
    second = an_edition(trust)
    withdraw(trust, second, by=an_officer(), because="It named the wrong form.")
    assert (first.state, second.state) == (State.PUBLISHED, State.WITHDRAWN)
    assert newest_published(trust).id == first.id
    assert withdrawal_of(trust, second).because == "It named the wrong form."
    assert second.document.title
    assert overview(trust, by=an_officer()).newest == first.number


def test_an_edition_is_withdrawn_once_and_with_a_reason(trust):
    draft = a_draft(trust)
    with pytest.raises(EditionRefused, match="Say why"):
        withdraw(trust, draft, by=an_officer(), because="")
    withdraw(trust, draft, by=an_officer(), because="Not needed.")
    with pytest.raises(EditionRefused, match="withdrawn already"):
        withdraw(trust, draft, by=an_officer(), because="Not needed.")
    with pytest.raises(EditionRefused, match="withdrawn already"):
        approve(trust, draft, by=an_officer(), board_on=clock.today())
    with pytest.raises(EditionRefused, match="withdrawn already"):
        publish(trust, draft, by=an_officer())


def test_a_withdrawn_draft_can_be_brought_in_again(trust):
    first = a_draft(trust)
    withdraw(trust, first, by=an_officer(), because="Too early.")
    again = a_draft(trust)
    assert (again.number, again.state) == (first.number + 1, State.DRAFT)


def test_a_reader_of_the_trust_neither_withdraws_nor_marks(trust):
    draft = a_draft(trust)
    with pytest.raises(NotAllowed):
        withdraw(trust, draft, by=a_reader(), because="x")
    with pytest.raises(NotAllowed):
        mark_change(trust, draft, by=a_reader(), material=True, because="x")


def test_a_school_keeps_the_withdrawn_edition_that_it_published(ground):
    with ground.sessions.school(ground.oak.id) as session, transaction(session):
        version = a_version(session)
    with ground.sessions.trust() as session, transaction(session):
        edition = session.get(Edition, ground.edition)
        withdraw(session, edition, by=an_officer(), because="A secret of the Board")
    with ground.sessions.school(ground.oak.id) as session:
        assert session.get(Edition, version.edition_id).state is State.WITHDRAWN
        assert newest_published(session) is None
        with pytest.raises(DBAPIError, match="permission denied"):
            session.get(Withdrawal, version.edition_id)  # why is the Trust's own


def test_the_database_refuses_a_change_of_an_edition_or_of_its_withdrawal(ground):
    with ground.sessions.trust() as session, transaction(session):
        withdraw(session, session.get(Edition, ground.edition), by=an_officer(), because="Wrong")
    for table, column in ((Edition, "scope"), (Withdrawal, "because")):
        with ground.sessions.trust() as session, pytest.raises(DBAPIError):
            session.execute(update(table).values({column: "other"}))


def test_the_minute_and_why_the_union_was_not_asked_are_kept(trust):
    draft = a_draft(trust)
    why = Union(because="No change to anybody's duties.")
    approve(trust, draft, by=an_officer(), board_on=clock.today(), board_minute="7/3", union=why)
    assert (draft.board_minute, draft.union_because) == ("7/3", why.because)
    assert draft.union_not_applicable


def test_the_union_s_day_is_not_to_come_and_not_asking_needs_a_reason(trust):
    draft = a_draft(trust)
    for union in (Union(), Union(asked_on=clock.today() + timedelta(days=1))):
        with pytest.raises(EditionRefused):
            approve(trust, draft, by=an_officer(), board_on=clock.today(), union=union)
    assert draft.state is State.DRAFT


def test_a_review_before_the_board_s_day_is_refused(trust):
    draft = a_draft(trust, "Autumn Term 2019")
    with pytest.raises(EditionRefused, match="would be over before"):
        approve(trust, draft, by=an_officer(), board_on=clock.today())


def test_an_edition_that_nobody_marked_counts_as_material(trust):
    assert newest_published(trust).material is True


def test_a_published_edition_s_mark_is_fixed(trust):
    edition = an_edition(trust)
    with pytest.raises(EditionRefused, match="fixed"):
        mark_change(trust, edition, by=an_officer(), material=False, because="Words")


def test_a_minor_change_asks_nobody_again(world):
    with world.sessions.trust() as session, transaction(session):
        draft = a_draft(session)
        a_school(session)
        before = impact(session, draft, by=an_officer())
        assert before.people == sum(one.counts.asked for one in before.schools) > 0
        assert (before.asking, before.without_version) == (len(before.schools), 1)
        mark_change(session, draft, by=an_officer(), material=False, because="A comma")
        after = impact(session, draft, by=an_officer())
        assert (after.people, after.asking) == (0, 0)
