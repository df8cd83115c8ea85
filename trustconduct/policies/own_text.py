"""A school's own words: what it may change of the Trust's edition, and why it did.

The Trust says of each section and clause whether its words are locked, adaptable
or the school's own (`Standing`). Each difference has a reason, which the Trust
reads: a policy that drifts in silence is what this service is there to end.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from sqlalchemy import delete, select

from trustconduct.accounts.permissions import Can, permit
from trustconduct.audit.actor import Actor
from trustconduct.audit.events import Event
from trustconduct.audit.record import record
from trustconduct.policies import facts
from trustconduct.policies.clause_ids import ids_of, is_own, own_clause_id
from trustconduct.policies.document import Clause, Document, Form, Section, TextStanding
from trustconduct.policies.models import (
    ChangeKind,
    Edition,
    LocalChange,
    PolicyText,
    SchoolVersion,
)
from trustconduct.tenants.sessions import ScopedSession

_OWN = ".local."
_OWN_IDS = re.compile(r'"id":"([^"]+\.local\.[0-9]+)"')
LONGEST_TEXT, LONGEST_REASON, MOST_EXCEPTIONS = 4_000, 500, 20


class TextRefused(ValueError):
    """The words can't be kept like this; `field` says where, the message what to do."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class TextChangedMeanwhile(RuntimeError):
    """Somebody else changed the school's text since the person looked."""


class NotTakenUp(RuntimeError):
    """The school's own text is based on another edition; that one must be taken up first."""

    def __init__(self, edition: Edition) -> None:
        super().__init__(f"Edition {edition.number} is not taken up into your own words yet.")


def own_text(session: ScopedSession) -> PolicyText | None:
    return session.scalar(select(PolicyText))


def local_changes(session: ScopedSession) -> dict[str, LocalChange]:
    """Where the school's words differ from its edition, by clause."""
    rows = session.scalars(select(LocalChange).order_by(LocalChange.clause))
    return {row.clause: row for row in rows}


def own_and_whether_changed(session: ScopedSession) -> tuple[PolicyText | None, bool]:
    """The school's own text, and whether anything in it is its own: one query."""
    changed = select(LocalChange.id).where(LocalChange.school_id == PolicyText.school_id).exists()
    found = session.execute(select(PolicyText, changed)).one_or_none()
    return (found[0], found[1]) if found else (None, False)


def text_on(session: ScopedSession, edition: Edition) -> Document:
    """The school's words on an edition: the edition's own where the school changed nothing.

    Raises NotTakenUp where it has words of its own on another edition.
    """
    row, changed = own_and_whether_changed(session)
    if row is None or not changed:
        return edition.document
    if row.edition_id != edition.id:
        raise NotTakenUp(edition)
    return row.document


def base_of(session: ScopedSession, newest: Edition) -> tuple[Edition | None, Document, int]:
    """What the school writes on: its edition, its words, and the mark of what was seen.

    The newest edition until it has words of its own. The edition is None where the
    school may not read it any more.
    """
    row, changed = own_and_whether_changed(session)
    if row is None:
        return newest, newest.document, 0
    if not changed:
        return newest, newest.document, row.version
    return session.get(Edition, row.edition_id), row.document, row.version


# -- changing


def reword(
    session: ScopedSession,
    newest: Edition,
    clause_id: str,
    *,
    by: Actor,
    text: str,
    exceptions: Iterable[str] = (),
    reason: str,
    seen: int,
) -> None:
    """Put the school's words in a clause's place. Raises TextRefused, TextChangedMeanwhile."""
    document, edition = _to_change(session, newest, by=by, seen=seen)
    clause, section = _of_school(document, clause_id)
    text, exceptions = _checked(text, exceptions, document.known)
    reason = _reason(reason)
    new = replace(clause, text=text, exceptions=exceptions)
    if new == clause:
        raise TextRefused("text", "These are the words that stand there already.")
    _keep(session, newest, edition, _with_clause(document, section, new), clause_id, reason, by)


