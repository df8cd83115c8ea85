"""The text of a policy: sections of clauses, and the contact matrix.

A document is frozen. Whoever changes one makes another: that is how an
edition, a school's version and their differences stay simple to tell apart.
A clause's id (`behaviour.4`, `ladder.3`, `note.1`) is stable across editions,
since incidents and letters cite it years later. Paragraphs have ids as well
(`importance.p2`), so that they can be compared and translated one by one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property

from trustconduct.contact_matrix.matrix import Matrix
from trustconduct.policies import facts as merge_fields
from trustconduct.policies.facts import Fact


class DocumentRefused(ValueError):
    """The document cannot stand; the message names the section or clause."""


class TextStanding(StrEnum):
    """Who may change a section's words."""

    LOCKED = "locked"  # the Trust's words
    ADAPTABLE = "adaptable"  # a school may change them
    LOCAL = "local"  # the school writes it


class Form(StrEnum):
    """How a clause stands on the page."""

    PARAGRAPH = "paragraph"
    ITEM = "item"


# The sections that other parts of the service cite. Any other section is prose.
BEHAVIOUR = "behaviour"  # what is not tolerated
ONLINE = "online"  # inappropriate online activity
CONCERN = "concern"  # the route for a concern, in order
LADDER = "ladder"  # what happens if the code is broken, in order
NOTE = "note"  # notes to the ladder
CITED = (BEHAVIOUR, ONLINE, CONCERN, LADDER, NOTE)


@dataclass(frozen=True)
class Clause:
    """One rule or paragraph. Text is inline Markdown (emphasis and links only).

    `exceptions` are what the clause does not forbid, kept with it so that no
    step can cite the clause without them. `about` is for a note: the section
    or clause that it belongs to (`ladder`, `ladder.3`). `standing` is set where
    the clause differs from its section: one locked clause among adaptable ones.
    `flagged` marks a clause that a step should not rest on alone, such as
    criticism on social media; `flagged_because` says why, in a word.
    """

    id: str
    text: str
    form: Form = Form.PARAGRAPH
    exceptions: tuple[str, ...] = ()
    about: str = ""
    standing: TextStanding | None = None
    flagged: bool = False
    flagged_because: str = ""

    def to_json(self) -> dict:
        """A mark that is not set is not written, so that what was frozen before keeps its hash."""
        value: dict = {
            "id": self.id,
            "text": self.text,
            "form": self.form.value,
            "exceptions": list(self.exceptions),
            "about": self.about,
        }
        if self.standing is not None:
            value["standing"] = self.standing.value
        if self.flagged:
            value["flagged"] = True
        if self.flagged_because:
            value["flagged_because"] = self.flagged_because
        return value

    @classmethod
    def from_json(cls, value: dict) -> Clause:
        standing = value.get("standing")
        return cls(
            id=value["id"],
            text=value["text"],
            form=Form(value["form"]),
            exceptions=tuple(value["exceptions"]),
            about=value["about"],
            standing=TextStanding(standing) if standing else None,
            flagged=value.get("flagged", False),
            flagged_because=value.get("flagged_because", ""),
        )


@dataclass(frozen=True)
class Section:
    """A heading (it may be blank) and its clauses, in the order of the page."""

    id: str
    heading: str
    clauses: tuple[Clause, ...] = ()
    standing: TextStanding = TextStanding.LOCKED

    @cached_property
    def clause_ids(self) -> tuple[str, ...]:
        return tuple(clause.id for clause in self.clauses)

    @property
    def items(self) -> tuple[Clause, ...]:
        return tuple(clause for clause in self.clauses if clause.form is Form.ITEM)

    def standing_of(self, clause: Clause) -> TextStanding:
        """Who may change the words of one of its clauses."""
        return clause.standing or self.standing


