"""Handing a new school over: each half once, in its own scope, whatever crashes in between."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import ProgrammingError

from tests import build
from tests.at_once import at_once
from trustconduct.accounts.models import User
from trustconduct.accounts.permissions import NotAllowed
from trustconduct.audit.actor import Actor, Grant, Role
from trustconduct.audit.models import SchoolAuditEvent, TrustAuditEvent
from trustconduct.db import transaction
from trustconduct.jobs.starting import start_schools
from trustconduct.outbox.models import TrustMessage, TrustMessageContent
from trustconduct.schools.add import add_school
from trustconduct.schools.settings import settings_of
from trustconduct.schools.start import Head, ask_head, begin_settings, invite_head, to_hand_over
from trustconduct.tenants.models import School, SchoolStart

HEAD = Head("Fern Sample", "fern@fir-tree.example")


@pytest.fixture
def fir(ground):
    """A school that was added a moment ago; nothing is handed over yet."""
    with ground.sessions.trust() as session, transaction(session):
        return add_school(
            session,
            by=build.an_officer(),
            name="Fir Tree",
            police_force_id=build.FORCE,
            head=HEAD,
        ).id


def waiting(world):
    with world.sessions.trust(read_only=True) as session:
        return to_hand_over(session)


def heads(world, school_id):
    with world.sessions.accounts(read_only=True) as session:
        users = session.scalars(select(User)).all()
        return {
            user.email: [grant.role for grant in user.grants if grant.at_school_id == school_id]
            for user in users
        }


def invitations(world):
    with world.sessions.trust(read_only=True) as session:
        return session.scalars(
            select(TrustMessageContent.to_address)
            .join(TrustMessage, TrustMessage.id == TrustMessageContent.id)
            .order_by(TrustMessage.written_at)
        ).all()


def force_of(world, school_id):
    with world.sessions.school(school_id, read_only=True) as session:
        return settings_of(session).police_force_id


def test_the_head_is_invited_and_the_settings_are_begun(ground, fir):
    assert waiting(ground) == [fir]
    assert start_schools(ground.sessions, [fir]) == 1
    assert heads(ground, fir) == {HEAD.email: ["headteacher"]}
    assert invitations(ground) == [HEAD.email]
    assert force_of(ground, fir) == build.FORCE
    assert waiting(ground) == []


def test_done_again_it_does_nothing(ground, fir):
    for _ in range(3):
        start_schools(ground.sessions, [fir])
    assert invitations(ground) == [HEAD.email]
    with ground.sessions.school(fir) as session:
        events = session.scalars(select(SchoolAuditEvent.event)).all()
    assert events == ["settings.changed"]


def test_twenty_at_once_invite_once(ground, fir):
    done = at_once(20, lambda: start_schools(ground.sessions, [fir]))
    assert set(done) <= {0, 1}  # and no error among them
    assert invitations(ground) == [HEAD.email]
    assert heads(ground, fir) == {HEAD.email: ["headteacher"]}


def test_what_a_crash_left_between_the_halves_is_done_later(ground, fir):
    with ground.sessions.accounts() as session, transaction(session):
        assert invite_head(session, fir)
    # Here the process dies.
    assert waiting(ground) == [fir]
    start_schools(ground.sessions, waiting(ground))
    assert force_of(ground, fir) == build.FORCE
    assert invitations(ground) == [HEAD.email]
    assert waiting(ground) == []


def test_a_half_that_is_rolled_back_is_not_marked(ground, fir):
    with ground.sessions.accounts() as session:
        assert invite_head(session, fir)
        session.rollback()
    assert waiting(ground) == [fir]
    assert heads(ground, fir) == {}


def test_who_is_a_user_already_gets_the_role_as_well(ground, fir):
    with ground.sessions.accounts() as session, transaction(session):
        build.a_user(session, Role.OFFICE, ground.oak.id, email=HEAD.email)
    start_schools(ground.sessions, [fir])
    assert heads(ground, fir) == {HEAD.email: ["headteacher"]}
    assert heads(ground, ground.oak.id) == {HEAD.email: ["office"]}


def test_who_is_head_there_already_is_no_error(ground, fir):
    with ground.sessions.accounts() as session, transaction(session):
        build.a_user(session, Role.HEADTEACHER, fir, email=HEAD.email)
    start_schools(ground.sessions, [fir])
    assert waiting(ground) == []
    assert invitations(ground) == []


def test_who_may_not_sign_in_is_not_invited_until_the_officer_names_another(ground, fir):
    with ground.sessions.accounts() as session, transaction(session):
        build.a_user(session, Role.OFFICE, ground.oak.id, email=HEAD.email)
        session.execute(text("update account_user set disabled_at = now()"))
    start_schools(ground.sessions, [fir])
    assert waiting(ground) == []
    with ground.sessions.trust() as session, transaction(session):
        start = session.get_one(SchoolStart, fir)
        assert "may not sign in any more" in start.refused
        ask_head(
            session,
            session.get_one(School, fir),
            Head("Flora Sample", "flora@fir-tree.example"),
            by=build.an_officer(),
        )
    assert waiting(ground) == [fir]
    start_schools(ground.sessions, [fir])
    assert heads(ground, fir)["flora@fir-tree.example"] == ["headteacher"]


def test_an_officer_can_not_make_themselves_a_head(ground):
    with ground.sessions.accounts() as session, transaction(session):
        user = build.a_user(session, Role.TRUST_OFFICER, email="jo@trust.example")
    grants = frozenset({Grant(Role.TRUST_OFFICER)})
    officer = Actor("user", user.id, user.name, grants, fresh=True)
    with ground.sessions.trust() as session, transaction(session):
        head = Head("Jo", "jo@trust.example")
        school = add_school(session, by=officer, name="Fir Tree", head=head).id
    start_schools(ground.sessions, [school])
    assert heads(ground, school) == {"jo@trust.example": []}
    with ground.sessions.trust() as session:
        assert "Ask another officer" in session.get_one(SchoolStart, school).refused


def test_what_the_school_has_chosen_itself_stays(ground, fir):
    with ground.sessions.school(fir) as session, transaction(session):
        build.settings_filled(session, police_force_id="norfolk")
    start_schools(ground.sessions, [fir])
    assert force_of(ground, fir) == "norfolk"
    assert waiting(ground) == []


def test_the_police_force_is_put_into_settings_that_have_none_yet(ground, fir):
    with ground.sessions.school(fir) as session, transaction(session):
        build.settings_filled(session, police_force_id=None)
    start_schools(ground.sessions, [fir])
    assert force_of(ground, fir) == build.FORCE


def test_a_school_without_head_and_force_has_nothing_to_hand_over(ground):
    with ground.sessions.trust() as session, transaction(session):
        school = add_school(session, by=build.an_officer(), name="Fir Tree").id
    assert waiting(ground) == []
    assert start_schools(ground.sessions, [school]) == 0


def test_it_is_done_in_the_name_of_who_asked(ground, fir):
    start_schools(ground.sessions, [fir])
    with ground.sessions.trust() as session:
        by = session.get_one(SchoolStart, fir).asked_by_id
        events = dict(
            session.execute(select(TrustAuditEvent.event, TrustAuditEvent.actor_id)).all()
        )
    assert by is not None
    assert events["user.invited"] == by


def test_only_an_officer_asks_for_a_head(trust, schools, oak):
    school = trust.get_one(School, schools.oak.id)
    for by in (build.a_reader(), build.a_head(oak)):
        with pytest.raises(NotAllowed):
            ask_head(trust, school, HEAD, by=by)


def test_each_scope_may_write_its_own_half_only(ground, fir):
    """Refused by PostgreSQL, whatever a page's code does."""
    for open_, column in (
        (lambda: ground.sessions.school(fir), "head_email = 'x@x.example'"),
        (lambda: ground.sessions.school(fir), "invited_at = now()"),
        (ground.sessions.accounts, "settled_at = now()"),
        (ground.sessions.accounts, "head_name = 'X'"),
    ):
        with open_() as session, pytest.raises(ProgrammingError, match="permission denied"):
            session.execute(text(f"update school_start set {column}"))
    with ground.sessions.school(ground.oak.id) as session:
        assert session.scalars(select(SchoolStart)).all() == []
        assert not begin_settings(session)
