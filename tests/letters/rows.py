"""Letters for tests: made by the rules, in the words that ship."""

from __future__ import annotations

import io
from datetime import date, timedelta
from typing import Any

import pikepdf
from sqlalchemy import select

from tests import build
from trustconduct import clock
from trustconduct.audit.actor import Actor
from trustconduct.letters.approve import approve_letter, withdraw_letter
from trustconduct.letters.compose import draft_of
from trustconduct.letters.kinds import KINDS, Form, Kind
from trustconduct.letters.models import (
    Ended,
    FrozenLetter,
    Letter,
    LetterRun,
    LetterRunFile,
    LetterService,
    LetterSignatory,
    LetterWording,
    RunState,
    Way,
)
from trustconduct.letters.serve import end_service, hand_over
from trustconduct.letters.shipped import shipped
from trustconduct.letters.signatories import add_signatory
from trustconduct.letters.translated import other_key
from trustconduct.letters.write import begin_letter, choose_way
from trustconduct.people.change import add_adult
from trustconduct.people.models import Adult
from trustconduct.people.models import Pupil as Pupil
from trustconduct.policies.versions import version_in_force
from trustconduct.schools.settings import facts_of, settings_of
from trustconduct.tenants.calendars import CalendarUnknown, calendar_of
from trustconduct.tenants.models import School
from trustconduct.tenants.sessions import ScopedSession


def _a_pdf() -> bytes:
    made, kept = pikepdf.Pdf.new(), io.BytesIO()
    made.add_blank_page()
    made.save(kept)
    return kept.getvalue()


PDF = _a_pdf()
DAY = timedelta(days=1)


def words_approved(session: ScopedSession) -> None:
    """Every kind has words, approved: as they ship. Without events."""
    for kind in KINDS:
        one = LetterWording(kind=kind, number=1, body=shipped(kind), edited_by="Trust officer")
        session.add(one)
        session.flush()
        one.approved_at, one.approved_by = clock.now(), "Trust officer"
        one.solicitor = "A solicitor, 1 September 2026"
        session.flush()


def school_day(session: ScopedSession, after: int = 10) -> date:
    """A school day some days ahead; term dates are added where there are none."""
    on = clock.today() + after * DAY
    for _ in range(120):
        try:
            if calendar_of(session).is_school_day(on):
                return on
        except CalendarUnknown:
            build.a_year(session, on.year if on.month >= 9 else on.year - 1)
            continue
        on += DAY
    raise AssertionError("no school day")


def values(session: ScopedSession, kind: Kind, word: str = "") -> dict[str, Any]:
    """A value for each part that people or records fill."""
    version = version_in_force(session)
    clauses = [one.id for one in version.document.clauses()][:1] if version else []
    ahead = school_day(session) if kind.part("meeting") else clock.today()
    days = {
        "incident_on": clock.today(),
        "starts_on": clock.today(),
        "decide_by": clock.today() + 20 * DAY,
        "ends_on": clock.today() + 42 * DAY,
        "review_on": clock.today() + 30 * DAY,
        "lapses_on": clock.today() + 90 * DAY,
    }
    found: dict[str, Any] = {}
    for part in kind.parts:
        if part.form is Form.WORDS:
            found[part.id] = f"{part.example} {word}".strip()
        elif part.form is Form.LINE:
            found[part.id] = part.example
        elif part.form is Form.DAY:
            found[part.id] = days[part.id].isoformat()
        elif part.form is Form.MEETING:
            found[part.id] = {
                "day": ahead.isoformat(), "time": "15:30", "place": "Our office",
                "way": "in_person",
            }  # fmt: skip
        elif part.form is Form.ANSWER:
            found[part.id] = {"days": 10, "unit": "school"}
        elif part.form is Form.CLAUSES:
            found[part.id] = clauses
    return found


def a_signatory(session: ScopedSession, by: Actor | None = None, word: str = "") -> LetterSignatory:
    there = session.scalars(select(LetterSignatory)).first()
    return there or add_signatory(
        session, by=by or build.a_head(session), name=f"Jo Sample {word}".strip(),
        role="Headteacher", from_on=clock.today() - DAY,
    )  # fmt: skip


