"""A school's version: its facts put into the Trust's text, frozen, and in force from a day."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import Range

from trustconduct import clock
from trustconduct.accounts.permissions import Can, permit
from trustconduct.audit.actor import Actor
from trustconduct.audit.events import Event
from trustconduct.audit.record import record
from trustconduct.contact_matrix.models import SchoolMatrix
from trustconduct.contact_matrix.save import current_matrix
from trustconduct.policies import wording
from trustconduct.policies.document import Document, canonical, sha256
from trustconduct.policies.editions import offered_here
from trustconduct.policies.models import Edition, InForce, SchoolVersion
from trustconduct.policies.own_text import NotTakenUp, text_on
from trustconduct.schools.inherited import INHERITED, bans_in_force, for_schools
from trustconduct.schools.settings import wrong_bans
from trustconduct.tenants.models import NamedSchool, SchoolSettings
from trustconduct.tenants.sessions import ScopedSession

# What every school must have, whether its text names it or not: our mails and pages give
# them to parents as the way to a person.
ALWAYS = frozenset({"school.telephone", "school.email"})


# Facts that stand on another page than the rest.
_STEPS = {
    f"school.{key}": "settings"
    for key, one in INHERITED.items()
    if one.group not in ("facts", "bans")
}


@dataclass(frozen=True)
class Missing:
    """Something that must be there before a version is published, and on which step it is set."""

    step: str  # facts, settings, bans, contact or adoption
    text: str


class NotReady(ValueError):
    """The version can't be published yet; `missing` says what is to be done."""

    def __init__(self, missing: list[Missing]) -> None:
        super().__init__("; ".join(item.text for item in missing))
        self.missing = missing


class GovernorsRefused(ValueError):
    """The day on which the governing body approved it is missing, or can't be so."""


class TextChanged(RuntimeError):
    """The words are not the ones that the person read; nothing was published."""


class PublishedMeanwhile(RuntimeError):
    """Another version was published since the person looked; `version` is that one."""

    def __init__(self, version: SchoolVersion) -> None:
        super().__init__(f"version {version.number}")
        self.version = version


def missing(
    session: ScopedSession,
    edition: Edition,
    facts: Mapping[str, str],
    settings: SchoolSettings,
    matrix: SchoolMatrix | None,
) -> list[Missing]:
    """What still stands between a school and its version of an edition."""
    found = []
    try:
        document = text_on(session, edition)
    except NotTakenUp as no:
        document = edition.document
        found.append(Missing("adoption", str(no)))
    found += [
        Missing(_STEPS.get(name, "facts"), f"{fact.label} is blank.")
        for name, fact in document.known.items()
        if name in document.facts_named() | ALWAYS and not facts.get(name)
    ]
    given = for_schools(session)
    if None in bans_in_force(settings, given).values():
        found.append(Missing("bans", "How your school handles site bans is not filled in."))
    found += [Missing("bans", words) for words in wrong_bans(settings, given).values()]
    if matrix is None:
        found.append(Missing("contact", "The ways to contact you are not saved yet."))
    return found


def school_document(session: ScopedSession, edition: Edition, facts: Mapping[str, str]) -> Document:
    """The text as this school's parents will read it: the edition's, and the school's own words."""
    return unfilled(session, edition).filled(facts)


def unfilled(session: ScopedSession, edition: Edition) -> Document:
    """The same with its merge fields. Where the school's own words stand on another edition
    still, they are not in it, and `missing` says so.
    """
    try:
        return text_on(session, edition)
    except NotTakenUp:
        return edition.document


def frozen(
    school: NamedSchool,
    edition: Edition,
    document: Document,
    *,
    number: int,
    in_force_on: date,
    governors_on: date | None = None,
) -> dict[str, Any]:
    """All that a parent acknowledges, as plain JSON: what the hash is taken over.

    The governing body's day is in it where the edition asks for one.

    The contact matrix is not in it: a new telephone number must not make every
    parent's answer out of date.
    """
    body = document.to_json()
    del body["matrix"]
    governors = {"governors_on": governors_on.isoformat()} if governors_on else {}
    return {
        "kind": "trustconduct.policy_version.1",
        "school": {"id": str(school.id), "name": school.name},
        "edition": edition.number,
        "number": number,
        "in_force_on": in_force_on.isoformat(),
        "board_on": edition.board_on.isoformat() if edition.board_on else None,
        **governors,
        "review": edition.review_text,
        "document": body,
    }


