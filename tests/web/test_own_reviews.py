"""A school's own reviews on its site: what is due, noting that somebody looked, and pauses."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from trustconduct import clock
from trustconduct.audit.actor import Role
from trustconduct.reviews.models import Part
from trustconduct.reviews.school_reviews import due_now, open_reviews, reviewed
from trustconduct.tenants.calendars import SchoolCalendarSpan

PAGE = "/oak-lane/staff/reviews/"


def at(what: str, part: str = "facts") -> str:
    return f"{PAGE}{part}/{what}"


@pytest.fixture
def office(client, world):
    client.sign_in(world.oak.users[Role.OFFICE])
    return client


def open_review(world, part: Part = Part.FACTS):
    with world.sessions.school(world.oak.id, read_only=True) as session:
        return next(one for one in open_reviews(session) if one.subject == part.value)


def test_the_page_lists_each_part_and_what_was_looked_at(office, world):
    shown = office.get(PAGE).text
    for part in Part:
        assert part.word in shown
    assert f"Sent by {world.oak.canary}" in shown
    assert f"After {world.oak.canary}" in shown  # why the site bans rest
    assert world.elm.canary not in shown


def test_the_office_notes_that_it_looked_and_the_next_review_begins(office, world):
    page = at("look")
    assert "What came of it?" in office.get(page).text
    before = open_review(world)
    fields = {"review": str(before.id), "outcome": "same", "note": "Still right"}
    assert office.send(page, page=page, **fields).status_code == 303
    assert "noted. The next review is in the list." in office.get(PAGE).text
    assert "Still right" in office.get(PAGE).text
    with world.sessions.school(world.oak.id, read_only=True) as session:
        newest = reviewed(session, most=1)[0]
    assert newest.done_by == world.oak.users[Role.OFFICE].name
    assert open_review(world).id != before.id
    office.post(page, data={"csrf_token": office.csrf(page), **fields})
    assert "Somebody else has noted this already" in office.get(PAGE).text


@pytest.mark.parametrize(
    ("part", "fields"),
    [
        ("facts", {}),
        ("facts", {"outcome": "shared"}),
        ("facts", {"outcome": "perhaps"}),
        ("complaints", {"outcome": "same"}),
    ],
)
def test_without_saying_what_came_of_it_nothing_is_noted(office, world, part, fields):
    page = at("look", part)
    review = str(open_review(world, Part(part)).id)
    answer = office.send(page, page=page, review=review, note="Kept words", **fields)
    assert answer.status_code == 422
    assert "Say what came of it." in answer.text
    assert "Kept words" in answer.text
    assert str(open_review(world, Part(part)).id) == review


def test_a_form_that_was_made_up_notes_nothing(office):
    answer = office.send(at("look"), page=PAGE, review="x", outcome="same")
    assert answer.status_code == 303
    assert "That review is not open." in office.get(PAGE).text


@pytest.mark.parametrize("what", ["look", "cycle", "pause", "resume"])
@pytest.mark.parametrize("part", ["roof", "%00", "Facts"])
def test_a_part_that_is_none_is_not_found(office, what, part):
    if what != "resume":
        assert office.get(at(what, part)).status_code == 404
    else:
        token = office.csrf(PAGE)
        assert office.post(at(what, part), data={"csrf_token": token}).status_code == 404


def test_a_school_chooses_how_often_and_who(office, world):
    page = at("cycle")
    head = world.oak.users[Role.HEADTEACHER]
    seen = office.get(page).text.split('name="seen" value="')[1].split('"')[0]
    fields = {"every": "2", "unit": "terms", "owner_id": str(head.id), "upward_id": ""}
    assert office.send(page, page=page, seen=seen, **fields).status_code == 303
    shown = office.get(PAGE).text
    assert "Every 2 terms" in shown
    assert head.name in shown
    again = office.post(page, data={"csrf_token": office.csrf(page), "seen": seen, **fields})
    assert again.status_code == 303
    assert "Somebody else changed this" in office.get(PAGE).text
    other = {**fields, "owner_id": str(world.elm.users[Role.HEADTEACHER].id)}
    now = office.get(page).text.split('name="seen" value="')[1].split('"')[0]
    refused = office.send(page, page=page, seen=now, **other)
    assert refused.status_code == 422
    assert "This person has no role here today" in refused.text
    complaints = at("cycle", "complaints")
    assert "every year, in the autumn term" in office.get(complaints).text
    rare = office.send(complaints, page=complaints, **{**fields, "seen": "1", "owner_id": ""})
    assert rare.status_code == 422


def test_a_school_pauses_its_reminders_with_a_reason_and_resumes_them(office, world):
    page = at("pause", "matrix")
    seen = office.get(page).text.split('name="seen" value="')[1].split('"')[0]
    assert office.send(page, page=page, because="", until="", seen=seen).status_code == 422
    until = clock.day(clock.today() + timedelta(days=20))
    assert office.send(page, page=page, because="Moving", until=until, seen=seen).status_code == 303
    assert f"paused until {until}: Moving" in office.get(PAGE).text
    assert office.send(at("resume", "matrix"), page=PAGE).status_code == 303
    assert "Moving" not in office.get(PAGE).text


def test_what_is_due_this_term_is_a_task_until_somebody_has_looked(app, world):
    begins = open_review(world).begins_on
    with time_machine.travel(f"{begins.isoformat()}T09:00:00Z"):
        client = app.test_client()
        client.sign_in(world.oak.users[Role.OFFICE])
        shown = client.get("/oak-lane/staff/").text
        assert "Check that your school’s facts are still right" in shown
        assert "settings for site bans" not in shown  # paused
        review = str(open_review(world).id)
        client.send(at("look"), page=at("look"), review=review, outcome="changed", note="")
        assert "your school’s facts are still right" not in client.get("/oak-lane/staff/").text
        with world.sessions.school(world.oak.id, read_only=True) as session:
            assert Part.FACTS.value not in {one.subject for one in due_now(session)}


@pytest.mark.parametrize("role", [Role.PASTORAL, Role.TEACHER, Role.GOVERNOR])
def test_others_at_the_school_have_no_reviews(client, world, role):
    client.sign_in(world.oak.users[role])
    assert client.get(PAGE).status_code == 403
    assert "Reviews" not in client.get("/oak-lane/staff/").text


def test_saving_term_dates_moves_the_reviews_at_once(client, world):
    client.sign_in(world.oak.users[Role.HEADTEACHER])
    review = open_review(world)
    begins = review.due_on.year if review.due_on.month >= 9 else review.due_on.year - 1
    page = f"/oak-lane/staff/calendar/year?begins={begins}"
    seen = client.get(page).text.split('name="seen" value="')[1].split('"')[0]
    terms = {
        "autumn_term": f"3/9/{begins}", "autumn_term_last": f"15/12/{begins}",
        "spring_term": f"5/1/{begins + 1}", "spring_term_last": f"20/3/{begins + 1}",
        "summer_term": f"20/4/{begins + 1}", "summer_term_last": f"14/7/{begins + 1}",
    }  # fmt: skip
    assert client.send(page, page=page, seen=seen, **terms).status_code == 303
    moved = open_review(world)
    assert not moved.provisional
    with world.sessions.school(world.oak.id, read_only=True) as session:
        days = set(session.scalars(select(SchoolCalendarSpan.last_on)))
    assert moved.due_on in days
