"""Reading a school's roll: which adults care for which pupils, from a CSV file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from trustconduct.csv_lists import (
    Cells,
    Fault,
    Kind,
    NotAList,
    faults_of,
    header_of,
    key,
    read_list,
)

LARGEST = 20 * 1024 * 1024
MOST_ERRORS = 50
NEEDED = ("pupil", "adult", "relationship", "email")
# The usual names of columns: our own, and those of Arbor's, Bromcom's and SIMS's exports. A
# school whose export has others says once which is which, and that is remembered.
COLUMNS: dict[str, tuple[str, ...]] = {
    "pupil": (
        "pupil", "pupil name", "child", "student", "student name", "student full name",
        "preferred student name", "pupil full name", "child name",
    ),
    "pupil_first": (
        "pupil first name", "pupil forename", "student first name", "legal first name",
        "preferred first name", "pupilfirstname", "forename", "student forename",
    ),
    "pupil_last": (
        "pupil last name", "pupil surname", "student last name", "legal last name",
        "preferred last name", "pupillastname", "surname", "student surname",
    ),
    "pupil_ref": (
        "upn", "unique pupil number", "unique pupil number (upn)", "admission number",
        "admission no", "adno", "adm no", "student id", "arbor student id", "pupil id",
        "pupil number",
    ),
    "year": ("year", "year group", "class", "form", "nc year", "ncyear", "reg group"),
    "adult": (
        "adult", "adult name", "parent", "parent name", "carer", "guardian", "contact",
        "contact name", "guardian name", "primary guardian", "contact full name",
        "guardian full name", "parent/carer",
    ),
    "adult_first": (
        "contact first name", "contact forename", "guardian first name", "parent first name",
        "contactfirstname", "parent forename",
    ),
    "adult_last": (
        "contact last name", "contact surname", "guardian last name", "parent last name",
        "contactlastname", "parent surname",
    ),
    "adult_ref": (
        "contact id", "guardian id", "arbor guardian id", "person id", "parent id", "adult id",
        "contact person id", "adult number",
    ),
    "relationship": (
        "relationship", "relation", "relationship to pupil", "relationship to student",
        "guardian relationship", "contact relationship", "relation type", "contact relation",
    ),
    "email": (
        "email", "e-mail", "email address", "parent email", "guardian email", "contact email",
        "primary email", "home email", "main email", "contact e-mail", "guardian email address",
    ),
    "telephone": (
        "telephone", "phone", "mobile", "mobile number", "contact telephone", "guardian mobile",
        "home telephone", "contact mobile", "primary telephone", "main telephone",
    ),
    "address": (
        "address", "home address", "postal address", "contact address", "guardian address",
        "full address",
    ),
    "parental_responsibility": (
        "parental responsibility", "has parental responsibility", "pr",
        "parental responsibility?", "legal guardian",
    ),
    "lives_with": (
        "lives with", "lives with pupil", "lives with student", "same address", "cohabits",
        "lives with?", "resident",
    ),
    "may_collect": (
        "may collect", "can collect", "authorised to collect", "collects", "may collect?",
        "permitted to collect",
    ),
    "court_order": ("court order", "court orders", "court order details", "court order notes"),
}  # fmt: skip
INSTEAD = {"pupil": ("pupil_first", "pupil_last"), "adult": ("adult_first", "adult_last")}
WORDS = {
    "pupil": "Pupil’s whole name",
    "pupil_first": "Pupil’s first name",
    "pupil_last": "Pupil’s last name",
    "pupil_ref": "Pupil’s number (UPN or admission number)",
    "year": "Year group or class",
    "adult": "Adult’s whole name",
    "adult_first": "Adult’s first name",
    "adult_last": "Adult’s last name",
    "adult_ref": "Adult’s number in your system",
    "relationship": "Relationship to the pupil",
    "email": "Adult’s email",
    "telephone": "Adult’s telephone",
    "address": "Adult’s address",
    "parental_responsibility": "Parental responsibility",
    "lives_with": "Lives with the pupil",
    "may_collect": "May collect the pupil",
    "court_order": "Court order",
}
YES = {"yes", "y", "true", "1", "t", "✓"}
NO = {"no", "n", "false", "0", "f"}
# A cell may be blank, but not these.
FILLED = ("adult", "relationship")
_NUMBER = re.compile(r"[\d.,/\- ]+")


def kind_of(chosen: Mapping[str, str] | None = None) -> Kind:
    """What a roll must be; `chosen` are the columns that the school said, by field."""
    columns: Mapping[str, tuple[str, ...]] = COLUMNS
    if chosen:
        columns = {name: (key(chosen[name]),) if name in chosen else () for name in COLUMNS}
    return Kind(
        thing="people",
        again="Export the roll again",
        columns=columns,
        needed=NEEDED,
        largest=LARGEST,
        too_large="The file is over 20 MB. Export only the columns that are needed.",
        windows=True,
        above=9,
        instead=INSTEAD,
    )


@dataclass(frozen=True)
class Line:
    """One line of the roll: an adult cares for a pupil. `number` counts the file's lines from 1.

    None stands for a column that the file does not have. `fault` says why the line can't
    be taken as it is, and `column` where; blank where it can.
    """

    number: int
    pupil: str
    year: str
    adult: str
    relationship: str
    email: str
    pupil_ref: str = ""
    adult_ref: str = ""
    telephone: str | None = None
    address: str | None = None
    parental_responsibility: bool | None = None
    lives_with: bool | None = None
    may_collect: bool | None = None
    court_order: str | None = None
    fault: str = ""
    column: str = ""


@dataclass(frozen=True)
class Roll:
    lines: tuple[Line, ...]
    faults: tuple[Fault, ...]


def columns_of(raw: bytes) -> list[str]:
    """The names of the file's columns. Raises NotAList for a file that is no text."""
    return [name for name in header_of(raw, kind_of()) if name]


