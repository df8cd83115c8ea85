"""The officer chooses the schools and the day, asks more of them later, and moves the day."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

import pytest
import time_machine
from sqlalchemy import select, text

from tests import build
from trustconduct import clock
from trustconduct.audit.actor import Role
from trustconduct.db import transaction
from trustconduct.jobs.queue import REMIND_SCHOOLS, connect, queue
from trustconduct.policies.models import Edition
from trustconduct.policies.rollouts import RollOut
from trustconduct.schools.calendars import mark, save_year
from trustconduct.tenants.calendars import Kind, Span

EDITIONS = "/admin/editions/"


@pytest.fixture
def number(world) -> int:
    """The number of an approved edition."""
    with world.sessions.trust() as session, transaction(session):
        edition = build.a_draft(session, "Autumn Term 2029")
        build.approve(session, edition, by=build.an_officer(), board_on=clock.today())
        return edition.number


def a_day(weeks: int = 6) -> date:
    """A weekday so many weeks away."""
    day = clock.today() + timedelta(weeks=weeks)
    return day - timedelta(days=max(day.weekday() - 4, 0))


def said(weeks: int = 6) -> str:
    return clock.day(a_day(weeks))


def rows(world, number: int) -> dict[UUID, date]:
    with world.sessions.trust() as session:
        found = session.execute(
            select(RollOut.to_school_id, RollOut.adopt_by_on)
            .join(Edition, Edition.id == RollOut.edition_id)
            .where(Edition.number == number)
        )
        return dict(found.all())


def publish(officer, number: int, **fields):
    page = f"{EDITIONS}{number}/publish"
    return officer.send(page, page=page, **{"to": "all", "adopt_by_on": said(), **fields})


def test_six_school_weeks_and_every_school_are_filled_in(officer, world, number):
    page = officer.get(f"{EDITIONS}{number}/publish").text
    assert 'value="all" checked' in page
    assert f'value="{clock.day(clock.today() + timedelta(weeks=6))}"' in page or "value=" in page
    for school in world.schools.values():
        assert school.name in page


def test_published_to_some_the_others_stay_where_they_are(officer, world, number, app):
    answer = publish(officer, number, to="some", schools=[str(world.oak.id)])
    assert answer.status_code == 303
    assert f"1 school is asked to adopt it by {said()}" in officer.get(answer.location).text
    assert rows(world, number) == {world.oak.id: a_day()}
    for school, is_asked in ((world.oak, True), (world.elm, False)):
        head = app.test_client()
        head.sign_in(school.users[Role.HEADTEACHER])
        home = head.get(f"/{school.slug}/staff/").text
        assert (f"The Trust’s new edition {number}: adopt it by {said()}" in home) is is_asked
        code = head.get(f"/{school.slug}/staff/policy/").text
        assert (f"The Trust asks you to adopt it by {said()}" in code) is is_asked
    page = officer.get(f"{EDITIONS}{number}/rollout").text
    assert "2 schools stay on their edition" in page


def test_the_heads_are_written_to_at_once(officer, world, number, settings):
    publish(officer, number)
    with connect(settings.REDIS_URL) as redis:
        assert REMIND_SCHOOLS in [job.func_name for job in queue(redis).jobs]


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"to": "some"}, "Tick at least one school"),
        ({"to": ""}, "Choose every school or only some"),
        ({"adopt_by_on": ""}, "Type the day by which they are to adopt it"),
        ({"adopt_by_on": "31/02/2030"}, "Type a day, like 10 July 2024"),
        ({"adopt_by_on": "10 July 2020"}, "still to come"),
        ({"adopt_by_on": "10 July 2099"}, "more than a year away"),
        ({"to": "some", "schools": ["x"]}, "Tick at least one school"),
        ({"to": "some", "schools": [str(UUID(int=1))]}, "at least one school"),
    ],
)
def test_what_will_not_do_is_said_and_what_was_typed_is_kept(officer, world, number, fields, says):
    answer = publish(officer, number, **fields)
    assert answer.status_code == 422
    assert says in answer.text
    if day := fields.get("adopt_by_on"):
        assert f'value="{day}"' in answer.text
    assert rows(world, number) == {}
    with world.sessions.trust() as session:
        edition = session.scalars(select(Edition).where(Edition.number == number)).one()
        assert edition.published_at is None


def test_a_weekend_is_asked_about_once(officer, world, number):
    day = a_day() + timedelta(days=5 - a_day().weekday())
    typed = {"adopt_by_on": clock.day(day)}
    answer = publish(officer, number, **typed)
    assert answer.status_code == 422
    assert "It is a weekend. Choose another day, or tick that you mean it." in answer.text
    assert publish(officer, number, **typed, anyway="yes").status_code == 303
    assert set(rows(world, number).values()) == {day}


@time_machine.travel("2026-09-07T10:00:00Z", tick=False)
def test_a_day_in_the_holidays_is_asked_about(app, world):
    number = 2
    with world.sessions.trust() as session, transaction(session):
        edition = build.a_draft(session, "Autumn Term 2029")
        build.approve(session, edition, by=build.an_officer(), board_on=clock.today())
        spans = [
            Span(date(2026, 9, 3), date(2026, 12, 18), Kind.TERM, "autumn"),
            Span(date(2026, 10, 26), date(2026, 10, 30), Kind.HALF_TERM, "autumn"),
        ]
        save_year(session, 2026, spans, by=build.an_officer(), seen=mark(()))
    officer = app.test_client()
    officer.sign_in(world.trust_users[Role.TRUST_OFFICER])
    assert 'value="19 October 2026"' in officer.get(f"{EDITIONS}{number}/publish").text
    answer = publish(officer, number, adopt_by_on="28 October 2026")
    assert "By the Trust’s term dates it is no school day." in answer.text
    assert publish(officer, number, adopt_by_on="19 October 2026").status_code == 303


def test_more_schools_are_asked_later(officer, world, number):
    publish(officer, number, to="some", schools=[str(world.oak.id)])
    page = f"{EDITIONS}{number}/rollout/schools"
    assert "Oak Lane" not in officer.get(page).text.partition("<main")[2]
    fields = {"to": "some", "schools": [str(world.elm.id)], "adopt_by_on": said(8)}
    answer = officer.send(page, page=page, **fields)
    assert answer.status_code == 303
    assert "1 more school is asked" in officer.get(answer.location).text
    assert rows(world, number) == {world.oak.id: a_day(), world.elm.id: a_day(8)}
    officer.send(page, page=page, to="all", adopt_by_on=said(9))
    assert rows(world, number)[world.ash.id] == a_day(9)
    assert "Every school was asked." in officer.get(page).text


def test_the_day_is_moved_with_a_reason_that_the_school_reads(officer, world, number, app):
    publish(officer, number)
    page = f"{EDITIONS}{number}/rollout/day"
    seen = officer.get(page).text.partition('name="seen" value="')[2].partition('"')[0]
    fields = {"to": "some", "schools": [str(world.oak.id)], "adopt_by_on": said(9), "seen": seen}
    answer = officer.send(page, page=page, **fields, because="")
    assert answer.status_code == 422
    assert "Say why the day is moved" in answer.text
    answer = officer.send(page, page=page, **fields, because="Inspection week")
    assert f"The day is {said(9)} now, for 1 school." in officer.get(answer.location).text
    assert rows(world, number)[world.oak.id] == a_day(9)
    assert rows(world, number)[world.elm.id] == a_day()
    head = app.test_client()
    head.sign_in(world.oak.users[Role.HEADTEACHER])
    assert "It has moved the day: Inspection week" in head.get("/oak-lane/staff/policy/").text
    # The second of two officers is told.
    answer = officer.send(page, page=page, **fields, because="Again")
    assert "Somebody else changed this edition" in officer.get(answer.location).text


def test_a_school_that_is_late_reads_for_how_long_and_so_does_the_trust(app, world, number):
    def signed_in(user):
        client = app.test_client()
        client.sign_in(user)
        return client

    publish(signed_in(world.trust_users[Role.TRUST_OFFICER]), number, adopt_by_on=said(2))
    late = timedelta(days=5)
    with time_machine.travel(clock.now() + (a_day(2) - clock.today()) + late):
        head = signed_in(world.oak.users[Role.HEADTEACHER])
        assert "5 days late" in head.get("/oak-lane/staff/").text
        assert ", 5 days ago." in head.get("/oak-lane/staff/policy/").text
        officer = signed_in(world.trust_users[Role.TRUST_OFFICER])
        assert "3 schools are late with the Trust’s edition" in officer.get("/admin/").text
        assert "5 days late" in officer.get("/admin/drift/?only=late").text


def test_a_reader_sees_the_roll_out_and_changes_nothing(reader, world):
    page = reader.get(f"{EDITIONS}1/rollout").text
    assert "No day was set" in page
    assert "Move the day" not in page
    for where in ("schools", "day"):
        assert reader.get(f"{EDITIONS}1/rollout/{where}").status_code == 403


def test_three_hundred_schools_are_one_page_of_the_same_queries(
    officer, world, number, app, queries
):
    def cost() -> int:
        officer.get(f"{EDITIONS}{number}/publish")
        with queries(app.extensions["trustconduct"].sessions.engine) as counted:
            officer.get(f"{EDITIONS}{number}/publish")
        return counted.n

    few = cost()
    with world.sessions.trust() as session, transaction(session):
        session.execute(
            text(
                "insert into school (id, slug, name, phase, joined_at, version)"
                " select gen_random_uuid(), 'wren-' || n, 'Wren ' || n, 'primary', now(), 1"
                " from generate_series(1, 300) n"
            )
        )
    assert cost() == few
    with world.sessions.trust() as session:
        ids = [str(one) for one in session.scalars(text("select id from school"))]
    assert publish(officer, number, to="some", schools=ids).status_code == 303
    assert len(rows(world, number)) == 303
