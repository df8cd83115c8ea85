"""Taking up a new edition: the school's text and the Trust's become one document.

A page shows `plan(base, ours, theirs)`, people decide its conflicts, the
decisions are saved as JSON, and `merged` makes the document once none is left:

    found = plan(base, ours, theirs)
    fit = fitting(found, saved)          # fit.dropped is named to people
    document = whole(found, fit.kept)    # raises Undecided while conflicts are left

The document holds its merge fields still. It is the school's own text from then
on, `theirs` is its base, and `document.filled(facts)` is what is frozen. Its
matrix is the new edition's, a suggestion as it always was.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from trustconduct.policies.clause_order import merged_order
from trustconduct.policies.decisions import Decision, fitting
from trustconduct.policies.document import Clause, Document, Section, TextStanding
from trustconduct.policies.facts import Fact, names_in
from trustconduct.policies.merge_plan import Item, MergeRefused, Part, Plan, Said, Side, plan

_MOST_NAMED = 5


class Undecided(MergeRefused):
    """Conflicts are left; `items` are those, in the order of the text."""

    def __init__(self, items: tuple[Item, ...]) -> None:
        self.items = items
        super().__init__(f"Not decided yet: {_named([item.id for item in items])}.")


class NoLongerFits(MergeRefused):
    """Decisions were made about other words; `decisions` are those. Drop them by `fitting`."""

    def __init__(self, decisions: tuple[Decision, ...]) -> None:
        self.decisions = decisions
        ids = _named([decision.id for decision in decisions])
        super().__init__(f"The text has changed since this was decided, so look again: {ids}.")


def _named(ids: list[str]) -> str:
    more = len(ids) - _MOST_NAMED
    return ", ".join(ids[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def merged(
    base: Document | None, ours: Document, theirs: Document, decisions: Iterable[Decision] = ()
) -> Document:
    """The school's text on the new edition. Nothing is lost, doubled or guessed.

    Raises Undecided, NoLongerFits, and what `plan` raises.
    """
    return whole(plan(base, ours, theirs), decisions)


def whole(found: Plan, decisions: Iterable[Decision] = ()) -> Document:
    """The document that a plan and its decisions make."""
    fit = fitting(found, decisions)
    if fit.dropped:
        raise NoLongerFits(fit.dropped)
    chosen = {decision.id: decision for decision in fit.kept}
    left = tuple(item for item in found.conflicts if item.id not in chosen)
    if left:
        raise Undecided(left)
    headings: dict[str, Said | None] = {}
    clauses: dict[str, dict[str, Clause]] = {}
    for item in found.items:
        decision = chosen.get(item.id)
        said = decision.words(item) if decision else item.by_itself
        if item.part is Part.SECTION:
            headings[item.id] = said
        elif item.part is Part.CLAUSE and said is not None:
            clauses.setdefault(item.section, {})[item.id] = _clause(found, item, said)
    wanted = {id for id, said in headings.items() if said is not None} | clauses.keys()
    order = merged_order(
        tuple(found.ours.sections), tuple(found.theirs.sections), wanted, found.moved_here
    )
    sections = [_section(found, id, headings[id], clauses.get(id, {})) for id in order]
    placed, theirs = _notes_placed(found, sections), found.theirs.document
    return Document(theirs.title, placed, theirs.matrix, _facts(found, placed))


def _facts(found: Plan, sections: Iterable[Section]) -> tuple[Fact, ...]:
    """What the Trust declares, and what it declares no more but the school's kept words name."""
    theirs = found.theirs.document
    gone = [fact for fact in found.ours.document.facts if fact.name not in theirs.known]
    if not gone:
        return theirs.facts
    named: set[str] = set()
    for section in sections:
        for clause in section.clauses:
            for text in (section.heading, clause.text, *clause.exceptions):
                named |= names_in(text)
    return (*theirs.facts, *(fact for fact in gone if fact.name in named))


def _section(found: Plan, id: str, heading: Said | None, clauses: dict[str, Clause]) -> Section:
    """One section; one that both removed, or one did, still stands around what was kept in it."""
    there = found.theirs.sections.get(id) or found.ours.sections[id]
    text = heading.text if heading else there.heading
    ours, theirs = _ids(found.ours, id), _ids(found.theirs, id)
    if ours == theirs or (there.standing is TextStanding.LOCKED and id in found.theirs.sections):
        order = [each for each in theirs if each in clauses]
    else:
        order = merged_order(ours, theirs, clauses, found.moved_here)
    assert len(order) == len(clauses), f"{id}: {sorted(clauses.keys() - set(order))} would be lost"
    return Section(id, text, tuple(clauses[each] for each in order), there.standing)


def _ids(side: Side, section: str) -> tuple[str, ...]:
    there = side.sections.get(section)
    return there.clause_ids if there else ()


def _clause(found: Plan, item: Item, said: Said) -> Clause:
    """The clause with its words; its marks are the Trust's, where the Trust has it."""
    ours, theirs = found.ours.clauses.get(item.id), found.theirs.clauses.get(item.id)
    clause = theirs or ours
    assert clause is not None, item.id
    same = not (ours and theirs) or (ours.form is theirs.form and ours.about == theirs.about)
    base = None if same else found.base.clauses.get(item.id)
    if base and ours and theirs:
        # How it stands on the page is the Trust's too, if the Trust changed that.
        form = ours.form if theirs.form is base.form else theirs.form
        about = ours.about if theirs.about == base.about else theirs.about
        clause = replace(theirs, form=form, about=about)
    if clause.text == said.text and clause.exceptions == said.exceptions:
        return clause
    return replace(clause, text=said.text, exceptions=said.exceptions)


def _notes_placed(found: Plan, sections: list[Section]) -> tuple[Section, ...]:
    """A note whose step went by the merge belongs to the section: pages would leave it out else."""
    there = {id for section in sections for id in (section.id, *section.clause_ids)}
    home = {**found.base.home, **found.ours.home, **found.theirs.home}

    def is_lost(note: Clause) -> bool:
        return bool(note.about) and note.about not in there

    def stood_so(note: Clause, side: Side) -> bool:
        same = side.clauses.get(note.id)
        return same is not None and same.about == note.about and not side.has(note.about)

    def placed(note: Clause) -> Clause:
        if not is_lost(note) or stood_so(note, found.ours) or stood_so(note, found.theirs):
            return note
        section = home.get(note.about, "")
        return replace(note, about=section if section in there else "")

    return tuple(
        replace(section, clauses=tuple(placed(clause) for clause in section.clauses))
        if any(is_lost(clause) for clause in section.clauses)
        else section
        for section in sections
    )
