"""Roles from a day to a day, accounts closed and opened: an officer's, and never one's own."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
import time_machine
from sqlalchemy import select

from tests.at_once import at_once
from tests.build import SEALER, a_code, a_user, an_actor, an_officer, mailed
from trustconduct import clock
from trustconduct.accounts.invitations import invite
from trustconduct.accounts.models import SignIn, User, UserGrant
from trustconduct.accounts.permissions import NotAllowed
from trustconduct.accounts.roles import date_role, disable, enable, end_role
from trustconduct.accounts.signing_in import (
    Lifetime,
    actor_of,
    begin_whole,
    give_code,
    give_password,
    half_signed_in,
    signed_in,
)
from trustconduct.accounts.users import UserRefused, at_trust
from trustconduct.audit.actor import Grant, Role
from trustconduct.db import transaction

LIFETIME = Lifetime(timedelta(minutes=30), timedelta(hours=12))
OFFICER = "officer@trust.example"


def officers(session) -> list[User]:
    """Who is reminded as an officer of today."""
    return [
        user for user in at_trust(session) if user.is_at_trust(Role.TRUST_OFFICER, clock.today())
    ]


@pytest.fixture
def ada(accounts, schools) -> User:
    return a_user(accounts, Role.OFFICE, schools.oak.id, email="ada@school.example", name="Ada")


@pytest.fixture
def officer(accounts) -> User:
    return a_user(accounts, Role.TRUST_OFFICER, email=OFFICER, name="Olive")


CHANGES = {
    "dated": lambda session, user, by: date_role(
        session, user.grants[0], by=by, first_on=None, last_on=date(2040, 1, 1)
    ),
    "ended": lambda session, user, by: end_role(session, user.grants[0], by=by),
    "disabled": lambda session, user, by: disable(session, user, by=by),
    "added": lambda session, user, by: invite(
        session,
        by=by,
        email=user.email,
        name=user.name,
        grants=[Grant(Role.TRUST_READER)],
        trust_name="Lantern Trust",
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_ends_every_sign_in_at_once(accounts, ada, change):
    tokens = [begin_whole(accounts, ada) for _ in range(2)]
    accounts.flush()
    assert all(signed_in(accounts, token, LIFETIME) for token in tokens)
    CHANGES[change](accounts, ada, an_officer())
    accounts.flush()
    assert not any(signed_in(accounts, token, LIFETIME) for token in tokens)


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("role", [Role.TRUST_READER, Role.HEADTEACHER, Role.OFFICE])
def test_only_an_officer_changes_people(accounts, ada, schools, change, role):
    by = an_actor(role, None if role.of_trust else schools.oak.id)
    with pytest.raises(NotAllowed):
        CHANGES[change](accounts, ada, by)


@pytest.mark.parametrize("change", CHANGES)
def test_an_officer_never_changes_their_own(accounts, officer, change):
    a_user(accounts, Role.TRUST_OFFICER, email="second@trust.example")
    with pytest.raises(UserRefused, match="your own"):
        CHANGES[change](accounts, officer, actor_of(officer, fresh=True))


@pytest.mark.parametrize("change", ["dated", "ended", "disabled"])
def test_the_last_officer_stays(accounts, officer, change):
    """Asked by the command line, which is nobody's own."""
    with pytest.raises(UserRefused, match="last officer"):
        CHANGES[change](accounts, officer, an_officer())


@pytest.mark.parametrize("change", ["dated", "ended", "disabled"])
def test_one_of_two_officers_may_go(accounts, officer, change):
    a_user(accounts, Role.TRUST_OFFICER, email="second@trust.example")
    CHANGES[change](accounts, officer, an_officer())


def test_an_officer_who_has_not_come_in_yet_does_not_count(accounts, officer):
    invite(
        accounts,
        by=an_officer(),
        email="new@trust.example",
        name="New",
        grants=[Grant(Role.TRUST_OFFICER)],
        trust_name="Lantern Trust",
    )
    with pytest.raises(UserRefused, match="last officer"):
        disable(accounts, officer, by=an_officer())


def test_two_officers_who_close_each_other_at_once_do_not_both_succeed(world):
    with world.sessions.accounts() as session, transaction(session):
        a_user(session, Role.TRUST_OFFICER, email="second@trust.example")
    with world.sessions.accounts() as session:
        pair = {user.id for user in officers(session)}
    assert len(pair) == 2
    whom = list(pair)

    def close():
        target = whom.pop()
        with world.sessions.accounts() as session, transaction(session):
            (by,) = pair - {target}
            officer = actor_of(session.get(User, by), fresh=True)
            disable(session, session.get(User, target), by=officer)

    got = at_once(2, close)
    assert sum(isinstance(each, UserRefused) for each in got) == 1
    with world.sessions.accounts() as session:
        assert len(officers(session)) == 1


