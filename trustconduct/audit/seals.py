"""Sealing the audit, so that a change of it is found; and looking whether anything was changed.

What is visible and unsealed becomes a batch: a leaf an event, a Merkle tree over the
leaves, a seal over the tree and the head of the seal before. Who changes, deletes,
reorders or puts in an event afterwards would have to make every later seal anew, and
the newest heads go by mail to the Trust each day (jobs/sealing.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Text, Uuid, bindparam, exists, func, insert, literal, select, text
from sqlalchemy.dialects.postgresql import ARRAY

from trustconduct import clock
from trustconduct.audit.models import (
    SchoolAuditDetail,
    SchoolAuditEvent,
    SchoolLeaf,
    SchoolSeal,
    SealMailed,
    TrustAuditDetail,
    TrustAuditEvent,
    TrustLeaf,
    TrustSeal,
)
from trustconduct.audit.proof import NO_SEAL, details_hash, head_of, leaf_hash, root_of
from trustconduct.db import new_id
from trustconduct.tenants.models import Trust
from trustconduct.tenants.sessions import SCHOOL, ScopedSession

# An event is seen once its transaction has ended. None lasts as long as this: what is
# dated before a seal by more was put in afterwards.
LONGEST_OPEN = timedelta(minutes=15)
# How far behind the newest seal unsealed events are looked for: many times longer still.
LOOK_BACK = timedelta(days=1)


@dataclass(frozen=True)
class _Tables:
    event: Any
    detail: Any
    seal: Any
    leaf: Any


def tables(session: ScopedSession) -> _Tables:
    """The four tables of the session's school, or of the Trust."""
    if session.scope.role == SCHOOL:
        return _Tables(SchoolAuditEvent, SchoolAuditDetail, SchoolSeal, SchoolLeaf)
    return _Tables(TrustAuditEvent, TrustAuditDetail, TrustSeal, TrustLeaf)


def sealed_event(event: Any, of: UUID) -> dict[str, Any]:
    """An event as its leaf has it: every column, and whose it is."""
    return {
        "of": str(of),
        "id": str(event.id),
        "event": event.event,
        "at": instant(event.at),
        "actor_kind": event.actor_kind,
        "actor_id": str(event.actor_id) if event.actor_id else None,
        "thing_kind": event.thing_kind,
        "thing_id": str(event.thing_id) if event.thing_id else None,
        "details_sha256": event.details_sha256,
    }


def sealed_seal(seal: Any, of: UUID) -> dict[str, Any]:
    """A seal as its head has it."""
    return {
        "of": str(of),
        "number": seal.number,
        "sealed_at": instant(seal.sealed_at),
        "leaves": seal.leaves,
        "root": seal.root,
        "previous": seal.previous,
        "head": seal.head,
    }


def instant(at: datetime) -> str:
    """An instant as it is sealed: UTC, to the microsecond."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def subject(session: ScopedSession) -> UUID:
    """Whose seals these are: the school's id, or the Trust's."""
    if session.scope.role == SCHOOL:
        return session.school_id
    return session.scalars(select(Trust.id)).one()


def newest_seal(session: ScopedSession) -> Any:
    """The newest seal of the session's school or Trust, or None."""
    seal = tables(session).seal
    return session.scalar(select(seal).order_by(seal.number.desc()).limit(1))


