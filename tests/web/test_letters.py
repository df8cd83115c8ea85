"""Letters as staff write, approve and send them, and as the addressee opens one."""

from __future__ import annotations

import re
from io import BytesIO

import pytest
from pypdf import PdfReader
from sqlalchemy import select

from tests.build import SECRET_KEY
from tests.letters import rows
from trustconduct import clock
from trustconduct.audit.actor import Role
from trustconduct.db import transaction
from trustconduct.jobs.letter_runs import make_due
from trustconduct.letters.approve import withdraw_letter
from trustconduct.letters.compose import Composed
from trustconduct.letters.kinds import KINDS
from trustconduct.letters.models import FrozenLetter, Letter, LetterService, Way
from trustconduct.letters.opening import code_of
from trustconduct.letters.print_run import AT_ONCE
from trustconduct.letters.serve import send_by_email
from trustconduct.outbox.links import token
from trustconduct.people.models import Adult
from trustconduct.policies.document import sha256
from trustconduct.tenants.models import School, SchoolSettings

HERE = "/oak-lane/staff/letters/"


@pytest.fixture
def head(client, world):
    client.sign_in(world.oak.users[Role.HEADTEACHER])
    return client


def lee(world):
    return world.oak.adults[f"Lee {world.oak.canary}"]


def with_address(world):
    with world.sessions.school(world.oak.id) as session, transaction(session):
        adult = session.get_one(Adult, (world.oak.id, lee(world)))
        adult.address = "1 High Street, Anytown, AT1 1AA"


def seen_in(page: str) -> str:
    return re.search(r'name="seen" value="([0-9a-f]+)"', page)[1]


def field(client, at: str, **typed) -> object:
    return client.send(at, page=at, seen=seen_in(client.get(at).text), **typed)


