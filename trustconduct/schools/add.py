"""The Trust itself, and adding its schools, one or many."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Self

from sqlalchemy import select

from trustconduct.accounts.permissions import Can, permit
from trustconduct.audit.actor import Actor
from trustconduct.audit.events import Event
from trustconduct.audit.record import record
from trustconduct.csv_lists import key
from trustconduct.schools.settings import police_forces
from trustconduct.schools.start import Head, hand_over
from trustconduct.tenants.models import RESERVED_SLUGS, SLUG, Phase, School, Trust
from trustconduct.tenants.sessions import ScopedSession

LONGEST_SLUG = 40
# A spreadsheet takes a cell that begins so for a formula. No school is called that.
FORMULA = ("=", "+", "-", "@")


class SchoolRefused(ValueError):
    """The school can't be like this. `errors`: field to what to do about it.

    `there` is a school that is already exactly as it was asked for: the same form
    came twice.
    """

    def __init__(self, errors: Mapping[str, str], there: School | None = None) -> None:
        super().__init__(" ".join(errors.values()))
        self.errors = errors
        self.there = there


TRUST_DETAILS = ("privacy_contact", "ico_number", "accessibility_gaps")


def name_trust(
    session: ScopedSession,
    *,
    by: Actor,
    name: str,
    telephone: str = "",
    email: str = "",
    **details: str,
) -> Trust:
    """Say which Trust this deployment serves. There is one row, made or changed here.

    `details` are those of `TRUST_DETAILS`, for parents' pages; what is not given stays.
    """
    permit(by, Can.CHANGE_TRUST)
    trust = session.scalar(select(Trust).with_for_update())
    if trust is None:
        trust = Trust()
        session.add(trust)
    trust.name, trust.telephone, trust.email = name, telephone, email
    for detail in TRUST_DETAILS:
        if detail in details:
            setattr(trust, detail, details[detail])
    session.flush()  # the event needs the row's id
    record(session, Event.TRUST_CHANGED, by=by, about=trust, name=name)
    return trust


@dataclass(frozen=True)
class NewSchool:
    """A school as the officer asks for it. Without a `slug` one is made from the name."""

    name: str
    slug: str = ""
    phase: Phase | None = None
    address: str = ""
    police_force_id: str | None = None
    head: Head | None = None


@dataclass
class Taken:
    """The names and the words for addresses that a new school can't have."""

    slugs: dict[str, School] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    forces: set[str] = field(default_factory=set)

    @classmethod
    def now(cls, session: ScopedSession) -> Self:
        """Two queries, however many schools there are."""
        schools = session.scalars(select(School)).all()
        return cls(
            {school.slug: school for school in schools},
            {key(school.name) for school in schools},
            {force.id for force in police_forces(session)},
        )


def add_school(
    session: ScopedSession,
    *,
    by: Actor,
    name: str,
    slug: str = "",
    phase: Phase | None = None,
    address: str = "",
    police_force_id: str | None = None,
    head: Head | None = None,
) -> School:
    """Add a school of the Trust. `slug` is its place in every address, for good.

    What other scopes have to do for it (invite the head, begin its settings) is
    written down in the same commit: see start.py. Raises SchoolRefused, by field.
    """
    permit(by, Can.ADD_SCHOOL)
    new = NewSchool(name, slug, phase, address, police_force_id, head)
    session.take_turns("school")
    taken = Taken.now(session)
    if errors := errors_of(new, taken):
        raise SchoolRefused(errors, _same(new, taken))
    return add_checked(session, [new], taken.slugs, by=by)[0]


def problems(session: ScopedSession, new: NewSchool) -> dict[str, str]:
    """What stands against a school, by field, while other fields are not right yet. Saves nothing.

    So that the officer is told of everything at once.
    """
    return errors_of(new, Taken.now(session))


def _same(new: NewSchool, taken: Taken) -> School | None:
    """The school that this form has added already, where it was sent twice."""
    for school in taken.slugs.values():
        if (
            key(school.name) == key(new.name)
            and new.slug in ("", school.slug)
            and (school.phase, school.address) == (new.phase, new.address)
        ):
            return school
    return None


