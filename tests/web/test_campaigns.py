"""Campaigns as the office has them: chosen, looked at, started, stopped; links kept secret."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.build import an_adult
from trustconduct import clock
from trustconduct.acknowledgements.models import Campaign, SignRequest
from trustconduct.acknowledgements.plans import CampaignPlan, CampaignWords
from trustconduct.audit.actor import Role
from trustconduct.db import transaction
from trustconduct.outbox.links import token
from trustconduct.outbox.models import SchoolMessage

PLACE = "/oak-lane/staff/acknowledgements"
ASK = f"{PLACE}/ask"


@pytest.fixture
def office(client, world):
    client.sign_in(world.oak.users[Role.OFFICE])
    return client


@pytest.fixture
def joiners(world):
    """Two adults who were not asked yet, in year groups 2 and 4."""
    with world.sessions.school(world.oak.id) as session, transaction(session):
        an_adult(session, "Nia New", email="nia@parents.example", child="Nico New", year="2")
        an_adult(session, "Ola New", email="ola@parents.example", child="Otto New", year="4")


def newest(world):
    with world.sessions.school(world.oak.id) as session:
        campaign = session.scalars(select(Campaign).order_by(Campaign.number.desc())).first()
        key = (world.oak.id, campaign.id)
        return campaign, session.get(CampaignPlan, key), session.get(CampaignWords, key)


def asked(world, campaign) -> int:
    with world.sessions.school(world.oak.id) as session:
        return len(
            session.scalars(
                select(SignRequest.id).where(SignRequest.campaign_id == campaign.id)
            ).all()
        )


def carried(page: str) -> dict[str, str]:
    """The plan that a page carries to the next step."""
    form = page.partition(f'action="{ASK}"')[2].partition("</form>")[0]
    found = re.findall(r'name="([a-z_]+)" value="([^"]*)"', form)
    return {name: value.replace("&#39;", "'") for name, value in found if name != "csrf_token"}


def test_what_would_happen_is_shown_before_anything_is_sent(office, world, joiners):
    before = newest(world)[0].id
    page = office.get(ASK).text
    assert "Send 2 emails" in page
    assert "Dear Alex Sample" in page
    assert "[their own link]" in page
    first = clock.day(clock.today() + timedelta(days=5))
    assert f"{first}, " in page
    look = office.send(f"{ASK}/look", page=f"{ASK}/choose", audience="years", years="2", most="1")
    assert look.status_code == 200
    assert "Send 1 email" in look.text
    assert "Some year groups: 2" in look.text
    assert newest(world)[0].id == before


def test_what_was_looked_at_is_what_is_started(office, world, joiners):
    look = office.send(
        f"{ASK}/look",
        page=f"{ASK}/choose",
        audience="years",
        years="2",
        most="2",
        after="3",
        subject="Please read, {name}",
        body="Dear {name}, open {link}",
    )
    started = office.send(ASK, page=ASK, **carried(look.text))
    assert started.status_code == 303
    campaign, plan, words = newest(world)
    assert (campaign.audience, campaign.years) == ("years", ["2"])
    assert (plan.remind_most, plan.remind_after) == (2, 3)
    assert words.subject == "Please read, {name}"
    assert asked(world, campaign) == 1
    assert "The emails are on their way." in office.get(started.location).text


def test_a_campaign_can_wait_for_its_day(office, world, joiners):
    day = clock.today() + timedelta(days=4)
    look = office.send(f"{ASK}/look", page=f"{ASK}/choose", goes_on=day.isoformat())
    assert "Plan 2 emails" in look.text
    office.send(ASK, page=ASK, **carried(look.text))
    campaign, plan, _ = newest(world)
    assert (plan.goes_on, plan.sent_at, asked(world, campaign)) == (day, None, 0)
    assert "Waits for its day" in office.get(f"{PLACE}/campaigns").text


@pytest.mark.parametrize(
    ("field", "typed", "says"),
    [
        ("years", {"audience": "years"}, "Choose at least one year group."),
        ("goes_on", {"goes_on": "2020-01-01"}, "Choose a day from today on"),
        ("goes_on", {"goes_on": "soon"}, "Choose a day, or leave this empty"),
        ("after", {"after": "0"}, "Type a whole number from 1 to 90."),
        ("body", {"body": "No link here"}, "Put {link} in once"),
        ("subject", {"subject": "For {child}"}, "There is no {child}."),
        ("text", {"text": "{name} {link}"}, "A text message can’t hold {name}"),
        ("audience", {"audience": "staff"}, "Choose whom to ask."),
    ],
)
def test_what_will_not_do_is_said_beside_its_field_and_nothing_is_lost(
    office, world, joiners, field, typed, says
):
    kept = {"subject": "Our own subject", **typed}
    answer = office.send(f"{ASK}/look", page=f"{ASK}/choose", **kept)
    assert answer.status_code == 422
    assert says in answer.text
    assert f'id="{field}-error"' in answer.text or field in ("years", "audience")
    assert kept["subject"] in answer.text
    started = office.send(ASK, page=ASK, **kept)
    assert started.status_code == 422
    assert newest(world)[0].number == 1


def test_the_same_form_sent_twice_asks_once(office, world, joiners):
    for _ in range(2):
        office.send(ASK, page=ASK)
    assert newest(world)[0].number == 2
    assert "was asked already" in office.get(f"{PLACE}/campaigns").text


def test_a_campaign_is_stopped_with_one_button(office, world):
    campaign = world.oak.campaign
    stopped = office.send(f"{PLACE}/campaigns/{campaign}/stop", page=f"{PLACE}/campaigns")
    assert "Nothing more of it leaves" in office.get(stopped.location).text
    assert newest(world)[1].stopped_at is not None


def test_those_who_are_ticked_get_a_fresh_link(office, world):
    chosen = [world.oak.requests[name] for name in ("Jo Sample", f"Lee {world.oak.canary}")]
    page = office.get(PLACE + "/").text
    assert f'value="{chosen[0]}:1"' in page
    assert f'value="{world.oak.requests["Alex Sample"]}:1"' not in page, "who has signed"
    data = {"csrf_token": office.csrf(PLACE + "/"), "chosen": [f"{one}:1" for one in chosen]}
    answer = office.post(f"{PLACE}/again", data=data)
    assert "on its way to 2 people" in office.get(answer.location).text
    with world.sessions.school(world.oak.id) as session:
        fresh = session.scalars(select(SignRequest.id).where(SignRequest.generation == 2)).all()
    assert set(fresh) == set(chosen)
    nobody = office.send(f"{PLACE}/again", page=PLACE + "/", chosen="nonsense")
    assert "Nothing was sent" in office.get(nobody.location).text


def test_a_link_is_taken_back_and_opens_nothing(office, app, world, settings):
    request = world.oak.requests[f"Lee {world.oak.canary}"]
    link = f"/oak-lane/sign/{request}/{token(settings.SECRET_KEY, 'sign', request, 1)}"
    assert office.get(link).status_code == 303
    office.send(f"{PLACE}/{request}/revoke", page=PLACE + "/")
    assert office.get(link).status_code == 410
    assert "Link taken back" in office.get(PLACE + "/").text


def test_nobody_at_school_sees_or_can_copy_a_link(office, world, settings):
    """Every page of the office that names a message or a request, searched for every link."""
    with world.sessions.school(world.oak.id) as session, transaction(session):
        for message in session.scalars(select(SchoolMessage)):
            message.parked_at = clock.now()
        messages = session.scalars(select(SchoolMessage.id)).all()
        adults = list(world.oak.adults.values())
    tokens = [
        token(settings.SECRET_KEY, purpose, request, generation)
        for request in world.oak.requests.values()
        for generation in (1, 2)
        for purpose in ("sign", "sign-page")
    ]
    pages = [
        PLACE + "/", f"{PLACE}/campaigns", ASK, f"{ASK}/choose", "/oak-lane/staff/",
        "/oak-lane/staff/mail/",
        *(f"/oak-lane/staff/mail/{each}" for each in messages),
        *(f"/oak-lane/staff/people/{each}/" for each in adults),
    ]  # fmt: skip
    for path in pages:
        page = office.get(path)
        assert page.status_code == 200, path
        assert not [one for one in tokens if one in page.text], path


def test_pastoral_staff_see_and_resend_and_start_nothing(client, world):
    client.sign_in(world.oak.users[Role.PASTORAL])
    assert client.get(f"{PLACE}/campaigns").status_code == 200
    assert "Stop<" not in client.get(f"{PLACE}/campaigns").text
    for path in (ASK, f"{ASK}/choose"):
        assert client.get(path).status_code == 403
