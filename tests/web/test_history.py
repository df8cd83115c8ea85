"""The page that looks back: what a head and the Trust's officer see."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import create_engine, func, insert, select, text

from tests import build
from trustconduct import clock
from trustconduct.audit.actor import Role
from trustconduct.audit.events import Event
from trustconduct.audit.models import SchoolAuditEvent
from trustconduct.audit.reading import record_reading
from trustconduct.db import new_id, transaction
from trustconduct.web import history
from trustconduct.web.door import Directory

HISTORY = "/oak-lane/staff/history/"


@pytest.fixture
def head(client, world):
    client.sign_in(world.oak.users[Role.HEADTEACHER])
    return client


@pytest.fixture
def officer(client, world):
    client.sign_in_by_forms(world.trust_users[Role.TRUST_OFFICER])
    return client


@pytest.fixture
def all_on_one_page(monkeypatch):
    """The world has more to tell than a page holds."""
    monkeypatch.setattr(history, "A_PAGE", 500)


def plain(page: str) -> str:
    """A page's words without its marks."""
    return " ".join(re.sub(r"<[^>]+>", "", page.partition("<main")[2]).split())


def readings(world, school=None):
    school = school or world.oak
    with world.sessions.school(school.id) as session:
        return list(
            session.execute(
                select(
                    SchoolAuditEvent.event, SchoolAuditEvent.thing_kind, SchoolAuditEvent.thing_id
                )
                .where(SchoolAuditEvent.event.endswith(".read"))
                .order_by(SchoolAuditEvent.at)
            )
        )


@pytest.mark.usefixtures("all_on_one_page")
def test_a_head_reads_what_was_done_in_words_by_day(head, world):
    page = head.get(HISTORY)
    said = plain(page.text)
    name = world.oak.head.name
    assert f"{name} (Headteacher) published version 1 of the code of conduct, in force from" in said
    assert f"Pat {world.oak.canary} asked to talk about the code of conduct first." in said
    today = clock.local(clock.now())
    assert f'<h2 class="govuk-heading-m">{today:%A} {today.day} {today:%B %Y}</h2>' in page.text


def test_the_menu_leads_there_for_a_head_and_for_nobody_else_at_school(head, app, world):
    assert HISTORY in head.get("/oak-lane/staff/").text
    for role in (Role.OFFICE, Role.PASTORAL, Role.TEACHER, Role.GOVERNOR):
        client = app.test_client()
        client.sign_in(world.oak.users[role])
        assert HISTORY not in client.get("/oak-lane/staff/").text
        assert client.get(HISTORY).status_code == 403


def test_the_history_of_one_parent_leads_from_the_lists_and_is_noted(head, world):
    request = world.oak.requests["Alex Sample"]
    link = f"{HISTORY}?thing={request}"
    assert link in head.get("/oak-lane/staff/acknowledgements/").text
    page = head.get(link)
    assert "History of Alex Sample" in page.text
    assert "Alex Sample acknowledged version 1" in plain(page.text)
    assert world.oak.canary not in plain(page.text).partition("Everyone")[0]
    assert ("history.read", "adult", world.oak.adults["Alex Sample"]) in readings(world)
    again = plain(head.get(f"{HISTORY}?thing={world.oak.adults['Alex Sample']}").text)
    assert "looked at the history of Alex Sample" in again


def test_what_one_person_did_is_found_and_the_look_is_noted(head, world):
    office = world.oak.users[Role.OFFICE]
    page = head.get(HISTORY, query_string={"person": str(office.id)})
    assert f"What was done by {office.name}" in page.text
    assert readings(world) == [("history.read", "account_user", office.id)]


def test_the_whole_history_is_no_reading_of_a_person(head, world):
    head.get(HISTORY)
    head.get(HISTORY, query_string={"kind": "code"})
    assert readings(world) == []


def test_sensitive_pages_are_noted_once_however_often_they_are_opened(head, world):
    for _ in range(3):
        head.get("/oak-lane/staff/people/")
        head.get("/oak-lane/staff/acknowledgements/")
        head.get(f"/oak-lane/staff/acknowledgements/talk/{world.oak.talk}")
    assert sorted(readings(world)) == [
        ("answer.read", "acknowledgement", world.oak.talk),
        ("answers.read", "policy_version", world.oak.version),
        ("roll.read", "roll", None),
    ]
    assert f"read what Pat {world.oak.canary} wrote" in plain(head.get(HISTORY).text)


def test_a_sensitive_page_whose_reading_cant_be_written_is_not_shown(head, world, servers):
    engine = create_engine(servers.superuser_url(world.name))
    with engine.begin() as connection:
        connection.execute(text("revoke insert on audit_event_school from tc_school"))
    engine.dispose()
    page = head.get(f"/oak-lane/staff/acknowledgements/talk/{world.oak.talk}")
    assert page.status_code == 500
    assert f"Call me about {world.oak.canary}" not in page.text


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"person": "x' or 1=1"}, "Choose one of the people in the list."),
        ({"kind": "unicorns"}, "Choose one of the kinds in the list."),
        ({"since": "yesterday"}, "That is not a day that we know. Write it like 4 May 2026."),
        ({"until": "9999-12-31"}, "That is not a day that we know."),
        ({"since": "2026-05-04", "until": "2026-05-03"}, "The last day comes before the first"),
        ({"thing": "\0"}, "History"),
        ({"thing": "7"}, "That link is not whole."),
    ],
)
def test_bad_wishes_are_answered_where_they_were_typed(head, wrong, said):
    page = head.get(HISTORY, query_string=wrong)
    assert page.status_code == (200 if wrong == {"thing": "\0"} else 422)
    assert said in page.text


