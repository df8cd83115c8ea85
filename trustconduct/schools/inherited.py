"""Settings that a school has from its Trust where it leaves them blank, declared as data.

The Trust may lock one: then its value is every school's, and what a school had
chosen comes back once it is unlocked. Kept in the Trust's own row, so that a page
that asks for the Trust's name has them too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from trustconduct import clock
from trustconduct.accounts.permissions import Can, permit
from trustconduct.audit.actor import Actor
from trustconduct.audit.events import Event
from trustconduct.audit.record import record
from trustconduct.schools.refused import ChangedMeanwhile, SettingsRefused
from trustconduct.tenants.models import PoliceForce, Trust
from trustconduct.tenants.sessions import ScopedSession

ForSchools = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Inherited:
    """A setting of a school that the Trust may give."""

    label: str
    help: str
    kind: str = "text"  # text, url or police_force


INHERITED: dict[str, Inherited] = {
    "policies_url": Inherited(
        "Policies page", "The page where parents find the policies of every school.", "url"
    ),
    "app_name": Inherited("Parent app", "The app that your schools write to parents with."),
    "police_force_id": Inherited(
        "Police force", "Where one force covers all your schools.", "police_force"
    ),
}


@dataclass(frozen=True)
class Given:
    """What the Trust gives its schools of one setting, and whether they may choose another."""

    value: str
    locked: bool = False


def for_schools(session: ScopedSession) -> ForSchools:
    """What the Trust gives its schools, by setting."""
    return session.scalar(select(Trust.for_schools)) or {}


def in_force(key: str, own: str | None, given: ForSchools) -> str:
    """What counts: the Trust's where it is locked or the school left it blank."""
    theirs = given.get(key)
    if theirs and (theirs["locked"] or not own):
        return theirs["value"]
    return own or ""


def locked_keys(given: ForSchools) -> set[str]:
    return {key for key, one in given.items() if one["locked"]}


def given_words(given: ForSchools, forces: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """What the Trust gives as a page shows it: a police force by its name."""
    names = dict(forces)
    return {
        key: {"locked": one["locked"], "words": names.get(one["value"], one["value"])}
        for key, one in given.items()
    }


def give_schools(
    session: ScopedSession, given: Mapping[str, Given], *, by: Actor, seen_version: int
) -> Trust:
    """Say what schools have where they leave it blank, and what they can't change.

    Raises ChangedMeanwhile where somebody saved since `seen_version`, and
    SettingsRefused by field: nothing can be locked while it is blank.
    """
    permit(by, Can.CHANGE_TRUST)
    trust = session.scalar(select(Trust).with_for_update())
    if trust is None or trust.version != seen_version:
        raise ChangedMeanwhile
    errors = {
        key: "Say what every school has, or take the lock off."
        for key, one in given.items()
        if one.locked and not one.value
    }
    force_id = given["police_force_id"].value if "police_force_id" in given else ""
    if force_id:
        force = session.get(PoliceForce, force_id)
        if force is None or (force.valid_to and force.valid_to < clock.today()):
            errors["police_force_id"] = "Choose a police force from the list."
    if errors:
        raise SettingsRefused(errors)
    before = trust.for_schools
    after = {
        **before,
        **{key: {"value": one.value, "locked": one.locked} for key, one in given.items()},
    }
    after = {key: one for key, one in after.items() if one["value"]}
    changed = [key for key in INHERITED if before.get(key) != after.get(key)]
    if changed:
        trust.for_schools = after
        session.flush()
        record(
            session,
            Event.SCHOOL_SETTINGS_GIVEN,
            by=by,
            about=trust,
            words=", ".join(INHERITED[key].label.lower() for key in changed),
            changed={key: {"from": before.get(key), "to": after.get(key)} for key in changed},
        )
    return trust
