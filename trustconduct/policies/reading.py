"""A policy in a text file, read into a value that a page can show before it is saved.

Nothing is stored here. The officer sees what every line became, what was not
recognised and what is doubtful, and only then takes it as an edition. No line
of the source is lost: what we don't understand is kept, and shown.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources

from trustconduct.policies import facts as merge_fields
from trustconduct.policies.assemble import UNRECOGNISED, Assembled, Assembler
from trustconduct.policies.document import BEHAVIOUR, CITED, CONCERN, LADDER, NOTE, ONLINE, Document
from trustconduct.policies.found_facts import found_facts
from trustconduct.policies.header_block import NOT_APPLICABLE, Header, HeaderRead, read_header
from trustconduct.policies.matrix_table import read_table, tables
from trustconduct.policies.note_places import AnswerRefused, Question
from trustconduct.policies.section_parts import Split, Splitter
from trustconduct.policies.source_text import (
    LineRefused,
    PolicyUnreadable,
    SourceLine,
    refusal,
    source_lines,
)

__all__ = [
    "NOT_APPLICABLE",
    "AnswerRefused",
    "FactPlace",
    "Header",
    "Line",
    "PolicyUnreadable",
    "Question",
    "Reading",
    "read_policy",
    "template",
]


@dataclass(frozen=True)
class Line:
    """A line of the source and what it turned into: `behaviour.4`, `header.scope`, `title`."""

    number: int
    text: str
    became: str


@dataclass(frozen=True)
class FactPlace:
    """Where a merge field now stands, and how often. `line` is the first one of that clause."""

    fact: str
    where: str
    line: int
    count: int


@dataclass(frozen=True)
class Reading:
    """What a file says. `document` already follows each question's answer or suggestion."""

    header: Header
    document: Document
    facts: dict[str, str] = field(default_factory=dict)
    fact_places: tuple[FactPlace, ...] = ()
    questions: tuple[Question, ...] = ()
    lines: tuple[Line, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def unrecognised(self) -> tuple[Line, ...]:
        return tuple(line for line in self.lines if line.became.startswith(f"{UNRECOGNISED}."))

    @property
    def unanswered(self) -> tuple[Question, ...]:
        return tuple(question for question in self.questions if question.answer is None)

    @property
    def found(self) -> dict[str, int]:
        """How much of each part there is, for the page's first lines."""

        def items(id: str) -> int:
            section = self.document.section(id)
            return len(section.items) if section else 0

        matrix = self.document.matrix
        return {
            "sections": sum(section.id != UNRECOGNISED for section in self.document.sections),
            "behaviours": items(BEHAVIOUR),
            "online": items(ONLINE),
            "concern_steps": items(CONCERN),
            "ladder_actions": items(LADDER),
            "notes": items(NOTE),
            "routes": len(matrix.routes),
            "purposes": len(matrix.purposes),
            "ticks": len(matrix.ticks),
            "unrecognised": len(self.unrecognised),
        }

    def became(self) -> dict[str, str]:
        """The words behind each id that a line may have become, the school's facts in place."""
        filled = self.document.filled(self.facts)
        words = {"title": filled.title}
        for row in self.header.rows:
            words[f"header.{row.field}"] = f"{row.label} {row.value}".strip()
        words["header"] = " ".join(words.values())
        for section in filled.sections:
            words[section.id] = section.heading
            for clause in section.clauses:
                words[clause.id] = " ".join([clause.text, *clause.exceptions])
        matrix = filled.matrix
        purposes = [purpose.text for purpose in matrix.purposes]
        words["matrix"] = words["matrix.purposes"] = " ".join([matrix.corner, *purposes])
        for route in matrix.routes:
            ticks = ["✓" for purpose in matrix.purposes if matrix.serves(route, purpose)]
            words[f"matrix.route.{route.id}"] = " ".join([route.text, *ticks])
        return words


def read_policy(raw: bytes, *, filename: str, answers: Mapping[str, str] | None = None) -> Reading:
    """Read a policy out of a text file. Saves nothing.

    `answers` are (question's id, option's value), as the page sends them back.
    Raises PolicyUnreadable, one sentence with the file, the line and what to do,
    and AnswerRefused for an answer to a question that the text does not ask.
    """
    lines = source_lines(raw, filename=filename)
    try:
        head = read_header(lines)
        body = lines[head.taken :]
        found_tables = tables(body)
        split = Splitter(body, found_tables).run()
        at = split.matrix
        rows = body[at.first : at.end] if at else ()
        facts, rivals = found_facts(_texts(head, split, rows))
        table = read_table(rows, facts) if rows else None
        done = Assembler(facts, table, answers or {}).run(split, head.title)
    except LineRefused as refused:
        raise refusal(filename, str(refused), refused.number) from None
    document = done.document
    known = head.header.rows or any(document.section(id) for id in CITED)
    if not (known or done.prose_known or table):
        why = "it has none of the parts of a code of conduct for parents"
        raise refusal(filename, f"{why}, so choose the file that holds the policy")
    became = sorted([*head.became, *done.became], key=lambda pair: pair[0].number)
    return Reading(
        header=head.header,
        document=document,
        facts=facts,
        fact_places=_places(document, became),
        questions=tuple(question.filled(facts) for question in done.questions),
        lines=tuple(Line(line.number, line.text, where) for line, where in became),
        warnings=(*rivals, *_warnings(done, split, len([t for t in found_tables if t.ticked]))),
    )


def template() -> bytes:
    """The policy that the service ships with, for a Trust that brings none."""
    return resources.files("trustconduct.policies").joinpath("template.txt").read_bytes()


def _texts(head: HeaderRead, split: Split, rows: Sequence[SourceLine]) -> list[str]:
    texts = [head.title]
    for section in split.sections:
        texts += [section.heading, *(part.text for part in section.parts)]
    return texts + [row.text for row in rows]


def _places(document: Document, became: list[tuple[SourceLine, str]]) -> tuple[FactPlace, ...]:
    """Every field of the text, with the clause and the first line that it stands in."""
    first: dict[str, int] = {}
    for line, where in became:
        first.setdefault(where, line.number)
    texts = [("title", document.title)]
    for section in document.sections:
        texts.append((section.id, section.heading))
        for clause in section.clauses:
            texts.append((clause.id, " ".join([clause.text, *clause.exceptions])))
    texts += [("matrix.purposes", purpose.text) for purpose in document.matrix.purposes]
    texts += [(f"matrix.route.{route.id}", route.text) for route in document.matrix.routes]
    return tuple(
        FactPlace(name, where, first.get(where, 0), text.count(f"{{{name}}}"))
        for where, text in texts
        for name in sorted(merge_fields.names_in(text))
    )


# A telephone number or an email address: one school's own, more likely than not.
_OWN = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}\.[\w.-]{1,190}|\b0\d{2,5} ?\d{3,4} ?\d{3,4}\b")


def _warnings(done: Assembled, split: Split, ticked: int) -> list[str]:
    parts = {
        BEHAVIOUR: "what is not tolerated",
        ONLINE: "what is not right online",
        CONCERN: "the steps for a concern",
        LADDER: "what happens if the code is broken",
    }
    said = [
        f"We found no list of {what}, so no incident could cite one."
        for id, what in parts.items()
        if done.document.section(id) is None
    ]
    said += [
        f"“{found[0].strip()}” stands in the text, and would stand in every school’s."
        " If it is one school’s own, write {school.telephone} or {school.email} instead."
        for text in done.document.texts()
        for found in _OWN.finditer(text)
    ]
    if not done.document.title:
        said.append("The text has no title.")
    if not split.matrix:
        said.append("We found no contact matrix.")
    if ticked > 1:
        said.append("There is more than one table with ticks. Only the first is the matrix.")
    return said
