"""Settings that a school has from its Trust where it leaves them blank, declared as data.

The Trust may lock one: then its value is every school's, and what a school had
chosen comes back once it is unlocked. Kept in the Trust's own row, so that a page
that asks for the Trust's name has them too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, String, Uuid, cast, func, literal_column, select
from sqlalchemy.sql.elements import ColumnElement

from trustconduct import clock
from trustconduct.accounts.permissions import Can, permit
from trustconduct.audit.actor import Actor
from trustconduct.audit.events import Event
from trustconduct.audit.record import record
from trustconduct.schools.ban_rules import BAN_FIELDS, beyond_limits, wrong_together
from trustconduct.schools.colours import check_colours
from trustconduct.schools.models import GivenChange
from trustconduct.schools.refused import ChangedMeanwhile, SettingsRefused
from trustconduct.tenants.models import PoliceForce, School, SchoolSettings, Trust
from trustconduct.tenants.sessions import ScopedSession

ForSchools = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Inherited:
    """A setting of a school that the Trust may give.

    `kind` says how it is typed: text, url, police_force, telephone, postal, hours, people,
    colour, days, unit or role. `group` is the page of the school's own site where it stands.
    `most` is the largest number of days. `each_its_own`: the Trust keeps one for each school,
    in its list of schools, and may only lock it.
    """

    label: str
    help: str
    kind: str = "text"
    group: str = "facts"
    most: int = 0
    each_its_own: bool = False

    @property
    def has_limits(self) -> bool:
        return self.kind == "days" and self.group == "bans"


INHERITED: dict[str, Inherited] = {
    "telephone": Inherited("Telephone", "The number that parents call.", "telephone"),
    "policies_url": Inherited(
        "Policies page", "The page where parents find the policies of every school.", "url"
    ),
    "app_name": Inherited("Parent app", "The app that your schools write to parents with."),
    "police_force_id": Inherited(
        "Police force", "Where one force covers all your schools.", "police_force"
    ),
    "address": Inherited(
        "Postal address", "Where letters reach the school.", "postal", "office", each_its_own=True
    ),
    "office_hours": Inherited(
        "Office hours", "When somebody answers, for example Monday to Friday 8:30am to 4pm.",
        "hours", "office",
    ),
    "acknowledge_within": Inherited(
        "Days to acknowledge", "School days until a parent hears that a message was read.",
        "days", "office", most=60,
    ),
    "answer_within": Inherited(
        "Days to answer", "School days until a parent has an answer.", "days", "office", most=60
    ),
    "complaints_url": Inherited(
        "Complaints policy", "The page where parents find it.", "url", "documents"
    ),
    "safeguarding_url": Inherited(
        "Safeguarding and Child Protection Policy", "The page where parents find it.", "url",
        "documents",
    ),
    "staff_code_url": Inherited(
        "Staff code of conduct", "The page where people find it.", "url", "documents"
    ),
    "governing_body": Inherited(
        "Governing body", "What it is called, for example Local Governing Body.", "text", "letters"
    ),
    "signatories": Inherited(
        "Who signs letters", "One on each line: the name, a comma, the role.", "people", "letters"
    ),
    "colour": Inherited(
        "First colour", "White words stand on it. Write it like #0f4c5c.", "colour", "look"
    ),
    "accent": Inherited(
        "Second colour", "A stripe beside the first. Write it like #e8a537.", "colour", "look"
    ),
    "ban_unit": Inherited("Days of bans are", "Calendar days or school days.", "unit", "bans"),
    "ban_temporary_days": Inherited(
        "A temporary ban lasts at most", "Days until it must be decided.", "days", "bans", most=400
    ),
    "representations_days": Inherited(
        "A parent has this long to answer", "Days to give their side before the decision.",
        "days", "bans", most=60,
    ),
    "ban_first_days": Inherited(
        "A first ban lasts", "Days, as the usual length.", "days", "bans", most=400
    ),
    "ban_longest_days": Inherited(
        "The longest ban lasts", "Days. Nothing longer can be set.", "days", "bans", most=400
    ),
    "ban_review_days": Inherited(
        "A ban is reviewed after", "Days, and again each time as many have passed.", "days",
        "bans", most=400,
    ),
    "ban_decider": Inherited("Who decides bans", "One role.", "role", "bans"),
    "ban_reviewer": Inherited("Who reviews bans", "Not who decides.", "role", "bans"),
}  # fmt: skip
UNIT_WORDS = {"calendar": "Calendar days", "school": "School days"}
ROLE_WORDS = {
    "headteacher": "The headteacher",
    "chair_of_governors": "The chair of governors",
    "governor_panel": "A panel of governors",
    "trust": "The Trust",
}


def keys_of(group: str) -> list[str]:
    """The settings of one page, in its order."""
    return [key for key, one in INHERITED.items() if one.group == group]


@dataclass(frozen=True)
class Given:
    """What the Trust gives its schools of one setting, and whether they may choose another.

    `least` and `most` are the Trust's limits for a school's own number of days.
    """

    value: Any
    locked: bool = False
    least: int | None = None
    most: int | None = None

    def to_json(self) -> dict[str, Any]:
        """What is not said is not written."""
        limits = {"least": self.least, "most": self.most}
        return {
            "value": self.value,
            "locked": self.locked,
            **{name: limit for name, limit in limits.items() if limit},
        }


def for_schools(session: ScopedSession) -> ForSchools:
    """What the Trust gives its schools, by setting; in a school's scope its own address too."""
    row = session.execute(select(Trust.for_schools, own_address())).first()
    return with_address(row) if row else {}


