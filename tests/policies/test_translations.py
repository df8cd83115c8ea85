"""The policy in other languages: what is shown, and what is not."""

from __future__ import annotations

import pytest

from tests.build import a_translation, an_edition, an_officer
from trustconduct.contact_matrix.matrix import Matrix, Purpose, Route
from trustconduct.languages.spoken import language
from trustconduct.policies.document import Clause, Document, Form, Section
from trustconduct.policies.facts import UnknownFact  # noqa: F401 - what a document refuses
from trustconduct.policies.translation_models import ClauseTranslation
from trustconduct.policies.translations import (
    Standing,
    TranslatedMeanwhile,
    TranslationRefused,
    fitted,
    in_language,
    lines,
    matrix_in,
    newest,
    translate,
)

URDU = language("ur")


def row(text, english, exceptions=(), own=(), clause="behaviour.1"):
    return ClauseTranslation(
        clause=clause,
        english={"text": english, "exceptions": list(exceptions)},
        text=text,
        exceptions=list(own),
        by_machine=False,
        number=1,
    )


def test_a_translation_is_shown_for_the_english_that_was_translated_alone():
    assert fitted(row("نہ چیخیں", "Do not shout"), "Do not shout").text == "نہ چیخیں"
    assert fitted(row("نہ چیخیں", "Do not shout"), "Do not shout at us") is None
    assert fitted(row("نہ چیخیں", "Do not shout"), "Do not shout", ("In sports",)) is None
    assert fitted(None, "Do not shout") is None


def test_a_schools_facts_stand_in_the_translation_as_in_its_own_text():
    found = row("{school.name} آئیں", "Come to {school.name}, not past {school.name}")
    assert fitted(found, "Come to Oak, not past Oak").text == "Oak آئیں"
    assert fitted(found, "Come to Oak, not past Elm") is None


def test_what_is_not_translated_stands_in_english_and_says_so():
    document = Document(
        "Code",
        (
            Section(
                "behaviour",
                "Behaviour",
                (
                    Clause("behaviour.1", "Do not shout", Form.ITEM, ("In <b>sports</b>",)),
                    Clause("behaviour.2", "Do not hit", Form.ITEM),
                ),
            ),
        ),
    )
    found = {"behaviour.1": row("نہ چیخیں", "Do not shout", ["In <b>sports</b>"], ["<i>کھیل</i>"])}
    words = in_language(document, found, URDU)
    assert (words.translated, words.missing) == (1, 2)
    assert "<p>نہ چیخیں</p>" in words.html
    assert '<p lang="en-GB" dir="ltr">Do not hit</p>' in words.html
    assert 'id="behaviour" lang="en-GB" dir="ltr">Behaviour<' in words.html
    assert "<strong>استثنا:</strong>" in words.html
    assert "<i>" not in words.html


def test_ways_and_wishes_are_translated_too():
    matrix = Matrix((Purpose("ask", "Ask a question"),), (Route("call", "Telephone"),))
    found = {"wish.ask": row("سوال پوچھیں", "Ask a question", clause="wish.ask")}
    shown = matrix_in(matrix, found, URDU)
    assert shown.purposes[0].text == "سوال پوچھیں"
    assert shown.routes[0].text == "Telephone"
    assert shown.corner == "میں چاہتا/چاہتی ہوں…"


def test_a_translation_says_how_it_stands(trust):
    edition = an_edition(trust)
    a_translation(trust, "behaviour.1", "ایک")
    a_translation(trust, "behaviour.2", "دو", by_machine=True)
    found = newest(trust, "ur")
    found["behaviour.3"] = row("تین", "Older words", clause="behaviour.3")
    found["ladder.99"] = row("ختم", "Once a clause", clause="ladder.99")
    standing = {line.part.id: line.standing for line in lines(edition.document, found)}
    assert standing["behaviour.1"] is Standing.HUMAN
    assert standing["behaviour.2"] is Standing.MACHINE
    assert standing["behaviour.3"] is Standing.STALE
    assert standing["behaviour.4"] is Standing.MISSING
    assert standing["ladder.99"] is Standing.GONE
    assert newest(trust, "pl") == {}


def test_the_newest_translation_counts_and_none_is_overwritten(trust):
    edition = an_edition(trust)
    a_translation(trust, "behaviour.1", "ایک")
    a_translation(trust, "behaviour.1", "بہتر")
    assert newest(trust, "ur")["behaviour.1"].text == "بہتر"
    assert newest(trust, "ur")["behaviour.1"].number == 2
    with pytest.raises(TranslatedMeanwhile):
        translate(
            trust, edition.document, URDU, "behaviour.1", by=an_officer(), text="پرانا",
            exceptions=[], by_machine=False, seen=1,
        )  # fmt: skip


@pytest.mark.parametrize("text", [" ", "x" * 5_001, "{school.head} آئیں", "{7*7}"])
def test_a_translation_that_will_not_do_is_refused(trust, text):
    edition = an_edition(trust)
    with pytest.raises(TranslationRefused):
        translate(
            trust, edition.document, URDU, "behaviour.1", by=an_officer(), text=text,
            exceptions=[], by_machine=False, seen=0,
        )  # fmt: skip
