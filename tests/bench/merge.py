"""`merge`: a new edition of 200 clauses taken up by 300 schools, one after another.

The floor is difflib on the same text, line by line: the least that must be
compared to know what either side changed. It knows nothing of ids, moves,
locks or decisions, and makes no document.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from difflib import SequenceMatcher

from trustconduct.policies.clause_ids import own_clause_id
from trustconduct.policies.decisions import Choice, decide
from trustconduct.policies.document import Clause, Document, Form, Section, TextStanding
from trustconduct.policies.merge import merged
from trustconduct.policies.merge_plan import plan

SCHOOLS, SECTIONS, CLAUSES, RUNS = 300, 10, 20, 5
TEXT = "Parents and carers of {{school.name}} agree that rule {} of part {} holds on our site."


def a_policy() -> Document:
    return Document(
        "Our code",
        tuple(
            Section(
                f"part-{part}",
                f"Part {part}",
                tuple(
                    Clause(f"part-{part}.{n}", TEXT.format(n, part), Form.ITEM, ("guide dogs",))
                    for n in range(1, CLAUSES + 1)
                ),
                TextStanding.LOCKED if part % 5 == 0 else TextStanding.ADAPTABLE,
            )
            for part in range(SECTIONS)
        ),
    )


def a_new_edition(base: Document) -> Document:
    """Every tenth clause reworded, one moved, one removed and one new in each section."""

    def changed(section: Section) -> Section:
        first, *rest = (
            replace(clause, text=f"{clause.text} This is new.") if place % 10 == 3 else clause
            for place, clause in enumerate(section.clauses)
        )
        new = Clause(f"{section.id}.{CLAUSES + 1}", "A rule that was not there.", Form.ITEM)
        return replace(section, clauses=(*rest[:-1], first, new))

    return replace(base, sections=tuple(map(changed, base.sections)))


def a_schools_text(base: Document, school: int) -> Document:
    """Two clauses reworded in each section that a school may change, and one of its own."""

    def changed(section: Section) -> Section:
        if section.standing is TextStanding.LOCKED:
            return section
        at = {school % CLAUSES, (school + 7) % CLAUSES}
        clauses = [
            replace(clause, text=f"{clause.text} School {school} says more.")
            if place in at
            else clause
            for place, clause in enumerate(section.clauses)
        ]
        own = Clause(own_clause_id(section.id, ()), f"A rule of school {school}.", Form.ITEM)
        clauses.insert(school % CLAUSES, own)
        return replace(section, clauses=tuple(clauses))

    return replace(base, sections=tuple(map(changed, base.sections)))


def lines(document: Document) -> list[str]:
    return [" ".join((clause.text, *clause.exceptions)) for clause in document.clauses()]


def merge(in_turns: Callable, report: Callable) -> None:
    base = a_policy()
    theirs = a_new_edition(base)
    texts = [a_schools_text(base, school) for school in range(SCHOOLS)]
    decisions = [
        [decide(each, Choice.OURS, reason="Ours.") for each in plan(base, text, theirs).conflicts]
        for text in texts
    ]
    # As they come from their rows, one at a time: no two texts share a clause.
    rows = [json.dumps(text.to_json()) for text in texts]
    old, new = lines(base), lines(theirs)
    del texts

    def by_us(run: int) -> float:
        took = 0.0
        for row, decided in zip(rows, decisions, strict=True):
            ours = Document.from_json(json.loads(row))
            start = time.perf_counter()
            merged(base, ours, theirs, decided)
            took += time.perf_counter() - start
        return SCHOOLS / took

    def by_difflib(run: int) -> float:
        took = 0.0
        for row in rows:
            ours = lines(Document.from_json(json.loads(row)))
            start = time.perf_counter()
            SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
            SequenceMatcher(None, old, ours, autojunk=False).get_opcodes()
            took += time.perf_counter() - start
        return SCHOOLS / took

    report("merge", *in_turns(by_us, by_difflib), "schools/s", SCHOOLS)
