"""Ten tries in five minutes for a person and an address; nobody keeps anybody else out."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import func, select, text

from tests import build
from tests.at_once import at_once
from tests.build import SEALER
from trustconduct import clock
from trustconduct.accounts.models import Throttle
from trustconduct.accounts.throttle import (
    LONGEST,
    MOST,
    OF_ADDRESS,
    OF_PERSON,
    WITHIN,
    Doing,
    TooManyTries,
    forget_tries,
    try_once,
)
from trustconduct.audit.actor import Role
from trustconduct.db import transaction

NOON = "2027-03-01T12:00:00Z"
ADA, HERE, THERE = "ada@school.example", "192.0.2.1", "192.0.2.2"


def a_try(session, *, what=Doing.PASSWORD, who=ADA, address=HERE):
    try_once(session, SEALER, what, who, address)


def is_refused(session, **values) -> bool:
    try:
        a_try(session, **values)
    except TooManyTries:
        return True
    return False


def test_the_eleventh_try_waits_until_the_first_is_five_minutes_old(accounts):
    with time_machine.travel(NOON, tick=False) as time:
        a_try(accounts)
        time.shift(60)
        for _ in range(MOST - 1):
            a_try(accounts)
        with pytest.raises(TooManyTries) as refused:
            a_try(accounts)
        assert refused.value.again_at == clock.now() + timedelta(minutes=4)
        time.shift(timedelta(minutes=4, seconds=-1))
        assert is_refused(accounts)
        time.shift(1)
        assert not is_refused(accounts)
        assert is_refused(accounts), "the other nine still count"


def test_a_refused_try_is_not_counted_so_that_waiting_helps(accounts):
    with time_machine.travel(NOON, tick=False) as time:
        for _ in range(MOST):
            a_try(accounts)
        for _ in range(20):
            time.shift(10)
            assert is_refused(accounts)
        time.shift(WITHIN)
        assert not is_refused(accounts)


def test_others_and_the_same_person_elsewhere_do_not_wait(accounts):
    for _ in range(MOST):
        a_try(accounts)
    assert is_refused(accounts)
    assert is_refused(accounts, who=f" {ADA.upper()} ")
    assert not is_refused(accounts, address=THERE)
    assert not is_refused(accounts, who="bob@school.example")
    assert not is_refused(accounts, what=Doing.RESET)


def test_a_right_one_begins_anew(accounts):
    for _ in range(MOST):
        a_try(accounts)
    forget_tries(accounts, SEALER, Doing.PASSWORD, ADA, HERE)
    assert not is_refused(accounts)


def test_of_thirty_at_once_ten_get_through(world):
    def one():
        with world.sessions.accounts() as session, transaction(session):
            a_try(session)

    got = at_once(30, one)
    assert got.count(None) == MOST
    assert sum(isinstance(each, TooManyTries) for each in got) == 30 - MOST
    with world.sessions.accounts() as session:
        counted = [len(tries) for tries in session.scalars(select(Throttle.tried_at))]
        assert counted == [MOST, MOST], "for the person here, and for the address"


def test_nobody_reads_from_the_table_who_tried(accounts):
    a_try(accounts)
    row = str(accounts.execute(text("select t::text from account_throttle t")).all())
    for word in (ADA, "ada", HERE, "password"):
        assert word not in row


def test_old_rows_are_swept_away_by_later_tries(accounts):
    with time_machine.travel(NOON, tick=False) as time:
        for number in range(50):
            a_try(accounts, who=f"{number}@nobody.example")
        time.shift(LONGEST)
        for _ in range(3):
            a_try(accounts)
        left = accounts.scalar(select(func.count()).select_from(Throttle))
    assert left == 2, "the person here, and the address"


def test_one_that_is_swept_while_it_is_tried_again_is_counted(world):
    """The sweep skips what is locked, and a try after it makes the row anew."""
    before = time_machine.travel("2027-03-01T11:00:00Z", tick=False)
    with before, world.sessions.accounts() as session, transaction(session):
        for number in range(12):
            a_try(session, who=str(number))

    numbers = list(range(12))

    def one():
        with world.sessions.accounts() as session, transaction(session):
            a_try(session, who=str(numbers.pop()))

    with time_machine.travel(NOON, tick=False):
        assert at_once(12, one) == [None] * 12
    with world.sessions.accounts() as session:
        assert session.scalar(select(func.count()).select_from(Throttle)) == 13


@pytest.mark.parametrize("neighbour", ["2001:db8:1:2::9", "2001:db8:1:2:ffff:ffff:ffff:ffff"])
def test_one_line_to_the_internet_is_one_address(accounts, neighbour):
    for _ in range(MOST):
        a_try(accounts, address="2001:db8:1:2::1")
    assert is_refused(accounts, address=neighbour)
    assert not is_refused(accounts, address="2001:db8:1:3::1")


def test_an_address_counts_once_however_it_is_written(accounts):
    for _ in range(MOST):
        a_try(accounts, address="::ffff:192.0.2.7")
    assert is_refused(accounts, address="192.0.2.7")


def test_codes_are_counted_for_the_person_wherever_they_come_from(world):
    office = world.oak.users[Role.OFFICE]
    code = {"what": Doing.CODE, "who": str(office.id)}
    with (
        world.sessions.accounts() as session,
        transaction(session),
        time_machine.travel(NOON, tick=False) as time,
    ):
        for number in range(OF_PERSON.most):
            a_try(session, **code, address=f"192.0.2.{number}")
        assert is_refused(session, **code, address="198.51.100.1")
        assert not is_refused(session, who=office.email, address="198.51.100.1"), "codes only"
        time.shift(OF_PERSON.within)
        assert not is_refused(session, **code, address="198.51.100.1")
    with world.sessions.trust() as trust:
        told = [mail.subject for mail in build.mailed(trust, office.email)]
    assert told == ["Somebody tries to sign in as you"]


def test_one_password_tried_on_everybody_is_slowed_down(accounts):
    for number in range(OF_ADDRESS.most):
        a_try(accounts, who=f"{number}@nobody.example")
    assert is_refused(accounts, who="another@nobody.example")
    assert not is_refused(accounts, who="another@nobody.example", address=THERE)


def test_a_school_behind_one_address_signs_in_on_a_monday_morning(accounts):
    for number in range(2 * OF_ADDRESS.most):
        a_try(accounts, who=f"{number}@school.example")
        forget_tries(accounts, SEALER, Doing.PASSWORD, f"{number}@school.example", HERE)
    assert not is_refused(accounts, who="another@school.example")
