"""Bans for tests: made by the rules, with letters that were approved and handed over."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sqlalchemy import select

from tests import build
from tests.letters import rows as letters
from trustconduct import clock
from trustconduct.audit.actor import Actor, Role
from trustconduct.bans.begin import ban_for_now, give_notice, take_in_ban
from trustconduct.bans.change import add_exception, strike_exception
from trustconduct.bans.decide import Decision, confirm
from trustconduct.bans.gate import enrol_device, revoke_device, seen_on_site
from trustconduct.bans.hearing import note_said
from trustconduct.bans.letters import BAN
from trustconduct.bans.models import (
    Ban,
    BanException,
    BanMoreTime,
    BanNotice,
    Found,
    Means,
)
from trustconduct.bans.reviews import finish_review, open_review
from trustconduct.bans.terms import Terms, terms_of
from trustconduct.letters.kinds import KINDS
from trustconduct.letters.models import Letter, Way
from trustconduct.letters.serve import hand_over
from trustconduct.letters.write import begin_letter, choose_way
from trustconduct.people.models import Adult
from trustconduct.policies.versions import version_in_force
from trustconduct.tenants.calendars import CalendarUnknown, calendar_of
from trustconduct.tenants.sessions import ScopedSession

DAY = timedelta(days=1)


def a_chair(session: ScopedSession, name: str = "") -> Actor:
    return build.an_actor(Role.GOVERNOR, session.school_id, name)


def days_known(session: ScopedSession, ahead: int = 90) -> None:
    """Term dates for as long as a ban of a test may last."""
    for on in (clock.today(), clock.today() + ahead * DAY):
        try:
            calendar_of(session).is_school_day(on)
        except CalendarUnknown:
            build.a_year(session, on.year if on.month >= 9 else on.year - 1)


def terms(session: ScopedSession, word: str = "", **changed: Any) -> Terms:
    version = version_in_force(session)
    today = clock.today()
    return Terms(
        incident_on=today.isoformat(),
        reasons=f"You shouted at a member of staff at the gate. {word}".strip(),
        sites=f"The whole of our site. {word}".strip(),
        hours="At all times.",
        starts_on=today.isoformat(),
        ends_on=(today + 30 * DAY).isoformat(),
        clauses=tuple(one.id for one in version.document.clauses())[:1] if version else (),
        skipped_because="A member of staff was hurt.",
        bringing="Please have another adult bring R.S. to the gate at 8.40am.",
        contact="The school business manager",
    ).but(**changed)


def ready(session: ScopedSession) -> None:
    letters.ready(session)
    days_known(session)


def a_notice(
    session: ScopedSession, adult: Adult | None = None, *, by: Actor | None = None,
    word: str = "", **changed: Any,
) -> Ban:  # fmt: skip
    """A notice of intention; its letter is not written yet."""
    ready(session)
    adult = adult or letters.an_addressee(session)
    return give_notice(
        session, adult, terms(session, word, **changed), by=by or build.a_head(session)
    )


def a_temporary(
    session: ScopedSession, adult: Adult | None = None, *, by: Actor | None = None,
    word: str = "", **changed: Any,
) -> Ban:  # fmt: skip
    ready(session)
    adult = adult or letters.an_addressee(session)
    changed = {"why_now": "You said that you would come back tomorrow.", **changed}
    return ban_for_now(
        session, adult, terms(session, word, **changed), by=by or build.a_head(session)
    )


def a_letter(session: ScopedSession, ban: Ban, kind: str, by: Actor | None = None) -> Letter:
    """A letter of the ban, filled from its record, approved."""
    by = by or build.a_head(session)
    adult = session.get_one(Adult, (ban.school_id, ban.adult_id))
    letter = begin_letter(session, adult, KINDS[kind], by=by, record_kind=BAN, record_id=ban.id)
    choose_way(session, letter, KINDS[kind], by=by, way=Way.HAND,
               signatory=letters.a_signatory(session), seen=letter.version)  # fmt: skip
    letter.parts = letters.values(session, KINDS[kind])
    session.flush()
    letters.approved(session, letter, by)
    return letter


def served(session: ScopedSession, ban: Ban, by: Actor | None = None) -> Letter:
    """Its notice, handed over today."""
    by = by or build.a_head(session)
    kind = "temporary_ban" if ban.route == "temporary" else "intention"
    letter = a_letter(session, ban, kind, by)
    hand_over(session, letter, by=by, on=clock.today(), handed_by="The deputy", witness="")
    return letter


def heard(session: ScopedSession, ban: Ban, words: str = "I was upset.", **more: Any) -> None:
    by = more.pop("by", None) or build.a_head(session)
    note_said(session, ban, by=by, means=Means.TELEPHONE, words=words,
              is_all=more.pop("is_all", True), **more)  # fmt: skip


def a_decision(
    session: ScopedSession, ban: Ban, *, days: int = 30, review: int = 20, **changed: Any
) -> Decision:
    today = clock.today()
    said = terms_of(session, ban.id).but(
        starts_on=today.isoformat(), ends_on=(today + days * DAY).isoformat(), **changed
    )
    return Decision("You told us that you were upset. We weighed it.", said, today + review * DAY)


def confirmed(session: ScopedSession, ban: Ban, by: Actor | None = None, **more: Any) -> Ban:
    confirm(
        session, ban, a_decision(session, ban, **more), by=by or build.a_head(session),
        seen=ban.version,
    )  # fmt: skip
    return ban


def in_force(
    session: ScopedSession, adult: Adult | None = None, *, by: Actor | None = None,
    word: str = "", **more: Any,
) -> Ban:  # fmt: skip
    """A ban in force: notice, letter, answer, decision."""
    ban = a_notice(session, adult, by=by, word=word)
    served(session, ban, by)
    heard(session, ban, f"I was upset. {word}".strip(), by=by)
    return confirmed(session, ban, by, **more)


def the_ban(session: ScopedSession) -> Ban:
    return session.scalars(select(Ban).order_by(Ban.number.desc())).first()  # type: ignore[return-value]


def on(days: int) -> date:
    return clock.today() + days * DAY


def of_world(session: ScopedSession, word: str, by: Actor) -> dict[str, Any]:
    """A ban from before, in force, with a row of every kind that a ban may have."""
    days_known(session)
    adult = session.scalars(select(Adult).where(Adult.name == f"Lee {word}")).one()
    ban = take_in_ban(
        session, adult, terms(session, word, starts_on=on(-5).isoformat()), by=by,
        review_on=on(20), words=f"In the file of {word}",
    )  # fmt: skip
    added = add_exception(session, ban, by=by, words=f"Side gate of {word}", by_appointment=True)
    standing = session.scalars(
        select(BanException).where(BanException.ban_id == ban.id, BanException.code == "worship")
    ).one()
    strike_exception(session, ban, standing, by=by, because=f"No church at {word}")
    heard(session, ban, f"I was upset. {word}", by=by, is_all=False)
    session.add(
        BanMoreTime(ban_id=ban.id, until_on=on(5), because=f"Ill at {word}", given_by=by.name)
    )
    chair = a_chair(session, f"Chair {word}")
    review = open_review(session, ban, by=chair)
    assert review
    finish_review(session, ban, review, by=chair, found=Found.STAYS, words=f"Looked {word}")
    device = enrol_device(session, by=by, name=f"Desk {word}")
    old = enrol_device(session, by=by, name=f"Old desk {word}")
    revoke_device(session, old, by=by)
    seen_on_site(session, ban, by=by)
    session.add(BanNotice(ban_id=ban.id, kind="review", for_on=on(20)))
    session.flush()
    return {"ban": ban.id, "exception": added.id, "device": device.id}