def lines_of(raw: bytes, chosen: Mapping[str, str] | None = None) -> Iterator[Line]:
    """The lines one by one, each with its first fault: a long roll needs no more memory.

    Raises NotAList, also half-way.
    """
    for cells in read_list(raw, kind_of(chosen)):
        line, faults = _line(cells)
        fault = faults[0] if faults else None
        yield replace(line, fault=fault.text, column=fault.column) if fault else line


def read_roll(raw: bytes, chosen: Mapping[str, str] | None = None) -> Roll:
    """Read a short file whole; every fault with its line and column, up to fifty."""
    lines: list[Line] = []
    faults: list[Fault] = []
    seen: dict[tuple[str, str, str, str], int] = {}
    try:
        for cells in read_list(raw, kind_of(chosen)):
            line, found = _line(cells)
            faults += found or _twice(line, seen)
            lines.append(line)
            if len(faults) >= MOST_ERRORS:
                break
    except NotAList as no:
        return Roll((), no.faults)
    return Roll(tuple(lines), tuple(faults))


def _line(cells: Cells) -> tuple[Line, list[Fault]]:
    of = dict(cells.by_column)
    for whole, parts in INSTEAD.items():
        if whole not in of:
            of[whole] = " ".join(of[part] for part in parts if of.get(part))
    faults = list(faults_of(replace(cells, by_column=of), FILLED))
    line = Line(
        number=cells.number,
        pupil=of["pupil"],
        year=_year(of.get("year", "")),
        adult=of["adult"],
        relationship=of["relationship"],
        email=of["email"].lower(),
        pupil_ref=of.get("pupil_ref", ""),
        adult_ref=of.get("adult_ref", ""),
        telephone=of.get("telephone"),
        address=of.get("address"),
        parental_responsibility=_said(of.get("parental_responsibility", "")),
        lives_with=_said(of.get("lives_with", "")),
        may_collect=_said(of.get("may_collect", "")),
        court_order=of.get("court_order"),
    )
    faults += [
        Fault(line.number, column, said)
        for column in ("pupil", "adult")
        if (said := _no_name(getattr(line, column)))
    ]
    if not line.pupil and not faults:
        said = "This adult stands without a pupil. Add the pupil, or add the adult by hand."
        faults.append(Fault(line.number, "pupil", said))
    if line.year.isdecimal() and int(line.year) > 9_999:
        said = (
            f"“{line.year}” is a day as a spreadsheet counts it, not a year group."
            " Make the column text, and export again."
        )
        faults.append(Fault(line.number, "year", said))
    return line, faults


def _year(text: str) -> str:
    """A year group as people write it: a spreadsheet makes 4.0 of 4."""
    return text[:-2] if re.fullmatch(r"\d{1,2}\.0", text) else text


def _said(text: str) -> bool | None:
    """Yes, no, or nothing that we could make anything of."""
    word = text.casefold()
    return True if word in YES else False if word in NO else None


def _no_name(name: str) -> str:
    """Why this is no name; blank where it may be one."""
    if name.startswith(("=", "+", "@")) or re.match(r"-\s*\d|-.*\(", name):
        return f"“{name[:40]}” is a formula and not a name. Type the name."
    if name and _NUMBER.fullmatch(name):
        return f"“{name[:40]}” is a number or a day and not a name. Type the name."
    return ""


def _twice(line: Line, seen: dict[tuple[str, str, str, str], int]) -> list[Fault]:
    """One adult may stand with several pupils, but with each of them once."""
    pupil = line.pupil_ref or f"{key(line.pupil)}|{key(line.year)}"
    place = (pupil, key(line.adult), line.email, line.adult_ref)
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
