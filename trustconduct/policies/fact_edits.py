"""What an officer can do to the facts that a draft declares, as edits.py has it for clauses."""

from __future__ import annotations

from dataclasses import dataclass, replace

from trustconduct.policies import facts as merge
from trustconduct.policies.document import Document
from trustconduct.policies.edits import FACT, Edited, EditRefused, Overtaken, listed, mark
from trustconduct.policies.facts import Fact


@dataclass(frozen=True)
class DeclareFact:
    """A fact that the text names beside ours, for each school to fill in."""

    name: str
    label: str
    help: str
    kind: str

    def apply(self, document: Document, used: set[str]) -> Edited:
        if not merge.DECLARED.fullmatch(self.name):
            raise EditRefused(
                "Begin the name with “school.” and use small letters, digits and underscores"
                " after it, like school.bus_line.",
                "name",
            )
        if self.name in document.known:
            raise EditRefused(f"“{self.name}” is a fact already. Choose another name.", "name")
        fact = _fact(document, self.name, self.label, self.help, self.kind)
        made = replace(document, facts=(*document.facts, fact))
        return Edited(made, FACT, self.name, f"declared the fact {self.name}")


@dataclass(frozen=True)
class ChangeFact:
    """Another label, help or kind for a declared fact; its name stays, as it stands in texts."""

    name: str
    seen: str
    label: str
    help: str
    kind: str

    def apply(self, document: Document, used: set[str]) -> Edited:
        now = declared(document, self.name)
        fact = _fact(document, self.name, self.label, self.help, self.kind)
        if mark(now) != self.seen and now != fact:
            raise Overtaken(now)
        facts = tuple(fact if each.name == self.name else each for each in document.facts)
        what = f"changed the fact {self.name}"
        return Edited(replace(document, facts=facts), FACT, self.name, what)


@dataclass(frozen=True)
class RetireFact:
    """Take back a declared fact that the text does not name any more."""

    name: str

    def apply(self, document: Document, used: set[str]) -> Edited:
        declared(document, self.name)
        if self.name in document.facts_named():
            where = [
                clause.id
                for clause in document.clauses()
                if any(
                    self.name in merge.names_in(text) for text in (clause.text, *clause.exceptions)
                )
            ]
            named = listed(where) or "a heading, the title or the contact matrix"
            raise EditRefused(f"Take it out of {named} first: it stands there.")
        facts = tuple(fact for fact in document.facts if fact.name != self.name)
        what = f"retired the fact {self.name}"
        return Edited(replace(document, facts=facts), FACT, self.name, what)


def declared(document: Document, name: str) -> Fact:
    """A fact that this draft declares. Raises EditRefused where it does not."""
    for fact in document.facts:
        if fact.name == name:
            return fact
    raise EditRefused("This fact is no longer declared in this draft.")


def _fact(document: Document, name: str, label: str, help: str, kind: str) -> Fact:
    if kind not in merge.KINDS:
        raise EditRefused("Choose what kind of fact it is.", "kind")
    if any(fact.label == label for fact in document.known.values() if fact.name != name):
        raise EditRefused("Another fact is called so. Give this one a name of its own.", "label")
    return Fact(name, label, help, kind)
