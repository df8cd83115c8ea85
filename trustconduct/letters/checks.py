"""What stands between a letter and its approval, in words, each with the part to go to.

The same list is shown to whoever writes the letter and asked by the rule that approves it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import exists, func, literal, or_, select
from sqlalchemy.orm import aliased

from trustconduct import clock
from trustconduct.letters.kinds import Form, Kind, Part
from trustconduct.letters.models import Letter, LetterSignatory, LetterWording, Way
from trustconduct.letters.parts import LONGEST_WORDS
from trustconduct.letters.records import Record
from trustconduct.outbox.untold import why_untold
from trustconduct.people.models import Adult, Care, KeptApart, Pupil
from trustconduct.policies.models import SchoolVersion
from trustconduct.tenants.calendars import CalendarUnknown, calendar_of
from trustconduct.tenants.sessions import ScopedSession

# Where each thing is put right, besides the letter's own parts.
WAY, SIGNATORY, ADULT, FACTS, TRUST, RECORD = (
    "way", "signatory", "adult", "facts", "trust", "record",
)  # fmt: skip
LONGEST_LETTER = 15_000  # characters of what people write: some five pages
# A first name alone says little: a whole name of two words at least names a child.
FEWEST_LETTERS = 5
# Of the first name of their own child, which they would show to others with the letter.
SHORTEST_FIRST = 3


@dataclass(frozen=True)
class Against:
    """One thing that is missing or wrong. `part` is a part's id, or one of the places above."""

    part: str
    words: str


def lacking(kind: Kind, given: Mapping[str, Any], wording: LetterWording | None) -> list[Against]:
    """The required parts that are not there. All parts of a kind are required."""
    if wording is None:
        found = [
            Against(TRUST, "The Trust has not approved its words for this kind of letter yet.")
        ]
    else:
        found = [
            Against(TRUST, part.lacking)
            for part in kind.worded_by_trust
            if not wording.words.get(part.id)
        ]
    found += [
        Against(part.id, part.lacking)
        for part in kind.parts
        if part.form is not Form.TRUST and not given.get(part.id)
    ]
    return found


def against(
    session: ScopedSession,
    letter: Letter,
    kind: Kind,
    adult: Adult,
    *,
    given: Mapping[str, Any],
    wording: LetterWording | None,
    version: SchoolVersion | None,
    record: Record | None,
    signatory: LetterSignatory | None,
    may_sign: bool,
    composed_words: str,
    telephone: str,
    email: str,
) -> tuple[Against, ...]:
    found = lacking(kind, given, wording)
    found += _too_long(kind, given)
    found += _code(kind, given, version)
    found += _days(session, kind, given)
    if record is None:
        found.append(Against(RECORD, "The record that this letter is about is not there."))
    elif record.mark != letter.record_mark:
        found.append(
            Against(RECORD, "The record has moved on since this letter was filled. Look again.")
        )
    if record is not None and record.held:
        found.append(Against(RECORD, record.held))
    if signatory is None:
        found.append(Against(SIGNATORY, "Choose who signs the letter."))
    elif not may_sign:
        found.append(
            Against(SIGNATORY, f"{signatory.name} may not sign letters today. Choose another.")
        )
    if not (telephone and email):
        found.append(Against(FACTS, "The school’s telephone or email for a reply is blank."))
    found += _reached(session, letter, kind, adult)
    found += _named(session, adult, composed_words)
    return tuple(found)


def _too_long(kind: Kind, given: Mapping[str, Any]) -> list[Against]:
    """What a record says is as long as it is; a letter of twenty pages is read by nobody."""
    lengths = {
        part.id: len(str(given.get(part.id) or ""))
        for part in kind.parts
        if part.form is Form.WORDS
    }
    found = [
        Against(part_id, f"“{part.heading or 'The letter'}” is too long for a letter: {most:,}"
                         f" characters, and {LONGEST_WORDS:,} fit. Say the most important.")
        for part_id, most in lengths.items()
        if most > LONGEST_WORDS and (part := kind.part(part_id))
    ]  # fmt: skip
    if not found and (all_of_it := sum(lengths.values())) > LONGEST_LETTER:
        longest = max(lengths, key=lambda part_id: lengths[part_id])
        words = (
            f"The letter is too long: {all_of_it:,} characters, and {LONGEST_LETTER:,} fit."
            " Shorten its longest part."
        )
        found.append(Against(longest, words))
    return found


def _code(kind: Kind, given: Mapping[str, Any], version: SchoolVersion | None) -> list[Against]:
    if not kind.part("clauses"):
        return []
    if version is None:
        return [Against("incident_on", "No version of your code was in force on that day.")]
    there = version.document.clauses_by_id
    gone = [one for one in given.get("clauses", ()) if one not in there]
    if gone:
        words = f"The code of that day has no clause {', '.join(gone)}. Choose again."
        return [Against("clauses", words)]
    return []


