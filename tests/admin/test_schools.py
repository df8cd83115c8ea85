"""The officer adds, changes, suspends and resumes a school, and names its head."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import create_engine, select, text

from tests import build
from tests.at_once import at_once
from tests.browser import Browser
from trustconduct.accounts.models import User
from trustconduct.audit.actor import Role
from trustconduct.db import transaction
from trustconduct.jobs import tasks
from trustconduct.jobs.tasks import Works
from trustconduct.outbox.models import TrustMessageContent
from trustconduct.schools.settings import settings_of
from trustconduct.tenants.models import School, SchoolStart

SCHOOLS, ADD = "/admin/schools/", "/admin/schools/add"
FIR = {
    "name": "Fir Tree Primary",
    "slug": "fir-tree",
    "phase": "primary",
    "address": "Fir Lane\r\nSampleton\r\n",
    "police_force_id": build.FORCE,
    "head_name": "Fern Sample",
    "head_email": "Fern@fir-tree.example",
}


def school(world, slug="fir-tree"):
    with world.sessions.trust(read_only=True) as session:
        return session.scalar(select(School).where(School.slug == slug))


def slugs(world):
    with world.sessions.trust(read_only=True) as session:
        return set(session.scalars(select(School.slug)))


def mails(world):
    with world.sessions.trust(read_only=True) as session:
        return session.execute(
            select(TrustMessageContent.to_address, TrustMessageContent.subject)
        ).all()


def details(world, slug="fir-tree"):
    return f"{SCHOOLS}details/?id={school(world, slug).id}"


def change(world, slug, what):
    return f"{SCHOOLS}{school(world, slug).id}/{what}"


# -- adding


def test_one_form_adds_a_school_invites_its_head_and_begins_its_settings(officer, world):
    assert officer.get("/fir-tree/").status_code == 404
    answer = officer.send(ADD, page=ADD, **FIR)
    assert (answer.status_code, answer.location) == (303, details(world))
    page = officer.get(details(world)).text
    assert "Fir Tree Primary is added." in page
    assert "Setting up" in page
    assert "Fir Lane, Sampleton" in page
    assert "Thames Valley Police" in page
    assert "Call 101, in an emergency 999" in page
    assert re.search(r"Fern Sample</a>.*?Headteacher.*?Invited, not here yet", page, re.S)
    assert officer.get("/fir-tree/").status_code == 200
    assert mails(world) == [("fern@fir-tree.example", "Your invitation from Lantern Trust")]
    with world.sessions.school(school(world).id, read_only=True) as session:
        assert settings_of(session).police_force_id == build.FORCE


def test_without_a_word_for_its_addresses_one_is_made_from_the_name(officer, world):
    assert officer.send(ADD, page=ADD, **{**FIR, "slug": ""}).status_code == 303
    assert "fir-tree-primary" in slugs(world)


def test_a_force_without_a_number_for_less_urgent_calls_shows_none(officer, world, servers):
    engine = create_engine(servers.superuser_url(world.name))
    with engine.begin() as connection:
        connection.execute(text("update police_force set non_emergency = null"))
    engine.dispose()
    officer.send(ADD, page=ADD, **FIR)
    page = officer.get(details(world)).text
    assert "Thames Valley Police" in page
    assert "in an emergency" not in page


@pytest.mark.parametrize(
    ("wrong", "field", "says"),
    [
        ({"slug": "oak-lane"}, "slug", "Another school has “oak-lane” already. “fir-tree-primary"),
        ({"slug": "admin"}, "slug", "is a word that the service needs itself"),
        ({"slug": "Fir Tree"}, "slug", "stand in an address"),
        ({"slug": "../etc"}, "slug", "stand in an address"),
        ({"name": ""}, "name", "Type the school"),
        ({"name": "oak lane"}, "name", "A school with this name is here already"),
        ({"name": "Fir {school.name}"}, "name", "Leave out the marks"),
        ({"name": "x" * 201}, "name", "too long"),
        ({"phase": ""}, "phase", "Choose what kind of school it is"),
        ({"phase": "palace"}, "phase", "Choose what kind of school it is"),
        ({"police_force_id": "bow-street"}, "police_force_id", "Choose a police force"),
        ({"head_email": "fern"}, "head_email", "Type an email address"),
        ({"head_email": ""}, "head_email", "Type the head&#39;s work email address"),
        ({"head_name": ""}, "head_name", "Type the head&#39;s name"),
        ({"head_name": "Fern\r\nBcc: x@x.example"}, "head_name", "can&#39;t be printed"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_what_was_typed_is_kept(
    officer, world, wrong, field, says
):
    typed = {**FIR, **wrong, "address": "Fir Lane <1>"}
    answer = officer.send(ADD, page=ADD, **typed)
    assert answer.status_code == 422
    assert says in answer.text
    assert f'href="#{field}"' in answer.text
    assert "Fir Lane &lt;1&gt;</textarea>" in answer.text
    for name in ("slug", "head_name", "head_email"):
        if name != field and typed[name]:
            assert f'value="{typed[name]}"' in answer.text
    assert slugs(world) == set(world.schools)
    assert mails(world) == []


def test_everything_that_is_wrong_is_said_at_once(officer, world):
    wrong = {**FIR, "name": "Oak Lane", "slug": "admin", "phase": "", "head_email": "fern"}
    answer = officer.send(ADD, page=ADD, **wrong)
    assert answer.status_code == 422
    for field in ("name", "slug", "phase", "head_email"):
        assert answer.text.count(f'<li><a href="#{field}">') == 1


def test_a_field_that_the_form_does_not_have_is_refused(officer, world):
    answer = officer.send(ADD, page=ADD, **FIR, suspended_at="2026-01-01")
    assert answer.status_code == 422
    assert slugs(world) == set(world.schools)


def test_twenty_identical_forms_have_one_effect(app, officer, world):
    token = officer.csrf(ADD)
    cookies = officer._cookies

    def send():
        client = app.test_client()
        client._cookies = cookies
        answer = client.post(ADD, data={"csrf_token": token, **FIR})
        return answer.status_code, answer.location

    answers = at_once(20, send)
    assert set(answers) == {(303, details(world))}
    assert slugs(world) == {*world.schools, "fir-tree"}
    assert len(mails(world)) == 1


def test_a_head_who_signs_in_already_gets_the_role_as_well(officer, world):
    office = world.oak.users[Role.OFFICE]
    officer.send(ADD, page=ADD, **{**FIR, "head_email": office.email})
    with world.sessions.accounts(read_only=True) as session:
        user = session.get_one(User, office.id)
        roles = {(grant.role, grant.at_school_id) for grant in user.grants}
    assert roles == {("office", world.oak.id), ("headteacher", school(world).id)}
    assert mails(world) == [(office.email, "You have a new role")]


@pytest.fixture
def the_clock_runs(app, world, settings, valkey, monkeypatch):
    """Let the timetable's tasks run in this very process."""
    works = Works(settings, world.sessions.engine, world.sessions, valkey)
    monkeypatch.setattr(tasks, "works", lambda: works)


