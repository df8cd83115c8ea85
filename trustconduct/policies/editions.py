"""The Trust's editions: brought in, approved by the Board, published to the schools."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import func, select, update

from trustconduct import clock
from trustconduct.accounts.permissions import Can, permit
from trustconduct.audit.actor import Actor
from trustconduct.audit.events import Event
from trustconduct.audit.record import record
from trustconduct.policies.approvers import approvals, waiting_for
from trustconduct.policies.consultations import Consultation
from trustconduct.policies.models import Edition, State
from trustconduct.policies.reading import NOT_APPLICABLE, Reading
from trustconduct.policies.rollouts import is_offered, roll_out
from trustconduct.policies.withdrawals import Withdrawal
from trustconduct.tenants.calendars import calendar_of
from trustconduct.tenants.models import School
from trustconduct.tenants.sessions import SCHOOL, ScopedSession

_ASKED = "Heads, governors and unions are still being asked about this draft."


class EditionRefused(ValueError):
    """The edition can't take this step; the message says what must come first."""


class UnionRefused(EditionRefused):
    """What is said of the union can't be so."""


def import_edition(
    session: ScopedSession, reading: Reading, *, by: Actor, source_name: str, source_text: str
) -> Edition:
    """Keep what was read from a document as a new draft edition, with the source itself.

    The source stays with the edition: years later somebody will ask whether the
    clause really stood there.
    """
    permit(by, Can.IMPORT_EDITION)
    session.take_turns("edition")
    body = reading.document.to_json()
    same = session.scalar(
        select(Edition).where(
            Edition.approved_at.is_(None),
            Edition.withdrawn_at.is_(None),
            Edition.source_text == source_text,
            Edition.body == body,
        )
    )
    if same is not None:
        return same  # the same page sent twice
    header = reading.header
    edition = Edition(
        number=(session.scalar(select(func.max(Edition.number))) or 0) + 1,
        scope=header.scope,
        board_on=header.board_on,
        review_text=header.review.text if header.review else "",
        union_on=header.union if isinstance(header.union, date) else None,
        union_not_applicable=header.union == NOT_APPLICABLE,
        statutory=header.statutory,
        author=header.author,
        author_role=header.author_role,
        body=body,
        source_name=source_name,
        source_text=source_text,
    )
    session.add(edition)
    session.flush()  # the event needs the row's id
    record(session, Event.EDITION_IMPORTED, by=by, about=edition, number=edition.number)
    return edition


@dataclass(frozen=True)
class Union:
    """What became of consulting the union: asked on a day, or not, and why not."""

    asked_on: date | None = None
    because: str = ""


def approve(
    session: ScopedSession,
    edition: Edition,
    *,
    by: Actor,
    board_on: date,
    board_minute: str = "",
    union: Union | None = None,
) -> None:
    """Note the day on which the Board approved the edition, and its minute's reference.

    `union` replaces what the document said of consulting the union; None keeps it.
    Raises EditionRefused for a day that is still to come, for an edition whose review
    falls before the Board's day, since one of the two is a slip, and for one that
    somebody who was named has not approved as it stands.
    """
    permit(by, Can.APPROVE_EDITION)
    if edition.state is State.CONSULTED:
        raise EditionRefused(f"{_ASKED} End the consultation first, or wait for its last day.")
    if edition.state is not State.DRAFT:
        raise EditionRefused(f"Edition {edition.number} is {edition.state.value} already.")
    if left := waiting_for(edition, approvals(session, edition)):
        names = [one.approver.name for one in left]
        raise EditionRefused(_not_signed_off(edition, names))
    if board_on > clock.today():
        raise EditionRefused("The Board can't have approved it on a day that is still to come.")
    if edition.review and calendar_of(session).window(edition.review).last < board_on:
        raise EditionRefused(
            f"Its review ({edition.review_text}) would be over before the Board approved it."
            " Check the day. If it is right, the edition needs another review date."
        )
    if union is not None:
        if union.asked_on is not None and union.asked_on > clock.today():
            raise UnionRefused("The union can't have been asked on a day that is still to come.")
        if union.asked_on is None and not union.because:
            raise UnionRefused("Say why consulting the union does not apply.")
        edition.union_on = union.asked_on
        edition.union_not_applicable = union.asked_on is None
        edition.union_because = "" if union.asked_on else union.because
    edition.board_on, edition.approved_at = board_on, clock.now()
    edition.board_minute = board_minute
    record(
        session,
        Event.EDITION_APPROVED,
        by=by,
        about=edition,
        number=edition.number,
        board_on=board_on.isoformat(),
        board_minute=board_minute,
    )


def _not_signed_off(edition: Edition, names: list[str]) -> str:
    if edition.approvers_all or len(names) == 1:
        return (
            f"These people have still to approve the text as it stands: {', '.join(names)}."
            " Ask them again, or change who must approve it."
        )
    return f"One of these people must approve the text as it stands: {', '.join(names)}."


