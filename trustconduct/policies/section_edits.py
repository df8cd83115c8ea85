"""What an officer can do to a draft's sections, as edits.py has it for clauses."""

from __future__ import annotations

from dataclasses import dataclass, replace

from trustconduct.contact_matrix.matrix import slug
from trustconduct.policies.document import CITED, Document, Section, TextStanding
from trustconduct.policies.edits import (
    SECTION,
    Direction,
    Edited,
    EditRefused,
    Overtaken,
    check_text,
    mark,
    name_of,
    no_notes,
    section_of,
    with_section,
)


@dataclass(frozen=True)
class AddSection:
    """A new, empty section after another; blank is the end."""

    heading: str
    standing: TextStanding
    after: str = ""

    def apply(self, document: Document, used: set[str]) -> Edited:
        check_text(document, self.heading, "heading")
        ids = [section.id for section in document.sections]
        if any(section.heading == self.heading for section in document.sections):
            raise EditRefused("There is a section with this heading already.", "heading")
        base = id = slug(self.heading) or "part"
        number = 1
        while id in used or id in ids or id in CITED:
            number += 1
            id = f"{base}-{number}"
        sections = list(document.sections)
        place = ids.index(self.after) + 1 if self.after in ids else len(ids)
        sections.insert(place, Section(id, self.heading, (), self.standing))
        made = replace(document, sections=tuple(sections))
        return Edited(made, SECTION, id, f"added the section “{self.heading}”")


@dataclass(frozen=True)
class ChangeSection:
    """Another heading, or another answer to who may change its words."""

    id: str
    seen: str
    heading: str
    standing: TextStanding

    def apply(self, document: Document, used: set[str]) -> Edited:
        now = section_of(document, self.id)
        check_text(document, self.heading, "heading")
        section = replace(now, heading=self.heading, standing=self.standing)
        if mark(now) != self.seen and now != section:
            raise Overtaken(now)
        changed = f"changed the section “{name_of(section)}”"
        return Edited(with_section(document, section), SECTION, self.id, changed)


@dataclass(frozen=True)
class MoveSection:
    """One place up or down, with all its clauses."""

    id: str
    to: Direction

    def apply(self, document: Document, used: set[str]) -> Edited:
        section = section_of(document, self.id)
        ids = [each.id for each in document.sections]
        place = ids.index(self.id) + (-1 if self.to == "up" else 1)
        rest = [each for each in document.sections if each.id != self.id]
        rest.insert(min(max(place, 0), len(rest)), section)
        what = f"moved the section “{name_of(section)}” {self.to}"
        return Edited(replace(document, sections=tuple(rest)), SECTION, self.id, what)


@dataclass(frozen=True)
class RetireSection:
    """Take an empty section out."""

    id: str

    def apply(self, document: Document, used: set[str]) -> Edited:
        section = section_of(document, self.id)
        if section.id in CITED:
            raise EditRefused("Incidents and letters cite this section, so it has to stay.")
        if section.clauses:
            raise EditRefused("Move or retire its clauses first: none may be lost with it.")
        no_notes(document, self.id)
        rest = tuple(each for each in document.sections if each.id != self.id)
        what = f"retired the section “{name_of(section)}”"
        return Edited(replace(document, sections=rest), SECTION, self.id, what)
