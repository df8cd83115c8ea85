"""Lists as CSV files: those that people bring, read whole, with every fault by line and column.

Also what such lists and forms share: how names are compared, and what is a mail
address. Schools and rolls are read by this one reader.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

LONGEST_NAME = 200

# Plain letters before the @ as well: most mail servers refuse others.
EMAIL = re.compile(r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-z0-9-]+(\.[a-z0-9-]+)+", re.I | re.A)


def key(name: str) -> str:
    """A name as it is compared: one spelling of accents, small letters, single spaces."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


@dataclass(frozen=True)
class Fault:
    """What is wrong at one place of the file, and what to do. Line 0 is the file itself."""

    line: int
    column: str
    text: str


@dataclass(frozen=True)
class Cells:
    """One line: its number in the file, from 1, and its cells by column, spaces tidied."""

    number: int
    by_column: Mapping[str, str]
    too_many: bool  # more cells than the header has


@dataclass(frozen=True)
class Kind:
    """What a list must be. `columns`: each with the words that people head it with."""

    thing: str  # what stands in it: "people"
    again: str  # what to do where the file is no good: "Export the roll again"
    columns: Mapping[str, Sequence[str]]
    needed: Sequence[str]
    largest: int  # bytes
    too_large: str
    windows: bool = False  # also take what an old Excel writes: Windows-1252 and UTF-16
    # How many lines may stand above the header: a title, the day of the export, a blank one.
    above: int = 0
    # Where one column may stand for another: {"pupil": ("pupil_first", "pupil_last")}.
    instead: Mapping[str, Sequence[str]] = field(default_factory=dict)


class NotAList(ValueError):
    """The file can't be read as this list; `faults` say why."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__("; ".join(fault.text for fault in faults))
        self.faults = faults


# A spreadsheet takes a cell that begins so for a formula, and runs it.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def harmless(cell: object) -> str:
    """A cell's words, so that no spreadsheet takes them for a formula."""
    text = str(cell)
    return f"'{text}" if text.startswith(_FORMULA) else text


def written(columns: Sequence[str], lines: Iterable[Sequence[object]]) -> bytes:
    """A CSV file as Excel opens it: with the mark that says UTF-8, and no cell a formula.

    What people typed is text: a cell that would be a formula gets an apostrophe before it.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(columns)
    for line in lines:
        writer.writerow([harmless(cell) for cell in line])
    return text.getvalue().encode("utf-8-sig")


def read_list(raw: bytes, kind: Kind) -> Iterator[Cells]:
    """The lines of a file that are not blank. Raises NotAList, also half-way."""
    rows = _opened(raw, kind)
    try:
        header = _header(rows, kind)
        places = _columns(header, kind)
        empty = True
        for row in rows:
            if not any(cell.strip() for cell in row):
                continue
            empty = False
            yield Cells(
                rows.line_num,
                {
                    column: " ".join(row[place].split()) if place < len(row) else ""
                    for column, place in places.items()
                },
                len(row) > len(header),
            )
    except csv.Error as error:
        said = f"This line is not proper CSV ({error}). Save it again."
        raise NotAList(Fault(rows.line_num, "", said)) from None
    if empty:
        raise NotAList(Fault(0, "", f"The file has a header but no {kind.thing} in it."))


def _encoding(raw: bytes, kind: Kind) -> str:
    """How the file is written. Raises NotAList for one that is no text."""
    if not raw.strip():
        raise NotAList(Fault(0, "", f"The file is empty. {kind.again} and choose that file."))
    if len(raw) > kind.largest:
        raise NotAList(Fault(0, "", kind.too_large))
    if raw.startswith(b"PK"):
        said = "This is a spreadsheet. Save it as “CSV UTF-8” and choose that."
        raise NotAList(Fault(0, "", said))
    if kind.windows and (wide := _utf_16(raw)):
        return wide
    if not _reads(raw, "utf-8-sig"):
        if not kind.windows or not _reads(raw, "cp1252"):
            line = raw[: _first_bad(raw)].count(b"\n") + 1
            said = "A letter here is not UTF-8. Save the file as “CSV UTF-8”."
            raise NotAList(Fault(line, "", said))
        return "cp1252"
    if b"\0" in raw:
        said = "The file is not text. Save it as “CSV UTF-8” and choose that."
        raise NotAList(Fault(0, "", said))
    return "utf-8-sig"


def _utf_16(raw: bytes) -> str:
    """Which UTF-16 a file is in, with its mark or without; blank where it is in none."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    elif raw[1:2] == b"\0" and raw[3:4] == b"\0":
        encoding = "utf-16-le"
    else:
        return ""
    return encoding if _reads(raw, encoding) else ""