def test_a_letter_is_written_approved_posted_and_cannot_change(head, world):
    with_address(world)
    to = f"{HERE}to/{lee(world)}"
    assert "Choose what kind" in head.send(to, page=to, kind="").text
    begun = head.send(to, page=to, kind="invitation")
    assert begun.status_code == 303
    at = begun.headers["Location"]
    page = head.get(at).text
    assert "What is missing before it can be approved" in page
    for words in ("Say on which day it happened.", "Say when and where you will meet."):
        assert re.search(rf'<a class="govuk-link" href="[^"]+">{re.escape(words)}</a>', page)
    assert "not whole yet" in head.get(f"{at}approve", follow_redirects=True).text

    typed = {"words": "<p class=MsoNormal>You shouted.<o:p></o:p></p>"}
    assert field(head, f"{at}parts/facts", **typed).status_code == 303
    refused = field(head, f"{at}parts/incident_on", day="1 May 2099")
    assert refused.status_code == 422
    assert "has not come yet" in refused.text
    assert 'value="1 May 2099"' in refused.text
    today = clock.day(clock.today())
    assert field(head, f"{at}parts/incident_on", day=today).status_code == 303
    assert field(head, f"{at}parts/clauses", clauses="behaviour.1").status_code == 303
    with world.sessions.school(world.oak.id) as session, transaction(session):
        meets = clock.day(rows.school_day(session))
    meeting = {"day": meets, "time": "3.30pm", "way": "in_person", "place": "Our office"}
    assert field(head, f"{at}parts/meeting", **meeting).status_code == 303
    assert field(head, f"{at}parts/answer", days="10", unit="school").status_code == 303
    assert "A school can’t change them" in head.get(f"{at}parts/complaint").text
    facts = f"{at}parts/facts"
    closed = head.send(
        f"{at}parts/complaint", page=facts, seen=seen_in(head.get(facts).text), words="Else"
    )
    assert closed.status_code == 422
    way = {"way": "post", "signatory": str(world.oak.signatory)}
    assert field(head, f"{at}way", **way).status_code == 303
    page = head.get(at).text
    assert "Nothing is missing" in page
    assert "You shouted." in head.get(f"{at}preview").text

    draft = head.get(f"{at}letter.pdf")
    words = PdfReader(BytesIO(draft.data)).pages[0].extract_text()
    assert "Draft: not approved" in words
    look = head.get(f"{at}approve").text
    approved = head.send(f"{at}approve", page=f"{at}approve", seen=seen_in(look))
    assert approved.status_code == 303
    assert "is approved. Nobody can change it now." in head.get(at).text
    [pdf] = PdfReader(BytesIO(head.get(f"{at}letter.pdf").data)).pages[:1]
    words = " ".join(pdf.extract_text().split())
    assert "Draft" not in words
    assert "Dear Lee" in words
    large = PdfReader(BytesIO(head.get(f"{at}letter.pdf?large=yes").data))
    assert "Draft" not in large.pages[0].extract_text()
    again = head.send(f"{at}approve", page=HERE, seen=seen_in(look))
    assert "Somebody else changed" in head.get(again.headers["Location"]).text
    late = head.send(f"{at}parts/facts", page=HERE, seen="1", words="Else")
    assert late.status_code == 303

    queue = f"{HERE}to-send/"
    assert "Letter 4 to Lee" in head.get(queue).text
    run = head.send(f"{queue}print", page=queue)
    assert run.mimetype == "application/pdf"
    words = " ".join(PdfReader(BytesIO(run.data)).pages[0].extract_text().split())
    assert "Letters to post" in words
    letter_id = at.rstrip("/").rpartition("/")[2]
    posted = head.send(f"{queue}posted", page=queue, letters=letter_id, on=today)
    assert posted.status_code == 303
    page = head.get(f"{queue}{letter_id}/").text
    assert "Answer by" in page
    ended = {"how": "returned", "on": today, "because": "Gone away"}
    one = f"{queue}{letter_id}/"
    assert head.send(f"{one}ended", page=one, **ended).status_code == 303
    assert "Came back" in head.get("/oak-lane/staff/").text
    assert "It came back once" in head.get(queue).text
    withdraw = f"{at}withdraw"
    assert head.send(withdraw, page=withdraw, because="").status_code == 422
    assert head.send(withdraw, page=withdraw, because="Wrong day").status_code == 303
    new = head.send(f"{at}anew", page=at)
    assert "takes the place of letter 4" in " ".join(
        PdfReader(BytesIO(head.get(new.headers["Location"] + "letter.pdf").data))
        .pages[0].extract_text().split()
    )  # fmt: skip


def test_two_who_write_in_one_part_see_both_texts(head, world):
    at = f"{HERE}{world.oak.draft_letter}/parts/body"
    seen = seen_in(head.get(at).text)
    assert head.send(at, page=at, seen=seen, words="The first.").status_code == 303
    second = head.send(at, page=at, seen=seen, words="The second.")
    assert second.status_code == 409
    assert "The first." in second.text
    assert "The second." in second.text


def test_the_office_sends_letters_and_does_not_read_them(client, world):
    client.sign_in(world.oak.users[Role.OFFICE])
    assert client.get(f"{HERE}to-send/").status_code == 200
    page = client.get(f"{HERE}to-send/{world.oak.letter}/")
    assert page.status_code == 200
    assert "Thank you for coming" not in page.text
    for at in ("", f"{world.oak.letter}/", f"{world.oak.letter}/letter.pdf", "who-signs/"):
        assert client.get(f"{HERE}{at}").status_code == 403


def emailed(world) -> LetterService:
    with world.sessions.school(world.oak.id) as session, transaction(session):
        head = world.oak.head
        adult = session.get_one(Adult, (world.oak.id, lee(world)))
        letter = rows.a_letter(session, "invitation", adult=adult, by=head, way=Way.EMAIL)
        rows.approved(session, letter, head)
        school = session.get_one(School, world.oak.id)
        return send_by_email(session, letter, school, by=head, reply_to="x@oak.example").id


