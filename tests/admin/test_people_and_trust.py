"""The officer adds people and names the Trust."""

from __future__ import annotations

import time
from uuid import UUID

import pytest

from tests.build import link_in, mailed
from tests.world import WorldUser
from trustconduct.accounts.models import User
from trustconduct.audit.actor import Role

ADD, TRUST = "/admin/people/add", "/admin/trust/"
PERSON = {"name": "Nell Sample", "email": "Nell@oak-lane.example", "role": "office"}


def written_to(world, address: str = "nell@oak-lane.example") -> list:
    with world.sessions.trust() as trust:
        return mailed(trust, address)


def a_page(world, role: Role = Role.GOVERNOR) -> str:
    return f"/admin/people/details/?id={world.ash.users[role].id}"


def at(world, what: str, role: Role = Role.GOVERNOR) -> str:
    return f"/admin/people/{world.ash.users[role].id}/{what}"


def grant_of(world, user: WorldUser) -> UUID:
    with world.sessions.accounts() as session:
        return session.get(User, user.id).grants[0].id


def test_a_person_is_invited_by_mail_and_nobody_learns_a_password(officer, world):
    answer = officer.send(ADD, page=ADD, **PERSON, school="oak-lane")
    assert answer.status_code == 303
    page = officer.get(answer.location).text
    assert "Nell Sample gets an email at nell@oak-lane.example." in page
    assert "They have not taken up their invitation yet." in page
    mail = written_to(world)[0]
    assert "Office at Oak Lane" in mail.body
    assert link_in(mail) not in page


def test_an_invitation_can_be_sent_again_until_it_is_taken_up(officer, world):
    page = officer.send(ADD, page=ADD, **PERSON, school="oak-lane").location
    user_id = page.partition("id=")[2]
    officer.send(f"/admin/people/{user_id}/invitation", page=page)
    mails = written_to(world)
    assert len(mails) == 2
    assert link_in(mails[0]) != link_in(mails[1])
    assert "Send the invitation again" not in officer.get(a_page(world)).text
    refused = officer.send(at(world, "invitation"), page=page)
    assert "has come in already" in officer.get(refused.location).text


def test_who_signs_in_already_gets_the_new_role(officer, world):
    head = world.elm.users[Role.HEADTEACHER]
    given = {**PERSON, "email": head.email, "role": "governor", "school": "oak-lane"}
    assert officer.send(ADD, page=ADD, **given).status_code == 303
    mail = written_to(world, head.email)[0]
    assert mail.subject == "You have a new role"
    assert "Governor at Oak Lane" in mail.body
    assert mail.link is None


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"school": ""}, "Choose the school"),
        ({"school": "beech-hill"}, "Choose the school"),
        ({"role": "trust_reader"}, "A role at the Trust has no school"),
        ({"email": "nell"}, "Type an email address"),
        ({"email": "office@oak-lane.example"}, "has that role already"),
        ({"email": "trust_officer@trust.example"}, "change your own account"),
        ({"first_on": "soon"}, "Type a day, like 10 July 2024"),
        ({"first_on": "2 June 2027", "last_on": "1 June 2027"}, "before the first"),
        ({"name": " "}, "Type the person"),
        ({"role": "king"}, "Choose what they are"),
    ],
)
def test_a_person_that_can_not_be_added_is_refused_by_field(officer, change, says):
    typed = {**PERSON, "school": "oak-lane", **change}
    answer = officer.send(ADD, page=ADD, **typed)
    assert answer.status_code == 422
    assert says in answer.text
    assert 'value="Nell Sample"' in answer.text or not typed["name"].strip()
    assert "Nell Sample" not in officer.get("/admin/people/").text


def test_a_reader_adds_nobody_and_names_nothing(client, world):
    client.sign_in(world.trust_users[Role.TRUST_READER])
    assert client.get(ADD).status_code == 403
    assert client.get(TRUST).status_code == 403
    assert client.send(ADD, **PERSON, school="oak-lane").status_code == 403
    assert client.send(TRUST, name="Mine", telephone="", email="").status_code == 403
    assert "Invite a person" not in client.get("/admin/people/").text


def test_the_trusts_name_shows_on_every_page(officer):
    answer = officer.send(
        TRUST, page=TRUST, name="Harbour Trust", telephone="01632 960555", email=""
    )
    assert answer.status_code == 303
    assert "Harbour Trust" in officer.get("/account/sign-in").text
    nameless = officer.send(TRUST, page=TRUST, name="", telephone="", email="")
    assert nameless.status_code == 422


def test_an_acting_head_is_named_from_a_day_to_a_day(officer, world):
    add = at(world, "role")
    days = {"first_on": "7 September 2026", "last_on": "18/12/2099"}
    answer = officer.send(add, page=add, role="headteacher", school="ash-grove", **days)
    page = officer.get(answer.location).text
    words = "Headteacher at Ash Grove, from 7 September 2026, until 18 December 2099"
    assert words in page
    assert "Ash Grove, from 7 September 2026" in page
    assert words in officer.get("/admin/people/?search=Governor").text