def own_address() -> ColumnElement[str]:
    """The address of the session's school in the Trust's list of schools, for a query."""
    here = cast(func.nullif(func.current_setting("app.school", True), ""), Uuid)
    return select(School.address).where(School.id == here).scalar_subquery().label("own_address")


def with_address(row: Row[Any]) -> ForSchools:
    given = dict(row.for_schools or {})
    locked = given.get("address", {}).get("locked", False)
    given.pop("address", None)
    if row.own_address:
        given["address"] = {"value": row.own_address, "locked": locked}
    return given


def in_force(key: str, own: Any, given: ForSchools) -> Any:
    """What counts: the Trust's where it is locked or the school left it blank."""
    theirs = given.get(key)
    if theirs and theirs["value"] and (theirs["locked"] or not own):
        return theirs["value"]
    return own or ""


def all_in_force(settings: SchoolSettings, given: ForSchools) -> dict[str, Any]:
    """Each setting as it counts now; blank is ""."""
    return {key: in_force(key, getattr(settings, key), given) for key in INHERITED}


def bans_in_force(settings: SchoolSettings, given: ForSchools) -> dict[str, Any]:
    """How the school handles site bans as it counts now; None where nobody has said it."""
    return {key: in_force(key, getattr(settings, key), given) or None for key in BAN_FIELDS}


def telephone_in_force() -> ColumnElement[str]:
    """The school's telephone as it counts, for a query that has `school_settings` in it.

    Without parameters: signing's query is prepared once and sent as it is.
    """
    return literal_column(
        "(select case when t.for_schools #>> '{telephone,locked}' = 'true'"
        " then t.for_schools #>> '{telephone,value}'"
        " else coalesce(nullif(school_settings.telephone, ''),"
        " t.for_schools #>> '{telephone,value}', '') end from trust t)",
        String,
    )


def locked_keys(given: ForSchools) -> set[str]:
    return {key for key, one in given.items() if one["locked"]}


def words_for(key: str, value: Any, forces: Mapping[str, str]) -> str:
    """A value as a page shows it: a police force by its name, a role in words."""
    kind = INHERITED[key].kind if key in INHERITED else "text"
    if value in (None, ""):
        return ""
    named = {"police_force": forces, "unit": UNIT_WORDS, "role": ROLE_WORDS}.get(kind, {})
    return named.get(value, str(value))


def given_words(given: ForSchools, forces: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """What the Trust gives as a page shows it, with its limits."""
    names = dict(forces)
    return {
        key: {**one, "words": words_for(key, one["value"], names)} for key, one in given.items()
    }


def give_schools(
    session: ScopedSession, given: Mapping[str, Given], *, by: Actor, seen_version: int
) -> Trust:
    """Say what schools have where they leave it blank, and what they can't change.

    Raises ChangedMeanwhile where somebody saved since `seen_version`, and
    SettingsRefused by field: nothing can be locked while it is blank, and what is given
    must go together.
    """
    permit(by, Can.CHANGE_TRUST)
    trust = session.scalar(select(Trust).with_for_update())
    if trust is None or trust.version != seen_version:
        raise ChangedMeanwhile
    before = trust.for_schools
    after = {**before, **{key: one.to_json() for key, one in given.items()}}
    after = {key: one for key, one in after.items() if any(one.values())}
    _check_given(session, given, after)
    changed = [key for key in INHERITED if before.get(key) != after.get(key)]
    if changed:
        trust.for_schools = after
        session.add_all(
            GivenChange(key=key, before=before.get(key), after=after.get(key), by_name=by.name)
            for key in changed
        )
        session.flush()
        record(
            session,
            Event.SCHOOL_SETTINGS_GIVEN,
            by=by,
            about=trust,
            words=", ".join(INHERITED[key].label for key in changed),
            changed={key: {"from": before.get(key), "to": after.get(key)} for key in changed},
        )
    return trust


def _check_given(
    session: ScopedSession, given: Mapping[str, Given], after: Mapping[str, Mapping[str, Any]]
) -> None:
    errors = {
        key: "Say what every school has, or take the lock off."
        for key, one in given.items()
        if one.locked and not one.value and not INHERITED[key].each_its_own
    }
    force_id = given["police_force_id"].value if "police_force_id" in given else ""
    if force_id:
        force = session.get(PoliceForce, force_id)
        if force is None or (force.valid_to and force.valid_to < clock.today()):
            errors["police_force_id"] = "Choose a police force from the list."
    values = {key: after.get(key, {}).get("value") or None for key in INHERITED}
    bans = {key: values[key] for key in BAN_FIELDS}
    errors |= {**beyond_limits(bans, after), **wrong_together(bans)}
    for key, one in after.items():
        if one.get("least") and one.get("most") and one["least"] > one["most"]:
            errors[key] = "The least is more than the most. Change one of them."
    offers: dict[str, str] = {}
    try:
        check_colours(values["colour"] or "", values["accent"] or "")
    except SettingsRefused as no:
        errors |= no.errors
        offers = no.offers
    if errors:
        raise SettingsRefused(errors, offers)
