"""How often people may try: each person from each address, each person, each address.

Ten in five minutes for one person from one address (quality.md 12), and then a wait.
Codes also count for the person wherever they are tried from, since who knows the
password may have many addresses; and tries that were wrong count for the address,
whoever they were for, since a common password may be tried on everybody.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from ipaddress import IPv6Address, ip_address
from uuid import UUID

from sqlalchemy import delete, select, text

from trustconduct import clock
from trustconduct.accounts.mails import tell
from trustconduct.accounts.models import Throttle, User
from trustconduct.accounts.sealing import Sealer
from trustconduct.audit.actor import Actor
from trustconduct.audit.events import Event
from trustconduct.audit.record import record
from trustconduct.tenants.sessions import ScopedSession


@dataclass(frozen=True)
class Limit:
    most: int
    within: timedelta


MOST = 10
WITHIN = timedelta(minutes=5)
OF_BOTH = Limit(MOST, WITHIN)
# A code of six digits, three of them right at any time: fifty an hour need most of a year.
OF_PERSON = Limit(50, timedelta(hours=1))
# A whole school may stand behind one address: only what was wrong counts here.
OF_ADDRESS = Limit(100, timedelta(hours=1))
LONGEST = timedelta(hours=1)
# How many rows of the past one try takes away: more than it adds, so that none pile up.
SWEPT = 20


class Doing(StrEnum):
    """What is counted, each for itself."""

    PASSWORD = "password"  # noqa: S105
    CODE = "code"
    RESET = "reset"
    INVITATION = "invitation"
    RECEIPT = "receipt"


class TooManyTries(Exception):
    """All were had. `again_at` is when the next one counts."""

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
_GIVE_BACK = text(
    "update account_throttle set tried_at = trim_array(tried_at, 1)"
    " where key = :key and cardinality(tried_at) > 0"
)
_SWEEP = text(
    "delete from account_throttle where key in (select key from account_throttle"
    " where last_at <= :since order by last_at limit :most for update skip locked)"
)


def try_once(session: ScopedSession, sealer: Sealer, what: Doing, who: str, address: str) -> None:
    """Count one try; its door commits it before the try itself, whatever comes of that.

    `who` is what was typed, or the id of who is known: so nobody can keep anybody
    out from another address, but by codes, for which they need the password. Kept
    in PostgreSQL, and so on while Redis is down. Raises TooManyTries; then nothing
    is counted, so that waiting helps.
    """
    counted = _count(session, _key(sealer, what, who, address), OF_BOTH)
    _count(session, _of_address(sealer, address), OF_ADDRESS)
    if what is Doing.CODE:
        of_person = _count(session, _of_person(sealer, who), OF_PERSON)
        if of_person == OF_PERSON.most:
            _alarm(session, UUID(who))
    session.execute(_SWEEP, {"since": clock.now() - LONGEST, "most": SWEPT})
    if counted == MOST:
        by = Actor("nobody", None, "", address=address)
        record(session, Event.USER_SLOWED, by=by, about_kind="account_throttle", doing=what.value)


def _count(session: ScopedSession, key: str, limit: Limit) -> int:
    """Count a try under a key; give how many there are now. Raises TooManyTries."""
    now = clock.now()
    since = now - limit.within
    asked = {"key": key, "now": now, "since": since, "most": limit.most}
    counted = session.scalar(_TRY, asked)
    if counted is None:
        tries = session.scalar(select(Throttle.tried_at).where(Throttle.key == key)) or []
        raise TooManyTries(min([at for at in tries if at > since] or [now]) + limit.within)
    return int(counted)


def _alarm(session: ScopedSession, user_id: UUID) -> None:
    user = session.get(User, user_id)
    if user is not None:
        tell(
            session,
            user,
            "codes_tried",
            "Somebody tries to sign in as you",
            f"{OF_PERSON.most} codes were tried for your account within an hour. Whoever does"
            " that knows your password. For up to an hour no further code is taken, not even"
            " yours. Choose another password as soon as you can sign in.",
        )


def try_from(session: ScopedSession, sealer: Sealer, what: Doing, address: str) -> None:
    """Count one try of somebody who gives no name, by their address alone.

    It counts for nothing else: who checks receipts at a school keeps nobody there from
    signing in. Raises TooManyTries.
    """
    _count(session, _key(sealer, what, "", address), OF_BOTH)
    session.execute(_SWEEP, {"since": clock.now() - LONGEST, "most": SWEPT})


def forget_tries(
    session: ScopedSession, sealer: Sealer, what: Doing, who: str, address: str
) -> None:
    """Begin anew after a try that was right: who signs in often is nobody who guesses.

    The address gets this one try back, and not those that were wrong.
    """
    keys = [_key(sealer, what, who, address)]
    if what is Doing.CODE:
        keys.append(_of_person(sealer, who))
    session.execute(delete(Throttle).where(Throttle.key.in_(keys)))
    session.execute(_GIVE_BACK, {"key": _of_address(sealer, address)})


def _key(sealer: Sealer, what: Doing, who: str, address: str) -> str:
    return sealer.mark("throttle", what.value, who.strip().lower(), _network(address))


def _of_person(sealer: Sealer, who: str) -> str:
    return sealer.mark("throttle of a person", Doing.CODE.value, who)


def _of_address(sealer: Sealer, address: str) -> str:
    return sealer.mark("throttle of an address", _network(address))


def _network(address: str) -> str:
    """What one subscriber holds: an IPv4 address, or the first half of an IPv6 one.

    Whoever has one IPv6 address has 2 to the 64 of them.
    """
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(IPv6Address(int(parsed) >> 64 << 64))
    return str(parsed)