@dataclass(frozen=True)
class Document:
    title: str
    sections: tuple[Section, ...] = ()
    matrix: Matrix = field(default_factory=Matrix)
    facts: tuple[Fact, ...] = ()  # what it declares beside the facts that every text has

    def __post_init__(self) -> None:
        seen: set[str] = set()
        for section in self.sections:
            for id in (section.id, *section.clause_ids):
                if id in seen:
                    raise DocumentRefused(f"“{id}” stands in the text twice.")
                seen.add(id)
        for text in self.texts():
            merge_fields.check(text, self.known)

    @cached_property
    def known(self) -> dict[str, Fact]:
        """The facts that this text may name."""
        return {**merge_fields.FACTS, **{fact.name: fact for fact in self.facts}}

    @cached_property
    def sections_by_id(self) -> dict[str, Section]:
        return {section.id: section for section in self.sections}

    @cached_property
    def clauses_by_id(self) -> dict[str, Clause]:
        return {clause.id: clause for clause in self.clauses()}

    @cached_property
    def homes(self) -> dict[str, str]:
        """The section of each clause, by their ids."""
        return {id: section.id for section in self.sections for id in section.clause_ids}

    def section(self, id: str) -> Section | None:
        return self.sections_by_id.get(id)

    def clause(self, id: str) -> Clause | None:
        return self.clauses_by_id.get(id)

    def clauses(self) -> Iterator[Clause]:
        for section in self.sections:
            yield from section.clauses

    def texts(self) -> Iterator[str]:
        """Every text in which a fact may stand."""
        yield self.title
        for section in self.sections:
            yield section.heading
            for clause in section.clauses:
                yield clause.text
                yield from clause.exceptions
        yield from self.matrix.texts()

    def facts_named(self) -> set[str]:
        """The merge fields that this text needs."""
        return set().union(*(merge_fields.names_in(text) for text in self.texts()))

    def filled(self, facts: Mapping[str, str]) -> Document:
        """The same document with a school's facts in place."""

        marked = merge_fields.as_plain(facts, self.known)

        def put(text: str) -> str:
            return merge_fields.fill(text, facts)

        def put_marked(text: str) -> str:
            return merge_fields.fill(text, marked)

        return replace(
            self,
            title=put(self.title),
            sections=tuple(
                replace(
                    section,
                    heading=put(section.heading),
                    clauses=tuple(
                        replace(
                            clause,
                            text=put_marked(clause.text),
                            exceptions=tuple(put_marked(text) for text in clause.exceptions),
                        )
                        for clause in section.clauses
                    ),
                )
                for section in self.sections
            ),
            matrix=self.matrix.reworded(put),
        )

    def to_json(self) -> dict:
        value: dict = {
            "title": self.title,
            "sections": [
                {
                    "id": section.id,
                    "heading": section.heading,
                    "standing": section.standing.value,
                    "clauses": [clause.to_json() for clause in section.clauses],
                }
                for section in self.sections
            ],
            "matrix": self.matrix.to_json(),
        }
        if self.facts:  # not written where there are none: what was frozen keeps its hash
            value["facts"] = [fact.to_json() for fact in self.facts]
        return value

    @classmethod
    def from_json(cls, value: dict) -> Document:
        return cls(
            title=value["title"],
            sections=tuple(
                Section(
                    id=section["id"],
                    heading=section["heading"],
                    standing=TextStanding(section["standing"]),
                    clauses=tuple(Clause.from_json(clause) for clause in section["clauses"]),
                )
                for section in value["sections"]
            ),
            matrix=Matrix.from_json(value["matrix"]),
            facts=tuple(Fact.from_json(fact) for fact in value.get("facts", ())),
        )


def canonical(value: dict) -> str:
    """One JSON text for one value: keys sorted, no spare space, UTF-8 as it is.

    The hash that a parent acknowledges is taken over this text, so its form
    must never change: a version frozen today has to give its hash in ten years.
    """
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def sha256(text: str) -> str:
    """The hash of a text in UTF-8, as 64 hexadecimal digits."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()
