"""A sign-in ends after 30 minutes without a click and after 12 hours, and no typing is lost."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from io import BytesIO
from typing import Any

import pytest
from sqlalchemy import create_engine, select, text, update

from tests.browser import TOKEN, Browser
from tests.build import SECRET_KEY, a_code
from tests.world import World, WorldUser
from trustconduct import clock
from trustconduct.accounts.kept_forms import MOST, Owner, Typed, keep
from trustconduct.accounts.models import KeptForm, SignIn, User
from trustconduct.audit.actor import Role
from trustconduct.db import transaction
from trustconduct.jobs import tasks
from trustconduct.jobs.timetable import TIMETABLE

FACTS = "/oak-lane/staff/policy/facts"
KEPT = "/account/kept"
IDLE, LONGEST = timedelta(minutes=30), timedelta(hours=12)


def change_sign_ins(world: World, user: WorldUser, **values: Any) -> None:
    with world.sessions.accounts() as session, transaction(session):
        session.execute(update(SignIn).where(SignIn.user_id == user.id).values(**values))


def seen_at(world: World, user: WorldUser) -> Any:
    with world.sessions.accounts() as session:
        return session.scalars(
            select(SignIn.seen_at).where(
                SignIn.user_id == user.id, SignIn.confirmed_at.is_not(None)
            )
        ).one()


def idle(world: World, user: WorldUser, by: timedelta = IDLE + timedelta(seconds=1)) -> None:
    change_sign_ins(world, user, seen_at=clock.now() - by)


def again(client: Browser, user: WorldUser, to: str = KEPT, ahead: int = 1) -> str:
    """Sign in once more by the very forms that the service sends; give where one lands."""
    client.send("/account/sign-in", email=user.email, password=user.password, to=to)
    code = a_code(user.secret, ahead)
    return client.send("/account/code", page="/account/code", code=code, to=to).location


def the_form(page: str, action: str) -> dict[str, Any]:
    """The hidden fields of the form that sends to an address."""
    whole = re.search(rf'<form method="post" action="{re.escape(action)}".*?</form>', page, re.S)
    assert whole, page
    found: dict[str, Any] = {}
    for tag in re.findall(r"<input[^>]*>", whole[0]):
        name = unescape(re.search(r'name="([^"]*)"', tag)[1])
        value = unescape(re.search(r'value="([^"]*)"', tag, re.S)[1])
        found.setdefault(name, []).append(value)
    return found


def telephone(client: Browser) -> str:
    return re.search(r'id="telephone"[^>]*value="([^"]*)"', client.get(FACTS).text)[1]


def facts_typed(client: Browser, **typed: str) -> dict[str, Any]:
    """The form of facts as it stands in the page, with what was typed into it."""
    page = client.get(FACTS).text
    seen = re.search(r'name="seen_version" value="([^"]*)"', page)[1]

    def standing(name: str) -> str:
        return re.search(rf'id="{name}"[^>]*value="([^"]*)"', page)[1]

    return {
        "csrf_token": TOKEN.search(page)[1],
        "seen_version": seen,
        # As they are: the text names them, and a page would ask about the code first.
        "policies_url": standing("policies_url"),
        "app_name": standing("app_name"),
        "telephone": "01632 960777",
        "email": "office@oak.example",
        "police_force_id": "thames-valley",
        **typed,
    }


@pytest.fixture
def head(client: Browser, world: World) -> WorldUser:
    user = world.oak.users[Role.HEADTEACHER]
    client.sign_in(user)
    return user


# -- the limits


def test_a_sign_in_lasts_just_under_thirty_minutes_without_a_click_and_no_longer(
    client, world, head
):
    idle(world, head, IDLE - timedelta(seconds=5))
    assert client.get(FACTS).status_code == 200
    idle(world, head, IDLE + timedelta(seconds=1))
    assert client.get(FACTS).status_code == 302


def test_after_twelve_hours_it_ends_whatever_the_person_does(client, world, head):
    change_sign_ins(world, head, began_at=clock.now() - LONGEST + timedelta(seconds=5))
    assert client.get(FACTS).status_code == 200
    stay(client)
    change_sign_ins(world, head, began_at=clock.now() - LONGEST - timedelta(seconds=1))
    assert client.get(FACTS).status_code == 302


def test_the_page_is_told_how_long_the_sign_in_still_lasts(client, world, head):
    change_sign_ins(
        world,
        head,
        seen_at=clock.now() - timedelta(seconds=30),
        began_at=clock.now() - timedelta(hours=11),
    )
    bar = re.search(r"<form[^>]*data-time-left[^>]*>", client.get(FACTS).text)[0]
    assert " hidden " in bar
    assert 1_765 <= int(re.search(r'data-idle="(\d+)"', bar)[1]) <= 1_770
    assert 3_590 <= int(re.search(r'data-rest="(\d+)"', bar)[1]) <= 3_600


def stay(client: Browser) -> dict[str, int]:
    answer = client.send("/account/stay", page=FACTS)
    assert answer.status_code == 200
    return answer.get_json()


def test_staying_moves_the_idle_end_and_not_the_other(client, world, head):
    change_sign_ins(world, head, began_at=clock.now() - timedelta(hours=2))
    token = client.csrf(FACTS)
    idle(world, head, timedelta(seconds=50))  # less than a minute: a page would not write it
    left = client.post("/account/stay", data={"csrf_token": token}).get_json()
    assert left["idle"] in (1_799, 1_800)
    assert 35_990 <= left["rest"] <= 36_000
    assert clock.now() - seen_at(world, head) < timedelta(seconds=5)


def test_asking_how_much_time_is_left_does_not_prolong_it(client, world, head):
    idle(world, head, timedelta(minutes=20))
    before = seen_at(world, head)
    assert 590 <= client.get("/account/time-left").get_json()["idle"] <= 600
    assert seen_at(world, head) == before
    idle(world, head)
    assert client.get("/account/time-left").get_json() == {"idle": 0, "rest": 0}


def test_nobody_stays_signed_in_who_is_not(client, world, head):
    token = client.csrf(FACTS)
    idle(world, head)
    answer = client.post("/account/stay", data={"csrf_token": token})
    assert answer.get_json() == {"idle": 0, "rest": 0}
    assert client.get(FACTS).status_code == 302


def test_a_short_sign_in_is_prolonged_by_each_page_in_time(app, world, settings):
    """`IDLE_MINUTES=1`: seen only once a minute, it would end under the person's hands."""
    with_ = app.extensions["trustconduct"]
    app.extensions["trustconduct"] = with_.__class__(
        with_.settings.__class__(**{**with_.settings.__dict__, "IDLE_MINUTES": 1}),
        with_.sessions,
        with_.directory,
    )
    client, head = app.test_client(), world.oak.users[Role.HEADTEACHER]
    client.sign_in(head)
    idle(world, head, timedelta(seconds=20))
    assert client.get(FACTS).status_code == 200
    assert clock.now() - seen_at(world, head) < timedelta(seconds=5)