def _days(session: ScopedSession, kind: Kind, given: Mapping[str, Any]) -> list[Against]:
    today = clock.today()
    found: list[Against] = []
    day: dict[str, date] = {}
    for part in kind.parts:
        value = given.get(part.id)
        if part.form is Form.DAY and value:
            day[part.id] = date.fromisoformat(value)
            if part.ahead and day[part.id] < today:
                found.append(Against(part.id, f"“{part.heading}” is past. Choose another day."))
        if part.form is Form.MEETING and value:
            found += _meeting(session, part, date.fromisoformat(value["day"]), today)
    starts, ends, review = (day.get(name) for name in ("starts_on", "ends_on", "review_on"))
    if starts and ends and ends < starts:
        found.append(Against("ends_on", "It ends before it starts. Change one of the days."))
    if review and ((starts and review < starts) or (ends and review > ends)):
        found.append(Against("review_on", "It is reviewed outside its own days. Change the day."))
    if starts and day.get("decide_by") and day["decide_by"] < starts:
        found.append(Against("decide_by", "You decide before it starts. Change one of the days."))
    return found


def _meeting(session: ScopedSession, part: Part, on: date, today: date) -> list[Against]:
    if on <= today:
        return [Against(part.id, "The meeting is not ahead any more. Choose another day.")]
    try:
        if calendar_of(session).is_school_day(on):
            return []
    except CalendarUnknown:
        words = f"Your term dates do not say whether {clock.day(on)} is a school day. Add them."
        return [Against(part.id, words)]
    return [Against(part.id, f"{clock.day(on)} is no school day. Choose another day.")]


def ways_to(session: ScopedSession, kind: Kind, adult: Adult) -> tuple[dict[Way, str], str]:
    """Each way with why it can't be taken ("" where it can), and why nobody may write at all."""
    if kind.internal:
        only = "A notice to reception is handed over at school."
        return {Way.POST: only, Way.HAND: "", Way.EMAIL: only}, ""
    other, parted = aliased(Adult), aliased(Adult)
    row = session.execute(
        select(
            why_untold(literal(adult.id)),
            exists().where(
                other.school_id == adult.school_id,
                other.email == adult.email,
                other.id != adult.id,
                func.coalesce(other.merged_into, other.id) != adult.id,
            ),
            exists().where(
                parted.school_id == adult.school_id,
                func.lower(parted.address) == adult.address.lower(),
                KeptApart.ended_at.is_(None),
                or_(
                    (KeptApart.adult_id == adult.id) & (KeptApart.other_id == parted.id),
                    (KeptApart.other_id == adult.id) & (KeptApart.adult_id == parted.id),
                ),
            ),
        )
    ).one()
    why, shared, together = row
    never = ""
    if why == "marked":
        never = "They must not be told anything. No letter goes to them by any way: ask the Trust."
    elif adult.merged_into is not None:
        never = "This is another person’s double. Write to the one whom it was merged into."
    post = "" if adult.address else "No postal address is known for them."
    if adult.address and together:
        post = "Somebody who must not learn of them has the same address."
    mail = "" if adult.email else "No email address is known for them."
    if adult.email and (shared or why):
        mail = "Another adult uses the same email address, and could read it."
    return {Way.POST: post, Way.HAND: "", Way.EMAIL: mail}, never


def _reached(session: ScopedSession, letter: Letter, kind: Kind, adult: Adult) -> list[Against]:
    ways, never = ways_to(session, kind, adult)
    if never:
        return [Against(ADULT, never)]
    if not letter.way:
        return [Against(WAY, "Choose how the letter reaches them.")]
    why_not = ways[Way(letter.way)]
    return [Against(WAY, why_not)] if why_not else []


def _named(session: ScopedSession, adult: Adult, words: str) -> list[Against]:
    """Names that must not stand in this letter: of children, and of whom they are kept from."""
    if not words:
        return []
    text = literal(" ".join(words.casefold().split()))
    own_children = session.scalars(
        select(Pupil.name)
        .join(Care, (Care.school_id == Pupil.school_id) & (Care.pupil_id == Pupil.id))
        .where(Care.adult_id == adult.id)
    ).all()
    children = session.scalars(
        select(Pupil.name)
        .where(
            func.length(Pupil.name) >= FEWEST_LETTERS,
            Pupil.name.contains(" "),
            func.strpos(text, func.lower(Pupil.name)) > 0,
        )
        .limit(20)
    ).all()
    others = session.scalars(
        select(Adult.name)
        .join(
            KeptApart,
            or_(
                (KeptApart.adult_id == adult.id) & (KeptApart.other_id == Adult.id),
                (KeptApart.other_id == adult.id) & (KeptApart.adult_id == Adult.id),
            ),
        )
        .where(KeptApart.ended_at.is_(None), func.strpos(text, func.lower(Adult.name)) > 0)
    ).all()
    found = [
        Against("words", f"“{name}” is a child’s whole name. Use initials: {_initials(name)}")
        for name in children
        if _stands_in(name, words)
    ]
    found += [
        Against("words", f"“{first}” is their child’s name. Use initials: {_initials(name)}")
        for name in own_children
        if len(first := name.split()[0] if name.split() else "") >= SHORTEST_FIRST
        if name not in children and _stands_as_name(first, words)
    ]
    found += [
        Against("words", f"“{name}” and they must not learn of each other. Take the name out.")
        for name in others
    ]
    return found


def _stands_in(name: str, words: str) -> bool:
    return bool(
        re.search(rf"(?<!\w){re.escape(name.casefold())}(?!\w)", " ".join(words.casefold().split()))
    )


def _stands_as_name(first: str, words: str) -> bool:
    """A first name as a name is written: "Will came", and not "we will come"."""
    return bool(
        re.search(rf"(?<!\w)(?:{re.escape(first)}|{re.escape(first.upper())})(?!\w)", words)
    )


def _initials(name: str) -> str:
    return "".join(f"{part[0].upper()}." for part in name.split())
