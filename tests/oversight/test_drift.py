"""How far each school is from the newest edition: the Trust sees it, with the reasons."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import text

from tests.build import a_head, a_version, an_edition, an_officer, the_edition
from trustconduct import clock
from trustconduct.accounts.permissions import NotAllowed
from trustconduct.audit.actor import Role
from trustconduct.db import transaction
from trustconduct.oversight.drift import BEHIND, LATE, OWN, Wanted, drift
from trustconduct.policies.models import LocalChange
from trustconduct.schools.change import suspend
from trustconduct.tenants.models import School

AT = "/admin/drift/"


def seen(world, **more):
    wanted = Wanted(**more)
    with world.sessions.trust(read_only=True) as session:
        return {one.slug: one for one in drift(session, by=an_officer(), most=50, wanted=wanted)}


def asked(world, weeks=2, **more):
    with world.sessions.trust() as session, transaction(session):
        day = clock.today() + timedelta(weeks=weeks)
        an_edition(session, "Autumn Term 2029", adopt_by_on=day, **more)


def test_who_has_still_to_adopt_and_who_is_late(world):
    assert not any(one.behind for one in seen(world).values())
    assert seen(world, only=BEHIND) == seen(world, only=LATE) == {}
    asked(world)
    assert {one.days_late for one in seen(world, only=BEHIND).values()} == {0}
    assert seen(world, only=LATE) == {}
    with time_machine.travel(clock.now() + timedelta(days=23), tick=False):
        assert {one.days_late for one in seen(world).values()} == {9}
        assert set(seen(world, only=LATE)) == {"oak-lane", "elm-park", "ash-grove"}


def test_a_suspended_school_is_not_late(world):
    asked(world)
    with world.sessions.trust() as session, transaction(session):
        suspend(session, session.get(School, world.oak.id), by=an_officer(), reason="M", heads=[])
    with time_machine.travel(clock.now() + timedelta(days=23), tick=False):
        assert set(seen(world, only=LATE)) == {"elm-park", "ash-grove"}


def test_who_was_left_out_is_not_behind(world):
    asked(world, to=[world.elm.id])
    found = seen(world)
    assert (found["elm-park"].asked, found["elm-park"].behind) == (2, True)
    assert (found["oak-lane"].asked, found["oak-lane"].behind) == (1, False)
    assert set(seen(world, only=BEHIND)) == {"elm-park"}


def test_the_school_that_follows_is_behind_no_more(ground):
    with ground.sessions.school(ground.oak.id) as session, transaction(session):
        a_version(session)
    found = seen(ground)
    assert (found["oak-lane"].edition, found["oak-lane"].behind) == (1, False)
    assert (found["elm-park"].edition, found["elm-park"].behind) == (None, True)
    assert set(seen(ground, edition="1")) == {"oak-lane"}
    assert set(seen(ground, edition="none")) == {"elm-park", "ash-grove"}
    for odd in ("2", "x", "-1", "9" * 30, "²"):
        assert seen(ground, edition=odd) == {}


def test_they_are_found_by_phase(world):
    with world.sessions.trust() as session, transaction(session):
        session.get(School, world.oak.id).phase = "primary"
    assert set(seen(world, phase="primary")) == {"oak-lane"}
    assert seen(world, phase="primary")["oak-lane"].phase == "Primary"
    assert seen(world, phase="odd") == {}


def test_own_words_are_listed_with_their_reason(world):
    [difference] = seen(world, only=OWN)["oak-lane"].differences
    assert (difference.clause, difference.kind.word) == ("online.local.1", "Added")
    assert world.oak.canary in difference.reason


def test_it_is_paged_and_asks_twice_for_any_number(world, queries):
    with world.sessions.trust(read_only=True) as session:
        session.connection()
        with queries(world.sessions.engine) as counted:
            first = drift(session, by=an_officer(), most=2)
        assert (len(first), counted.n) == (3, 2)
        after = f"{first[1].name}|{first[1].school_id}"
        assert [one.slug for one in drift(session, by=an_officer(), after=after, most=2)] == [
            first[2].slug
        ]


def test_no_school_sees_how_others_differ(world):
    with world.sessions.school(world.oak.id) as oak:
        head = a_head(oak)
    with world.sessions.trust(read_only=True) as session, pytest.raises(NotAllowed):
        drift(session, by=head, most=50)


def test_the_page_shows_it_to_the_trust(client, world):
    client.sign_in(world.trust_users[Role.TRUST_READER])
    page = client.get(AT).text
    assert "How schools differ" in page
    assert f"For {world.oak.canary}" in page
    assert "Up to date" in page
    assert world.oak.name in client.get(f"{AT}?only=own").text
    assert "No school here" in client.get(f"{AT}?only=behind").text


def test_the_list_is_taken_out_as_a_file_and_the_history_says_so(client, world):
    with world.sessions.school(world.oak.id) as session, transaction(session):
        session.execute(text("delete from policy_local_change"))
        session.add(
            LocalChange(
                edition_id=the_edition(session).id,
                clause="online.local.1",
                kind="added",
                reason='=HYPERLINK("https://x.example")',
            )
        )
    client.sign_in(world.trust_users[Role.TRUST_OFFICER])
    answer = client.send(f"{AT}export", page=AT, only="own", edition="", phase="")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer.headers["Content-Disposition"]
    lines = list(csv.DictReader(io.StringIO(answer.get_data().decode("utf-8-sig"))))
    assert [line["School"] for line in lines] == ["Ash Grove", "Elm Park", "Oak Lane"]
    assert lines[2]["Reason"] == '\'=HYPERLINK("https://x.example")'
    assert lines[2]["How it differs"] == "Added"
    with world.sessions.trust() as session:
        events = session.scalars(text("select event from audit_event_trust order by id")).all()
    assert events[-1] == "drift.exported"


def test_a_reader_sees_the_list_and_takes_nothing_out(client, world):
    client.sign_in(world.trust_users[Role.TRUST_READER])
    assert "Download" not in client.get(AT).text
    answer = client.post(f"{AT}export", data={"csrf_token": client.csrf("/admin/")})
    assert answer.status_code == 403


def test_the_page_for_paper_is_whole_and_open(client, world, monkeypatch):
    monkeypatch.setattr("trustconduct.admin.drift.A_PAGE", 1)
    client.sign_in(world.trust_users[Role.TRUST_READER])
    page = client.get(f"{AT}print?only=own").text
    for school in world.schools.values():
        assert school.name in page
        assert f"For {school.canary}" in page
    assert "<details" not in page.partition("<main")[2]


@pytest.mark.parametrize("asked_", ["only=x", "edition=%00", "phase=x&after=y", "edition=²"])
def test_an_odd_address_is_answered_in_words(client, world, asked_):
    client.sign_in(world.trust_users[Role.TRUST_READER])
    assert client.get(f"{AT}?{asked_}").status_code == 200
