"""Sealing what happened, every minute; and mailing the newest seals, every day.

The mail is the anchor outside: who can change every table of this service, seals and
all, cannot change what lies in the Trust's mailbox.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from email import message_from_bytes, policy
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlalchemy.exc import OperationalError

from trustconduct import clock
from trustconduct.audit.models import SchoolSeal, SealMailed
from trustconduct.audit.proof import NoHead
from trustconduct.audit.seals import Walk, newest_seal, schools_to_seal, seal, verify
from trustconduct.db import new_id, transaction
from trustconduct.outbox.write import Mail, write
from trustconduct.plain_log import log
from trustconduct.tenants.models import School, Trust
from trustconduct.tenants.sessions import ScopedSession, Sessions


def seal_all(sessions: Sessions) -> int:
    """Seal what is unsealed at the Trust and at each school; give how many events."""
    with sessions.trust() as session, transaction(session):
        done = seal(session)
        schools = schools_to_seal(session)
    broken: Exception | None = None
    for school_id in schools:
        try:
            with sessions.school(school_id) as session, transaction(session):
                done += seal(session)
        except OperationalError:
            raise  # PostgreSQL is away: for every school
        except Exception as error:
            broken = broken or error
            log.error("A school's events could not be sealed.", exc_info=True)
    if broken:
        raise broken
    return done


@dataclass(frozen=True)
class Head:
    """The newest seal of a school, or of the Trust, by name."""

    of: UUID
    name: str
    number: int
    head: str


def mail_heads(session: ScopedSession) -> bool:
    """Write the mail of today's newest seals to the Trust's address; True where one was written.

    Once a day, however many look. None where the Trust has no address yet.
    """
    trust = session.scalars(select(Trust)).one_or_none()
    if trust is None or not trust.email:
        return False
    session.take_turns("mail_heads")
    today = clock.today()
    if session.scalar(select(SealMailed.id).where(SealMailed.local_day == today).limit(1)):
        return False
    heads = newest_heads(session, trust)
    if not heads:
        return False
    rows = [
        {"id": new_id(), "local_day": today, "of_id": one.of, "number": one.number,
         "head": one.head}
        for one in heads
    ]  # fmt: skip
    session.execute(insert(SealMailed), rows)
    write(session, [_mail(trust, heads)])
    return True


def newest_heads(session: ScopedSession, trust: Trust) -> list[Head]:
    """The newest seal of the Trust and of every school, by two queries."""
    own: Any = newest_seal(session)
    rows = session.execute(
        select(SchoolSeal.school_id, School.name, SchoolSeal.number, SchoolSeal.head)
        .ext(distinct_on(SchoolSeal.school_id))
        .join(School, School.id == SchoolSeal.school_id)
        .order_by(SchoolSeal.school_id, SchoolSeal.number.desc())
    )
    schools = sorted((Head(*row) for row in rows), key=lambda head: head.name)
    return [*([Head(trust.id, trust.name, own.number, own.head)] if own else []), *schools]


def _mail(trust: Trust, heads: list[Head]) -> Mail:
    listed = "\n\n".join(f"{one.name}\n{one.of} {one.number}:{one.head}" for one in heads)
    day = clock.day(clock.today())
    return Mail(
        kind="seals",
        to_name=trust.name,
        to_address=trust.email,
        from_name=trust.name,
        subject=f"Keep this email: the seals of {day}",
        body="Please keep this email. You need not do anything else with it.\n\n"
        "The service seals its records of what happened, a batch a minute. Below is the newest"
        " seal of each school. Should anybody ever say that a record was changed later, these"
        " lines show whether it was: nobody can change them in your mailbox.\n\n"
        "To check, save this email as a file and give it to: trustconduct verify-audit --mail"
        f" FILE\n\n{listed}\n",
    )


# "<whose, a UUID> <number>:<head>" as a mail of seals has it; some readers quote it.
_LINE = re.compile(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}) ([0-9]{1,9}):([0-9a-f]{64})\b")
Heads = Mapping[UUID, Mapping[int, str]]


def heads_in_mails(mails: Iterable[bytes]) -> Heads:
    """The heads that saved mails of seals name: by school or Trust, by number.

    Raises NoHead for a file without any.
    """
    heads: dict[UUID, dict[int, str]] = defaultdict(dict)
    for raw in mails:
        body = message_from_bytes(raw, policy=policy.default).get_body(("plain", "html"))
        words = raw.decode("utf-8", "replace") if body is None else body.get_content()
        if not (found := _LINE.findall(words)):
            raise NoHead("There is no seal in that file. Save a mail of seals, all of it.")
        for of, number, head in found:
            heads[UUID(of)][int(number)] = head
    return heads


def walks(sessions: Sessions, known: Heads) -> Iterator[tuple[str, Walk]]:
    """Walk the seals of the Trust and of every school, each in its own session, by name."""
    with sessions.trust(read_only=True) as session:
        trust = session.scalars(select(Trust)).one_or_none()
        if trust is None:
            return
        yield trust.name, verify(session, known.get(trust.id))
        schools = session.execute(select(School.id, School.name).order_by(School.name)).all()
    for school_id, name in schools:
        with sessions.school(school_id, read_only=True) as session:
            yield name, verify(session, known.get(school_id))
