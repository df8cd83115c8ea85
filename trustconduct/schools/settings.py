"""A school's facts, its police force, and how it handles site bans."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from trustconduct import clock
from trustconduct.accounts.permissions import Can, permit
from trustconduct.audit.actor import Actor
from trustconduct.audit.events import Event
from trustconduct.audit.record import record
from trustconduct.schools.inherited import INHERITED, for_schools, in_force, locked_keys
from trustconduct.schools.refused import ChangedMeanwhile as ChangedMeanwhile
from trustconduct.schools.refused import SettingsRefused as SettingsRefused
from trustconduct.tenants.models import NamedSchool, PoliceForce, SchoolSettings, Trust
from trustconduct.tenants.sessions import ScopedSession

FACT_FIELDS = ("policies_url", "app_name", "telephone", "email", "police_force_id")
BAN_FIELDS = (
    "ban_unit",
    "ban_temporary_days",
    "ban_first_days",
    "ban_longest_days",
    "ban_review_days",
    "representations_days",
    "ban_decider",
    "ban_reviewer",
)

# Where a school has not chosen yet, the form begins with these. No law sets any of
# them; a Trust's solicitor should look at what its schools choose.
SUGGESTED: dict[str, Any] = {
    "ban_unit": "calendar",
    "ban_temporary_days": 14,
    "ban_first_days": 42,
    "ban_longest_days": 180,
    "ban_review_days": 42,
    "representations_days": 10,
    "ban_decider": "headteacher",
    "ban_reviewer": "chair_of_governors",
}


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
        letters_second_person=False,
    )


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
    _check_locked(session, {name for name, value in values.items() if value != before[name]})
    check({name: values.get(name, getattr(settings, name)) for name in FACT_FIELDS + BAN_FIELDS})
    if force := values.get("police_force_id"):
        _check_force(session, force)
    for name, value in values.items():
        setattr(settings, name, value)
    session.add(settings)  # only now: a refused row must not be written by the next query
    session.flush()  # a clash of versions must show here, before it is recorded
    changed = {name: value for name, value in values.items() if value != before[name]}
    if changed:
        record(session, Event.SETTINGS_CHANGED, by=by, about=settings, changed=changed)
    return settings


def check(values: dict[str, Any]) -> None:
    """Refuse lengths and roles that contradict each other. Blank is not wrong yet."""
    errors: dict[str, str] = {}

    def longer(small: str, large: str, message: str) -> None:
        if values[small] and values[large] and values[small] > values[large]:
            errors[small] = message

    longer(
        "ban_first_days",
        "ban_longest_days",
        "A first ban can't be longer than the longest ban. Shorten it, or raise the longest.",
    )
    longer(
        "ban_review_days",
        "ban_longest_days",
        "A review must come before the longest ban ends. Choose fewer days.",
    )
    longer(
        "representations_days",
        "ban_temporary_days",
        "A parent must have time to answer while a temporary ban lasts."
        " Give fewer days to answer, or a longer temporary ban.",
    )
    if values["ban_decider"] and values["ban_decider"] == values["ban_reviewer"]:
        errors["ban_reviewer"] = "Who reviews a ban must not be who decided it. Choose another."
    if errors:
        raise SettingsRefused(errors)


def _check_locked(session: ScopedSession, changed: set[str]) -> None:
    wanted = changed & INHERITED.keys()
    if wanted and (fixed := wanted & locked_keys(for_schools(session))):
        raise SettingsRefused(
            dict.fromkeys(sorted(fixed), "The Trust has set this for all its schools. Ask it.")
        )


def _check_force(session: ScopedSession, force_id: str) -> None:
    force = session.get(PoliceForce, force_id)
    if force is None or (force.valid_to and force.valid_to < clock.today()):
        raise SettingsRefused({"police_force_id": "Choose a police force from the list."})


def police_forces(session: ScopedSession) -> list[PoliceForce]:
    """The forces of today, by name."""
    today = clock.today()
    return [
        force
        for force in session.scalars(select(PoliceForce).order_by(PoliceForce.name))
        if (force.valid_from is None or force.valid_from <= today)
        and (force.valid_to is None or today <= force.valid_to)
    ]


def facts_of(
    session: ScopedSession, school: NamedSchool, settings: SchoolSettings
) -> dict[str, str]:
    """The school's facts by the merge field that each fills. Blank where not known yet."""
    row = session.execute(select(Trust.name, Trust.for_schools)).first()
    trust_name, given = (row.name, row.for_schools) if row else ("", {})
    force_id = in_force("police_force_id", settings.police_force_id, given)
    force = session.get(PoliceForce, force_id) if force_id else None
    return {
        "school.name": school.name,
        "trust.name": trust_name,
        "school.police_force": force.name if force else "",
        "school.policies_url": in_force("policies_url", settings.policies_url, given),
        "school.app_name": in_force("app_name", settings.app_name, given),
        "school.telephone": settings.telephone,
        "school.email": settings.email,
        **settings.more_facts,
    }
