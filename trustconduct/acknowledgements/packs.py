"""Sheets of paper for chosen adults: asked for here, printed by the worker, taken out once ready.

Each sheet has a link of its own, which is marked as paper, and can be taken back. The PDF
holds those links, so it is kept sealed, for two weeks. Who must not be told is in no pack:
asked when it is begun, when it is printed, and again when it is taken out.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, func, insert, or_, select, update
from sqlalchemy.orm import aliased

from trustconduct import clock
from trustconduct.accounts.permissions import Can, permit
from trustconduct.accounts.sealing import Sealer
from trustconduct.acknowledgements.audience import Audience, belongs
from trustconduct.acknowledgements.models import Acknowledgement, Campaign, SignRequest
from trustconduct.acknowledgements.paper_models import (
    PackState,
    PaperPack,
    PaperPackFile,
    PaperSheet,
)
from trustconduct.acknowledgements.reference import FIRST, shown
from trustconduct.acknowledgements.struck_models import stands
from trustconduct.audit.actor import Actor
from trustconduct.audit.events import Event
from trustconduct.audit.record import record
from trustconduct.db import new_id
from trustconduct.outbox.models import SchoolMessage
from trustconduct.outbox.untold import may_be_told
from trustconduct.people.models import Adult, Care, Pupil
from trustconduct.people.who_is_told import asked_for, is_confirmed
from trustconduct.policies.models import SchoolVersion
from trustconduct.tenants.models import School
from trustconduct.tenants.sessions import ScopedSession

MOST_SHEETS = 600
DAYS_KEPT = 14


class PackWho(StrEnum):
    """For whom a pack is. Who has answered already is in none of them."""

    NO_EMAIL = "no_email"
    NO_REPLY = "no_reply"
    CHOSEN = "chosen"

    @property
    def word(self) -> str:
        return {
            "no_email": "Those whom no email reaches",
            "no_reply": "Everyone who has not answered",
            "chosen": "People whom you chose",
        }[self.value]


class NobodyForPaper(ValueError):
    """Everyone has answered, or may not be told."""


class PackListNotConfirmed(ValueError):
    """Nothing has ever left the school, and nobody has confirmed whom it would tell."""


def for_paper(
    version_id: UUID, who: PackWho, years: Collection[str], chosen: Collection[UUID]
) -> list[ColumnElement[bool]]:
    """The conditions for the adults of a pack. Doubles answer for their person."""
    person = aliased(Adult)
    answered = (
        exists()
        .where(
            SignRequest.school_id == person.school_id,
            SignRequest.adult_id == person.id,
            SignRequest.version_id == version_id,
            Acknowledgement.school_id == SignRequest.school_id,
            Acknowledgement.request_id == SignRequest.id,
            stands(),
        )
        .where(func.coalesce(person.merged_into, person.id) == Adult.id)
    )
    conditions = [asked_for(), may_be_told(Adult.id), ~answered]
    if years:
        conditions.append(belongs(Audience.YEARS, years, version_id))
    if who is PackWho.CHOSEN:
        conditions.append(Adult.id.in_(list(chosen)))
    if who is PackWho.NO_EMAIL:
        bounced = exists().where(
            SchoolMessage.school_id == Adult.school_id,
            SchoolMessage.adult_id == Adult.id,
            SchoolMessage.bounced_at.is_not(None),
            SchoolMessage.settled_at.is_(None),
        )
        conditions.append(or_(Adult.email == "", bounced))
    return conditions


def how_many_for_paper(session: ScopedSession, version_id: UUID) -> dict[PackWho, int]:
    """How many sheets a pack would have. Two queries."""
    return {
        who: session.scalar(
            select(func.count()).select_from(Adult).where(*for_paper(version_id, who, (), ()))
        )
        or 0
        for who in (PackWho.NO_EMAIL, PackWho.NO_REPLY)
    }


def begin_pack(
    session: ScopedSession,
    version: SchoolVersion,
    *,
    by: Actor,
    who: PackWho,
    link_days: int,
    years: Collection[str] = (),
    chosen: Collection[UUID] = (),
) -> PaperPack:
    """Ask for a pack of sheets, in the order of year groups and names; the worker makes it.

    At most MOST_SHEETS: a second pack has the next ones only if the first are answered, so
    large schools print by year group. Raises NobodyForPaper and PackListNotConfirmed.
    """
    permit(by, Can.PRINT_PACK, session.school_id)
    session.take_turns("campaign")
    if session.scalar(select(Campaign.id).limit(1)) is None and not is_confirmed(session):
        raise PackListNotConfirmed
    own = aliased(SignRequest)
    rows = session.execute(
        select(Adult.id, own.id)
        .outerjoin(
            own,
            and_(
                own.school_id == Adult.school_id,
                own.adult_id == Adult.id,
                own.version_id == version.id,
            ),
        )
        .where(*for_paper(version.id, who, years, chosen))
        .order_by(func.length(_year()), _year(), Adult.name, Adult.id)
        .limit(MOST_SHEETS)
    ).all()
    if not rows:
        raise NobodyForPaper
    pack = PaperPack(version_id=version.id)
    session.add(pack)
    session.flush()
    session.add(PaperPackFile(id=pack.id, asked_by=by.name))
    closes_on = clock.today() + timedelta(days=link_days)
    requests = {adult_id: request_id or new_id() for adult_id, request_id in rows}
    new = [
        {
            "school_id": session.school_id,
            "id": requests[adult_id],
            "campaign_id": None,
            "adult_id": adult_id,
            "version_id": version.id,
            "asked_at": clock.now(),
            "closes_on": closes_on,
            "generation": 1,
        }
        for adult_id, request_id in rows
        if request_id is None
    ]
    if new:
        session.execute(insert(SignRequest), new)
    first = (session.scalar(select(func.max(PaperSheet.number))) or FIRST - 1) + 1
    session.add_all(
        PaperSheet(
            pack_id=pack.id, request_id=requests[adult_id], number=first + place,
            closes_on=closes_on,
        )
        for place, (adult_id, _) in enumerate(rows)
    )  # fmt: skip
    session.flush()
    record(session, Event.PACK_ASKED, by=by, about=pack, sheets=len(rows), who=who.value)
    return pack


def _year() -> Any:
    """The year group of an adult's child; of several, the first."""
    return (
        select(func.coalesce(func.min(Pupil.year_group), ""))
        .select_from(Care)
        .join(Pupil, and_(Pupil.school_id == Care.school_id, Pupil.id == Care.pupil_id))
        .where(
            Care.school_id == Adult.school_id,
            Care.adult_id == Adult.id,
            Care.ended_on.is_(None),
            Pupil.left_on.is_(None),
        )
        .correlate(Adult)
        .scalar_subquery()
    )


