"""What a line looks like: a heading, an item, a note, a rule; and what it speaks of.

These are guesses by looks and by single words, never by the sentences of one
school's copy, since another Trust's wording has to be read as well. Every
pattern here is linear: no repeat stands inside a repeat without a bound.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from trustconduct.policies.document import BEHAVIOUR, CONCERN, LADDER, NOTE, ONLINE


@dataclass(frozen=True)
class Marker:
    """What stands before an item's words: "-", "3.", "b)", "2.1"."""

    kind: str  # bullet, number or letter
    numbers: tuple[int, ...]
    rest: str

    def follows(self, other: Marker) -> bool:
        """Whether this is the next number after the other's: 3 after 2, 2.4 after 2.3."""
        return (
            self.kind == other.kind == "number"
            and self.numbers[:-1] == other.numbers[:-1]
            and self.numbers[-1] == other.numbers[-1] + 1
        )


def marker(text: str) -> Marker | None:
    """The marker of an item, where the line begins with one."""
    if found := _BULLET.match(text):
        return Marker("bullet", (), text[found.end() :].strip())
    if found := _NUMBER.match(text):
        numbers = tuple(int(part) for part in found["number"].split("."))
        return Marker("number", numbers, text[found.end() :].strip())
    if found := _LETTER.match(text):
        return Marker("letter", (), text[found.end() :].strip())
    return None


def note_line(text: str) -> tuple[int, str] | None:
    """The number and the words of a footnote that stands on a line of its own."""
    if not (found := _NOTE_LINE.match(text)):
        return None
    rest = text[found.end() :].strip()
    return (_number(found[1] or found[2] or found[3]), rest) if rest else None


def marks_in(text: str) -> list[tuple[int, int, int]]:
    """Footnote marks in a text: (note's number, first and last place)."""
    return [(_number(found[1] or found[2]), *found.span()) for found in _MARK.finditer(text)]


def is_rule(text: str) -> bool:
    """A line that only draws: "-----", "=====", "| --- | :-: |"."""
    return not text.strip("-=_*~|:+ \t") and len(text.strip()) >= 3


def marked_heading(text: str) -> str | None:
    """The words of a heading that says it is one: "# Welcome", "**Welcome**"."""
    stripped = text.strip()
    if stripped.startswith("#"):
        level = len(stripped) - len(stripped.lstrip("#"))
        words = stripped[level:]
        if level <= 6 and words[:1].isspace():
            return words.strip().rstrip("#").strip() or None
    for sign in ("**", "__"):
        inner = stripped[2:-2]
        if stripped.startswith(sign) and stripped.endswith(sign) and sign not in inner:
            return inner.strip() or None
    return None


def looks_like_heading(text: str) -> bool:
    """Short, begins with a capital or figure, ends as no sentence does."""
    stripped = text.strip().strip("*_")
    return (
        0 < len(stripped) <= 100
        and len(stripped.split()) <= 14
        and stripped[-1] not in ".;,!"
        and (stripped[0].isupper() or stripped[0].isdigit())
        and any(letter.isalpha() for letter in stripped)
    )


def is_open_sentence(text: str) -> bool:
    """A lead-in that the items finish ("If you are worried, please:") and no heading."""
    words = text.lower().rstrip(":*_ ").split()
    return words[0] in ("if", "when") or words[-1] in _UNFINISHED


def continues(text: str, before: str) -> bool:
    """Whether a line goes on with the one right above it: hard-wrapped text.

    Indented, or in lower case, or after a long line that has not ended.
    """
    words = text.lstrip()
    open_ended = before.rstrip()[-1:] not in (".", "?", "!", ":")
    return (
        (text[:1] in (" ", "\t") and before[:1] not in (" ", "\t"))
        or words[:1].islower()
        or (words.startswith("(") and words.rstrip().rstrip(".").endswith(")"))
        or (open_ended and len(before) >= 60)
    )


def is_foreign(text: str) -> bool:
    """What is no sentence of a policy: a page number, a picture, a tag, a code fence."""
    stripped = text.strip()
    return (
        not any(letter.isalpha() for letter in stripped)
        or stripped.startswith(("![", "```", "~~~"))
        or (stripped.startswith("<") and stripped.endswith(">") and "://" not in stripped)
        or bool(_PAGE.fullmatch(stripped))
    )


