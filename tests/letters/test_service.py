"""Bringing a letter to one adult: what counts, from which day, and what does not."""

from __future__ import annotations

import io
from datetime import date, timedelta

import pikepdf
import pytest
import time_machine
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from tests import build
from tests.letters import rows
from trustconduct import clock
from trustconduct.letters.approve import withdraw_letter
from trustconduct.letters.lists import Stands, letters_page, to_approve, to_send
from trustconduct.letters.models import Ended, LetterService, Way
from trustconduct.letters.opening import MOST_TRIES, Tried, behind_link, code_of, open_letter
from trustconduct.letters.print_run import print_run, with_cover
from trustconduct.letters.serve import (
    ServiceRefused,
    add_working_days,
    deadline_from,
    end_service,
    hand_over,
    live_service,
    post_letters,
    print_queue,
    send_by_email,
)
from trustconduct.letters.write import ask_approval
from trustconduct.outbox.models import SchoolMessage, SchoolMessageContent
from trustconduct.people.untold import mark_untold

KEY = "k" * 32


def sent(oak, way=Way.POST, **more):
    letter = rows.a_letter(oak, way=way, **more)
    rows.approved(oak, letter)
    return letter


def by_email(oak, email="sam@parents.example"):
    letter = sent(oak, Way.EMAIL, adult=rows.an_addressee(oak, email=email))
    service = send_by_email(
        oak, letter, build.the_school(oak), by=build.a_head(oak), reply_to="office@oak.example"
    )
    return letter, service


def test_a_posted_letter_counts_as_served_after_the_trusts_days_and_its_deadline_from_there(oak):
    letter = sent(oak)
    today = clock.today()
    assert [one.id for one in print_queue(oak)] == [letter.id]
    assert post_letters(oak, [letter.id], by=build.an_office(oak), on=today) == 1
    assert post_letters(oak, [letter.id], by=build.an_office(oak), on=today) == 0
    service = live_service(oak, letter.id)
    assert service.served_on == add_working_days(today, 2)
    assert service.deadline_on == deadline_from(oak, service.served_on, 10, "school")
    assert service.deadline_on > service.served_on
    assert print_queue(oak) == []


def test_weekends_and_bank_holidays_are_no_days_of_the_post():
    assert add_working_days(date(2026, 12, 24), 2) == date(2026, 12, 30)
    assert add_working_days(date(2026, 11, 27), 1) == date(2026, 11, 30)


def test_a_deadline_never_falls_on_a_holiday(oak):
    build.a_year(oak, 2027)
    on = date(2027, 9, 6)
    for days in range(1, 15):
        deadline = deadline_from(oak, on, days, "calendar")
        assert deadline >= on + timedelta(days=days)
        assert deadline.weekday() < 5
    with pytest.raises(ServiceRefused, match="not known yet"):
        deadline_from(oak, date(2060, 1, 1), 5, "school")


def test_what_comes_back_stops_its_days_and_is_to_be_sent_again(oak):
    letter, office = sent(oak), build.an_office(oak)
    post_letters(oak, [letter.id], by=office, on=clock.today())
    end_service(oak, letter, by=office, how=Ended.RETURNED, on=clock.today(), because="Gone away")
    assert live_service(oak, letter.id) is None
    assert [one.stands for one in to_send(oak)] == [Stands.CAME_BACK]
    assert print_queue(oak)[0].before == 1
    service = hand_over(oak, letter, by=office, on=clock.today(), handed_by="The deputy head",
                        witness="The office manager")  # fmt: skip
    assert service.served_on == clock.today()
    assert letters_page(oak)[0].stands is Stands.SERVED
    with pytest.raises(ServiceRefused, match="sent already"):
        hand_over(oak, letter, by=office, on=clock.today(), handed_by="x", witness="")


def test_handing_over_needs_who_did_it_and_a_day_after_the_approval(oak):
    letter, office = sent(oak, Way.HAND), build.an_office(oak)
    with pytest.raises(ServiceRefused, match="must not be a pupil"):
        hand_over(oak, letter, by=office, on=clock.today(), handed_by=" ", witness="")
    for on in (clock.today() - timedelta(days=1), clock.today() + timedelta(days=1)):
        with pytest.raises(ServiceRefused, match="from its approval up to today"):
            hand_over(oak, letter, by=office, on=on, handed_by="A governor", witness="")
    draft = rows.a_letter(oak, adult=rows.an_addressee(oak, "Lee"))
    with pytest.raises(ServiceRefused, match="approved first"):
        hand_over(oak, draft, by=office, on=clock.today(), handed_by="A governor", witness="")


def test_the_database_keeps_one_service_at_a_time_and_no_days_without_one(oak):
    letter = sent(oak)
    post_letters(oak, [letter.id], by=build.an_office(oak), on=clock.today())
    for change in ("way = 'post', served_on = null", "way = 'hand'"):
        with pytest.raises(DBAPIError), oak.begin_nested():
            oak.execute(
                text(
                    "insert into letter_service (school_id, id, letter_id, way, sent_on,"
                    " served_on, deadline_on, noted_at, noted_by, handed_by, witness,"
                    " wrong_tries, ended_how, ended_because, ended_by) select school_id,"
                    " gen_random_uuid(), letter_id, way, sent_on, served_on, deadline_on,"
                    " noted_at, noted_by, '', '', 0, '', '', '' from letter_service"
                )
            )
        with pytest.raises(DBAPIError), oak.begin_nested():
            oak.execute(text(f"update letter_service set {change}"))


