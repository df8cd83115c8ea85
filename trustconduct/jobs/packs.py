"""Making schools' packs of paper sheets, away from the page, some sheets at a time."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from config.base import Settings
from trustconduct.accounts.sealing import sealer_of
from trustconduct.acknowledgements.packs import (
    ToPrint,
    forget_pack,
    keep_pack,
    note_pack_failed,
    note_pack_progress,
    packs_due,
    packs_old,
    to_print,
    version_of,
)
from trustconduct.db import transaction
from trustconduct.jobs.joining import joined
from trustconduct.outbox.links import token
from trustconduct.plain_log import log
from trustconduct.policies.print_sheet import SheetPage, print_sheets
from trustconduct.schools.settings import settings_of
from trustconduct.sealed.room import room
from trustconduct.tenants.models import School, Trust
from trustconduct.tenants.sessions import Sessions

# Sheets that are printed at once: well within the ten seconds of the sealed room.
AT_ONCE = 15


def make_due(sessions: Sessions, settings: Settings) -> int:
    """Make every pack that waits, and forget those that are old; give how many were made.

    What breaks at one school is told on its page, and does not keep the others waiting.
    """
    with sessions.trust(read_only=True) as session:
        due, old = packs_due(session), packs_old(session)
        trust_name = session.scalars(select(Trust.name)).one()
    for school_id, pack_id in old:
        with sessions.school(school_id) as session, transaction(session):
            forget_pack(session, pack_id)
    for school_id, pack_id in due:
        try:
            _make(sessions, settings, school_id, pack_id, trust_name)
        except OperationalError:
            raise  # PostgreSQL is away, or busy: the timetable looks again
        except Exception:
            log.error("A pack of sheets could not be made.", exc_info=True)
            with sessions.school(school_id) as session, transaction(session):
                note_pack_failed(session, pack_id)
    return len(due)


def _make(
    sessions: Sessions, settings: Settings, school_id: UUID, pack_id: UUID, trust_name: str
) -> None:
    """No transaction is open while sheets are printed: nobody waits for it.

    Before it is kept, the list is looked at anew.
    """
    with sessions.school(school_id, read_only=True) as session:
        version, sheets = version_of(session, pack_id), to_print(session, pack_id)
        school = session.get_one(School, school_id)
        telephone = settings_of(session).telephone
        slug, name = school.slug, school.name
        session.expunge(version)
    base = settings.BASE_URL.rstrip("/")

    def page(sheet: ToPrint) -> SheetPage:
        secret = token(settings.SECRET_KEY, "paper", sheet.sheet_id, 1)
        link = f"{base}/{slug}/sign/paper/{sheet.sheet_id}/{secret}"
        return SheetPage(sheet.shown, sheet.name, sheet.address, sheet.year, link, sheet.closes_on)

    parts = []
    with room().run() as do:
        for start in range(0, len(sheets), AT_ONCE):
            html = print_sheets(
                version,
                [page(one) for one in sheets[start : start + AT_ONCE]],
                school_name=name,
                trust_name=trust_name,
                policy_at=f"{base}/{slug}/policy/{version.number}",
                telephone=telephone,
            )
            parts.append(do("print", html.encode()).content)
            with sessions.school(school_id) as session, transaction(session):
                done = min(start + AT_ONCE, len(sheets))
                note_pack_progress(session, pack_id, 95 * done // len(sheets))
    with sessions.school(school_id) as session, transaction(session):
        if not parts:
            forget_pack(session, pack_id)  # nobody in it may be told any more
        else:
            keep_pack(
                session,
                pack_id,
                joined(parts),
                [one.sheet_id for one in sheets],
                sealer_of(settings.SECRET_KEY),
            )
