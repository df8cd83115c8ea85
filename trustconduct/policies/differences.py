"""What changed between two documents, section by section and clause by clause.

Any two will do: two editions, two versions of a school, a school's text and the
Trust's. Clauses are matched by their ids, never by their words, so a clause that
was moved and reworded is still that clause. Each id stands in the result once.

The contact matrix is left aside, since it is versioned alone.
`wording.differences_html` shows the result.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

from trustconduct.policies.clause_order import unmoved, woven
from trustconduct.policies.document import Clause, Document, Section
from trustconduct.policies.word_runs import Run, Words, compared


class Change(StrEnum):
    """What became of the words, wherever they stand now."""

    UNCHANGED = "unchanged"
    REWORDED = "reworded"
    ADDED = "added"
    REMOVED = "removed"


@dataclass(frozen=True)
class TextChange:
    """A title, a heading, a clause's words or one exception, by runs of words."""

    change: Change
    runs: tuple[Words, ...]


@dataclass(frozen=True)
class ClauseChange:
    """What became of one clause. `before` is None for an added one, `after` for a removed one.

    A clause is reworded where its words or its exceptions are others. `moved` says
    that its place is another, within its section or, where `came_from` names the
    section it left, between two. `marks` are in words: who may change it, how it
    stands on the page, what a note belongs to.
    """

    id: str
    change: Change
    moved: bool
    text: TextChange
    exceptions: tuple[TextChange, ...]
    before: Clause | None
    after: Clause | None
    came_from: str = ""
    marks: tuple[str, ...] = ()

    @property
    def is_changed(self) -> bool:
        return self.change is not Change.UNCHANGED or self.moved or bool(self.marks)


@dataclass(frozen=True)
class SectionChange:
    """What became of one section: it is reworded where its heading is another.

    A removed clause is listed where it stood; a clause that left for another
    section is listed there alone.
    """

    id: str
    change: Change
    moved: bool
    heading: TextChange
    clauses: tuple[ClauseChange, ...]
    before: Section | None
    after: Section | None
    marks: tuple[str, ...] = ()

    @property
    def is_changed(self) -> bool:
        """Whether the section itself, or any of its clauses, is another."""
        return self.is_changed_itself or any(clause.is_changed for clause in self.clauses)

    @property
    def is_changed_itself(self) -> bool:
        return self.change is not Change.UNCHANGED or self.moved or bool(self.marks)

    @property
    def unchanged(self) -> int:
        """How many of its clauses are as they were."""
        return sum(not clause.is_changed for clause in self.clauses)


@dataclass(frozen=True)
class Differences:
    """All that differs between two documents, in the order of the later one."""

    title: TextChange
    sections: tuple[SectionChange, ...]

    @property
    def is_empty(self) -> bool:
        """Whether the two say the same, in the same order, with the same marks."""
        return self.title.change is Change.UNCHANGED and not any(
            section.is_changed for section in self.sections
        )

    def clauses(self) -> Iterator[ClauseChange]:
        for section in self.sections:
            yield from section.clauses

    def heading(self, id: str) -> str:
        """A section's heading, today's if it has one; its id where it is blank."""
        for section in self.sections:
            if section.id == id:
                there = section.after or section.before
                return (there.heading if there else "") or id
        return id

    @property
    def counts(self) -> dict[str, int]:
        """How many clauses and sections of each kind; each clause counts once.

        Turned round, added and removed change places and all others stay.
        """
        clauses = list(self.clauses())
        reworded = [each for each in clauses if each.change is Change.REWORDED]
        same = [each for each in clauses if each.change is Change.UNCHANGED]
        sections = self.sections
        return {
            "reworded": sum(not each.moved for each in reworded),
            "added": sum(each.change is Change.ADDED for each in clauses),
            "removed": sum(each.change is Change.REMOVED for each in clauses),
            "moved": sum(each.moved for each in same),
            "moved_and_reworded": sum(each.moved for each in reworded),
            "marked": sum(bool(each.marks) and not each.moved for each in same),
            "sections_added": sum(each.change is Change.ADDED for each in sections),
            "sections_removed": sum(each.change is Change.REMOVED for each in sections),
            "sections_moved": sum(each.moved for each in sections),
            "headings": sum(each.change is Change.REWORDED for each in sections),
            "sections_marked": sum(bool(each.marks) for each in sections),
            "title": int(self.title.change is not Change.UNCHANGED),
        }

    @property
    def summary(self) -> str:
        """The counts in words: "2 clauses reworded, 1 new, 1 moved." """
        counts = self.counts
        said = [
            _listed(counts, "clause", _CLAUSES),
            _listed(counts, "section", _SECTIONS),
            "The title is another." if counts["title"] else "",
        ]
        return " ".join(part for part in said if part) or "Nothing changed."


