"""The officer edits a draft in the console, clause by clause."""

import re

import pytest
from sqlalchemy import select

from tests import build
from trustconduct.db import transaction
from trustconduct.policies.edits import mark
from trustconduct.policies.models import Edition

EDIT = "/admin/editions/2/edit"
CLAUSE = f"{EDIT}/clause/behaviour.4"


@pytest.fixture(autouse=True)
def draft(world):
    with world.sessions.trust() as session, transaction(session):
        return build.a_draft(session).number


def document(world):
    with world.sessions.trust(read_only=True) as session:
        return session.scalars(select(Edition).where(Edition.number == 2)).one().document


def save(officer, world, text, seen=None, **more):
    seen = seen or mark(document(world).clause("behaviour.4"))
    return officer.send(CLAUSE, page=CLAUSE, text=text, standing="", seen=seen, **more)


def test_a_clause_is_saved_and_stands_on_the_page(officer, world):
    answer = save(officer, world, "Shouting *at* staff.")
    assert answer.status_code == 303
    assert "Shouting *at* staff." in officer.get(EDIT).text


def test_a_preview_shows_the_words_and_saves_nothing(officer, world):
    before = document(world)
    page = save(officer, world, "Shouting *at* <b>staff</b>.", do="preview").text
    assert "Shouting <em>at</em> &lt;b&gt;staff&lt;/b&gt;." in page
    assert document(world) == before


def test_an_unknown_fact_is_said_at_the_field_and_the_words_are_kept(officer, world):
    answer = save(officer, world, "Ring {school.fax}.")
    assert answer.status_code == 422
    assert "“{school.fax}” is not a fact that we know" in answer.text
    assert 'href="#text"' in answer.text
    assert "Ring {school.fax}." in answer.text


def test_the_second_of_two_sees_both_texts_and_chooses(officer, world):
    seen = mark(document(world).clause("behaviour.4"))
    save(officer, world, "The first one’s words.", seen)
    page = save(officer, world, "The second one’s words.", seen)
    assert page.status_code == 409
    assert "The first one’s words." in page.text
    assert "The second one’s words." in page.text
    now = re.search(r'name="seen" value="([^"]+)"', page.text)[1]
    assert save(officer, world, "The second one’s words.", now).status_code == 303
    assert document(world).clause("behaviour.4").text == "The second one’s words."


def test_a_clause_is_added_moved_retired_and_put_back(officer, world):
    page = f"{EDIT}/add/behaviour"
    assert officer.send(page, page=page, text="Racing.", form="item", after="").status_code == 303
    id = document(world).section("behaviour").clause_ids[-1]
    clause = f"{EDIT}/clause/{id}"
    assert officer.send(f"{clause}/move", page=clause, to="online").status_code == 303
    assert document(world).homes[id] == "online"
    seen = mark(document(world).clause(id))
    assert officer.send(f"{clause}/retire", page=clause, seen=seen).status_code == 303
    assert document(world).clause(id) is None
    changes = officer.get(f"{EDIT}/changes").text
    back = re.search(rf'action="({EDIT}/changes/[^"]+)"', changes)[1]
    assert officer.send(back, page=f"{EDIT}/changes").status_code == 303
    assert document(world).homes[id] == "online"


def test_the_next_edition_begins_from_the_published_one(officer):
    answer = officer.send("/admin/editions/1/next", page="/admin/editions/1/")
    assert answer.location.endswith("/admin/editions/3/edit")


def test_a_clause_that_is_not_there_is_404(officer):
    assert officer.get(f"{EDIT}/clause/behaviour.99").status_code == 404
