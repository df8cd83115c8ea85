"""Reading a school's roll: which adults care for which pupils, from a CSV file."""

from __future__ import annotations

from dataclasses import dataclass

from trustconduct.csv_lists import (
    Cells,
    Fault,
    Kind,
    NotAList,
    faults_of,
    key,
    read_list,
)

LARGEST = 8 * 1024 * 1024
MOST_ERRORS = 50
NEEDED = ("pupil", "adult", "relationship", "email")
ROLL = Kind(
    thing="people",
    again="Export the roll again",
    # By the words that schools head them with.
    columns={
        "pupil": ("pupil", "pupil name", "child", "student", "student name"),
        "year": ("year", "year group", "class", "form"),
        "adult": ("adult", "adult name", "parent", "parent name", "carer", "guardian", "contact"),
        "relationship": ("relationship", "relation", "relationship to pupil"),
        "email": ("email", "e-mail", "email address", "parent email"),
    },
    needed=NEEDED,
    largest=LARGEST,
    too_large="The file is over 8 MB. Export only the columns that are needed.",
)
# A cell may be blank, but not these.
FILLED = ("pupil", "adult", "relationship")


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
class Roll:
    lines: tuple[Line, ...]
    faults: tuple[Fault, ...]


def read_roll(raw: bytes) -> Roll:
    """Read the file; every fault with its line and column, up to fifty. Saves nothing."""
    lines: list[Line] = []
    faults: list[Fault] = []
    seen: dict[tuple[str, str, str, str], int] = {}
    try:
        for cells in read_list(raw, ROLL):
            line = _line(cells)
            found = list(faults_of(cells, FILLED)) or _twice(line, seen)
            faults += found
            lines.append(line)
            if len(faults) >= MOST_ERRORS:
                break
    except NotAList as no:
        return Roll((), no.faults)
    return Roll(tuple(lines), tuple(faults))


def _line(cells: Cells) -> Line:
    of = cells.by_column
    return Line(
        number=cells.number,
        pupil=of["pupil"],
        year=of.get("year", ""),
        adult=of["adult"],
        relationship=of["relationship"],
        email=of["email"].lower(),
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
