"""The officer edits a draft's header, its sections and the facts that it declares."""

import re

import pytest
from sqlalchemy import select

from tests import build
from trustconduct.db import transaction
from trustconduct.policies.edits import mark
from trustconduct.policies.models import Edition

EDIT = "/admin/editions/2/edit"
HEADER, ADD, FACTS = f"{EDIT}/header", f"{EDIT}/sections/add", f"{EDIT}/facts"
TOP = {"title": "Our code", "review_text": "Summer Term 2030", "board_on": "10/07/2029"}


@pytest.fixture(autouse=True)
def draft(world):
    with world.sessions.trust() as session, transaction(session):
        return build.a_draft(session).number


def edition(world):
    with world.sessions.trust(read_only=True) as session:
        found = session.scalars(select(Edition).where(Edition.number == 2)).one()
        session.expunge_all()
        return found


def document(world):
    return edition(world).document


def seen_on(client, page):
    return re.search(r'name="seen" value="([^"]*)"', client.get(page).text)[1]


# -- the header


def test_the_title_and_the_dates_are_changed(officer, world):
    answer = officer.send(HEADER, page=HEADER, **TOP, seen=seen_on(officer, HEADER))
    assert answer.status_code == 303
    now = edition(world)
    assert (now.body["title"], now.review_text) == ("Our code", "Summer Term 2030")
    assert "changed the title, dates or author" in officer.get(f"{EDIT}/changes").text


def test_a_review_before_the_board_and_a_term_with_a_slip_are_said_at_the_field(officer):
    seen = seen_on(officer, HEADER)
    early = officer.send(HEADER, page=HEADER, **{**TOP, "review_text": "June 2029"}, seen=seen)
    assert early.status_code == 422
    assert "would be over before the Board sees the text" in early.text
    slip = officer.send(HEADER, page=HEADER, **{**TOP, "review_text": "Sumer Term 2030"}, seen=seen)
    assert slip.status_code == 422
    assert 'href="#review_text"' in slip.text
    assert "Sumer Term 2030" in slip.text


def test_the_second_of_two_sees_the_firsts_header(officer, world):
    seen = seen_on(officer, HEADER)
    officer.send(HEADER, page=HEADER, **TOP, seen=seen)
    late = officer.send(HEADER, page=HEADER, **{**TOP, "title": "Another"}, seen=seen)
    assert late.status_code == 409
    assert "Title: Our code" in late.text
    assert 'value="Another"' in late.text
    now = re.search(r'name="seen" value="([^"]+)"', late.text)[1]
    again = officer.send(HEADER, page=HEADER, **{**TOP, "title": "Another"}, seen=now)
    assert again.status_code == 303
    assert document(world).title == "Another"


def test_the_union_was_asked_or_it_does_not_apply(officer):
    both = {**TOP, "union_on": "1 May 2029", "union_not_applicable": "yes"}
    answer = officer.send(HEADER, page=HEADER, **both, seen=seen_on(officer, HEADER))
    assert answer.status_code == 422
    assert "the union was asked, or it does not apply" in answer.text


# -- sections


def test_a_section_is_added_renamed_moved_and_retired(officer, world):
    added = officer.send(ADD, page=ADD, heading="Car park", standing="adaptable", after="ladder")
    assert added.headers["Location"].endswith("#car-park")
    ids = [section.id for section in document(world).sections]
    assert ids.index("car-park") == ids.index("ladder") + 1
    page = f"{EDIT}/section/car-park"
    saved = officer.send(
        page, page=page, heading="Parking", standing="local", seen=seen_on(officer, page)
    )
    assert saved.status_code == 303
    assert document(world).section("car-park").heading == "Parking"
    officer.send(f"{page}/move", page=page, to="up")
    ids = [section.id for section in document(world).sections]
    assert ids.index("car-park") == ids.index("ladder") - 1
    officer.send(f"{page}/retire", page=page)
    assert document(world).section("car-park") is None


def test_a_section_with_clauses_stays_until_they_are_elsewhere(officer, world):
    page = f"{EDIT}/section/importance"
    assert "clauses first: none may be lost" in officer.get(page).text
    officer.send(f"{page}/retire", page=page)
    assert document(world).section("importance") is not None
    assert "Move or retire its clauses first" in officer.get(EDIT).text


