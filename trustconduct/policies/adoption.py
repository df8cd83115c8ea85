"""Taking up a new edition into a school's own words: clause by clause, and left when need be.

A school without words of its own has nothing to decide: the new edition's words
are its words. Else `merge_plan.plan` says what comes and stays by itself and what
people must decide. Nothing of it is published until it is whole.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from trustconduct import clock
from trustconduct.accounts.permissions import Can, permit
from trustconduct.audit.actor import Actor
from trustconduct.audit.events import Event
from trustconduct.audit.record import record
from trustconduct.policies.decisions import Choice, Decision, Fitting, decide, fitting
from trustconduct.policies.document import Document
from trustconduct.policies.merge import whole
from trustconduct.policies.merge_plan import Plan, plan
from trustconduct.policies.models import Adoption, Edition, PolicyText
from trustconduct.policies.own_text import (
    LONGEST_REASON,
    LONGEST_TEXT,
    TextRefused,
    local_changes,
    note_changes,
    own_and_whether_changed,
    own_text,
)
from trustconduct.tenants.sessions import ScopedSession

WORDS = {
    Choice.THEIRS: "the Trust’s words",
    Choice.OURS: "our own words",
    Choice.TEXT: "words written for this",
}


class AdoptionChanged(RuntimeError):
    """Somebody else decided something since the person looked; nothing was saved."""


def open_adoption(session: ScopedSession) -> Adoption | None:
    return session.scalar(select(Adoption).where(Adoption.finished_at.is_(None)))


def must_adopt(session: ScopedSession, newest: Edition) -> bool:
    """Whether the school has words of its own that stand on another edition."""
    row, changed = own_and_whether_changed(session)
    return row is not None and changed and row.edition_id != newest.id


def begin(session: ScopedSession, newest: Edition, *, by: Actor) -> Adoption | None:
    """Begin to take up the newest edition, or go on with what was begun.

    Where a still newer one was published meanwhile, it goes on with that one, and
    the decisions that still fit are kept. None where there is nothing to take up.
    """
    permit(by, Can.CHANGE_TEXT, session.school_id)
    session.take_turns("text")
    if not must_adopt(session, newest):
        return None
    there = open_adoption(session)
    if there is not None and there.edition_id == newest.id:
        return there
    if there is not None:
        there.edition_id = newest.id
    else:
        row = own_text(session)
        assert row is not None, "must_adopt has seen it"
        there = Adoption(edition_id=newest.id, base_id=row.edition_id, begun_by=by.name)
        session.add(there)
    session.flush()
    record(session, Event.ADOPTION_BEGUN, by=by, about=there, edition=newest.number)
    return there


def plan_of(session: ScopedSession, adoption: Adoption) -> tuple[Plan, Fitting]:
    """What becomes of each clause, and which decisions stand.

    A base that the school may not read any more, since the Trust withdrew it, is
    as one that nobody knows: whatever differs is decided by people.
    """
    row = own_text(session)
    theirs = session.get(Edition, adoption.edition_id)
    assert row is not None, "an adoption is of a school's own text"
    assert theirs is not None, "the edition to take up is published"
    base = session.get(Edition, row.edition_id)
    found = plan(base.document if base else None, row.document, theirs.document)
    return found, fitting(found, saved(adoption))


def saved(adoption: Adoption) -> list[Decision]:
    return [Decision.from_json(value) for value in adoption.decisions]


def decide_item(
    session: ScopedSession,
    adoption: Adoption,
    item_id: str,
    *,
    by: Actor,
    choice: Choice,
    text: str = "",
    exceptions: Sequence[str] = (),
    reason: str = "",
    seen: int,
) -> None:
    """Keep a decision about one clause. Raises DecisionRefused, UnknownFact, AdoptionChanged."""
    permit(by, Can.CHANGE_TEXT, session.school_id)
    if len(text) > LONGEST_TEXT or any(len(each) > LONGEST_TEXT for each in exceptions):
        raise TextRefused("text", f"This is too long. Use at most {LONGEST_TEXT:,} letters.")
    if len(reason) > LONGEST_REASON:
        raise TextRefused("reason", f"Say it in at most {LONGEST_REASON} letters.")
    _lock(session, adoption, seen)
    found, _ = plan_of(session, adoption)
    item = found.by_id.get(item_id)
    if item is None:
        raise TextRefused("", "That clause is in neither text any more.")
    known = found.ours.document.known.keys() | found.theirs.document.known.keys()
    made = decide(item, choice, text=text, exceptions=exceptions, reason=reason, known=known)
    others = [each for each in adoption.decisions if each["id"] != item_id]
    adoption.decisions = [*others, made.to_json()]
    session.flush()
    record(
        session,
        Event.CLAUSE_DECIDED,
        by=by,
        about=adoption,
        clause=item_id,
        choice=WORDS[choice],
    )


def finish(session: ScopedSession, adoption: Adoption, *, by: Actor, seen: int) -> Document:
    """Make the merged text the school's own, in one commit; it is published as ever after.

    Raises Undecided while a conflict is left, and AdoptionChanged.
    """
    permit(by, Can.CHANGE_TEXT, session.school_id)
    _lock(session, adoption, seen)
    found, fit = plan_of(session, adoption)
    document = whole(found, fit.kept)
    row, edition = _rows(session, adoption)
    reasons = {id: each.reason for id, each in local_changes(session).items()}
    reasons |= {each.id: each.reason for each in fit.kept if each.reason}
    row.body, row.edition_id = document.to_json(), edition.id
    kept = note_changes(session, edition, document, reasons)
    adoption.finished_at, adoption.finished_by = clock.now(), by.name
    session.flush()
    record(
        session,
        Event.ADOPTION_FINISHED,
        by=by,
        about=adoption,
        edition=edition.number,
        kept=len(kept),
    )
    return document


def _rows(session: ScopedSession, adoption: Adoption) -> tuple[PolicyText, Edition]:
    row, edition = own_text(session), session.get(Edition, adoption.edition_id)
    assert row is not None
    assert edition is not None
    return row, edition


def _lock(session: ScopedSession, adoption: Adoption, seen: int) -> None:
    session.take_turns("text")
    session.refresh(adoption)
    if adoption.version != seen or adoption.finished_at is not None:
        raise AdoptionChanged
