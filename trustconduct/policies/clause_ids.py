"""Ids of clauses and sections: who may give which, and that none is given twice.

An incident of years ago cites `behaviour.4`. Were the id given to other words
later, the incident would cite a rule that nobody had broken. So a new id is
counted on from the highest that was ever used, not from what stands there today.

The Trust gives `behaviour.4`, `online.p2`. What a school adds is `behaviour.local.1`
or, a section, `section.local.1`: no edition can hold these, so an edition that
comes years later never takes the id of a school's own clause.

`used` is every id that ever stood: for an edition, `ids_of` all editions before
it, drafts too; for a school, those and all of the school's own texts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from trustconduct.policies.document import Document, DocumentRefused, Form

_OWN = ".local."
_OWN_SECTION = f"section{_OWN}"


def is_own(id: str) -> bool:
    """Whether a school gave this id, not the Trust."""
    return _OWN in id


def own_clause_id(section_id: str, used: Iterable[str]) -> str:
    """The id for a clause that a school adds to a section."""
    return _next(f"{section_id}{_OWN}", used)


def own_section_id(used: Iterable[str]) -> str:
    """The id for a section that a school adds."""
    return _next(_OWN_SECTION, used)


def clause_id(section_id: str, form: Form, used: Iterable[str]) -> str:
    """The id for a clause that the Trust adds to a section."""
    return _next(f"{section_id}.{'' if form is Form.ITEM else 'p'}", used)


def _next(stem: str, used: Iterable[str]) -> str:
    counted = re.compile(rf"{re.escape(stem)}([0-9]+)")
    numbers = [int(found[1]) for id in used if (found := counted.fullmatch(id))]
    return f"{stem}{max(numbers, default=0) + 1}"


def ids_of(*documents: Document) -> set[str]:
    """Every id of sections and clauses in these texts."""
    return {
        id
        for document in documents
        for section in document.sections
        for id in (section.id, *section.clause_ids)
    }


def brought_back(document: Document, earlier: Sequence[Document]) -> list[str]:
    """Ids in a new edition that an earlier one retired, in the order of the text.

    `earlier` are the editions before it, oldest first. An id from before that the
    last of them does not have was retired, and its words are no longer known to
    be the same rule.
    """
    if not earlier:
        return []
    retired = ids_of(*earlier) - ids_of(earlier[-1])
    there = [id for section in document.sections for id in (section.id, *section.clause_ids)]
    return [id for id in there if id in retired]


def check_edition(document: Document) -> None:
    """Refuse an edition that takes an id of the kind that only schools give."""
    for section in document.sections:
        for id in (section.id, *section.clause_ids):
            if is_own(id):
                raise DocumentRefused(
                    f"“{id}” is the id of a school's own text, so no edition can hold it."
                )
