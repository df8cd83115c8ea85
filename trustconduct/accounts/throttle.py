"""Ten tries in five minutes for one person from one address, and then a wait."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import delete, select, text

from trustconduct import clock
from trustconduct.accounts.models import Throttle
from trustconduct.accounts.sealing import Sealer
from trustconduct.audit.actor import Actor
from trustconduct.audit.events import Event
from trustconduct.audit.record import record
from trustconduct.tenants.sessions import ScopedSession

MOST = 10
WITHIN = timedelta(minutes=5)
# How many rows of the past one try takes away: more than it adds, so that none pile up.
SWEPT = 20


class Doing(StrEnum):
    """What is counted, each for itself."""

    PASSWORD = "password"  # noqa: S105
    CODE = "code"
    RESET = "reset"
    INVITATION = "invitation"


class TooManyTries(Exception):
    """Ten were had. `again_at` is when the next one counts."""

    def __init__(self, again_at: datetime) -> None:
        super().__init__(f"again at {again_at:%H:%M:%S}")
        self.again_at = again_at


# One statement, so that of thirty at once ten get through: each waits for the row
# and counts again what stands in it then. No row comes back once ten are counted;
# a refused try is not added, so that waiting helps.
_TRY = text(
    "insert into account_throttle (key, tried_at, last_at)"
    " values (:key, array[cast(:now as timestamptz)], :now)"
    " on conflict (key) do update set last_at = excluded.last_at, tried_at ="
    " array(select t from unnest(account_throttle.tried_at) t where t > :since order by t)"
    " || excluded.tried_at"
    " where (select count(*) from unnest(account_throttle.tried_at) t where t > :since) < :most"
    " returning cardinality(tried_at)"
)
_SWEEP = text(
    "delete from account_throttle where key in (select key from account_throttle"
    " where last_at <= :since order by last_at limit :most for update skip locked)"
)


def try_once(session: ScopedSession, sealer: Sealer, what: Doing, who: str, address: str) -> None:
    """Count one try; its door commits it before the try itself, whatever comes of that.

    `who` is what was typed, or the id of who is known: so nobody can keep anybody
    out from another address. Kept in PostgreSQL, and so on while Redis is down.
    Raises TooManyTries.
    """
    now = clock.now()
    since = now - WITHIN
    key = _key(sealer, what, who, address)
    counted = session.scalar(_TRY, {"key": key, "now": now, "since": since, "most": MOST})
    if counted is None:
        tries = session.scalar(select(Throttle.tried_at).where(Throttle.key == key)) or []
        raise TooManyTries(min([at for at in tries if at > since] or [now]) + WITHIN)
    session.execute(_SWEEP, {"since": since, "most": SWEPT})
    if counted == MOST:
        by = Actor("nobody", None, "", address=address)
        record(session, Event.USER_SLOWED, by=by, about_kind="account_throttle", doing=what.value)


def forget_tries(
    session: ScopedSession, sealer: Sealer, what: Doing, who: str, address: str
) -> None:
    """Begin anew after a try that was right: who signs in often is nobody who guesses."""
    key = _key(sealer, what, who, address)
    session.execute(delete(Throttle).where(Throttle.key == key))


def _key(sealer: Sealer, what: Doing, who: str, address: str) -> str:
    return sealer.mark("throttle", what.value, who.strip().lower(), address)
