"""Changing a school, suspending and resuming it: once, recorded, and its head told."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from tests import build
from trustconduct.accounts.permissions import NotAllowed
from trustconduct.audit.actor import Role
from trustconduct.audit.models import TrustAuditDetail, TrustAuditEvent
from trustconduct.outbox.models import TrustMessageContent
from trustconduct.schools.add import SchoolRefused
from trustconduct.schools.change import change_school, resume, suspend
from trustconduct.schools.settings import ChangedMeanwhile
from trustconduct.schools.start import Head
from trustconduct.tenants.models import Phase, School

HEADS = [Head("Holly Sample", "head@oak-lane.example")]
NEW = {"name": "Oak Lane School", "phase": Phase.PRIMARY, "address": "Oak Lane, Sampleton"}


@pytest.fixture
def school(trust, schools):
    return trust.get_one(School, schools.oak.id)


def events(session):
    return session.scalars(select(TrustAuditEvent.event).order_by(TrustAuditEvent.at)).all()


def test_name_phase_and_address_are_saved_and_recorded(trust, school):
    before = len(events(trust))
    change_school(trust, school, by=build.an_officer(), seen_version=school.version, **NEW)
    trust.expire_all()
    assert (school.name, school.phase, school.slug) == ("Oak Lane School", "primary", "oak-lane")
    assert events(trust)[before:] == ["school.changed"]
    newest = trust.scalars(select(TrustAuditDetail).order_by(TrustAuditDetail.id.desc())).first()
    assert newest.details["changed"] == {**NEW, "phase": "primary"}


def test_saved_as_it_was_nothing_is_recorded(trust, school):
    before = events(trust)
    same = {"name": school.name, "phase": None, "address": ""}
    change_school(trust, school, by=build.an_officer(), seen_version=school.version, **same)
    assert events(trust) == before


def test_the_second_of_two_who_save_is_told(trust, school):
    seen = school.version
    change_school(trust, school, by=build.an_officer(), seen_version=seen, **NEW)
    with pytest.raises(ChangedMeanwhile):
        change_school(trust, school, by=build.an_officer(), seen_version=seen, **NEW)


def test_a_name_of_another_school_is_refused(trust, school):
    with pytest.raises(SchoolRefused, match="is here already"):
        change_school(
            trust,
            school,
            by=build.an_officer(),
            seen_version=school.version,
            **{**NEW, "name": "elm  park"},
        )


def test_a_school_is_suspended_with_a_reason_and_its_head_told(trust, school):
    assert suspend(trust, school, by=build.an_officer(), reason="It moves.", heads=HEADS)
    assert (school.suspended_because, events(trust)[-1]) == ("It moves.", "school.suspended")
    mail = trust.scalars(select(TrustMessageContent)).one()
    assert mail.to_address == "head@oak-lane.example"
    assert "The reason: It moves." in mail.body
    assert "Call the Trust on 01632 960000" in mail.body


def test_suspended_twice_it_is_suspended_once(trust, school):
    suspend(trust, school, by=build.an_officer(), reason="It moves.", heads=HEADS)
    assert not suspend(trust, school, by=build.an_officer(), reason="Again.", heads=HEADS)
    assert school.suspended_because == "It moves."
    assert len(trust.scalars(select(TrustMessageContent)).all()) == 1


def test_without_a_reason_no_school_is_suspended(trust, school):
    with pytest.raises(SchoolRefused, match="Say why"):
        suspend(trust, school, by=build.an_officer(), reason="", heads=[])
    assert school.suspended_at is None


def test_a_resumed_school_keeps_no_mark_of_it_but_in_the_audit(trust, school):
    suspend(trust, school, by=build.an_officer(), reason="It moves.", heads=[])
    assert resume(trust, school, by=build.an_officer(), heads=HEADS)
    assert not resume(trust, school, by=build.an_officer(), heads=HEADS)
    assert (school.suspended_at, school.suspended_because) == (None, "")
    assert events(trust)[-2:] == ["school.suspended", "school.resumed"]
    assert trust.scalars(select(TrustMessageContent.subject)).all() == [
        "Oak Lane is open again on our service"
    ]


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.TRUST_OFFICER])
def test_nobody_but_an_officer_changes_suspends_or_resumes(trust, school, role):
    by = build.an_actor(role, None if role.of_trust else school.id)
    with pytest.raises(NotAllowed):
        change_school(trust, school, by=by, seen_version=school.version, **NEW)
    with pytest.raises(NotAllowed):
        suspend(trust, school, by=by, reason="Mine.", heads=[])
    with pytest.raises(NotAllowed):
        resume(trust, school, by=by, heads=[])
