"""From raw sections to a document: ids, clauses with their exceptions, notes, fields."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from trustconduct.contact_matrix.matrix import Matrix, slug
from trustconduct.policies import facts as merge_fields
from trustconduct.policies.document import (
    CITED,
    LADDER,
    NOTE,
    Clause,
    Document,
    Form,
    Section,
)
from trustconduct.policies.found_facts import with_fields
from trustconduct.policies.line_kinds import list_topic, prose_topic
from trustconduct.policies.matrix_table import TableRead
from trustconduct.policies.note_places import Mark, Question, placed, without_marks
from trustconduct.policies.section_parts import Part, RawSection, Split
from trustconduct.policies.source_text import LineRefused, SourceLine

UNRECOGNISED = "unrecognised"
MOST_NOTES = 100
KEPT = "Kept as it stands"
TAKEN = frozenset([*CITED, "title", "header", "matrix", UNRECOGNISED])


@dataclass
class Assembled:
    document: Document = field(default_factory=lambda: Document(""))
    questions: tuple[Question, ...] = ()
    became: list[tuple[SourceLine, str]] = field(default_factory=list)
    prose_known: bool = False  # whether a heading named a subject of such policies


class Assembler:
    def __init__(
        self, facts: Mapping[str, str], table: TableRead | None, answers: Mapping[str, str]
    ) -> None:
        self.facts = facts
        self.table = table
        self.answers = answers
        self.done = Assembled()
        self.marks: list[Mark] = []
        self.again: Counter[str] = Counter()  # how often a section's id was wanted again
        self.numbers: dict[int, str] = {}  # a note's number in the text, and its id

    def run(self, split: Split, title: str) -> Assembled:
        """The document. Raises LineRefused for a field that is not on our list."""
        raws = [raw for raw in split.sections if not raw.is_empty]
        for raw in split.sections:
            if raw.is_empty:
                self.done.became += [(line, "header") for line in raw.lines]
        ids = self._ids(raws)
        for raw, id in zip(raws, ids, strict=True):
            if id == NOTE:
                self._number_notes(raw)
        sections = [self._section(raw, id) for raw, id in zip(raws, ids, strict=True)]
        sections = self._place_notes(sections)
        if split.unrecognised:
            sections.append(self._kept(split.unrecognised))
        first = self.done.became[0][0] if self.done.became else None
        self.done.document = Document(
            self._safe(title, first), tuple(sections), self._matrix() or Matrix()
        )
        return self.done

    def _ids(self, raws: Sequence[RawSection]) -> list[str]:
        """One id a section. The first list on a subject has the id that incidents cite."""
        used: set[str] = set()
        ids = []
        for place, raw in enumerate(raws):
            topic = _topic(raw)
            fresh = topic and topic not in used
            id = topic if fresh else self._prose_id(raw, place, used)
            used.add(id)
            ids.append(id)
        return ids

    def _prose_id(self, raw: RawSection, place: int, used: set[str]) -> str:
        known = raw.topic if raw.topic not in CITED else ""
        known = known or prose_topic(raw.heading)
        self.done.prose_known |= bool(known)
        if raw.matrix_at is not None:
            known = "contact"
        if not known and place == 0 and not raw.heading:
            known = "welcome"
        bare = merge_fields.FIELD.sub("", with_fields(raw.heading, self.facts))
        base = id = known or slug(bare) or f"part-{place + 1}"
        if base in TAKEN:
            base = id = f"about-{base}"
        while id in used or id in TAKEN:
            self.again[base] += 1
            id = f"{base}-{self.again[base] + 1}"
        return id

    def _number_notes(self, raw: RawSection) -> None:
        for place, part in enumerate(raw.items, start=1):
            if place > MOST_NOTES:
                why = f"the policy has more than {MOST_NOTES} notes, so make clauses of them"
                raise LineRefused(part.lines[0].number, why)
            self.numbers.setdefault(part.number or place, f"{NOTE}.{place}")

    def _section(self, raw: RawSection, id: str) -> Section:
        heading, found = without_marks(raw.heading, self.numbers)
        self.marks += [Mark(number, id, heading) for number in found]
        self.done.became += [(line, id) for line in raw.lines]
        first = raw.lines[0] if raw.lines else None
        clauses: list[Clause] = []
        items = paragraphs = 0
        for part in raw.parts:
            if part.is_item:
                items += 1
                clauses.append(self._clause(part, f"{id}.{items}", id))
            else:
                paragraphs += 1
                clauses.append(self._clause(part, f"{id}.p{paragraphs}", id))
        return Section(id, self._safe(heading, first), tuple(clauses))

    def _clause(self, part: Part, id: str, section: str) -> Clause:
        text = part.text
        exceptions: tuple[str, ...] = ()
        if section != NOTE:
            text, found = without_marks(text, self.numbers)
            # A mark at the lead-in of the steps is a mark at all of them.
            where = section if not part.is_item and section == LADDER else id
            self.marks += [Mark(number, where, text) for number in found]
        if part.is_item:
            text, exceptions = with_exceptions(text)
        line = part.lines[0]
        self.done.became += [(each, id) for each in part.lines]
        return Clause(
            id,
            self._safe(text, line),
            Form.ITEM if part.is_item else Form.PARAGRAPH,
            tuple(self._safe(each, line) for each in exceptions),
        )

    def _place_notes(self, sections: list[Section]) -> list[Section]:
        ladder = next((section for section in sections if section.id == LADDER), None)
        notes = next((section for section in sections if section.id == NOTE), None)
        items, self.done.questions = placed(
            notes.items if notes else (), self.numbers, self.marks, ladder, self.answers
        )
        by_id = {clause.id: clause for clause in items}
        return [
            replace(each, clauses=tuple(by_id.get(clause.id, clause) for clause in each.clauses))
            if each.id == NOTE
            else each
            for each in sections
        ]

    def _kept(self, lines: Sequence[SourceLine]) -> Section:
        clauses = []
        for place, line in enumerate(lines, start=1):
            id = f"{UNRECOGNISED}.{place}"
            clauses.append(Clause(id, self._safe(line.text.strip(), line)))
            self.done.became.append((line, id))
        return Section(UNRECOGNISED, KEPT, tuple(clauses))

    def _matrix(self) -> Matrix | None:
        if self.table is None:
            return None
        self.done.became += self.table.became
        matrix = self.table.matrix
        line = self.table.became[0][0]
        return matrix.reworded(lambda text: self._safe(text, line))

    def _safe(self, text: str, line: SourceLine | None) -> str:
        """The text with its fields in place. Other braces are refused, by their line.

        A text could not be published with them, and dropping them would change it.
        """
        filled = with_fields(" ".join(text.split()), self.facts)
        unknown = sorted(merge_fields.names_in(filled) - merge_fields.FACTS.keys())
        if unknown:
            why = f"“{{{unknown[0][:60]}}}” is not a fact that we know"
            why += ", so write it without braces or use one of ours, such as {school.name}"
            raise LineRefused(line.number if line else 1, why)
        return filled


def with_exceptions(text: str) -> tuple[str, tuple[str, ...]]:
    """An item's words, and what its brackets at the end allow after all."""
    exceptions: list[str] = []
    while True:
        bare = text.rstrip().removesuffix(".").rstrip()
        opened = bare.rfind("(")
        inner = bare[opened + 1 : -1].strip()
        before = text[:opened].rstrip() if opened > 0 else ""
        if not (bare.endswith(")") and before and ")" not in inner and _EXCEPT.search(inner)):
            return text, tuple(exceptions)
        if text.rstrip().endswith(").") and before[-1:] not in ".?!":
            before += "."
        exceptions.insert(0, inner)
        text = before


def _topic(raw: RawSection) -> str:
    """The cited list that this section holds, or "" where it holds no list."""
    if not raw.items:
        return ""
    if raw.topic in CITED:
        return raw.topic
    lead = raw.lead
    return list_topic(lead) or list_topic(f"{raw.heading} {lead}")


_EXCEPT = re.compile(
    r"\b(?:other than|except\w*|unless|apart from|exclud\w+|does not|do not|may only|only (?:at|be|"
    r"during|if|when|with)|allowed|permitted|authori[sz]ed|welcome|(?:guide|assistance) dogs?)\b",
    re.I,
)