def ready(session: ScopedSession) -> None:
    """What a school needs before it can write one: facts, a code in force, a signatory."""
    if version_in_force(session) is None:
        build.a_version(session)
    a_signatory(session)


def an_addressee(session: ScopedSession, name: str = "Sam Sample", **more: Any) -> Adult:
    language = more.pop("language", "en")
    values = {
        "kind": "parent", "email": "", "telephone": "", "address": "1 High Street, Anytown",
        **more,
    }  # fmt: skip
    adult = add_adult(session, by=build.a_head(session), name=name, **values)
    adult.language = language
    session.flush()
    return adult


def a_letter(
    session: ScopedSession,
    kind: str = "invitation",
    *,
    adult: Adult | None = None,
    by: Actor | None = None,
    way: Way = Way.POST,
    word: str = "",
    full: bool = True,
) -> Letter:
    """A draft, whole unless `full` says otherwise."""
    by = by or build.a_head(session)
    ready(session)
    adult = adult or an_addressee(session)
    letter = begin_letter(session, adult, KINDS[kind], by=by)
    if KINDS[kind].internal:
        way = Way.HAND
    choose_way(session, letter, KINDS[kind], by=by, way=way,
               signatory=a_signatory(session), seen=letter.version)  # fmt: skip
    if full:
        letter.parts = values(session, KINDS[kind], word)
        session.flush()
    return letter


def approved(session: ScopedSession, letter: Letter, by: Actor | None = None) -> FrozenLetter:
    sha256 = draft_of(session, letter).composed.sha256
    return approve_letter(
        session, letter, by=by or build.a_head(session), seen_sha256=sha256, pdf=PDF, pages=1
    )


def in_other(letter: Letter, *parts: str) -> dict[str, Any]:
    """These parts in the letter's other language, as a translator gave them."""
    return {
        other_key(part, letter.language): {
            "words": "Words of a translator", "of": letter.parts[part]
        }
        for part in parts
        if part in letter.parts
    }  # fmt: skip


def facts_telephone(session: ScopedSession) -> str:
    school = session.get_one(School, session.school_id)
    return facts_of(session, school, settings_of(session))["school.telephone"]


def adult_of(session: ScopedSession, letter: Letter) -> Adult:
    return session.get_one(Adult, (letter.school_id, letter.adult_id))


def a_run(session: ScopedSession, asked_by: str = "Jo Sample") -> LetterRun:
    """A print run that is ready, of no letters that still wait."""
    run = LetterRun(total=1, made=1, state=RunState.READY.value)
    session.add(run)
    session.flush()
    session.add(LetterRunFile(id=run.id, letters=[], asked_by=asked_by, content=PDF))
    session.flush()
    return run


def of_world(session: ScopedSession, word: str, by: Actor) -> dict[str, Any]:
    """Three letters of a school: one that its addressee has opened, one that came back and was
    withdrawn, one being written.
    """
    adult = session.scalars(select(Adult).where(Adult.name == f"Lee {word}")).one()
    signatory = a_signatory(session, by, word)
    gone = a_letter(session, "plain", adult=adult, by=by, way=Way.HAND, word=word)
    approved(session, gone, by)
    hand_over(session, gone, by=by, on=clock.today(), handed_by=f"Jo {word}", witness="")
    end_service(session, gone, by=by, how=Ended.REFUSED, on=clock.today(), because=f"For {word}")
    withdraw_letter(session, gone, by=by, because=f"For {word}")
    sent = a_letter(session, "plain", adult=adult, by=by, way=Way.EMAIL, word=word)
    approved(session, sent, by)
    # As if it was emailed: the outbox of the world stays as its other tests know it.
    service = LetterService(
        letter_id=sent.id, way=Way.EMAIL.value, sent_on=clock.today(), served_on=clock.today(),
        opened_at=clock.now(), noted_by=by.name,
    )  # fmt: skip
    session.add(service)
    session.flush()
    draft = a_letter(session, "plain", adult=adult, by=by, way=Way.HAND, word=word)
    return {
        "letter_run": a_run(session, f"Jo {word}").id,
        "letter": sent.id,
        "withdrawn_letter": gone.id,
        "draft_letter": draft.id,
        "service": service.id,
        "signatory": signatory.id,
    }