@dataclass(frozen=True)
class ToPrint:
    """What one sheet says besides what all of them say."""

    sheet_id: UUID
    number: int
    name: str
    address: str
    year: str
    closes_on: date

    @property
    def shown(self) -> str:
        return shown(self.number)


def packs_due(session: ScopedSession) -> list[tuple[UUID, UUID]]:
    """School and pack of every one that waits to be made: one query of the Trust's."""
    return [
        (school_id, pack_id)
        for school_id, pack_id in session.execute(
            select(PaperPack.school_id, PaperPack.id)
            .join(School, School.id == PaperPack.school_id)
            .where(PaperPack.state == PackState.WAITING.value, School.suspended_at.is_(None))
            .order_by(PaperPack.begun_at)
        )
    ]


def packs_old(session: ScopedSession) -> list[tuple[UUID, UUID]]:
    """School and pack of every one whose file has been kept long enough."""
    before = clock.now() - timedelta(days=DAYS_KEPT)
    rows = session.execute(
        select(PaperPack.school_id, PaperPack.id).where(
            PaperPack.state == PackState.READY.value, PaperPack.ready_at < before
        )
    )
    return [(school_id, pack_id) for school_id, pack_id in rows]


def to_print(session: ScopedSession, pack_id: UUID) -> list[ToPrint]:
    """The sheets of a pack that may leave now: none of somebody who must not be told."""
    rows = session.execute(
        select(
            PaperSheet.id, PaperSheet.number, Adult.name, Adult.address, _year(),
            PaperSheet.closes_on,
        )
        .join(SignRequest, SignRequest.id == PaperSheet.request_id)
        .join(Adult, Adult.id == SignRequest.adult_id)
        .where(PaperSheet.pack_id == pack_id, PaperSheet.revoked_at.is_(None))
        .where(may_be_told(Adult.id), Adult.left_on.is_(None), Adult.merged_into.is_(None))
        .order_by(PaperSheet.number)
    )  # fmt: skip
    return [ToPrint(*row) for row in rows]