def test_what_the_page_did_not_get_to_is_shown_and_done_by_the_clock(
    officer, world, the_clock_runs, monkeypatch
):
    """As if the process had died right after the commit."""
    monkeypatch.setattr("trustconduct.admin.schools.hand_over_now", lambda ids: None)
    officer.send(ADD, page=ADD, **FIR)
    assert "The invitation of Fern Sample leaves within a minute or two" in (
        officer.get(details(world)).text
    )
    assert "Being handed over" in officer.get(SCHOOLS).text
    assert tasks.start_schools() == 1
    assert tasks.start_schools() == 0
    page = officer.get(details(world)).text
    assert "leaves within a minute" not in page
    assert "Invited, not here yet" in page


# -- its head


def test_a_head_who_can_not_be_invited_is_put_right(officer, world):
    with world.sessions.accounts() as session, transaction(session):
        session.execute(
            text("update account_user set disabled_at = now() where id = :id"),
            {"id": world.oak.users[Role.OFFICE].id},
        )
    officer.send(ADD, page=ADD, **{**FIR, "head_email": world.oak.users[Role.OFFICE].email})
    page = officer.get(details(world)).text
    assert "Fern Sample could not be invited" in page
    assert "Head not invited" in officer.get(SCHOOLS).text
    assert "Fern Sample could not be invited as head of Fir Tree" in officer.get("/admin/").text
    ask = change(world, "fir-tree", "head")
    assert 'value="office@oak-lane.example"' in officer.get(ask).text
    again = officer.send(
        ask, page=ask, head_name="Fern Sample", head_email="office@oak-lane.example"
    )
    assert again.status_code == 422
    assert "may not sign in any more" in again.text
    good = officer.send(ask, page=ask, head_name="Fern Sample", head_email="fern@fir.example")
    assert good.status_code == 303
    assert "Fern Sample is invited as the head" in officer.get(details(world)).text
    assert mails(world) == [("fern@fir.example", "Your invitation from Lantern Trust")]


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"head_name": "", "head_email": "f@f.example"}, "Type the head"),
        ({"head_name": "Fern", "head_email": "f"}, "Type an email address"),
        ({"head_name": "Fern", "head_email": ""}, "Type the head"),
    ],
)
def test_a_head_is_asked_for_with_a_name_and_an_address(officer, world, typed, says):
    ask = change(world, "oak-lane", "head")
    answer = officer.send(ask, page=ask, **typed)
    assert answer.status_code == 422
    assert says in answer.text
    with world.sessions.trust() as session:
        assert session.get(SchoolStart, world.oak.id) is None