# -- no typing is lost


def end_idle(world, client, user):
    idle(world, user)


def end_absolute(world, client, user):
    change_sign_ins(world, user, began_at=clock.now() - LONGEST - timedelta(seconds=1))


def end_by_somebody(world, client, user):
    """An officer ends it, or a new password does."""
    change_sign_ins(world, user, ended_at=clock.now())


def end_in_another_tab(world, client, user):
    client.send("/account/sign-out", page=FACTS)


ENDS = [end_idle, end_absolute, end_by_somebody, end_in_another_tab]


@pytest.mark.parametrize("end", ENDS, ids=lambda end: end.__name__)
def test_what_was_typed_when_the_sign_in_ended_is_sent_after_signing_in(client, world, head, end):
    before = telephone(client)
    typed = facts_typed(client, telephone="01632 960888")
    end(world, client, head)
    answer = client.post(FACTS, data=typed)
    assert answer.status_code == 303
    assert answer.location == "/account/sign-in?to=/account/kept"
    assert "What you typed is kept" in client.get(answer.location).text

    assert again(client, head) == KEPT
    page = client.get(KEPT).text
    assert "Change settings – Oak Lane" in page
    assert "01632 960888" in page
    assert telephone(client) == before  # nothing is sent by itself

    answer = client.post(FACTS, data=the_form(page, FACTS))
    assert answer.status_code == 303, answer.text
    assert telephone(client) == "01632 960888"
    assert "Nothing is waiting" in client.get(KEPT).text


