"""Three texts side by side: what comes by itself, what stays, what is to be decided.

`base` is the edition that the school adopted, `ours` the school's own text,
`theirs` the Trust's new edition; all three with their merge fields, before a
school's facts are put in. `plan` looks at each section and clause by its id and
says what becomes of it. It decides nothing that people must decide; `merge.py`
makes the document once they have.

TextStanding rules, always the new edition's: a **locked** section has the Trust's
heading and the Trust's clauses in the Trust's order, a locked clause the Trust's
words. In a **local** one the school's words stand where both changed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from itertools import chain
from typing import NamedTuple

from trustconduct.policies.clause_ids import check_edition, is_own
from trustconduct.policies.clause_order import moved
from trustconduct.policies.document import Document, TextStanding


class Outcome(StrEnum):
    """What becomes of the words of a section's heading or of a clause."""

    UNCHANGED = "unchanged"  # all three say the same
    TAKEN = "taken"  # only the Trust changed, added or removed it: done by itself
    KEPT = "kept"  # only the school did, or the words are the school's to write
    SAME = "same"  # both did the same
    CONFLICT = "conflict"  # both did, differently: people decide
    LOCKED = "locked"  # the school did, but the words are the Trust's, and the Trust's stand


class Part(StrEnum):
    TITLE = "title"
    SECTION = "section"
    CLAUSE = "clause"


TITLE = "title"


class Said(NamedTuple):
    """The words of one side: a heading or title, or a clause with its exceptions."""

    text: str
    exceptions: tuple[str, ...] = ()


class Item(NamedTuple):
    """One section or clause in the plan. A side that does not have it is None.

    `section` is where a clause stands if it stands at all. `section_gone` says
    why there is a conflict where only one side wrote anything: the other removed
    the section around it. Moves are never a conflict: where both moved a clause,
    it stands where the Trust has it.
    """

    id: str
    part: Part
    outcome: Outcome
    base: Said | None
    ours: Said | None
    theirs: Said | None
    section: str = ""
    is_locked: bool = False
    section_gone: bool = False
    moved_by_school: bool = False
    moved_by_trust: bool = False

    @property
    def may_be_decided(self) -> bool:
        """Conflicts must be, and what came or stayed by itself may be turned round."""
        return not self.is_locked and self.outcome in (
            Outcome.CONFLICT,
            Outcome.TAKEN,
            Outcome.KEPT,
        )

    @property
    def by_itself(self) -> Said | None:
        """The words that stand without a decision; None where it goes. No conflict has any."""
        if self.outcome is Outcome.CONFLICT:
            raise ValueError(f"“{self.id}” is not decided yet.")
        return self.ours if self.outcome is Outcome.KEPT else self.theirs


class MergeRefused(ValueError):
    """The three texts can't be merged; the message says which and why."""


@dataclass(frozen=True)
class Plan:
    """What becomes of every id that any of the three texts has, each listed once.

    In the Trust's order, then what only the school has, then what neither has any more.
    """

    items: tuple[Item, ...]
    base: Side
    ours: Side
    theirs: Side
    moved_here: frozenset[str] = frozenset()  # by the school, and not by the Trust

    @property
    def conflicts(self) -> tuple[Item, ...]:
        """What people must decide before the text is whole."""
        return tuple(item for item in self.items if item.outcome is Outcome.CONFLICT)

    @cached_property
    def by_id(self) -> dict[str, Item]:
        return {item.id: item for item in self.items}


class Side:
    """One of the three texts, by ids. An unknown one is empty, and `is_known` says so."""

    def __init__(self, document: Document | None) -> None:
        self.is_known = document is not None
        self.document = document or Document("")
        self.sections = self.document.sections_by_id
        self.clauses = self.document.clauses_by_id
        self.home = self.document.homes

    def has(self, id: str) -> bool:
        return id in self.clauses or id in self.sections

    def heading(self, id: str) -> Said | None:
        section = self.sections.get(id)
        return Said(section.heading) if section else None

    def said(self, id: str) -> Said | None:
        clause = self.clauses.get(id)
        return Said(clause.text, clause.exceptions) if clause else None


def plan(base: Document | None, ours: Document, theirs: Document) -> Plan:
    """What becomes of each section and clause when a school takes up a new edition.

    `base` is None where the edition that the school adopted is not known or must
    not be relied on. Then all that differs is a conflict, and so is what stands
    on one side only: nobody can tell whether it was added or removed.

    Raises DocumentRefused where an edition holds an id that only schools give, and
    MergeRefused where an id names a section in one text and a clause in another.
    """
    for edition in (base, theirs):
        if edition is not None:
            check_edition(edition)
    return _Planner(Side(base), Side(ours), Side(theirs)).run()


