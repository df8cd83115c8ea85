"""A school's facts and how it handles site bans."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError

from tests.build import BANS, FACTS, a_head, a_teacher, an_officer, settings_filled, the_school
from trustconduct.accounts.permissions import NotAllowed
from trustconduct.audit.models import SchoolAuditDetail, SchoolAuditEvent
from trustconduct.schools.settings import (
    SUGGESTED,
    ChangedMeanwhile,
    SettingsRefused,
    change_settings,
    check,
    facts_of,
    police_forces,
    settings_of,
)
from trustconduct.tenants.models import SchoolSettings


def test_looking_at_the_settings_of_a_new_school_writes_nothing(oak):
    settings = settings_of(oak)
    assert (settings.telephone, settings.ban_first_days, settings.version) == ("", None, None)
    oak.flush()
    assert oak.scalar(select(SchoolSettings.id)) is None


def test_what_is_saved_is_read_again_and_the_rest_stays(oak):
    settings_filled(oak)
    change_settings(oak, by=a_head(oak), seen_version=1, telephone="01632 960999")
    oak.expire_all()
    settings = settings_of(oak)
    assert (settings.telephone, settings.email) == ("01632 960999", FACTS["email"])
    assert settings.version == 2


def test_the_second_of_two_editors_is_told(oak):
    settings_filled(oak)
    change_settings(oak, by=a_head(oak), seen_version=1, telephone="1")
    with pytest.raises(ChangedMeanwhile):
        change_settings(oak, by=a_head(oak), seen_version=1, telephone="2")
    assert settings_of(oak).telephone == "1"


def test_two_who_fill_in_a_new_school_do_not_overwrite_each_other(oak):
    settings_filled(oak, telephone="1")
    with pytest.raises(ChangedMeanwhile):
        change_settings(oak, by=a_head(oak), seen_version=None, telephone="2")


def test_two_who_save_at_the_same_moment_lose_nothing(world):
    with (
        world.sessions.school(world.oak.id) as one,
        world.sessions.school(world.oak.id) as two,
    ):
        seen_by_two = settings_of(two)
        change_settings(one, by=world.oak.head, seen_version=1, telephone="one")
        one.commit()
        with pytest.raises((ChangedMeanwhile, StaleDataError)):
            change_settings(
                two, by=world.oak.head, seen_version=seen_by_two.version, telephone="two"
            )
        two.rollback()
        two.expire_all()
        assert settings_of(two).telephone == "one"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"ban_first_days": 200}, "ban_first_days"),
        ({"ban_review_days": 181}, "ban_review_days"),
        ({"representations_days": 15}, "representations_days"),
        ({"ban_reviewer": "headteacher"}, "ban_reviewer"),
    ],
)
def test_lengths_and_roles_that_contradict_each_other_are_refused(oak, wrong, field):
    with pytest.raises(SettingsRefused) as refused:
        settings_filled(oak, **wrong)
    assert list(refused.value.errors) == [field]
    assert oak.scalar(select(SchoolSettings.id)) is None


def test_every_contradiction_is_named_at_once():
    with pytest.raises(SettingsRefused) as refused:
        check({**BANS, "ban_first_days": 200, "ban_reviewer": "headteacher"})
    assert set(refused.value.errors) == {"ban_first_days", "ban_reviewer"}


def test_what_a_form_suggests_can_stand():
    check(SUGGESTED)


@pytest.mark.parametrize(
    "wrong",
    [
        "ban_first_days = 200",
        "ban_review_days = 181",
        "representations_days = 15",
        "ban_reviewer = 'headteacher'",
        "ban_longest_days = 401",
        "ban_temporary_days = 0",
    ],
)
def test_the_database_refuses_them_too(oak, wrong):
    settings_filled(oak)
    with pytest.raises(IntegrityError):
        oak.execute(text(f"update school_settings set {wrong}"))


def test_a_police_force_must_be_on_the_list(oak):
    with pytest.raises(SettingsRefused) as refused:
        settings_filled(oak, police_force_id="metropolis")
    assert list(refused.value.errors) == ["police_force_id"]


def test_only_forces_of_today_are_offered(oak):
    offered = police_forces(oak)
    assert len(offered) > 40
    assert [force.name for force in offered] == sorted(force.name for force in offered)


def test_the_facts_fill_the_texts_fields(oak):
    settings_filled(oak)
    facts = facts_of(oak, the_school(oak), settings_of(oak))
    assert facts["school.name"] == "Oak Lane"
    assert facts["trust.name"] == "Lantern Trust"
    assert "Thames Valley" in facts["school.police_force"]
    assert facts["school.telephone"] == FACTS["telephone"]


def test_a_teacher_may_not_change_settings(oak):
    with pytest.raises(NotAllowed):
        change_settings(oak, by=a_teacher(oak), seen_version=None, telephone="1")


def test_the_head_of_another_school_may_not(oak, elm):
    with pytest.raises(NotAllowed):
        change_settings(oak, by=a_head(elm), seen_version=None, telephone="1")


def test_the_trusts_officer_may_fill_in_for_the_head(oak):
    saved = change_settings(oak, by=an_officer(), seen_version=None, telephone="1")
    assert saved.telephone == "1"


def test_a_change_is_recorded_with_what_changed_and_nothing_else(oak):
    settings_filled(oak)
    by = replace(a_head(oak), name="Ada Head", address="192.0.2.1")
    change_settings(oak, by=by, seen_version=1, telephone="1", email=FACTS["email"])
    event = oak.scalars(
        select(SchoolAuditEvent).order_by(SchoolAuditEvent.id.desc()).limit(1)
    ).one()
    detail = oak.scalars(select(SchoolAuditDetail).where(SchoolAuditDetail.id == event.id)).one()
    assert (event.event, event.actor_id) == ("settings.changed", by.id)
    assert detail.details == {
        "by": "Ada Head",
        "by_role": "Headteacher",
        "address": "192.0.2.1",
        "words": "Telephone",
        "changed": {"telephone": {"from": FACTS["telephone"], "to": "1"}},
    }


def test_saving_the_same_again_is_no_event(oak):
    settings_filled(oak)
    change_settings(oak, by=a_head(oak), seen_version=1, telephone=FACTS["telephone"])
    assert len(oak.scalars(select(SchoolAuditEvent.id)).all()) == 1
