"""Consulting on a draft: asked, commented by clause, reminded, ended, answered.

Heads comment in their own school's session, which sees their school's comments and no
other's. Governors and unions comment by a link of their own. While it is open the draft
is not edited (`editing`), approved or published (`editions`).
"""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from trustconduct import clock
from trustconduct.accounts.permissions import Can, permit
from trustconduct.audit.actor import Actor
from trustconduct.audit.events import Event
from trustconduct.audit.record import record
from trustconduct.db import new_id
from trustconduct.outbox.links import is_token
from trustconduct.outbox.write import write
from trustconduct.policies.consultations import (
    Comment,
    Consultation,
    Guest,
    GuestKind,
    Outcome,
)
from trustconduct.policies.consulting_mails import PURPOSE, guest_mail
from trustconduct.policies.editions import EditionRefused
from trustconduct.policies.models import Edition, State
from trustconduct.tenants.sessions import ScopedSession

LONGEST_COMMENT = 4_000  # characters
MOST_COMMENTS = 200  # of one school or guest
LONGEST = timedelta(days=200)


class CommentRefused(ValueError):
    """The comment can't be taken like this; the message says what to do."""


class ConsultationOver(RuntimeError):
    """It ended, on its day or before: nothing more is taken."""


def open_consultation(
    session: ScopedSession, edition: Edition, *, by: Actor, closes_on: date, words: str = ""
) -> Consultation:
    """Ask about a draft as it stands now, until a day. Heads are written to by the timetable.

    Raises EditionRefused where it is no draft, or the day will not do.
    """
    permit(by, Can.EDIT_EDITION)
    session.take_turns("edition")
    session.refresh(edition, with_for_update=True)
    if edition.state is not State.DRAFT:
        raise EditionRefused(f"Edition {edition.number} is {edition.state.value}: ask on a draft.")
    today = clock.today()
    if closes_on <= today:
        raise EditionRefused("Choose a last day that is still to come: people need time to read.")
    if closes_on > today + LONGEST:
        raise EditionRefused("That is more than half a year away. Check the day.")
    opened = Consultation(
        edition_id=edition.id,
        edition_number=edition.number,
        body=edition.body,
        words=words,
        opened_by=by.name,
        closes_on=closes_on,
    )
    session.add(opened)
    session.flush()
    session.expire(edition, ["consulted_until"])
    record(
        session,
        Event.CONSULTATION_OPENED,
        by=by,
        about=edition,
        number=edition.number,
        closes_on=closes_on.isoformat(),
    )
    return opened


def close_consultation(
    session: ScopedSession, edition: Edition, *, by: Actor, because: str
) -> None:
    """End the consultation before its day; what was said stays. Raises EditionRefused."""
    permit(by, Can.EDIT_EDITION)
    if not because:
        raise EditionRefused("Say why it ends before its day.")
    session.take_turns("edition")
    there = latest_consultation(session, edition)
    if there is None or not there.is_open:
        raise EditionRefused("It is over already.")
    there.closed_at, there.closed_because = clock.now(), because
    session.flush()
    session.expire(edition, ["consulted_until"])
    record(
        session,
        Event.CONSULTATION_CLOSED,
        by=by,
        about=edition,
        number=edition.number,
        because=because,
    )


def invite_guest(
    session: ScopedSession,
    consultation: Consultation,
    *,
    by: Actor,
    name: str,
    email: str,
    kind: GuestKind,
    of: str,
    trust: str,
) -> Guest:
    """Write to a governor or a union's representative with a link of their own.

    Who was asked already gets a fresh link, and the older one is dead. Raises
    ConsultationOver.
    """
    permit(by, Can.EDIT_EDITION)
    session.take_turns("edition")
    if not consultation.is_open:
        raise ConsultationOver
    guest = session.scalar(
        select(Guest).where(Guest.consultation_id == consultation.id, Guest.email == email)
    )
    if guest is None:
        guest = Guest(
            consultation_id=consultation.id, name=name, email=email, kind=kind.value, of=of
        )
        session.add(guest)
    else:
        guest.generation += 1
        guest.ended_at, guest.invited_at = None, clock.now()
    session.flush()
    write(session, [guest_mail(consultation, guest, trust)])
    record(session, Event.GUEST_INVITED, by=by, about=guest, kind=kind.value)
    return guest


def end_guest(session: ScopedSession, guest: Guest, *, by: Actor) -> None:
    """Make a guest's link worthless; what they said stays."""
    permit(by, Can.EDIT_EDITION)
    if guest.ended_at is not None:
        return
    guest.ended_at = clock.now()
    guest.generation += 1
    session.flush()
    record(session, Event.GUEST_ENDED, by=by, about=guest)


def guest_behind(
    session: ScopedSession, guest_id: UUID, secret: str, key: str, purpose: str = PURPOSE
) -> Guest | None:
    """Whose link this is; None alike for whatever does not work."""
    guest = session.get(Guest, guest_id)
    genuine = is_token(secret, key, purpose, guest_id, guest.generation if guest else 0)
    return guest if guest and genuine and guest.ended_at is None else None


