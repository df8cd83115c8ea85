"""Recovery codes, moving to another authenticator, and an officer's reset."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from tests.at_once import at_once
from tests.build import (
    PASSWORD,
    SEALER,
    a_code,
    a_user,
    an_actor,
    an_authenticator,
    an_officer,
    mailed,
)
from trustconduct import clock
from trustconduct.accounts.factors import (
    CODES,
    MOVE,
    begin_move,
    codes_left,
    enrol,
    factor_of,
    finish_move,
    make_codes,
    next_secret_of,
    prove,
    reset_factor,
    spend_recovery_code,
)
from trustconduct.accounts.models import RecoveryCode, SignIn, User
from trustconduct.accounts.permissions import NotAllowed
from trustconduct.accounts.signing_in import (
    Lifetime,
    actor_of,
    begin_whole,
    give_code,
    give_password,
    give_recovery_code,
    half_signed_in,
    signed_in,
)
from trustconduct.accounts.users import UserRefused
from trustconduct.audit.actor import Role
from trustconduct.db import transaction

NOON = "2027-03-01T12:00:00Z"
LIFETIME = Lifetime(timedelta(minutes=30), timedelta(hours=12))
EMAIL = "ada@school.example"


@pytest.fixture
def ada(accounts, schools) -> User:
    return a_user(accounts, Role.OFFICE, schools.oak.id, email=EMAIL, name="Ada Office")


@pytest.fixture
def secret(accounts, ada) -> str:
    return an_authenticator(accounts, ada)


def codes_of(session, user) -> list[str]:
    codes = make_codes(session, user, by=actor_of(user), sealer=SEALER)
    session.flush()
    return codes


def spend(session, user, code) -> bool:
    return spend_recovery_code(session, user, code, by=actor_of(user), sealer=SEALER)


def half(session, user) -> SignIn:
    token = give_password(session, user.email, PASSWORD, address="", sealer=SEALER)
    session.flush()
    return half_signed_in(session, token, lock=True)


def test_there_are_ten_and_each_works_once(accounts, ada):
    codes = codes_of(accounts, ada)
    assert len(set(codes)) == CODES == 10
    assert all(spend(accounts, ada, code) for code in codes)
    assert not any(spend(accounts, ada, code) for code in codes)
    assert codes_left(accounts, ada) == 0


@pytest.mark.parametrize("typed", [str.upper, lambda code: code.replace("-", " "), " {} ".format])
def test_a_code_may_be_typed_loosely(accounts, ada, typed):
    code = codes_of(accounts, ada)[0]
    assert spend(accounts, ada, typed(code))


@pytest.mark.parametrize("wrong", ["", "-", "aaaa-aaaa-aaaa", "\x00", "ü" * 100])
def test_what_is_no_code_breaks_nothing(accounts, ada, wrong):
    codes_of(accounts, ada)
    assert not spend(accounts, ada, wrong)


def test_one_persons_codes_are_nothing_to_another(accounts, ada, schools):
    bob = a_user(accounts, Role.OFFICE, schools.oak.id, email="bob@school.example")
    assert not spend(accounts, bob, codes_of(accounts, ada)[0])


def test_new_codes_end_the_old(accounts, ada):
    old = codes_of(accounts, ada)
    new = codes_of(accounts, ada)
    assert not spend(accounts, ada, old[0])
    assert spend(accounts, ada, new[0])
    assert codes_left(accounts, ada) == 9


def test_no_code_stands_in_the_database(accounts, ada):
    code = codes_of(accounts, ada)[0]
    kept = "".join(accounts.scalars(select(RecoveryCode.code_hmac)))
    assert code not in kept
    assert code.replace("-", "") not in kept


def test_one_code_given_by_many_at_once_works_once(world):
    user_id = world.oak.users[Role.OFFICE].id
    with world.sessions.accounts() as session, transaction(session):
        code = codes_of(session, session.get(User, user_id))[0]

    def one():
        with world.sessions.accounts() as session, transaction(session):
            return spend(session, session.get(User, user_id), code)

    assert sorted(at_once(8, one)) == [False] * 7 + [True]


def test_new_codes_made_by_many_at_once_leave_ten(world):
    user_id = world.oak.users[Role.OFFICE].id

    def one():
        with world.sessions.accounts() as session, transaction(session):
            return len(codes_of(session, session.get(User, user_id)))

    assert at_once(5, one) == [10] * 5
    with world.sessions.accounts() as session:
        assert codes_left(session, session.get(User, user_id)) == 10


def test_an_authenticator_is_made_once_by_many_at_once(world):
    with world.sessions.accounts() as session, transaction(session):
        user_id = a_user(session, Role.TRUST_OFFICER, email="new@trust.example").id

    def one():
        with world.sessions.accounts() as session, transaction(session):
            factor = enrol(session, session.get(User, user_id), SEALER)
            session.flush()
            return factor.id

    assert len(set(at_once(5, one))) == 1


def test_a_recovery_code_signs_in_in_place_of_the_app(accounts, ada, secret):
    code = codes_of(accounts, ada)[0]
    sign_in = half(accounts, ada)
    token = give_recovery_code(accounts, sign_in, code, address="", sealer=SEALER)
    accounts.flush()
    assert signed_in(accounts, token, LIFETIME)
    again = half(accounts, ada)
    assert give_recovery_code(accounts, again, code, address="", sealer=SEALER) is None
    assert again.wrong_codes == 1


def test_the_person_is_told_that_a_code_was_used(world):
    user = world.oak.users[Role.OFFICE]
    with world.sessions.accounts() as session, transaction(session):
        row = session.get(User, user.id)
        assert spend(session, row, codes_of(session, row)[0])
    with world.sessions.trust() as trust:
        mail = mailed(trust, user.email)[-1]
    assert mail.subject == "A recovery code of yours was used"
    assert "You have 9 left" in mail.body
    assert "call the Trust’s office, on a number that you already have" in mail.body


# -- moving


def test_the_old_authenticator_works_until_the_new_one_has_shown_a_code(accounts, ada, secret):
    with time_machine.travel(NOON, tick=False):
        assert prove(accounts, ada, a_code(secret), by=actor_of(ada), sealer=SEALER)
        begin_move(accounts, ada, sealer=SEALER)
        new = next_secret_of(accounts, ada, SEALER)
        token = begin_whole(accounts, ada)
        accounts.flush()
        assert give_code(
            accounts, half(accounts, ada), a_code(secret, 1), address="", sealer=SEALER
        )
        wrong = "000000" if a_code(new) != "000000" else "111111"
        assert not finish_move(accounts, ada, wrong, by=actor_of(ada), sealer=SEALER)
        assert finish_move(accounts, ada, a_code(new), by=actor_of(ada), sealer=SEALER)
        accounts.flush()
        assert signed_in(accounts, token, LIFETIME) is None
        again = half(accounts, ada)
        assert give_code(accounts, again, a_code(new), address="", sealer=SEALER) is None, "once"
        assert give_code(accounts, again, a_code(new, 1), address="", sealer=SEALER)
    with time_machine.travel("2027-03-01T13:00:00Z", tick=False):
        old = half(accounts, ada)
        assert give_code(accounts, old, a_code(secret), address="", sealer=SEALER) is None


def test_a_move_that_was_left_lying_can_not_be_finished_later(accounts, ada, secret):
    with time_machine.travel(NOON, tick=False) as time:
        begin_move(accounts, ada, sealer=SEALER)
        new = next_secret_of(accounts, ada, SEALER)
        time.shift(MOVE)
        assert next_secret_of(accounts, ada, SEALER) is None
        assert not finish_move(accounts, ada, a_code(new), by=actor_of(ada), sealer=SEALER)


# -- an officer's reset


def test_a_reset_ends_the_app_the_codes_and_the_sign_ins(accounts, ada, secret):
    code, token = codes_of(accounts, ada)[0], begin_whole(accounts, ada)
    accounts.flush()
    reset_factor(accounts, ada, by=an_officer(), sealer=SEALER)
    accounts.flush()
    assert signed_in(accounts, token, LIFETIME) is None
    sign_in = half(accounts, ada)
    assert give_code(accounts, sign_in, a_code(secret), address="", sealer=SEALER) is None
    assert not spend(accounts, ada, code)


def test_after_a_reset_the_password_alone_makes_no_new_factor(accounts, ada, secret):
    """Also for who finds out the new secret: it counts behind the mailed link only."""
    reset_factor(accounts, ada, by=an_officer(), sealer=SEALER)
    accounts.flush()
    factor = factor_of(accounts, ada)
    assert factor.confirmed_at is None
    new = SEALER.open(factor.secret, ada.id)
    sign_in = half(accounts, ada)
    assert give_code(accounts, sign_in, a_code(new), address="", sealer=SEALER) is None
    assert factor.confirmed_at is None


@pytest.mark.parametrize("role", [Role.TRUST_READER, Role.HEADTEACHER, Role.TEACHER])
def test_only_an_officer_resets_and_never_their_own(accounts, ada, secret, schools, role):
    by = an_actor(role, None if role.of_trust else schools.oak.id)
    with pytest.raises(NotAllowed):
        reset_factor(accounts, ada, by=by, sealer=SEALER)
    officer = a_user(accounts, Role.TRUST_OFFICER, email="officer@x.example")
    with pytest.raises(UserRefused, match="your own"):
        reset_factor(accounts, officer, by=actor_of(officer, fresh=True), sealer=SEALER)


def test_the_codes_are_marked_by_the_clock(accounts, ada):
    with time_machine.travel(NOON, tick=False):
        spend(accounts, ada, codes_of(accounts, ada)[0])
        assert (
            accounts.scalars(
                select(RecoveryCode.used_at).where(RecoveryCode.used_at.is_not(None))
            ).one()
            == clock.now()
        )