def mark_change(
    session: ScopedSession, edition: Edition, *, by: Actor, material: bool, because: str
) -> None:
    """Say whether the edition's change is material: whether people are asked again.

    Raises EditionRefused once it is published, and without a reason: it stays
    with the edition for good.
    """
    permit(by, Can.PUBLISH_EDITION)
    if edition.state not in (State.DRAFT, State.CONSULTED, State.APPROVED):
        raise EditionRefused(f"Edition {edition.number} is {edition.state.value}, and fixed.")
    if not because:
        raise EditionRefused("Say in a sentence what changed.")
    edition.material, edition.change_because = material, because
    record(
        session,
        Event.EDITION_MARKED,
        by=by,
        about=edition,
        number=edition.number,
        mark="material" if material else "minor",
        because=because,
    )


def publish(
    session: ScopedSession,
    edition: Edition,
    *,
    by: Actor,
    to: Collection[UUID] | None = None,
    adopt_by_on: date | None = None,
) -> int:
    """Freeze an approved edition and roll it out to every school, or to those in `to`.

    It never changes again. Gives how many schools are asked. An edition that nobody
    marked as minor is material: nobody is left unasked by an oversight. Raises
    EditionRefused where the Board has not approved it, or a newer one is out, and
    RollOutRefused for a day or schools that will not do.
    """
    permit(by, Can.PUBLISH_EDITION)
    if edition.state in (State.DRAFT, State.CONSULTED):
        raise EditionRefused("The Board must approve the edition before it is published.")
    if edition.state is not State.APPROVED:
        raise EditionRefused(f"Edition {edition.number} is {edition.state.value} already.")
    newest = newest_published(session)
    if newest is not None and newest.number > edition.number:
        raise EditionRefused(
            f"Edition {newest.number} is published already, and schools follow the newest."
            f" Bring edition {edition.number} in again as a new draft."
        )
    edition.published_at = clock.now()
    if edition.material is None:
        edition.material = True
    session.flush()  # what it supersedes is asked for anew, and must find it
    if newest is not None:
        session.expire(newest, ["superseded_at"])
    record(session, Event.EDITION_PUBLISHED, by=by, about=edition, number=edition.number)
    return roll_out(session, edition, by=by, to=to, adopt_by_on=adopt_by_on)


def withdraw(session: ScopedSession, edition: Edition, *, by: Actor, because: str) -> None:
    """Take an edition back: no school is to adopt it from here on.

    It stays readable. A school that has published it keeps it in force, since
    parents acknowledged that text. The edition before is the newest again.
    """
    permit(by, Can.WITHDRAW_EDITION)
    session.take_turns(f"edition:{edition.id}")  # of two at once the second is told
    session.expire(edition, ["withdrawn_at", "superseded_at"])
    if edition.state is State.WITHDRAWN:
        raise EditionRefused(f"Edition {edition.number} is withdrawn already.")
    if not because:
        raise EditionRefused("Say why it is withdrawn.")
    session.execute(
        update(Consultation)
        .where(Consultation.edition_id == edition.id, Consultation.closed_at.is_(None))
        .values(closed_at=clock.now(), closed_because="The draft is withdrawn.")
        .execution_options(synchronize_session=False)
    )
    session.add(Withdrawal(id=edition.id, withdrawn_by=by.name, because=because))
    session.flush()
    for other in session.identity_map.values():
        if isinstance(other, Edition):  # which one is the newest may be another now
            session.expire(other, ["withdrawn_at", "superseded_at"])
    record(
        session,
        Event.EDITION_WITHDRAWN,
        by=by,
        about=edition,
        number=edition.number,
        because=because,
    )


def withdrawal_of(session: ScopedSession, edition: Edition) -> Withdrawal | None:
    """When, by whom and why an edition was withdrawn. For the Trust alone."""
    return session.get(Withdrawal, edition.id)


def newest_published(session: ScopedSession) -> Edition | None:
    """The edition to adopt now, if any: never one that was withdrawn.

    In a school's session the newest of those that this school was asked to adopt: it
    stays on its edition where a later one was rolled out to others.
    """
    query = select(Edition).where(Edition.published_at.is_not(None), Edition.withdrawn_at.is_(None))
    if session.scope.role == SCHOOL:
        joined_at = select(School.joined_at).where(School.id == session.school_id)
        query = query.where(is_offered(session.school_id, joined_at.scalar_subquery()))
    return session.scalar(query.order_by(Edition.number.desc()).limit(1))


def offered_here(session: ScopedSession, edition: Edition) -> bool:
    """Whether this school was asked to adopt an edition, or joined after it was published."""
    joined_at = select(School.joined_at).where(School.id == session.school_id).scalar_subquery()
    return bool(
        session.scalar(
            select(Edition.id).where(
                Edition.id == edition.id,
                Edition.withdrawn_at.is_(None),
                is_offered(session.school_id, joined_at),
            )
        )
    )