# -- changing it


def test_name_phase_and_address_are_changed(officer, world):
    edit = change(world, "oak-lane", "edit")
    seen = re.search(r'name="seen_version" value="(\d+)"', officer.get(edit).text)[1]
    answer = officer.send(
        edit, page=edit, name="Oak Lane School", phase="special", address="", seen_version=seen
    )
    assert answer.status_code == 303
    page = officer.get(details(world, "oak-lane")).text
    assert "Oak Lane School is saved." in page
    assert "Special" in page
    assert "Oak Lane School" in officer.get("/oak-lane/").text


def test_the_second_of_two_officers_sees_both(officer, world):
    edit = change(world, "oak-lane", "edit")
    seen = re.search(r'name="seen_version" value="(\d+)"', officer.get(edit).text)[1]
    mine = {"name": "Oak Lane One", "phase": "primary", "address": "", "seen_version": seen}
    assert officer.send(edit, page=edit, **mine).status_code == 303
    theirs = {**mine, "name": "Oak Lane Two", "phase": "secondary"}
    answer = officer.send(edit, page=edit, **theirs)
    assert answer.status_code == 409
    assert "Name: <strong>Oak Lane One</strong>" in answer.text
    assert "Phase: <strong>Primary</strong>" in answer.text
    assert 'value="Oak Lane Two"' in answer.text
    again = re.search(r'name="seen_version" value="(\d+)"', answer.text)[1]
    assert officer.send(edit, page=edit, **{**theirs, "seen_version": again}).status_code == 303


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"name": "Elm Park"}, "is here already"),
        ({"name": ""}, "Type the school"),
        ({"phase": ""}, "Choose what kind"),
        ({"slug": "new-word"}, "Unknown field"),
    ],
)
def test_a_change_that_can_not_be_is_refused(officer, world, wrong, says):
    edit = change(world, "oak-lane", "edit")
    typed = {"name": "Oak", "phase": "primary", "address": "", "seen_version": "1", **wrong}
    answer = officer.send(edit, page=edit, **typed)
    assert answer.status_code == 422
    assert says in answer.text
    assert school(world, "oak-lane").name == "Oak Lane"


def test_its_word_for_addresses_is_said_to_stay(officer, world):
    page = officer.get(change(world, "oak-lane", "edit")).text
    assert "Its pages stay at <strong>/oak-lane/</strong>" in page


# -- suspending and resuming it


