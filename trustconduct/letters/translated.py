"""A letter in another language, beside the English that counts.

Fixed texts come from the catalogues, the Trust's words too where they are those that ship,
clauses from the Trust's translations. What a person wrote stands in English unless a person
has put it into the language. What nobody translated is marked as English: a screen reader
reads it as such, and nobody takes it for a translation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, time
from typing import Any

from trustconduct.languages.spoken import Language
from trustconduct.letters.kinds import Form, Kind, Part
from trustconduct.letters.parts import MEETING_WAYS, UNITS, fill_fields
from trustconduct.policies.document import Clause
from trustconduct.policies.translation_models import ClauseTranslation
from trustconduct.policies.translations import fitted

# What is said of each way of meeting and each unit is a message: see tests/catalogue.py.
Saying = tuple[str, bool]  # a text, and whether it is English because nobody translated it


def other_key(part_id: str, language: str) -> str:
    """Under what a letter's parts keep what a person put into a language."""
    return f"{part_id}@{language}"


def letter_in(
    language: Language,
    kind: Kind,
    given: Mapping[str, Any],
    *,
    trust_words: Callable[[Part], str],
    clauses: Mapping[str, Clause],
    translations: Mapping[str, ClauseTranslation],
    values: Mapping[str, str],
) -> dict[str, Any]:
    """The letter as JSON: its blocks as `Block` has them, each text with whether it is English."""
    values = {**values, **_values_in(language, kind, given)}
    blocks: list[dict[str, Any]] = []
    for part in kind.parts:
        block = _block(language, part, given, trust_words(part), clauses, translations, values)
        if block:
            heading = language.say(part.heading) if part.heading else ""
            blocks.append({"heading": heading, "lines": [], "facts": [], "quotes": [], **block})
    return {"subject": language.say(kind.subject), "blocks": blocks}


def _block(
    language: Language,
    part: Part,
    given: Mapping[str, Any],
    trust_words: str,
    clauses: Mapping[str, Clause],
    translations: Mapping[str, ClauseTranslation],
    values: Mapping[str, str],
) -> dict[str, Any] | None:
    value = given.get(part.id)
    if part.form is Form.TRUST:
        return _lines(*_said(language, trust_words), values) if trust_words else None
    if not value:
        return None
    if part.form is Form.WORDS:
        return _lines(*_by_a_person(language, part, given), None)
    if part.form is Form.CLAUSES:
        quotes = []
        for one in value:
            if one not in clauses:
                continue
            made = fitted(translations.get(one), clauses[one].text, clauses[one].exceptions)
            quotes.append([one, made.text if made else clauses[one].text, made is None])
        return {"quotes": quotes} if quotes else None
    if part.form is Form.MEETING:
        on, way = date.fromisoformat(value["day"]), value["way"]
        when = language.moment(on, time.fromisoformat(value["time"]))
        bring = language.say(
            "You may bring somebody with you. If you can’t come then, please tell us."
        )
        return {
            "lines": [[bring, False]],
            "facts": [
                [language.say("When"), f"{language.weekday(on)}, {when}", False],
                [language.say("Where"), value["place"], True],
                [language.say("How"), language.say(MEETING_WAYS[way]), False],
            ],
        }
    if part.form is Form.LINE:
        text, english = _by_a_person(language, part, given)
        return {"lines": [[text, english]]}
    words = in_words(language, part, value)
    if part.form is Form.ANSWER:
        words = language.say("%(days)s from the day this letter reached you", days=words)
    return {"lines": [[words, False]]}


def in_words(language: Language, part: Part, value: Any) -> str:
    """A day or a number of days, in the language."""
    if part.form is Form.DAY:
        return language.day(date.fromisoformat(value))
    one, more = UNITS_SAID[value["unit"]]
    return language.many(one, more, int(value["days"]))


UNITS_SAID = {
    "school": ("%(num)s school day", "%(num)s school days"),
    "calendar": ("%(num)s day", "%(num)s days"),
}
assert UNITS_SAID.keys() == UNITS.keys()


def _values_in(language: Language, kind: Kind, given: Mapping[str, Any]) -> dict[str, str]:
    found = {}
    for part in kind.parts:
        value = given.get(part.id)
        if value and part.form in (Form.DAY, Form.ANSWER):
            found[part.id] = in_words(language, part, value)
        elif value and part.form is Form.LINE:
            found[part.id] = _by_a_person(language, part, given)[0]
        elif value and part.form is Form.MEETING:
            found[f"{part.id}.day"] = language.day(date.fromisoformat(value["day"]))
            found[f"{part.id}.time"] = value["time"]
            way = value["way"]
            found[f"{part.id}.way"] = language.say(MEETING_WAYS[way])
    return found


def _said(language: Language, english: str) -> Saying:
    said = language.say(english)
    return said, said == english


def _by_a_person(language: Language, part: Part, given: Mapping[str, Any]) -> Saying:
    """What a person wrote, in the language where one has put these very words into it."""
    other = given.get(other_key(part.id, language.code))
    if other and other["of"] == given[part.id]:
        return other["words"], False
    return str(given[part.id]), True


def _lines(text: str, english: bool, values: Mapping[str, str] | None) -> dict[str, Any]:
    filled = fill_fields(text, values) if values is not None else text
    return {"lines": [[line, english] for line in filled.splitlines() if line]}
