"""Passwords: long and not guessable, kept as Argon2id, checked alike for everyone."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from zxcvbn import zxcvbn

SHORTEST, LONGEST = 12, 200
# zxcvbn takes far longer for each further character; what stands here is enough to judge by.
JUDGED = 72
# Guesses, as a power of ten, that a password must stand. Our hashing allows some
# hundred guesses a second and core: 10 ** 9 of them take a machine of 32 cores days.
LEAST_GUESSES = 9
# What is left of a password without the words that anyone can look up.
LEAST_OF_ITS_OWN = 6
CHOOSE = "Three or four words that have nothing to do with each other are good."


class PasswordRefused(ValueError):
    """The password will not do; the message says what to choose."""


@cache
def _hasher() -> PasswordHasher:
    # 19 MiB and two passes: the least that OWASP asks of Argon2id.
    return PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


@cache
def _nobody() -> str:
    return _hasher().hash("nobody has this password")


def hashed(password: str, known: Iterable[str] = ()) -> str:
    """The Argon2id hash of a new password.

    `known` are words that a stranger could find out: the person's name and address,
    their school's and the Trust's names. Raises PasswordRefused for a password that
    is too short, common, or made of those words.
    """
    _check(password, known)
    return _hasher().hash(password)


def _check(password: str, known: Iterable[str]) -> None:
    if len(password) < SHORTEST:
        raise PasswordRefused(f"Choose a password of at least {SHORTEST} characters. {CHOOSE}")
    if len(password) > LONGEST:
        raise PasswordRefused(f"Choose a password of at most {LONGEST} characters.")
    words = {word for text in known for word in re.findall(r"\w{3,}", text.lower())}
    own = password.lower()
    for word in sorted(words, key=len, reverse=True):
        own = own.replace(word, "")
    if own != password.lower() and len(re.sub(r"[\W_]", "", own)) < LEAST_OF_ITS_OWN:
        raise PasswordRefused(
            f"Leave out your name, your address and the names of the school and the Trust. {CHOOSE}"
        )
    judged = zxcvbn(password[:JUDGED], user_inputs=sorted(words))
    if judged["guesses_log10"] < LEAST_GUESSES:
        raise PasswordRefused(f"That password is too easy to guess. {CHOOSE}")


def is_right(password: str, kept: str | None) -> bool:
    """Whether a password is the one kept. Without a person it takes just as long.

    A quick "no" for an unknown address would tell who works at a school.
    """
    try:
        right = _hasher().verify(kept or _nobody(), password)
    except (VerificationError, InvalidHashError):
        return False
    return right and kept is not None


def hashed_anew(password: str, kept: str) -> str | None:
    """A right password's hash by the parameters of today, or None where it has them already."""
    return _hasher().hash(password) if _hasher().check_needs_rehash(kept) else None
