"""Reviews in one's own calendar: an address that works without signing in, until it is ended."""

from __future__ import annotations

from datetime import date

import pytest
from icalendar import Calendar
from sqlalchemy import text

from tests.build import an_officer
from tests.rules.writes import written
from trustconduct.accounts.models import User
from trustconduct.accounts.roles import disable, enable
from trustconduct.audit.actor import Role
from trustconduct.db import new_id, transaction
from trustconduct.outbox.links import token
from trustconduct.reviews.models import Outcome, Part
from trustconduct.reviews.school_reviews import mark_reviewed, open_reviews

PAGE = "/account/you/calendar"


def make(client) -> str:
    """Make an address, or a new one; gives its path."""
    assert client.send(PAGE, page=PAGE).status_code == 303
    return shown(client)


def shown(client) -> str:
    address = client.get(PAGE).text.split('id="address" type="text" value="')[1].split('"')[0]
    return "/" + address.split("/", 3)[3]


def signed_in(app, user):
    client = app.test_client()
    client.sign_in(user)
    return client


@pytest.fixture
def officers(app, world) -> str:
    """The address of an officer's feed."""
    return make(signed_in(app, world.trust_users[Role.TRUST_OFFICER]))


@pytest.fixture
def heads(app, world) -> str:
    return make(signed_in(app, world.oak.users[Role.HEADTEACHER]))


def events(client, path: str) -> dict[str, date]:
    answer = client.get(path)
    assert answer.status_code == 200
    found = Calendar.from_ical(answer.get_data()).walk("VEVENT")
    assert len({str(one["uid"]) for one in found}) == len(found)
    return {str(one["summary"]): one.decoded("dtstart") for one in found}


def test_an_officer_has_the_trusts_review_and_its_open_steps(client, officers):
    found = events(client, officers)
    assert "Review of the code of conduct, edition 1, is due (provisional)" in found
    titles = " ".join(found)
    assert "Consult: code of conduct" in titles
    assert "Start the review" not in titles  # it is ticked
    assert "Oak Lane" not in titles


def test_a_head_has_the_reviews_of_their_own_school(client, heads, world):
    found = events(client, heads)
    assert len(found) == len(Part)
    assert all("Oak Lane" in title for title in found)
    with world.sessions.school(world.oak.id, read_only=True) as session:
        assert sorted(found.values()) == sorted(one.due_on for one in open_reviews(session))
    answer = client.get(heads).text
    for word in (world.oak.canary, world.oak.staff_canary, "@trust.example", "Headteacher"):
        assert word not in answer


def test_who_keeps_no_reviews_has_an_empty_calendar(client, app, world):
    path = make(signed_in(app, world.oak.users[Role.TEACHER]))
    assert events(client, path) == {}


def test_it_is_nobody_else_s_to_keep_and_is_sent_once(client, heads, world):
    answer = client.get(heads)
    assert answer.mimetype == "text/calendar"
    assert answer.headers["Cache-Control"] == "private, max-age=3600"
    etag = answer.headers["ETag"]
    assert client.get(heads).get_data() == answer.get_data()
    assert client.get(heads, headers={"If-None-Match": etag}).status_code == 304
    with world.sessions.school(world.oak.id) as session, transaction(session):
        review = next(one for one in open_reviews(session) if one.subject == Part.FACTS.value)
        mark_reviewed(session, review.id, by=world.oak.head, outcome=Outcome.SAME, note="")
    assert client.get(heads, headers={"If-None-Match": etag}).status_code == 200


def test_fetching_it_writes_nothing(client, heads, world, app):
    with written(app.extensions["trustconduct"].sessions.engine) as statements:
        client.get(heads)
    assert statements == []


def test_a_new_address_ends_the_old_one_and_ending_it_ends_it(client, app, world):
    person = signed_in(app, world.oak.users[Role.OFFICE])
    assert "Make an address" in person.get(PAGE).text
    first = make(person)
    second = make(person)
    assert first != second
    assert client.get(first).status_code == 404
    assert client.get(second).status_code == 200
    assert person.send(f"{PAGE}/end", page=PAGE).status_code == 303
    assert client.get(second).status_code == 404
    assert person.send(f"{PAGE}/end", page=PAGE).status_code == 303  # and no harm is done
    third = make(person)
    assert client.get(second).status_code == 404
    assert client.get(third).status_code == 200


def bare(answer) -> str:
    return answer.text.split('<strong class="tc-request">')[0]


def test_whatever_does_not_work_answers_alike(client, heads, app, world):
    feed_id, secret = heads.removesuffix(".ics").split("/")[-2:]
    wrong = [
        f"/account/calendar/{new_id()}/{secret}.ics",
        f"/account/calendar/{feed_id}/{'x' * 43}.ics",
        f"/account/calendar/{feed_id}/{token('another key', 'calendar-feed', new_id(), 1)}.ics",
        f"/account/calendar/{feed_id}/{secret[:-1]}.ics",
    ]
    answers = [client.get(each) for each in wrong]
    with world.sessions.accounts() as session, transaction(session):
        session.execute(
            text("update account_user set disabled_at = now() where id = :id"),
            {"id": world.oak.users[Role.HEADTEACHER].id},
        )
    answers.append(client.get(heads))  # the account is closed
    assert {answer.status_code for answer in answers} == {404}
    assert len({bare(answer) for answer in answers}) == 1


def test_closing_an_account_ends_its_address_for_good(client, heads, world):
    with world.sessions.accounts() as session, transaction(session):
        head = session.get_one(User, world.oak.users[Role.HEADTEACHER].id)
        disable(session, head, by=an_officer())
        enable(session, head, by=an_officer())
    assert client.get(heads).status_code == 404


def test_a_role_that_has_ended_shows_nothing_any_more(client, heads, world):
    with world.sessions.accounts() as session, transaction(session):
        session.execute(
            text("update account_grant set last_on = date '2020-01-01' where user_id = :id"),
            {"id": world.oak.users[Role.HEADTEACHER].id},
        )
    assert events(client, heads) == {}


def test_a_suspended_school_s_days_are_not_shown(client, heads, world, app):
    with world.sessions.trust() as session, transaction(session):
        session.execute(
            text(
                "update school set suspended_at = now(), suspended_because = 'Left' where id = :id"
            ),
            {"id": world.oak.id},
        )
    app.extensions["trustconduct"].directory.forget()
    assert events(client, heads) == {}


def test_the_log_says_the_route_and_never_the_address(client, heads, caplog):
    caplog.set_level("INFO")
    client.get(heads)
    assert heads.split("/")[-1].removesuffix(".ics") not in caplog.text
    assert "/account/calendar/<uuid:feed_id>/<secret>.ics" in caplog.text
