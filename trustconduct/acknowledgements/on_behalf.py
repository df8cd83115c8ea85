"""An answer that somebody at school writes down: from paper, a call, an interpreter, a meeting.

It weighs as much as one by the link, and says of itself how it came, by whom it was keyed,
and on which days it was given and received.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import func, select

from trustconduct import clock
from trustconduct.accounts.permissions import Can, permit
from trustconduct.acknowledgements.models import (
    Acknowledgement,
    AcknowledgementWords,
    Answer,
    SignRequest,
)
from trustconduct.acknowledgements.noted_mail import Noted, noted
from trustconduct.acknowledgements.paper_models import AnswerHow, How, PaperSheet
from trustconduct.acknowledgements.signing import AnswerRefused, checked_name, checked_note
from trustconduct.acknowledgements.struck_models import stands
from trustconduct.audit.actor import Actor
from trustconduct.audit.events import Event
from trustconduct.audit.record import event_rows
from trustconduct.db import insert_rows, new_id, table_of
from trustconduct.files.models import FileKind
from trustconduct.files.take_in import Looked, take_in_file
from trustconduct.people.models import Adult
from trustconduct.people.person import rows_of_person
from trustconduct.policies.models import SchoolVersion
from trustconduct.policies.versions import version_in_force
from trustconduct.tenants.sessions import ScopedSession

LONGEST_WITNESS = 200


@dataclass(frozen=True)
class Keyed:
    """An answer as it was given. Without a `sheet` it is about the version of its day.

    `signed_on` is the day on which they signed or said it, `received_on` that on which the
    school got it.
    """

    answer: Answer
    how: How
    typed_name: str
    signed_on: date
    received_on: date
    note: str = ""
    witness: str = ""
    sheet: PaperSheet | None = None
    scan: Looked | None = None


def key_answer(session: ScopedSession, adult: Adult, keyed: Keyed, *, by: Actor) -> bool:
    """Note an answer that was not given on the page; the adult is told of it by mail.

    False where this person, or their double, gave this very answer about the same
    version before: none is overwritten, and one that was struck out does not count. Who
    must not be told may be noted as well: they came to the school, and nothing goes to
    them. Raises AnswerRefused.
    """
    permit(by, Can.KEY_ANSWER, session.school_id)
    name, note = checked_name(keyed.typed_name), checked_note(keyed.note)
    witness = " ".join(keyed.witness.split())[:LONGEST_WITNESS]
    if keyed.how is How.SHEET_LINK:
        raise AnswerRefused("how", "Who used a link has answered by themselves.")
    if keyed.how is How.INTERPRETER and not witness:
        raise AnswerRefused("witness", "Type who interpreted.")
    ids = rows_of_person(session, adult.id)
    version = _about(session, keyed, ids)
    session.take_turns("campaign")
    requests = session.scalars(
        select(SignRequest)
        .where(SignRequest.version_id == version.id, SignRequest.adult_id.in_(ids))
        .order_by(SignRequest.id)
    ).all()
    given = select(Acknowledgement.id).where(
        Acknowledgement.request_id.in_([one.id for one in requests]),
        Acknowledgement.answer == keyed.answer.value,
        stands(),
    )
    if session.scalar(given.limit(1)) is not None:
        return False
    wanted = keyed.sheet.request_id if keyed.sheet else None
    request = next((one for one in requests if one.id == wanted), requests[0] if requests else None)
    if request is None:
        request = SignRequest(
            adult_id=_person(session, adult), version_id=version.id, closes_on=clock.today()
        )
        session.add(request)
        session.flush()
    request.remind_on = None
    session.flush()
    scan = None
    if keyed.scan:
        scan = take_in_file(
            session, keyed.scan, kind=FileKind.SCAN, needs=Can.KEY_ANSWER, by=by
        )  # fmt: skip
    struck = select(func.count()).select_from(Acknowledgement).where(
        Acknowledgement.request_id == request.id,
        Acknowledgement.answer == keyed.answer.value,
    )  # fmt: skip
    answer_id = new_id()
    key = {"school_id": session.school_id, "id": answer_id}
    return insert_rows(
        session,
        [
            (
                table_of(Acknowledgement),
                {
                    **key,
                    "request_id": request.id,
                    "answer": keyed.answer.value,
                    "sha256": version.sha256,
                    "answered_at": clock.now(),
                    "serial": session.scalar(struck),
                },
            ),
            (table_of(AcknowledgementWords), {**key, "typed_name": name, "note": note}),
            (
                table_of(AnswerHow),
                {
                    **key,
                    "how": keyed.how.value,
                    "signed_on": keyed.signed_on,
                    "received_on": keyed.received_on,
                    "keyed_by": by.name,
                    "keyed_by_id": by.id,
                    "witness": witness,
                    "scan_id": scan.id if scan else None,
                    "sheet_id": keyed.sheet.id if keyed.sheet else None,
                },
            ),
            *event_rows(
                session,
                Event.ANSWER_KEYED,
                by,
                about_kind=Acknowledgement.__tablename__,
                about_id=answer_id,
                version=version.number,
                sha256=version.sha256,
                answer=keyed.answer.value,
                signed_as=name,
                how=keyed.how.word.lower(),
                signed_on=keyed.signed_on.isoformat(),
                received_on=keyed.received_on.isoformat(),
                scan_sha256=scan.sha256 if scan else "",
            ),
            *noted(
                session,
                _person(session, adult),
                Noted(
                    answer_id,
                    keyed.answer,
                    keyed.how,
                    name,
                    keyed.signed_on,
                    version.number,
                    version.sha256,
                ),
            ),
        ],
        unless=("school_id", "request_id", "answer", "serial"),
    )


def _person(session: ScopedSession, adult: Adult) -> UUID:
    return adult.merged_into or adult.id


def _about(session: ScopedSession, keyed: Keyed, ids: list[UUID]) -> SchoolVersion:
    """The version that an answer is about, and whether its days can be. Raises AnswerRefused."""
    today = clock.today()
    if keyed.received_on > today:
        raise AnswerRefused("received_on", "Type a day up to today.")
    if keyed.signed_on > keyed.received_on:
        raise AnswerRefused(
            "signed_on", "It can’t be signed after the day on which the school got it."
        )
    if keyed.sheet is None:
        version = version_in_force(session, keyed.signed_on)
        if version is None:
            day = clock.day(keyed.signed_on)
            raise AnswerRefused("signed_on", f"No version of the code was in force on {day}.")
        return version
    request = session.get_one(SignRequest, (session.school_id, keyed.sheet.request_id))
    if request.adult_id not in ids:
        raise AnswerRefused("reference", "This sheet is another person’s.")
    version = session.get_one(SchoolVersion, (session.school_id, request.version_id))
    if keyed.signed_on < clock.local(version.published_at).date():
        day = clock.day(clock.local(version.published_at).date())
        raise AnswerRefused(
            "signed_on", f"The text on this sheet was published on {day}. Check the day."
        )
    return version


@dataclass(frozen=True)
class OfSheet:
    """A sheet by its number, and whose it is."""

    sheet: PaperSheet
    adult: Adult
    version: int


def sheet_numbered(session: ScopedSession, number: int) -> OfSheet | None:
    """One query. A sheet whose link was taken back is found too: paper comes back all the same."""
    row = session.execute(
        select(PaperSheet, Adult, SchoolVersion.number)
        .join(SignRequest, SignRequest.id == PaperSheet.request_id)
        .join(Adult, Adult.id == SignRequest.adult_id)
        .join(SchoolVersion, SchoolVersion.id == SignRequest.version_id)
        .where(PaperSheet.number == number)
    ).one_or_none()
    return OfSheet(*row) if row else None


def sounds_like(adult: Adult, typed_name: str) -> bool:
    """Whether a name that was signed has a word of the adult's own in it: a slip shows here."""

    def words(name: str) -> set[str]:
        return {word.strip(".,’'") for word in name.casefold().split()} - {""}

    return bool(words(adult.name) & words(typed_name))


