"""What people type into a part of a letter: checked, tidied, and kept as plain JSON."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import date, time
from typing import Any

from trustconduct import clock
from trustconduct.letters.kinds import Form, Kind, Part

LONGEST_WORDS = 6_000  # characters: two pages, of which one part of a letter has no more
LONGEST_LINE = 200
MOST_DAYS = 60
UNITS = {"school": "school days", "calendar": "days"}
MEETING_WAYS = {
    "in_person": "in person",
    "telephone": "by telephone",
    "online": "online",
}
GAP = "[not known yet]"
FIELD = re.compile(r"\{([^{}]*)\}")
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>|<!--.*?-->|<!\[[^<>]*\]>", re.DOTALL)
_WORD_MARKUP = re.compile(r"mso-|<o:p|class=\"?Mso|<w:|urn:schemas-microsoft", re.IGNORECASE)
_NAMED = {"&nbsp;": " ", "&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"'}


class PartRefused(ValueError):
    """What was typed can't stand. `field` says where, the message what to do."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def tidy(typed: str) -> str:
    """Words as they are kept: a paragraph a line, nothing of Word's markup or hidden marks."""
    text = typed
    if _WORD_MARKUP.search(text):
        text = re.sub(r"<style.*?</style>|<xml.*?</xml>", "", text, flags=re.DOTALL | re.IGNORECASE)
        text = _TAG.sub("", re.sub(r"</p>|<br[^<>]*>", "\n", text, flags=re.IGNORECASE))
        for mark, meant in _NAMED.items():
            text = text.replace(mark, meant)
    text = unicodedata.normalize("NFC", text).replace("\x0b", "\n").replace("\xa0", " ")
    kept = "".join(
        mark
        for mark in text.replace("\t", " ")
        if mark == "\n" or unicodedata.category(mark) not in ("Cc", "Cs", "Co")
        if mark not in "\xad\ufeff\u200b"
    )
    lines = [re.sub(r"^[•·▪]\s*", "– ", " ".join(line.split())) for line in kept.splitlines()]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def check_fields(kind: Kind, text: str) -> None:
    """Refuse a merge field that the kind does not know, and any other brace."""
    for name in FIELD.findall(text):
        if name not in kind.fields:
            known = ", ".join(f"{{{one}}}" for one in sorted(kind.fields))
            raise PartRefused(
                "words", f"{{{name}}} is no field of this kind of letter. Use one of: {known}."
            )
    if re.search(r"[{}]", FIELD.sub("", text)):
        raise PartRefused("words", "A brace stands alone. Braces are for fields only.")


def fill_fields(text: str, values: Mapping[str, str]) -> str:
    """Plain replacement of the fields of a closed list; what is not known yet shows as a gap."""
    return FIELD.sub(lambda found: values.get(found[1]) or GAP, text)


def checked(kind: Kind, part: Part, typed: Mapping[str, str], *, open: bool) -> Any:
    """What is kept for a part. Raises PartRefused. `open`: the Trust lets schools adapt it."""
    if part.form is Form.TRUST:
        if not open:
            raise PartRefused("words", "These are the Trust’s words. A school can’t change them.")
        text = _words(typed.get("words", ""))
        check_fields(kind, text)
        return text
    if part.form is Form.WORDS:
        return _words(typed.get("words", ""))
    if part.form is Form.LINE:
        return _line("words", typed.get("words", ""), part.lacking)
    if part.form is Form.DAY:
        return _day("day", typed.get("day", ""), part.lacking, ahead=part.ahead).isoformat()
    if part.form is Form.MEETING:
        return _meeting(typed)
    if part.form is Form.ANSWER:
        return _answer(typed)
    chosen = [one for one in typed.get("clauses", "").split() if one]
    if not chosen:
        raise PartRefused("clauses", part.lacking)
    return chosen


def _words(typed: str) -> str:
    text = tidy(typed)
    if not text:
        raise PartRefused("words", "Write a sentence or two.")
    if len(text) > LONGEST_WORDS:
        raise PartRefused(
            "words",
            f"This is too long for a letter: {len(text):,} characters. Use at most"
            f" {LONGEST_WORDS:,}, and say in the letter what you can send with it.",
        )
    return text


