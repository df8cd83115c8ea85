"""Parents' pages in their language, and the answer that keeps it."""

from __future__ import annotations

import time

import pytest
from sqlalchemy import select

from tests import build
from tests.web.test_sign import link, page_of, send  # noqa: F401 - the link is a fixture
from trustconduct.acknowledgements.models import Acknowledgement
from trustconduct.db import transaction
from trustconduct.people.models import Adult

PAGES = ("", "policy", "contact", "emails", "accessibility", "privacy")


@pytest.mark.parametrize("page", PAGES)
def test_a_page_in_urdu_says_so_and_reads_from_right_to_left(client, world, page):
    shown = client.get(f"/oak-lane/{page}?lang=ur").text
    assert '<html lang="ur" dir="rtl"' in shown
    assert "انگریزی متن ہی معتبر ہے۔" in shown
    assert "اس ترجمے کی ابھی جانچ نہیں ہوئی۔" in shown
    assert 'href="?lang=en"' in shown
    assert 'href="/oak-lane/contact?lang=ur"' in shown


def test_a_page_in_english_is_as_it_was(client, world):
    for address in ("/oak-lane/policy", "/oak-lane/policy?lang=xx", "/oak-lane/policy?lang=en"):
        shown = client.get(address).text
        assert '<html lang="en-GB" dir="ltr"' in shown
        assert "is not checked yet" not in shown
        assert 'href="/oak-lane/contact"' in shown


def test_what_somebody_has_checked_is_not_called_unchecked(client, world):
    assert "Nid yw'r cyfieithiad hwn" not in client.get("/oak-lane/policy?lang=cy").text
    assert "To tłumaczenie nie zostało" in client.get("/oak-lane/policy?lang=pl").text


def test_a_translated_clause_shows_at_once_and_the_others_in_english(client, world):
    before = client.get("/oak-lane/policy?lang=ur").text
    assert "نیا ترجمہ" not in before
    with world.sessions.trust() as session, transaction(session):
        build.a_translation(session, "behaviour.2", "نیا ترجمہ")
    time.sleep(1.05)  # a page is looked at again once a second
    after = client.get("/oak-lane/policy?lang=ur").text
    assert "<p>نیا ترجمہ</p>" in after
    assert '<p lang="en-GB" dir="ltr">' in after
    assert "نیا ترجمہ" not in client.get("/oak-lane/policy?lang=pl").text


def test_the_answer_keeps_the_language_and_the_adult_is_spoken_to_in_it(client, world, link):  # noqa: F811
    client.get(link)
    page = page_of(link)
    urdu = f"{page}?lang=ur"
    shown = client.get(urdu).text
    assert "میں نے ضابطۂ اخلاق پڑھ لیا ہے" in shown
    sha256 = shown.partition('name="shown" value="')[2][:64]
    wrong = client.send(urdu, page=urdu, shown=sha256, typed_name="", answer="signed", note="")
    assert wrong.status_code == 422
    assert "اپنا نام لکھیں تاکہ ہمیں معلوم ہو کہ کس نے جواب دیا۔" in wrong.text
    given = client.send(
        urdu, page=urdu, shown=sha256, typed_name="Lee Sample", answer="signed", read_it="yes",
        note="", language="ur",
    )  # fmt: skip
    assert given.status_code == 303
    assert given.location.endswith("?lang=ur")
    thanks = client.get(given.location).text
    assert "شکریہ" in thanks
    assert "اردو" in thanks
    with world.sessions.school(world.oak.id) as session:
        kept = session.scalars(
            select(Acknowledgement)
            .where(Acknowledgement.sha256 == sha256)
            .order_by(Acknowledgement.answered_at.desc())
        ).first()
        assert kept.language == "ur"
        adult = session.scalars(select(Adult).where(Adult.name.startswith("Lee "))).one()
        assert adult.language == "ur"
    again = client.get(link)
    assert again.location == urdu
    assert '<html lang="ur" dir="rtl"' in client.get(page).text
    assert '<html lang="en-GB" dir="ltr"' in client.get(f"{page}?lang=en").text


def test_an_error_of_a_parents_page_speaks_their_language(client, world):
    shown = client.get("/oak-lane/policy/99?lang=pl")
    assert shown.status_code == 404
    assert "Nie znaleźliśmy tej strony" in shown.text
    closed = client.get("/oak-lane/sign/0190c2f0-0000-7000-8000-000000000000?lang=ur")
    assert closed.status_code == 410
    assert "یہ لنک اب کام نہیں کرتا" in closed.text


def test_the_staffs_pages_stay_english(client, world):
    assert '<html lang="en-GB"' in client.get("/account/sign-in?lang=ur").text
