"""A code given a short while ago: asked for before what is sensitive, once for a run of acts."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from trustconduct import clock
from trustconduct.accounts.endings import lock_person
from trustconduct.accounts.factors import prove
from trustconduct.accounts.models import SignIn
from trustconduct.accounts.sealing import Sealer
from trustconduct.accounts.signing_in import count_wrong, take_code
from trustconduct.audit.actor import Actor
from trustconduct.audit.events import Event
from trustconduct.audit.record import record
from trustconduct.tenants.sessions import ScopedSession

# An unlocked computer in an empty office must not give away a family's history.
FRESH_FOR = timedelta(minutes=15)


def is_fresh(sign_in: SignIn) -> bool:
    """Whether the last code of this sign-in covers what is done now."""
    given = sign_in.code_given_at
    return given is not None and clock.now() - given < FRESH_FOR


def open_sign_in(session: ScopedSession, sign_in_id: UUID) -> SignIn | None:
    """A sign-in that has not ended, locked: two codes at once would both be the first."""
    query = select(SignIn).where(SignIn.id == sign_in_id, SignIn.ended_at.is_(None))
    found = session.scalar(query)
    if found is None:
        return None
    lock_person(session, found.user_id)
    return session.scalar(
        query.with_for_update(of=SignIn).execution_options(populate_existing=True)
    )


def confirm(
    session: ScopedSession, sign_in: SignIn, code: str, *, by: Actor, sealer: Sealer
) -> bool:
    """Give a code again within a sign-in. A code works once, here and at signing in together.

    False for a wrong one; the fifth in a row ends the sign-in, which `ended_at`
    tells. It answers instead of raising: the refusal is recorded, so it must be
    committed.
    """
    if take_code(session, sign_in, code, sealer) is None:
        record(session, Event.FACTOR_REFUSED, by=by, about=sign_in)
        return False
    _note_given(sign_in)
    record(session, Event.FACTOR_CONFIRMED, by=by, about=sign_in)
    return True


def prove_again(
    session: ScopedSession, sign_in: SignIn, typed: str, *, by: Actor, sealer: Sealer
) -> bool:
    """The same, and a recovery code will do: for what a person does with their own account."""
    if not prove(session, sign_in.user, typed, by=by, sealer=sealer):
        refuse(session, sign_in, by=by)
        return False
    _note_given(sign_in)
    return True


def refuse(session: ScopedSession, sign_in: SignIn, *, by: Actor) -> None:
    """Count what was wrong within a sign-in: who has only captured its cookie gets five tries."""
    count_wrong(sign_in)
    record(session, Event.FACTOR_REFUSED, by=by, about=sign_in)


def _note_given(sign_in: SignIn) -> None:
    sign_in.code_given_at = clock.now()
    sign_in.wrong_codes = 0