def test_signing_in_by_another_way_still_leads_to_what_was_typed(client, world, head):
    typed = facts_typed(client, telephone="01632 960888")
    idle(world, head)
    client.post(FACTS, data=typed)
    again(client, head, to="")
    assert "Something that you typed was not saved yet" in client.get("/oak-lane/staff/").text
    client.post(FACTS, data=the_form(client.get(KEPT).text, FACTS))
    assert "Something that you typed" not in client.get("/oak-lane/staff/").text


def test_another_person_at_the_same_browser_sees_nothing_of_it(client, world, head):
    typed = facts_typed(client, telephone="01632 960888")
    idle(world, head)
    client.post(FACTS, data=typed)
    office = world.oak.users[Role.OFFICE]
    assert again(client, office, ahead=0) == KEPT
    assert "01632 960888" not in client.get(KEPT).text
    assert "Nothing is waiting" in client.get(KEPT).text
    assert "Something that you typed" not in client.get("/oak-lane/staff/").text


def test_the_same_person_at_another_browser_sees_nothing_of_it(client, app, world, head):
    typed = facts_typed(client, telephone="01632 960888")
    idle(world, head)
    client.post(FACTS, data=typed)
    elsewhere = app.test_client()
    elsewhere.sign_in_by_forms(head, ahead=1)
    assert "Nothing is waiting" in elsewhere.get(KEPT).text


def test_a_form_that_one_person_filled_in_is_not_sent_by_the_next(client, world, head):
    """Its token dies once somebody else has signed in at this browser."""
    typed = facts_typed(client, telephone="01632 960888")
    client.send("/account/sign-out", page=FACTS)
    client.sign_in(world.oak.users[Role.OFFICE])
    client.get("/oak-lane/staff/")
    assert client.post(FACTS, data=typed).status_code == 400
    assert telephone(client) != "01632 960888"


def test_who_was_never_here_fills_no_table(client, world):
    token = client.csrf()
    answer = client.post(FACTS, data={"csrf_token": token, "telephone": "01632 960888"})
    assert (answer.status_code, answer.location) == (303, "/account/sign-in")
    assert client.get_cookie("kept") is None
    assert rows(world) == 0


def rows(world: World) -> int:
    with world.sessions.accounts() as session:
        return len(session.scalars(select(KeptForm.id)).all())


def test_without_its_token_a_form_is_not_kept(client, world, head):
    typed = facts_typed(client)
    idle(world, head)
    assert client.post(FACTS, data={**typed, "csrf_token": "made up"}).status_code == 400
    assert rows(world) == 0


def test_every_value_of_a_field_and_every_letter_is_kept(client, world, head):
    odd = 'A “quoted” <b>&amp; "name"\r\nsecond line\U0001f600 '
    typed = {**facts_typed(client), "ticks": ["a b", "c d"], "app_name": odd + "\x00\x07"}
    idle(world, head)
    client.post(FACTS + "?from=home&x=1", data=typed)
    again(client, head)
    form = the_form(client.get(KEPT).text, FACTS + "?from=home&amp;x=1")
    assert form["ticks"] == ["a b", "c d"]
    assert form["app_name"] == [odd]  # without the characters that no page can hold