def list_topic(text: str) -> str:
    """Which of the cited sections a heading or a lead-in opens, or "".

    The order matters: what happens after a breach is told apart from the
    behaviour itself, and a concern that is not for social media from what is.
    """
    words = text.lower()
    if re.match(r"\W*(foot)?notes?\b", words):
        return NOTE
    if _SANCTION.search(words) or (_BREACH.search(words) and _OUTCOME.search(words)):
        return LADDER
    if _CONCERN.search(words):
        return CONCERN
    if _ONLINE.search(words):
        return ONLINE
    if _NEVER.search(words) or (_NOT.search(words) and _CONDUCT.search(words)):
        return BEHAVIOUR
    return ""


def prose_topic(text: str) -> str:
    """The id of a section of prose by its heading, or ""."""
    words = text.lower()
    return next((topic for topic, pattern in _PROSE if pattern.search(words)), "")


def speaks_of(text: str) -> set[str]:
    """What a note and a clause may have in common: a ban, or the steps."""
    return {topic for topic, pattern in _SPEAKS.items() if pattern.search(text.lower())}


def _number(digits: str) -> int:
    return int(digits.translate(_RAISED))


_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
_UNFINISHED = frozenset(
    ["should", "must", "will", "may", "can", "to", "please", "we", "you", "not", "follows", "never"]
)
_BULLET = re.compile(r"\s*(?:[-*+•‣◦▪●○■·–—✗➢]|o(?=\t))\s+(?=\S)")
_NUMBER = re.compile(
    r"\s*\(?(?P<number>[0-9]{1,3}(?=[.)]\s)|[0-9]{1,3}(?:\.[0-9]{1,3}){1,3})[.)]?\s+(?=\S)(?![ap]\.?m\b)"
)
_LETTER = re.compile(r"\s*(?:\((?:[a-z]|[ivx]{1,5})\)|(?:[a-z]|[ivx]{1,5})[.)])\s+(?=\S)")
_NOTE_LINE = re.compile(
    r"\s*(?:\^?\[\^?([0-9]{1,3})\]:?|([⁰¹²³⁴-⁹]{1,3})|note\s([0-9]{1,3})[:.])\s*", re.I
)
_MARK = re.compile(r"\s?(?:\^?\[\^?([0-9]{1,3})\]|([⁰¹²³⁴-⁹]{1,3}))(?![\w(:])")
_PAGE = re.compile(r"(?:page\s)?[0-9]{1,4}(?:\s(?:of|/)\s[0-9]{1,4})?", re.I)

_SANCTION = re.compile(
    r"sanction|consequence|proportionate action|what (?:we|the school) (?:will|may|can|might) do"
)
_BREACH = re.compile(r"\bbr(?:eak|oke|each)|ignor|not (?:been )?(?:kept|keep|follow)|fails? to")
_OUTCOME = re.compile(
    r"\b(?:if|when|where|happens?|events?|cases?|actions?|steps?|respon\w+|deal\w*)\b|^breach"
)
_CONCERN = re.compile(r"\bconcern|\bworr(?:y|ies|ied)|raise (?:a|an) (?:issue|problem)|unhappy")
_ONLINE = re.compile(r"\bonline|social media|social network|\binternet|\bcyber|\bdigital")
_NEVER = re.compile(r"unacceptable|intolerable|prohibited|forbidden|zero.tolerance")
_NOT = re.compile(r"\b(?:not|never|cannot|no)\b|n[’']t\b|inappropriate|avoid")
_CONDUCT = re.compile(
    r"behav|conduct|tolerat|accept|allow|permit|\bok\b|okay|all right|put up with|stand for|welcome"
)
_PROSE = tuple(
    (topic, re.compile(pattern))
    for topic, pattern in (
        ("complaints", "complain"),
        ("safeguarding", "safeguard|child protection|keeping children safe"),
        ("social", "social media|online|social network"),
        ("importance", "why communicat|communication (?:is|matters)|importan|talking matters"),
        ("contact", r"\bcontact|get in touch|reach us"),
        ("thanks", r"\bthank"),
        ("welcome", "welcome|introduction"),
    )
)
_SPEAKS = {
    "ban": re.compile(r"\bbans?\b|\bbann(?:ed|ing)\b"),
    "steps": re.compile(r"\bsteps?\b|\bstages?\b"),
}
