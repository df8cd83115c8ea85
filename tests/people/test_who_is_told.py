"""The list of who would be told, and a named person's word before the first mailing."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from tests.build import a_head, a_teacher, a_version, an_adult, an_office, the_school
from trustconduct.accounts.permissions import NotAllowed
from trustconduct.acknowledgements.campaigns import ListNotConfirmed, start_campaign
from trustconduct.people.change import leave
from trustconduct.people.models import Adult, ListConfirmation
from trustconduct.people.untold import mark_untold
from trustconduct.people.who_is_told import (
    ListChanged,
    Standing,
    confirm_list,
    list_page,
    the_list,
)


def start(session, version):
    return start_campaign(
        session, the_school(session), version, by=a_head(session), link_days=9, telephone="",
        reply_to="",
    )  # fmt: skip


def test_the_first_mailing_waits_until_a_named_person_has_confirmed_the_list(oak):
    version = a_version(oak)
    an_adult(oak)
    with pytest.raises(ListNotConfirmed):
        start(oak, version)
    office = an_office(oak)
    assert confirm_list(oak, by=office, seen=the_list(oak).mark)
    kept = oak.scalars(select(ListConfirmation)).one()
    assert (kept.confirmed_by, kept.told, kept.untold) == (office.name, 1, 0)
    assert start(oak, version)


def test_another_list_needs_another_look(oak):
    version = a_version(oak)
    an_adult(oak)
    seen = the_list(oak).mark
    jo = an_adult(oak, "Jo Sample", email="jo@parents.example")
    with pytest.raises(ListChanged):
        confirm_list(oak, by=a_head(oak), seen=seen)
    confirm_list(oak, by=a_head(oak), seen=the_list(oak).mark)
    mark_untold(oak, jo, by=a_head(oak), because="A court says so")
    with pytest.raises(ListNotConfirmed):
        start(oak, version)


def test_later_mailings_do_not_wait(oak):
    version = a_version(oak)
    an_adult(oak)
    confirm_list(oak, by=a_head(oak), seen=the_list(oak).mark)
    start(oak, version)
    an_adult(oak, "Jo Sample", email="jo@parents.example")
    assert start(oak, version)


def test_it_is_confirmed_once(oak):
    an_adult(oak)
    seen = the_list(oak).mark
    assert confirm_list(oak, by=a_head(oak), seen=seen)
    assert not confirm_list(oak, by=a_head(oak), seen=seen)


def test_a_teacher_confirms_nothing(oak):
    with pytest.raises(NotAllowed):
        confirm_list(oak, by=a_teacher(oak), seen=the_list(oak).mark)


def test_everybody_stands_on_the_list_with_why_not(oak):
    an_adult(oak)
    an_adult(oak, "No Mail", email="")
    collector = an_adult(oak, "Col Lector", email="col@parents.example")
    collector.kind = "collector"
    gone = an_adult(oak, "Gone Away", email="gone@parents.example")
    leave(oak, gone, by=a_head(oak))
    bad = an_adult(oak, "Mark Ed", email="mark@parents.example")
    an_adult(oak, "Shay Red", email="mark@parents.example")
    mark_untold(oak, bad, by=a_head(oak), because="A court says so")
    standings = {line.name: line.standing for line in list_page(oak)}
    assert standings == {
        "Alex Sample": Standing.TOLD,
        "Col Lector": Standing.NOT_ASKED,
        "Gone Away": Standing.LEFT,
        "Mark Ed": Standing.MARKED,
        "No Mail": Standing.NO_EMAIL,
        "Shay Red": Standing.SHARED,
    }
    assert (the_list(oak).told, the_list(oak).untold) == (1, 5)
    assert [line.name for line in list_page(oak, only="told")] == ["Alex Sample"]
    assert len(list_page(oak, only="left_out")) == 5


def test_a_long_list_comes_in_pages(oak):
    for n in range(5):
        an_adult(oak, "Same Name", email=f"a{n}@parents.example", child=f"Child {n}")
    seen, after = [], ""
    while page := list_page(oak, after=after, most=2):
        seen += [line.id for line in page[:2]]
        if len(page) <= 2:
            break
        after = f"{page[1].name}|{page[1].id}"
    assert len(seen) == len(set(seen)) == oak.query(Adult).count() == 5
    assert isinstance(list_page(oak, after="made|up"), list)
