"""Finding reports by their words: a school's own, in any form of a word ("shouts", "shouted").

PostgreSQL may not look into an index of words before it has held each row to its school: its
match is not leakproof. So the school's rows are read and matched one by one, which takes tens
of milliseconds at 50,000 reports (docs/adr/0043).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, func, select

from trustconduct.conduct.models import ConductCase, Incident, IncidentWords, Tag
from trustconduct.people.models import Adult
from trustconduct.tenants.sessions import ScopedSession

PAGE = 50
LONGEST = 200  # characters of what is searched for


@dataclass(frozen=True)
class Found:
    """A text of a report in which the words stand, with some lines of it."""

    incident_id: UUID
    number: int  # of the report
    happened_on: date
    at_risk: bool
    person: str  # blank where nobody is known yet
    case_id: UUID | None
    case_number: int | None
    tag: Tag
    extract: Sequence[tuple[str, bool]]  # a piece of text, and whether it was searched for


# Marks around what was found: characters that no text of ours can hold (`web/fields.py`).
BEGINS, ENDS = "\x01", "\x02"
HEADLINE = f"StartSel={BEGINS}, StopSel={ENDS}, MaxWords=30, MinWords=15, MaxFragments=1"


def find_reports(session: ScopedSession, typed: str, *, page: int = 0) -> list[Found]:
    """Texts in which all the words stand, the newest first; one more than PAGE where there are.

    One query. "Quoted words" stand side by side, and -word must not be there. A number alone
    finds what is in the report of that number. Nothing but small words ("the") finds nothing.
    """
    typed = typed.strip()[:LONGEST]
    if not typed:
        return []
    query = func.websearch_to_tsquery("english", typed)
    # Where only small words are left nothing is read at all.
    there: ColumnElement[bool] = (func.numnode(query) > 0) & IncidentWords.found_by.bool_op("@@")(
        query
    )
    if re.fullmatch(r"\d{1,9}", typed):
        of_number = select(Incident.id).where(Incident.number == int(typed)).scalar_subquery()
        there = IncidentWords.incident_id == of_number
    # The page is cut first: a word that stands everywhere is shown fifty times and no more. By
    # its day and not by the key, along which PostgreSQL would walk back through all rows.
    cut = (
        select(
            IncidentWords.id,
            IncidentWords.incident_id,
            IncidentWords.tag,
            IncidentWords.words,
            IncidentWords.written_at,
        )
        .where(there)
        .order_by(IncidentWords.written_at.desc(), IncidentWords.id.desc())
        .offset(page * PAGE)
        .limit(PAGE + 1)
        .cte("cut")
        .prefix_with("materialized")
    )
    rows = session.execute(
        select(
            Incident.id,
            Incident.number,
            Incident.happened_on,
            Incident.at_risk,
            func.coalesce(Adult.name, ""),
            ConductCase.id,
            ConductCase.number,
            cut.c.tag,
            func.ts_headline("english", cut.c.words, query, HEADLINE),
        )
        .select_from(cut)
        .join(Incident, Incident.id == cut.c.incident_id)
        .outerjoin(Adult, Adult.id == Incident.adult_id)
        .outerjoin(ConductCase, ConductCase.id == Incident.case_id)
        .order_by(cut.c.written_at.desc(), cut.c.id.desc())
    )
    return [
        Found(id, number, on, at_risk, person, case_id, case, Tag(tag), _pieces(words))
        for id, number, on, at_risk, person, case_id, case, tag, words in rows
    ]


def _pieces(words: str) -> list[tuple[str, bool]]:
    """A text with marks as pieces: ("They ", False), ("shouted", True)."""
    found = []
    for piece in re.split(f"({BEGINS}[^{ENDS}]*{ENDS})", words):
        if piece.startswith(BEGINS):
            found.append((piece[1:-1], True))
        elif piece:
            found.append((piece, False))
    return found
