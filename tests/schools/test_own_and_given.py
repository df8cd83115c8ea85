"""What counts of a school's settings: its own, the Trust's, within the Trust's limits."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, text

from tests import build
from tests.build import FORCE, a_head, settings_filled, the_school
from tests.rules.test_scopes import as_superuser
from tests.schools.test_inherited import give
from trustconduct import clock
from trustconduct.acknowledgements.signing import asked
from trustconduct.db import transaction
from trustconduct.schools.inherited import Given, bans_in_force, for_schools
from trustconduct.schools.refused import SettingsRefused
from trustconduct.schools.setting_history import setting_history
from trustconduct.schools.settings import (
    change_settings,
    facts_of,
    office_telephone,
    settings_of,
    wrong_bans,
)
from trustconduct.tenants.models import School, SchoolSettings


def given_by_the_trust(world, **given: Given) -> None:
    with world.sessions.trust() as trust, transaction(trust):
        give(trust, **given)


def save(session, **values) -> SchoolSettings:
    seen = settings_of(session).version
    return change_settings(session, by=a_head(session), seen_version=seen, **values)


def test_a_blank_address_is_the_one_in_the_trusts_list_of_schools(world):
    with world.sessions.trust() as trust, transaction(trust):
        trust.get_one(School, world.elm.id).address = "2 Elm Road, Sampleton"
    with world.sessions.school(world.elm.id) as elm, transaction(elm):
        own = settings_of(elm).address
        assert facts_of(elm, world.elm, settings_of(elm))["school.address"] == own
        save(elm, address="")
        facts = facts_of(elm, world.elm, settings_of(elm))
        assert facts["school.address"] == "2 Elm Road, Sampleton"
    given_by_the_trust(world, address=Given("", locked=True))
    with world.sessions.school(world.elm.id) as elm, pytest.raises(SettingsRefused):
        save(elm, address="3 Elm Road")
    with world.sessions.school(world.oak.id) as oak:
        assert "address" not in for_schools(oak)  # the Trust knows none: nothing to lock


def test_a_parent_who_signs_is_shown_the_number_that_counts(world):
    request = world.oak.requests[f"Lee {world.oak.canary}"]
    given_by_the_trust(world, telephone=Given("01632 960100"))
    with world.sessions.school(world.oak.id) as oak, transaction(oak):
        own = settings_of(oak).telephone
        assert asked(oak, request).telephone == office_telephone(oak, settings_of(oak)) == own
        save(oak, telephone="")
        assert asked(oak, request).telephone == "01632 960100"
        save(oak, telephone="01632 960101")
    given_by_the_trust(world, telephone=Given("01632 960100", locked=True))
    with world.sessions.school(world.oak.id) as oak:
        assert asked(oak, request).telephone == "01632 960100"
        assert office_telephone(oak, settings_of(oak)) == "01632 960100"


def test_a_school_chooses_its_bans_within_the_trusts_limits(world):
    given_by_the_trust(world, ban_longest_days=Given("", least=60, most=200))
    with world.sessions.school(world.oak.id) as oak, transaction(oak):
        for days, says in ((201, "at most"), (59, "at least")):
            with pytest.raises(SettingsRefused, match=says):
                save(oak, ban_longest_days=days)
        save(oak, ban_longest_days=200)


def test_what_the_trust_changes_later_must_go_together_with_the_schools_own(world):
    given_by_the_trust(world, ban_longest_days=Given(30, locked=True))
    with world.sessions.school(world.oak.id) as oak, transaction(oak):
        wrong = wrong_bans(settings_of(oak), for_schools(oak))
        assert set(wrong) == {"ban_first_days", "ban_review_days"}
        save(oak, governing_body="Governors")  # other pages are not held up by it
        with pytest.raises(SettingsRefused):
            save(oak, ban_first_days=31)
        save(oak, ban_first_days=30, ban_review_days=30)
        assert wrong_bans(settings_of(oak), for_schools(oak)) == {}


def test_an_own_figure_under_a_lock_gives_way_to_one_that_counts_now(world):
    given_by_the_trust(world, ban_longest_days=Given(300, locked=True))
    with world.sessions.school(world.oak.id) as oak, transaction(oak):
        save(oak, ban_first_days=250)  # longer than its own longest, which nobody sees now
        assert settings_of(oak).ban_longest_days is None
        assert bans_in_force(settings_of(oak), for_schools(oak))["ban_longest_days"] == 300


def test_the_trust_can_not_give_what_does_not_go_together(trust):
    build.a_trust(trust)
    with pytest.raises(SettingsRefused) as no:
        give(
            trust,
            ban_first_days=Given(50),
            ban_longest_days=Given(40, most=30),
            ban_review_days=Given("", least=9, most=3),
            colour=Given("#ffff00"),
        )
    assert set(no.value.errors) == {
        "ban_first_days", "ban_longest_days", "ban_review_days", "colour"
    }  # fmt: skip
    assert set(no.value.offers) == {"colour"}


def test_a_school_whose_force_has_ended_still_saves_its_other_facts(world, servers):
    ended = clock.today() - timedelta(days=1)
    with as_superuser(servers, world) as connection:
        connection.execute(
            text("update police_force set valid_to = :on where id = :id"),
            {"on": ended, "id": FORCE},
        )
    with world.sessions.school(world.oak.id) as oak, transaction(oak):
        save(oak, police_force_id=FORCE, app_name="Another")
        with pytest.raises(SettingsRefused):
            save(oak, police_force_id="metropolis")


def test_the_history_of_a_setting_has_both_sides_newest_first(world):
    with world.sessions.school(world.oak.id) as oak, transaction(oak):
        own = settings_of(oak).app_name
        save(oak, app_name="Harbour")
    given_by_the_trust(world, app_name=Given("Arbor", locked=True))
    with world.sessions.school(world.oak.id) as oak:
        found = setting_history(oak, "app_name", {})
        assert [(one.by_trust, one.before, one.after) for one in found] == [
            (True, "", "Arbor, locked"),
            (False, own, "Harbour"),
            (False, "", own),
        ]
        assert all(one.by for one in found)
        assert setting_history(oak, "colour", {}) == []
    with world.sessions.school(world.elm.id) as elm:
        assert "Harbour" not in str(setting_history(elm, "app_name", {}))


def test_what_was_recorded_before_both_sides_were_is_still_told(oak):
    settings_filled(oak)
    oak.execute(
        text(
            "insert into audit_event_school (school_id, id, event, at, actor_kind, thing_kind,"
            " details_sha256) values (:school, :id, 'settings.changed', now(), 'user',"
            " 'school_settings', '')"
        ),
        {"school": oak.school_id, "id": oak.school_id},
    )
    oak.execute(
        text(
            "insert into audit_detail_school (school_id, id, salt, details) values"
            """ (:school, :id, '', '{"by": "Ada", "changed": {"telephone": "1"}}')"""
        ),
        {"school": oak.school_id, "id": oak.school_id},
    )
    old = next(one for one in setting_history(oak, "telephone", {}) if one.by == "Ada")
    assert (old.before, old.after) == (None, "1")


def test_the_facts_of_a_text_name_the_other_settings_too(oak):
    settings_filled(oak, governing_body="Local Academy Council", complaints_url="https://a.example")
    facts = facts_of(oak, the_school(oak), settings_of(oak))
    assert facts["school.governing_body"] == "Local Academy Council"
    assert facts["school.complaints_url"] == "https://a.example"
    assert oak.scalar(select(SchoolSettings.version)) == 1
