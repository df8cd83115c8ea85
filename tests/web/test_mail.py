"""What could not be sent, as a school's office meets it: a task, a letter, two buttons."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text

from tests.outbox.sending import a_mail, clear, put, try_next
from tests.outbox.test_texts import a_text
from tests.web.test_people import upload
from trustconduct.acknowledgements.models import SignRequest
from trustconduct.audit.actor import Role
from trustconduct.db import transaction
from trustconduct.outbox.links import token
from trustconduct.outbox.mail_server import Post
from trustconduct.outbox.models import SchoolMessage, SchoolMessageContent
from trustconduct.outbox.write import Link
from trustconduct.web.mail import A_PAGE

MAIL = "/oak-lane/staff/mail"
HOME = "/oak-lane/staff/"


@pytest.fixture
def office(client, world):
    clear(world)
    client.sign_in(world.oak.users[Role.OFFICE])
    return client


def park(world, *ids, outcome="refused", school=None) -> None:
    with world.sessions.school((school or world.oak).id) as session, transaction(session):
        for message_id in ids:
            session.execute(
                text(
                    "update outbox_school set parked_at = now(), tries = 2, outcome = :outcome,"
                    " last_error = 'SMTPRecipientsRefused 550' where id = :id"
                ),
                {"id": message_id, "outcome": outcome},
            )


def an_asking(world):
    """The mail that asked Lee, given up."""
    with world.sessions.school(world.oak.id) as session, transaction(session):
        message_id = session.scalars(
            select(SchoolMessageContent.id)
            .join(SchoolMessage, SchoolMessage.id == SchoolMessageContent.id)
            .where(
                SchoolMessage.kind == "sign_request",
                SchoolMessageContent.to_name == f"Lee {world.oak.canary}",
            )
        ).one()
        session.execute(text("update outbox_school set sent_at = null where id = :id"),
                        {"id": message_id})  # fmt: skip
    park(world, message_id)
    return message_id


def test_a_mail_that_could_not_be_sent_is_a_task_that_leads_to_a_letter(office, world):
    message_id = an_asking(world)
    home = office.get(HOME).text
    assert f"This email to Lee {world.oak.canary} could not be sent: print it" in home
    assert f'href="{MAIL}/{message_id}"' in home
    page = office.get(f"{MAIL}/{message_id}").text
    assert "The address was refused." in page
    assert "☐ I have read the code of conduct." in page
    assert "http://127.0.0.1:8000/oak-lane/policy" in page


def test_no_page_of_staff_shows_a_parents_link_or_its_secret(office, world, settings):
    """Whoever has it can answer as that parent."""
    request = world.oak.requests[f"Lee {world.oak.canary}"]
    message_id = an_asking(world)
    bare = put(world, a_mail(link=None, body="Hello {link}"))
    other = put(
        world, a_mail(body="Open:\n\n{link}\n", link=Link("/oak-lane/sign/z/", "sign", request, 1))
    )
    park(world, *bare, *other)
    for address in (MAIL + "/", *(f"{MAIL}/{each}" for each in (message_id, *bare, *other)), HOME):
        page = office.get(address).text
        assert "/sign/" not in page, address
        assert token(settings.SECRET_KEY, "sign", request, 1) not in page
    assert "Their own link stood here" in office.get(f"{MAIL}/{other[0]}").text


def test_given_by_hand_takes_it_off_the_list(office, world):
    [message_id] = put(world, a_mail())
    park(world, message_id)
    one = f"{MAIL}/{message_id}"
    assert office.send(f"{one}/by-hand", page=one).location == f"{MAIL}/"
    assert "Noted: it was given by hand." in office.get(f"{MAIL}/").text
    assert "could not be sent: print it" not in office.get(HOME).text
    assert "There is nothing left to do." in office.get(one).text


def test_try_again_sends_it(office, world, mailbox):
    [message_id] = put(world, a_mail())
    park(world, message_id)
    one = f"{MAIL}/{message_id}"
    assert office.send(f"{one}/again", page=one).status_code == 303
    assert "We are trying again now." in office.get(f"{MAIL}/").text
    with Post(mailbox.url) as post:
        assert try_next(world, post)
    assert len(mailbox.messages) == 1
    assert office.get(one).status_code == 404, "what was sent is on no list"


def test_a_button_pressed_twice_has_one_effect(office, world):
    [message_id] = put(world, a_mail())
    park(world, message_id)
    one = f"{MAIL}/{message_id}"
    csrf = office.csrf(one)
    for _ in range(2):
        assert office.post(f"{one}/by-hand", data={"csrf_token": csrf}).status_code == 303
    with world.sessions.school(world.oak.id) as session:
        count = "select count(*) from audit_event_school where event = 'message.settled'"
        assert session.scalar(text(count)) == 1


def test_many_are_one_task_and_all_can_be_tried_again(office, world, mailbox):
    ids = put(world, *[a_mail(to_name=f"Adult {n}") for n in range(7)])
    park(world, *ids, outcome="later")
    home = office.get(HOME).text
    assert "7 messages could not be sent" in home
    assert "Adult 3" not in home
    assert "Try all 7 again" in office.get(f"{MAIL}/").text
    office.send(f"{MAIL}/again", page=f"{MAIL}/")
    assert "We are trying 7 messages again now." in office.get(f"{MAIL}/").text
    with Post(mailbox.url) as post:
        while try_next(world, post):
            pass
    assert len(mailbox.messages) == 7


def test_what_waits_is_shown_with_its_tries_and_the_next_one(office, world, mailbox):
    put(world, a_mail(to_name="Waits", subject="About the code"))
    mailbox.answers = ["451 busy"]
    with Post(mailbox.url) as post:
        assert try_next(world, post)
    page = office.get(f"{MAIL}/?show=waiting").text
    for words in ("Waits", "About the code", "The mail server did not take it.", "Next try"):
        assert words in page
    assert "You don’t need to do anything." in page


def test_a_text_message_is_said_to_be_one(office, world):
    [message_id] = put(world, a_text(body="Oak Lane: call us"))
    park(world, message_id)
    assert "This text message to Alex Sample could not be sent: print it" in office.get(HOME).text
    page = office.get(f"{MAIL}/{message_id}").text
    assert "The number was refused." in page
    assert 'href="tel:+447700900123"' in page
    assert "Oak Lane: call us" in page


def test_what_people_wrote_is_text_on_the_letter(office, world):
    [message_id] = put(world, a_mail(to_name="<script>x</script>", body="Dear <b>you</b>"))
    park(world, message_id)
    page = office.get(f"{MAIL}/{message_id}").text
    assert "<script>x" not in page
    assert "Dear &lt;b&gt;you" in page


def test_a_long_list_has_pages_and_costs_the_same(office, world, app, queries):
    engine = app.extensions["trustconduct"].sessions.engine

    def cost(path: str) -> int:
        office.get(path)  # the directory of schools is in memory now, for a second
        with queries(engine) as counted:
            assert office.get(path).status_code == 200
        return len([one for one in counted.statements if "outbox" in one])

    park(world, *put(world, a_mail()))
    put(world, a_mail())
    few = [cost(path) for path in (f"{MAIL}/", f"{MAIL}/?show=waiting", HOME)]
    ids = put(world, *[a_mail(to_name=f"Adult {n:03}") for n in range(A_PAGE * 2)])
    park(world, *ids[:A_PAGE])
    many = [cost(path) for path in (f"{MAIL}/", f"{MAIL}/?show=waiting", HOME)]
    # The home page asks for letters whose email did not arrive, and for the week's messages.
    assert many == few == [2, 2, 3]
    for show in ("", "waiting"):
        page = office.get(f"{MAIL}/?show={show}").text
        seen = page.count('data-label="To"')
        onward = page.split('rel="next"')[0].rpartition('href="')[2].partition('"')[0]
        second = office.get(onward.replace("&amp;", "&")).text
        assert seen == A_PAGE
        assert second.count('data-label="To"') == 1
        assert "First page" in second


@pytest.mark.parametrize("after", ["x", "%00", "|", "2020-01-01T00:00:00Z|x", "9" * 400])
def test_an_odd_address_is_answered_in_words(office, after):
    assert office.get(f"{MAIL}/?after={after}").status_code == 200


def test_only_head_and_office_find_it(app, world):
    for role, status in ((Role.HEADTEACHER, 200), (Role.PASTORAL, 403), (Role.TEACHER, 403)):
        client = app.test_client()
        client.sign_in(world.oak.users[role])
        assert client.get(f"{MAIL}/").status_code == status
        assert ("Emails and texts" in client.get(HOME).text) == (status == 200)


# -- what a parent can check


def test_a_parent_finds_out_what_real_emails_look_like(client, world):
    page = client.get("/oak-lane/emails").text
    for words in ("no-reply@trustconduct.example", "127.0.0.1:8000/oak-lane/", "never ask for"):
        assert words in page
    assert "/oak-lane/emails" in client.get("/oak-lane/").text


def test_a_forged_host_reaches_no_mail_and_no_page(office, world, mailbox):
    """Links come from the configured address: else a stranger could have ours sent with theirs."""
    request = world.oak.requests[f"Lee {world.oak.canary}"]
    again = f"/oak-lane/staff/acknowledgements/{request}/again"
    csrf = office.csrf("/oak-lane/staff/acknowledgements/")
    for cookie in ("signed-in", "page"):  # as if a browser had them for that host as well
        office.set_cookie(cookie, office.get_cookie(cookie).value, domain="evil.example")
    form = {"csrf_token": csrf, "generation": "1"}
    refused = office.post(again, data=form, headers={"Host": "evil.example"})
    assert refused.status_code == 400
    assert "evil" not in refused.text
    sent = office.post(again, data=form, headers={"X-Forwarded-Host": "evil.example"})
    assert sent.status_code == 303
    assert "evil" not in sent.location
    with Post(mailbox.url) as post:
        while try_next(world, post):
            pass
    [mail] = mailbox.messages
    assert "https://x.example/oak-lane/sign/" in mail.get_content()
    assert "evil" not in mail.as_string()
    assert "evil" not in office.get("/oak-lane/emails", headers={"Host": "evil.example"}).text


def test_a_line_break_in_a_name_is_refused_before_anything_is_written(office, world):
    """Where a name could come in: the roll. The mail's own check stands behind it."""
    people = "/oak-lane/staff/people"
    header = "pupil,year,adult,relationship,email\n"
    rolls = (
        header + 'Bo,3,"Ivy\nBcc: eve@evil.example",mother,ivy@parents.example\n',
        header + "Bo,3,Ivy\u2028Bcc: eve@evil.example,mother,ivy@parents.example\n",
        header + 'Bo,3,Ivy,mother,"ivy@parents.example\r\nBcc: eve@evil.example"\n',
    )
    for roll in rolls:
        shown = upload(office, roll.encode())
        assert shown.status_code in (200, 422)
        if shown.status_code == 200:  # a mark that is only white space is tidied into a blank
            assert " Bcc: eve@evil.example" in shown.text
    assert "Ivy" not in office.get(f"{people}/").text


def test_a_name_with_a_line_break_that_came_in_all_the_same_stands_on_one_line(office, world):
    """From another program's import, say: no header of somebody's choice, and no dead job."""
    request = world.oak.requests[f"Lee {world.oak.canary}"]
    with world.sessions.school(world.oak.id) as session, transaction(session):
        session.execute(
            text("update adult set name = :bad where name = :name"),
            {"bad": "Lee\r\nBcc: eve@evil.example", "name": f"Lee {world.oak.canary}"},
        )
    again = f"/oak-lane/staff/acknowledgements/{request}/again"
    answer = office.send(again, page="/oak-lane/staff/acknowledgements/", generation="1")
    assert answer.status_code == 303
    with world.sessions.school(world.oak.id) as session:
        assert session.get(SignRequest, (world.oak.id, request)).generation == 2
        newest = select(SchoolMessageContent).order_by(SchoolMessageContent.id.desc()).limit(1)
        assert session.scalars(newest).one().to_name == "Lee Bcc: eve@evil.example"