def seal(session: ScopedSession) -> int:
    """Seal every event that is visible and unsealed; give how many.

    Two at once take turns: the second finds nothing left.
    """
    session.take_turns("seal")
    of, its, last = subject(session), tables(session), newest_seal(session)
    wanted = select(its.event).where(~_is_leaf(its)).order_by(its.event.at, its.event.id)
    if last is not None:
        wanted = wanted.where(its.event.at > last.sealed_at - LOOK_BACK)
    events = session.execute(wanted.with_only_columns(*its.event.__table__.columns)).all()
    if not events:
        return 0
    hashes = [leaf_hash(sealed_event(event, of)) for event in events]
    made: dict[str, Any] = {
        "of": str(of),
        "number": last.number + 1 if last else 1,
        "sealed_at": instant(clock.now()),
        "leaves": len(hashes),
        "root": root_of(hashes),
        "previous": last.head if last else NO_SEAL,
    }
    row = {name: made[name] for name in ("number", "leaves", "root", "previous")}
    row |= {"sealed_at": datetime.fromisoformat(made["sealed_at"]), "head": head_of(made)}
    owner = {"school_id": of} if its.seal is SchoolSeal else {}
    seal_id = new_id()
    session.execute(insert(its.seal).values(id=seal_id, **owner, **row))
    _put_leaves(session, its, owner, seal_id, [event.id for event in events], hashes)
    return len(hashes)


def _is_leaf(its: _Tables) -> Any:
    same = its.leaf.id == its.event.id
    if its.leaf is SchoolLeaf:
        same &= its.leaf.school_id == its.event.school_id
    return exists().where(same)


def _put_leaves(
    session: ScopedSession,
    its: _Tables,
    owner: Mapping[str, UUID],
    seal_id: UUID,
    ids: list[UUID],
    hashes: list[str],
) -> None:
    """All leaves by one statement, however many."""
    each = (
        func.unnest(bindparam("ids", ids, ARRAY(Uuid)), bindparam("hashes", hashes, ARRAY(Text)))
        .table_valued("id", "hash", with_ordinality="place")
        .render_derived()
    )
    columns = {
        "id": each.c.id,
        "hash": each.c.hash,
        "position": each.c.place - 1,
        "seal_id": literal(seal_id, Uuid),
        **{name: literal(value, Uuid) for name, value in owner.items()},
    }
    session.execute(insert(its.leaf).from_select(list(columns), select(*columns.values())))


# Of each school the day before its newest seal, and whether anything since is unsealed:
# one index probe a school, however many events there are.
_TO_SEAL = text("""
select s.id from school s
where exists (
  select from audit_event_school e
  where e.school_id = s.id
    and e.at > coalesce((
      select max(l.sealed_at) - interval '1 day' from audit_seal_school l
      where l.school_id = s.id
    ), '-infinity')
    and not exists (
      select from audit_leaf_school f where f.school_id = e.school_id and f.id = e.id
    )
)
""")


def schools_to_seal(session: ScopedSession) -> list[UUID]:
    """The schools that have events without a seal: for the Trust's session, one query."""
    return list(session.scalars(_TO_SEAL))


@dataclass
class Walk:
    """What a walk over all seals of a school, or of the Trust, came to.

    `heads`: the newest seal, and those that a mail named. `faults`: each a sentence.
    """

    events: int = 0
    seals: int = 0
    unsealed: int = 0
    head: str = ""
    sealed_at: datetime | None = None
    faults: list[str] = field(default_factory=list)


