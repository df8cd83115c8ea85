"""What a school has from its Trust where it leaves a setting blank, and what the Trust locks."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from tests import build
from tests.build import a_head, an_officer, settings_filled, the_trust
from tests.web.test_setup import typed
from trustconduct.accounts.permissions import NotAllowed
from trustconduct.audit.actor import Role
from trustconduct.audit.events import Event
from trustconduct.audit.models import TrustAuditDetail, TrustAuditEvent
from trustconduct.db import transaction
from trustconduct.schools.inherited import Given, give_schools, in_force
from trustconduct.schools.refused import ChangedMeanwhile, SettingsRefused
from trustconduct.schools.settings import change_settings, facts_of, settings_of

FACTS_PAGE = "/oak-lane/staff/policy/facts"


def give(session, **given: Given) -> None:
    seen = the_trust(session).version
    give_schools(session, given, by=an_officer(), seen_version=seen)


def test_blank_means_from_the_trust_and_a_lock_wins_over_the_schools_own():
    given = {"app_name": {"value": "Arbor", "locked": False}}
    assert in_force("app_name", "", given) == "Arbor"
    assert in_force("app_name", "Ours", given) == "Ours"
    assert in_force("app_name", "Ours", {"app_name": {"value": "Arbor", "locked": True}}) == "Arbor"
    assert in_force("app_name", "", {}) == ""


def test_a_blank_lock_and_a_force_that_is_not_there_are_refused_at_once(trust):
    build.a_trust(trust)
    with pytest.raises(SettingsRefused) as no:
        give(trust, app_name=Given("", locked=True), police_force_id=Given("metropolis"))
    assert set(no.value.errors) == {"app_name", "police_force_id"}


def test_the_second_of_two_officers_is_told(trust):
    build.a_trust(trust)
    seen = the_trust(trust).version
    give(trust, app_name=Given("Arbor"))
    with pytest.raises(ChangedMeanwhile):
        give_schools(trust, {"app_name": Given("X")}, by=an_officer(), seen_version=seen)


def test_only_an_officer_gives(trust):
    build.a_trust(trust)
    with pytest.raises(NotAllowed):
        give_schools(trust, {}, by=build.a_reader(), seen_version=1)


def test_what_changed_is_recorded_from_what_to_what(trust):
    build.a_trust(trust)
    give(trust, app_name=Given("Arbor"))
    give(trust, app_name=Given("Arbor", locked=True))
    detail = trust.scalars(
        select(TrustAuditDetail)
        .join(TrustAuditEvent, TrustAuditEvent.id == TrustAuditDetail.id)
        .where(TrustAuditEvent.event == Event.SCHOOL_SETTINGS_GIVEN.value)
        .order_by(TrustAuditEvent.id.desc())
    ).first()
    assert detail.details["changed"] == {
        "app_name": {
            "from": {"value": "Arbor", "locked": False},
            "to": {"value": "Arbor", "locked": True},
        }
    }


def test_a_locked_setting_cannot_be_changed_in_a_school_and_its_own_comes_back(world):
    with world.sessions.trust() as trust, transaction(trust):
        give(trust, app_name=Given("Arbor for all", locked=True))
    with world.sessions.school(world.oak.id) as oak, transaction(oak):
        settings = settings_of(oak)
        assert facts_of(oak, world.oak, settings)["school.app_name"] == "Arbor for all"
        with pytest.raises(SettingsRefused) as no:
            change_settings(oak, by=a_head(oak), seen_version=settings.version, app_name="Ours")
        assert set(no.value.errors) == {"app_name"}
    with world.sessions.trust() as trust, transaction(trust):
        give(trust, app_name=Given(""))
    with world.sessions.school(world.oak.id) as oak:
        own = f"App {world.oak.canary}"
        assert facts_of(oak, world.oak, settings_of(oak))["school.app_name"] == own


def test_a_school_that_leaves_its_force_blank_has_the_trusts(world):
    with world.sessions.trust() as trust, transaction(trust):
        give(trust, police_force_id=Given(build.FORCE))
    with world.sessions.school(world.elm.id) as elm, transaction(elm):
        settings = settings_filled(elm, police_force_id=None)
        assert "Thames Valley" in facts_of(elm, world.elm, settings)["school.police_force"]


def test_the_officer_gives_and_locks_and_the_school_sees_it(client, world):
    page = "/admin/trust/schools"
    client.sign_in(world.trust_users[Role.TRUST_OFFICER])
    now = typed(client.get(page).text)
    sent = {"seen": now["seen"], "policies_url": "https://all.example/p", "app_name": "Arbor"}
    wrong = client.send(page, page=page, **{**sent, "policies_url": "ours"})
    assert wrong.status_code == 422
    assert 'value="ours"' in wrong.text
    assert client.send(page, page=page, **sent, app_name_locked="yes").status_code == 303
    assert "checked" in client.get(page).text
    late = client.send(page, page=page, **sent)
    assert late.status_code == 409
    head = client.application.test_client()
    head.sign_in(world.oak.users[Role.HEADTEACHER])
    shown = head.get(FACTS_PAGE).text
    assert "The Trust has set this for all its schools" in shown
    assert "Leave it blank to have the Trust’s: https://all.example/p" in shown
    form = typed(shown)
    assert "app_name" not in form
    form["policies_url"] = ""
    told = head.send(FACTS_PAGE, page=FACTS_PAGE, **form)
    assert "This would change the code that parents read" in told.text
    again = {**form, **typed(told.text)}
    assert head.send(FACTS_PAGE, page=FACTS_PAGE, **again).status_code == 303
    with world.sessions.school(world.oak.id) as oak:
        settings = settings_of(oak)
        assert settings.app_name == f"App {world.oak.canary}"
        facts = facts_of(oak, world.oak, settings)
        assert facts["school.policies_url"] == "https://all.example/p"
        assert facts["school.app_name"] == "Arbor"
