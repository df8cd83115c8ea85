"""Passwords: long, not common, not made of what anyone can look up, and kept as Argon2id."""

from __future__ import annotations

import time
from contextlib import suppress

import pytest
from argon2 import PasswordHasher

from tests.build import PASSWORD, SEALER, a_user
from trustconduct.accounts.models import User
from trustconduct.accounts.passwords import (
    LONGEST,
    PasswordRefused,
    hashed,
    hashed_anew,
    is_right,
)
from trustconduct.accounts.signing_in import give_password
from trustconduct.audit.actor import Role

KNOWN = ["nell@oak-lane.example", "Nell Sample", "Lantern Trust", "Oak Lane School", "oak-lane"]


@pytest.mark.parametrize(
    "common",
    [
        "password1234",
        "passwordpassword",
        "qwertyuiop12",
        "123456789012",
        "aaaaaaaaaaaa",
        "Summer2026!!",
        "iloveyou iloveyou",
        "Password12345!",
        "Welcome2School",
        "football-monday",
    ],
)
def test_common_passwords_are_refused_and_told_what_to_choose(common):
    with pytest.raises(PasswordRefused, match="Three or four words"):
        hashed(common)


@pytest.mark.parametrize(
    "own", ["oaklaneprimary2026", "Nell-Sample-1", "lanterntrust99", "nell@oak-lane.example"]
)
def test_a_password_of_the_persons_and_the_schools_words_is_refused(own):
    with pytest.raises(PasswordRefused, match="your name"):
        hashed(own, [*KNOWN, "Oak Lane Primary School"])


@pytest.mark.parametrize(
    "good", [PASSWORD, "three blind mice sing", "7391 8820 1174 0", "ünïcödé wörds äre fïne"]
)
def test_long_ones_of_their_own_are_taken(good):
    assert is_right(good, hashed(good, KNOWN))


def test_a_word_of_the_school_may_stand_among_others():
    assert hashed("purple lantern gravel tide", KNOWN)


@pytest.mark.parametrize("length", [0, 1, 11])
def test_what_is_shorter_than_twelve_is_refused(length):
    with pytest.raises(PasswordRefused, match="at least 12"):
        hashed("xK9#qLw2$Zr"[:length])


def test_the_longest_is_judged_quickly_and_a_longer_one_refused():
    began = time.perf_counter()
    for text in ("ab1!" * 50, "correct horse battery staple " * 6, "zxcvbnm,./" * 20):
        with suppress(PasswordRefused):
            hashed(text[:LONGEST], KNOWN)
    assert time.perf_counter() - began < 3
    with pytest.raises(PasswordRefused, match="at most 200"):
        hashed("x" * (LONGEST + 1))


def test_a_hash_of_older_parameters_is_made_anew_at_the_next_sign_in(accounts, schools):
    weak = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash(PASSWORD)
    user = a_user(accounts, Role.OFFICE, schools.oak.id)
    user.password_hash = weak
    accounts.flush()
    version = user.version
    assert give_password(accounts, user.email, PASSWORD, address="", sealer=SEALER)
    accounts.expire(user)
    user = accounts.get(User, user.id)
    assert user.password_hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert is_right(PASSWORD, user.password_hash)
    assert user.version == version, "no edit that somebody else could be told of"
    assert hashed_anew(PASSWORD, user.password_hash) is None
