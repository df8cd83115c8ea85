"""Behind a link in one's mail: coming in, an authenticator anew, a forgotten password."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import time_machine

from tests.at_once import at_once
from tests.browser import TOKEN, Browser
from tests.build import SEALER, a_code, a_user, an_officer, link_in, mailed
from trustconduct import clock
from trustconduct.accounts.factors import codes_left, factor_of, reset_factor, secret_of
from trustconduct.accounts.invitations import invite, invite_again, reset_all
from trustconduct.accounts.models import User
from trustconduct.accounts.passwords import is_right
from trustconduct.accounts.roles import disable
from trustconduct.audit.actor import Grant, Role
from trustconduct.db import new_id, transaction

EMAIL = "nell@oak-lane.example"
NEW = "purple gravel tide lamp"
CODE = re.compile(r"<li>(\w{4}-\w{4}-\w{4})</li>")
TWICE = {"password": NEW, "again": NEW}


@pytest.fixture
def invited(world) -> str:
    """Nell is invited as office of Oak Lane; the path of her link."""
    with world.sessions.accounts() as session, transaction(session):
        invite(
            session,
            by=an_officer(),
            email=EMAIL,
            name="Nell Sample",
            grants=[Grant(Role.OFFICE, world.oak.id)],
            trust_name="Lantern Trust",
        )
    return newest_link(world)


def mails(world, to: str = EMAIL) -> list:
    with world.sessions.trust() as trust:
        return mailed(trust, to)


def newest_link(world, to: str = EMAIL) -> str:
    return link_in(next(mail for mail in reversed(mails(world, to)) if mail.link))


def secret_in(world, email: str = EMAIL) -> str:
    with world.sessions.accounts() as session:
        user = session.query(User).filter_by(email=email).one()
        return secret_of(factor_of(session, user), SEALER)


def opened(client: Browser, link: str) -> str:
    """Open a link; the path of its page."""
    answer = client.get(link)
    assert answer.status_code == 303
    return answer.location


def up_to_codes(client: Browser, world, link: str) -> tuple[str, list[str]]:
    here = opened(client, link)
    client.send(f"{here}/password", page=here, **TWICE)
    page = client.send(f"{here}/app", page=here, code=a_code(secret_in(world)))
    assert page.status_code == 200
    return here, CODE.findall(page.text)


def come_in(client: Browser, world, link: str) -> list[str]:
    here, codes = up_to_codes(client, world, link)
    assert client.send(f"{here}/done").location == "/account/sign-in"
    return codes


def test_an_invited_person_comes_in_and_signs_in(client, world, invited):
    here = opened(client, invited)
    assert invited.rpartition("/")[2] not in here, "the address has lost its secret"
    page = client.get(here).text
    assert "Welcome, Nell Sample" in page
    assert client.send(f"{here}/password", page=here, **TWICE).location == here
    secret = secret_in(world)
    page = client.get(here).text
    assert " ".join(secret[i : i + 4] for i in range(0, len(secret), 4)) in page
    assert "data:image/svg+xml" in page
    page = client.send(f"{here}/app", page=here, code=a_code(secret)).text
    assert len(set(CODE.findall(page))) == 10
    client.send(f"{here}/done")
    assert "You are set up." in client.get("/account/sign-in").text
    client.send("/account/sign-in", email=EMAIL, password=NEW, to="")
    answer = client.send("/account/code", page="/account/code", code=a_code(secret, 1), to="")
    assert client.get(answer.location).location == "/oak-lane/staff/"
    assert mails(world)[-1].subject == "Your account is ready"


def test_the_secret_of_the_link_is_in_no_page_and_no_later_address(client, world, invited):
    secret = invited.rpartition("/")[2]
    answer = client.get(invited)
    cookie = answer.headers["Set-Cookie"]
    assert secret not in str(answer.headers) + answer.text
    assert f"Path={answer.location}" in cookie
    assert "HttpOnly" in cookie
    assert secret not in client.get(answer.location).text


def test_opening_the_link_many_times_uses_nothing_up(client, invited):
    for _ in range(20):
        assert client.get(invited).status_code == 303
        assert client.head(invited).status_code == 303


def bare(page) -> str:
    text = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "ID", page.text)
    return f"{page.status} {TOKEN.sub('', text)}"


def test_used_run_out_replaced_closed_and_made_up_links_answer_alike(app, world, invited):
    def page(link: str):
        return bare(app.test_client().get(link))

    path, _, _ = invited.rpartition("/")
    made_up = page(f"/account/invitation/{new_id()}/{'x' * 43}")
    assert "410" in made_up
    assert "This link does not work any more" in made_up
    assert page(f"{path}/{'x' * 43}") == made_up
    with time_machine.travel(clock.now() + timedelta(days=3, seconds=1)):
        assert page(invited) == made_up
    with world.sessions.accounts() as session, transaction(session):
        user = session.query(User).filter_by(email=EMAIL).one()
        invite_again(session, user, by=an_officer(), trust_name="Lantern Trust")
    assert page(invited) == made_up, "replaced"
    newer = newest_link(world)
    come_in(app.test_client(), world, newer)
    assert page(newer) == made_up, "used"
    with world.sessions.accounts() as session, transaction(session):
        user = session.query(User).filter_by(email=EMAIL).one()
        reset_factor(session, user, by=an_officer(), sealer=SEALER)
        disable(session, user, by=an_officer())
    made_up = page(f"/account/new-authenticator/{new_id()}/{'x' * 43}")
    assert page(link_in(mails(world)[-2])) == made_up, "closed"


def test_a_fresh_link_goes_to_the_address_on_file_and_answers_alike_for_all(client, world, invited):
    path, _, _ = invited.rpartition("/")
    nobody = f"/account/invitation/{new_id()}"
    answers = {bare(client.send(f"{each}/again", page=f"{each}/x")) for each in (path, nobody)}
    assert len(answers) == 1
    assert "If that link was once yours" in answers.pop()
    assert len(mails(world)) == 2
    assert newest_link(world) == invited, "it works still, so that nobody could kill it"
    later = clock.now() + timedelta(days=3, seconds=1)
    with time_machine.travel(later):
        client.send(f"{path}/again", page=f"{path}/x")
        assert newest_link(world) != invited
        assert client.get(newest_link(world)).status_code == 303
        assert client.get(invited).status_code == 410


def test_who_is_set_up_already_is_told_so(client, world, invited):
    come_in(client, world, invited)
    path, _, _ = invited.rpartition("/")
    client.send(f"{path}/again", page=f"{path}/x")
    assert mails(world)[-1].subject == "You are set up already"


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"password": "short", "again": "short"}, "at least 12"),
        ({"password": "password1234", "again": "password1234"}, "too easy to guess"),
        ({"password": "nellsample99", "again": "nellsample99"}, "Leave out your name"),
        ({"password": NEW, "again": NEW + "x"}, "not the same"),
        ({"password": "", "again": ""}, "Choose a password"),
    ],
)
def test_a_password_that_will_not_do_is_refused_with_what_to_choose(
    client, world, invited, typed, says
):
    here = opened(client, invited)
    page = client.send(f"{here}/password", page=here, **typed)
    assert page.status_code == 422
    assert says in page.text
    assert NEW not in page.text
    with world.sessions.accounts() as session:
        assert session.query(User).filter_by(email=EMAIL).one().password_hash is None


def test_two_who_choose_at_once_leave_one_password(app, world, invited):
    clients = []
    for word in ("one", "two"):
        client = app.test_client()
        here = opened(client, invited)
        clients.append((client, client.csrf(here), f"{NEW} {word}"))
    typed = [words for _, _, words in clients]

    def choose():
        client, csrf, words = clients.pop()
        form = {"csrf_token": csrf, "password": words, "again": words}
        return client.post(f"{here}/password", data=form).status_code

    assert at_once(2, choose) == [303, 303]
    with world.sessions.accounts() as session:
        kept = session.query(User).filter_by(email=EMAIL).one().password_hash
    assert sum(is_right(words, kept) for words in typed) == 1


def test_a_wrong_code_says_so_and_the_picture_stays(client, world, invited):
    here = opened(client, invited)
    client.send(f"{here}/password", page=here, **TWICE)
    wrong = "000000" if a_code(secret_in(world)) != "000000" else "111111"
    page = client.send(f"{here}/app", page=here, code=wrong)
    assert page.status_code == 422
    assert "That code is not right" in page.text
    assert "data:image/svg+xml" in page.text


def test_who_leaves_half_way_goes_on_where_they_were(app, client, world, invited):
    here, codes = up_to_codes(client, world, invited)
    later = app.test_client()
    assert opened(later, invited) == here
    assert "You left this page before you had kept them" in later.get(here).text
    page = later.send(f"{here}/codes", page=here, code=a_code(secret_in(world), 1)).text
    new = CODE.findall(page)
    assert len(new) == 10
    assert not set(new) & set(codes)
    assert later.send(f"{here}/done").status_code == 303
    assert later.get(here).status_code == 410


@pytest.mark.parametrize("code", ["", "123456", "aaaa-bbbb-cccc"])
def test_the_mail_box_alone_shows_no_recovery_codes_once_the_app_counts(
    app, client, world, invited, code
):
    """Else a link that was never finished, and a reset by mail, would open the account."""
    here, _ = up_to_codes(client, world, invited)
    thief = app.test_client()
    opened(thief, invited)
    page = thief.send(f"{here}/codes", page=here, code=code)
    assert page.status_code == 422
    assert CODE.findall(page.text) == []


def test_no_step_can_be_left_out(client, world, invited):
    here = opened(client, invited)
    for step in ("app", "codes", "done"):
        assert client.send(f"{here}/{step}", page=here, code="123456").location == here
    assert client.get(invited).status_code == 303, "still to be used"
    client.send(f"{here}/password", page=here, **TWICE)
    client.send(f"{here}/done", page=here)
    with world.sessions.accounts() as session:
        user = session.query(User).filter_by(email=EMAIL).one()
        assert factor_of(session, user).confirmed_at is None
        assert codes_left(session, user) == 0


def test_without_the_cookie_of_the_link_nothing_is_done(app, client, invited):
    here = opened(client, invited)
    other = app.test_client()
    for step in ("password", "app", "codes", "done"):
        assert other.send(f"{here}/{step}", **TWICE).status_code == 410


# -- an authenticator anew


@pytest.fixture
def reset(world) -> str:
    """An officer has reset the authenticator of Oak Lane's office; the path of its link."""
    with world.sessions.accounts() as session, transaction(session):
        user = session.get(User, world.oak.users[Role.OFFICE].id)
        reset_factor(session, user, by=an_officer(), sealer=SEALER)
    return newest_link(world, world.oak.users[Role.OFFICE].email)