class _Planner:
    def __init__(self, base: Side, ours: Side, theirs: Side) -> None:
        self.base, self.ours, self.theirs = base, ours, theirs
        self.sides = (base, ours, theirs)
        self.moved_by_school = _moved(base, ours)
        self.moved_by_trust = _moved(base, theirs)

    def run(self) -> Plan:
        items = [self._title()]
        items += [self._section(id) for id in self._ids("sections")]
        items += [self._clause(id) for id in self._ids("clauses")]
        seen: set[str] = set()
        for item in items:
            if item.id in seen:
                raise MergeRefused(
                    f"“{item.id}” is a section in one text and a clause in another,"
                    " so the two can't be put together."
                )
            seen.add(item.id)
        moved_here = frozenset(self.moved_by_school - self.moved_by_trust)
        return Plan(tuple(items), *self.sides, moved_here)

    def _ids(self, kind: str) -> Iterable[str]:
        known = [getattr(side, kind) for side in (self.theirs, self.ours, self.base)]
        return dict.fromkeys(chain.from_iterable(known))

    def _title(self) -> Item:
        base, ours, theirs = (
            Said(side.document.title) if side.is_known else None for side in self.sides
        )
        outcome = _outcome(base, ours, theirs, TextStanding.LOCKED)
        return Item(TITLE, Part.TITLE, outcome, base, ours, theirs, is_locked=True)

    def _section(self, id: str) -> Item:
        base, ours, theirs = (side.heading(id) for side in self.sides)
        standing = self._section_standing(id)
        outcome = _outcome(base, ours, theirs, standing)
        if self._could_be_either(id, ours, theirs, standing):
            outcome = Outcome.CONFLICT
        return self._item(id, Part.SECTION, outcome, (base, ours, theirs), standing, id)

    def _clause(self, id: str) -> Item:
        was, here, there = self.base.home.get(id), self.ours.home.get(id), self.theirs.home.get(id)
        home = here if here == there else self._place(was, here, there)
        standing = self._clause_standing(id)
        base, ours = self.base.clauses.get(id), self.ours.clauses.get(id)
        theirs = self.theirs.clauses.get(id)
        if base == ours == theirs:  # nearly all of them, in nearly every merge
            said = self.theirs.said(id)
            saids, outcome, gone = (said, said, said), Outcome.UNCHANGED, False
        else:
            saids = (self.base.said(id), self.ours.said(id), self.theirs.said(id))
            outcome = _outcome(*saids, standing)
            gone = standing is not TextStanding.LOCKED and self._section_is_gone(was, here, there)
            if gone:
                outcome = Outcome.KEPT if standing is TextStanding.LOCAL else Outcome.CONFLICT
            elif self._could_be_either(id, ours, theirs, standing):
                outcome = Outcome.CONFLICT
        return self._item(id, Part.CLAUSE, outcome, saids, standing, home or was or "", gone)

    def _item(
        self,
        id: str,
        part: Part,
        outcome: Outcome,
        saids: tuple[Said | None, Said | None, Said | None],
        standing: TextStanding,
        section: str,
        gone: bool = False,
    ) -> Item:
        return Item(
            id,
            part,
            outcome,
            *saids,
            section=section,
            is_locked=standing is TextStanding.LOCKED,
            section_gone=gone,
            moved_by_school=id in self.moved_by_school,
            moved_by_trust=id in self.moved_by_trust,
        )

    def _section_standing(self, id: str) -> TextStanding:
        """The new edition's word, or else the old one's. A school's own section is its own."""
        section = self.theirs.sections.get(id) or self.base.sections.get(id)
        return section.standing if section else TextStanding.ADAPTABLE

    def _clause_standing(self, id: str) -> TextStanding:
        """Who may change the words. Nothing is added to a locked section nor taken from it."""
        clause = self.theirs.clauses.get(id)
        if clause:
            section = self.theirs.sections[self.theirs.home[id]].standing
            if section is TextStanding.LOCKED and id not in self.ours.clauses:
                return TextStanding.LOCKED
            return clause.standing or section
        section = self._section_standing(self.ours.home.get(id) or self.base.home.get(id) or "")
        clause = self.base.clauses.get(id)
        if section is TextStanding.LOCKED or clause is None:
            return section
        return clause.standing or section

    def _could_be_either(
        self, id: str, ours: object | None, theirs: object | None, standing: TextStanding
    ) -> bool:
        """Whether nobody can tell if what one side lacks was removed there or added here."""
        one_side = (ours is None) is not (theirs is None)
        return (
            not self.base.is_known
            and one_side
            and standing is TextStanding.ADAPTABLE
            and not is_own(id)
        )

    def _section_is_gone(self, was: str | None, here: str | None, there: str | None) -> bool:
        """Whether one side added a clause to a section that the other removed."""
        if was is not None or (here is None) is (there is None):
            return False
        other = self.theirs if here else self.ours
        section = here or there or ""
        return section in self.base.sections and section not in other.sections

    def _place(self, was: str | None, here: str | None, there: str | None) -> str | None:
        """The section in which a clause stands that not all have in the same one.

        Nothing leaves or enters a locked section; a section that one side removed
        takes in nothing that has a place elsewhere; else who moved it has its way,
        and the Trust where both did.
        """
        if here is None or there is None:
            return here or there
        if TextStanding.LOCKED in (self._section_standing(here), self._section_standing(there)):
            return there
        if there == was:
            return here if here in self.theirs.sections or here not in self.base.sections else there
        if here == was and there in self.base.sections and there not in self.ours.sections:
            return here if here in self.theirs.sections else there
        return there


def _moved(base: Side, side: Side) -> set[str]:
    """What stands elsewhere than in the base: in another section, or in another order."""
    gone = {id for id, home in side.home.items() if base.home.get(id, home) != home}
    gone |= moved(tuple(base.sections), tuple(side.sections))
    for id, section in side.sections.items():
        if before := base.sections.get(id):
            gone |= moved(before.clause_ids, section.clause_ids)
    return gone


def _outcome(
    base: Said | None, ours: Said | None, theirs: Said | None, by: TextStanding
) -> Outcome:
    if ours == theirs:
        return Outcome.UNCHANGED if ours == base else Outcome.SAME
    if ours == base:
        return Outcome.TAKEN
    if by is TextStanding.LOCKED:
        return Outcome.LOCKED
    if theirs == base or by is TextStanding.LOCAL:
        return Outcome.KEPT
    return Outcome.CONFLICT