def version_of(session: ScopedSession, pack_id: UUID) -> SchoolVersion:
    return session.scalars(
        select(SchoolVersion)
        .join(PaperPack, PaperPack.version_id == SchoolVersion.id)
        .where(PaperPack.id == pack_id)
    ).one()


def keep_pack(
    session: ScopedSession, pack_id: UUID, content: bytes, printed: Sequence[UUID], sealer: Sealer
) -> bool:
    """Keep what the worker printed. False where somebody in it may not be told by now, or
    another worker was first: then it is made anew, or needs nothing.
    """
    pack = _locked(session, pack_id)
    if pack.state != PackState.WAITING.value:
        return False
    if {one.sheet_id for one in to_print(session, pack_id)} != set(printed):
        return False
    file = session.get_one(PaperPackFile, (session.school_id, pack_id))
    file.content = sealer.seal_bytes(content, pack_id)
    pack.state, pack.progress, pack.ready_at = PackState.READY.value, 100, clock.now()
    session.flush()
    return True


def note_pack_failed(session: ScopedSession, pack_id: UUID) -> None:
    pack = _locked(session, pack_id)
    pack.state = PackState.FAILED.value
    session.flush()


def note_pack_progress(session: ScopedSession, pack_id: UUID, progress: int) -> None:
    session.execute(
        update(PaperPack)
        .where(PaperPack.id == pack_id, PaperPack.state == PackState.WAITING.value)
        .values(progress=progress)
    )


def forget_pack(session: ScopedSession, pack_id: UUID) -> None:
    """Delete the file of a pack. Its sheets and their links stay."""
    pack = _locked(session, pack_id)
    session.get_one(PaperPackFile, (session.school_id, pack_id)).content = b""
    pack.state = PackState.GONE.value
    session.flush()


def _locked(session: ScopedSession, pack_id: UUID) -> PaperPack:
    return session.scalars(
        select(PaperPack)
        .where(PaperPack.id == pack_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def take_out_pack(
    session: ScopedSession, pack_id: UUID, *, by: Actor, sealer: Sealer
) -> bytes | None:
    """The PDF to print. None where there is none now.

    Should somebody in it have been marked since as one who must not be told, nothing is
    given: their link is taken back, and the pack is made anew without them.
    """
    permit(by, Can.EXPORT, session.school_id)
    pack = _locked(session, pack_id)
    if pack.state != PackState.READY.value:
        return None
    file = session.get_one(PaperPackFile, (session.school_id, pack_id))
    may = [one.sheet_id for one in to_print(session, pack_id)]
    gone = session.scalars(
        select(PaperSheet).where(
            PaperSheet.pack_id == pack_id,
            PaperSheet.revoked_at.is_(None),
            PaperSheet.id.not_in(may),
        )
    ).all()
    if gone:
        for sheet in gone:
            _revoke(session, sheet, by)
        file.content = b""
        pack.state, pack.progress, pack.ready_at = PackState.WAITING.value, 0, None
        session.flush()
        return None
    content = sealer.open_bytes(file.content, pack_id)
    file.taken_out_at, file.taken_out_by = clock.now(), by.name
    session.flush()
    record(session, Event.PACK_TAKEN_OUT, by=by, about=pack, sheets=len(may))
    return content


def drop_pack(session: ScopedSession, pack_id: UUID, *, by: Actor) -> None:
    """Delete a pack and take all its links back: for one that was lost, or is not wanted."""
    permit(by, Can.PRINT_PACK, session.school_id)
    pack = _locked(session, pack_id)
    if pack.state == PackState.GONE.value:
        return
    forget_pack(session, pack_id)
    session.execute(
        update(PaperSheet)
        .where(PaperSheet.pack_id == pack_id, PaperSheet.revoked_at.is_(None))
        .values(revoked_at=clock.now())
    )
    record(session, Event.PACK_DROPPED, by=by, about=pack)


def revoke_sheet(session: ScopedSession, sheet: PaperSheet, *, by: Actor) -> None:
    """Take the link on one sheet back. What came by it stays; twice has one effect."""
    permit(by, Can.PRINT_PACK, session.school_id)
    if sheet.revoked_at is None:
        _revoke(session, sheet, by)


def _revoke(session: ScopedSession, sheet: PaperSheet, by: Actor) -> None:
    sheet.revoked_at = clock.now()
    session.flush()
    record(session, Event.SHEET_REVOKED, by=by, about=sheet, number=shown(sheet.number))
