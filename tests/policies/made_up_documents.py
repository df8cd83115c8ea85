"""Documents for property tests: editions, and what a Trust or a school makes of one."""

from __future__ import annotations

from dataclasses import dataclass, replace

from hypothesis import strategies as st

from trustconduct.policies.clause_ids import ids_of, own_clause_id, own_section_id
from trustconduct.policies.document import Clause, Document, Form, Section, TextStanding

# Whole sentences, one draw each: a merge looks at words as one; test_differences.py cuts them.
TEXTS = st.sampled_from(
    [
        "Please be kind to staff and pupils.",
        "Please be kind to everyone at {school.name}.",
        "**Never ever** shout at staff.",
        "No dogs on site.",
        "No dogs or cats on site, please.",
        "Read [our policy](https://school.example/p) first.",
        "Write to <https://a.example> instead.",
        "Thank you.",
        "",
    ]
)
EXCEPTIONS = st.sampled_from(
    [(), (), (), ("guide dogs",), ("guide dogs", "at events"), ("at events", "guide dogs")]
)
_ADAPTABLE, _LOCKED, _LOCAL = TextStanding.ADAPTABLE, TextStanding.LOCKED, TextStanding.LOCAL
STANDINGS = st.sampled_from([_ADAPTABLE, _ADAPTABLE, _LOCKED, _LOCAL])
OVERRIDES = st.sampled_from([None, None, None, *TextStanding])
FORMS = st.sampled_from(Form)


@st.composite
def clauses(draw: st.DrawFn, id: str) -> Clause:
    return Clause(
        id,
        draw(TEXTS),
        draw(FORMS),
        draw(EXCEPTIONS),
        standing=draw(OVERRIDES),
        flagged=draw(st.booleans()),
    )


@st.composite
def editions(draw: st.DrawFn) -> Document:
    """Up to three sections of up to three clauses, and notes that belong to some of them."""
    sections = []
    for place in range(draw(st.integers(1, 3))):
        id = f"part-{place}"
        inside = [draw(clauses(f"{id}.{n}")) for n in range(1, draw(st.integers(1, 3)) + 1)]
        sections.append(Section(id, draw(TEXTS), tuple(inside), draw(STANDINGS)))
    targets = [id for section in sections for id in (section.id, *(c.id for c in section.clauses))]
    notes = [
        replace(draw(clauses(f"note.{n}")), about=draw(st.sampled_from(targets)))
        for n in range(1, draw(st.integers(0, 2)) + 1)
    ]
    if notes:
        sections.append(Section("note", "Notes", tuple(notes), draw(STANDINGS)))
    return Document("Our code", tuple(sections))


@dataclass
class Desk:
    """A document being edited: sections by id, each with its clauses in order."""

    sections: list[Section]
    used: set[str]

    def place(self, clause_id: str) -> int:
        return next(
            place
            for place, section in enumerate(self.sections)
            if any(clause.id == clause_id for clause in section.clauses)
        )

    def put(self, place: int, inside: list[Clause]) -> None:
        self.sections[place] = replace(self.sections[place], clauses=tuple(inside))

    def without(self, clause_id: str) -> Clause:
        place = self.place(clause_id)
        found = self.sections[place].clauses
        self.put(place, [clause for clause in found if clause.id != clause_id])
        return next(clause for clause in found if clause.id == clause_id)


ACTS = (
    "reword",
    "reword",
    "reword",
    "remove",
    "add",
    "add",
    "move",
    "rename",
    "drop",
    "begin",
    "shift",
)


@st.composite
def edited(draw: st.DrawFn, base: Document, *, by_school: bool = False, most: int = 8) -> Document:
    """What a Trust makes of an edition, or a school that keeps to what it may change."""
    desk = Desk(list(base.sections), ids_of(base))
    acts = ACTS if by_school else (*ACTS, "mark")
    for act in draw(st.lists(st.sampled_from(acts), min_size=1, max_size=most)):
        _ACTS[act](draw, desk, by_school)
    return replace(base, sections=tuple(desk.sections))


def _open_sections(desk: Desk, by_school: bool) -> list[int]:
    return [
        place
        for place, section in enumerate(desk.sections)
        if not by_school or section.standing is not TextStanding.LOCKED
    ]


def _pick(draw, options):
    return draw(st.sampled_from(options)) if options else None


def _open_clauses(desk: Desk, by_school: bool, *, to_leave: bool) -> list[str]:
    return [
        clause.id
        for section in desk.sections
        for clause in section.clauses
        if not by_school
        or (
            section.standing_of(clause) is not TextStanding.LOCKED
            and not (to_leave and section.standing is TextStanding.LOCKED)
        )
    ]


