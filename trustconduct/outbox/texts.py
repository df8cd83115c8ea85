"""Text messages: which numbers, how long, and the gateways that take them."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from trustconduct import clock
from trustconduct.outbox.carriers import Later

# A text message may be as long as GOV.UK Notify takes: 918 plain characters, in six parts.
MOST_PARTS = 6
# What GSM 03.38 has, one place each, and what takes two places by its escape.
_PLAIN = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_ESCAPED = frozenset("^{}\\[~]|€\f")


class NumberRefused(ValueError):
    """The number can't be sent a text message; the message says what to type."""


class TextTooLong(ValueError):
    """More parts than a gateway takes."""


def uk_mobile(typed: str) -> str:
    """A UK mobile number as +447…, however people write it. Raises NumberRefused.

    Numbers of other countries are refused: a wrong digit there may cost pounds.
    070 numbers forward calls at a high price and 076 are pagers (Ofcom), but for
    07624, which is the Isle of Man's mobile network.
    """
    digits = re.sub(r"[\s().–-]", "", typed.replace("(0)", ""))
    if any(mark not in "+0123456789" for mark in digits) or "+" in digits[1:]:
        raise NumberRefused("Type the number in figures only, like 07700 900123.")
    national = re.sub(r"^(\+44|0044|44(?=7))0?|^0(?!0)", "", digits)
    if digits.startswith(("+", "00")) and not digits.startswith(("+44", "0044")):
        raise NumberRefused("We can only text UK mobile numbers, like 07700 900123.")
    if not national.startswith("7") or national.startswith("70"):
        raise NumberRefused("That is not a UK mobile number. It must begin with 07.")
    if national.startswith("76") and not national.startswith("7624"):
        raise NumberRefused("That is a pager's number. Type a UK mobile number.")
    if len(national) != 10:
        short = "short" if len(national) < 10 else "long"
        raise NumberRefused(f"That number is too {short}. A UK mobile number has 11 figures.")
    return f"+44{national}"


@dataclass(frozen=True)
class Size:
    """How long a text message is, in the places that are paid for.

    160 places in one part, 153 in each of several; one letter outside the GSM
    alphabet (Polish ł, Urdu, an emoji) makes it 70 and 67 of 16 bits each.
    """

    places: int
    plain: bool

    @property
    def parts(self) -> int:
        alone, among = (160, 153) if self.plain else (70, 67)
        return 1 if self.places <= alone else -(-self.places // among)


def size_of(text: str) -> Size:
    if all(mark in _PLAIN or mark in _ESCAPED for mark in text):
        return Size(len(text) + sum(mark in _ESCAPED for mark in text), plain=True)
    return Size(len(text.encode("utf-16-le")) // 2, plain=False)


def check_length(text: str) -> None:
    """Raises TextTooLong, with how much there is and how much there may be."""
    size = size_of(text)
    if size.parts > MOST_PARTS:
        most = MOST_PARTS * (153 if size.plain else 67)
        raise TextTooLong(
            f"This text message has {size.places} characters. It can have {most} at most."
        )


class Gateway(Protocol):
    """Whoever takes text messages. Another provider is another class with this one method."""

    def send(self, number: str, text: str, reference: str, *, again: bool) -> None:
        """Give one text message to the gateway. Raises Later or Refused.

        `reference` is the message's own, the same at every try. `again` says that
        it was tried before: a gateway that can look up a reference must not send
        it twice.
        """
        ...


class NoGateway:
    """Where no provider is set: text messages wait, and become a task like unsent mail."""

    def send(self, number: str, text: str, reference: str, *, again: bool) -> None:
        raise Later("NoTextProvider")


class FileGateway:
    """Delivers to nobody: each text message becomes a file, one for each reference."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def send(self, number: str, text: str, reference: str, *, again: bool) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        marked = re.sub(r"[^A-Za-z0-9]+", "-", reference)
        if any(self._folder.glob(f"*Z-{marked}.json")):
            return
        whole = {"to": number, "text": text, "parts": size_of(text).parts, "reference": reference}
        name = f"{clock.now():%Y%m%dT%H%M%S.%f}Z-{marked}.json"
        half = self._folder / f".{name}.half"
        half.write_text(json.dumps(whole, ensure_ascii=False, indent=1), "utf-8")
        half.replace(self._folder / name)
