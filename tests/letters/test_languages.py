"""A letter beside which another language stands: English counts, and is what the rest is of."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from tests import build
from tests.letters import rows
from trustconduct.languages.spoken import OTHERS, language
from trustconduct.letters.compose import Composed, draft_of
from trustconduct.letters.kinds import KINDS
from trustconduct.letters.models import Way
from trustconduct.letters.opening import behind_link
from trustconduct.letters.parts import PartRefused
from trustconduct.letters.printing import translation_html
from trustconduct.letters.serve import send_by_email
from trustconduct.letters.shipped import shipped
from trustconduct.letters.write import choose_way, fill_part
from trustconduct.outbox.models import SchoolMessageContent


def in_polish(oak, kind="invitation", **more):
    return rows.a_letter(oak, kind, adult=rows.an_addressee(oak, language="pl", **more))


def test_a_letter_stands_in_the_language_in_which_they_last_answered(oak):
    assert in_polish(oak).language == "pl"
    assert rows.a_letter(oak).language == "en"
    lee = rows.an_addressee(oak, "Lee", language="pl")
    assert rows.a_letter(oak, "reception_notice", adult=lee).language == "en"


@pytest.mark.parametrize("code", [one.code for one in OTHERS])
@pytest.mark.parametrize("kind", [one.id for one in KINDS.values() if not one.internal])
def test_every_fixed_text_and_every_word_that_ships_is_there(kind, code):
    said = language(code)
    for part in KINDS[kind].parts:
        assert not part.heading or said.say(part.heading) != part.heading, part.heading
    for words in shipped(kind)["words"].values():
        made = said.say(words)
        assert made != words, words
        for field in ("{school.telephone}", "{school.email}", "{trust.name}"):
            assert (field in made) == (field in words), (field, made)


def test_what_nobody_translated_stands_in_english_and_says_so(oak):
    letter = in_polish(oak)
    html = translation_html(draft_of(oak, letter).composed)
    facts = letter.parts["facts"]
    assert f'<p class="govuk-body" lang="en-GB" dir="ltr">{facts}</p>' in html
    assert '<h3 class="govuk-heading-s">Co się stało</h3>' in html
    assert "You can write to" not in html


def test_a_persons_translation_stands_only_for_the_words_that_it_was_made_of(oak):
    head, letter, kind = build.a_head(oak), in_polish(oak), KINDS["invitation"]
    fill_part(oak, letter, kind, "facts", {"words": "You shouted.", "other": "Krzyczeli Państwo."},
              by=head, seen=letter.version)  # fmt: skip
    assert ">Krzyczeli Państwo.</p>" in translation_html(draft_of(oak, letter).composed)
    letter.parts = {**letter.parts, "facts": "You whispered."}
    oak.flush()
    html = translation_html(draft_of(oak, letter).composed)
    assert "Krzyczeli" not in html
    assert ">You whispered.</p>" in html
    with pytest.raises(PartRefused, match="at most"):
        fill_part(oak, letter, kind, "facts", {"words": "x", "other": "x" * 7_000}, by=head,
                  seen=letter.version)  # fmt: skip


def test_a_childs_name_stands_in_no_language(oak):
    letter = in_polish(oak)
    oak.add(rows.Pupil(name="Robin Sample", name_key="robin sample"))
    letter.parts = {**letter.parts, **{
        "facts@pl": {"words": "Robin Sample płakał.", "of": letter.parts["facts"]}}}  # fmt: skip
    oak.flush()
    assert any("Use initials: R.S." in one.words for one in draft_of(oak, letter).against)


def test_the_words_of_another_language_are_frozen_and_hashed_with_the_english(oak):
    letter = in_polish(oak)
    frozen = rows.approved(oak, letter)
    assert (frozen.language, "Zaproszenie" in frozen.text) == ("pl", True)
    assert frozen.translation == translation_html(Composed.from_text(frozen.text))
    assert "An invitation to meet us" in frozen.text


def test_an_english_letter_that_was_frozen_before_is_still_read():
    old = (
        '{"advice":"","answer_days":null,"answer_unit":"","answers":null,"blocks":[],"email":"",'
        '"kind":"plain","number":1,"policy":"","school_address":"","school_name":"Oak",'
        '"signed_as":"","signed_by":"","subject":"x","telephone":"","to_address":"",'
        '"to_email":"","to_name":"Sam","trust_name":"","way":"","written_on":"2026-11-27"}'
    )
    assert translation_html(Composed.from_text(old)) == ""


def test_staff_choose_the_language_or_english_alone(oak):
    letter = in_polish(oak)
    choose_way(oak, letter, KINDS["invitation"], by=build.a_head(oak), way=Way.POST,
               signatory=rows.a_signatory(oak), seen=letter.version, language="en")  # fmt: skip
    composed = draft_of(oak, letter).composed
    assert composed.translation is None
    assert composed.offer_language == "pl"


def test_the_email_and_the_page_speak_the_letters_language(oak):
    adult = rows.an_addressee(oak, language="ur", email="sam@parents.example")
    letter = rows.a_letter(oak, adult=adult, way=Way.EMAIL)
    rows.approved(oak, letter)
    service = send_by_email(
        oak, letter, build.the_school(oak), by=build.a_head(oak), reply_to="office@oak.example"
    )
    body = oak.scalars(select(SchoolMessageContent.body)).one()
    assert "آپ کے لیے ایک خط ہے" in body
    assert "There is a letter for you from Oak Lane." in body
    assert body.rstrip().endswith("{link}")
    waiting = behind_link(oak, service.id)
    assert waiting.language == "ur"
    assert "ہماری ملاقات" in waiting.translation
