"""Asking every adult of a school, once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, insert, select

from tests.at_once import at_once
from tests.build import (
    a_campaign,
    a_head,
    a_teacher,
    a_version,
    an_adult,
    an_office,
    confirmed,
    the_school,
)
from trustconduct import clock
from trustconduct.accounts.permissions import NotAllowed
from trustconduct.acknowledgements.campaigns import NobodyToAsk, reach, start_campaign
from trustconduct.acknowledgements.models import Campaign, SignRequest
from trustconduct.db import new_id, transaction
from trustconduct.outbox.models import SchoolMessage, SchoolMessageContent
from trustconduct.people.models import Adult
from trustconduct.policies.versions import version_in_force


def mails(session, kind: str = "sign_request") -> int:
    return session.scalar(
        select(func.count()).select_from(SchoolMessage).where(SchoolMessage.kind == kind)
    )


def test_each_adult_is_asked_once_however_many_children(oak):
    version = a_version(oak)
    an_adult(oak)
    an_adult(oak, child="Kim Sample", year="2")
    an_adult(oak, "Jo Sample")
    a_campaign(oak, version)
    asked = oak.scalars(select(SignRequest.adult_id)).all()
    assert len(asked) == len(set(asked)) == 2
    assert mails(oak) == 2


def test_an_adult_without_an_address_is_not_asked_and_is_counted(oak):
    version = a_version(oak)
    an_adult(oak)
    an_adult(oak, "Chris Carer", email="")
    told = reach(oak, version)
    assert (told.to_ask, told.asked_before, told.without_email) == (1, 0, 1)
    a_campaign(oak, version)
    told = reach(oak, version)
    assert (told.to_ask, told.asked_before, told.without_email) == (0, 1, 1)


def test_a_second_campaign_asks_only_who_is_new(oak):
    version = a_version(oak)
    an_adult(oak)
    a_campaign(oak, version)
    new = an_adult(oak, "Jo Sample")
    second = a_campaign(oak, version)
    assert second.number == 2
    asked = select(SignRequest.adult_id).where(SignRequest.campaign_id == second.id)
    assert oak.scalars(asked).all() == [new.id]


def test_when_everyone_was_asked_nobody_is_asked_again(oak):
    an_adult(oak)
    a_campaign(oak)
    with pytest.raises(NobodyToAsk):
        a_campaign(oak)
    assert mails(oak) == 1


def test_a_new_version_is_a_new_question_to_everyone(oak):
    an_adult(oak)
    a_campaign(oak)
    second = a_version(oak)
    a_campaign(oak, second)
    assert mails(oak) == 2


def test_started_several_times_at_once_nobody_is_asked_twice(world):
    with world.sessions.school(world.oak.id) as session, transaction(session):
        for number in range(30):
            an_adult(session, f"New {number}", email=f"new{number}@parents.example")

    def start():
        with world.sessions.school(world.oak.id) as session, transaction(session):
            return a_campaign(session).number

    got = at_once(4, start)
    assert [each for each in got if isinstance(each, int)] == [2]
    assert sum(isinstance(each, NobodyToAsk) for each in got) == 3
    with world.sessions.school(world.oak.id) as session:
        assert mails(session) == 30 + len(world.oak.requests)


def test_a_link_works_for_the_days_that_are_set(oak):
    an_adult(oak)
    a_campaign(oak, link_days=10)
    assert oak.scalar(select(SignRequest.closes_on)) == clock.today() + timedelta(days=10)


def test_the_mail_says_who_asks_why_and_that_nothing_is_taken_away(oak):
    an_adult(oak)
    a_campaign(oak)
    mail = oak.scalars(select(SchoolMessageContent)).one()
    assert (mail.to_name, mail.to_address) == ("Alex Sample", "alex@parents.example")
    assert (mail.from_name, mail.reply_to) == ("Oak Lane", "office@school.example")
    assert mail.body.count("{link}") == 1
    for words in (
        "Open this link:",
        "treated just the same",
        "do not have to sign",
    ):
        assert words in mail.body
    assert "01632" not in mail.body, "a mail that says: trust no number in a mail, gives none"
    assert "{link}" not in mail.letter
    for words in (
        "/oak-lane/policy",
        "treated just the same",
        "01632 960001",
        "☐ I would rather not",
    ):
        assert words in mail.letter
    request = oak.scalars(select(SignRequest)).one()
    assert mail.link == {
        "path": f"/oak-lane/sign/{request.id}/",
        "purpose": "sign",
        "row": str(request.id),
        "generation": 1,
    }


def test_a_thousand_adults_need_hardly_more_queries_than_ten(ground, queries):
    took = []
    for school, number in ((ground.oak, 10), (ground.elm, 1_000)):
        with ground.sessions.school(school.id) as session:
            an_adult(session)
            for_all = [
                {"name": f"A {i}", "name_key": f"a {i}", "email": f"a{i}@x.example"}
                for i in range(number)
            ]
            session.execute(insert(Adult), [{**each, **_key(school)} for each in for_all])
            version = a_version(session)
            with queries(ground.sessions.engine) as counted:
                a_campaign(session, version)
            took.append(counted.n)
    assert took[1] <= took[0] + 3


def _key(school):
    return {"school_id": school.id, "id": new_id(), "added_at": clock.now(), "version": 1}


def test_who_may_start_one(oak):
    an_adult(oak)
    version = a_version(oak)
    given = {"link_days": 1, "telephone": "", "reply_to": ""}
    with pytest.raises(NotAllowed):
        start_campaign(oak, the_school(oak), version, by=a_teacher(oak), **given)
    assert oak.scalar(select(Campaign.id)) is None
    for by in (an_office(oak), a_head(oak)):
        an_adult(oak, by.name)
        confirmed(oak)
        start_campaign(oak, the_school(oak), version, by=by, **given)


def test_the_version_in_force_is_the_one_that_is_asked_about(oak):
    an_adult(oak)
    a_version(oak)
    a_version(oak, in_force_on=clock.today() + timedelta(days=30))
    campaign = a_campaign(oak)
    assert campaign.version_id == version_in_force(oak).id
