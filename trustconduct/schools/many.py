"""Many schools at once: reading the officer's list, and adding all of it or nothing."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, replace

from trustconduct.accounts.permissions import Can, permit
from trustconduct.audit.actor import Actor
from trustconduct.csv_lists import Cells, Fault, Kind, NotAList, faults_of, key, read_list
from trustconduct.schools.add import FORMULA, NewSchool, Taken, add_checked, errors_of, free_slug
from trustconduct.schools.settings import police_forces
from trustconduct.schools.start import Head
from trustconduct.tenants.models import Phase, School
from trustconduct.tenants.sessions import ScopedSession

LARGEST = 1024 * 1024
MOST = 300
MOST_ERRORS = 50
LIST = Kind(
    thing="schools",
    again="Fill in the template again",
    columns={
        "name": ("name", "school", "school name", "establishment name"),
        "address word": ("address word", "slug", "word for its addresses"),
        "phase": ("phase", "phase of education"),
        "address": ("address", "postal address"),
        "police force": ("police force", "police", "force"),
        "head": ("head", "head name", "headteacher", "head's name", "head teacher"),
        "head email": ("head email", "headteacher email", "head's email", "head mail", "email"),
    },
    needed=("name", "phase"),
    largest=LARGEST,
    too_large="The file is over 1 MB. Keep only the columns that are needed.",
    windows=True,
)
# Where a school's field stands in the file.
COLUMNS = {
    "name": "name",
    "slug": "address word",
    "phase": "phase",
    "address": "address",
    "police_force_id": "police force",
    "head": "head",
}
_SAMPLE = (
    ("Sample Lane Primary School", "sample-lane", Phase.PRIMARY.word, "Sample Lane, Sampleton",
     "Thames Valley Police", "Jo Sample", "head@sample-lane.example"),
)  # fmt: skip


@dataclass(frozen=True)
class Line:
    """A line of the list, and the school that it asks for."""

    number: int
    new: NewSchool


@dataclass(frozen=True)
class SchoolList:
    lines: tuple[Line, ...]
    faults: tuple[Fault, ...]


class ListRefused(ValueError):
    """The list has faults, some perhaps since it was looked at; nothing of it was saved."""

    def __init__(self, found: SchoolList) -> None:
        super().__init__(f"{len(found.faults)} faults; nothing was saved.")
        self.found = found


def sample() -> bytes:
    """A list to fill in, as Excel opens it: with the mark that says UTF-8."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerows((tuple(LIST.columns), *_SAMPLE))
    return text.getvalue().encode("utf-8-sig")


def read_schools(session: ScopedSession, raw: bytes) -> SchoolList:
    """Read a list and hold it against the schools that are there. Saves nothing.

    Two queries, whatever its length. Every fault has its line and column, up to
    fifty of them. A line without a word for its addresses has the one by now that
    it would get.
    """
    return _read(raw, Taken.now(session), _forces(session))


def add_schools(session: ScopedSession, raw: bytes, *, by: Actor) -> list[School]:
    """Add every school of a list, or none of them. Raises ListRefused.

    The list is read again here: another school may have taken a name since the
    officer looked at it.
    """
    permit(by, Can.ADD_SCHOOL)
    session.take_turns("school")
    taken = Taken.now(session)
    there = set(taken.slugs)
    found = _read(raw, taken, _forces(session))
    if found.faults:
        raise ListRefused(found)
    return add_checked(session, [line.new for line in found.lines], there, by=by)


def _forces(session: ScopedSession) -> dict[str, str]:
    """The forces of today by their names and ids, as `key` compares them."""
    found = {}
    for force in police_forces(session):
        found[key(force.name)] = found[key(force.id)] = force.id
    return found


def _read(raw: bytes, taken: Taken, forces: Mapping[str, str]) -> SchoolList:
    lines: list[Line] = []
    faults: list[Fault] = []
    first: dict[str, int] = {}  # the line that has a name or a word first
    try:
        for cells in read_list(raw, LIST):
            if len(lines) >= MOST:
                many = f"A list can hold {MOST} schools. Put the rest into another list."
                return SchoolList((), (Fault(cells.number, "", many),))
            found = [*faults_of(cells, ("name", "phase")), *_formulas(cells)]
            if not found:
                new, found = _new(cells, forces)
                found += _against(new, cells.number, taken, first)
                slug = new.slug or free_slug(new.name, taken.slugs)
                _take(slug, new.name, cells.number, taken, first)
                lines.append(Line(cells.number, replace(new, slug=slug)))
            faults += found
            if len(faults) >= MOST_ERRORS:
                break
    except NotAList as no:
        return SchoolList((), no.faults)
    return SchoolList(tuple(lines), tuple(faults))


def _formulas(cells: Cells) -> list[Fault]:
    """A cell that a spreadsheet would run; this list may travel to other people's."""
    return [
        Fault(cells.number, column, f"This begins with {value[0]}, as a formula does. Take it out.")
        for column, value in cells.by_column.items()
        if value.startswith(FORMULA)
    ]


_PHASES = {key(text): phase for phase in Phase for text in (phase.word, phase.value)}


def _new(cells: Cells, forces: Mapping[str, str]) -> tuple[NewSchool, list[Fault]]:
    """The school that a line asks for, and what of it we do not know."""
    faults = []

    def fault(column: str, text: str) -> None:
        faults.append(Fault(cells.number, column, text))

    of = cells.by_column
    phase = _PHASES.get(key(of["phase"]))
    if phase is None:
        words = ", ".join(each.word for each in Phase)
        fault("phase", f"“{of['phase']}” is none of: {words}.")
    force, police = None, of.get("police force", "")
    if police and (force := forces.get(key(police))) is None:
        fault("police force", f"“{police}” is not on our list. Write its full name.")
    if "{" in of["name"] or "}" in of["name"]:
        fault("name", "Leave out the marks { and }. They have a meaning of their own.")
    name, email = of.get("head", ""), of.get("head email", "").lower()
    if bool(name) != bool(email):
        fault("head email" if name else "head", "Give both the head's name and email, or neither.")
    head = Head(name, email) if name and email else None
    slug, address = of.get("address word", ""), of.get("address", "")
    return NewSchool(of["name"], slug, phase, address, force, head), faults


def _against(new: NewSchool, number: int, taken: Taken, first: dict[str, int]) -> list[Fault]:
    """What stands against a line, in the lines before it and in the schools that are there."""
    faults = []
    for field, text in errors_of(new, taken).items():
        before = first.get(f"{field} {key(getattr(new, field, '') or '')}")
        if before:
            text = f"Line {before} has this already. Change one of them."
        faults.append(Fault(number, COLUMNS[field], text))
    return faults


def _take(slug: str, name: str, number: int, taken: Taken, first: dict[str, int]) -> None:
    """Keep a line's name and word from the lines after it."""
    first.setdefault(f"name {key(name)}", number)
    first.setdefault(f"slug {slug}", number)
    taken.names.add(key(name))
    taken.slugs.setdefault(slug, School(slug=slug, name=name))
