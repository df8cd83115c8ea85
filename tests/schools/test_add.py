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
from trustconduct.schools.add import SchoolRefused, add_school, free_slug, name_trust
from trustconduct.tenants.models import RESERVED_SLUGS, Phase, School, Trust


def test_a_school_is_added_with_its_address(trust):
    school = add_school(trust, by=an_officer(), slug="beech-hill", name="Beech Hill")
    trust.expire_all()
    assert trust.get(School, school.id).slug == "beech-hill"


def test_an_address_is_given_once(trust):
    a_school(trust, "beech-hill")
    with pytest.raises(SchoolRefused, match="Another school has “beech-hill” already"):
        a_school(trust, "beech-hill", "Another name")


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


# -- without a word for its addresses


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Oak Lane Primary School", "oak-lane-primary-school"),
        ("St Mary’s & St John’s C.E. Academy", "st-marys-and-st-johns-ce-academy"),
        ("Ysgol Gŵyr", "ysgol-gwyr"),
        ("École Élémentaire", "ecole-elementaire"),
        ("2nd Sample School", "school-2nd-sample-school"),
        ("A", "a-school"),
        ("Admin", "admin-2"),
        ("A Very Long Name That a School Has and Keeps", "a-very-long-name-that-a-school-has-and"),
        ("X" * 60, "x" * 40),
        ("!!!", ""),
    ],
)  # fmt: skip
def test_a_word_is_made_from_the_name_and_can_stand_in_an_address(trust, name, slug):
    assert free_slug(name, ()) == slug
    if slug:
        assert add_school(trust, by=an_officer(), name=name).slug == slug


def test_a_made_word_steps_aside_for_one_that_is_taken():
    assert free_slug("Oak Lane", {"oak-lane"}) == "oak-lane-2"
    assert free_slug("Oak Lane", {"oak-lane", "oak-lane-2"}) == "oak-lane-3"
    assert free_slug("X" * 60, {"x" * 40}) == "x" * 36 + "-2"


def test_a_name_of_which_no_word_can_be_made_asks_for_one(trust):
    with pytest.raises(SchoolRefused) as refused:
        add_school(trust, by=an_officer(), name="学校")
    assert refused.value.errors.keys() == {"slug"}
    assert add_school(trust, by=an_officer(), name="学校", slug="xue-xiao").name == "学校"


# -- what else stands against a school


def test_a_name_is_given_once_however_it_is_written(trust):
    a_school(trust, "beech-hill", "Beech Hill")
    for name in ("Beech Hill", "beech  HILL", "Ｂeech Hill"):
        with pytest.raises(SchoolRefused, match="is here already") as refused:
            add_school(trust, by=an_officer(), name=name, slug="other")
        assert refused.value.errors.keys() == {"name"}
        assert refused.value.there is None  # another word: not the same form again


def test_the_same_form_sent_again_names_the_school_that_it_added(trust):
    form = {"name": "Beech Hill", "phase": Phase.PRIMARY, "address": "Beech Hill, Sampleton"}
    first = add_school(trust, by=an_officer(), **form)
    with pytest.raises(SchoolRefused) as refused:
        add_school(trust, by=an_officer(), **form)
    assert refused.value.there is first


@pytest.mark.parametrize("mark", ["=", "+", "-", "@"])
def test_a_name_that_a_spreadsheet_would_run_is_refused(trust, mark):
    with pytest.raises(SchoolRefused, match="can't begin with"):
        add_school(trust, by=an_officer(), name=f"{mark}HYPERLINK(1)", slug="beech-hill")


def test_a_police_force_that_is_not_there_any_more_is_refused(trust):
    with pytest.raises(SchoolRefused) as refused:
        add_school(trust, by=an_officer(), name="Beech Hill", police_force_id="bow-street")
    assert refused.value.errors.keys() == {"police_force_id"}


def test_the_database_knows_the_phases_too(trust):
    school = a_school(trust, "beech-hill")
    for phase in Phase:
        school.phase = phase
        trust.flush()
        assert "_" not in phase.word
    with pytest.raises(IntegrityError):
        trust.execute(text("update school set phase = 'university'"))
