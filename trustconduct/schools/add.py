"""The Trust itself, and its schools."""

from __future__ import annotations

import re

from sqlalchemy import select

from trustconduct.accounts.permissions import Can, permit
from trustconduct.audit.actor import Actor
from trustconduct.audit.events import Event
from trustconduct.audit.record import record
from trustconduct.tenants.models import RESERVED_SLUGS, SLUG, School, Trust
from trustconduct.tenants.sessions import ScopedSession


class SchoolRefused(ValueError):
    """The school can't be added like this; the message says what to choose."""


def name_trust(
    session: ScopedSession, *, by: Actor, name: str, telephone: str = "", email: str = ""
) -> Trust:
    """Say which Trust this deployment serves. There is one row, made or changed here."""
    permit(by, Can.CHANGE_TRUST)
    trust = session.scalar(select(Trust).with_for_update())
    if trust is None:
        trust = Trust()
        session.add(trust)
    trust.name, trust.telephone, trust.email = name, telephone, email
    session.flush()  # the event needs the row's id
    record(session, Event.TRUST_CHANGED, by=by, about=trust, name=name)
    return trust


def add_school(session: ScopedSession, *, by: Actor, slug: str, name: str) -> School:
    """Add a school of the Trust. `slug` is its place in every address, for good.

    Raises SchoolRefused where the slug is taken, reserved or malformed.
    """
    permit(by, Can.ADD_SCHOOL)
    if not re.fullmatch(SLUG, slug) or not 2 <= len(slug) <= 40:
        raise SchoolRefused(
            f"“{slug}” can't stand in an address. Use small letters, digits and single"
            " hyphens, from 2 to 40 characters, for example oak-lane."
        )
    if slug in RESERVED_SLUGS:
        raise SchoolRefused(f"“{slug}” is a word that the service needs itself. Choose another.")
    session.take_turns("school")
    if session.scalar(select(School.id).where(School.slug == slug)):
        raise SchoolRefused(f"Another school has “{slug}” already. Choose another.")
    school = School(slug=slug, name=name)
    session.add(school)
    session.flush()  # the event needs the row's id
    record(session, Event.SCHOOL_ADDED, by=by, about=school, slug=slug, name=name)
    return school
