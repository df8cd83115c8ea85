"""Telling those who are asked about a draft: when it opens, and shortly before it ends."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select, update

from trustconduct import clock
from trustconduct.audit.actor import CLOCK
from trustconduct.audit.events import Event
from trustconduct.audit.record import record
from trustconduct.outbox.write import write
from trustconduct.policies.consultations import Comment, Consultation, Guest
from trustconduct.policies.consulting_mails import Head, guest_mail, head_mail
from trustconduct.tenants.sessions import ScopedSession

# Who has said nothing is reminded so long before the last day.
NOTICE = timedelta(days=3)


def to_tell(session: ScopedSession) -> list[tuple[Consultation, set[UUID] | None]]:
    """The consultations to write about now: to all schools (None), or to remind but for these."""
    today = clock.today()
    found: list[tuple[Consultation, set[UUID] | None]] = []
    for one in session.scalars(
        select(Consultation).where(
            Consultation.closed_at.is_(None), Consultation.closes_on >= today
        )
    ):
        if one.told_at is None:
            found.append((one, None))
        elif one.reminded_at is None and one.closes_on - NOTICE <= today:
            spoke = session.scalars(
                select(Comment.at_school_id)
                .distinct()
                .where(Comment.consultation_id == one.id, Comment.taken_back_at.is_(None))
            )
            found.append((one, {school_id for school_id in spoke if school_id}))
    return found


def tell(
    session: ScopedSession,
    consultation: Consultation,
    heads: Mapping[UUID, Iterable[Head]],
    *,
    trust: str,
) -> int:
    """Write to the heads, once: that they are asked, or that it ends soon. Gives how many mails.

    The row is claimed by its own update, so that two processes at once write once.
    Who is told within the last days is not reminded as well.
    """
    today, now = clock.today(), clock.now()
    first = consultation.told_at is None
    near = consultation.closes_on - NOTICE <= today
    column = Consultation.told_at if first else Consultation.reminded_at
    values = {"told_at": now} if first else {}
    if near or not first:
        values["reminded_at"] = now
    claimed = session.scalar(
        update(Consultation)
        .where(Consultation.id == consultation.id, column.is_(None))
        .values(**values)
        .returning(Consultation.id)
        .execution_options(synchronize_session=False)
    )
    if claimed is None:
        return 0
    mails = [head_mail(consultation, head, trust, first) for one in heads.values() for head in one]
    if not first:
        spoke = set(
            session.scalars(
                select(Comment.guest_id)
                .distinct()
                .where(Comment.consultation_id == consultation.id, Comment.taken_back_at.is_(None))
            )
        )
        mails += [
            guest_mail(consultation, guest, trust, again=True)
            for guest in session.scalars(
                select(Guest).where(
                    Guest.consultation_id == consultation.id, Guest.ended_at.is_(None)
                )
            )
            if guest.id not in spoke
        ]
    if mails:
        write(session, mails)
    record(
        session,
        Event.CONSULTATION_TOLD,
        by=CLOCK,
        about_kind="policy_edition",
        about_id=consultation.edition_id,
        number=consultation.edition_number,
        mails=len(mails),
        reminder=not first,
    )
    return len(mails)
