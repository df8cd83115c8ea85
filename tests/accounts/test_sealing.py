"""What a stolen backup must not give away."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from tests.build import SEALER, a_code, a_user, an_authenticator
from trustconduct.accounts.factors import enrol, secret_of, spend_code
from trustconduct.accounts.models import Factor
from trustconduct.accounts.sealing import SealBroken, Sealer
from trustconduct.audit.actor import Role
from trustconduct.db import new_id

OTHER = Sealer("another key of at least thirty-two characters")


def test_a_text_opens_for_its_person_and_key_only():
    about = new_id()
    sealed = SEALER.seal("JBSWY3DPEHPK3PXP", about)
    assert sealed.startswith("v1:")
    assert "JBSWY3DPEHPK3PXP" not in sealed
    assert SEALER.open(sealed, about) == "JBSWY3DPEHPK3PXP"
    for sealer, whose in ((SEALER, new_id()), (OTHER, about)):
        with pytest.raises(SealBroken):
            sealer.open(sealed, whose)


@pytest.mark.parametrize("broken", ["v1:", "v1:AAAA", "v1:!!!!", "v1:ü"])
def test_a_changed_text_does_not_open(broken):
    with pytest.raises(SealBroken):
        SEALER.open(broken, new_id())


def test_the_same_text_is_sealed_differently_each_time():
    about = new_id()
    assert SEALER.seal("x", about) != SEALER.seal("x", about)


def test_marks_are_alike_for_the_same_parts_and_differ_by_key_and_place():
    assert SEALER.mark("a", "b") == SEALER.mark("a", "b")
    assert len({SEALER.mark("a", "b"), SEALER.mark("ab", ""), OTHER.mark("a", "b")}) == 3


def test_no_secret_of_an_authenticator_stands_in_the_database(accounts, schools):
    user = a_user(accounts, Role.OFFICE, schools.oak.id)
    secret = an_authenticator(accounts, user)
    kept = accounts.scalars(select(Factor.secret).where(Factor.user_id == user.id)).one()
    assert secret not in kept
    assert kept.startswith("v1:")


def test_a_secret_from_before_works_and_is_sealed_by_its_next_code(accounts, schools):
    user = a_user(accounts, Role.OFFICE, schools.oak.id)
    secret = an_authenticator(accounts, user)
    factor = accounts.scalars(select(Factor).where(Factor.user_id == user.id)).one()
    factor.secret = secret
    accounts.flush()
    assert spend_code(accounts, user, a_code(secret), SEALER)
    assert factor.secret.startswith("v1:")
    assert secret_of(factor, SEALER) == secret


def test_under_another_key_no_code_is_right_and_nothing_breaks(accounts, schools):
    user = a_user(accounts, Role.OFFICE, schools.oak.id)
    secret = an_authenticator(accounts, user)
    assert spend_code(accounts, user, a_code(secret), OTHER) is None
    factor = accounts.scalars(select(Factor).where(Factor.user_id == user.id)).one()
    factor.confirmed_at = None
    accounts.flush()
    assert secret_of(enrol(accounts, user, OTHER), OTHER) != secret
