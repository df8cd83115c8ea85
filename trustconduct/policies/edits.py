"""What an officer can do to a draft's text, each as a value that makes a new document.

Nothing here touches a row: `editing.edit` takes one of these, applies it, and keeps
what the clause or section was before and after. `seen` is the `mark` of the thing as
the person saw it, so that the second of two who change one clause is told.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol

from trustconduct.contact_matrix.matrix import slug
from trustconduct.policies import facts as merge
from trustconduct.policies.clause_ids import clause_id
from trustconduct.policies.document import (
    CITED,
    Clause,
    Document,
    Form,
    Section,
    TextStanding,
    canonical,
    sha256,
)

Direction = Literal["up", "down"]
CLAUSE, SECTION, HEADER = "clause", "section", "header"


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


def mark(thing: Clause | Section) -> str:
    """A short hash of what people edit of a clause or section: not its place, not its clauses."""
    value = thing.to_json() if isinstance(thing, Clause) else _head(thing)
    return sha256(canonical(value))[:20]


def snapshot(document: Document, kind: str, id: str) -> dict[str, Any] | None:
    """A clause or a section's heading as it stands and where, as plain JSON; None if it is gone."""
    if kind == CLAUSE:
        clause, home = document.clause(id), document.homes.get(id)
        if clause is None or home is None:
            return None
        place = document.sections_by_id[home].clause_ids.index(id)
        return {"section": home, "place": place, "clause": clause.to_json()}
    ids = [section.id for section in document.sections]
    if id not in ids:
        return None
    return {"place": ids.index(id), "section": _head(document.sections_by_id[id])}


def restored(document: Document, kind: str, id: str, was: dict, came: dict | None) -> Document:
    """The document with one thing as it was before a change; `came` is what the change made it.

    Only what that change changed goes back: a clause that was reworded then and moved
    later keeps its later place. Raises EditRefused where its section is no longer there.
    """
    now = snapshot(document, kind, id)
    keeps_place = now is not None and came is not None and _place(was) == _place(came)
    keeps_words = now is not None and came is not None and was[kind] == came[kind]
    words = now[kind] if now and keeps_words else was[kind]
    where = now if now and keeps_place else was
    if kind == CLAUSE:
        if document.section(where["section"]) is None:
            raise EditRefused(f"Put the section “{where['section']}” back first: {id} stood in it.")
        document = _without_clause(document, id)
        return _with_clause(document, Clause.from_json(words), where["section"], where["place"])
    there = document.section(id)
    section = Section(
        id, words["heading"], there.clauses if there else (), TextStanding(words["standing"])
    )
    rest = [each for each in document.sections if each.id != id]
    rest.insert(where["place"], section)
    return replace(document, sections=tuple(rest))


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
        section = _section(document, self.section)
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
        return Edited(_with_clause(document, clause, section.id, place), CLAUSE, id, f"added {id}")


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
        return Edited(_with(document, replace(home, clauses=clauses)), CLAUSE, self.id, what)


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
            moved = _with_clause(_without_clause(document, self.id), clause, home, place)
            return Edited(moved, CLAUSE, self.id, f"moved {self.id} {self.to}")
        section = _section(document, self.to, "section")
        if section.id == home:
            return Edited(document, CLAUSE, self.id, "")
        moved = _with_clause(
            _without_clause(document, self.id), clause, section.id, len(section.clauses)
        )
        return Edited(moved, CLAUSE, self.id, f"moved {self.id} to “{_name(section)}”")


@dataclass(frozen=True)
class RetireClause:
    """Take a clause out. Its id is never given to other words, in any edition."""

    id: str
    seen: str

    def apply(self, document: Document, used: set[str]) -> Edited:
        now = _clause(document, self.id)
        if mark(now) != self.seen:
            raise Overtaken(now)
        _no_notes(document, self.id)
        return Edited(_without_clause(document, self.id), CLAUSE, self.id, f"retired {self.id}")


@dataclass(frozen=True)
class AddSection:
    """A new, empty section after another; blank is the end."""

    heading: str
    standing: TextStanding
    after: str = ""

    def apply(self, document: Document, used: set[str]) -> Edited:
        _check(self.heading, "heading")
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
        now = _section(document, self.id)
        _check(self.heading, "heading")
        section = replace(now, heading=self.heading, standing=self.standing)
        if mark(now) != self.seen and now != section:
            raise Overtaken(now)
        changed = f"changed the section “{_name(section)}”"
        return Edited(_with(document, section), SECTION, self.id, changed)


