"""The packs of paper sheets that a school had made, and the sheets of one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, exists, func, select

from trustconduct.acknowledgements.models import Acknowledgement, SignRequest
from trustconduct.acknowledgements.paper_models import (
    PackState,
    PaperPack,
    PaperPackFile,
    PaperSheet,
)
from trustconduct.acknowledgements.reference import shown
from trustconduct.acknowledgements.struck_models import stands
from trustconduct.outbox.untold import may_be_told
from trustconduct.people.models import Adult
from trustconduct.policies.models import SchoolVersion
from trustconduct.tenants.sessions import ScopedSession


@dataclass(frozen=True)
class Pack:
    """A pack as the list shows it."""

    id: UUID
    version: int
    state: PackState
    progress: int
    begun_at: datetime
    asked_by: str
    taken_out_at: datetime | None
    sheets: int
    answered: int


def packs(session: ScopedSession, *, only: UUID | None = None, most: int = 20) -> list[Pack]:
    """The newest packs with how many sheets each has, and how many were answered: one query."""
    of_pack = and_(PaperSheet.school_id == PaperPack.school_id, PaperSheet.pack_id == PaperPack.id)
    sheets = select(func.count()).select_from(PaperSheet).where(of_pack)
    answered = sheets.where(
        exists().where(
            Acknowledgement.school_id == PaperSheet.school_id,
            Acknowledgement.request_id == PaperSheet.request_id,
            stands(),
        )
    )
    query = (
        select(
            PaperPack.id, SchoolVersion.number, PaperPack.state, PaperPack.progress,
            PaperPack.begun_at, PaperPackFile.asked_by, PaperPackFile.taken_out_at,
            sheets.correlate(PaperPack).scalar_subquery(),
            answered.correlate(PaperPack).scalar_subquery(),
        )
        .join(PaperPackFile, PaperPackFile.id == PaperPack.id)
        .join(SchoolVersion, SchoolVersion.id == PaperPack.version_id)
        .order_by(PaperPack.begun_at.desc(), PaperPack.id.desc())
        .limit(most)
    )  # fmt: skip
    if only:
        query = query.where(PaperPack.id == only)
    return [Pack(row[0], row[1], PackState(row[2]), *row[3:]) for row in session.execute(query)]


@dataclass(frozen=True)
class Sheet:
    id: UUID
    number: int
    name: str
    revoked: bool
    disowned: bool
    answered: bool

    @property
    def shown(self) -> str:
        return shown(self.number)


def sheets_astray(session: ScopedSession, *, most: int = 20) -> list[tuple[UUID, int, str]]:
    """Sheets whose reader said that they are somebody else, and whose link nobody took back.

    The pack, the number, and whose the sheet is: the longest waiting first.
    """
    rows = session.execute(
        select(PaperSheet.pack_id, PaperSheet.number, Adult.name)
        .join(SignRequest, SignRequest.id == PaperSheet.request_id)
        .join(Adult, Adult.id == SignRequest.adult_id)
        .where(PaperSheet.disowned_at.is_not(None), PaperSheet.revoked_at.is_(None))
        .order_by(PaperSheet.disowned_at)
        .limit(most)
    )
    return [(row[0], row[1], row[2]) for row in rows]


def sheets_of(
    session: ScopedSession, pack_id: UUID, *, after: int = 0, most: int = 50
) -> list[Sheet]:
    """A page of a pack's sheets by number; one more than `most` where there are more."""
    rows = session.execute(
        select(
            PaperSheet.id, PaperSheet.number, Adult.name, PaperSheet.revoked_at.is_not(None),
            PaperSheet.disowned_at.is_not(None),
            exists().where(
                Acknowledgement.school_id == PaperSheet.school_id,
                Acknowledgement.request_id == PaperSheet.request_id,
                stands(),
            ),
        )
        .join(SignRequest, SignRequest.id == PaperSheet.request_id)
        .join(Adult, Adult.id == SignRequest.adult_id)
        .where(PaperSheet.pack_id == pack_id, PaperSheet.number > after)
        .where(may_be_told(Adult.id))
        .order_by(PaperSheet.number)
        .limit(most + 1)
    )  # fmt: skip
    return [Sheet(*row) for row in rows]
