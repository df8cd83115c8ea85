"""Passwords: kept as Argon2id, checked in the same time whether or not the person exists."""

from __future__ import annotations

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST = 12


class PasswordRefused(ValueError):
    """The password will not do; the message says what to choose."""


@cache
def _hasher() -> PasswordHasher:
    # 19 MiB and two passes: the least that OWASP asks of Argon2id.
    return PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


@cache
def _nobody() -> str:
    return _hasher().hash("nobody has this password")


def hashed(password: str) -> str:
    """The Argon2id hash of a new password. Raises PasswordRefused for one under 12 characters."""
    if len(password) < SHORTEST:
        raise PasswordRefused(f"Choose a password of at least {SHORTEST} characters.")
    return _hasher().hash(password)


def is_right(password: str, kept: str | None) -> bool:
    """Whether a password is the one kept. Without a person it takes just as long.

    A quick "no" for an unknown address would tell who works at a school.
    """
    try:
        right = _hasher().verify(kept or _nobody(), password)
    except (VerificationError, InvalidHashError):
        return False
    return right and kept is not None
