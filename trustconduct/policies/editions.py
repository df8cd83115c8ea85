"""The Trust's editions: brought in, approved by the Board, published to the schools."""

from __future__ import annotations

from datetime import date

from sqlalchemy import func, select

from trustconduct import clock
from trustconduct.accounts.permissions import Can, permit
from trustconduct.audit.actor import Actor
from trustconduct.audit.events import Event
from trustconduct.audit.record import record
from trustconduct.policies.models import Edition, State
from trustconduct.policies.reading import NOT_APPLICABLE, Reading
from trustconduct.tenants.sessions import ScopedSession


class EditionRefused(ValueError):
    """The edition can't take this step; the message says what must come first."""


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


def approve(session: ScopedSession, edition: Edition, *, by: Actor, board_on: date) -> None:
    """Note the day on which the Board approved the edition."""
    permit(by, Can.APPROVE_EDITION)
    if edition.state is not State.DRAFT:
        raise EditionRefused(f"Edition {edition.number} is {edition.state.value} already.")
    if board_on > clock.today():
        raise EditionRefused("The Board can't have approved it on a day that is still to come.")
    edition.board_on, edition.approved_at = board_on, clock.now()
    record(
        session,
        Event.EDITION_APPROVED,
        by=by,
        about=edition,
        number=edition.number,
        board_on=board_on.isoformat(),
    )


def publish(session: ScopedSession, edition: Edition, *, by: Actor) -> None:
    """Freeze an approved edition and offer it to every school. It never changes again.

    Raises EditionRefused where the Board has not approved it, or a newer one is out.
    """
    permit(by, Can.PUBLISH_EDITION)
    if edition.state is State.DRAFT:
        raise EditionRefused("The Board must approve the edition before it is published.")
    if edition.state is State.PUBLISHED:
        raise EditionRefused(f"Edition {edition.number} is published already.")
    newest = newest_published(session)
    if newest is not None and newest.number > edition.number:
        raise EditionRefused(
            f"Edition {newest.number} is published already, and schools follow the newest."
            f" Bring edition {edition.number} in again as a new draft."
        )
    edition.published_at = clock.now()
    record(session, Event.EDITION_PUBLISHED, by=by, about=edition, number=edition.number)


def newest_published(session: ScopedSession) -> Edition | None:
    """The edition that schools are to adopt now. A school's session sees published ones only."""
    return session.scalar(
        select(Edition)
        .where(Edition.published_at.is_not(None))
        .order_by(Edition.number.desc())
        .limit(1)
    )