def test_the_addressee_opens_it_by_link_and_code(client, world):
    service_id = emailed(world)
    at = f"/oak-lane/letter/{service_id}"
    secret = token(SECRET_KEY, "letter", service_id, 1)
    assert client.get(at).status_code == 410
    assert client.get(f"{at}/{secret}").status_code == 303
    page = client.get(at).text
    assert "There is a letter for you" in page
    assert "gate" not in page
    assert client.get(f"{at}/letter.pdf").status_code == 410
    wrong = client.send(at, page=at, code="AAAA-AAAA")
    assert wrong.status_code == 422
    assert "This is not the code" in wrong.text
    code = code_of(SECRET_KEY, service_id)
    assert client.send(at, page=at, code=code).status_code == 303
    page = client.get(at).text
    assert "Answer by" in page
    assert "You shouted at a member of staff" in page
    assert "How to answer, and whom to call" in page
    assert client.get(f"{at}/letter.pdf").data == rows.PDF
    with world.sessions.school(world.oak.id) as session:
        service = session.get_one(LetterService, (world.oak.id, service_id))
        assert service.served_on == clock.today()
        assert service.wrong_tries == 1


def test_a_get_opens_nothing_and_another_browser_needs_the_code_too(app, client, world):
    service_id = emailed(world)
    at = f"/oak-lane/letter/{service_id}"
    secret = token(SECRET_KEY, "letter", service_id, 1)
    for _ in range(5):
        client.get(f"{at}/{secret}")
        client.get(at)
        client.head(at)
    with world.sessions.school(world.oak.id) as session:
        assert session.get_one(LetterService, (world.oak.id, service_id)).served_on is None
    client.send(at, page=at, code=code_of(SECRET_KEY, service_id))
    other = app.test_client()
    other.get(f"{at}/{secret}")
    assert "Type your code" in other.get(at).text


def test_the_head_says_who_signs_and_that_two_must_agree(head, world):
    at = f"{HERE}who-signs/"
    today = clock.day(clock.today())
    blank = head.send(at, page=at, name="", role="Deputy", from_on=today)
    assert blank.status_code == 422
    typed = {"name": "Lee Sample", "role": "Acting headteacher", "from_on": today}
    wrong = head.send(at, page=at, **typed, until_on="1 May 2020")
    assert "must not come before the first" in wrong.text
    assert head.send(at, page=at, **typed, until_on="1 May 2099").status_code == 303
    assert "Acting headteacher" in head.get(at).text
    assert head.send(f"{at}second-person", page=at, second="yes").status_code == 303
    with world.sessions.school(world.oak.id) as session:
        assert session.scalar(select(SchoolSettings.letters_second_person))
    page = head.get(f"{HERE}{world.oak.draft_letter}/").text
    assert "somebody who did not write in a letter approves it" in page
    end = f"{at}{world.oak.signatory}/end"
    assert head.send(end, page=at).status_code == 303


def test_every_kind_has_a_page_and_prints(head, world):
    """Nothing of a kind breaks the page or the paper, whole or with nothing in it."""
    with_address(world)
    with world.sessions.school(world.oak.id) as session, transaction(session):
        adult = session.get_one(Adult, (world.oak.id, lee(world)))
        made = [
            (rows.a_letter(session, kind, adult=adult, by=world.oak.head, full=full).id, full)
            for kind in KINDS
            for full in (True, False)
        ]
    for letter_id, full in made:
        page = head.get(f"{HERE}{letter_id}/").text
        assert ("Nothing is missing" in page) == full
        if full:
            pdf = head.get(f"{HERE}{letter_id}/letter.pdf")
            assert len(PdfReader(BytesIO(pdf.data)).pages) <= 3


def test_what_was_frozen_is_what_its_hash_says(world):
    with world.sessions.school(world.oak.id) as session:
        for frozen in session.scalars(select(FrozenLetter)):
            assert sha256(frozen.text) == frozen.sha256
            assert Composed.from_text(frozen.text).sha256 == frozen.sha256
        assert session.scalar(select(Letter.number).limit(1))