def add_checked(
    session: ScopedSession,
    schools: Iterable[NewSchool],
    taken: Collection[str],
    *,
    by: Actor,
) -> list[School]:
    """Add schools that `errors_of` has nothing against, in a turn that the caller has taken."""
    permit(by, Can.ADD_SCHOOL)
    slugs = set(taken)
    added: list[tuple[NewSchool, School]] = []
    for new in schools:
        slug = new.slug or free_slug(new.name, slugs)
        slugs.add(slug)
        school = School(slug=slug, name=new.name, phase=new.phase, address=new.address)
        added.append((new, school))
    session.add_all(school for _, school in added)
    session.flush()  # the events need the rows' ids
    for new, school in added:
        record(session, Event.SCHOOL_ADDED, by=by, about=school, slug=school.slug, name=new.name)
        if new.head or new.police_force_id:
            hand_over(session, school, new.head, new.police_force_id, by=by)
    session.flush()
    return [school for _, school in added]


def errors_of(new: NewSchool, taken: Taken) -> dict[str, str]:
    """What stands against a school, by field. `taken` is what the others have."""
    errors: dict[str, str] = {}
    if wrong := name_error(new.name, taken.names):
        errors["name"] = wrong
    if new.slug:
        if wrong := _slug_error(new, taken.slugs):
            errors["slug"] = wrong
    elif "name" not in errors and not free_slug(new.name, taken.slugs):
        errors["slug"] = "We can't make a word for its addresses from this name. Type one."
    if new.police_force_id and new.police_force_id not in taken.forces:
        errors["police_force_id"] = "Choose a police force from the list."
    return errors


def name_error(name: str, taken: Collection[str]) -> str:
    """What is wrong with a school's name; `taken` are the others', as `key` compares them."""
    if name.startswith(FORMULA):
        return f"A name can't begin with {name[0]}. Begin with a letter or a digit."
    if key(name) in taken:
        return "A school with this name is here already. Add what tells the two apart."
    return ""


def _slug_error(new: NewSchool, taken: Collection[str]) -> str:
    slug, other = new.slug, free_slug(new.name, taken)
    instead = f" “{other}” is free." if other else " Choose another."
    if not re.fullmatch(SLUG, slug) or not 2 <= len(slug) <= LONGEST_SLUG:
        return (
            f"“{slug}” can't stand in an address. Use small letters, digits and single"
            f" hyphens, from 2 to {LONGEST_SLUG} characters, for example oak-lane."
        )
    if slug in RESERVED_SLUGS:
        return f"“{slug}” is a word that the service needs itself.{instead}"
    if slug in taken:
        return f"Another school has “{slug}” already.{instead}"
    return ""


def free_slug(name: str, taken: Collection[str]) -> str:
    """A word for a school's addresses, made from its name; blank where nothing is left of it.

    "St Mary’s Primary School" gives st-marys-primary-school. The page's script
    suggests the same word while one types.
    """
    plain = unicodedata.normalize("NFKD", name.replace("&", " and ")).lower()
    plain = re.sub(r"['’\u0300-\u036f.]", "", plain)
    words = re.findall(r"[a-z0-9]+", plain)
    if not words:
        return ""
    if words[0][0].isdigit():
        words.insert(0, "school")
    whole = _cut("-".join(words), LONGEST_SLUG)
    if len(whole) < 2:
        whole = f"{whole}-school"
    slug, number = whole, 2
    while slug in taken or slug in RESERVED_SLUGS:
        slug = f"{_cut(whole, LONGEST_SLUG - 4)}-{number}"
        number += 1
    return slug


def _cut(slug: str, most: int) -> str:
    """At most so many characters, and no half word where that can be helped."""
    if len(slug) <= most:
        return slug
    whole = slug[: most + 1].rpartition("-")[0]
    return whole or slug[:most]
