"""What is kept about one adult, and the list of all: read by a school's staff."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Uuid, func, literal, or_, select, tuple_
from sqlalchemy.orm import aliased

from trustconduct.csv_lists import key
from trustconduct.outbox.untold import why_untold
from trustconduct.people.models import Adult, Care, KeptApart, Pupil, UntoldMark
from trustconduct.people.who_is_told import Standing
from trustconduct.tenants.sessions import ScopedSession


@dataclass(frozen=True)
class Person:
    """A line of the people's list: an adult and whom they care for."""

    id: UUID
    name: str
    email: str
    cares_for: tuple[str, ...]  # "Sam Sample (mother, Year 4)"
    because: str = ""  # why they must not be told, by the word of `tc_untold()`


MOST_WORDS = 6
SHOWN = ("", "paper", "untold", "left")


def people_page(
    session: ScopedSession, *, show: str = "", named: str = "", after: str = "", most: int = 50
) -> list[Person]:
    """A page of adults by name, in two queries. `after` is the last name and id of the page before.

    `show` is one of SHOWN, `named` what `matching` takes. Gives one more than `most` where
    there are more. Doubles stand under the one that they were merged into.
    """
    why = why_untold(Adult.id)
    adults = (
        select(Adult.id, Adult.name, Adult.email, func.coalesce(why, ""))
        .where(Adult.merged_into.is_(None))
        .order_by(Adult.name, Adult.id)
    )
    adults = adults.where(Adult.left_on.is_not(None) if show == "left" else Adult.left_on.is_(None))
    if show == "paper":
        adults = adults.where(Adult.email == "")
    if show == "untold":
        adults = adults.where(why.is_not(None))
    if found := matching(named):
        adults = adults.where(*found)
    if after:
        name, _, id_text = after.rpartition("|")
        with suppress(ValueError):  # a mark that somebody made up: the first page
            adults = adults.where(tuple_(Adult.name, Adult.id) > tuple_(name, UUID(id_text)))
    rows = session.execute(adults.limit(most + 1)).all()
    cared: dict[UUID, list[str]] = {row[0]: [] for row in rows}
    one = func.coalesce(Adult.merged_into, Adult.id)
    for care in session.execute(
        select(one.label("adult_id"), Care.relationship, Pupil.name, Pupil.year_group)
        .select_from(Adult)
        .join(Care, (Care.school_id == Adult.school_id) & (Care.adult_id == Adult.id))
        .join(Pupil, (Pupil.school_id == Care.school_id) & (Pupil.id == Care.pupil_id))
        .where(or_(Adult.id.in_(cared), Adult.merged_into.in_(cared)), Care.ended_on.is_(None))
        .order_by(Pupil.name)
    ):
        words = ", ".join(word for word in (care.relationship, care.year_group) if word)
        cared[care.adult_id].append(f"{care.name} ({words})")
    return [Person(row[0], row[1], row[2], tuple(cared[row[0]]), row[3]) for row in rows]


def matching(typed: str) -> list[ColumnElement[bool]]:
    """Conditions on an adult: every word typed is in their name, in the name of a child whom
    they care for, or in their email address. A telephone number is found however it is written.
    """
    digits = re.sub(r"\D", "", typed)
    if len(digits) >= 5 and not re.search(r"[^\d\s+().-]", typed):
        national = digits.removeprefix("0044").removeprefix("44").removeprefix("0")
        number = func.regexp_replace(Adult.telephone, r"\D", "", "g")
        return [number.contains(national)]
    return [_holds(word) for word in key(typed).split()[:MOST_WORDS]]


def _holds(word: str) -> ColumnElement[bool]:
    one = aliased(Adult)  # themselves, or a double of theirs
    child = (
        select(Care.id)
        .join(Pupil, (Pupil.school_id == Care.school_id) & (Pupil.id == Care.pupil_id))
        .join(one, (one.school_id == Care.school_id) & (one.id == Care.adult_id))
        .where(
            Care.school_id == Adult.school_id,
            func.coalesce(one.merged_into, one.id) == Adult.id,
            Care.ended_on.is_(None),
            Pupil.name_key.contains(word, autoescape=True),
        )
    )
    return or_(
        Adult.name_key.contains(word, autoescape=True),
        Adult.email.contains(word, autoescape=True),
        child.exists(),
    )