_PIECE = 1024 * 1024


def _reads(raw: bytes, encoding: str) -> bool:
    """Whether all of a file can be read so; piece by piece, since it may be long."""
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for start in range(0, len(raw), _PIECE):
            piece = decoder.decode(raw[start : start + _PIECE], start + _PIECE >= len(raw))
            if "\0" in piece and encoding.startswith("utf-16"):
                return False
    except UnicodeDecodeError:
        return False
    return True


def _first_bad(raw: bytes) -> int:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start
    return 0


def _opened(raw: bytes, kind: Kind) -> Any:
    """A reader of the file's rows, which holds no copy of it."""
    encoding = _encoding(raw, kind)
    with io.TextIOWrapper(io.BytesIO(raw), encoding, newline="") as file:
        mark = _delimiter(file.read(_PIECE // 16))
    file = io.TextIOWrapper(io.BytesIO(raw), encoding, newline="")
    return csv.reader(file, delimiter=mark, strict=True)


def _delimiter(text: str) -> str:
    """What sets cells apart: what stands most often in the first lines."""
    first = "\n".join(text.split("\n", 11)[:11])
    return max(",;\t", key=first.count)


def header_of(raw: bytes, kind: Kind) -> list[str]:
    """The cells of the line that looks most like the header, for a page that asks which is what.

    Raises NotAList for a file that is no text.
    """
    rows = _opened(raw, kind)
    try:
        return [" ".join(cell.split())[:LONGEST_NAME] for cell in _header(rows, kind)]
    except csv.Error as error:
        said = f"This line is not proper CSV ({error}). Save it again."
        raise NotAList(Fault(rows.line_num, "", said)) from None


def _header(rows: Iterator[list[str]], kind: Kind) -> list[str]:
    """The header: the first line, or of the few first ones the one with most columns known.

    Reads no further than it must: a reader can't go back.
    """
    words = {word for words in kind.columns.values() for word in words}
    best: list[str] = []
    for _ in range(kind.above + 1):
        row = next(rows, None)
        if row is None:
            break
        known = sum(key(cell) in words for cell in row)
        if known >= min(2, len(kind.needed)):
            return row
        if len([cell for cell in row if cell.strip()]) > len(best) or not best:
            best = row
    return best


def _columns(header: list[str], kind: Kind) -> dict[str, int]:
    names = [key(name) for name in header]
    places: dict[str, int] = {}
    faults = []
    for column, words in kind.columns.items():
        found = [index for index, name in enumerate(names) if name in words]
        if len(found) > 1:
            faults.append(Fault(1, column, f"Two columns could be “{column}”. Keep one of them."))
        elif found:
            places[column] = found[0]
        elif column in kind.needed and not _instead(column, names, kind):
            there = ", ".join(name.strip() for name in header if name.strip()) or "none"
            faults.append(
                Fault(1, column, f"There is no column “{column}”. The columns are: {there}.")
            )
    if faults:
        raise NotAList(*faults)
    return places


def _instead(column: str, names: Sequence[str], kind: Kind) -> bool:
    others = kind.instead.get(column, ())
    return bool(others) and all(any(n in kind.columns[other] for n in names) for other in others)


def faults_of(cells: Cells, needed: Sequence[str]) -> Iterator[Fault]:
    """What is wrong with a line whatever its list: blank, too long, not printable, no address.

    A column whose name ends in "email" holds mail addresses.
    """
    for column, value in cells.by_column.items():
        if not value:
            if column in needed:
                blank = "This is blank. Fill it in, or take the line out."
                yield Fault(cells.number, column, blank)
        elif column.endswith("email"):
            if len(value) > 254 or not EMAIL.fullmatch(value):
                said = f"“{value[:80]}” is not an email address. Correct it."
                yield Fault(cells.number, column, said)
        elif len(value) > LONGEST_NAME:
            yield Fault(cells.number, column, f"This is longer than {LONGEST_NAME} characters.")
        elif any(unicodedata.category(mark) == "Cc" for mark in value):
            said = "There is a character in here that can't be printed."
            yield Fault(cells.number, column, said)
    if cells.too_many:
        yield Fault(cells.number, "", "This line has more cells than the header.")
