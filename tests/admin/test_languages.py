"""The console's pages for other languages."""

from __future__ import annotations

from tests import build
from trustconduct.db import transaction
from trustconduct.policies.translation_models import ClauseTranslation

HOME = "/admin/languages/"
ONE, CLAUSE = f"{HOME}ur", f"{HOME}ur/parts/behaviour.2"


def test_an_officer_translates_a_clause_and_sees_how_it_stands(officer, world):
    assert "Missing" in officer.get(ONE).text
    saved = officer.send(CLAUSE, page=CLAUSE, text="اردو میں", how="machine", seen="0")
    assert saved.status_code == 303
    shown = officer.get(ONE).text
    assert "By machine" in shown
    assert '<span lang="ur" dir="rtl">اردو میں</span>' in shown


def test_two_who_translate_the_same_see_both_texts(officer, world):
    officer.send(CLAUSE, page=CLAUSE, text="پہلا", how="person", seen="0")
    late = officer.send(CLAUSE, page=CLAUSE, text="دوسرا", how="person", seen="0")
    assert late.status_code == 409
    assert "پہلا" in late.text
    assert "دوسرا" in late.text
    assert 'name="seen" value="1"' in late.text


def test_what_will_not_do_is_said_at_its_field_and_kept(officer, world):
    wrong = officer.send(CLAUSE, page=CLAUSE, text="{school.head}", how="", seen="0")
    assert wrong.status_code == 422
    assert "{school.head}" in wrong.text
    assert "Say whether a person or a machine translated it." in wrong.text


def test_a_translation_of_a_clause_that_is_gone_is_explained(officer, world):
    with world.sessions.trust() as session, transaction(session):
        session.add(
            ClauseTranslation(
                language="ur", clause="ladder.99", number=1, text="ختم", exceptions=[],
                english={"text": "Once a clause", "exceptions": []}, by_machine=False,
                translated_by=build.an_officer().name,
            )
        )  # fmt: skip
    gone = f"{ONE}/parts/ladder.99"
    assert "Clause gone" in officer.get(ONE).text
    assert "so there is nothing to translate" in officer.get(gone).text
    sent = officer.send(gone, page=ONE, text="نئے الفاظ", how="person", seen="1")
    assert sent.status_code == 409
    assert "so there is nothing to translate" in sent.text
    assert "نئے الفاظ" in sent.text
    assert officer.get(f"{ONE}/parts/ladder.98").status_code == 404


def test_a_language_is_unreviewed_until_a_named_person_says_otherwise(officer, world):
    assert "Unreviewed" in officer.get(ONE).text
    blank = officer.send(f"{ONE}/reviewed", page=ONE, reviewer="", role="Interpreter")
    assert blank.status_code == 422
    named = officer.send(f"{ONE}/reviewed", page=ONE, reviewer="Jo Sample", role="Interpreter")
    assert named.status_code == 303
    assert "Jo Sample (Interpreter) has checked them." in officer.get(ONE).text
    assert "Jo Sample" in officer.get(HOME).text


def test_only_languages_that_we_speak_have_a_page(officer, reader, world):
    for code in ("en", "xx"):
        assert officer.get(f"{HOME}{code}").status_code == 404
    assert reader.get(ONE).status_code == 200
    assert reader.get(CLAUSE).status_code == 403