def test_a_new_authenticator_is_set_up_with_link_and_password(client, world, reset):
    office = world.oak.users[Role.OFFICE]
    here = opened(client, reset)
    assert "data:image" not in client.get(here).text, "the mail box alone shows no secret"
    assert client.send(f"{here}/app", page=here, code="123456").location == here
    wrong = client.send(f"{here}/password", page=here, password="not that one at all")
    assert wrong.status_code == 422
    client.send(f"{here}/password", page=here, password=office.password)
    secret = secret_in(world, office.email)
    assert secret != office.secret
    page = client.send(f"{here}/app", page=here, code=a_code(secret))
    assert len(CODE.findall(page.text)) == 10
    client.send(f"{here}/done")
    client.send("/account/sign-in", email=office.email, password=office.password, to="")
    answer = client.send("/account/code", page="/account/code", code=a_code(secret, 1), to="")
    assert answer.location == "/account/"


def test_no_mail_leads_around_a_reset(app, client, world):
    """With mail box alone: no earlier link works, and no new password comes by mail."""
    office = world.oak.users[Role.OFFICE]
    client.send("/account/forgotten", page="/account/forgotten", email=office.email)
    earlier = newest_link(world, office.email)
    here = opened(client, earlier)
    with world.sessions.accounts() as session, transaction(session):
        user = session.get(User, office.id)
        reset_factor(session, user, by=an_officer(), sealer=SEALER)
    assert client.send(here, **TWICE).status_code == 410
    assert app.test_client().get(earlier).status_code == 410
    client.send("/account/forgotten", page="/account/forgotten", email=office.email)
    assert newest_link(world, office.email).startswith("/account/new-authenticator/")