def test_who_must_not_be_told_is_in_no_print_run_and_gets_no_email(oak):
    posted, (letter, service) = sent(oak), by_email(oak)
    for one in (posted, letter):
        adult = rows.adult_of(oak, one)
        mark_untold(oak, adult, by=build.a_head(oak), because="Court order")
    assert print_queue(oak) == []
    assert behind_link(oak, service.id) is None
    assert oak.scalars(select(SchoolMessage.parked_at)).one() is not None
    with pytest.raises(ServiceRefused, match="must not be told"):
        hand_over(oak, posted, by=build.an_office(oak), on=clock.today(), handed_by="x",
                  witness="")  # fmt: skip


def test_the_email_says_only_that_there_is_a_letter(oak):
    letter, _ = by_email(oak)
    words = oak.scalars(select(SchoolMessageContent)).one()
    assert words.subject == "Oak Lane: there is a letter for you"
    for said in ("invitation", "meet", "gate", str(letter.number), "ban"):
        assert said not in words.body.replace("{link}", "").lower()


def test_opening_with_the_code_is_the_day_of_service(oak):
    letter, service = by_email(oak)
    assert (service.served_on, service.deadline_on) == (None, None)
    with time_machine.travel(clock.now() + timedelta(days=3), tick=False):
        waiting = behind_link(oak, service.id)
        assert open_letter(oak, waiting, by=waiting.by, key=KEY, typed="AAAA") is Tried.WRONG
        assert service.served_on is None
        typed = code_of(KEY, service.id).lower().replace("-", " ")
        assert open_letter(oak, waiting, by=waiting.by, key=KEY, typed=typed) is Tried.OPENED
        assert service.served_on == clock.today()
        assert service.deadline_on == deadline_from(oak, clock.today(), 10, "school")
    with pytest.raises(ServiceRefused, match="has reached them"):
        end_service(oak, letter, by=build.an_office(oak), how=Ended.BOUNCED, on=clock.today(),
                    because="")  # fmt: skip


def test_a_code_tried_too_often_opens_nothing_and_becomes_a_task(oak):
    _, service = by_email(oak)
    waiting = behind_link(oak, service.id)
    for _ in range(MOST_TRIES - 1):
        assert open_letter(oak, waiting, by=waiting.by, key=KEY, typed="x") is Tried.WRONG
    assert open_letter(oak, waiting, by=waiting.by, key=KEY, typed="x") is Tried.CLOSED
    right = code_of(KEY, service.id)
    assert open_letter(oak, waiting, by=waiting.by, key=KEY, typed=right) is Tried.CLOSED
    assert [one.failed for one in to_send(oak)] == [True]


def test_an_email_that_came_back_is_to_be_sent_again_and_its_link_dies(oak):
    letter, service = by_email(oak)
    assert to_send(oak) == []
    message = oak.get_one(SchoolMessage, (oak.school_id, service.message_id))
    message.sent_at = message.parked_at = message.bounced_at = clock.now()
    oak.flush()
    assert [one.failed for one in to_send(oak)] == [True]
    end_service(oak, letter, by=build.an_office(oak), how=Ended.BOUNCED, on=clock.today(),
                because="Full")  # fmt: skip
    assert behind_link(oak, service.id) is None
    assert [one.stands for one in to_send(oak)] == [Stands.CAME_BACK]


def test_a_withdrawn_letter_leaves_the_queue_and_says_so_at_its_link(oak):
    letter, service = by_email(oak)
    posted = sent(oak)
    for one in (letter, posted):
        withdraw_letter(oak, one, by=build.a_head(oak), because="Wrong day")
    assert print_queue(oak) == []
    assert behind_link(oak, service.id).withdrawn
    assert oak.scalars(select(SchoolMessage.parked_at)).one() is not None


def test_codes_differ_and_are_not_in_the_database(oak):
    _, service = by_email(oak)
    assert code_of(KEY, service.id) != code_of("x" * 32, service.id)
    assert len(code_of(KEY, service.id)) == 9
    kept = oak.scalars(text("select t::text from letter_service t")).all()
    assert not any(code_of(KEY, service.id) in row for row in kept)


def test_the_print_run_is_one_pdf_in_order_each_on_a_sheet_of_its_own(oak):
    first, second = sent(oak), sent(oak)
    queue, whole = print_run(oak, by=build.an_office(oak))
    assert [each.id for each in queue] == [first.id, second.id]
    assert len(whole.pages) == 4
    made = with_cover(rows.PDF, whole)
    assert len(pikepdf.open(io.BytesIO(made)).pages) == 6


def test_what_is_handed_over_for_approval_is_listed_until_somebody_writes_in_it(oak):
    letter = rows.a_letter(oak)
    ask_approval(oak, letter, by=build.a_head(oak), seen=letter.version)
    assert [one.stands for one in to_approve(oak)] == [Stands.ASKED]
    rows.approved(oak, letter)
    assert to_approve(oak) == []


def test_a_notice_to_reception_never_goes_to_the_person(oak):
    letter = rows.a_letter(oak, "reception_notice")
    frozen = rows.approved(oak, letter)
    assert (frozen.to_name, frozen.to_address) == ("Reception, Oak Lane", "")
    hand_over(oak, letter, by=build.an_office(oak), on=clock.today(), handed_by="The head",
              witness="")  # fmt: skip
    assert isinstance(live_service(oak, letter.id), LetterService)
