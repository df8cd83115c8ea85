"""A head who has just come in is led from an empty school to asking the parents."""

from __future__ import annotations

import re

import pytest
from flask import g

from tests import build
from tests.world import WorldUser
from trustconduct import clock
from trustconduct.accounts.permissions import AT_SCHOOL
from trustconduct.audit.actor import Role
from trustconduct.db import transaction
from trustconduct.people.roll import read_roll
from trustconduct.people.take_in import take_in
from trustconduct.policies.editions import approve, mark_change, publish
from trustconduct.tenants.models import School
from trustconduct.web.door import SchoolCard
from trustconduct.web.getting_started import getting_started
from trustconduct.web.tasks import Here

ALL = AT_SCHOOL[Role.HEADTEACHER]
STEPS = [
    "Your school’s facts",
    "Your police force",
    "How you handle site bans",
    "Ways to contact you",
    "Read it as your parents will",
    "Publish it",
    "Bring in your parents and carers",
    "Ask them to read it",
]


@pytest.fixture
def fir(world):
    """A new school beside the three, with a head who signs in; gives its id and its people."""
    with world.sessions.trust() as session, transaction(session):
        school = build.a_school(session, "fir-tree", "Fir Tree").id
    people = {}
    with world.sessions.accounts() as session, transaction(session):
        for role in (Role.HEADTEACHER, Role.OFFICE, Role.TEACHER):
            user = build.a_user(session, role, school, email=f"{role.value}@fir.example")
            secret = build.an_authenticator(session, user)
            people[role] = (user, secret)
    return school, people


def browser(app, fir, role):
    user, secret = fir[1][role]
    client = app.test_client()
    client.sign_in(WorldUser(user.id, role, "fir-tree", user.email, user.name, secret))
    return client


def words(page: str) -> dict[str, str]:
    """Each step of the page with its state."""
    found = {}
    for item in re.findall(r'<li class="govuk-task-list__item.*?</li>', page, re.S):
        name = re.search(r"(?:<a [^>]*>|<div>)([^<]+)<", item)[1]
        found[name.strip()] = re.search(r"tc-tag--\w+\">([^<]+)<", item)[1]
    return found


def in_school(world, fir, *do):
    with world.sessions.school(fir[0]) as session, transaction(session):
        for each in do:
            each(session)


def a_roll_of_one(session):
    roll = read_roll(build.a_roll("Sam Sample,4,Alex Sample,mother,alex@parents.example"))
    take_in(session, roll, by=build.a_head(session))


def test_the_head_is_led_step_by_step_to_the_first_version_and_on(app, world, fir):
    head = browser(app, fir, Role.HEADTEACHER)
    said = words(head.get("/fir-tree/staff/").text)
    assert list(said) == STEPS
    assert said["Your school’s facts"] == "Next"
    assert said["How you handle site bans"] == "To do"
    assert said["Publish it"] == said["Ask them to read it"] == "Not yet"
    assert list(said.values()).count("Next") == 1

    in_school(world, fir, build.settings_filled)
    said = words(head.get("/fir-tree/staff/").text)
    assert [said[step] for step in STEPS[:4]] == ["Done", "Done", "Done", "Next"]
    assert said["Publish it"] == "Not yet"

    in_school(world, fir, build.a_matrix)
    said = words(head.get("/fir-tree/staff/").text)
    assert (said["Read it as your parents will"], said["Publish it"]) == ("Next", "To do")

    in_school(world, fir, build.a_version)
    page = head.get("/fir-tree/staff/").text
    said = words(page)
    assert "6 of 8 steps are done" in page
    assert said["Bring in your parents and carers"] == "Next"

    in_school(world, fir, a_roll_of_one)
    said = words(head.get("/fir-tree/staff/").text)
    assert said["Ask them to read it"] == "Next"

    in_school(world, fir, build.a_campaign)
    page = head.get("/fir-tree/staff/").text
    assert "Getting started" not in page
    assert "Nothing needs you today" in page


def test_each_step_that_is_open_leads_to_its_page(app, world, fir):
    head = browser(app, fir, Role.HEADTEACHER)
    page = head.get("/fir-tree/staff/").text
    links = re.findall(r'govuk-task-list__link" href="([^"]+)"', page)
    assert "/fir-tree/staff/policy/facts" in links
    assert "/fir-tree/staff/people/roll" in links
    for link in links:
        assert head.get(link.partition("#")[0]).status_code == 200
    assert "/fir-tree/staff/acknowledgements/ask" not in links  # there is nothing to ask about


def test_the_office_fills_in_and_the_head_publishes(app, world, fir):
    in_school(world, fir, build.settings_filled, build.a_matrix)
    office = words(browser(app, fir, Role.OFFICE).get("/fir-tree/staff/").text)
    assert office["Publish it"] == "Waits for the headteacher"


def test_the_officer_sees_how_far_a_school_is_and_whom_the_rest_waits_for(app, world, fir):
    client = app.test_client()
    client.sign_in(world.trust_users[Role.TRUST_OFFICER])
    in_school(world, fir, build.settings_filled, build.a_matrix, build.a_version)
    said = words(client.get("/fir-tree/staff/").text)
    assert said["Bring in your parents and carers"] == "Waits for the school"
    assert said["Publish it"] == "Done"


def test_who_may_not_fill_in_anything_is_told_calmly(app, world, fir):
    page = browser(app, fir, Role.TEACHER).get("/fir-tree/staff/").text
    assert "Getting started" not in page
    assert "Your school is preparing its code of conduct" in page


def test_before_the_trust_has_published_the_rest_waits_for_the_trust(oak, schools, app, queries):
    """In the school's session alone: no edition is there to be seen."""
    school = oak.get_one(School, schools.oak.id)
    card = SchoolCard(school.id, school.slug, school.name)
    here = Here(oak, card, ALL, build.a_head(oak))
    here.__dict__["edition"] = None
    with app.test_request_context("/oak-lane/staff/"):
        g.school = here.school
        with queries(oak.get_bind()) as counted:
            steps = getting_started(oak, here)
    said = {step.text: step.word for step in steps}
    assert said["Your school’s facts"] == "Next"
    assert said["Ways to contact you"] == "Waits for the Trust"
    assert said["Publish it"] == "Waits for the Trust"
    assert counted.n <= 8


def test_a_later_edition_is_a_task_of_its_own(client, world):
    client.sign_in(world.oak.users[Role.HEADTEACHER])
    assert "Adopt edition" not in client.get("/oak-lane/staff/").text
    with world.sessions.trust() as session, transaction(session):
        build.an_edition(session)
    assert "Adopt edition 2 of the code of conduct" in client.get("/oak-lane/staff/").text


@pytest.mark.parametrize(("material", "asks"), [(True, True), (False, False)])
def test_after_a_minor_change_nobody_need_be_asked_again(client, world, material, asks):
    with world.sessions.trust() as session, transaction(session):
        edition = build.a_draft(session, "Autumn Term 2029")
        officer = build.an_officer()
        mark_change(session, edition, by=officer, material=material, because="Clearer words.")
        approve(session, edition, by=officer, board_on=clock.today())
        publish(session, edition, by=officer)
    with world.sessions.school(world.oak.id) as session, transaction(session):
        build.a_version(session, by=world.oak.head)
    client.sign_in(world.oak.users[Role.HEADTEACHER])
    assert ("to read version 2" in client.get("/oak-lane/staff/").text) is asks
