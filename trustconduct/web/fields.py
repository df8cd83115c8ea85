"""Fields of forms and of the API: plain text without control characters, clear messages."""

from __future__ import annotations

import base64
import binascii
import unicodedata
from datetime import date
from typing import Any
from urllib.parse import urlsplit

import phonenumbers
from marshmallow import Schema, ValidationError, fields, validate

from trustconduct.clock import Term, TermRefused
from trustconduct.csv_lists import EMAIL


class Line(fields.String):
    """One line of text: spaces tidied, no line breaks, no control characters."""

    def __init__(self, *, longest: int = 200, blank: str = "", **more: Any) -> None:
        """`blank` is what to say where nothing was typed; without it the field may be blank."""
        super().__init__(**{"load_default": "" if not blank else None, **more})
        self.longest = longest
        self.blank = blank
        if blank:
            self.required = True
            self.error_messages["required"] = blank

    def _deserialize(self, value: Any, attr: Any, data: Any, **more: Any) -> str:
        text = super()._deserialize(value, attr, data, **more)
        if any(unicodedata.category(mark) in ("Cc", "Cs") for mark in text.strip()):
            raise ValidationError("There is a character in here that can't be printed.")
        text = " ".join(text.split())
        if not text and self.blank:
            raise ValidationError(self.blank)
        if len(text) > self.longest:
            raise ValidationError(f"This is too long. Use at most {self.longest} characters.")
        return text


class Fact(Line):
    """A line that stands in a policy's text: without braces, which are for merge fields."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **more: Any) -> str:
        text = super()._deserialize(value, attr, data, **more)
        if "{" in text or "}" in text:
            raise ValidationError("Leave out the marks { and }. They have a meaning of their own.")
        return text


class Postal(Line):
    """A postal address: its lines, typed one below the other, become one with commas."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **more: Any) -> str:
        lines = [" ".join(line.split()).strip(" ,") for line in str(value).splitlines()]
        return super()._deserialize(", ".join(line for line in lines if line), attr, data, **more)


class Words(fields.String):
    """Some lines of text: their breaks stay, no control characters. Ends are trimmed.

    `blank` is what to say where nothing was typed; `longest` is in characters, 0 for any.
    """

    def __init__(self, *, longest: int = 0, blank: str = "", **more: Any) -> None:
        if longest and not blank:
            more.setdefault("load_default", "")
        super().__init__(**more)
        self.longest = longest
        self.blank = blank
        if blank:
            self.required = True
            self.error_messages["required"] = blank

    def _deserialize(self, value: Any, attr: Any, data: Any, **more: Any) -> str:
        text = super()._deserialize(value, attr, data, **more)
        text = "\n".join(line.rstrip() for line in text.strip().splitlines())
        if self.blank and not text:
            raise ValidationError(self.blank)
        if self.longest and len(text) > self.longest:
            raise ValidationError(f"This is too long. Use at most {self.longest:,} characters.")
        if any(unicodedata.category(mark) in ("Cc", "Cs") for mark in text if mark not in "\n\t"):
            raise ValidationError("There is a character in here that can't be printed.")
        return text


class Email(Line):
    def _deserialize(self, value: Any, attr: Any, data: Any, **more: Any) -> str:
        text = super()._deserialize(value, attr, data, **more)
        if text and not EMAIL.fullmatch(text):
            raise ValidationError("Type an email address, like office@school.example.")
        return text.lower()


class Telephone(Line):
    """A telephone number in any writing, kept as the United Kingdom writes it.

    What it is, the phonenumbers library says, by the national numbering plans: "+44 (0)1632
    960 777" becomes "01632 960777". Another country's keeps its code.
    """

    def __init__(self, **more: Any) -> None:
        super().__init__(**{"longest": 60, **more})

    def _deserialize(self, value: Any, attr: Any, data: Any, **more: Any) -> str:
        text = super()._deserialize(value, attr, data, **more)
        if not text:
            return text
        try:
            number = phonenumbers.parse(text, "GB")
        except phonenumbers.NumberParseException:
            raise ValidationError("Type a telephone number, like 01632 960001.") from None
        here = number.country_code == 44
        # The numbers kept for drama are in no plan; a UK number has nine figures at least.
        whole = phonenumbers.is_possible_number(number) and (
            not here or len(str(number.national_number)) >= 9
        )
        if not whole and not phonenumbers.is_valid_number(number):
            raise ValidationError(
                "That is too short or too long for a telephone number. Type all of it,"
                " like 01632 960001."
            )
        form = phonenumbers.PhoneNumberFormat
        words = phonenumbers.format_number(number, form.NATIONAL if here else form.INTERNATIONAL)
        return words.replace(" x", " ext. ")