def verify(session: ScopedSession, known: Mapping[int, str] | None = None) -> Walk:
    """Walk every event, leaf and seal, and say whatever is not as it was sealed.

    `known`: heads by the number of their seal, from mails of seals; those that this
    service remembers having mailed are looked at as well. Reads all, holds a batch.
    """
    of, its, walk = subject(session), tables(session), Walk()
    heads = _remembered(session, of)
    for number, head in (known or {}).items():
        if heads.setdefault(number, head) != head:
            walk.faults.append(f"Seal {number}: the mail that you gave tells of another head.")
    leaves = _leaves(session, its, of)
    batch = next(leaves, None)
    before, before_at = NO_SEAL, None
    query = select(*its.seal.__table__.columns).order_by(its.seal.number)
    for row in session.execute(query.execution_options(yield_per=1_000)):
        walk.seals += 1
        where = f"Seal {walk.seals}"
        if row.number != walk.seals:
            walk.faults.append(f"{where} is gone: seal {row.number} stands in its place.")
            walk.seals = row.number
        if row.previous != before:
            walk.faults.append(f"{where} does not follow the one before it.")
        if head_of(sealed_seal(row, of)) != row.head:
            walk.faults.append(f"{where} was changed.")
        if heads.pop(row.number, row.head) != row.head:
            walk.faults.append(f"{where} is not the one that was mailed: it was made anew.")
        hashes: list[str] = []
        while batch is not None and batch.seal_number == row.number:
            hashes.append(_leaf(batch, of, walk, before_at))
            batch = next(leaves, None)
        walk.events += len(hashes)
        if len(hashes) != row.leaves or root_of(hashes) != row.root:
            walk.faults.append(f"{where} does not fit its events: one was put in, taken out,"
                               " moved or changed.")  # fmt: skip
        before, before_at = row.head, row.sealed_at
    if batch is not None:
        walk.faults.append("There are events whose seal is gone.")
    walk.head, walk.sealed_at = (before if walk.seals else ""), before_at
    walk.faults += [
        f"Seal {number} is gone: it was mailed, and there are only {walk.seals}."
        for number in sorted(heads)
    ]
    _unsealed(session, its, walk)
    return walk


def _remembered(session: ScopedSession, of: UUID) -> dict[int, str]:
    rows = session.execute(select(SealMailed.number, SealMailed.head).where(SealMailed.of_id == of))
    return {row.number: row.head for row in rows}


def _leaves(session: ScopedSession, its: _Tables, of: UUID) -> Iterator[Any]:
    event, detail, leaf, seal = its.event, its.detail, its.leaf, its.seal
    with_event, with_detail = event.id == leaf.id, detail.id == leaf.id
    with_seal = seal.id == leaf.seal_id
    if leaf is SchoolLeaf:
        with_seal &= seal.school_id == leaf.school_id
        with_event &= event.school_id == leaf.school_id
        with_detail &= detail.school_id == leaf.school_id
    query = (
        select(
            seal.number.label("seal_number"),
            leaf.hash,
            leaf.id.label("leaf_id"),
            *[column for column in event.__table__.columns if column.name != "school_id"],
            detail.salt,
            detail.details,
        )
        .outerjoin(seal, with_seal)
        .outerjoin(event, with_event)
        .outerjoin(detail, with_detail)
        .order_by(seal.number, leaf.position)
    )
    yield from session.execute(query.execution_options(yield_per=1_000))


def _leaf(row: Any, of: UUID, walk: Walk, before_at: datetime | None) -> str:
    """The hash that this leaf has today; what is wrong with its event goes on the list."""
    if row.id is None:
        walk.faults.append(f"Event {row.leaf_id} is gone: it was sealed in {row.seal_number}.")
        return str(row.hash)
    what = f"Event {row.id} ({row.event}, {instant(row.at)})"
    found = leaf_hash(sealed_event(row, of))
    if found != row.hash:
        walk.faults.append(f"{what} was changed after it was sealed.")
    if before_at is not None and row.at < before_at - LONGEST_OPEN:
        walk.faults.append(f"{what} was put in later: seals from after that moment lack it.")
    if row.salt is None:
        walk.faults.append(f"The details of {what} are gone.")
    elif details_hash(row.salt, row.details) != row.details_sha256:
        walk.faults.append(f"The details of {what} were changed.")
    return found


def _unsealed(session: ScopedSession, its: _Tables, walk: Walk) -> None:
    query = select(its.event.id, its.event.event, its.event.at).where(~_is_leaf(its))
    for row in session.execute(query.order_by(its.event.at)):
        walk.unsealed += 1
        if walk.sealed_at is not None and row.at < walk.sealed_at - LONGEST_OPEN:
            walk.faults.append(
                f"Event {row.id} ({row.event}, {instant(row.at)}) was put in later:"
                " it stands among sealed ones and has no seal."
            )