def test_an_invitation_that_was_not_finished_is_dead_after_a_reset(client, world, invited):
    up_to_codes(client, world, invited)
    with world.sessions.accounts() as session, transaction(session):
        user = session.query(User).filter_by(email=EMAIL).one()
        reset_factor(session, user, by=an_officer(), sealer=SEALER)
    assert client.get(invited).status_code == 410


def test_who_has_lost_everything_begins_anew(client, world):
    office = world.oak.users[Role.OFFICE]
    with world.sessions.accounts() as session, transaction(session):
        user = session.get(User, office.id)
        reset_all(session, user, by=an_officer(), sealer=SEALER, trust_name="Lantern Trust")
    old = client.send("/account/sign-in", email=office.email, password=office.password, to="")
    assert old.status_code == 422
    here = opened(client, newest_link(world, office.email))
    assert here.startswith("/account/invitation/")
    client.send(f"{here}/password", page=here, **TWICE)
    code = a_code(secret_in(world, office.email))
    assert len(CODE.findall(client.send(f"{here}/app", page=here, code=code).text)) == 10


def test_an_officer_without_an_authenticator_gets_no_password_by_mail(client, world):
    """One of the command line, who has not signed in yet: a mail box would be enough."""
    with world.sessions.accounts() as session, transaction(session):
        a_user(session, Role.TRUST_OFFICER, email="new@trust.example")
    client.send("/account/forgotten", page="/account/forgotten", email="new@trust.example")
    assert [mail.link for mail in mails(world, "new@trust.example")] == [None]