def test_a_file_is_not_kept_and_the_page_says_so(client, world, head):
    path = "/oak-lane/staff/people/roll"
    token = client.csrf(path)
    idle(world, head)
    file = (BytesIO(b"Pupil,Year,Adult,Relationship,Email\r\n"), "our roll.csv")
    client.post(path, data={"csrf_token": token, "file": file}, content_type="multipart/form-data")
    again(client, head)
    page = client.get(KEPT).text
    assert "We could not keep the file our roll.csv" in page
    answer = client.post(path, data=the_form(page, path))
    assert answer.status_code == 422
    assert "Choose the CSV file" in answer.text


def test_a_form_as_large_as_a_request_may_be_is_kept_whole(client, world, head):
    path = "/oak-lane/staff/people/roll"
    token = client.csrf(FACTS)
    idle(world, head)
    big = "QUJD" * 2_500_000
    client.post(path, data={"csrf_token": token, "file": big, "name": "roll.csv"})
    again(client, head)
    page = client.get(KEPT).text
    assert "10,000,000 characters of a file" in page
    assert f'action="{path}" enctype="multipart/form-data"' in page
    assert f'value="{big}"' in page


def test_a_button_without_words_is_kept_too(client, world, head):
    token = client.csrf(FACTS)
    idle(world, head)
    client.post("/oak-lane/staff/acknowledgements/ask", data={"csrf_token": token})
    again(client, head)
    page = client.get(KEPT).text
    assert "Start campaign – Oak Lane" in page
    assert "there was nothing to type" in page


def test_what_is_wrong_with_it_is_said_by_its_own_page(client, world, head):
    typed = facts_typed(client, policies_url="no address", telephone="01632 960888")
    idle(world, head)
    client.post(FACTS, data=typed)
    again(client, head)
    answer = client.post(FACTS, data=the_form(client.get(KEPT).text, FACTS))
    assert answer.status_code == 422
    assert "no address" in answer.text
    assert "01632 960888" in answer.text


def test_after_a_fault_of_ours_it_is_still_kept(client, world, head, servers):
    typed = facts_typed(client)
    idle(world, head)
    client.post(FACTS, data=typed)
    again(client, head)
    page = client.get(KEPT).text

    engine = create_engine(servers.superuser_url(world.name), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("revoke update on school_settings from tc_school"))
        assert client.post(FACTS, data=the_form(page, FACTS)).status_code == 500
        connection.execute(text("grant update on school_settings to tc_school"))
    engine.dispose()
    assert client.post(FACTS, data=the_form(client.get(KEPT).text, FACTS)).status_code == 303


def test_what_has_no_place_any_more_is_not_lost(client, world, head):
    """Its page answers 404: what was typed stays for the hour, to be copied at least."""
    path = f"/oak-lane/staff/acknowledgements/talk/{world.elm.talk}"
    token = client.csrf(FACTS)
    idle(world, head)
    client.post(path, data={"csrf_token": token, "note": "We talked for long."})
    again(client, head)
    assert client.post(path, data=the_form(client.get(KEPT).text, path)).status_code == 404
    assert "We talked for long." in client.get(KEPT).text


def test_it_can_be_deleted_instead(client, world, head):
    typed = facts_typed(client)
    idle(world, head)
    client.post(FACTS, data=typed)
    again(client, head)
    answer = client.post(KEPT, data=the_form(client.get(KEPT).text, KEPT))
    assert answer.status_code == 303
    assert rows(world) == 0


def test_after_an_hour_nobody_sees_it(client, world, head):
    typed = facts_typed(client)
    idle(world, head)
    client.post(FACTS, data=typed)
    again(client, head)
    make_older(world, timedelta(minutes=59))
    assert "01632 960777" in client.get(KEPT).text
    make_older(world, timedelta(minutes=2))
    assert "Nothing is waiting" in client.get(KEPT).text
    assert "Something that you typed" not in client.get(FACTS).text