def test_a_role_ended_by_two_at_once_is_ended_once(world):
    user_id = world.oak.users[Role.OFFICE].id
    all_have_read = threading.Barrier(4)

    def end():
        with world.sessions.accounts() as session, transaction(session):
            (grant,) = session.get(User, user_id).grants
            all_have_read.wait(timeout=30)
            end_role(session, grant, by=an_officer())

    assert at_once(4, end) == [None] * 4
    with world.sessions.trust() as trust:
        ended = [mail for mail in mailed(trust, world.oak.users[Role.OFFICE].email)]
    assert [mail.subject for mail in ended] == ["A role of yours has ended"]


@pytest.mark.parametrize("change", ["ended", "disabled"])
def test_a_sign_in_that_is_just_being_finished_does_not_slip_through(world, change):
    """An ending can't see the row that another commit is about to add: it waits for it."""
    office = world.oak.users[Role.OFFICE]
    with world.sessions.accounts() as session, transaction(session):
        half = give_password(session, office.email, office.password, address="", sealer=SEALER)

    def end():
        with world.sessions.accounts() as session, transaction(session):
            CHANGES[change](session, session.get(User, office.id), an_officer())

    with ThreadPoolExecutor(1) as threads, world.sessions.accounts() as session:
        with transaction(session):
            sign_in = half_signed_in(session, half, lock=True)
            code = a_code(office.secret)
            token = give_code(session, sign_in, code, address="", sealer=SEALER)
            session.flush()
            ending = threads.submit(end)
            with pytest.raises(TimeoutError):
                ending.result(timeout=1)
        ending.result(timeout=20)
        assert token
        assert signed_in(session, token, LIFETIME) is None


def test_who_is_let_in_again_has_the_roles_from_before(accounts, ada):
    before = actor_of(ada).grants
    disable(accounts, ada, by=an_officer())
    enable(accounts, ada, by=an_officer())
    accounts.flush()
    assert ada.disabled_at is None
    assert actor_of(ada).grants == before


def test_the_days_of_a_role_are_london_days(accounts, ada):
    with time_machine.travel("2027-06-01T12:00:00Z", tick=False) as time:
        date_role(
            accounts,
            ada.grants[0],
            by=an_officer(),
            first_on=date(2027, 6, 2),
            last_on=date(2027, 6, 2),
        )
        for at, holds in (
            ("2027-06-01T22:59:59Z", False),
            ("2027-06-01T23:00:00Z", True),
            ("2027-06-02T22:59:59Z", True),
            ("2027-06-02T23:00:00Z", False),
        ):
            time.move_to(at)
            assert bool(actor_of(ada).grants) == holds, at


def test_an_officer_of_some_days_is_reminded_on_those_days_only(accounts, officer):
    a_user(accounts, Role.TRUST_OFFICER, email="second@trust.example")
    today = clock.today()
    date_role(accounts, officer.grants[0], by=an_officer(), first_on=None, last_on=today)
    accounts.flush()
    assert officer in officers(accounts)
    with time_machine.travel(clock.now() + timedelta(days=1, hours=1), tick=False):
        assert officer not in officers(accounts)


def test_days_that_are_turned_round_are_refused(accounts, ada):
    with pytest.raises(UserRefused, match="before the first"):
        date_role(
            accounts,
            ada.grants[0],
            by=an_officer(),
            first_on=date(2027, 6, 2),
            last_on=date(2027, 6, 1),
        )


def test_the_person_is_told_by_mail_of_each_change(world):
    user = world.oak.users[Role.OFFICE]
    with world.sessions.accounts() as session, transaction(session):
        row = session.get(User, user.id)
        for change in ("dated", "added", "ended", "disabled"):
            CHANGES[change](session, row, an_officer())
        enable(session, row, by=an_officer())
    with world.sessions.trust() as trust:
        mails = mailed(trust, user.email)
    assert [mail.subject for mail in mails] == [
        "The days of your role have changed",
        "You have a new role",
        "A role of yours has ended",
        "You can no longer sign in",
        "You can sign in again",
    ]
    assert "Office at Oak Lane, until 1 January 2040" in mails[0].body
    assert all(mail.link is None for mail in mails)


def test_what_was_ended_leaves_no_row_and_no_open_sign_in(accounts, ada):
    begin_whole(accounts, ada)
    end_role(accounts, ada.grants[0], by=an_officer())
    accounts.flush()
    assert accounts.scalars(select(UserGrant).where(UserGrant.user_id == ada.id)).all() == []
    open_ = select(SignIn).where(SignIn.user_id == ada.id, SignIn.ended_at.is_(None))
    assert accounts.scalars(open_).all() == []


def test_days_that_stay_as_they_are_change_nothing(accounts, ada):
    token = begin_whole(accounts, ada)
    grant = ada.grants[0]
    assert not date_role(
        accounts, grant, by=an_officer(), first_on=grant.first_on, last_on=grant.last_on
    )
    accounts.flush()
    assert signed_in(accounts, token, LIFETIME)
