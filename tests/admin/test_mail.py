"""Mail in the console: the Trust's own in full, of each school numbers and nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import text

from tests.jobs.test_queue import plant, work
from tests.outbox.sending import a_mail, clear, put
from tests.web.test_mail import park
from trustconduct.admin.mail import A_PAGE
from trustconduct.db import transaction
from trustconduct.jobs.queue import connect
from trustconduct.outbox.write import Link, write
from trustconduct.web.door import Works

MAIL = "/admin/mail/"


def of_trust(world, *mails, parked: bool = True):
    with world.sessions.trust() as session, transaction(session):
        before = set(session.scalars(text("select id from outbox_trust")))
        write(session, mails)
        ids = [
            each
            for each in session.scalars(text("select id from outbox_trust order by id"))
            if each not in before
        ]
        if parked:
            session.execute(
                text(
                    "update outbox_trust set parked_at = now(), tries = 6, outcome = 'later',"
                    " last_error = 'ConnectionRefusedError' where sent_at is null"
                )
            )
    return ids


def test_each_school_stands_with_numbers_and_without_a_name(officer, world):
    clear(world)
    park(world, *put(world, a_mail(to_name="Somebody")))
    put(world, a_mail(), a_mail(), school=world.elm)
    page = officer.get(MAIL).text
    assert "Oak Lane" in page
    assert "Elm Park" in page
    assert '<td data-label="School">' not in page.split("Of the Trust")[0]
    assert "Ash Grove" not in page
    for secret in ("Somebody", "Alex", "parents.example", "Hello"):
        assert secret not in page
    assert not [s.canary for s in world.schools.values() if s.canary in page]


def test_the_trusts_own_stands_in_full_and_can_be_tried_again_or_told(officer, world):
    [first] = of_trust(world, a_mail(to_name="Jo Officer", subject="About the review"))
    assert "1 message of the Trust could not be sent" in officer.get("/admin/").text
    assert "About the review" in officer.get(MAIL).text
    one = f"{MAIL}{first}/"
    assert "The mail server did not take it." in officer.get(one).text
    assert officer.send(f"{MAIL}{first}/again", page=one).status_code == 303
    assert "We are trying again now." in officer.get(MAIL).text
    assert "About the review" in officer.get(f"{MAIL}?show=waiting").text
    [second] = of_trust(world, a_mail(subject="Another"))
    officer.send(f"{MAIL}{second}/told", page=f"{MAIL}{second}/")
    assert "Noted: they were told another way." in officer.get(MAIL).text
    with world.sessions.trust() as session:
        events = session.scalars(text("select event from audit_event_trust order by id")).all()
    assert events[-2:] == ["message.tried_again", "message.settled"]


def test_a_link_in_a_mail_of_the_trust_is_not_shown(officer, world):
    link = Link("/account/invited/", "invite", world.oak.id, 1)
    [message] = of_trust(world, a_mail(body="Open:\n\n{link}\n", link=link))
    page = officer.get(f"{MAIL}{message}/").text
    assert "/account/invited/" not in page
    assert "Their own link stood here" in page


def test_a_reader_sees_and_has_no_button(reader, world):
    [message] = of_trust(world, a_mail(subject="About the review"))
    assert "About the review" in reader.get(MAIL).text
    page = reader.get(f"{MAIL}{message}/").text
    assert "Try again" not in page
    csrf = reader.csrf("/admin/")
    for act in ("again", "told"):
        answer = reader.post(f"{MAIL}{message}/{act}", data={"csrf_token": csrf})
        assert answer.status_code == 403


def test_the_list_has_pages_and_costs_the_same(officer, world, app, queries):
    engine = app.extensions["trustconduct"].sessions.engine

    def cost() -> int:
        officer.get(MAIL)
        with queries(engine) as counted:
            officer.get(MAIL)
        return len([one for one in counted.statements if "outbox" in one])

    few = cost()
    of_trust(world, *[a_mail(to_name=f"Officer {n:03}") for n in range(A_PAGE + 1)])
    assert cost() == few == 3
    page = officer.get(MAIL).text
    onward = page.split('rel="next"')[0].rpartition('href="')[2].partition('"')[0]
    assert f"Officer {A_PAGE:03}" in officer.get(onward.replace("&amp;", "&")).text


def test_work_that_failed_five_times_is_seen(officer, app, settings):
    with connect(settings.REDIS_URL) as redis:
        assert "Nothing failed in the last seven days." in officer.get(MAIL).text
        plant(redis, "evil.words")
        work(redis)
    page = officer.get(MAIL).text
    assert "a job that is not on the list" in page
    assert "evil" not in page


def test_with_redis_down_the_page_says_that_nothing_is_lost(officer, app, tmp_path):
    with_: Works = app.extensions["trustconduct"]
    gone = replace(with_.settings, REDIS_URL=f"unix://{tmp_path}/nobody.sock")
    app.extensions["trustconduct"] = replace(with_, settings=gone)
    assert "Nothing is lost: messages wait safely" in officer.get(MAIL).text


@pytest.mark.parametrize("after", ["x", "%00", "|", "2020-01-01T00:00:00Z|x"])
def test_an_odd_address_is_answered_in_words(officer, after):
    assert officer.get(f"{MAIL}?after={after}").status_code == 200