def test_an_invitations_cookie_is_nothing_to_another_link(client, reset, invited):
    opened(client, invited)
    cookie = client.get_cookie("account-link", path=invited.rpartition("/")[0])
    path, _, _ = reset.rpartition("/")
    client.set_cookie("account-link", cookie.value, path=path)
    assert client.get(path).status_code == 410


# -- a forgotten password


def test_a_forgotten_password_is_chosen_anew_and_the_code_still_asked_for(app, client, world):
    office = world.oak.users[Role.OFFICE]
    before = app.test_client()
    before.sign_in(office)
    client.send("/account/forgotten", page="/account/forgotten", email=office.email.upper())
    here = opened(client, newest_link(world, office.email))
    assert client.send(here, page=here, **TWICE).location == "/account/sign-in"
    assert before.get("/oak-lane/staff/").status_code == 302, "signed out everywhere"
    assert client.get("/oak-lane/staff/").status_code == 302, "and not signed in by it"
    old = client.send("/account/sign-in", email=office.email, password=office.password, to="")
    assert old.status_code == 422
    new = client.send("/account/sign-in", email=office.email, password=NEW, to="")
    assert new.location == "/account/code"
    assert client.get("/oak-lane/staff/").status_code == 302
    assert mails(world, office.email)[-1].subject == "Your password was changed"
    assert client.get(here).status_code == 410, "the link works once"


def test_known_unknown_and_closed_addresses_answer_alike(client, world):
    closed = world.oak.users[Role.PASTORAL]
    with world.sessions.accounts() as session, transaction(session):
        disable(session, session.get(User, closed.id), by=an_officer())
    answers = set()
    for email in (world.oak.users[Role.OFFICE].email, "no@body.example", closed.email):
        page = client.send("/account/forgotten", page="/account/forgotten", email=email)
        answers.add(bare(page).replace(email, ""))
    assert len(answers) == 1
    assert mails(world, "no@body.example") == []
    assert [mail.subject for mail in mails(world, closed.email)] == ["You can no longer sign in"]


def test_for_an_unknown_address_as_much_is_done(client, app, world, queries):
    """The statements that take time are as many, so the time tells nothing."""
    engine = app.extensions["trustconduct"].sessions.engine

    def cost(email: str) -> int:
        csrf = client.csrf("/account/forgotten")
        with queries(engine) as counted:
            client.post("/account/forgotten", data={"csrf_token": csrf, "email": email})
        return len([each for each in counted.statements if "insert" in each.lower()])

    cost("warm@up.example")
    known, unknown = cost(world.oak.users[Role.OFFICE].email), cost("no@body.example")
    assert abs(known - unknown) <= 1


def test_nobody_is_left_behind_for_an_unknown_address(client, world):
    with world.sessions.accounts() as session:
        before = session.query(User).count()
    client.send("/account/forgotten", page="/account/forgotten", email="no@body.example")
    with world.sessions.accounts() as session:
        assert session.query(User).count() == before


def test_a_stranger_who_asks_again_does_not_kill_the_link(client, world):
    office = world.oak.users[Role.OFFICE]
    client.send("/account/forgotten", page="/account/forgotten", email=office.email)
    link = newest_link(world, office.email)
    client.send("/account/forgotten", page="/account/forgotten", email=office.email)
    assert newest_link(world, office.email) == link


def test_a_reset_works_for_one_hour(client, world):
    office = world.oak.users[Role.OFFICE]
    client.send("/account/forgotten", page="/account/forgotten", email=office.email)
    link = newest_link(world, office.email)
    with time_machine.travel(clock.now() + timedelta(hours=1, seconds=1)):
        page = client.get(link)
    assert page.status_code == 410
    assert "Ask for a fresh link" in page.text


def test_who_has_not_come_in_yet_gets_the_invitation_instead(client, world, invited):
    client.send("/account/forgotten", page="/account/forgotten", email=EMAIL)
    assert newest_link(world).startswith("/account/invitation/")


@pytest.mark.parametrize("email", ["", "nell", "a@b\r\nBcc: x@y.example"])
def test_what_is_no_address_is_refused(client, email):
    page = client.send("/account/forgotten", page="/account/forgotten", email=email)
    assert page.status_code == 422
