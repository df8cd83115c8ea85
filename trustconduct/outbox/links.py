"""Personal links: derived from the service's key whenever needed, stored nowhere."""

from __future__ import annotations

import base64
import hashlib
import hmac
from uuid import UUID


def token(key: str, purpose: str, row: UUID, generation: int) -> str:
    """The secret part of a link: 256 bits in 43 characters safe in an address.

    A new generation makes every older link of the row worthless. Stored tokens
    would open every parent's page to whoever reads a backup; these can't be read
    from one.
    """
    told = f"{purpose}:{row}:{generation}".encode()
    made = hmac.new(key.encode(), told, hashlib.sha256).digest()
    return base64.urlsafe_b64encode(made).rstrip(b"=").decode()


# No letters or digits that are taken for each other when they are read out.
_ALPHABET = "ABCDEFGHJKMNPQRTUVWXYZ346789"
_LETTERS = 8


def code(key: str, purpose: str, row: UUID) -> str:
    """A code to be told, like ABCD-EFGH: derived from the key, stored nowhere.

    28 to the 8th are 3.8 * 10^11: enough where a few tries are counted, and not otherwise.
    """
    made = hmac.new(key.encode(), f"{purpose}:{row}".encode(), hashlib.sha256).digest()
    number = int.from_bytes(made[:16])
    letters = ""
    for _ in range(_LETTERS):
        number, at = divmod(number, len(_ALPHABET))
        letters += _ALPHABET[at]
    return f"{letters[:4]}-{letters[4:]}"


def is_token(given: str, key: str, purpose: str, row: UUID, generation: int) -> bool:
    """Whether a link is genuine, in a time that tells nothing about how nearly it was."""
    return hmac.compare_digest(
        given.encode("utf-8", "replace"), token(key, purpose, row, generation).encode()
    )