@dataclass(frozen=True)
class Came:
    """How one answer came."""

    how: How
    signed_on: date
    received_on: date
    keyed_by: str
    witness: str
    scan_id: UUID | None
    number: int | None  # of its sheet


def how_it_came(session: ScopedSession, answer_id: UUID) -> Came | None:
    """How an answer came; None for one by the adult's own mailed link."""
    row = session.execute(
        select(AnswerHow, PaperSheet.number)
        .outerjoin(PaperSheet, PaperSheet.id == AnswerHow.sheet_id)
        .where(AnswerHow.id == answer_id)
    ).one_or_none()
    if row is None:
        return None
    came, number = row
    return Came(
        How(came.how), came.signed_on, came.received_on, came.keyed_by, came.witness,
        came.scan_id, number,
    )  # fmt: skip


@dataclass(frozen=True)
class JustKeyed:
    number: int | None
    name: str
    answer: Answer
    signed_on: date


def just_keyed(session: ScopedSession, by_id: UUID | None, *, most: int = 10) -> list[JustKeyed]:
    """What this person keyed last, the newest first: a pile is checked against it."""
    rows = session.execute(
        select(PaperSheet.number, Adult.name, Acknowledgement.answer, AnswerHow.signed_on)
        .select_from(AnswerHow)
        .join(Acknowledgement, Acknowledgement.id == AnswerHow.id)
        .join(SignRequest, SignRequest.id == Acknowledgement.request_id)
        .join(Adult, Adult.id == SignRequest.adult_id)
        .outerjoin(PaperSheet, PaperSheet.id == AnswerHow.sheet_id)
        .where(AnswerHow.keyed_by_id == by_id, stands())
        .order_by(Acknowledgement.answered_at.desc(), AnswerHow.id.desc())
        .limit(most)
    )
    return [JustKeyed(row[0], row[1], Answer(row[2]), row[3]) for row in rows]
