"""Signing in: the password, then a code that works once."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import func, select

from tests.at_once import at_once
from tests.build import PASSWORD, SEALER, a_code, a_user, an_authenticator
from trustconduct import clock
from trustconduct.accounts.factors import enrol, secret_of
from trustconduct.accounts.models import SignIn, User
from trustconduct.accounts.passwords import PasswordRefused, hashed, is_right
from trustconduct.accounts.signing_in import (
    MOST_WRONG_CODES,
    Lifetime,
    actor_of,
    give_code,
    give_password,
    half_signed_in,
    seen,
    sign_out,
    signed_in,
)
from trustconduct.accounts.users import UserRefused, add_user
from trustconduct.audit.actor import COMMAND, Grant, Role
from trustconduct.db import transaction

LIFETIME = Lifetime(timedelta(minutes=30), timedelta(hours=12))
NOON = "2027-03-01T12:00:00Z"
EMAIL = "ada@school.example"


@pytest.fixture
def ada(accounts, schools) -> User:
    return a_user(accounts, Role.OFFICE, schools.oak.id, email=EMAIL, name="Ada Office")


@pytest.fixture
def secret(accounts, ada) -> str:
    return an_authenticator(accounts, ada)


def password(session, email: str = EMAIL, given: str = PASSWORD) -> str | None:
    token = give_password(session, email, given, address="192.0.2.1", sealer=SEALER)
    session.flush()
    return token


def code(session, half: str, digits: str) -> str | None:
    sign_in = half_signed_in(session, half, lock=True)
    assert sign_in is not None
    token = give_code(session, sign_in, digits, address="192.0.2.1", sealer=SEALER)
    session.flush()
    return token


def test_password_and_code_together_sign_in(accounts, ada, secret):
    token = code(accounts, password(accounts), a_code(secret))
    found = signed_in(accounts, token, LIFETIME)
    assert found.user.id == ada.id
    assert [grant.role for grant in found.user.grants] == ["office"]


def test_the_password_alone_opens_nothing(accounts, ada):
    half = password(accounts)
    assert half_signed_in(accounts, half, lock=False) is not None
    assert signed_in(accounts, half, LIFETIME) is None


def test_the_first_token_dies_with_the_code(accounts, secret):
    half = password(accounts)
    token = code(accounts, half, a_code(secret))
    assert token != half
    assert half_signed_in(accounts, half, lock=False) is None
    assert signed_in(accounts, half, LIFETIME) is None


def test_a_code_works_once(accounts, secret):
    with time_machine.travel(NOON, tick=False):
        digits = a_code(secret)
        assert code(accounts, password(accounts), digits)
        assert code(accounts, password(accounts), digits) is None


def test_an_older_code_does_not_work_after_a_newer_one(accounts, secret):
    with time_machine.travel(NOON, tick=False):
        assert code(accounts, password(accounts), a_code(secret))
        assert code(accounts, password(accounts), a_code(secret, -1)) is None


def test_one_code_given_twice_at_once_signs_in_once(world):
    user = world.oak.users[Role.OFFICE]
    with world.sessions.accounts() as session, transaction(session):
        halves = [password(session, user.email) for _ in range(6)]
    digits = a_code(user.secret)

    def finish():
        half = halves.pop()
        with world.sessions.accounts() as session, transaction(session):
            return code(session, half, digits)

    got = at_once(6, finish)
    assert sum(isinstance(each, str) for each in got) == 1
    assert got.count(None) == 5


@pytest.mark.parametrize(("steps", "works"), [(-2, False), (-1, True), (1, True), (2, False)])
def test_a_clock_that_is_half_a_minute_off_is_forgiven(accounts, secret, steps, works):
    with time_machine.travel(NOON, tick=False):
        token = code(accounts, password(accounts), a_code(secret, steps))
    assert (token is not None) == works


def test_five_wrong_codes_end_it(accounts, secret):
    with time_machine.travel(NOON, tick=False):
        half = password(accounts)
        wrong = "000000" if a_code(secret) != "000000" else "111111"
        for _ in range(MOST_WRONG_CODES):
            assert code(accounts, half, wrong) is None
        assert half_signed_in(accounts, half, lock=False) is None


@pytest.mark.parametrize(
    "digits", ["", "12345", "1234567", "abcdef", "１２３４５６", "-1", "١٢٣٤٥٦"]
)
def test_what_is_no_code_is_wrong_and_breaks_nothing(accounts, secret, digits):
    assert code(accounts, password(accounts), digits) is None


def test_spaces_in_a_code_do_not_matter(accounts, secret):
    with time_machine.travel(NOON, tick=False):
        digits = a_code(secret)
        assert code(accounts, password(accounts), f" {digits[:3]} {digits[3:]} ")


def test_a_person_without_an_authenticator_can_not_finish(accounts, schools):
    a_user(accounts, Role.OFFICE, schools.oak.id, email="new@school.example")
    assert code(accounts, password(accounts, "new@school.example"), "123456") is None


def test_the_first_code_enrols_the_authenticator(accounts, schools):
    user = a_user(accounts, Role.OFFICE, schools.oak.id, email="new@school.example")
    factor = enrol(accounts, user, SEALER)
    accounts.flush()
    assert enrol(accounts, user, SEALER) is factor
    assert factor.confirmed_at is None
    assert code(accounts, password(accounts, user.email), a_code(secret_of(factor, SEALER)))
    assert factor.confirmed_at is not None


def test_unknown_wrong_and_disabled_are_answered_alike(accounts, ada):
    ada.disabled_at = clock.now()
    accounts.flush()
    assert password(accounts, "nobody@school.example") is None
    assert password(accounts) is None
    ada.disabled_at = None
    accounts.flush()
    assert password(accounts, given="not the password") is None
    assert accounts.scalar(select(func.count()).select_from(SignIn)) == 0


def test_a_refusal_takes_as_long_for_an_unknown_person(accounts, ada, monkeypatch):
    """Each costs one full Argon2 verification: the time tells nothing."""
    verified = []
    import trustconduct.accounts.passwords as passwords  # noqa: PLC0415

    hasher = passwords._hasher()

    class Counting:
        hash = hasher.hash

        def verify(self, kept, given):
            verified.append(kept)
            return hasher.verify(kept, given)

    passwords._nobody()
    monkeypatch.setattr(passwords, "_hasher", Counting)
    password(accounts, "nobody@school.example")
    password(accounts, given="not the password")
    assert len(verified) == 2
    assert all(kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$") for kept in verified)


@pytest.mark.parametrize("typed", [EMAIL.upper(), f"  {EMAIL} "])
def test_an_address_may_be_typed_in_any_case(accounts, ada, typed):
    assert password(accounts, typed)


def test_a_captured_token_is_dead_after_sign_out(accounts, ada, secret):
    token = code(accounts, password(accounts), a_code(secret))
    sign_out(accounts, signed_in(accounts, token, LIFETIME).id, by=actor_of(ada))
    assert signed_in(accounts, token, LIFETIME) is None


def test_a_captured_token_is_dead_once_the_person_is_disabled(accounts, ada, secret):
    token = code(accounts, password(accounts), a_code(secret))
    ada.disabled_at = clock.now()
    accounts.flush()
    assert signed_in(accounts, token, LIFETIME) is None


def test_signing_out_in_one_browser_leaves_the_other(accounts, ada, secret):
    with time_machine.travel(NOON, tick=False):
        one = code(accounts, password(accounts), a_code(secret))
        two = code(accounts, password(accounts), a_code(secret, 1))
        sign_out(accounts, signed_in(accounts, one, LIFETIME).id, by=actor_of(ada))
        assert signed_in(accounts, two, LIFETIME)


def test_a_sign_in_ends_after_half_an_hour_without_a_click(accounts, secret):
    with time_machine.travel(NOON, tick=False) as time:
        token = code(accounts, password(accounts), a_code(secret))
        time.shift(timedelta(minutes=29))
        sign_in = signed_in(accounts, token, LIFETIME)
        seen(accounts, sign_in)
        time.shift(timedelta(minutes=29))
        assert signed_in(accounts, token, LIFETIME)
        time.shift(timedelta(minutes=2))
        assert signed_in(accounts, token, LIFETIME) is None


def test_a_sign_in_ends_after_twelve_hours_whatever_happens(accounts, secret):
    with time_machine.travel(NOON, tick=False) as time:
        token = code(accounts, password(accounts), a_code(secret))
        for _ in range(47):
            time.shift(timedelta(minutes=15))
            seen(accounts, signed_in(accounts, token, LIFETIME))
        time.shift(timedelta(minutes=16))
        assert signed_in(accounts, token, LIFETIME) is None


def test_the_code_must_come_within_ten_minutes(accounts, secret):
    with time_machine.travel(NOON, tick=False) as time:
        half = password(accounts)
        time.shift(timedelta(minutes=11))
        assert half_signed_in(accounts, half, lock=False) is None


def test_no_token_is_stored(accounts, ada, secret):
    tokens = [half := password(accounts), code(accounts, half, a_code(secret))]
    for row in accounts.scalars(select(SignIn)):
        assert row.token_sha256 not in tokens
        assert len(row.token_sha256) == 64


# -- people


def test_an_address_is_one_persons(accounts, ada):
    with pytest.raises(UserRefused, match=EMAIL):
        a_user(accounts, Role.TRUST_READER, email=f" {EMAIL.upper()} ")


def test_a_short_password_is_refused(accounts):
    with pytest.raises(PasswordRefused, match="12"):
        a_user(accounts, Role.TRUST_READER, password="eleven char")


def test_a_password_is_kept_as_argon2id_with_a_salt():
    one, two = hashed(PASSWORD), hashed(PASSWORD)
    assert one != two
    assert one.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert is_right(PASSWORD, one)
    assert not is_right(PASSWORD + " ", one)
    assert not is_right(PASSWORD, None)
    assert not is_right(PASSWORD, "no hash at all")


def test_a_role_of_the_trust_is_at_no_school_and_the_other_way_round(accounts, schools):
    for role, school_id in ((Role.TRUST_OFFICER, schools.oak.id), (Role.OFFICE, None)):
        with accounts.begin_nested() as savepoint:
            with pytest.raises(Exception, match=r"has no school|Choose the school"):
                a_user(accounts, role, school_id, email=f"{role.value}@x.example")
            savepoint.rollback()


def test_the_grants_of_a_user_are_those_of_this_moment(accounts, schools):
    user = add_user(
        accounts,
        by=COMMAND,
        email="two@school.example",
        name="Two Schools",
        password=PASSWORD,
        grants=[Grant(Role.OFFICE, schools.oak.id), Grant(Role.GOVERNOR, schools.elm.id)],
    )
    assert actor_of(user).grants == {
        Grant(Role.OFFICE, schools.oak.id),
        Grant(Role.GOVERNOR, schools.elm.id),
    }