@dataclass(frozen=True)
class Belongs:
    """How an adult belongs to a child."""

    care: Care
    pupil: Pupil


@dataclass(frozen=True)
class Apart:
    """Somebody whom they must not learn of."""

    id: UUID
    name: str
    because: str
    said_by: str


@dataclass(frozen=True)
class Whole:
    """An adult with all that is kept of them, their doubles included."""

    adult: Adult
    doubles: tuple[Adult, ...]  # who were merged into them
    belongs: tuple[Belongs, ...]
    marks: tuple[UntoldMark, ...]  # the newest first
    apart: tuple[Apart, ...]
    alike: tuple[Adult, ...]  # others of the same name
    because: str

    @property
    def ids(self) -> list[UUID]:
        return [self.adult.id, *(one.id for one in self.doubles)]

    @property
    def why_not(self) -> str:
        """Why they must not be told, in words; blank where they may be."""
        return Standing(self.because).word if self.because else ""

    @property
    def open_mark(self) -> UntoldMark | None:
        return next((one for one in self.marks if one.ended_at is None), None)


MOST_ALIKE = 10


def whole(session: ScopedSession, adult_id: UUID) -> Whole | None:
    """An adult with all that is kept of them: six queries."""
    rows = session.scalars(
        select(Adult).where(or_(Adult.id == adult_id, Adult.merged_into == adult_id))
    ).all()
    adult = next((one for one in rows if one.id == adult_id), None)
    if adult is None:
        return None
    doubles = tuple(one for one in rows if one.id != adult_id)
    ids = [one.id for one in rows]
    belongs = session.execute(
        select(Care, Pupil)
        .join(Pupil, (Pupil.school_id == Care.school_id) & (Pupil.id == Care.pupil_id))
        .where(Care.adult_id.in_(ids))
        .order_by(Care.ended_on.desc(), Pupil.name)
    ).all()
    marks = session.scalars(
        select(UntoldMark).where(UntoldMark.adult_id.in_(ids)).order_by(UntoldMark.id.desc())
    ).all()
    alike = session.scalars(
        select(Adult)
        .where(Adult.name_key == adult.name_key, Adult.merged_into.is_(None))
        .where(Adult.id != adult_id)
        .order_by(Adult.id)
        .limit(MOST_ALIKE)
    ).all()
    return Whole(
        adult,
        doubles,
        tuple(Belongs(*row) for row in belongs),
        tuple(marks),
        _apart(session, ids),
        tuple(alike),
        session.scalar(select(why_untold(literal(adult_id, Uuid)))) or "",
    )


def _apart(session: ScopedSession, ids: list[UUID]) -> tuple[Apart, ...]:
    one, other = aliased(Adult), aliased(Adult)

    def joined(adult: Any, column: Any) -> Any:
        return (adult.school_id == KeptApart.school_id) & (adult.id == column)

    rows = session.execute(
        select(KeptApart, one, other)
        .join(one, joined(one, KeptApart.adult_id))
        .join(other, joined(other, KeptApart.other_id))
        .where(KeptApart.ended_at.is_(None))
        .where(or_(KeptApart.adult_id.in_(ids), KeptApart.other_id.in_(ids)))
        .order_by(KeptApart.id)
    )
    found = []
    for said, first, second in rows:
        them = second if first.id in ids else first
        found.append(Apart(them.id, them.name, said.because, said.said_by))
    return tuple(found)


def rows_of_person(session: ScopedSession, adult_id: UUID) -> list[UUID]:
    """Every row that stands for this person: the one that is kept, and its doubles.

    What was told to one of them, or answered by it, was told to the person.
    """
    kept = (
        select(func.coalesce(Adult.merged_into, Adult.id))
        .where(Adult.id == adult_id)
        .scalar_subquery()
    )
    return list(
        session.scalars(select(Adult.id).where(or_(Adult.id == kept, Adult.merged_into == kept)))
    )
