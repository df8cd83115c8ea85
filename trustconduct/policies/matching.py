"""A document that is brought in again: which of its clauses are the ones that exist already.

Incidents and letters cite a clause by its id, so a clause that somebody reworded in
Word must come back under the id that it has, and new words under one that nobody had.
Ids in a text file are only a count from the top. So clauses are matched by their
words: the same ones first, then those most alike, within their section before others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from trustconduct.policies.clause_ids import clause_id
from trustconduct.policies.document import NOTE, Clause, Document, Section

# How alike the words of two clauses are where they count as one, reworded.
ALIKE_AT_HOME = 0.5
ALIKE_ELSEWHERE = 0.7
# Below this share of common words two texts are not compared any closer.
COMMON = 0.3


@dataclass(frozen=True)
class Matched:
    """The document under the ids of the one before it. `ids`: each id as it was read, as it is."""

    document: Document
    ids: dict[str, str]


def matched(base: Document, read: Document, used: Iterable[str] = ()) -> Matched:
    """Give the document's sections and clauses the ids that they have in `base`.

    `used` is every id that ever stood in an edition: what is new gets another. Who may
    change a clause, and whether a step may rest on it, stay as the Trust marked them.
    """
    return _Matching(base, read, {*used, *_all_ids(base)}).run()


class _Matching:
    def __init__(self, base: Document, read: Document, used: set[str]) -> None:
        self._base, self._read, self._used = base, read, used
        self._sections: dict[str, str] = {}  # as read, as in base
        self._clauses: dict[str, str] = {}
        self._taken: set[str] = set()

    def run(self) -> Matched:
        self._match_sections()
        self._match_clauses()
        ids = {**self._sections, **self._clauses}
        for section in self._read.sections:
            ids.setdefault(section.id, self._fresh_section(section.id))
        for section in self._read.sections:
            for clause in section.clauses:
                if clause.id not in ids:
                    ids[clause.id] = self._fresh_clause(clause, ids[section.id])
        sections = tuple(self._section(section, ids) for section in self._read.sections)
        return Matched(replace(self._read, sections=sections, facts=self._base.facts), ids)

    def _match_sections(self) -> None:
        """By the id that its topic gives it, by its heading, or by a heading much like it."""

        def pair(alike: Callable[[Section, Section], bool]) -> None:
            for read in self._read.sections:
                for base in self._base.sections:
                    if read.id in self._sections or base.id in self._sections.values():
                        continue
                    if alike(read, base):
                        self._sections[read.id] = base.id

        pair(lambda read, base: bool(read.heading) and _same(read.heading, base.heading))
        pair(lambda read, base: read.id == base.id)
        pair(lambda read, base: bool(read.heading) and _alike(read.heading, base.heading) >= 0.8)

    def _match_clauses(self) -> None:
        homes = {c.id: self._sections.get(s.id, "") for s in self._read.sections for c in s.clauses}
        base_homes = self._base.homes

        def at_home(read: Clause, base: Clause) -> bool:
            return homes[read.id] == base_homes[base.id]

        same: list[tuple[Clause, Clause]] = []
        near: list[tuple[float, int, Clause, Clause]] = []
        for place, read in enumerate(self._read.clauses()):
            for base in self._base.clauses():
                if bool(read.about) != bool(base.about):
                    continue  # a note is no step
                if _same(_words(read), _words(base)):
                    same.append((read, base))
                    continue
                wanted = ALIKE_AT_HOME if at_home(read, base) else ALIKE_ELSEWHERE
                if (alike := _alike(_words(read), _words(base))) >= wanted:
                    near.append((-alike, place, read, base))
        for read, base in sorted(same, key=lambda pair: not at_home(*pair)):
            self._take(read, base)
        near.sort(key=lambda one: (not at_home(one[2], one[3]), one[0], one[1]))
        for _, _, read, base in near:
            self._take(read, base)

    def _take(self, read: Clause, base: Clause) -> None:
        if read.id not in self._clauses and base.id not in self._taken:
            self._clauses[read.id] = base.id
            self._taken.add(base.id)

    def _fresh_section(self, id: str) -> str:
        number, made = 1, id
        while made in self._used or made in self._sections.values():
            number += 1
            made = f"{id}-{number}"
        self._used.add(made)
        return made

    def _fresh_clause(self, clause: Clause, section: str) -> str:
        if clause.about:
            made = f"{NOTE}.{_next_number(f'{NOTE}.', self._used)}"
        else:
            made = clause_id(section, clause.form, self._used)
        self._used.add(made)
        return made

    def _section(self, section: Section, ids: dict[str, str]) -> Section:
        before = self._base.section(ids[section.id])
        clauses = tuple(self._clause(clause, ids) for clause in section.clauses)
        standing = before.standing if before else section.standing
        return Section(ids[section.id], section.heading, clauses, standing)

    def _clause(self, clause: Clause, ids: dict[str, str]) -> Clause:
        before = self._base.clause(ids[clause.id])
        marks = before or clause
        return replace(
            clause,
            id=ids[clause.id],
            about=ids.get(clause.about, clause.about),
            standing=marks.standing,
            flagged=marks.flagged,
            flagged_because=marks.flagged_because,
        )


def _all_ids(document: Document) -> set[str]:
    return {section.id for section in document.sections} | set(document.homes)


def _words(clause: Clause) -> str:
    return " ".join((clause.text, *clause.exceptions))


def _same(one: str, other: str) -> bool:
    return one.casefold().split() == other.casefold().split()


def _alike(one: str, other: str) -> float:
    """How much of two texts is common, 0 to 1: by words, in their order."""
    a, b = one.casefold().split(), other.casefold().split()
    if not a or not b:
        return 0.0
    common = sum((Counter(a) & Counter(b)).values())
    if 2 * common < COMMON * (len(a) + len(b)):
        return 0.0
    return SequenceMatcher(None, a, b, autojunk=False).ratio()


def _next_number(stem: str, used: set[str]) -> int:
    ends = (id.removeprefix(stem) for id in used if id.startswith(stem))
    return max((int(end) for end in ends if end.isdigit()), default=0) + 1