@pytest.mark.usefixtures("all_on_one_page")
@pytest.mark.parametrize("mark", ["x", "|", "2026-05-04T10:00:00|x", "9999-01-01T00:00:00+00:00|1"])
def test_a_made_up_mark_leads_to_the_first_page(head, mark):
    page = head.get(HISTORY, query_string={"after": mark})
    assert page.status_code == 200
    assert "published version 1" in plain(page.text)


@pytest.mark.usefixtures("all_on_one_page")
def test_from_one_day_to_another(head, world):
    today = clock.today().isoformat()
    for days in ({"since": today, "until": today}, {"since": "4 May 2026"}):
        assert "published version 1" in plain(head.get(HISTORY, query_string=days).text)
    before = head.get(HISTORY, query_string={"until": "2026-05-04"})
    assert "Nothing more is written here" in before.text


def test_ten_thousand_events_cost_as_many_queries_as_ten(head, app, world, queries, monkeypatch):
    monkeypatch.setattr(Directory, "SECONDS", 600)  # on a slow machine a page takes a second
    app.extensions["trustconduct"].directory.forget()
    engine = app.extensions["trustconduct"].sessions.engine
    address = {"thing": str(world.oak.requests["Alex Sample"])}

    def cost(**wishes):
        head.get(HISTORY, query_string=wishes)
        with queries(engine) as counted:
            page = head.get(HISTORY, query_string=wishes)
        assert page.status_code == 200
        return counted.n

    few = [cost(), cost(**address), cost(person=str(world.oak.head.id))]
    assert max(few) <= 8
    with world.sessions.school(world.oak.id) as session, transaction(session):
        session.execute(
            insert(SchoolAuditEvent),
            [
                {
                    "school_id": world.oak.id,
                    "id": new_id(),
                    "event": Event.TALK_HELD.value,
                    "at": clock.now(),
                    "actor_kind": "user",
                    "actor_id": world.oak.head.id,
                    "thing_kind": "acknowledgement",
                    "thing_id": world.oak.talk,
                    "details_sha256": "",
                }
                for _ in range(10_000)
            ],
        )
    assert [cost(), cost(**address), cost(person=str(world.oak.head.id))] == few
    page = head.get(HISTORY)
    assert page.text.count("The details are no longer kept") == 50
    assert page.text.count('class="tc-log__time"') == 50
    onward = re.search(r'href="([^"]+)" rel="next"', page.text)[1].replace("&amp;", "&")
    assert page.text != head.get(onward).text


def test_an_id_of_another_school_shows_nothing_and_notes_nothing(head, world):
    for wishes in (
        {"person": str(world.elm.head.id)},
        {"thing": str(world.elm.adults["Alex Sample"])},
    ):
        page = head.get(HISTORY, query_string=wishes)
        assert "Nothing more is written here" in page.text
        assert world.elm.staff_canary not in page.text
    assert readings(world) == []


def test_the_officer_reads_the_trusts_history_with_everyones_sign_ins(officer, app, world):
    app.test_client().sign_in_by_forms(world.oak.users[Role.HEADTEACHER])
    app.test_client().send("/account/sign-in", email=world.oak.head.name, password="x", to="")
    user = world.oak.users[Role.OFFICE]
    app.test_client().send("/account/sign-in", email=user.email, password="wrong", to="")
    said = plain(officer.get("/admin/history/").text)
    assert f"{world.oak.head.name} (Headteacher) signed in." in said
    assert f"Somebody who was not signed in gave a wrong password for {user.name}." in said
    assert "Somebody at the server added a school: Oak Lane" in said
    assert "published edition 1 of the code of conduct" in said
    assert "took in a roll" not in said


def test_looking_at_one_persons_account_is_noted_at_the_trust(officer, world):
    user = world.oak.users[Role.OFFICE]
    assert officer.get(f"/admin/people/details/?id={user.id}").status_code == 200
    page = officer.get("/admin/history/", query_string={"thing": str(user.id)})
    said = plain(page.text)
    assert f"looked at the account of {user.name}." in said
    assert f"added {user.name}, so that they can sign in." in said
    again = plain(officer.get("/admin/history/").text)
    assert f"looked at the history of {user.name}." in again


def test_a_reader_and_the_schools_may_not_read_the_trusts_history(app, world):
    for user in (world.trust_users[Role.TRUST_READER], world.oak.users[Role.HEADTEACHER]):
        client = app.test_client()
        client.sign_in(user)
        assert client.get("/admin/history/").status_code == 403


def test_the_count_of_a_readings_statements_is_small(world, queries):
    with queries(world.sessions.engine) as counted:
        for _ in range(2):
            with world.sessions.school(world.oak.id) as session, transaction(session):
                record_reading(
                    session, Event.ROLL_READ, by=world.oak.head, about_kind="roll", about_id=None
                )
    assert counted.n == 3
    with world.sessions.school(world.oak.id) as session:
        read = SchoolAuditEvent.event == "roll.read"
        assert session.scalar(select(func.count()).where(read)) == 1


def test_a_name_of_a_member_of_staff_who_has_left_still_shows(head, world):
    by = build.an_actor(Role.OFFICE, world.oak.id, name="Gone Sample")
    with world.sessions.school(world.oak.id) as session, transaction(session):
        build.settings_filled(session, by=by)
    page = head.get(HISTORY, query_string={"person": str(by.id)})
    assert "What was done by Gone Sample" in page.text
    assert f'<option value="{by.id}" selected>Gone Sample</option>' in page.text
