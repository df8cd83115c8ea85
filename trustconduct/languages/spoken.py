"""The languages that parents are spoken to in: their fixed texts, days and hours.

A message's name is its English text, so English needs no catalogue and what a
catalogue lacks is said in English. The catalogues (`cy.po`, …) are read as they are:
nothing is built beforehand, so that no build can be forgotten (see docs/adr/0041).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, time
from functools import cache
from importlib import resources
from io import BytesIO
from typing import Any

from babel import Locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations

from trustconduct import clock


@dataclass(frozen=True)
class Language:
    """One language. `name` is what its speakers call it, `english` what staff do.

    `direction` is HTML's: "ltr" or "rtl".
    """

    code: str
    name: str
    english: str
    direction: str = "ltr"

    @property
    def is_english(self) -> bool:
        return self.code == "en"

    @property
    def tag(self) -> str:
        """What stands in HTML's `lang`."""
        return "en-GB" if self.is_english else self.code

    def say(self, message: str, /, **values: Any) -> str:
        """The message in this language, its `%(name)s` filled in; in English where it lacks."""
        said = message if self.is_english else _catalogue(self.code).ugettext(message)
        return said % values if values else said

    def many(self, one: str, more: str, number: int, /, **values: Any) -> str:
        """The message for so many, as the language counts; `%(num)s` is the number."""
        if self.is_english:
            said = one if number == 1 else more
        else:
            said = _catalogue(self.code).ungettext(one, more, number)
        return said % {"num": number, **values}

    def day(self, on: date) -> str:
        """A day in words: 3 September 2026."""
        return (
            clock.day(on) if self.is_english else f"{on.day} {self.months[on.month - 1]} {on.year}"
        )

    def moment(self, on: date, at: time) -> str:
        return self.say("%(day)s at %(time)s", day=self.day(on), time=f"{at:%H:%M}")

    @property
    def months(self) -> tuple[str, ...]:
        """The months as they stand in a date, January first."""
        named = _locale(self.code).months["format"]["wide"]
        return tuple(named[number] for number in range(1, 13))

    def weekday(self, on: date) -> str:
        return _locale(self.code).days["format"]["wide"][on.weekday()]


ENGLISH = Language("en", "English", "English")
OTHERS = (
    Language("cy", "Cymraeg", "Welsh"),
    Language("pl", "Polski", "Polish"),
    Language("ur", "اردو", "Urdu", "rtl"),
)
LANGUAGES = (ENGLISH, *OTHERS)
_BY_CODE = {language.code: language for language in LANGUAGES}
CODES = tuple(_BY_CODE)


def language(code: str | None) -> Language | None:
    """The language of a code, None for one that we do not speak."""
    return _BY_CODE.get(code or "")


class Message(str):
    """A text for a parent that knows its message: what raises it need not know the language.

    As a text it is English.
    """

    message: str
    values: dict[str, Any]

    def __new__(cls, message: str, /, **values: Any) -> Message:
        self = super().__new__(cls, message % values if values else message)
        self.message, self.values = message, values
        return self


def told(text: str, language: Language) -> str:
    """A text for a parent in their language, whether it is a message or words alone."""
    if isinstance(text, Message):
        return language.say(text.message, **text.values)
    return language.say(text) if text else text


def catalogue_text(code: str) -> str:
    """A language's catalogue as it stands in its file."""
    return (resources.files("trustconduct.languages") / f"{code}.po").read_text("utf-8")


@cache
def mark(code: str) -> str:
    """What stands for the texts of a language: another catalogue has another mark."""
    catalogue = read_po(BytesIO(catalogue_text(code).encode()), locale=code)
    pairs = sorted((str(one.id), str(one.string)) for one in catalogue if one.id)
    return hashlib.sha256(repr(pairs).encode()).hexdigest()


@cache
def _catalogue(code: str) -> Translations:
    made = BytesIO()
    write_mo(made, read_po(BytesIO(catalogue_text(code).encode()), locale=code))
    made.seek(0)
    return Translations(made)


@cache
def _locale(code: str) -> Locale:
    return Locale.parse("en_GB" if code == "en" else code)