def test_a_school_is_suspended_with_a_reason_and_resumed(officer, world):
    at = change(world, "oak-lane", "suspend")
    assert "We tell Headteacher" in officer.get(at).text
    without = officer.send(at, page=at, reason=" ")
    assert without.status_code == 422
    assert "Say why" in without.text
    assert officer.send(at, page=at, reason="It moves.").status_code == 303
    page = officer.get(details(world, "oak-lane")).text
    assert "Oak Lane is suspended. Headteacher" in page
    assert "It moves." in page
    assert "Suspended" in officer.get(SCHOOLS).text
    assert officer.get("/admin/").text.count(">Suspended<") == 1
    back = change(world, "oak-lane", "resume")
    assert "emails wait and leave at once" in officer.get(back).text
    assert officer.send(back, page=back).status_code == 303
    assert "Oak Lane is open again." in officer.get(details(world, "oak-lane")).text
    subjects = [subject for _, subject in mails(world)]
    assert subjects == [
        "Oak Lane is suspended on our service",
        "Oak Lane is open again on our service",
    ]


def history_of(app, world, slug):
    head = Browser(app)
    head.sign_in(world.schools[slug].users[Role.HEADTEACHER])
    page = head.get(f"/{slug}/staff/history/").text
    return " ".join(re.sub(r"<[^>]+>", "", page.partition("<main")[2]).split())


def test_the_schools_own_history_tells_that_it_was_suspended_and_resumed(
    app, officer, world, the_clock_runs, monkeypatch
):
    suspending, resuming = (change(world, "oak-lane", what) for what in ("suspend", "resume"))
    officer.send(suspending, page=suspending, reason="It moves.")
    # This page was cut off after its commit: the clock tells it.
    monkeypatch.setattr("trustconduct.admin.school_changes.hand_over_now", lambda ids: None)
    officer.send(resuming, page=resuming)
    assert tasks.start_schools() == 1
    assert tasks.start_schools() == 0
    said = history_of(app, world, "oak-lane")
    assert "suspended Oak Lane, and gave this reason: “It moves.”" in said
    assert "“It moves.”." not in said
    assert "resumed Oak Lane, which had been suspended since" in said
    assert "It moves." not in history_of(app, world, world.elm.slug)


def test_twenty_at_once_suspend_once(app, officer, world):
    at = change(world, "oak-lane", "suspend")
    token, cookies = officer.csrf(at), officer._cookies

    def send():
        client = app.test_client()
        client._cookies = cookies
        return client.post(at, data={"csrf_token": token, "reason": "It moves."}).status_code

    assert set(at_once(20, send)) == {303}
    assert len(mails(world)) == 1


# -- who may


def test_a_reader_sees_a_school_and_changes_nothing(reader, world):
    page = reader.get(details(world, "oak-lane")).text
    assert "Oak Lane" in page
    for word in ("Suspend the school", "Invite a head", "Change its name"):
        assert word not in page
    for what in ("edit", "head", "suspend", "resume"):
        assert reader.get(change(world, "oak-lane", what)).status_code == 403
        assert reader.send(change(world, "oak-lane", what)).status_code == 403
    assert school(world, "oak-lane").suspended_at is None


# -- the list


@pytest.mark.parametrize("where", ["list", "details", "overview"])
def test_three_schools_and_three_hundred_take_as_many_queries(officer, world, app, queries, where):
    page = {"list": SCHOOLS, "details": details(world, "oak-lane"), "overview": "/admin/"}[where]

    def took() -> int:
        officer.get(page)  # from now on the directory of schools is in memory, for a second
        with queries(app.extensions["trustconduct"].sessions.engine) as counted:
            assert officer.get(page).status_code == 200
        return len([one for one in counted.statements if not DIRECTORY.search(one)])

    few = took()
    with world.sessions.trust() as session, transaction(session):
        for n in range(297):
            build.a_school(session, f"school-{n:03}")
    assert took() == few


# Looked at again by whoever comes a second later.
DIRECTORY = re.compile(
    r"^SELECT (school\.id, school\.slug, school\.name, school\.susp|trust\.name)"
)


def test_the_list_is_paged_and_shows_phase_and_state(officer, world):
    with world.sessions.trust() as session, transaction(session):
        for n in range(60):
            build.a_school(session, f"school-{n:02}")
    page = officer.get(SCHOOLS).text
    assert "63 in all" in page
    assert page.count("Code in force") == 3
    assert "Not stated" in page
    assert "Setting up" in officer.get(f"{SCHOOLS}?page=1").text
