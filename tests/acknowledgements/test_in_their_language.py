"""An adult is written to in the language that the office noted or in which they answered."""

from __future__ import annotations

from sqlalchemy import select

from tests.build import a_campaign, a_version, an_adult, an_answer, asked_again
from tests.outbox.sending import ENVELOPE
from trustconduct.acknowledgements.models import SignRequest
from trustconduct.acknowledgements.words import ALONE, FREE, SAME, Words, letters
from trustconduct.languages.spoken import OTHERS, language
from trustconduct.outbox.models import SchoolMessage, SchoolMessageContent
from trustconduct.tenants.models import School


def written(session, kind: str) -> dict[str, SchoolMessageContent]:
    rows = session.execute(
        select(SchoolMessageContent)
        .join(SchoolMessage, SchoolMessage.id == SchoolMessageContent.id)
        .where(SchoolMessage.kind == kind)
    )
    return {row.to_name: row for (row,) in rows}


def two(session):
    version = a_version(session)
    sana = an_adult(session, "Sana Sample", email="sana@parents.example")
    sana.language = "ur"
    an_adult(session, "Lee Sample", email="lee@parents.example")
    session.flush()
    return version, sana


def test_the_email_that_asks_is_in_their_language(oak):
    version, _ = two(oak)
    a_campaign(oak, version)
    found = written(oak, "sign_request")
    urdu, english = found["Sana Sample"], found["Lee Sample"]
    assert "محترم Sana Sample،" in urdu.body
    assert "براہِ کرم ہمارا ضابطۂ اخلاق پڑھیں" in urdu.subject
    assert "{last_day}" not in urdu.body
    assert any(month in urdu.body for month in language("ur").months)
    assert "Dear Lee Sample," in english.body
    assert (urdu.language, english.language) == ("ur", "en")
    mail = ENVELOPE.mail("1@x.example", urdu, slug="oak-lane")
    assert "ہم ای میل پر کبھی پاس ورڈ یا پیسے نہیں مانگتے۔" in mail.get_content()
    mail = ENVELOPE.mail("1@x.example", english, slug="oak-lane")
    assert "We never ask for a password or for money by email." in mail.get_content()


def test_a_schools_own_words_stay_and_what_we_always_add_is_translated(oak):
    school = oak.scalars(select(School)).one()
    own = Words(body="Hello {name}, come and read: {link}")
    made = letters(own, school, telephone="", reply_to="office@oak.example", again=True)
    assert set(made.others) == {one.code for one in OTHERS}
    for one in OTHERS:
        body = made.others[one.code].body
        assert "Hello {name}, come and read: {link}" in body
        for always in (ALONE, FREE, SAME):
            assert one.say(always.message) in body
            assert always not in body
    assert made.others["pl"].subject.startswith("Przypomnienie: ")
    assert made.subject.startswith("A reminder: ")


def test_the_receipt_is_in_the_language_of_the_page_where_they_answered(oak):
    version, sana = two(oak)
    a_campaign(oak, version)
    request = oak.scalars(select(SignRequest.id).where(SignRequest.adult_id == sana.id)).one()
    an_answer(oak, asked_again(oak, request), language=language("cy"))
    receipt = written(oak, "sign_receipt")["Sana Sample"]
    assert "Annwyl Sana Sample," in receipt.body
    assert "eich ateb am ein cod ymddygiad" in receipt.subject
    assert receipt.language == "cy"
    page = receipt.attachment["page"]
    assert "<html lang=cy dir=ltr>" in page
    assert "Rwyf wedi darllen" in page or "wedi darllen" in page
