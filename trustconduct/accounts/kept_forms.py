"""What was typed into a form that could not be taken, for an hour and for the same person.

A sign-in ends while someone writes; or a form needs a code first. What they sent
is kept here, so that they never type it twice.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import zlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import delete, select

from trustconduct import clock
from trustconduct.accounts.models import KeptForm
from trustconduct.accounts.sealing import NONCE_BYTES, derived
from trustconduct.db import new_id
from trustconduct.tenants.sessions import ScopedSession

KEPT_FOR = timedelta(hours=1)
# Of one person. More is nobody's work of an hour, and each may be as large as a request.
MOST = 5


@dataclass(frozen=True)
class Typed:
    """A form as it was sent. `what` is its permission in words, `where` the school or ""."""

    path: str
    what: str
    where: str
    fields: tuple[tuple[str, str], ...]
    files: tuple[str, ...] = ()  # names only: files are not kept


@dataclass(frozen=True)
class Kept:
    """A form that waits to be sent again."""

    id: UUID
    kept_at: datetime
    typed: Typed

    @property
    def until(self) -> datetime:
        return self.kept_at + KEPT_FOR


@dataclass(frozen=True)
class Owner:
    """Whose a kept form is: one person at one browser. `browser` is the token in its cookie."""

    user_id: UUID
    browser: str

    @property
    def browser_sha256(self) -> str:
        return hashlib.sha256(self.browser.encode("utf-8", "replace")).hexdigest()

    def cipher(self, key: str) -> AESGCM:
        """A key of this browser alone: made of the service's key and the cookie's token."""
        salt = self.browser.encode("utf-8", "replace")
        return AESGCM(derived(key, b"trustconduct kept form v1", salt))


def keep(
    session: ScopedSession, typed: Typed, *, owner: Owner, key: str, instead_of: UUID | None = None
) -> UUID:
    """Keep a form for its owner for an hour; give its id.

    `instead_of` is the kept form that was sent and could not be taken again. The
    oldest of a person goes when there are more than five.
    """
    forget_old(session)
    if instead_of:
        forget(session, instead_of, owner=owner)
    whole = json.dumps(
        [typed.path, typed.what, typed.where, typed.fields, typed.files], ensure_ascii=False
    ).encode("utf-8", "replace")
    form_id, nonce = new_id(), secrets.token_bytes(NONCE_BYTES)
    sealed = owner.cipher(key).encrypt(nonce, zlib.compress(whole), _about(form_id, owner))
    session.add(
        KeptForm(
            id=form_id,
            user_id=owner.user_id,
            browser_sha256=owner.browser_sha256,
            sealed=nonce + sealed,
        )
    )
    session.flush()
    newest = (
        select(KeptForm.id)
        .where(KeptForm.user_id == owner.user_id)
        .order_by(KeptForm.kept_at.desc(), KeptForm.id.desc())
        .limit(MOST)
    )
    session.execute(
        delete(KeptForm).where(KeptForm.user_id == owner.user_id, KeptForm.id.not_in(newest))
    )
    return form_id


def kept_forms(session: ScopedSession, *, owner: Owner, key: str) -> list[Kept]:
    """What waits for this person at this browser, the newest first."""
    cipher = owner.cipher(key)
    found = []
    for row in session.scalars(_waiting(owner).order_by(KeptForm.kept_at.desc())):
        try:
            whole = cipher.decrypt(
                row.sealed[:NONCE_BYTES], row.sealed[NONCE_BYTES:], _about(row.id, owner)
            )
        except InvalidTag:
            continue  # SECRET_KEY has changed since
        found.append(Kept(row.id, row.kept_at, _typed(json.loads(zlib.decompress(whole)))))
    return found


def is_waiting(session: ScopedSession, *, owner: Owner) -> bool:
    """Whether something waits for this person at this browser."""
    return session.scalar(_waiting(owner).with_only_columns(KeptForm.id).limit(1)) is not None


def forget(session: ScopedSession, form_id: UUID, *, owner: Owner) -> None:
    """Delete a kept form: it was sent, or its owner does not want it any more."""
    session.execute(
        delete(KeptForm).where(
            KeptForm.id == form_id,
            KeptForm.user_id == owner.user_id,
            KeptForm.browser_sha256 == owner.browser_sha256,
        )
    )


def forget_old(session: ScopedSession) -> int:
    """Delete what is older than an hour; give how many. The timetable asks for it."""
    gone: Any = session.execute(delete(KeptForm).where(KeptForm.kept_at <= clock.now() - KEPT_FOR))
    return gone.rowcount


def _waiting(owner: Owner) -> Any:
    return select(KeptForm).where(
        KeptForm.user_id == owner.user_id,
        KeptForm.browser_sha256 == owner.browser_sha256,
        KeptForm.kept_at > clock.now() - KEPT_FOR,
    )


def _about(form_id: UUID, owner: Owner) -> bytes:
    """What a sealed form is tied to: moved to another row or person it does not open."""
    return form_id.bytes + owner.user_id.bytes


def _typed(whole: list[Any]) -> Typed:
    path, what, where, fields, files = whole
    return Typed(path, what, where, tuple((name, value) for name, value in fields), tuple(files))
