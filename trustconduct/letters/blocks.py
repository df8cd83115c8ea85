"""The blocks of a letter: what stands on it for each part, in order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from trustconduct import clock
from trustconduct.letters.kinds import Form, Kind, Part
from trustconduct.letters.models import LetterWording
from trustconduct.letters.parts import MEETING_WAYS, clock_words, fill_fields, in_words
from trustconduct.policies.document import Document


@dataclass(frozen=True)
class Block:
    """One part on the letter: paragraphs, or facts with their names, or quoted clauses."""

    heading: str = ""
    paragraphs: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    quotes: tuple[tuple[str, str], ...] = ()  # a clause's id, and its words of that version

    def to_json(self) -> dict[str, Any]:
        return {
            "heading": self.heading,
            "paragraphs": list(self.paragraphs),
            "facts": [list(pair) for pair in self.facts],
            "quotes": [list(pair) for pair in self.quotes],
        }


def blocks_of(
    kind: Kind,
    given: Mapping[str, Any],
    wording: LetterWording | None,
    document: Document | None,
    values: Mapping[str, str],
) -> list[Block]:
    """Every part that has something to say, days that follow each other in one list."""
    found: list[Block] = []
    for part in kind.parts:
        block = _block(part, given, wording, document, values)
        if block is None:
            continue
        last = found[-1] if found else Block()
        if block.facts and last.facts and not block.heading and not last.heading:
            # Days that follow each other stand in one list.
            found[-1] = replace(last, facts=last.facts + block.facts)
        else:
            found.append(block)
    return found


def _block(
    part: Part,
    given: Mapping[str, Any],
    wording: LetterWording | None,
    document: Document | None,
    values: Mapping[str, str],
) -> Block | None:
    value = given.get(part.id)
    if part.form is Form.TRUST:
        text = trust_words(part, value, wording)
        return Block(part.heading, tuple(lines_of(fill_fields(text, values)))) if text else None
    if not value:
        return None
    if part.form is Form.WORDS:
        return Block(part.heading, tuple(lines_of(value)))
    if part.form is Form.MEETING:
        day = date.fromisoformat(value["day"])
        return Block(
            part.heading,
            ("You may bring somebody with you. If you can’t come then, please tell us.",),
            facts=(
                ("When", f"{day:%A}, {clock.day(day)}, at {clock_words(value['time'])}"),
                ("Where", f"{value['place']} ({MEETING_WAYS[value['way']]})"),
            ),
        )
    if part.form is Form.CLAUSES:
        clauses = document.clauses_by_id if document else {}
        quotes = tuple((one, clauses[one].text) for one in value if one in clauses)
        return Block(part.heading, quotes=quotes) if quotes else None
    words = in_words(part, value)
    if part.form is Form.ANSWER:
        words = f"{words} from the day this letter reached you"
    return Block(facts=((part.heading, words),))


def trust_words(part: Part, own: Any, wording: LetterWording | None) -> str:
    """The Trust's words of a part, or a school's own where the Trust opens it today."""
    if wording is None:
        return ""
    if own and part.id in wording.open_parts:
        return str(own)
    return wording.words.get(part.id, "")


def lines_of(text: str) -> list[str]:
    """The paragraphs of what was typed."""
    return [line for line in text.splitlines() if line]
