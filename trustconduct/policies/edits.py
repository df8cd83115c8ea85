"""What an officer can do to a draft's text, each as a value that makes a new document.

Nothing here touches a row: `editing.edit` takes one of these, applies it, and keeps
what the clause or section was before and after. `seen` is the `mark` of the thing as
the person saw it, so that the second of two who change one clause is told.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol

from trustconduct.policies import facts as merge
from trustconduct.policies.clause_ids import clause_id
from trustconduct.policies.document import (
    Clause,
    Document,
    Form,
    Section,
    TextStanding,
    canonical,
    sha256,
)
from trustconduct.policies.facts import Fact

Direction = Literal["up", "down"]
CLAUSE, SECTION, FACT, HEADER = "clause", "section", "fact", "header"


class EditRefused(ValueError):
    """The text can't be changed so; the message says why, `field` at which field."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class Overtaken(RuntimeError):
    """Somebody else changed the same thing since the person looked; `now` is how it stands."""

    def __init__(self, now: Any) -> None:
        super().__init__("changed meanwhile")
        self.now = now


@dataclass(frozen=True)
class Edited:
    """The document after an edit, what it was about, and the words for the history."""

    document: Document
    kind: str
    about: str
    what: str


class Edit(Protocol):
    def apply(self, document: Document, used: set[str]) -> Edited:
        """`used` is every id that ever stood in an edition. Raises EditRefused, Overtaken."""


def mark(thing: Clause | Section | Fact) -> str:
    """A short hash of what people edit of a thing: not its place, nor a section's clauses."""
    value = head_of(thing) if isinstance(thing, Section) else thing.to_json()
    return sha256(canonical(value))[:20]


@dataclass(frozen=True)
class AddClause:
    """A new clause in a section, after the clause `after`; blank is the section's end."""

    section: str
    form: Form
    text: str
    exceptions: tuple[str, ...] = ()
    about: str = ""
    after: str = ""

    def apply(self, document: Document, used: set[str]) -> Edited:
        section = section_of(document, self.section)
        for clause in section.clauses:
            if clause.text == self.text and clause.form is self.form:
                raise EditRefused(
                    f"These words stand in this section already: {clause.id}.", "text"
                )
        id = clause_id(section.id, self.form, used | set(document.homes))
        clause = Clause(id, self.text, self.form, self.exceptions, self.about)
        _check_words(document, clause)
        ids = section.clause_ids
        place = ids.index(self.after) + 1 if self.after in ids else len(ids)
        return Edited(with_clause(document, clause, section.id, place), CLAUSE, id, f"added {id}")


@dataclass(frozen=True)
class ChangeClause:
    """New words and marks for a clause. Its id stays, whatever is said now."""

    id: str
    seen: str
    text: str
    exceptions: tuple[str, ...] = ()
    standing: TextStanding | None = None
    flagged: bool = False
    flagged_because: str = ""
    about: str = ""

    def apply(self, document: Document, used: set[str]) -> Edited:
        now = _clause(document, self.id)
        clause = replace(
            now,
            text=self.text,
            exceptions=self.exceptions,
            standing=self.standing,
            flagged=self.flagged,
            flagged_because=self.flagged_because if self.flagged else "",
            about=self.about,
        )
        _check_words(document, clause)
        if clause.flagged and not clause.flagged_because:
            raise EditRefused("Say in a word why a step should not rest on it.", "flagged_because")
        if mark(now) != self.seen and now != clause:
            raise Overtaken(now)
        home = document.sections_by_id[document.homes[self.id]]
        clauses = tuple(clause if each.id == self.id else each for each in home.clauses)
        words = (now.text, now.exceptions) != (clause.text, clause.exceptions)
        what = f"{'reworded' if words else 'marked'} {self.id}"
        return Edited(with_section(document, replace(home, clauses=clauses)), CLAUSE, self.id, what)