class WebAddress(Line):
    def _deserialize(self, value: Any, attr: Any, data: Any, **more: Any) -> str:
        text = super()._deserialize(value, attr, data, **more)
        if not text:
            return text
        try:
            parts = urlsplit(text)
            good = parts.scheme in ("http", "https") and "." in (parts.hostname or "")
        except ValueError:
            good = False
        if not good or any(mark in text for mark in ' <>[](){}"*\\'):
            raise ValidationError(
                "Type the whole address, like https://www.school.example/policies."
            )
        return text


class Number(fields.Integer):
    """A whole number between two limits."""

    def __init__(self, least: int, most: int, *, blank: str) -> None:
        super().__init__(
            required=True,
            validate=validate.Range(
                least, most, error=f"Type a whole number from {least} to {most}."
            ),
            error_messages={
                "required": blank,
                "invalid": f"Type a whole number from {least} to {most}.",
                "null": blank,
            },
        )
        self.blank = blank

    def _deserialize(self, value: Any, attr: Any, data: Any, **more: Any) -> Any:
        text = str(value).strip()
        if not text:
            raise ValidationError(self.blank)
        if not (text.isascii() and text.isdigit() and len(text) <= 9):
            raise ValidationError(self.error_messages["invalid"])
        return int(text)


class Choice(fields.String):
    """One of a closed list of values."""

    def __init__(self, choices: Any, *, blank: str, otherwise: str = "") -> None:
        super().__init__(
            **({"load_default": otherwise} if otherwise else {"required": True}),
            validate=validate.OneOf(list(choices), error=blank),
            error_messages={"required": blank},
        )


class Day(fields.Field):
    """A day typed as 31/7/2026, 31 July 2026 or chosen from the browser's calendar."""

    def __init__(self, *, blank: str) -> None:
        super().__init__(required=True, error_messages={"required": blank})
        self.blank = blank

    def _deserialize(self, value: Any, attr: Any, data: Any, **more: Any) -> date:
        text = str(value).strip()
        if not text:
            raise ValidationError(self.blank)
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise ValidationError("Choose a day, or type it like 2026-07-31.") from None


class WrittenDay(fields.Field):
    """A day as a Board paper writes it: 10 July 2024 or 10/07/2024.

    `blank` is what to say where nothing was typed; without it the day may be blank.
    """

    def __init__(self, *, blank: str = "") -> None:
        if blank:
            super().__init__(required=True, error_messages={"required": blank})
        else:
            super().__init__(load_default=None)
        self.blank = blank

    def _deserialize(self, value: Any, attr: Any, data: Any, **more: Any) -> date | None:
        text = " ".join(str(value).split())
        if not text and not self.blank:
            return None
        if not text:
            raise ValidationError(self.blank)
        try:
            day = Term.parse(text).day
        except TermRefused:
            day = None
        if day is None:
            raise ValidationError("Type a day, like 10 July 2024 or 10/07/2024.")
        return day


class Carried(fields.Field):
    """A file that a page carries in its form, so that what was looked at is what is taken.

    Gives its bytes. Whoever takes it reads it again: a form can hold anything.
    """

    def __init__(self) -> None:
        super().__init__(required=True)

    def _deserialize(self, value: Any, attr: Any, data: Any, **more: Any) -> bytes:
        try:
            return base64.b64decode(str(value), validate=True)
        except (binascii.Error, ValueError):
            raise ValidationError(
                "The file did not come back to us whole. Please choose it once more."
            ) from None


def carried(raw: bytes) -> str:
    """A file as a form carries it."""
    return base64.b64encode(raw).decode()


class Plain(Schema):
    """A form. marshmallow 4 refuses fields that it does not have; keep it so."""


class Nothing(Plain):
    """A form with a button and nothing to fill in."""
