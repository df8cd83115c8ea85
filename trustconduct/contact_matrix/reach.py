"""What a way to reach school leads to: a telephone number, an email address, a page, or a place."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberFormat

# Read as somebody in England writes them.
REGION, CODE = "GB", 44
_NUMBER = re.compile(r"\+?[\d ()./-]{5,24}(?:\s*(?:x|ext\.?|extension)\s*\d{1,6})?", re.I)
_EMAIL = re.compile(r"[^\s@?&<>]+@[^\s@?&<>]+\.[^\s@?&<>]+")


class Kind(StrEnum):
    """How a parent uses it."""

    TELEPHONE = "telephone"
    EMAIL = "email"
    WEB = "web"
    PLACE = "place"  # the gate, the office; also where nothing is said


@dataclass(frozen=True)
class Reach:
    """`shown` is what people read, `href` what a press on it opens: blank for a place."""

    kind: Kind
    shown: str
    href: str = ""


def reach(detail: str) -> Reach:
    """What a detail is, with its link. A telephone number in any writing is written one way."""
    detail = detail.strip()
    if number := _telephone(detail):
        return Reach(
            Kind.TELEPHONE,
            _written(number),
            phonenumbers.format_number(number, PhoneNumberFormat.RFC3966),
        )
    if _EMAIL.fullmatch(detail):
        return Reach(Kind.EMAIL, detail, f"mailto:{detail}")
    if detail.startswith(("https://", "http://")) and " " not in detail:
        return Reach(Kind.WEB, detail.partition("://")[2].removesuffix("/"), detail)
    return Reach(Kind.PLACE, detail)


def kind_of(text: str, detail: str) -> Kind:
    """By where a way leads; while that is not said, by its words."""
    return reach(detail).kind if detail else means(text)


_MEANS = {
    Kind.EMAIL: ("email", "e-mail"),
    Kind.WEB: ("website", "web page", "app"),
    Kind.TELEPHONE: ("phone", "call", "ring"),
}


def means(text: str) -> Kind:
    """What the words of a way alone say of how it is used."""
    words = text.lower()
    found = (kind for kind, known in _MEANS.items() if any(one in words for one in known))
    return next(found, Kind.PLACE)


def tidied(detail: str) -> str:
    """A telephone number as it is written here; anything else as it stands."""
    found = reach(detail)
    return found.shown if found.kind is Kind.TELEPHONE else detail.strip()


def _telephone(text: str) -> PhoneNumber | None:
    if not _NUMBER.fullmatch(text):
        return None
    try:
        number = phonenumbers.parse(text, REGION)
    except phonenumbers.NumberParseException:
        return None
    return number if phonenumbers.is_possible_number(number) else None


def _written(number: PhoneNumber) -> str:
    at_home = number.country_code == CODE
    form = PhoneNumberFormat.NATIONAL if at_home else PhoneNumberFormat.INTERNATIONAL
    return phonenumbers.format_number(number, form)