def make_older(world: World, by: timedelta) -> None:
    """Make what is kept older. The service may not change such a row, so it is a new one."""
    with world.sessions.accounts() as session, transaction(session):
        for row in session.scalars(select(KeptForm)).all():
            values = {column: getattr(row, column) for column in KeptForm.__table__.c.keys()}  # noqa: SIM118
            session.delete(row)
            session.flush()
            session.add(KeptForm(**{**values, "kept_at": row.kept_at - by}))


def test_the_timetable_deletes_what_is_older_than_an_hour(world, settings, valkey, monkeypatch):
    made = tasks.Works(settings, world.sessions.engine, world.sessions, valkey)
    monkeypatch.setattr(tasks, "works", lambda: made)
    owner = Owner(world.oak.users[Role.HEADTEACHER].id, "a browser")
    with world.sessions.accounts() as session, transaction(session):
        keep(session, Typed("/", "", "", ()), owner=owner, key=SECRET_KEY)
    make_older(world, timedelta(minutes=61))
    with world.sessions.accounts() as session, transaction(session):
        session.add(
            KeptForm(user_id=owner.user_id, browser_sha256=owner.browser_sha256, sealed=b"")
        )
    assert tasks.forget_kept_forms() == 1
    assert rows(world) == 1
    assert "trustconduct.jobs.tasks.forget_kept_forms" in {entry.function for entry in TIMETABLE}


def test_of_one_person_the_newest_five_are_kept(client, world, head):
    typed = facts_typed(client)
    idle(world, head)
    for number in range(MOST + 2):
        client.post(FACTS, data={**typed, "telephone": f"01632 96088{number}"})
    assert rows(world) == MOST
    again(client, head)
    page = client.get(KEPT).text
    assert "01632 960886" in page
    assert "01632 960881" not in page


def test_no_password_and_no_code_is_ever_kept(client, world, head):
    typed = {**facts_typed(client), "new_password": "a secret word", "code": "123456"}
    idle(world, head)
    client.post(FACTS, data=typed)
    again(client, head)
    page = client.get(KEPT).text
    assert "a secret word" not in page
    assert "123456" not in page


def test_the_database_alone_shows_nothing_of_it(client, world, head, servers):
    typed = facts_typed(client, telephone="01632 960888")
    idle(world, head)
    client.post(FACTS, data=typed)
    engine = create_engine(servers.superuser_url(world.name))
    with engine.connect() as connection:
        whole = connection.scalar(text("select t::text from account_kept_form t"))
        sealed = connection.scalar(text("select sealed from account_kept_form"))
    engine.dispose()
    assert "01632" not in whole
    assert b"01632" not in sealed
    assert FACTS not in whole
    assert client.get_cookie("kept").value not in whole


def test_the_cookie_of_what_is_kept_is_out_of_reach(client, world, head):
    typed = facts_typed(client)
    idle(world, head)
    answer = client.post(FACTS, data=typed)
    cookie = next(line for line in answer.headers.getlist("Set-Cookie") if line.startswith("kept="))
    for part in ("HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=3600"):
        assert part in cookie


def test_in_the_console_it_is_the_same(client, world):
    officer = world.trust_users[Role.TRUST_OFFICER]
    client.sign_in(officer)
    token = client.csrf("/admin/trust/")
    idle(world, officer)
    typed = {"csrf_token": token, "name": "Harbour Trust", "telephone": "", "email": ""}
    assert client.post("/admin/trust/", data=typed).status_code == 303
    again(client, officer)
    page = client.get(KEPT).text
    assert "Harbour Trust" in page
    assert client.post("/admin/trust/", data=the_form(page, "/admin/trust/")).status_code == 303
    with world.sessions.accounts() as session:
        assert session.scalar(text("select name from trust")) == "Harbour Trust"
        assert session.get(User, officer.id) is not None
