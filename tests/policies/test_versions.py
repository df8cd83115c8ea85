"""A school's version: frozen, hashed, and one at most in force on any day."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import func, select

from tests.at_once import at_once
from tests.build import (
    a_draft,
    a_head,
    a_matrix,
    a_version,
    an_edition,
    an_office,
    an_officer,
    settings_filled,
    the_edition,
    the_school,
)
from trustconduct import clock
from trustconduct.accounts.permissions import NotAllowed
from trustconduct.contact_matrix.save import current_matrix, save_matrix
from trustconduct.db import transaction
from trustconduct.policies.document import Document, sha256
from trustconduct.policies.editions import approve
from trustconduct.policies.editions import publish as publish_edition
from trustconduct.policies.models import Edition, InForce, SchoolVersion
from trustconduct.policies.versions import (
    ALWAYS,
    GovernorsRefused,
    NotReady,
    PublishedMeanwhile,
    history,
    missing,
    publish_version,
    version_in_force,
)
from trustconduct.schools.settings import change_settings, facts_of, settings_of

DAY = timedelta(days=1)


def publish(session, **values):
    """Publish as the door does, but with nothing filled in for the test."""
    settings = settings_of(session)
    school = the_school(session)
    given = {"by": a_head(session), "seen_number": 0, **values}
    return publish_version(
        session,
        school,
        the_edition(session),
        facts_of(session, school, settings),
        settings,
        **given,
    )


def test_publishing_freezes_the_text_with_the_schools_facts(oak):
    version = a_version(oak)
    document = json.loads(version.text)["document"]
    words = json.dumps(document, ensure_ascii=False)
    assert "Welcome to Oak Lane." in words
    assert "{school." not in words
    assert "Welcome to Oak Lane." in version.html
    assert "matrix" not in document


def test_the_governing_bodys_day_stands_under_the_hash_where_it_is_asked_for(ground):
    with ground.sessions.trust() as session, transaction(session):
        draft = a_draft(session)
        draft.local_bodies = True
        session.flush()
        approve(session, draft, by=an_officer(), board_on=clock.today())
        publish_edition(session, draft, by=an_officer())
    today = clock.today()
    with ground.sessions.school(ground.oak.id) as session, transaction(session):
        settings_filled(session)
        a_matrix(session)
        for day in (None, today + DAY):
            with pytest.raises(GovernorsRefused):
                publish(session, governors_on=day)
        version = publish(session, governors_on=today)
        assert json.loads(version.text)["governors_on"] == today.isoformat()
        assert version.governors_on == today
        assert version.board_on == today


def test_a_school_publishes_no_edition_that_it_was_not_asked_to_adopt(ground):
    with ground.sessions.trust() as session, transaction(session):
        an_edition(session, to=[ground.elm.id])
    for school, may in ((ground.oak, False), (ground.elm, True)):
        with ground.sessions.school(school.id) as session, transaction(session):
            settings_filled(session)
            a_matrix(session)
            newest = session.scalars(select(Edition).order_by(Edition.number.desc())).first()
            given = {"by": a_head(session), "seen_number": 0}
            settings, where = settings_of(session), the_school(session)
            facts = facts_of(session, where, settings)
            if may:
                publish_version(session, where, newest, facts, settings, **given)
            else:
                with pytest.raises(NotReady, match="not asked to adopt"):
                    publish_version(session, where, newest, facts, settings, **given)


def test_the_day_is_not_kept_where_nobody_asks_for_it(oak):
    settings_filled(oak)
    a_matrix(oak)
    version = publish(oak, governors_on=clock.today())
    assert version.governors_on is None
    assert "governors_on" not in json.loads(version.text)


def test_a_later_change_of_facts_does_not_touch_what_was_published(oak):
    version = a_version(oak)
    before = (version.text, version.html, version.sha256)
    change_settings(oak, by=a_head(oak), seen_version=1, telephone="01632 960999")
    oak.flush()
    oak.expire_all()
    kept = oak.scalars(select(SchoolVersion)).one()
    assert (kept.text, kept.html, kept.sha256) == before


def test_the_hash_is_reproduced_from_the_stored_text(world):
    for school in world.schools.values():
        with world.sessions.school(school.id) as session:
            version = session.scalars(select(SchoolVersion)).one()
            assert sha256(version.text) == version.sha256
            told = json.loads(version.text)
            again = json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
            assert again == version.text
            assert told["school"] == {"id": str(school.id), "name": school.name}
            empty = {"corner": "", "purposes": [], "routes": [], "ticks": []}
            assert Document.from_json({**told["document"], "matrix": empty}).title


def test_each_schools_text_has_a_hash_of_its_own(world):
    hashes = set()
    for school in world.schools.values():
        with world.sessions.school(school.id) as session:
            hashes.add(session.scalar(select(SchoolVersion.sha256)))
    assert len(hashes) == 3


def test_of_two_who_publish_at_once_one_publishes_and_one_is_told(world):
    def do():
        with world.sessions.school(world.oak.id) as session:
            try:
                with transaction(session):
                    a_version(session, by=world.oak.head, seen_number=1)
            except PublishedMeanwhile as told:
                return f"told of {told.version.number}"
            return "published"

    assert sorted(at_once(2, do)) == ["published", "told of 2"]
    with world.sessions.school(world.oak.id) as session:
        assert version_in_force(session).number == 2
        in_force = select(func.count()).where(InForce.during.op("@>")(clock.today()))
        assert session.scalar(in_force) == 1


def test_of_two_who_publish_a_schools_first_version_at_once_one_does(ground):
    with ground.sessions.school(ground.oak.id) as session, transaction(session):
        settings_filled(session)
        a_matrix(session)

    def do():
        with ground.sessions.school(ground.oak.id) as session, transaction(session):
            return publish(session).number

    got = at_once(2, do)
    assert [each for each in got if isinstance(each, int)] == [1]
    assert sum(isinstance(each, PublishedMeanwhile) for each in got) == 1


def test_who_looked_at_an_older_version_is_told_of_the_newer(oak):
    a_version(oak)
    with pytest.raises(PublishedMeanwhile) as told:
        a_version(oak, seen_number=0)
    assert told.value.version.number == 1


@pytest.mark.parametrize("made_up", [7, -1])
def test_a_schools_first_version_is_its_first_whatever_a_form_says(oak, made_up):
    settings_filled(oak)
    a_matrix(oak)
    assert publish(oak, seen_number=made_up).number == 1


def test_what_is_missing_is_named_with_its_step(oak):
    with pytest.raises(NotReady) as told:
        publish(oak)
    steps = [item.step for item in told.value.missing]
    assert set(steps) == {"facts", "bans", "contact"}
    assert "Police force is blank." in str(told.value)
    assert oak.scalar(select(SchoolVersion.id)) is None


@pytest.mark.parametrize(
    ("blank", "step"),
    [({"police_force_id": None}, "facts"), ({"ban_review_days": None}, "bans")],
)
def test_one_blank_is_enough_to_wait(oak, blank, step):
    settings_filled(oak, **blank)
    a_matrix(oak)
    with pytest.raises(NotReady) as told:
        publish(oak)
    assert [item.step for item in told.value.missing] == [step]


def test_only_facts_that_the_text_names_are_needed_and_a_way_to_a_person(oak):
    settings_filled(oak)
    edition = the_edition(oak)
    facts = facts_of(oak, the_school(oak), settings_of(oak))
    named = edition.document.facts_named()
    matrix = a_matrix(oak)
    for name in facts:
        lacking = missing(oak, edition, {**facts, name: ""}, settings_of(oak), matrix)
        assert bool(lacking) == (name in named | ALWAYS), name


def test_a_text_is_never_in_force_before_anyone_could_read_it(oak):
    with pytest.raises(ValueError, match="has passed"):
        a_version(oak, in_force_on=clock.today() - DAY)
    assert oak.scalar(select(SchoolVersion.id)) is None


def test_a_version_to_come_takes_over_on_its_day_and_not_before(oak):
    first = a_version(oak)
    second = a_version(oak, in_force_on=clock.today() + 10 * DAY)
    assert version_in_force(oak).id == first.id
    assert version_in_force(oak, clock.today() + 9 * DAY).id == first.id
    assert version_in_force(oak, clock.today() + 10 * DAY).id == second.id
    with time_machine.travel(clock.now() + 10 * DAY):
        assert version_in_force(oak).id == second.id


@pytest.mark.parametrize(
    ("instant", "number"),
    [("2027-07-09T22:30:00Z", 1), ("2027-07-09T23:30:00Z", 2)],
)
def test_it_takes_over_at_midnight_in_london(oak, instant, number):
    with time_machine.travel("2027-07-01T12:00:00Z"):
        a_version(oak)
        a_version(oak, in_force_on=clock.today() + 9 * DAY)
    with time_machine.travel(instant):
        assert version_in_force(oak).number == number


def test_a_version_published_today_replaces_what_was_to_come(oak):
    a_version(oak)
    a_version(oak, in_force_on=clock.today() + 10 * DAY)
    third = a_version(oak)
    for ahead in (0, 10, 100):
        assert version_in_force(oak, clock.today() + ahead * DAY).id == third.id
    assert [(each.number, each.was_in_force) for each in history(oak)] == [
        (3, True),
        (2, False),
        (1, False),
    ]


def test_history_tells_the_last_day_of_each(oak):
    with time_machine.travel("2027-03-01T12:00:00Z"):
        a_version(oak)
    with time_machine.travel("2027-03-11T12:00:00Z"):
        a_version(oak)
        new, old = history(oak)
    assert new.last_on is None
    assert (old.last_on.isoformat(), old.was_in_force) == ("2027-03-10", True)


def test_a_version_remembers_the_matrix_that_stood_on_its_day(oak):
    version = a_version(oak)
    stood = version.matrix_id
    matrix = current_matrix(oak).matrix
    moved = replace(
        matrix, routes=tuple(replace(route, detail="elsewhere") for route in matrix.routes)
    )
    save_matrix(oak, moved, by=a_head(oak), seen_number=1)
    assert version.matrix_id == stood != current_matrix(oak).id


def test_another_matrix_gives_the_same_words(oak):
    """Else a new telephone number would make every parent's answer out of date."""
    first = json.loads(a_version(oak).text)
    a_matrix(
        oak,
        replace(
            current_matrix(oak).matrix,
            ticks=frozenset(
                (route.id, purpose.id)
                for route in current_matrix(oak).matrix.routes
                for purpose in current_matrix(oak).matrix.purposes
            ),
        ),
    )
    second = json.loads(a_version(oak).text)
    assert first["document"] == second["document"]


def test_only_the_head_publishes(oak):
    settings_filled(oak)
    a_matrix(oak)
    for by in (an_office(oak), an_officer()):
        with pytest.raises(NotAllowed):
            publish(oak, by=by)


def test_a_school_adopts_the_next_edition(world):
    with world.sessions.trust() as session, transaction(session):
        assert an_edition(session, "Autumn Term 2029").number == 2
    with world.sessions.school(world.oak.id) as session, transaction(session):
        version = a_version(session, by=world.oak.head)
        assert (version.number, version.edition_number) == (2, 2)
        assert json.loads(version.text)["review"] == "Autumn Term 2029"
