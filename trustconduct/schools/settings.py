"""A school's facts, its police force, and how it handles site bans."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from trustconduct import clock
from trustconduct.accounts.permissions import Can, permit
from trustconduct.audit.actor import Actor
from trustconduct.audit.events import Event
from trustconduct.audit.record import record
from trustconduct.schools.ban_rules import BAN_FIELDS as BAN_FIELDS
from trustconduct.schools.ban_rules import SUGGESTED as SUGGESTED
from trustconduct.schools.ban_rules import check as check
from trustconduct.schools.ban_rules import wrong_together
from trustconduct.schools.colours import check_colours
from trustconduct.schools.inherited import (
    INHERITED,
    ForSchools,
    bans_in_force,
    for_schools,
    in_force,
    locked_keys,
    own_address,
    with_address,
)
from trustconduct.schools.refused import ChangedMeanwhile as ChangedMeanwhile
from trustconduct.schools.refused import SettingsRefused as SettingsRefused
from trustconduct.tenants.models import NamedSchool, PoliceForce, SchoolSettings, Trust
from trustconduct.tenants.sessions import ScopedSession


def settings_of(session: ScopedSession, *, lock: bool = False) -> SchoolSettings:
    """The school's settings. A school that has none yet gets a blank row to look at.

    The blank row is not added: looking writes nothing. `lock` it where a rule
    relies on it: nobody changes a fact until the commit.
    """
    query = select(SchoolSettings)
    found = session.scalar(query.with_for_update() if lock else query)
    return found or SchoolSettings(
        school_id=session.school_id,
        policies_url="",
        app_name="",
        telephone="",
        email="",
        more_facts={},
        framed_by=[],
        **dict.fromkeys(_WORDS, ""),
        letters_second_person=False,
        letters_unnamed=False,
        letters_staff="",
    )


# The texts that begin blank; figures begin as None.
_WORDS = (
    "address", "office_hours", "complaints_url", "safeguarding_url", "staff_code_url",
    "governing_body", "signatories", "colour", "accent",
)  # fmt: skip


def change_settings(
    session: ScopedSession, *, by: Actor, seen_version: int | None, **values: Any
) -> SchoolSettings:
    """Save some of a school's settings; the others stay as they are.

    `seen_version` is the version of the row that the person looked at, None for
    a school without one. Raises ChangedMeanwhile where it has moved on, and
    SettingsRefused for what can't stand, by field.
    """
    permit(by, Can.CHANGE_SETTINGS, session.school_id)
    settings = session.scalar(select(SchoolSettings).with_for_update())
    if (settings.version if settings else None) != seen_version:
        raise ChangedMeanwhile
    settings = settings or settings_of(session)
    before = {name: getattr(settings, name) for name in values}
    differs = {name for name, value in values.items() if value != before[name]}
    given = for_schools(session)
    _check_locked(differs, given)
    values |= _check_bans(settings, differs, values, given)
    _check_look(settings, differs, values, given)
    if "police_force_id" in differs and (force := values["police_force_id"]):
        _check_force(session, force)  # one that has ended since stays until it is changed
    before = {name: getattr(settings, name) for name in values}
    for name, value in values.items():
        setattr(settings, name, value)
    session.add(settings)  # only now: a refused row must not be written by the next query
    session.flush()  # a clash of versions must show here, before it is recorded
    changed = {
        name: {"from": before[name], "to": value}
        for name, value in values.items()
        if value != before[name]
    }
    if changed:
        words = ", ".join(dict.fromkeys(setting_label(name) for name in changed))
        record(session, Event.SETTINGS_CHANGED, by=by, about=settings, words=words, changed=changed)
    return settings


def setting_label(name: str) -> str:
    """What people call a setting."""
    others = {
        "email": "Office email",
        "more_facts": "Further facts",
        "framed_by": "Websites that show your ways to reach school",
    }
    return INHERITED[name].label if name in INHERITED else others.get(name, name)


def _check_locked(changed: set[str], given: ForSchools) -> None:
    if fixed := changed & locked_keys(given):
        raise SettingsRefused(
            dict.fromkeys(sorted(fixed), "The Trust has set this for all its schools. Ask it.")
        )


def _check_bans(
    settings: SchoolSettings, changed: set[str], values: dict[str, Any], given: ForSchools
) -> dict[str, Any]:
    """Refuse what would count and can't stand; gives what has to be let go with it.

    A figure of the school's own that a lock hides must not stand against the one that it
    chooses now, and nobody can see it to change it: so that one becomes blank.
    """
    if not changed & set(BAN_FIELDS):
        return {}  # what the Trust has changed since is asked before the next publication
    own = {name: values.get(name, getattr(settings, name)) for name in BAN_FIELDS}
    counts = {name: in_force(name, own[name], given) or None for name in BAN_FIELDS}
    check(counts, given)
    if wrong_together(own):
        return {name: None for name in locked_keys(given) & set(BAN_FIELDS) if own[name]}
    return {}


def _check_look(
    settings: SchoolSettings, changed: set[str], values: dict[str, Any], given: ForSchools
) -> None:
    if changed & {"colour", "accent"}:
        own = {name: values.get(name, getattr(settings, name)) for name in ("colour", "accent")}
        check_colours(*(in_force(name, own[name], given) for name in ("colour", "accent")))


def wrong_bans(settings: SchoolSettings, given: ForSchools) -> dict[str, str]:
    """What can't stand among the ban settings that count now, by field: the Trust may have
    changed its own, or its limits, since the school chose.
    """
    try:
        check(bans_in_force(settings, given), given)
    except SettingsRefused as no:
        return no.errors
    return {}


def _check_force(session: ScopedSession, force_id: str) -> None:
    force = session.get(PoliceForce, force_id)
    if force is None or (force.valid_to and force.valid_to < clock.today()):
        raise SettingsRefused({"police_force_id": "Choose a police force from the list."})


def police_forces(session: ScopedSession, *, own: str | None = None) -> list[PoliceForce]:
    """The forces of today, by name; and the school's `own`, though it may have ended."""
    today = clock.today()
    return [
        force
        for force in session.scalars(select(PoliceForce).order_by(PoliceForce.name))
        if force.id == own
        or (
            (force.valid_from is None or force.valid_from <= today)
            and (force.valid_to is None or today <= force.valid_to)
        )
    ]