def _line(field: str, typed: str, lacking: str) -> str:
    text = " ".join(tidy(typed).split())
    if not text:
        raise PartRefused(field, lacking)
    if len(text) > LONGEST_LINE:
        raise PartRefused(field, f"This is too long. Use at most {LONGEST_LINE} characters.")
    return text


def _day(field: str, typed: str, lacking: str, *, ahead: bool) -> date:
    text = " ".join(typed.split())
    if not text:
        raise PartRefused(field, lacking)
    try:
        found = date.fromisoformat(text) if text[:4].isdigit() else clock.Term.parse(text).day
    except ValueError:
        found = None
    if found is None:
        raise PartRefused(field, "Type a day, like 4 May 2026 or 04/05/2026.")
    if ahead and found < clock.today():
        raise PartRefused(field, "This day is past. Type a day from today on.")
    if not ahead and found > clock.today():
        raise PartRefused(field, "This day has not come yet. Type a day up to today.")
    return found


def _meeting(typed: Mapping[str, str]) -> dict[str, str]:
    on = _day("day", typed.get("day", ""), "Say on which day you meet.", ahead=True)
    at = typed.get("time", "").strip().lower().replace(".", ":")
    found = re.fullmatch(r"(\d{1,2})(?::(\d\d))?\s*(am|pm)?", at)
    hour = int(found[1]) if found else 99
    if found and found[3] and 1 <= hour <= 12:
        hour = hour % 12 + (12 if found[3] == "pm" else 0)
    minute = int(found[2] or 0) if found else 0
    if hour > 23 or minute > 59:
        raise PartRefused("time", "Type a time, like 3.30pm or 15:30.")
    way = typed.get("way", "")
    if way not in MEETING_WAYS:
        raise PartRefused("way", "Say whether you meet in person, by telephone or online.")
    place = _line("place", typed.get("place", ""), "Say where, or on which number or link.")
    told = time(hour, minute)
    return {"day": on.isoformat(), "time": told.strftime("%H:%M"), "place": place, "way": way}


def _answer(typed: Mapping[str, str]) -> dict[str, Any]:
    days, unit = typed.get("days", "").strip(), typed.get("unit", "")
    if not (days.isascii() and days.isdigit() and 1 <= int(days[:4]) <= MOST_DAYS):
        raise PartRefused("days", f"Type a whole number of days from 1 to {MOST_DAYS}.")
    if unit not in UNITS:
        raise PartRefused("unit", "Say whether these are school days or all days.")
    return {"days": int(days), "unit": unit}


def in_words(part: Part, value: Any) -> str:
    """A value as a letter says it."""
    if part.form is Form.DAY:
        return clock.day(date.fromisoformat(value))
    if part.form is Form.ANSWER:
        days = int(value["days"])
        unit = UNITS[value["unit"]]
        return f"{days} {unit if days > 1 else unit[:-1]}"
    return str(value)


def clock_words(at: str) -> str:
    """15:30 as a letter says it: 3.30pm."""
    told = time.fromisoformat(at)
    hour = told.hour % 12 or 12
    minutes = f".{told.minute:02}" if told.minute else ""
    return f"{hour}{minutes}{'am' if told.hour < 12 else 'pm'}"


def field_values(kind: Kind, given: Mapping[str, Any]) -> dict[str, str]:
    """What the parts that are there give to the merge fields of the Trust's words."""
    found: dict[str, str] = {}
    for part in kind.parts:
        value = given.get(part.id)
        if not value:
            continue
        if part.form is Form.MEETING:
            found |= {
                f"{part.id}.day": clock.day(date.fromisoformat(value["day"])),
                f"{part.id}.time": clock_words(value["time"]),
                f"{part.id}.place": value["place"],
                f"{part.id}.way": MEETING_WAYS[value["way"]],
            }
        elif part.form in (Form.DAY, Form.LINE, Form.ANSWER):
            found[part.id] = in_words(part, value)
    return found
