"""Whether a person was on notice of a clause on a day, and what speaks for it.

Conduct cases rest on it, so it leans to the parent's side: a fact counts from the day
after it on, and only while nothing speaks against it. A link that was fetched is never a
ground, since mail scanners fetch links. Each ground has its day, its words and the row
that it stands on. See docs/adr/0032.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select

from trustconduct import clock
from trustconduct.acknowledgements.entrance import hung_on_day
from trustconduct.acknowledgements.notice_facts import Fact, What, facts_of_person
from trustconduct.people.models import Adult, AdultKind
from trustconduct.people.person import rows_of_person
from trustconduct.policies.document import BEHAVIOUR, Clause, Form
from trustconduct.policies.models import InForce, SchoolVersion
from trustconduct.policies.versions import version_in_force
from trustconduct.tenants.sessions import ScopedSession


@dataclass(frozen=True)
class OnNotice:
    """The answer for one person, clause and day. `because` says why not, where it is no."""

    clause: str
    day: date
    version: int | None  # in force on the day
    grounds: tuple[Fact, ...] = ()
    not_counted: tuple[Fact, ...] = ()  # with the reason of each
    because: str = ""

    @property
    def yes(self) -> bool:
        return bool(self.grounds)

    def __bool__(self) -> bool:
        return self.yes


def was_on_notice(session: ScopedSession, person: Adult, clause: str, day: date) -> OnNotice:
    """Whether a person had been told of a clause before a day, with every ground for it.

    The clause must stand in the version in force on that day. What they were told of an
    earlier version counts where the clause has the same words and exceptions in it.
    Doubles that were merged are one person. A visitor is told by a notice that hung on
    the day, where the clause is one of those that it shows. A fixed number of queries.
    """
    version = version_in_force(session, day)
    if version is None:
        return OnNotice(
            clause, day, None,
            because=f"No version of the code was in force on {clock.day(day)}.",
        )  # fmt: skip
    words = version.document.clause(clause)
    if words is None:
        return OnNotice(
            clause, day, version.number,
            because=f"Version {version.number}, in force on {clock.day(day)}, has no clause"
            f" “{clause}”.",
        )  # fmt: skip
    same = _reads_the_same(session, version, words)
    ids = rows_of_person(session, person.id)
    grounds, others = [], []
    for fact in facts_of_person(session, ids):
        if fact.on > day:
            continue
        why = fact.against
        if fact.version_id not in same:
            why = why or f"Version {fact.number} had other words for this clause."
        if fact.on == day:
            why = why or "It was on the same day, and nothing says which came first."
        if why:
            others.append(fact.but(why))
        else:
            grounds.append(fact)
    hung = _at_the_entrance(session, ids, words, day, same)
    return OnNotice(
        clause,
        day,
        version.number,
        tuple([*grounds, *(one for one in hung if not one.against)]),
        tuple([*others, *(one for one in hung if one.against)]),
        "" if grounds or hung else "Nothing shows that they were told before that day.",
    )


def _reads_the_same(session: ScopedSession, version: SchoolVersion, words: Clause) -> set[UUID]:
    """The versions up to this one in which the clause has the same words and exceptions."""
    found = set()
    for each in session.scalars(
        select(SchoolVersion).where(SchoolVersion.number <= version.number)
    ):
        there = each.document.clause(words.id)
        if there and (there.text, there.exceptions) == (words.text, words.exceptions):
            found.add(each.id)
    return found


def _at_the_entrance(
    session: ScopedSession, ids: list[UUID], words: Clause, day: date, same: set[UUID]
) -> list[Fact]:
    """The notices that a visitor of the day passed. One shows the words of when it was hung."""
    kinds = session.scalars(select(Adult.kind).where(Adult.id.in_(ids))).all()
    if not kinds or any(kind != AdultKind.VISITOR.value for kind in kinds):
        return []
    notices = hung_on_day(session, day)
    if not notices:
        return []
    shown = session.execute(select(InForce.during, InForce.version_id, InForce.number)).all()
    found = []
    for notice in notices:
        of = next((row for row in shown if notice.hung_on in row.during), None)
        why = ""
        if words.id.partition(".")[0] != BEHAVIOUR or words.form is not Form.ITEM:
            why = "The notice at the entrance does not show this clause."
        elif of is None or of.version_id not in same:
            why = "It shows an earlier version, with other words for this clause."
        found.append(
            Fact(
                What.ENTRANCE,
                notice.hung_on,
                f"A notice hung at “{notice.place}” on {clock.day(day)}, since"
                f" {clock.day(notice.hung_on)}",
                "entrance_notice",
                notice.id,
                of.version_id if of else None,
                of.number if of else 0,
                why,
            )
        )
    return found
