"""The Trust's words for each kind of letter: drafted, approved by an officer, never changed after.

No letter goes out in words that an officer has not approved, and none are approved without
naming the solicitor who has: the law changes, and a wrong section has been printed before.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import func, select

from trustconduct import clock
from trustconduct.accounts.permissions import Can, permit
from trustconduct.audit.actor import Actor
from trustconduct.audit.events import Event
from trustconduct.audit.record import record
from trustconduct.letters.kinds import KINDS, NEVER_OPEN, Kind
from trustconduct.letters.models import LetterWording
from trustconduct.letters.parts import PartRefused, check_fields, tidy
from trustconduct.letters.shipped import shipped
from trustconduct.tenants.models import Trust
from trustconduct.tenants.sessions import ScopedSession

LONGEST = 2_000  # characters of one part
LONGEST_SOLICITOR = 200
LONGEST_ADVICE = 500
# They hear no appeal against a ban (LGSCO decision 16 011 840), and letters have sent
# parents there.
_NO_ROUTE = re.compile(r"ombudsman|department for education|\bdfe\b", re.IGNORECASE)


class WordingRefused(ValueError):
    """The words can't be saved or approved. `field` names the part, the message what to do."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class WordingMoved(RuntimeError):
    """Somebody else saved or approved these words since they were looked at."""


def wordings(session: ScopedSession) -> dict[str, list[LetterWording]]:
    """Every kind's wordings, the newest first: an open draft, then those approved."""
    found: dict[str, list[LetterWording]] = {kind: [] for kind in KINDS}
    for one in session.scalars(
        select(LetterWording).order_by(LetterWording.kind, LetterWording.number.desc())
    ):
        if one.kind in found:
            found[one.kind].append(one)
    return found


def of_kind(session: ScopedSession, kind: Kind) -> Sequence[LetterWording]:
    return session.scalars(
        select(LetterWording)
        .where(LetterWording.kind == kind.id)
        .order_by(LetterWording.number.desc())
    ).all()


def in_use(session: ScopedSession, kind: Kind) -> LetterWording | None:
    """The newest words that an officer has approved for a kind."""
    return session.scalar(
        select(LetterWording)
        .where(LetterWording.kind == kind.id, LetterWording.approved_at.is_not(None))
        .order_by(LetterWording.number.desc())
        .limit(1)
    )


def save_wording(
    session: ScopedSession,
    kind: Kind,
    *,
    by: Actor,
    words: Mapping[str, str],
    open_parts: Collection[str],
    seen: int,
) -> LetterWording:
    """Save a draft of a kind's words: the open one, or a new one.

    `seen` is the version of the draft that was looked at, 0 for none. Raises
    WordingRefused, by part, and WordingMoved.
    """
    permit(by, Can.WORD_LETTERS)
    body = _body(kind, words, open_parts)
    session.take_turns("letter-wording")
    drafts = [one for one in of_kind(session, kind) if one.approved_at is None]
    draft = drafts[0] if drafts else None
    if (draft.version if draft else 0) != seen:
        raise WordingMoved
    if draft is None:
        last = session.scalar(
            select(func.max(LetterWording.number)).where(LetterWording.kind == kind.id)
        )
        draft = LetterWording(kind=kind.id, number=(last or 0) + 1, body=body, edited_by=by.name)
        session.add(draft)
    else:
        draft.body, draft.edited_by, draft.edited_at = body, by.name, clock.now()
    session.flush()
    record(session, Event.LETTER_WORDING_EDITED, by=by, about=draft, kind=kind.word,
           number=draft.number)  # fmt: skip
    return draft


def take_up_shipped(session: ScopedSession, *, by: Actor) -> int:
    """Begin a draft, of the words that ship, for each kind that has none; give how many."""
    permit(by, Can.WORD_LETTERS)
    session.take_turns("letter-wording")
    there = wordings(session)
    begun = [kind for kind in KINDS.values() if not there[kind.id]]
    for kind in begun:
        draft = LetterWording(kind=kind.id, number=1, body=shipped(kind.id), edited_by=by.name)
        session.add(draft)
        session.flush()
        record(session, Event.LETTER_WORDING_EDITED, by=by, about=draft, kind=kind.word, number=1)
    return len(begun)


def approve_wording(
    session: ScopedSession, draft: LetterWording, *, by: Actor, solicitor: str, seen: int
) -> None:
    """Approve a draft: letters begun and not yet approved use it from now on.

    `solicitor` says who approved it in law, and when. Raises WordingRefused, WordingMoved.
    """
    permit(by, Can.WORD_LETTERS)
    session.take_turns("letter-wording")
    session.refresh(draft)
    if draft.approved_at is not None or draft.version != seen:
        raise WordingMoved
    solicitor = " ".join(tidy(solicitor).split())[:LONGEST_SOLICITOR]
    if not solicitor:
        raise WordingRefused("solicitor", "Say which solicitor approved these words, and when.")
    kind = KINDS[draft.kind]
    _body(kind, draft.words, draft.open_parts)
    draft.approved_at, draft.approved_by, draft.solicitor = clock.now(), by.name, solicitor
    session.flush()
    record(session, Event.LETTER_WORDING_APPROVED, by=by, about=draft, kind=kind.word,
           number=draft.number, solicitor=solicitor)  # fmt: skip


def _body(kind: Kind, words: Mapping[str, str], open_parts: Collection[str]) -> dict[str, object]:
    worded = {part.id: part for part in kind.worded_by_trust}
    kept = {}
    for part_id, part in worded.items():
        text = tidy(words.get(part_id, ""))
        if not text:
            raise WordingRefused(part_id, f"Write the words for “{part.heading or 'Opening'}”.")
        if len(text) > LONGEST:
            raise WordingRefused(part_id, f"Use at most {LONGEST:,} characters.")
        if _NO_ROUTE.search(text):
            raise WordingRefused(
                part_id,
                "The Ombudsman and the Department for Education hear no appeal against a"
                " school’s ban. Name your own complaints procedure.",
            )
        try:
            check_fields(kind, text)
        except PartRefused as no:
            raise WordingRefused(part_id, str(no)) from None
        kept[part_id] = text
    if wrong := set(open_parts) & NEVER_OPEN:
        raise WordingRefused(min(wrong), "Schools never change these words. Leave it closed.")
    return {"words": kept, "open": sorted(set(open_parts) & worded.keys())}


def change_letter_rules(session: ScopedSession, *, by: Actor, post_days: int, advice: str) -> None:
    """How many working days after posting a letter counts as served (1 to 10), and whom the
    Trust names for independent advice. Raises WordingRefused.
    """
    permit(by, Can.WORD_LETTERS)
    trust = session.scalar(select(Trust).with_for_update())
    if trust is None:
        raise WordingRefused("post_days", "Give the Trust its name first.")
    if not 1 <= post_days <= 10:
        raise WordingRefused("post_days", "Type a number of days from 1 to 10.")
    advice = tidy(advice)
    if len(advice) > LONGEST_ADVICE:
        raise WordingRefused("advice", f"Use at most {LONGEST_ADVICE} characters.")
    trust.letter_post_days, trust.letter_advice = post_days, advice
    session.flush()
    record(session, Event.LETTER_RULES_CHANGED, by=by, about=trust, post_days=post_days,
           advice=advice)  # fmt: skip