_CLAUSES = {
    "reworded": "reworded",
    "added": "new",
    "removed": "removed",
    "moved": "moved",
    "moved_and_reworded": "moved and reworded",
    "marked": "marked differently",
}
_SECTIONS = {
    "sections_added": "new",
    "sections_removed": "removed",
    "sections_moved": "moved",
    "headings": "with another heading",
    "sections_marked": "marked differently",
}


def _listed(counts: dict[str, int], noun: str, words: dict[str, str]) -> str:
    parts = [(counts[kind], word) for kind, word in words.items() if counts[kind]]
    if not parts:
        return ""
    (first, word), *more = parts
    noun = noun if first == 1 else f"{noun}s"
    return ", ".join([f"{first} {noun} {word}", *(f"{n} {word}" for n, word in more)]) + "."


def differences(before: Document, after: Document) -> Differences:
    """What changed from one document to another."""
    there, here = tuple(before.sections_by_id), tuple(after.sections_by_id)
    kept = unmoved(there, here)
    return Differences(
        title=_text(before.title, after.title),
        sections=tuple(_section(id, before, after, kept) for id in woven(here, there)),
    )


def _section(id: str, old: Document, new: Document, kept: frozenset[str]) -> SectionChange:
    was, now = old.section(id), new.section(id)
    before, here = was.clause_ids if was else (), now.clause_ids if now else ()
    # What left for another section is listed there.
    order = woven(here, [each for each in before if not new.clause(each) or each in here])
    still = unmoved(before, here)
    heading = _text(was.heading if was else None, now.heading if now else None)
    marks = []
    if was and now and was.standing is not now.standing:
        marks.append(f"was {was.standing.value}, now {now.standing.value}")
    return SectionChange(
        id=id,
        change=heading.change,
        moved=bool(was and now) and id not in kept,
        heading=heading,
        clauses=tuple(_clause(each, old, new, still) for each in order),
        before=was,
        after=now,
        marks=tuple(marks),
    )


def _clause(id: str, old: Document, new: Document, still: frozenset[str]) -> ClauseChange:
    was, now = old.clause(id), new.clause(id)
    text = _text(was.text if was else None, now.text if now else None)
    exceptions = _exceptions(was.exceptions if was else (), now.exceptions if now else ())
    change = text.change
    if change is Change.UNCHANGED and any(each.change is not change for each in exceptions):
        change = Change.REWORDED
    left = old.homes.get(id, "")
    both = was is not None and now is not None
    return ClauseChange(
        id=id,
        change=change,
        moved=both and id not in still,
        text=text,
        exceptions=exceptions,
        before=was,
        after=now,
        came_from=left if both and left != new.homes[id] else "",
        marks=_marks(was, now) if was and now else (),
    )


def _text(old: str | None, new: str | None) -> TextChange:
    if old is None:
        return TextChange(Change.ADDED, compared("", new or ""))
    if new is None:
        return TextChange(Change.REMOVED, compared(old, ""))
    if old == new:
        return TextChange(Change.UNCHANGED, (Words(Run.KEPT, (old,)),) if old else ())
    return TextChange(Change.REWORDED, compared(old, new))


def _exceptions(old: Sequence[str], new: Sequence[str]) -> tuple[TextChange, ...]:
    """Exceptions have no ids: the same words are the same one; others are paired in order."""
    if old == new:
        return tuple(_text(each, each) for each in new)
    found = []
    for _, a, a_end, b, b_end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        was: list[str | None] = [*old[a:a_end]]
        now: list[str | None] = [*new[b:b_end]]
        longest = max(len(was), len(now))
        was += [None] * (longest - len(was))
        now += [None] * (longest - len(now))
        found += [_text(one, other) for one, other in zip(was, now, strict=True)]
    return tuple(found)


def _marks(was: Clause, now: Clause) -> tuple[str, ...]:
    marks = []
    if was.form is not now.form:
        marks.append(f"was {_FORMS[was.form]}, now {_FORMS[now.form]}")
    if was.about != now.about:
        marks.append(f"belonged to {was.about or 'nothing'}, now to {now.about or 'nothing'}")
    if was.standing is not now.standing:
        old = was.standing.value if was.standing else "as its section"
        new = now.standing.value if now.standing else "as its section"
        marks.append(f"was {old}, now {new}")
    if was.flagged is not now.flagged:
        marks.append("now flagged" if now.flagged else "no longer flagged")
    return tuple(marks)


_FORMS = {"paragraph": "a paragraph", "item": "a point of a list"}