def comment(
    session: ScopedSession, consultation: Consultation, *, by: Actor, clause: str, words: str
) -> None:
    """Keep what a head says of a clause, in the school's session. Blank clause: of the whole.

    Raises CommentRefused, ConsultationOver.
    """
    permit(by, Can.COMMENT_ON_DRAFT, session.school_id)
    _add(session, consultation, by.name, clause, words, school_id=session.school_id)
    record(
        session,
        Event.DRAFT_COMMENTED,
        by=by,
        about_kind=Consultation.__tablename__,
        about_id=consultation.id,
        number=consultation.edition_number,
    )


def comment_as_guest(
    session: ScopedSession, consultation: Consultation, guest: Guest, *, clause: str, words: str
) -> None:
    """The same by a guest's link. Raises CommentRefused, ConsultationOver."""
    _add(session, consultation, guest.who, clause, words, guest_id=guest.id)
    record(
        session,
        Event.DRAFT_COMMENTED,
        by=Actor("link", guest.id, guest.name),
        about_kind=Consultation.__tablename__,
        about_id=consultation.id,
        number=consultation.edition_number,
    )


def take_back(session: ScopedSession, comment: Comment, *, by: Actor) -> None:
    """Take a head's own school's comment back while the consultation is open."""
    permit(by, Can.COMMENT_ON_DRAFT, session.school_id)
    _take_back(session, comment)


def take_back_as_guest(session: ScopedSession, comment: Comment, guest: Guest) -> None:
    """The same by a guest's link, of what came by it."""
    if comment.guest_id == guest.id:
        _take_back(session, comment)


def _take_back(session: ScopedSession, comment: Comment) -> None:
    there = session.get(Consultation, comment.consultation_id)
    if there is None or not there.is_open:
        raise ConsultationOver
    if comment.taken_back_at is None:
        comment.taken_back_at = clock.now()
        session.flush()


def _add(
    session: ScopedSession,
    consultation: Consultation,
    by_name: str,
    clause: str,
    words: str,
    *,
    school_id: UUID | None = None,
    guest_id: UUID | None = None,
) -> None:
    if not consultation.is_open:
        raise ConsultationOver
    document = consultation.document
    if clause and document.clause(clause) is None:
        raise CommentRefused("That point does not stand in the draft.")
    if clause and not words:
        raise CommentRefused("Type what you would like to say about this point.")
    if len(words) > LONGEST_COMMENT:
        raise CommentRefused(
            f"This is {len(words):,} characters. Use at most {LONGEST_COMMENT:,},"
            " and write to the Trust about the rest."
        )
    mine = _of(consultation.id, school_id, guest_id)
    there = session.execute(
        select(Comment.clause, Comment.words).where(*mine, Comment.taken_back_at.is_(None))
    ).all()
    if (clause, words) in [tuple(row) for row in there]:
        return  # the same form sent twice
    if len(there) >= MOST_COMMENTS:
        raise CommentRefused("That is very much. Write to the Trust about the rest.")
    session.execute(
        insert(Comment)
        .values(
            id=new_id(),
            consultation_id=consultation.id,
            at_school_id=school_id,
            guest_id=guest_id,
            by_name=by_name,
            clause=clause,
            words=words,
            given_at=clock.now(),
            outcome="",
            answer="",
            answered_by="",
        )
        .on_conflict_do_nothing()
    )


def _of(consultation_id: UUID, school_id: UUID | None, guest_id: UUID | None) -> tuple:
    whose = Comment.at_school_id == school_id if school_id else Comment.guest_id == guest_id
    return Comment.consultation_id == consultation_id, whose


def answer_comment(
    session: ScopedSession, comment: Comment, *, by: Actor, outcome: Outcome, answer: str
) -> None:
    """Say what became of a comment, and why; whoever gave it reads both.

    Raises CommentRefused without a reason where it was not taken up whole.
    """
    permit(by, Can.EDIT_EDITION)
    if outcome is not Outcome.TAKEN and not answer:
        raise CommentRefused("Say why. Whoever gave the comment will read it.")
    comment.outcome, comment.answer = outcome.value, answer
    comment.answered_at, comment.answered_by = clock.now(), by.name
    session.flush()
    record(session, Event.COMMENT_ANSWERED, by=by, about=comment, outcome=outcome.value)


def latest_consultation(session: ScopedSession, edition: Edition) -> Consultation | None:
    """The newest consultation on an edition, open or over."""
    return session.scalar(
        select(Consultation)
        .where(Consultation.edition_id == edition.id)
        .order_by(Consultation.opened_at.desc())
        .limit(1)
    )


def newest_consultation(session: ScopedSession) -> Consultation | None:
    """The newest consultation of all, open or over: what a school's page shows."""
    return session.scalar(
        select(Consultation).order_by(Consultation.opened_at.desc(), Consultation.id).limit(1)
    )


def comments_of(
    session: ScopedSession, consultation: Consultation, *, guest: Guest | None = None
) -> list[Comment]:
    """What was said, oldest first: a school's session gives its own, `guest` that one's."""
    found = select(Comment).where(
        Comment.consultation_id == consultation.id, Comment.taken_back_at.is_(None)
    )
    if guest is not None:
        found = found.where(Comment.guest_id == guest.id)
    return list(session.scalars(found.order_by(Comment.id)))