def _reword(draw, desk: Desk, by_school: bool) -> None:
    if id := _pick(draw, _open_clauses(desk, by_school, to_leave=False)):
        place = desk.place(id)
        text, exceptions = draw(TEXTS), draw(EXCEPTIONS)
        desk.put(
            place,
            [
                replace(each, text=text, exceptions=exceptions) if each.id == id else each
                for each in desk.sections[place].clauses
            ],
        )


def _remove(draw, desk: Desk, by_school: bool) -> None:
    if id := _pick(draw, _open_clauses(desk, by_school, to_leave=True)):
        desk.without(id)


def _insert(draw, desk: Desk, place: int, clause: Clause) -> None:
    inside = list(desk.sections[place].clauses)
    inside.insert(draw(st.integers(0, len(inside))), clause)
    desk.put(place, inside)


def _add(draw, desk: Desk, by_school: bool) -> None:
    place = _pick(draw, _open_sections(desk, by_school))
    if place is None:
        return
    section = desk.sections[place].id
    if by_school:
        id = own_clause_id(section, desk.used)
        clause = Clause(id, draw(TEXTS), draw(FORMS))
    else:
        id = f"{section}.new{len(desk.used)}"
        clause = draw(clauses(id))
    desk.used.add(id)
    _insert(draw, desk, place, clause)


def _move(draw, desk: Desk, by_school: bool) -> None:
    movable = [
        clause.id
        for place in _open_sections(desk, by_school)
        for clause in desk.sections[place].clauses
    ]
    if id := _pick(draw, movable):
        clause = desk.without(id)
        _insert(draw, desk, draw(st.sampled_from(_open_sections(desk, by_school))), clause)


def _rename(draw, desk: Desk, by_school: bool) -> None:
    place = _pick(draw, _open_sections(desk, by_school))
    if place is not None:
        desk.sections[place] = replace(desk.sections[place], heading=draw(TEXTS))


def _drop(draw, desk: Desk, by_school: bool) -> None:
    """Remove a section with all that stands in it; a school can't where a clause is locked."""
    places = [
        place
        for place in _open_sections(desk, by_school)
        if not by_school
        or all(
            desk.sections[place].standing_of(clause) is not TextStanding.LOCKED
            for clause in desk.sections[place].clauses
        )
    ]
    place = _pick(draw, places)
    if place is not None:
        del desk.sections[place]


def _begin(draw, desk: Desk, by_school: bool) -> None:
    if by_school:
        id = own_section_id(desk.used)
        section = Section(id, draw(TEXTS), standing=TextStanding.ADAPTABLE)
    else:
        id = f"new-{len(desk.used)}"
        section = Section(id, draw(TEXTS), standing=draw(STANDINGS))
    desk.used.add(id)
    desk.sections.insert(draw(st.integers(0, len(desk.sections))), section)


def _shift(draw, desk: Desk, by_school: bool) -> None:
    if desk.sections:
        section = desk.sections.pop(draw(st.integers(0, len(desk.sections) - 1)))
        desk.sections.insert(draw(st.integers(0, len(desk.sections))), section)


def _mark(draw, desk: Desk, by_school: bool) -> None:
    """Only the Trust says who may change what."""
    if desk.sections:
        place = draw(st.integers(0, len(desk.sections) - 1))
        section = replace(desk.sections[place], standing=draw(STANDINGS))
        if section.clauses:
            first, *others = section.clauses
            first = replace(
                first, standing=draw(OVERRIDES), form=draw(FORMS), flagged=draw(st.booleans())
            )
            section = replace(section, clauses=(first, *others))
        desk.sections[place] = section


_ACTS = {
    "reword": _reword,
    "remove": _remove,
    "add": _add,
    "move": _move,
    "rename": _rename,
    "drop": _drop,
    "begin": _begin,
    "shift": _shift,
    "mark": _mark,
}


@st.composite
def new_editions(draw: st.DrawFn) -> tuple[Document, Document]:
    """An edition and the one after it."""
    base = draw(editions())
    return base, draw(edited(base))


@st.composite
def schools(draw: st.DrawFn) -> tuple[Document, Document]:
    """An edition and what a school made of it, within what it may change."""
    base = draw(editions())
    return base, draw(edited(base, by_school=True))


@st.composite
def three(draw: st.DrawFn) -> tuple[Document, Document, Document]:
    """Base, a school's text, and the new edition. One school in three keeps to no rule."""
    base = draw(editions())
    keeps_to_rules = draw(st.sampled_from([True, True, False]))
    ours = draw(edited(base, by_school=True))
    if not keeps_to_rules:
        ours = draw(edited(ours, most=4))
    return base, ours, draw(edited(base))
