"""What came of a consultation: who answered, what was said, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import array

from trustconduct import clock
from trustconduct.policies.consultations import Comment, Consultation, Guest, Outcome
from trustconduct.policies.models import Edition
from trustconduct.tenants.models import School
from trustconduct.tenants.sessions import ScopedSession

PAGE = 100


@dataclass(frozen=True)
class Said:
    """A comment as the Trust's page and the Board's paper list it."""

    comment: Comment
    place: str  # the clause, or "The whole text"
    who: str

    @property
    def outcome(self) -> str:
        return Outcome(self.comment.outcome).word if self.comment.outcome else ""


@dataclass(frozen=True)
class Heard:
    """What came of a consultation. `said` is in the order of the draft, one page of it."""

    consultation: Consultation
    said: Sequence[Said]
    more: bool
    comments: int
    unanswered: int
    schools: int
    asked: int
    guests: Sequence[Guest]
    guests_heard: frozenset[UUID]

    @property
    def sentences(self) -> list[str]:
        """For the Board: who was asked, who answered, what was said."""
        n, asked = self.schools, self.asked
        found = [f"{n} of {asked} {'school' if asked == 1 else 'schools'} answered."]
        if self.guests:
            many = len(self.guests)
            who = (
                "governor or union representative"
                if many == 1
                else "governors and union representatives"
            )
            found.append(f"{len(self.guests_heard)} of {many} {who} answered.")
        found.append(
            f"{self.comments} {'comment was' if self.comments == 1 else 'comments were'} made"
            + (f"; {self.unanswered} without an answer so far." if self.unanswered else ".")
        )
        return found


def heard(session: ScopedSession, consultation: Consultation, *, page: int | None = 0) -> Heard:
    """What was said and who said nothing, for the Trust: five queries. `page` None: all."""
    document = consultation.document
    there = (Comment.consultation_id == consultation.id, Comment.taken_back_at.is_(None))
    counted = session.execute(
        select(
            func.count(Comment.id).filter(Comment.words != ""),
            func.count(Comment.id).filter(Comment.words != "", Comment.outcome == ""),
            func.count(Comment.at_school_id.distinct()),
        ).where(*there)
    ).one()
    ids = array([clause.id for clause in document.clauses()])
    order = func.coalesce(func.array_position(ids, Comment.clause), 0)
    query = (
        select(Comment, School.name)
        .outerjoin(School, School.id == Comment.at_school_id)
        .where(*there, Comment.words != "")
        .order_by(order, Comment.id)
    )
    if page is not None:
        query = query.offset(page * PAGE).limit(PAGE + 1)
    rows = session.execute(query).all()
    shown = rows if page is None else rows[:PAGE]
    guests = session.scalars(
        select(Guest).where(Guest.consultation_id == consultation.id).order_by(Guest.id)
    ).all()
    spoke = session.scalars(
        select(Comment.guest_id).distinct().where(*there, Comment.guest_id.is_not(None))
    )
    asked = session.scalar(select(func.count(School.id)).where(School.suspended_at.is_(None)))
    return Heard(
        consultation,
        [
            Said(
                one,
                one.clause or "The whole text",
                f"{one.by_name}, {school}" if school else one.by_name,
            )
            for one, school in shown
        ],
        len(rows) > len(shown),
        counted[0],
        counted[1],
        counted[2],
        max(asked or 0, counted[2]),
        guests,
        frozenset(one for one in spoke if one),
    )


def unanswered(session: ScopedSession) -> list[tuple[int, int]]:
    """Drafts that nobody is asked about any more, each with how many comments lack an answer.

    The newest first: one query. A draft that is approved meanwhile is left out: what was
    said of it came before the Board in its paper.
    """
    over = (Consultation.closed_at.is_not(None)) | (Consultation.closes_on < clock.today())
    rows = session.execute(
        select(Edition.number, func.count(Comment.id))
        .join(Consultation, Consultation.edition_id == Edition.id)
        .join(Comment, Comment.consultation_id == Consultation.id)
        .where(
            over,
            Edition.approved_at.is_(None),
            Edition.withdrawn_at.is_(None),
            Comment.taken_back_at.is_(None),
            Comment.words != "",
            Comment.outcome == "",
        )
        .group_by(Edition.number)
        .order_by(Edition.number.desc())
    )
    return [(number, many) for number, many in rows]
