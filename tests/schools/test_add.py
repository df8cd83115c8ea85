"""The Trust and its schools."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from tests.build import a_reader, a_school, an_actor, an_officer
from trustconduct.accounts.permissions import NotAllowed
from trustconduct.audit.actor import Role
from trustconduct.audit.models import TrustAuditEvent
from trustconduct.db import new_id
from trustconduct.schools.add import SchoolRefused, add_school, name_trust
from trustconduct.tenants.models import RESERVED_SLUGS, School, Trust


def test_a_school_is_added_with_its_address(trust):
    school = add_school(trust, by=an_officer(), slug="beech-hill", name="Beech Hill")
    trust.expire_all()
    assert trust.get(School, school.id).slug == "beech-hill"


def test_an_address_is_given_once(trust):
    a_school(trust, "beech-hill")
    with pytest.raises(SchoolRefused, match="Another school has"):
        a_school(trust, "beech-hill")


@pytest.mark.parametrize("slug", RESERVED_SLUGS)
def test_a_word_of_the_service_is_no_schools_address(trust, slug):
    with pytest.raises(SchoolRefused):
        a_school(trust, slug)
    with pytest.raises(IntegrityError):
        trust.execute(text(BY_HAND), {"id": new_id(), "slug": slug})


BY_HAND = (
    "insert into school (id, slug, name, joined_at, version) values (:id, :slug, 'X', now(), 1)"
)


@pytest.mark.parametrize(
    "slug",
    [
        "",
        "a",
        "a" * 41,
        "Oak",
        "oak lane",
        "oak--lane",
        "-oak",
        "oak-",
        "1oak",
        "öak",
        "oak/..",
        "oak\n",
    ],
)
def test_a_malformed_address_is_refused(trust, slug):
    with pytest.raises(SchoolRefused):
        a_school(trust, slug)


@pytest.mark.parametrize("slug", ["a", "Oak", "oak--lane", "oak\n"])
def test_the_database_refuses_it_too(trust, slug):
    with pytest.raises(IntegrityError):
        trust.execute(text(BY_HAND), {"id": new_id(), "slug": slug})


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.TRUST_OFFICER])
def test_only_an_officer_adds_a_school(trust, schools, role):
    by = an_actor(role, None if role.of_trust else schools.oak.id)
    with pytest.raises(NotAllowed):
        add_school(trust, by=by, slug="beech-hill", name="Beech Hill")
    assert trust.scalar(select(School.id).where(School.slug == "beech-hill")) is None


def test_there_is_one_trust_however_often_it_is_named(trust):
    name_trust(trust, by=an_officer(), name="First")
    name_trust(trust, by=an_officer(), name="Second")
    assert trust.scalars(select(Trust.name)).all() == ["Second"]


def test_a_reader_may_not_name_the_trust(trust):
    with pytest.raises(NotAllowed):
        name_trust(trust, by=a_reader(), name="Other")


def test_adding_a_school_is_recorded(trust):
    school = a_school(trust, "beech-hill")
    events = trust.scalars(
        select(TrustAuditEvent.event).where(TrustAuditEvent.thing_id == school.id)
    )
    assert events.all() == ["school.added"]
