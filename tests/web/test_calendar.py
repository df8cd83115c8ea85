"""Term dates on their pages: the Trust's in the console, a school's own on its site."""

from __future__ import annotations

from io import BytesIO

import pytest

from trustconduct.audit.actor import Role

OURS, TRUSTS = "/oak-lane/staff/calendar/", "/admin/terms/"
DATES = {
    "autumn_term": "1 September 2027",
    "autumn_term_last": "17/12/2027",
    "autumn_half_term": "25 Oct 2027",
    "autumn_half_term_last": "29 October 2027",
    "summer_term": "24 April 2028",
    "summer_term_last": "21 July 2028",
    "inset": "1 September 2027\r\n3 September 2027\r\n",
}


@pytest.fixture
def officer(app, world):
    client = app.test_client()
    client.sign_in(world.trust_users[Role.TRUST_OFFICER])
    return client


@pytest.fixture
def office(app, world):
    client = app.test_client()
    client.sign_in(world.oak.users[Role.OFFICE])
    return client


def save(client, list_page, begins=2027, **fields):
    page = f"{list_page}year?begins={begins}"
    seen = client.get(page).text.partition('name="seen" value="')[2].partition('"')[0]
    return client.send(page, page=page, **{"seen": seen, **DATES, **fields})


def test_the_officers_dates_make_the_review_a_fact(officer):
    assert "provisionally" in officer.get("/admin/").text
    answer = save(officer, TRUSTS)
    assert answer.status_code == 303
    page = officer.get(answer.location).text
    assert "The term dates of 2027/28 are saved." in page
    assert "24 April 2028 to 21 July 2028" in page
    front = officer.get("/admin/").text
    assert "Summer Term 2028" in front
    assert "provisionally" not in front


def test_a_school_begins_with_the_trusts_dates_and_may_go_back_to_them(officer, office):
    save(officer, TRUSTS)
    page = office.get(f"{OURS}year?begins=2027").text
    assert 'value="24 April 2028"' in page
    assert "These are the Trust’s dates so far." in page
    assert save(office, OURS, summer_term="17 April 2028").status_code == 303
    listed = office.get(OURS).text
    assert "17 April 2028 to 21 July 2028" in listed
    assert "Your school’s own" in listed
    assert save(office, OURS, follow="yes").status_code == 303
    assert "24 April 2028 to 21 July 2028" in office.get(OURS).text


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"autumn_term": "1 Septober 2027"}, "Type a day, like 3 September 2027"),
        ({"autumn_term": "31 June 2027"}, "Type a day, like 3 September 2027"),
        ({"autumn_term_last": ""}, "Type both days"),
        ({"autumn_term_last": "1 August 2027"}, "The last day lies before the first"),
        ({"summer_term": "1 December 2027"}, "begins before the autumn term has ended"),
        ({"inset": "soon"}, "“soon” is no day"),
        ({"inset": "x" * 2_000}, "Longer than maximum length"),
        (dict.fromkeys(DATES, ""), "Type the days of at least one term"),
        ({"school_id": "1"}, "Unknown field"),
    ],
)
def test_what_can_not_be_is_said_and_what_was_typed_is_kept(office, change, says):
    before = office.get(OURS).text.count("Your school’s own")
    answer = save(office, OURS, **change)
    assert answer.status_code == 422
    assert says in answer.text
    if any(change.values()):
        assert 'value="25 Oct 2027"' in answer.text
    assert office.get(OURS).text.count("Your school’s own") == before


def test_the_second_of_two_who_save_sees_it_and_loses_nothing(office):
    page = f"{OURS}year?begins=2027"
    assert save(office, OURS).status_code == 303
    late = {**DATES, "autumn_term": "2 September 2027", "inset": ""}
    answer = office.send(page, page=page, seen="e3b0c44298fc1c14", **late)
    assert answer.status_code == 409
    assert "Somebody else saved this year while you typed" in answer.text
    assert 'value="2 September 2027"' in answer.text
    seen = answer.text.partition('name="seen" value="')[2].partition('"')[0]
    assert office.send(page, page=page, seen=seen, **late).status_code == 303


@pytest.mark.parametrize("begins", ["", "x", "1066", "99999999999", "²"])
def test_a_year_that_is_none_is_this_one(office, begins):
    answer = office.get(f"{OURS}year", query_string={"begins": begins})
    assert answer.status_code == 200


@pytest.mark.parametrize(("role", "status"), [(Role.HEADTEACHER, 200), (Role.TEACHER, 403)])
def test_who_may_see_the_page(app, world, role, status):
    client = app.test_client()
    client.sign_in(world.oak.users[role])
    assert client.get(OURS).status_code == status


def test_the_list_costs_the_same_however_many_years_are_known(office, officer, world, queries, app):
    engine = app.extensions["trustconduct"].sessions.engine
    counted = []
    for begins in (2026, 2027, 2028):
        if begins > 2026:
            moved = {k: v.replace("2028", "2029").replace("2027", "2028") for k, v in DATES.items()}
            save(office, OURS, begins, **(DATES if begins == 2027 else moved))
        with queries(engine) as found:
            assert office.get(OURS).status_code == 200
        # Who is there and which schools there are is asked anew when it is old.
        counted.append([one for one in found.statements if "calendar_span" in one])
    assert [len(statements) for statements in counted] == [3, 3, 3]


def bring(client, list_page, raw, name="dates.csv"):
    return client.post(
        f"{list_page}file?begins=2027",
        data={"csrf_token": client.csrf(f"{list_page}year"), "file": (BytesIO(raw), name)},
        content_type="multipart/form-data",
    )


@pytest.mark.parametrize("list_page", [OURS, TRUSTS])
def test_a_file_fills_the_form_and_saves_nothing(office, officer, list_page):
    client = office if list_page == OURS else officer
    page = bring(client, list_page, b"Autumn term,1/9/2027,17/12/2027\nFair,2/10/2027,\n")
    assert page.status_code == 200
    assert 'value="17 December 2027"' in page.text
    assert "Nothing is saved yet" in page.text
    assert "Fair" in page.text
    assert "17 December 2027" not in client.get(list_page).text


@pytest.mark.parametrize("raw", [b"", b"PK\x03\x04", b"Autumn term,soon"])
def test_a_file_that_says_nothing_is_refused(office, raw):
    answer = bring(office, OURS, raw)
    assert answer.status_code == 422
    assert 'href="#file"' in answer.text
