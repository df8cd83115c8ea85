"""A school's next message, counted, and then read, by one statement each.

The usual case of `delivery.py`, by psycopg alone: a campaign sends thousands, and on its
way through the ORM each would cost six journeys to PostgreSQL and more time in Python than
the mail server takes. Whatever is not the usual case is left to `delivery.py`, which has
the row locked by then.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from trustconduct.db import straight
from trustconduct.tenants.sessions import ScopedSession

_SENT = """
update outbox_school set sent_at = %(now)s, last_error = '', outcome = '', broken = 0
where school_id = %(school)s and id = %(sent)s
"""
_COUNT = """
with next as materialized (
  select o.school_id, o.id, o.adult_id, o.channel, o.broken from outbox_school o
  where o.school_id = %(school)s and o.sent_at is null and o.parked_at is null
    and o.due_at <= %(now)s and o.id is distinct from %(sent)s::uuid
    and exists (select from school s where s.id = o.school_id and s.suspended_at is null)
  order by o.due_at, o.id limit 1 for update skip locked
), counted as (
  update outbox_school o
  set tries = o.tries + 1, broken = o.broken + 1, due_at = %(lease)s,
    reference = case when o.reference = '' then o.id || %(domain)s else o.reference end
  from next n
  where o.school_id = n.school_id and o.id = n.id and n.broken < %(most)s
    and (n.adult_id is null or not exists (select from tc_untold() u where u.id = n.adult_id))
    and (n.adult_id is null or n.channel <> 'text' or not exists (
      select from tc_untold_mobiles() m
      join outbox_content_school c on c.to_address = m.mobile
      where c.school_id = n.school_id and c.id = n.id))
  returning o.id
)
select n.id, (select id from counted) from next n
"""


_SENT_AND_COUNT = _COUNT.replace("with next", f"with sent as ({_SENT}), next", 1)


def count_next(
    session: ScopedSession,
    *,
    now: datetime,
    lease: datetime,
    domain: str,
    most_broken: int,
    sent: UUID | None = None,
) -> tuple[bool, UUID | None]:
    """Whether a message is due, and its id where its try was counted by this.

    (True, None): one is due and locked, and is no usual case. `sent` is one that its
    carrier took a moment ago: the same journey marks it.
    """
    session.flush()
    row = straight(
        session.connection(),
        _SENT_AND_COUNT if sent else _COUNT,
        {
            "school": session.school_id, "now": now, "lease": lease, "domain": f"@{domain}",
            "most": most_broken, "sent": sent,
        },
    ).fetchone()  # fmt: skip
    return (False, None) if row is None else (True, row[1])


_READ = """
select set_config('idle_in_transaction_session_timeout', %(silence)s, true),
  o.id, o.kind, o.channel, o.reference, o.tries, o.last_error,
  c.to_name, c.to_address, c.reply_to, c.from_name, c.subject, c.body, c.link, c.attachment,
  c.language, s.slug
from outbox_school o
  join outbox_content_school c on c.school_id = o.school_id and c.id = o.id
  join school s on s.id = o.school_id
where o.school_id = %(school)s and o.id = %(id)s and o.sent_at is null and o.parked_at is null
for update of o skip locked
"""


@dataclass(frozen=True)
class Waiting:
    """A message and its content as a carrier needs them."""

    id: UUID
    kind: str
    channel: str
    reference: str
    tries: int
    last_error: str
    to_name: str
    to_address: str
    reply_to: str
    from_name: str
    subject: str
    body: str
    link: dict[str, Any] | None
    attachment: dict[str, Any] | None
    language: str
    slug: str


def read_locked(session: ScopedSession, message_id: UUID, silence: int) -> Waiting | None:
    """A message of the school that was neither sent nor given up, its row locked.

    None where it was, or another worker has it. The transaction may be silent for
    `silence` milliseconds from here on.
    """
    session.flush()
    row = straight(
        session.connection(),
        _READ,
        {"school": session.school_id, "id": message_id, "silence": str(silence)},
    ).fetchone()
    return Waiting(*row[1:]) if row else None


def mark_sent(session: ScopedSession, message_id: UUID, now: datetime) -> None:
    """The carrier took it."""
    straight(
        session.connection(),
        _SENT,
        {"school": session.school_id, "sent": message_id, "now": now},
    )
