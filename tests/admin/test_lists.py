"""Schools and people in the console: lists that show what is listed, and nothing else."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text

from tests import build
from trustconduct.accounts.models import User
from trustconduct.audit.actor import Role
from trustconduct.db import transaction

SCHOOLS, PEOPLE = "/admin/schools/", "/admin/people/"


def test_schools_are_found_by_name_and_turned_over_by_page(officer, world):
    with world.sessions.trust() as session, transaction(session):
        for n in range(60):
            build.a_school(session, f"school-{n:02}")
    first, second = officer.get(SCHOOLS).text, officer.get(f"{SCHOOLS}?page=1").text
    assert "63 in all" in first
    assert "School 55 School" not in first
    assert "School 55 School" in second
    found = officer.get(f"{SCHOOLS}?search=oak").text
    assert "Oak Lane" in found
    assert "Elm Park" not in found
    assert "Nothing here has “%zz” in it." in officer.get(f"{SCHOOLS}?search=%25zz").text


@pytest.mark.parametrize(
    "query",
    [
        *("page=-1", "page=99999999999999999999", "page=x", "page_size=100000"),
        *("sort=99&desc=1", "flt0_0=x", "id=1"),
        *("search=%00", "search=%", "search=" + "x" * 5_000),
    ],
)
def test_strange_arguments_break_nothing(officer, query):
    for page in (SCHOOLS, PEOPLE):
        assert officer.get(f"{page}?{query}").status_code == 200


@pytest.mark.parametrize("id", ["", "1", "x,y", "019b0000-0000-7000-8000-000000000000", "%00"])
def test_an_unknown_row_is_404(officer, id):
    for page in (SCHOOLS, PEOPLE):
        assert officer.get(f"{page}details/?id={id}").status_code == 404


def test_a_school_s_own_words_do_not_stand_in_its_details(officer, world):
    page = officer.get(f"{SCHOOLS}details/?id={world.oak.id}").text
    assert world.oak.name in page
    assert world.oak.canary not in page


def test_people_stand_with_their_roles_schools_and_authenticators(officer, world):
    user = world.oak.users[Role.HEADTEACHER]
    page = officer.get(f"{PEOPLE}?search={user.email}").text
    assert "Headteacher at Oak Lane" in page
    assert "Set up" in page
    details = officer.get(f"{PEOPLE}details/?id={user.id}").text
    assert user.email in details
    assert "May sign in" in details


def test_no_secret_of_a_person_reaches_a_page(officer, world):
    """Neither in the list, nor in the details, nor by searching for a part of it."""
    with world.sessions.accounts(read_only=True) as session:
        secrets = list(session.scalars(select(User.password_hash)))
        secrets += list(session.scalars(text("select secret from account_factor")))
        secrets += list(session.scalars(text("select token_sha256 from account_sign_in")))
    pages = [officer.get(PEOPLE).text]
    pages += [officer.get(f"{PEOPLE}details/?id={user.id}").text for user in world.users]
    assert not [secret for secret in secrets for page in pages if secret in page]
    assert "argon2" not in "".join(pages)
    assert "Nothing here has" in officer.get(f"{PEOPLE}?search=argon2").text
    names = "password_hash", "token_sha256", "last_step"
    for n in range(12):
        assert not [name for name in names if name in officer.get(f"{PEOPLE}?sort={n}").text]


def test_the_queries_of_the_people_do_not_grow(officer, world, app, queries):
    engine = app.extensions["trustconduct"].sessions.engine
    officer.get(PEOPLE)
    with queries(engine) as counted:
        officer.get(PEOPLE)
    few = counted.n
    with world.sessions.accounts() as session, transaction(session):
        for n in range(20):
            build.a_user(session, Role.TEACHER, world.oak.id, email=f"t{n}@oak.example")
    officer.get(PEOPLE)
    with queries(engine) as counted:
        officer.get(PEOPLE)
    assert counted.n <= few + 2  # the directory may have looked again


def test_names_are_shown_as_text(officer, world):
    with world.sessions.accounts() as session, transaction(session):
        build.a_user(session, Role.TEACHER, world.oak.id, email="x@oak.example", name="<img src=x>")
    with world.sessions.trust() as session, transaction(session):
        build.a_school(session, "fir-tree", "<script>alert(1)</script>")
    for page in (SCHOOLS, PEOPLE, "/admin/"):
        found = officer.get(page).text
        assert "<img src=x>" not in found
        assert "<script>alert" not in found