def publish_version(
    session: ScopedSession,
    school: NamedSchool,
    edition: Edition,
    facts: Mapping[str, str],
    settings: SchoolSettings,
    *,
    by: Actor,
    seen_number: int,
    seen_text: str | None = None,
    in_force_on: date | None = None,
    governors_on: date | None = None,
) -> SchoolVersion:
    """Freeze the school's version of an edition; it is in force from `in_force_on`, today if None.

    `seen_number` is the newest version that the person saw, 0 for none: the second of two
    who publish at once gets PublishedMeanwhile and changes nothing. `seen_text` is the hash
    of the words that the person read, by `text_hash`; TextChanged where a fact has changed
    them since. `governors_on` is the day on which the school's governing body approved it:
    needed where the edition asks for it (GovernorsRefused), not kept where it does not.
    Raises NotReady with what is missing, or where the Trust has not asked this school to
    adopt the edition, and ValueError for a day that has passed: a text can't have been in
    force before anyone could read it.
    """
    permit(by, Can.PUBLISH_VERSION, session.school_id)
    session.take_turns("version")
    newest = newest_version(session)
    if newest and newest.number != seen_number:
        raise PublishedMeanwhile(newest)
    day = in_force_on or clock.today()
    if day < clock.today():
        raise ValueError("A version can't be in force from a day that has passed.")
    if not offered_here(session, edition):
        raise NotReady([Missing("adoption", "Your school is not asked to adopt this edition.")])
    matrix = current_matrix(session)
    lacking = missing(session, edition, facts, settings, matrix)
    if lacking or matrix is None:
        raise NotReady(lacking)
    governors = _governors_day(edition, governors_on)
    number = newest.number + 1 if newest else 1
    document = school_document(session, edition, facts)
    if seen_text is not None and seen_text != text_hash(document):
        raise TextChanged
    text = canonical(
        frozen(school, edition, document, number=number, in_force_on=day, governors_on=governors)
    )
    version = SchoolVersion(
        number=number,
        edition_id=edition.id,
        edition_number=edition.number,
        matrix_id=matrix.id,
        text=text,
        html=wording.html(document),
        sha256=sha256(text),
        in_force_on=day,
        governors_on=governors,
        published_at=clock.now(),
        published_by=by.name,
    )
    session.add(version)
    session.flush()  # the days in force point to it, and the event needs its id
    _put_in_force(session, version)
    record(
        session,
        Event.VERSION_PUBLISHED,
        by=by,
        about=version,
        number=number,
        edition=edition.number,
        sha256=version.sha256,
        html_sha256=sha256(version.html),
        in_force_on=day.isoformat(),
    )
    return version


def _governors_day(edition: Edition, day: date | None) -> date | None:
    if not edition.local_bodies:
        return None
    if day is None:
        raise GovernorsRefused("Type the day on which your governing body approved it.")
    if day > clock.today():
        raise GovernorsRefused("Your governing body can't have approved it on a day to come.")
    return day


def is_unchanged(version: SchoolVersion, edition: Edition, document: Document) -> bool:
    """Whether a version says already what this document would."""
    body = document.to_json()
    del body["matrix"]
    return version.edition_id == edition.id and json.loads(version.text)["document"] == body


def text_hash(document: Document) -> str:
    """A hash of all words of a preview, so that what is published is what was read."""
    return sha256(canonical(document.to_json()))


def _put_in_force(session: ScopedSession, version: SchoolVersion) -> None:
    """End what was in force on the version's first day, and what was to come after it."""
    day = version.in_force_on
    for other in session.scalars(
        select(InForce).where(InForce.during.op("&&")(Range(day, None))).with_for_update()
    ):
        first = other.during.lower
        other.during = Range(first, day) if first and first < day else Range(empty=True)
    session.flush()  # the database allows no two on one day, not even within a commit
    session.add(
        InForce(
            version_id=version.id,
            edition_id=version.edition_id,
            number=version.number,
            during=Range(day, None),
        )
    )


def newest_version(session: ScopedSession) -> SchoolVersion | None:
    return session.scalar(select(SchoolVersion).order_by(SchoolVersion.number.desc()).limit(1))


def version_in_force(session: ScopedSession, on: date | None = None) -> SchoolVersion | None:
    """The version in force on a day, today if None."""
    return session.scalar(
        select(SchoolVersion)
        .join(
            InForce,
            (InForce.school_id == SchoolVersion.school_id)
            & (InForce.version_id == SchoolVersion.id),
        )
        .where(InForce.during.op("@>")(on or clock.today()))
    )


def version_numbered(session: ScopedSession, number: int) -> SchoolVersion | None:
    return session.scalar(select(SchoolVersion).where(SchoolVersion.number == number))


@dataclass(frozen=True)
class Published:
    """One line of a school's history: without the text, which may be long."""

    number: int
    edition_number: int
    in_force_on: date
    last_on: date | None  # None while it is in force or to come
    was_in_force: bool
    published_by: str


def history(session: ScopedSession) -> list[Published]:
    """The school's versions, newest first."""
    rows = session.execute(
        select(
            SchoolVersion.number,
            SchoolVersion.edition_number,
            SchoolVersion.in_force_on,
            SchoolVersion.published_by,
            func.upper(InForce.during).label("until"),
            func.isempty(InForce.during).label("empty"),
        )
        .join(
            InForce,
            (InForce.school_id == SchoolVersion.school_id)
            & (InForce.version_id == SchoolVersion.id),
        )
        .order_by(SchoolVersion.number.desc())
    )
    return [
        Published(
            number=row.number,
            edition_number=row.edition_number,
            in_force_on=row.in_force_on,
            last_on=row.until - timedelta(days=1) if row.until else None,
            was_in_force=not row.empty,
            published_by=row.published_by,
        )
        for row in rows
    ]
