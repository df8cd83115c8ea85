"""Reading a school's roll: which adults care for which pupils, from a CSV file."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

LARGEST = 8 * 1024 * 1024
LONGEST_NAME = 200
MOST_ERRORS = 50

# The columns, by the words that schools head them with.
COLUMNS = {
    "pupil": ("pupil", "pupil name", "child", "student", "student name"),
    "year": ("year", "year group", "class", "form"),
    "adult": ("adult", "adult name", "parent", "parent name", "carer", "guardian", "contact"),
    "relationship": ("relationship", "relation", "relationship to pupil"),
    "email": ("email", "e-mail", "email address", "parent email"),
}
NEEDED = ("pupil", "adult", "relationship", "email")
# Plain letters before the @ as well: most mail servers refuse others.
EMAIL = re.compile(r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-z0-9-]+(\.[a-z0-9-]+)+", re.I | re.A)


@dataclass(frozen=True)
class Line:
    """One line of the roll: an adult cares for a pupil. `number` counts the file's lines from 1."""

    number: int
    pupil: str
    year: str
    adult: str
    relationship: str
    email: str


@dataclass(frozen=True)
class Fault:
    """What is wrong at one place of the file, and what to do. Line 0 is the file itself."""

    line: int
    column: str
    text: str


@dataclass(frozen=True)
class Roll:
    lines: tuple[Line, ...]
    faults: tuple[Fault, ...]


def key(name: str) -> str:
    """A name as it is compared: one spelling of accents, small letters, single spaces."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def read_roll(raw: bytes) -> Roll:
    """Read the file; every fault with its line and column, up to fifty. Saves nothing."""
    text, fault = _text(raw)
    if fault:
        return Roll((), (fault,))
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    try:
        header = next(rows, [])
        places, faults = _columns(header)
        if faults:
            return Roll((), tuple(faults))
        lines: list[Line] = []
        faults = []
        seen: dict[tuple[str, str, str, str], int] = {}
        for line, row_faults in _lines(rows, places, len(header)):
            faults += row_faults
            if not row_faults:
                faults += _twice(line, seen)
            lines.append(line)
            if len(faults) >= MOST_ERRORS:
                break
    except csv.Error as error:
        at = rows.line_num
        return Roll((), (Fault(at, "", f"This line is not proper CSV ({error}). Save it again."),))
    if not lines and not faults:
        faults = [Fault(0, "", "The file has a header but no people in it.")]
    return Roll(tuple(lines), tuple(faults))


def _text(raw: bytes) -> tuple[str, Fault | None]:
    if not raw.strip():
        return "", Fault(0, "", "The file is empty. Export the roll again and choose that file.")
    if len(raw) > LARGEST:
        return "", Fault(0, "", "The file is over 8 MB. Export only the columns that are needed.")
    if raw.startswith(b"PK"):
        return "", Fault(0, "", "This is a spreadsheet. Save it as “CSV UTF-8” and choose that.")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        return "", Fault(line, "", "A letter here is not UTF-8. Save the file as “CSV UTF-8”.")
    if "\0" in text:
        return "", Fault(0, "", "The file is not text. Save it as “CSV UTF-8” and choose that.")
    return text, None


def _delimiter(text: str) -> str:
    first = text.split("\n", 1)[0]
    return max(",;\t", key=first.count)


def _columns(header: list[str]) -> tuple[dict[str, int], list[Fault]]:
    names = [key(name) for name in header]
    places: dict[str, int] = {}
    faults = []
    for column, words in COLUMNS.items():
        found = [index for index, name in enumerate(names) if name in words]
        if len(found) > 1:
            faults.append(Fault(1, column, f"Two columns could be “{column}”. Keep one of them."))
        elif found:
            places[column] = found[0]
        elif column in NEEDED:
            there = ", ".join(name.strip() for name in header if name.strip()) or "none"
            faults.append(
                Fault(1, column, f"There is no column “{column}”. The columns are: {there}.")
            )
    return places, faults


def _lines(
    rows: Iterator[list[str]], places: dict[str, int], width: int
) -> Iterator[tuple[Line, list[Fault]]]:
    reader = rows
    for row in rows:
        number = reader.line_num  # type: ignore[attr-defined]
        if not any(cell.strip() for cell in row):
            continue
        cells = {
            column: " ".join(row[place].split()) if place < len(row) else ""
            for column, place in places.items()
        }
        line = Line(
            number=number,
            pupil=cells["pupil"],
            year=cells.get("year", ""),
            adult=cells["adult"],
            relationship=cells["relationship"],
            email=cells["email"].lower(),
        )
        faults = list(_faults_of(line))
        if len(row) > width:
            faults.append(Fault(number, "", "This line has more cells than the header."))
        yield line, faults


def _faults_of(line: Line) -> Iterator[Fault]:
    for column in ("pupil", "year", "adult", "relationship"):
        value = getattr(line, column)
        if not value and column != "year":
            yield Fault(line.number, column, "This is blank. Fill it in, or take the line out.")
        elif len(value) > LONGEST_NAME:
            yield Fault(line.number, column, f"This is longer than {LONGEST_NAME} characters.")
        elif any(unicodedata.category(mark) == "Cc" for mark in value):
            yield Fault(line.number, column, "There is a character in here that can't be printed.")
    if line.email and (len(line.email) > 254 or not EMAIL.fullmatch(line.email)):
        yield Fault(
            line.number, "email", f"“{line.email[:80]}” is not an email address. Correct it."
        )


def _twice(line: Line, seen: dict[tuple[str, str, str, str], int]) -> list[Fault]:
    """One adult may stand with several pupils, but with each of them once."""
    place = (key(line.pupil), key(line.year), key(line.adult), line.email)
    before = seen.setdefault(place, line.number)
    if before == line.number:
        return []
    return [
        Fault(
            line.number,
            "adult",
            f"{line.adult} stands with {line.pupil} on line {before} already. Take one out.",
        )
    ]