def test_the_days_of_a_role_are_changed_and_what_was_typed_is_kept(officer, world):
    role = at(world, f"role/{grant_of(world, world.ash.users[Role.GOVERNOR])}")
    wrong = officer.send(role, page=role, first_on="2 June 2027", last_on="1 June 2027")
    assert wrong.status_code == 422
    assert 'value="1 June 2027"' in wrong.text
    right = officer.send(role, page=role, first_on="", last_on="1 June 2099")
    assert "Governor at Ash Grove, until 1 June 2099" in officer.get(right.location).text
    assert 'value="1 June 2099"' in officer.get(role).text


def test_a_role_is_ended_and_the_person_sees_nothing_more(officer, app, world):
    governor = world.ash.users[Role.GOVERNOR]
    person = app.test_client()
    person.sign_in(governor)
    role = at(world, f"role/{grant_of(world, governor)}")
    officer.send(f"{role}/end", page=role)
    assert "No role: they see nothing." in officer.get(a_page(world)).text
    assert person.get("/ash-grove/staff/").status_code == 302, "signed out at once"
    person.sign_in_by_forms(governor, ahead=1)
    assert person.get("/ash-grove/staff/").status_code == 403
    assert "You have no role today" in person.get("/account/").text


def test_a_role_of_somebody_else_is_not_found_on_a_persons_page(officer, world):
    others = grant_of(world, world.oak.users[Role.OFFICE])
    assert officer.get(at(world, f"role/{others}")).status_code == 404


def test_an_account_is_closed_and_opened_again(officer, app, world):
    governor = world.ash.users[Role.GOVERNOR]
    person = app.test_client()
    person.sign_in(governor)
    close = at(world, "close")
    officer.send(close, page=close)
    assert person.get("/ash-grove/staff/").status_code == 302
    refused = person.send(
        "/account/sign-in", email=governor.email, password=governor.password, to=""
    )
    assert refused.status_code == 422
    officer.send(at(world, "open"), page=a_page(world))
    assert person.sign_in_by_forms(governor, ahead=1)


def test_an_officer_finds_no_way_to_change_their_own(officer, world):
    own = world.trust_users[Role.TRUST_OFFICER]
    page = officer.get(f"/admin/people/details/?id={own.id}").text
    assert "This is you." in page
    for what in ("close", "authenticator", "role"):
        address = f"/admin/people/{own.id}/{what}"
        officer.send(address, page="/admin/people/add", role="trust_reader", school="")
    assert officer.get("/admin/").status_code == 200, "nothing of it was done"


def test_a_reset_of_the_authenticator_sends_the_person_a_link(officer, app, world):
    governor = world.ash.users[Role.GOVERNOR]
    reset = at(world, "authenticator")
    assert "Speak to them first" in officer.get(reset).text
    officer.send(reset, page=reset)
    assert "/account/new-authenticator/" in link_in(written_to(world, governor.email)[-1])
    person = app.test_client()
    person.send("/account/sign-in", email=governor.email, password=governor.password, to="")
    page = person.get("/account/code").text
    assert "Set up your authenticator first" in page
    assert "Add this to your app" not in page
    person.send("/account/authenticator", page="/account/code", to="")
    mails = written_to(world, governor.email)
    assert link_in(mails[-1]) == link_in(mails[-2]), "the same link, once more"


def test_who_has_lost_the_password_too_gets_an_invitation(officer, world):
    governor = world.ash.users[Role.GOVERNOR]
    reset = at(world, "authenticator")
    officer.send(reset, page=reset, password_too="yes")
    assert "/account/invitation/" in link_in(written_to(world, governor.email)[-1])
    assert "They have not taken up their invitation yet." in officer.get(a_page(world)).text
    again = officer.send(reset, page=reset)
    assert "has not come in yet" in officer.get(again.location).text


def test_the_trusts_own_details_stand_on_the_pages_about_privacy_and_accessibility(
    officer, client, world
):
    page = "/admin/trust/"
    given = {"name": "Lantern Trust", "telephone": "01632 960500", "email": "hello@trust.example",
             "privacy_contact": "Sam Sample, data@trust.example", "ico_number": "z123 4567",
             "accessibility_gaps": "Our PDFs are in English alone."}  # fmt: skip
    wrong = officer.send(page, page=page, **{**given, "ico_number": "twelve"})
    assert wrong.status_code == 422
    assert "Type it as the register has it, like Z1234567." in wrong.text
    assert "Our PDFs are in English alone." in wrong.text
    assert officer.send(page, page=page, **given).status_code == 303
    time.sleep(2.1)  # a page is looked at again once a second, and so is the Trust
    privacy = client.get("/oak-lane/privacy").text
    assert "You can also ask Sam Sample, data@trust.example." in privacy
    assert "Z1234567" in privacy
    assert "Lantern Trust is responsible for what is kept here." in privacy
    accessible = client.get("/oak-lane/accessibility").text
    assert "Our PDFs are in English alone." in accessible
    assert "01632 960500" in accessible