def add_clause(
    session: ScopedSession,
    newest: Edition,
    section_id: str,
    *,
    by: Actor,
    text: str,
    exceptions: Iterable[str] = (),
    reason: str,
    seen: int,
) -> str:
    """Add a clause of the school's own at the end of a section; give its id."""
    document, edition = _to_change(session, newest, by=by, seen=seen)
    section = document.section(section_id)
    if section is None or section.standing is TextStanding.LOCKED:
        raise TextRefused("", "The Trust’s words stand in that section, so nothing can be added.")
    text, exceptions = _checked(text, exceptions, document.known)
    used = ids_of(document, newest.document) | _ever_used(session)
    items = bool(section.items) and section.clauses[-1].form is Form.ITEM
    clause = Clause(
        own_clause_id(section_id, used), text, Form.ITEM if items else Form.PARAGRAPH, exceptions
    )
    longer = replace(section, clauses=(*section.clauses, clause))
    _keep(session, newest, edition, _with_section(document, longer), clause.id, _reason(reason), by)
    return clause.id


def leave_out(
    session: ScopedSession, newest: Edition, clause_id: str, *, by: Actor, reason: str, seen: int
) -> None:
    """Leave out a clause that the Trust lets schools change, or take away one's own."""
    document, edition = _to_change(session, newest, by=by, seen=seen)
    _, section = _of_school(document, clause_id)
    if section.standing is TextStanding.LOCKED:
        raise TextRefused("", "The Trust’s words stand in that section, so nothing can go.")
    if not is_own(clause_id):
        reason = _reason(reason)
    shorter = replace(section, clauses=tuple(c for c in section.clauses if c.id != clause_id))
    _keep(session, newest, edition, _with_section(document, shorter), clause_id, reason, by)


def restore(
    session: ScopedSession, newest: Edition, clause_id: str, *, by: Actor, seen: int
) -> None:
    """Let the Trust's words stand in a clause again, also in one that was left out."""
    document, edition = _to_change(session, newest, by=by, seen=seen)
    theirs = edition.document
    clause = theirs.clause(clause_id)
    if clause is None:
        raise TextRefused("", "The Trust’s edition has no such clause.")
    section = theirs.sections_by_id[theirs.homes[clause_id]]
    if document.clause(clause_id) is not None:
        here = document.sections_by_id[document.homes[clause_id]]
        whole = _with_clause(document, here, clause)
    else:
        whole = _with_section(document, _put_back(document, section, clause))
    _keep(session, newest, edition, whole, clause_id, "", by)


def _put_back(document: Document, theirs: Section, clause: Clause) -> Section:
    """The school's section with a clause where the Trust has it: behind the one before it."""
    ours = document.sections_by_id[theirs.id]
    before = theirs.clause_ids[: theirs.clause_ids.index(clause.id)]
    place = max(
        (ours.clause_ids.index(id) + 1 for id in before if id in ours.clause_ids), default=0
    )
    return replace(ours, clauses=(*ours.clauses[:place], clause, *ours.clauses[place:]))


def _to_change(
    session: ScopedSession, newest: Edition, *, by: Actor, seen: int
) -> tuple[Document, Edition]:
    """The text that is to be changed and its edition, once nobody else is at it."""
    permit(by, Can.CHANGE_TEXT, session.school_id)
    session.take_turns("text")
    row = own_text(session)
    if row is not None:
        session.refresh(row)
    if (row.version if row else 0) != seen:
        raise TextChangedMeanwhile
    edition, document, _ = base_of(session, newest)
    if edition is None:
        raise TextRefused("", "The Trust has withdrawn your edition. Take up the newest one first.")
    return document, edition


def _of_school(document: Document, clause_id: str) -> tuple[Clause, Section]:
    """A clause that a school may change, with its section."""
    clause = document.clause(clause_id)
    if clause is None:
        raise TextRefused("", "That clause is not in your text any more.")
    section = document.sections_by_id[document.homes[clause_id]]
    if section.standing_of(clause) is TextStanding.LOCKED and not is_own(clause_id):
        raise TextRefused("", "These are the Trust’s words, and every school has the same.")
    return clause, section