def office_telephone(session: ScopedSession, settings: SchoolSettings) -> str:
    """The number that parents call, as it counts: the school's own or the Trust's."""
    return in_force("telephone", settings.telephone, for_schools(session))


def promises_of(session: ScopedSession, settings: SchoolSettings) -> dict[str, int]:
    """Within how many school days a message is acknowledged and answered; 0 promises nothing."""
    given = for_schools(session)
    return {
        name: in_force(f"{name}_within", getattr(settings, f"{name}_within"), given) or 0
        for name in ("acknowledge", "answer")
    }


def facts_of(
    session: ScopedSession, school: NamedSchool, settings: SchoolSettings
) -> dict[str, str]:
    """The school's facts by the merge field that each fills. Blank where not known yet."""
    row = session.execute(select(Trust.name, Trust.for_schools, own_address())).first()
    given = with_address(row) if row else {}
    force_id = in_force("police_force_id", settings.police_force_id, given)
    force = session.get(PoliceForce, force_id) if force_id else None
    return {
        "school.name": school.name,
        "trust.name": row.name if row else "",
        "school.police_force": force.name if force else "",
        "school.email": settings.email,
        **{
            f"school.{key}": in_force(key, getattr(settings, key), given)
            for key in INHERITED
            if key in MERGED
        },
        **settings.more_facts,
    }


# The settings that a text may name as {school.…}.
MERGED = frozenset(
    {
        "telephone", "policies_url", "app_name", "address", "office_hours", "complaints_url",
        "safeguarding_url", "staff_code_url", "governing_body",
    }
)  # fmt: skip
