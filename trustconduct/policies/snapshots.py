"""One thing of a draft before and after a change, and putting it back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from trustconduct.policies.document import Clause, Document, Section, TextStanding
from trustconduct.policies.edits import (
    CLAUSE,
    FACT,
    SECTION,
    Edit,
    EditRefused,
    RetireClause,
    head_of,
    mark,
    with_clause,
    without_clause,
)
from trustconduct.policies.fact_edits import RetireFact
from trustconduct.policies.facts import Fact
from trustconduct.policies.section_edits import RetireSection


def snapshot(document: Document, kind: str, id: str) -> dict[str, Any] | None:
    """A clause or a section's heading as it stands and where, as plain JSON; None if it is gone."""
    if kind == CLAUSE:
        clause, home = document.clause(id), document.homes.get(id)
        if clause is None or home is None:
            return None
        place = document.sections_by_id[home].clause_ids.index(id)
        return {"section": home, "place": place, "clause": clause.to_json()}
    if kind == FACT:
        names = [fact.name for fact in document.facts]
        if id not in names:
            return None
        return {"place": names.index(id), "fact": document.known[id].to_json()}
    ids = [section.id for section in document.sections]
    if id not in ids:
        return None
    return {"place": ids.index(id), "section": head_of(document.sections_by_id[id])}


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
        document = without_clause(document, id)
        return with_clause(document, Clause.from_json(words), where["section"], where["place"])
    if kind == FACT:
        others = [fact for fact in document.facts if fact.name != id]
        others.insert(where["place"], Fact.from_json(words))
        return replace(document, facts=tuple(others))
    there = document.section(id)
    section = Section(
        id, words["heading"], there.clauses if there else (), TextStanding(words["standing"])
    )
    rest = [each for each in document.sections if each.id != id]
    rest.insert(where["place"], section)
    return replace(document, sections=tuple(rest))


def taken_out(document: Document, kind: str, id: str) -> Document:
    """The document without a thing that was added. Raises EditRefused where others need it."""
    retire: dict[str, Edit] = {
        CLAUSE: RetireClause(id, mark(clause) if (clause := document.clause(id)) else ""),
        SECTION: RetireSection(id),
        FACT: RetireFact(id),
    }
    return retire[kind].apply(document, set()).document


def _place(was: dict) -> tuple:
    return was["place"], was["section"] if "clause" in was else ""