def test_the_head_says_whose_names_letters_leave_out(head, world):
    at = f"{HERE}who-signs/"
    blank = head.send(f"{at}names", page=at, unnamed="yes", names="")
    assert (blank.status_code, "one on each line" in blank.text) == (422, True)
    assert head.send(f"{at}names", page=at, unnamed="yes", names="Jo Kaya").status_code == 303
    assert "Jo Kaya" in head.get(at).text
    assert f"Ada {world.oak.canary}, Headteacher" in head.get(at).text  # by the settings


def test_a_letter_in_urdu_is_read_in_urdu_with_the_english_beside_it(client, world):
    with world.sessions.school(world.oak.id) as session, transaction(session):
        adult = session.get_one(Adult, (world.oak.id, lee(world)))
        adult.language, adult.telephone = "ur", "07700 900123"
        letter = rows.a_letter(session, "invitation", adult=adult, by=world.oak.head, way=Way.EMAIL)
        rows.approved(session, letter, world.oak.head)
        school = session.get_one(School, world.oak.id)
        service_id = send_by_email(
            session, letter, school, by=world.oak.head, reply_to="office@oak.example"
        ).id
        letter_id = letter.id
    client.sign_in(world.oak.users[Role.OFFICE])
    at = f"{HERE}to-send/{letter_id}/"
    assert "Text the code to 07700900123" in client.get(at).text
    assert client.send(f"{at}text", page=at).status_code == 303
    assert "last sent as a text message" in client.get(at).text
    here = f"/oak-lane/letter/{service_id}"
    link = f"{here}/{token(SECRET_KEY, 'letter', service_id, 1)}"
    page = client.get(link, follow_redirects=True).text
    assert 'lang="ur"' in page
    assert "آپ کے لیے ایک خط ہے" in page
    code = code_of(SECRET_KEY, service_id)
    assert "درست نہیں" in client.send(here, page=here, code="AAAA-AAAA").text
    page = client.get(client.send(here, page=here, code=code).headers["Location"]).text
    assert page.index("ہماری ملاقات") < page.index("خط انگریزی میں") < page.index("Our meeting")
    english = client.get(f"{here}?lang=en").text
    assert "Our meeting" in english
    assert "ہماری ملاقات" not in english
    assert "یہ خط اپنی زبان میں پڑھیں" in english


def test_a_long_run_shows_how_far_it_is_and_is_taken_out_by_a_post(client, world):
    with world.sessions.school(world.oak.id) as session, transaction(session):
        adult = session.get_one(Adult, (world.oak.id, lee(world)))
        adult.address = "1 High Street, Anytown"
        for _ in range(AT_ONCE + 1):
            letter = rows.a_letter(session, "plain", adult=adult, by=world.oak.head, way=Way.POST)
            rows.approved(session, letter, world.oak.head)
        letter_id = letter.id
    client.sign_in(world.oak.users[Role.OFFICE])
    at = f"{HERE}to-send/"
    begun = client.send(f"{at}print", page=at)
    assert begun.status_code == 303
    run = begun.headers["Location"]
    waiting = client.get(run)
    assert waiting.headers["Refresh"] == "2"
    assert f"0 of {AT_ONCE + 1}" in waiting.text
    assert make_due(world.sessions) == 1
    assert "Download the letters" in client.get(run).text
    pdf = client.send(run, page=run)
    assert len(PdfReader(BytesIO(pdf.data)).pages) >= 2 * (AT_ONCE + 1)
    with world.sessions.school(world.oak.id) as session, transaction(session):
        withdraw_letter(session, session.get_one(Letter, (world.oak.id, letter_id)),
                        by=world.oak.head, because="Wrong day")  # fmt: skip
    assert client.send(run, page=run).status_code == 303
    assert "The list has changed" in client.get(at).text
