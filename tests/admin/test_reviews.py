"""The review of the Trust's policy in the console."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from tests import build
from trustconduct import clock
from trustconduct.audit.actor import Role
from trustconduct.db import transaction

POLICY = "/admin/reviews/policy"
EDIT, PAUSE, STEP = f"{POLICY}/edit", f"{POLICY}/pause", f"{POLICY}/step"


def seen(client, page):
    found = client.get(page).text.split('name="seen" value="')[1]
    return found.split('"')[0]


def test_an_officer_says_who_looks_after_the_review_and_how_often(officer, world):
    reader = world.trust_users[Role.TRUST_READER]
    fields = {
        "every": "2", "unit": "years", "owner_id": str(reader.id), "upward_id": "",
        "seen": seen(officer, EDIT),
    }  # fmt: skip
    assert officer.send(EDIT, page=EDIT, **fields).status_code == 303
    shown = officer.get(POLICY).text
    for words in (reader.name, "Every 2 years", "Summer Term 2030", "Nobody chosen"):
        assert words in shown
    again = officer.post(EDIT, data={"csrf_token": officer.csrf(EDIT), **fields})
    assert again.status_code == 303
    assert "Somebody else changed this a moment ago" in officer.get(POLICY).text


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"every": "many"}, "Type a whole number from 1 to 15."),
        ({"every": "9"}, "Type a whole number from 1 to 5."),
        ({"unit": ""}, "Choose years or terms."),
        ({"owner_id": "somebody"}, "Choose somebody from the list."),
        (
            {"owner_id": "0190c2f0-0000-7000-8000-000000000000"},
            "This person has no role here today.",
        ),
    ],
)
def test_what_can_t_be_is_refused_at_its_field_and_what_was_typed_stays(officer, wrong, words):
    fields = {"every": "2", "unit": "years", "seen": seen(officer, EDIT), **wrong}
    answer = officer.send(EDIT, page=EDIT, **fields)
    assert answer.status_code == 422
    assert words in answer.text
    assert f'value="{fields["every"]}"' in answer.text


def test_an_officer_pauses_the_reminders_with_a_reason_and_resumes_them(officer):
    until = clock.day(clock.today() + timedelta(days=30))
    fields = {"because": "Two Trusts merge", "until": until, "seen": seen(officer, PAUSE)}
    assert officer.send(PAUSE, page=PAUSE, **{**fields, "because": ""}).status_code == 422
    late = officer.send(PAUSE, page=PAUSE, **{**fields, "until": "1 April 2020"})
    assert "Type a day from today on" in late.text
    assert officer.send(PAUSE, page=PAUSE, **fields).status_code == 303
    shown = officer.get(POLICY).text
    assert "Two Trusts merge" in shown
    assert f"They go again after {until}" in shown
    assert officer.send(f"{POLICY}/resume", page=POLICY).status_code == 303
    assert "Two Trusts merge" not in officer.get(POLICY).text


def test_an_officer_sets_another_date_for_the_review_and_goes_back(officer):
    page = f"{POLICY}/date"
    fields = {"to": "Spring Term 2033", "because": "New guidance", "seen": seen(officer, page)}
    for wrong, words in (
        ({"to": "Sumer Term 2033"}, "Sumer"),
        ({"to": "June 2019"}, "That is over already"),
        ({"because": ""}, "Say why the date is another"),
    ):
        answer = officer.send(page, page=page, **{**fields, **wrong})
        assert answer.status_code == 422
        assert words in answer.text
        assert {**fields, **wrong}["to"] in answer.text
    assert officer.send(page, page=page, **fields).status_code == 303
    shown = officer.get(POLICY).text
    assert "Spring Term 2033" in shown
    assert "set by hand: New guidance" in shown
    assert "Spring Term 2033" in officer.get("/admin/reviews/").text
    again = officer.send(page, page=page, **fields)  # from a page that was left open
    assert again.status_code == 303
    assert "Somebody else changed this" in officer.get(POLICY).text
    back = {"to": "", "because": "", "seen": seen(officer, page)}
    assert officer.send(page, page=page, **back).status_code == 303
    assert "set by hand" not in officer.get(POLICY).text


def test_an_officer_ticks_a_step_and_opens_it_again(officer, world):
    fields = {"edition": "1", "step": "consult"}
    assert officer.send(STEP, page=POLICY, **fields, done="yes").status_code == 303
    shown = officer.get(POLICY).text
    assert "“Consult” is done." in shown
    assert world.trust_users[Role.TRUST_OFFICER].name in shown
    officer.send(STEP, page=POLICY, **fields, done="no")
    assert "“Consult” is open again." in officer.get(POLICY).text


def test_a_step_that_is_done_already_and_one_of_a_draft_change_nothing(officer, world):
    officer.send(STEP, page=POLICY, edition="1", step="start", done="yes")  # ticked before
    assert "Nothing was changed." in officer.get(POLICY).text
    with world.sessions.trust() as session, transaction(session):
        draft = build.a_draft(session)
    officer.send(STEP, page=POLICY, edition=str(draft.number), step="consult", done="yes")
    assert "Nothing was changed." in officer.get(POLICY).text


@pytest.mark.parametrize("wrong", [{"step": "rest"}, {"edition": "0"}, {"done": "perhaps"}])
def test_a_step_that_is_none_changes_nothing(officer, wrong):
    fields = {"edition": "1", "step": "consult", "done": "yes", **wrong}
    officer.send(STEP, page=POLICY, **fields)
    assert "That is no step of this review" in officer.get(POLICY).text


def test_a_reader_sees_the_review_and_changes_nothing(reader):
    shown = reader.get(POLICY).text
    assert "Summer Term 2028" in shown
    assert "Mark as done" not in shown
    assert "Pause the reminders" not in shown


def test_a_step_whose_day_is_near_is_a_task_until_it_is_done(app, world):
    with time_machine.travel("2027-12-20T08:00:00Z"):
        client = app.test_client()
        client.sign_in(world.trust_users[Role.TRUST_OFFICER])
        assert "Consult: edition 1" in client.get("/admin/").text
        client.send(STEP, page=POLICY, edition="1", step="consult", done="yes")
        assert "Consult: edition 1" not in client.get("/admin/").text
