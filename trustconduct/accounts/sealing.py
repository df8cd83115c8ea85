"""What the database must not give away by itself: sealed under the service's key."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from functools import lru_cache
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

FIRST = "v1:"
NONCE_BYTES = 12


class SealBroken(ValueError):
    """A sealed text was made under another key, for another person, or was changed."""


class Sealer:
    """Seals texts and marks others, under keys derived from SECRET_KEY.

    Without it a stolen backup would hold everyone's second factor. The prefix says
    how a text was sealed, so that a later way can stand beside this one.
    """

    def __init__(self, key: str) -> None:
        self._sealing = AESGCM(derived(key, b"trustconduct sealing v1"))
        self._marking = derived(key, b"trustconduct marking v1")

    def seal(self, text: str, about: UUID) -> str:
        """Seal a text of one person: it opens for nobody else, moved to another row or not."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        sealed = self._sealing.encrypt(nonce, text.encode(), about.bytes)
        return FIRST + base64.urlsafe_b64encode(nonce + sealed).decode()

    def open(self, sealed: str, about: UUID) -> str:
        """The text again. Raises SealBroken.

        One without a prefix was kept before texts were sealed, and is given as it is.
        """
        if not sealed.startswith(FIRST):
            return sealed
        try:
            whole = base64.urlsafe_b64decode(sealed.removeprefix(FIRST))
            return self._sealing.decrypt(
                whole[:NONCE_BYTES], whole[NONCE_BYTES:], about.bytes
            ).decode()
        except (InvalidTag, ValueError):
            raise SealBroken("SECRET_KEY is not the one that this was sealed with.") from None

    def seal_bytes(self, content: bytes, about: UUID) -> bytes:
        """A file sealed as a text is: of one row, and of no other."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + self._sealing.encrypt(nonce, content, about.bytes)

    def open_bytes(self, sealed: bytes, about: UUID) -> bytes:
        """The file again. Raises SealBroken."""
        try:
            return self._sealing.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], about.bytes)
        except (InvalidTag, ValueError):
            raise SealBroken("SECRET_KEY is not the one that this was sealed with.") from None

    def mark(self, *parts: str) -> str:
        """A keyed hash: the same for the same parts, and nothing to be read or tried from it."""
        told = "\0".join(parts).encode("utf-8", "replace")
        return hmac.new(self._marking, told, hashlib.sha256).hexdigest()


@lru_cache(maxsize=8)
def sealer_of(key: str) -> Sealer:
    """The sealer of a key, made once: deriving keys takes longer than using them."""
    return Sealer(key)


def is_sealed(text: str) -> bool:
    return text.startswith(FIRST)


def derived(key: str, use: bytes, salt: bytes | None = None) -> bytes:
    """A key of 32 bytes for one use, out of SECRET_KEY."""
    return HKDF(algorithm=SHA256(), length=32, salt=salt, info=use).derive(key.encode())