@dataclass(frozen=True)
class MoveSection:
    """One place up or down, with all its clauses."""

    id: str
    to: Direction

    def apply(self, document: Document, used: set[str]) -> Edited:
        section = _section(document, self.id)
        ids = [each.id for each in document.sections]
        place = ids.index(self.id) + (-1 if self.to == "up" else 1)
        rest = [each for each in document.sections if each.id != self.id]
        rest.insert(min(max(place, 0), len(rest)), section)
        what = f"moved the section “{_name(section)}” {self.to}"
        return Edited(replace(document, sections=tuple(rest)), SECTION, self.id, what)


@dataclass(frozen=True)
class RetireSection:
    """Take an empty section out."""

    id: str

    def apply(self, document: Document, used: set[str]) -> Edited:
        section = _section(document, self.id)
        if section.id in CITED:
            raise EditRefused("Incidents and letters cite this section, so it has to stay.")
        if section.clauses:
            raise EditRefused("Move or retire its clauses first: none may be lost with it.")
        _no_notes(document, self.id)
        rest = tuple(each for each in document.sections if each.id != self.id)
        what = f"retired the section “{_name(section)}”"
        return Edited(replace(document, sections=rest), SECTION, self.id, what)


def note_places(document: Document) -> list[str]:
    """What a note can belong to: a section, or a clause that is no note itself."""
    return [
        id
        for section in document.sections
        for id in (section.id, *(each.id for each in section.clauses if not each.about))
    ]


def check_words(text: str) -> None:
    """Refuse what is no merge field of ours, by its name. Raises merge.UnknownFact."""
    merge.check(text)
    rest = merge.FIELD.sub("", text)
    if found := re.search(r"\{[^{}]*\}?|\}", rest):
        known = ", ".join("{" + name + "}" for name in merge.FACTS)
        raise merge.UnknownFact(
            f"“{found[0][:60]}” is not a fact that we know. Use one of these: {known}."
        )


def _check(text: str, field: str) -> None:
    try:
        check_words(text)
    except merge.UnknownFact as unknown:
        raise EditRefused(str(unknown), field) from None


def _check_words(document: Document, clause: Clause) -> None:
    _check(clause.text, "text")
    for text in clause.exceptions:
        _check(text, "exceptions")
    if clause.about and (clause.about == clause.id or clause.about not in note_places(document)):
        raise EditRefused("Choose a section or clause of this draft.", "about")


def _no_notes(document: Document, id: str) -> None:
    """A note whose clause is gone would show nowhere."""
    if notes := [clause.id for clause in document.clauses() if clause.about == id]:
        raise EditRefused(f"First say what {_listed(notes)} should belong to, or retire it.")


def _listed(ids: Sequence[str]) -> str:
    return " and ".join(ids)


def _clause(document: Document, id: str) -> Clause:
    clause = document.clause(id)
    if clause is None:
        raise EditRefused(f"{id} no longer stands in this draft. You can put it back in Changes.")
    return clause


def _section(document: Document, id: str, field: str = "") -> Section:
    section = document.section(id)
    if section is None:
        raise EditRefused("This section no longer stands in this draft.", field)
    return section


def _head(section: Section) -> dict[str, Any]:
    return {"id": section.id, "heading": section.heading, "standing": section.standing.value}


def _name(section: Section) -> str:
    return section.heading or section.id


def _place(was: dict) -> tuple:
    return was["place"], was["section"] if "clause" in was else ""


def _with(document: Document, section: Section) -> Document:
    sections = tuple(section if each.id == section.id else each for each in document.sections)
    return replace(document, sections=sections)


def _with_clause(document: Document, clause: Clause, section_id: str, place: int) -> Document:
    section = document.sections_by_id[section_id]
    clauses = list(section.clauses)
    clauses.insert(place, clause)
    return _with(document, replace(section, clauses=tuple(clauses)))


def _without_clause(document: Document, id: str) -> Document:
    home = document.homes.get(id)
    if home is None:
        return document
    section = document.sections_by_id[home]
    clauses = tuple(clause for clause in section.clauses if clause.id != id)
    return _with(document, replace(section, clauses=clauses))