def test_what_was_added_can_be_taken_out_again_in_the_changes(officer, world):
    officer.send(ADD, page=ADD, heading="Car park", standing="adaptable")
    changes = officer.get(f"{EDIT}/changes").text
    assert "Take it out again" in changes
    back = re.search(rf'action="({EDIT}/changes/[^"]+)"', changes)[1]
    officer.send(back, page=f"{EDIT}/changes")
    assert document(world).section("car-park") is None


# -- facts


def declare(officer, **more):
    page = f"{FACTS}/add"
    given = {
        "name": "school.bus_line",
        "label": "Bus line",
        "help": "The telephone number of the school bus.",
        "kind": "telephone",
    }
    return officer.send(page, page=page, **{**given, **more})


def test_a_declared_fact_can_stand_in_a_clause(officer, world):
    assert declare(officer).status_code == 303
    clause = f"{EDIT}/clause/behaviour.4"
    seen = mark(document(world).clause("behaviour.4"))
    assert "{school.bus_line}" in officer.get(clause).text
    words = {"text": "Ring {school.bus_line}.", "standing": "", "seen": seen}
    assert officer.send(clause, page=clause, **words).status_code == 303
    assert document(world).facts_named() >= {"school.bus_line"}
    retired = f"{EDIT}/fact/school.bus_line/retire"
    officer.send(retired, page=f"{EDIT}/fact/school.bus_line")
    assert "Take it out of behaviour.4 first" in officer.get(FACTS).text
    assert document(world).known["school.bus_line"].label == "Bus line"


def test_a_fact_is_changed_and_retired_and_its_name_stays(officer, world):
    declare(officer)
    page = f"{EDIT}/fact/school.bus_line"
    changed = {"label": "Bus", "help": "Its number.", "kind": "text"}
    answer = officer.send(page, page=page, **changed, seen=seen_on(officer, page))
    assert answer.status_code == 303
    assert document(world).known["school.bus_line"].label == "Bus"
    officer.send(f"{page}/retire", page=page)
    assert document(world).facts == ()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"name": "bus line"}, "Begin the name with “school.”"),
        ({"name": "school.email"}, "is a fact already"),
        ({"label": "Telephone"}, "Another fact is called so"),
        ({"kind": "number"}, "Choose what kind of fact it is"),
        ({"help": ""}, "Say what a school should type here"),
    ],
)
def test_a_fact_that_can_not_be_says_why_and_keeps_what_was_typed(officer, world, wrong, said):
    answer = declare(officer, **wrong)
    assert answer.status_code == 422
    assert said in answer.text
    assert "school bus" in answer.text or wrong.get("help") == ""
    assert document(world).facts == ()


# -- saved by itself


def save(officer, world, text, seen=None):
    page = f"{EDIT}/clause/behaviour.4"
    seen = seen or mark(document(world).clause("behaviour.4"))
    return officer.send(page, page=page, text=text, standing="", seen=seen, do="autosave")


def test_typing_is_saved_by_itself_and_is_one_change(officer, world):
    first = save(officer, world, "Shouting at st")
    assert re.fullmatch(r"Saved at \d\d:\d\d\.", first.json["said"])
    save(officer, world, "Shouting at staff.", first.json["seen"])
    assert document(world).clause("behaviour.4").text == "Shouting at staff."
    assert officer.get(f"{EDIT}/changes").text.count("reworded behaviour.4,") == 1


def test_typing_never_replaces_what_somebody_else_saved(officer, world):
    seen = mark(document(world).clause("behaviour.4"))
    save(officer, world, "The first one’s words.", seen)
    late = save(officer, world, "The second one’s words.", seen)
    assert late.status_code == 409
    assert "somebody else changed this clause" in late.json["said"]
    assert document(world).clause("behaviour.4").text == "The first one’s words."
    half = save(officer, world, "Ring {school.fa")
    assert half.status_code == 422
    assert "is not a fact that we know" in half.json["said"]
