"""Whom a campaign asks, when, by which way, and in which words."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import func, select, text

from tests.build import (
    a_campaign,
    a_head,
    a_request,
    a_version,
    an_adult,
    an_answer,
    asked_again,
    confirmed,
    the_school,
)
from trustconduct import clock
from trustconduct.acknowledgements.audience import Audience, Way, reach, year_groups
from trustconduct.acknowledgements.campaigns import (
    NobodyToAsk,
    PlanRefused,
    carry_on,
    stop_campaign,
)
from trustconduct.acknowledgements.models import Campaign, SignRequest
from trustconduct.acknowledgements.plans import CampaignPlan
from trustconduct.acknowledgements.words import (
    Words,
    WordsRefused,
    checked,
    letters,
    preview,
)
from trustconduct.db import new_id
from trustconduct.outbox.models import SchoolMessage, SchoolMessageContent
from trustconduct.outbox.texts import NumberRefused, uk_mobile
from trustconduct.people.change import leave
from trustconduct.people.doubles import merge
from trustconduct.people.models import Adult
from trustconduct.people.untold import mark_untold
from trustconduct.policies.versions import version_in_force

JO = {"name": "Jo Sample", "email": "jo@parents.example", "child": "Kim Sample", "year": "2"}
OFFICE = {"telephone": "01632 960001", "reply_to": "office@school.example"}


def asked(session, campaign: Campaign) -> set[str]:
    return set(
        session.scalars(
            select(Adult.name)
            .join(SignRequest, SignRequest.adult_id == Adult.id)
            .where(SignRequest.campaign_id == campaign.id)
        )
    )


def sent(session) -> list[SchoolMessageContent]:
    return list(session.scalars(select(SchoolMessageContent).order_by(SchoolMessageContent.id)))


def test_a_year_group_is_asked_and_no_other(oak):
    an_adult(oak)
    an_adult(oak, **JO)
    campaign = a_campaign(oak, audience=Audience.YEARS, years=("2",))
    assert asked(oak, campaign) == {"Jo Sample"}
    assert year_groups(oak) == ["2", "4"]


def test_the_children_of_a_double_count_for_the_person(oak):
    an_adult(oak)
    first = an_adult(oak, "Jo Sample", email="jo@parents.example", child="Kim Sample", year="2")
    again = an_adult(oak, "Jo Sample", email="jo@work.example", child="Lou Sample", year="6")
    merge(oak, again, first, by=a_head(oak))
    campaign = a_campaign(oak, audience=Audience.YEARS, years=("6",))
    assert asked(oak, campaign) == {"Jo Sample"}
    assert [one.to_address for one in sent(oak)] == ["jo@parents.example"]


def test_new_joiners_are_those_who_were_never_asked(oak):
    an_adult(oak)
    a_campaign(oak)
    an_adult(oak, **JO)
    second = a_version(oak)
    assert asked(oak, a_campaign(oak, second, audience=Audience.NEW)) == {"Jo Sample"}


def test_those_on_an_older_version_are_those_who_signed_one(oak):
    request = a_request(oak)
    an_answer(oak, request)
    an_adult(oak, **JO)
    a_campaign(oak)  # Jo never answers
    second = a_version(oak)
    assert asked(oak, a_campaign(oak, second, audience=Audience.OLDER)) == {"Alex Sample"}


@pytest.mark.parametrize("audience", list(Audience))
def test_what_the_page_says_first_is_what_then_happens(oak, audience):
    request = a_request(oak)
    an_answer(oak, request)
    for number in range(3):
        an_adult(oak, f"New {number}", email=f"new{number}@parents.example", year="2")
    an_adult(oak, "No Address", email="", year="2")
    version = a_version(oak)
    years = ("2",) if audience is Audience.YEARS else ()
    would = reach(oak, version, audience=audience, years=years)
    campaign = a_campaign(oak, version, audience=audience, years=years)
    assert len(asked(oak, campaign)) == would.to_ask > 0


def test_one_mail_asks_two_adults_of_one_address_each_by_name(oak):
    an_adult(oak)
    an_adult(oak, "Jo Sample", relationship="father")
    a_campaign(oak)
    assert sorted(one.to_name for one in sent(oak)) == ["Alex Sample", "Jo Sample"]


# -- text messages


def phone(session, adult: Adult, number: str) -> Adult:
    adult.telephone = number
    session.flush()
    return adult


def test_who_has_no_email_address_gets_a_text_message_if_the_school_wants(oak):
    version = a_version(oak)
    an_adult(oak)
    phone(oak, an_adult(oak, "Jo Sample", email=""), "07700 900123")
    phone(oak, an_adult(oak, "Kit Sample", email=""), "01632 960123")
    would = reach(oak, version, way=Way.MAIL_OR_TEXT)
    assert (would.by_mail, would.by_text, would.without_email) == (1, 1, 1)
    a_campaign(oak, version, way=Way.MAIL_OR_TEXT)
    [text_message] = [one for one in sent(oak) if one.to_name == "Jo Sample"]
    assert text_message.to_address == "+447700900123"
    assert text_message.body.startswith("Oak Lane: please read")
    assert "You do not have to sign" in text_message.body
    assert (text_message.subject, text_message.reply_to) == ("", "")
    channels = oak.execute(select(SchoolMessage.channel, func.count()).group_by("channel")).all()
    assert sorted(map(tuple, channels)) == [("mail", 1), ("text", 1)]


def test_no_text_goes_to_a_phone_that_somebody_marked_may_hold(oak):
    version = a_version(oak)
    an_adult(oak)
    jo = phone(oak, an_adult(oak, **JO), "07700900123")
    phone(oak, an_adult(oak, "Kit Sample", email=""), "+44 7700 900123")
    mark_untold(oak, jo, by=a_head(oak), because="An order")
    assert reach(oak, version, way=Way.MAIL_OR_TEXT).by_text == 0
    a_campaign(oak, version, way=Way.MAIL_OR_TEXT)
    assert {one.to_name for one in sent(oak)} == {"Alex Sample"}


def test_marking_takes_back_a_text_to_the_same_phone(oak):
    jo = phone(oak, an_adult(oak, **JO), "07700900123")
    phone(oak, an_adult(oak, "Kit Sample", email=""), "07700 900123")
    a_campaign(oak, way=Way.MAIL_OR_TEXT)
    mark_untold(oak, jo, by=a_head(oak), because="An order")
    waiting = select(func.count()).where(SchoolMessage.settled_at.is_(None))
    assert oak.scalar(waiting.select_from(SchoolMessage)) == 0


@pytest.mark.parametrize(
    "typed",
    [
        "07700 900123", "+44 7700 900123", "0044 7700 900123", "+44 (0)7700 900123",
        "7700900123", "07624 900123", "07600 900123", "07000 900123", "01632 960001",
        "+33 6 12 34 56 78", "0770090012", "077009001234", "", "none", "447700900123",
        "(07700) 900-123", "07700 900123 (work)", "00447700900123", "+4407700900123",
    ],
)  # fmt: skip
def test_postgresql_takes_the_numbers_that_python_takes(oak, typed):
    try:
        ours = uk_mobile(typed)
    except NumberRefused:
        ours = ""
    assert oak.scalar(text("select tc_uk_mobile(:typed)"), {"typed": typed}) == ours


# -- the words


def test_the_words_of_the_school_are_sent_with_their_fields_filled(oak):
    an_adult(oak)
    words = Words("For {name}", "Hello {name},\n\nOpen {link} by {last_day}.", "Open {link}")
    a_campaign(oak, words=words, link_days=10)
    [mail] = sent(oak)
    last = clock.day(clock.today() + timedelta(days=10))
    assert mail.subject == "For Alex Sample"
    assert mail.body.startswith(f"Hello Alex Sample,\n\nOpen {{link}} by {last}.")
    assert "You do not have to sign." in mail.body, "no school can leave it out"
    assert "treated just the same" in mail.body


@pytest.mark.parametrize("name", ["{link}", "{name} {last_day}", "A\\1 'B' %(x)s"])
def test_a_name_is_never_taken_for_a_field(oak, name):
    adult = an_adult(oak)
    adult.name = name
    oak.flush()
    a_campaign(oak)
    [mail] = sent(oak)
    assert mail.body.count("{link}") == 1
    assert mail.body.startswith(f"Dear {name.replace('{', '(').replace('}', ')')},")


def test_a_name_brings_no_header_of_its_own(oak):
    adult = an_adult(oak)
    adult.name = "Alex\r\nBcc: all@parents.example"
    oak.flush()
    a_campaign(oak, words=Words(subject="For {name}"))
    [mail] = sent(oak)
    assert mail.to_name == "Alex Bcc: all@parents.example"
    assert mail.subject == "For Alex Bcc: all@parents.example"


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("subject", Words(subject=" ")),
        ("subject", Words(subject="x" * 151)),
        ("subject", Words(subject="Two\nlines")),
        ("subject", Words(subject="Open {link}")),
        ("body", Words(body="Dear {name}, please read it.")),
        ("body", Words(body="{link} {link}")),
        ("body", Words(body="Dear {child}, {link}")),
        ("body", Words(body="Dear {name, {link}")),
        ("text", Words(text="{name}: {link}")),
        ("text", Words(text="Please read it.")),
        ("text", Words(text="ł" * 480 + "{link}")),
    ],
)
def test_words_that_will_not_do_are_refused_with_their_field(field, words):
    with pytest.raises(WordsRefused) as refused:
        checked(words)
    assert refused.value.field == field


def test_the_preview_is_what_is_sent_but_for_the_link(oak):
    an_adult(oak)
    made = letters(checked(Words()), the_school(oak), **OFFICE)
    closes_on = clock.today() + timedelta(days=180)
    seen = preview(made, name="Alex Sample", closes_on=closes_on)
    a_campaign(oak)
    [mail] = sent(oak)
    assert seen.subject == mail.subject
    assert seen.body == mail.body.replace("{link}", "[their own link]")


# -- when


def test_a_campaign_waits_for_its_day_and_then_goes_by_itself(oak):
    with time_machine.travel("2027-06-01T12:00:00Z", tick=False):
        version = a_version(oak)
        an_adult(oak)
        campaign = a_campaign(oak, version, goes_on=clock.today() + timedelta(days=3))
        assert asked(oak, campaign) == set()
        assert carry_on(oak, the_school(oak), **OFFICE) == 0
    with time_machine.travel("2027-06-04T07:00:00Z", tick=False):
        an_adult(oak, **JO)  # who has joined meanwhile is asked as well
        assert carry_on(oak, the_school(oak), **OFFICE) == 2
        assert carry_on(oak, the_school(oak), **OFFICE) == 0
    assert len(sent(oak)) == 2


def test_the_same_campaign_is_not_planned_twice(oak):
    an_adult(oak)
    tomorrow = clock.today() + timedelta(days=1)
    a_campaign(oak, goes_on=tomorrow)
    with pytest.raises(NobodyToAsk):
        a_campaign(oak, goes_on=tomorrow)


@pytest.mark.parametrize(
    ("field", "plan"),
    [
        ("years", {"audience": Audience.YEARS}),
        ("goes_on", {"goes_on": clock.today() - timedelta(days=1)}),
        ("goes_on", {"goes_on": clock.today() + timedelta(days=200)}),
        ("welcomes", {"audience": Audience.OLDER, "welcomes": True}),
    ],
)
def test_a_plan_that_will_not_do_is_refused_with_its_field(oak, field, plan):
    an_adult(oak)
    with pytest.raises(PlanRefused) as refused:
        a_campaign(oak, **plan)
    assert refused.value.field == field


def test_who_joins_is_asked_by_itself_on_the_next_day_and_once(oak):
    with time_machine.travel("2027-06-01T12:00:00Z", tick=False):
        an_adult(oak)
        a_campaign(oak, welcomes=True)
    with time_machine.travel("2027-06-10T12:00:00Z", tick=False):
        jo = an_adult(oak, **JO)
        gone = an_adult(oak, "Kit Sample", email="kit@parents.example")
        marked = an_adult(oak, "Lou Sample", email="lou@parents.example")
        leave(oak, gone, by=a_head(oak))
        mark_untold(oak, marked, by=a_head(oak), because="An order")
        assert carry_on(oak, the_school(oak), **OFFICE) == 0, "the office has a day to mark them"
    with time_machine.travel("2027-06-11T06:00:00Z", tick=False):
        assert carry_on(oak, the_school(oak), **OFFICE) == 1
        assert carry_on(oak, the_school(oak), **OFFICE) == 0
    newest = oak.scalars(select(SignRequest).order_by(SignRequest.asked_at.desc())).first()
    assert newest is not None
    assert newest.adult_id == jo.id


def test_who_joins_is_not_asked_where_the_school_does_not_want_it_or_stopped(oak):
    with time_machine.travel("2027-06-01T12:00:00Z", tick=False):
        an_adult(oak)
        campaign = a_campaign(oak, welcomes=True)
        an_adult(oak, **JO)
    with time_machine.travel("2027-06-09T12:00:00Z", tick=False):
        stop_campaign(oak, campaign.id, by=a_head(oak))
        assert carry_on(oak, the_school(oak), **OFFICE) == 0


def test_a_campaign_about_an_older_version_ends_by_itself(oak):
    with time_machine.travel("2027-06-01T12:00:00Z", tick=False):
        an_adult(oak)
        campaign = a_campaign(oak, welcomes=True)
    with time_machine.travel("2027-06-09T12:00:00Z", tick=False):
        an_adult(oak, **JO)
        a_version(oak)
    with time_machine.travel("2027-06-10T12:00:00Z", tick=False):
        assert carry_on(oak, the_school(oak), **OFFICE) == 0
        plan = oak.get_one(CampaignPlan, (oak.school_id, campaign.id))
        assert plan.stopped_at is not None


def test_stopping_takes_back_what_has_not_left_and_the_links_work_on(oak):
    request = a_request(oak)
    campaign_id = oak.scalars(select(Campaign.id)).one()
    assert stop_campaign(oak, campaign_id, by=a_head(oak))
    assert stop_campaign(oak, campaign_id, by=a_head(oak))
    assert not stop_campaign(oak, new_id(), by=a_head(oak))
    message = oak.scalars(select(SchoolMessage).execution_options(populate_existing=True)).one()
    assert (message.sent_at, message.settled_at is None) == (None, False)
    assert an_answer(oak, asked_again(oak, request.id))
    assert version_in_force(oak) is not None
    confirmed(oak)