@dataclass(frozen=True)
class MoveClause:
    """One place up or down, or to the end of another section."""

    id: str
    to: Direction | str

    def apply(self, document: Document, used: set[str]) -> Edited:
        clause, home = _clause(document, self.id), document.homes[self.id]
        place = document.sections_by_id[home].clause_ids.index(self.id)
        last = len(document.sections_by_id[home].clauses) - 1
        if self.to in ("up", "down"):
            place = max(0, place - 1) if self.to == "up" else min(last, place + 1)
            moved = with_clause(without_clause(document, self.id), clause, home, place)
            return Edited(moved, CLAUSE, self.id, f"moved {self.id} {self.to}")
        section = section_of(document, self.to, "section")
        if section.id == home:
            return Edited(document, CLAUSE, self.id, "")
        moved = with_clause(
            without_clause(document, self.id), clause, section.id, len(section.clauses)
        )
        return Edited(moved, CLAUSE, self.id, f"moved {self.id} to “{name_of(section)}”")


@dataclass(frozen=True)
class RetireClause:
    """Take a clause out. Its id is never given to other words, in any edition."""

    id: str
    seen: str

    def apply(self, document: Document, used: set[str]) -> Edited:
        now = _clause(document, self.id)
        if mark(now) != self.seen:
            raise Overtaken(now)
        no_notes(document, self.id)
        return Edited(without_clause(document, self.id), CLAUSE, self.id, f"retired {self.id}")


def note_places(document: Document) -> list[str]:
    """What a note can belong to: a section, or a clause that is no note itself."""
    return [
        id
        for section in document.sections
        for id in (section.id, *(each.id for each in section.clauses if not each.about))
    ]


def check_words(text: str, known: Collection[str]) -> None:
    """Refuse what is no merge field of this text, by its name. Raises merge.UnknownFact."""
    merge.check(text, known)
    rest = merge.FIELD.sub("", text)
    if found := re.search(r"\{[^{}]*\}?|\}", rest):
        raise merge.not_known(found[0][:60], known)


def check_text(document: Document, text: str, field: str) -> None:
    try:
        check_words(text, document.known)
    except merge.UnknownFact as unknown:
        raise EditRefused(str(unknown), field) from None


def _check_words(document: Document, clause: Clause) -> None:
    check_text(document, clause.text, "text")
    for text in clause.exceptions:
        check_text(document, text, "exceptions")
    if clause.about and (clause.about == clause.id or clause.about not in note_places(document)):
        raise EditRefused("Choose a section or clause of this draft.", "about")


def no_notes(document: Document, id: str) -> None:
    """A note whose clause is gone would show nowhere."""
    if notes := [clause.id for clause in document.clauses() if clause.about == id]:
        raise EditRefused(f"First say what {listed(notes)} should belong to, or retire it.")


def listed(ids: Sequence[str]) -> str:
    return " and ".join(ids)


def _clause(document: Document, id: str) -> Clause:
    clause = document.clause(id)
    if clause is None:
        raise EditRefused(f"{id} no longer stands in this draft. You can put it back in Changes.")
    return clause


def section_of(document: Document, id: str, field: str = "") -> Section:
    section = document.section(id)
    if section is None:
        raise EditRefused("This section no longer stands in this draft.", field)
    return section


def head_of(section: Section) -> dict[str, Any]:
    return {"id": section.id, "heading": section.heading, "standing": section.standing.value}


def name_of(section: Section) -> str:
    return section.heading or section.id


def with_section(document: Document, section: Section) -> Document:
    sections = tuple(section if each.id == section.id else each for each in document.sections)
    return replace(document, sections=sections)


def with_clause(document: Document, clause: Clause, section_id: str, place: int) -> Document:
    section = document.sections_by_id[section_id]
    clauses = list(section.clauses)
    clauses.insert(place, clause)
    return with_section(document, replace(section, clauses=tuple(clauses)))


def without_clause(document: Document, id: str) -> Document:
    home = document.homes.get(id)
    if home is None:
        return document
    section = document.sections_by_id[home]
    clauses = tuple(clause for clause in section.clauses if clause.id != id)
    return with_section(document, replace(section, clauses=clauses))
