"""From lines to raw sections: a heading, its paragraphs and items, in order.

Nothing is named or judged here beyond where a section begins. A raw section
gets its id later, when all of its parts are known: a heading alone does not
make the list that incidents will cite.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from trustconduct.policies.document import CITED, NOTE
from trustconduct.policies.line_kinds import (
    Marker,
    continues,
    is_foreign,
    is_open_sentence,
    is_rule,
    list_topic,
    looks_like_heading,
    marked_heading,
    marker,
    note_line,
    prose_topic,
)
from trustconduct.policies.matrix_table import Table
from trustconduct.policies.source_text import SourceLine


@dataclass
class Part:
    """A paragraph or an item, and the lines that it was written in."""

    first: str  # the words of its first line, without a marker
    is_item: bool
    lines: list[SourceLine]
    number: int | None = None  # of a note

    @cached_property
    def text(self) -> str:
        """All of its words, once its last line is in."""
        return " ".join([self.first, *(line.text.strip() for line in self.lines[1:])])


@dataclass
class RawSection:
    heading: str = ""
    lines: list[SourceLine] = field(default_factory=list)  # its heading, and rules
    parts: list[Part] = field(default_factory=list)
    matrix_at: int | None = None  # how many parts stand before the matrix
    topic: str = ""  # where a lead-in opened it

    @property
    def items(self) -> list[Part]:
        return [part for part in self.parts if part.is_item]

    @property
    def is_empty(self) -> bool:
        return not (self.heading or self.parts or self.matrix_at is not None)

    @property
    def lead(self) -> str:
        """The words right before the first item, where they end in a colon."""
        before = ""
        for part in self.parts:
            if part.is_item:
                return before if before.rstrip("*_ ").endswith(":") else ""
            before = part.text
        return ""


@dataclass
class Split:
    sections: list[RawSection]
    unrecognised: list[SourceLine]
    matrix: Table | None = None  # the first table with ticks


class Splitter:
    """Walks over the lines once. Its state is the section and part that it is in."""

    def __init__(self, lines: Sequence[SourceLine], tables: Sequence[Table]) -> None:
        self.lines = lines
        self.tables = {table.first: table for table in tables}
        self.markers = [marker(line.text) for line in lines]
        self.siblings = _siblings(lines, self.markers)
        self.split = Split([RawSection()], [])
        self.notes: RawSection | None = None
        self.open: Part | None = None  # what the next line may go on with
        self.last_number = 0  # of the last numbered heading

    @property
    def current(self) -> RawSection:
        return self.split.sections[-1]

    def run(self) -> Split:
        place = 0
        while place < len(self.lines):
            if table := self.tables.get(place):
                self._take_table(table)
                place = table.end
            else:
                self._take_line(place)
                place += 1
        return self.split

    def _take_table(self, table: Table) -> None:
        self.open = None
        if table.ticked and self.split.matrix is None:
            self.split.matrix = table
            self.current.matrix_at = len(self.current.parts)
        else:
            self.split.unrecognised += self.lines[table.first : table.end]

    def _take_line(self, place: int) -> None:
        line = self.lines[place]
        found = self.markers[place]
        if is_rule(line.text):
            self.current.lines.append(line)
            self.open = None
        elif note := note_line(line.text):
            self._take_note(line, *note)
        elif is_foreign(line.text):
            self.split.unrecognised.append(line)
            self.open = None
        elif heading := self._heading(place, found):
            self._begin(heading, line)
        elif found:
            number = found.numbers[-1] if found.kind == "number" else None
            self._add(Part(found.rest, True, [line], number))
        elif self.open and not line.after_gap and continues(line.text, self.open.lines[-1].text):
            self.open.lines.append(line)
        elif self._opens_list(place):
            self._take_lead(line)
        else:
            self._take_paragraph(line)

    def _take_note(self, line: SourceLine, number: int, words: str) -> None:
        """A footnote goes to the notes, wherever it stands."""
        if list_topic(self.current.heading) == NOTE:
            self.notes = self.current
        if self.notes is None:
            self.notes = RawSection(topic=NOTE)
            self.split.sections.insert(len(self.split.sections) - 1, self.notes)
        self.open = Part(words, True, [line], number)
        self.notes.parts.append(self.open)

    def _heading(self, place: int, found: Marker | None) -> str | None:
        line = self.lines[place]
        if words := marked_heading(line.text):
            inner = marker(words)
            return inner.rest if inner and inner.kind == "number" else words
        after = self.lines[place + 1] if place + 1 < len(self.lines) else None
        if after is None:
            return None
        if found:
            return self._numbered_heading(place, found)
        if not looks_like_heading(line.text):
            return None
        if self.open and not line.after_gap and continues(line.text, self.open.lines[-1].text):
            return None
        words = line.text.strip()
        if is_rule(after.text) and not after.after_gap:
            return words
        return None if self._opens_list(place) else words.rstrip(":").rstrip()

    def _numbered_heading(self, place: int, found: Marker) -> str | None:
        """ "3. Social media" is a heading where it has no neighbours in a list."""
        if found.kind != "number" or not looks_like_heading(found.rest):
            return None
        before, after = self.siblings[place]
        next_heading = len(found.numbers) == 1 and found.numbers[0] == self.last_number + 1
        goes_on = next_heading and self.lines[place].after_gap and self.last_number > 0
        if after or (before and not goes_on):
            return None
        self.last_number = found.numbers[0]
        return found.rest.rstrip(":").rstrip()

    def _opens_list(self, place: int) -> bool:
        """Whether the line ends in a colon and a list comes next."""
        if not self.lines[place].text.rstrip().rstrip("*_").endswith(":"):
            return False
        after = place + 1
        if after >= len(self.lines) or after in self.tables:
            return False
        return self.markers[after] is not None or note_line(self.lines[after].text) is not None

    def _take_lead(self, line: SourceLine) -> None:
        """A lead-in opens a section of its own if it speaks of another list than the heading."""
        text = line.text.strip()
        topic = list_topic(text)
        here = self.current.topic or list_topic(self.current.heading)
        fresh = not self.current.parts and here not in CITED and self.current.heading
        if topic and topic != here and not fresh:
            if looks_like_heading(text) and not is_open_sentence(text):
                self._begin(text.rstrip(":").strip("*_ "), line)
            else:
                self.split.sections.append(RawSection())
                self._add(Part(text, False, [line]))
            self.current.topic = topic
        else:
            self._add(Part(text, False, [line]))
            if topic and not here:
                self.current.topic = topic
        self.open = None

    def _take_paragraph(self, line: SourceLine) -> None:
        text = line.text.strip()
        topic = prose_topic(self.current.heading)
        if topic in ("complaints", "safeguarding") or self.current.topic == "safeguarding":
            mine = _closing_topic(text)
            if mine and mine not in (topic, self.current.topic):
                self.split.sections.append(RawSection(topic=mine))
        self._add(Part(text, False, [line]))

    def _begin(self, heading: str, line: SourceLine) -> None:
        self.split.sections.append(RawSection(heading, [line]))
        self.open = None

    def _add(self, part: Part) -> None:
        self.current.parts.append(part)
        self.open = part


def _closing_topic(text: str) -> str:
    """A last paragraph often changes the subject without a heading."""
    words = text.lower()
    if words.startswith(("we thank", "thank you", "many thanks")):
        return "thanks"
    return "safeguarding" if "safeguard" in words and "complain" not in words else ""


def _siblings(
    lines: Sequence[SourceLine], markers: Sequence[Marker | None]
) -> list[tuple[bool, bool]]:
    """For each line, whether the number before it, and the one after it, stand beside it.

    A wrapped item has lines without a marker between; eight are looked over.
    """
    before = [False] * len(lines)
    after = [False] * len(lines)
    for place, found in enumerate(markers):
        if found is None or found.kind != "number":
            continue
        for other in range(place + 1, min(place + 9, len(lines))):
            next_marker = markers[other]
            if next_marker and next_marker.follows(found):
                after[place] = before[other] = True
            if next_marker or lines[other].after_gap:
                break
    return list(zip(before, after, strict=True))