def _keep(
    session: ScopedSession,
    newest: Edition,
    edition: Edition,
    document: Document,
    clause_id: str,
    reason: str,
    by: Actor,
) -> None:
    row = own_text(session)
    if row is None:
        row = PolicyText(edition_id=edition.id, body=document.to_json())
        session.add(row)
    else:
        row.edition_id, row.body = edition.id, document.to_json()
    session.flush()
    reasons = {id: each.reason for id, each in local_changes(session).items()}
    if reason:
        reasons[clause_id] = reason
    kinds = note_changes(session, edition, document, reasons)
    change = kinds[clause_id].word.lower() if clause_id in kinds else "the Trust’s words again"
    record(session, Event.TEXT_CHANGED, by=by, about=row, clause=clause_id, change=change)


def differing(theirs: Document, ours: Document) -> dict[str, ChangeKind]:
    """How the clauses of a school's text differ from an edition, in the order of the text."""
    found: dict[str, ChangeKind] = {}
    for clause in ours.clauses():
        other = theirs.clause(clause.id)
        if other is None:
            found[clause.id] = ChangeKind.ADDED
        elif (clause.text, clause.exceptions) != (other.text, other.exceptions):
            found[clause.id] = ChangeKind.REWORDED
    for clause in theirs.clauses():
        if ours.clause(clause.id) is None:
            found[clause.id] = ChangeKind.LEFT_OUT
    return found


def note_changes(
    session: ScopedSession, edition: Edition, document: Document, reasons: Mapping[str, str]
) -> dict[str, ChangeKind]:
    """Write anew where a school's text differs from its edition, for the Trust to see."""
    kinds = differing(edition.document, document)
    session.execute(delete(LocalChange))
    session.add_all(
        LocalChange(edition_id=edition.id, clause=id, kind=kind.value, reason=reasons.get(id, ""))
        for id, kind in kinds.items()
    )
    session.flush()
    return kinds


def _ever_used(session: ScopedSession) -> set[str]:
    """The school's own ids in its published versions: an old letter may cite them."""
    texts = session.scalars(select(SchoolVersion.text).where(SchoolVersion.text.contains(_OWN)))
    return {id for text in texts for id in _OWN_IDS.findall(text)}


def _with_clause(document: Document, section: Section, clause: Clause) -> Document:
    clauses = tuple(clause if each.id == clause.id else each for each in section.clauses)
    return _with_section(document, replace(section, clauses=clauses))


def _with_section(document: Document, section: Section) -> Document:
    return replace(
        document,
        sections=tuple(section if s.id == section.id else s for s in document.sections),
    )


# -- what was typed


def _checked(
    text: str, exceptions: Iterable[str], known: Collection[str]
) -> tuple[str, tuple[str, ...]]:
    text = text.replace("\r\n", "\n").strip()
    allowed = tuple(filter(None, (" ".join(each.split()) for each in exceptions)))
    if not text:
        raise TextRefused("text", "Type the words of the clause.")
    if len(allowed) > MOST_EXCEPTIONS:
        raise TextRefused("exceptions", f"Use at most {MOST_EXCEPTIONS} exceptions.")
    for field, each in (("text", text), *(("exceptions", one) for one in allowed)):
        if len(each) > LONGEST_TEXT:
            raise TextRefused(field, f"This is too long. Use at most {LONGEST_TEXT:,} letters.")
        if any(unicodedata.category(mark) in ("Cc", "Cs") for mark in each.replace("\n", "")):
            raise TextRefused(field, "There is a character in here that can’t be printed.")
        try:
            facts.check(each, known)
        except facts.UnknownFact as unknown:
            raise TextRefused(field, str(unknown)) from None
    return text, allowed


def _reason(typed: str) -> str:
    reason = " ".join(typed.split())
    if not reason:
        raise TextRefused("reason", "Say why your school’s words differ. The Trust reads it.")
    if len(reason) > LONGEST_REASON:
        raise TextRefused("reason", f"Say it in at most {LONGEST_REASON} letters.")
    return reason
