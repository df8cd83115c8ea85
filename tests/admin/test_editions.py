"""An edition from the file to the schools: read, kept, approved, published."""

import base64
import html
import re
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from tests import build
from tests.admin.conftest import upload
from tests.at_once import at_once
from trustconduct import clock
from trustconduct.audit.events import Event
from trustconduct.audit.models import TrustAuditEvent
from trustconduct.db import transaction
from trustconduct.policies.editions import approve
from trustconduct.policies.models import Edition, State
from trustconduct.policies.reading import read_policy, template
from trustconduct.policies.word_document import WordDocument

EDITIONS = "/admin/editions/"
IMPORT = "/admin/editions/import"
KEEP = "/admin/editions/import/keep"
DOUBTFUL = (Path(__file__).parent.parent / "policies/made_up_policy.txt").read_bytes()


def numbers(world):
    with world.sessions.trust(read_only=True) as session:
        return list(session.scalars(select(Edition.number).order_by(Edition.number)))


def edition(world, number):
    with world.sessions.trust(read_only=True) as session:
        return session.scalars(select(Edition).where(Edition.number == number)).one()


@pytest.fixture
def draft(world):
    with world.sessions.trust() as session, transaction(session):
        return build.a_draft(session).number


@pytest.fixture
def approved(world, draft):
    with world.sessions.trust() as session, transaction(session):
        row = session.scalars(select(Edition).where(Edition.number == draft)).one()
        approve(session, row, by=build.an_officer(), board_on=build.clock.today())
    return draft


def hidden(page):
    """The fields of the form that keeps what was read, as a browser would send them."""
    form = page[page.index('action="/admin/editions/import/keep"') :]
    fields = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', form))
    radios = re.findall(r'name="(answer-[^"]+)" type="radio" value="([^"]*)" checked', form)
    return {name: html.unescape(value) for name, value in [*fields.items(), *radios]}


def test_what_was_read_is_shown_before_anything_is_saved(officer, world):
    page = upload(officer, template())
    assert page.status_code == 200
    for words in ("Nothing is saved yet", "10", "behaviours", "We recognised every line", "Keep"):
        assert words in page.text
    assert numbers(world) == [1]


def test_a_policy_is_kept_as_a_draft_with_its_source(officer, world):
    page = upload(officer, template(), "Our code 2026.txt").text
    answer = officer.post(KEEP, data=hidden(page))
    assert answer.status_code == 303
    assert answer.location == f"{EDITIONS}2/"
    kept = edition(world, 2)
    assert kept.state is State.DRAFT
    assert kept.source_name == "Our code 2026.txt"
    assert kept.source_text == template().decode()
    assert kept.review_text == "Summer Term 2028"


def test_the_policy_that_ships_can_be_the_beginning(officer, world):
    page = officer.send(IMPORT, page=IMPORT, begin="template").text
    assert officer.post(KEEP, data=hidden(page)).status_code == 303
    assert edition(world, 2).document.section("behaviour").items


def test_a_doubtful_note_is_asked_about_and_the_answer_is_kept(officer, world):
    page = upload(officer, DOUBTFUL).text
    fields = hidden(page)
    question = next(name for name in fields if name.startswith("answer-"))
    options = re.findall(rf'name="{re.escape(question)}" type="radio" value="([^"]*)"', page)
    other = next(option for option in options if option != fields[question])
    assert officer.post(KEEP, data={**fields, question: other}).status_code == 303
    # The clauses have the ids that they have in edition 1, or new ones: known by their words.
    asked = read_policy(DOUBTFUL, filename="code.txt").document
    note = asked.clause(question.removeprefix("answer-").removesuffix(".about"))
    kept = edition(world, 2).document
    (again,) = [clause for clause in kept.clauses() if clause.text == note.text]
    there = kept.clause(again.about) or kept.section(again.about)
    wanted = asked.clause(other) or asked.section(other)
    assert getattr(there, "text", there) == getattr(wanted, "text", there)


def test_an_answer_that_the_page_did_not_offer_is_refused(officer, world):
    fields = hidden(upload(officer, DOUBTFUL).text)
    question = next(name for name in fields if name.startswith("answer-"))
    for wrong in ({question: "behaviour.99"}, {"answer-note.77.about": "ladder"}):
        page = officer.post(KEEP, data={**fields, **wrong})
        assert page.status_code == 422
        assert "There is a problem" in page.text
    assert numbers(world) == [1]


def test_the_file_is_read_again_and_never_trusted(officer, world):
    fields = hidden(upload(officer, template()).text)
    for wrong in (
        {"source": "no base64!"},
        {"source": base64.b64encode(b"%PDF-1.7").decode()},
        {"source": base64.b64encode(b"\xff\xfe\x00").decode()},
        {"source": ""},
        {"body": "{}"},
    ):
        assert officer.post(KEEP, data={**fields, **wrong}).status_code == 422
    assert numbers(world) == [1]


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"PK\x03\x04 a zip", "the file is damaged"),
        (b"", "it is empty"),
        (b"Dear diary,\n\ntoday it rained.\n", "none of the parts of a code of conduct"),
        (b"x" * (1024 * 1024 + 1), "larger than 1 MB"),
        (b"x" * (50 * 1024 * 1024), "larger than 1 MB"),
        (b"Review date: next Tuesday\n", "is not a term or a date that we know"),
    ],
)
def test_a_file_that_is_no_policy_is_refused_in_one_sentence(officer, world, raw, says):
    page = upload(officer, raw, "notes.txt")
    assert page.status_code == 422
    assert says in page.text
    assert 'href="#policy"' in page.text
    assert numbers(world) == [1]


def test_a_word_document_is_read_as_its_text_and_kept(officer, world):
    first = read_policy(template(), filename="template.txt")
    word = WordDocument(first.document.title, author="Lantern Trust")
    word.policy(first.document)
    page = upload(officer, word.bytes(), "Our code.docx")
    assert page.status_code == 200
    assert "Our code.docx" in page.text
    kept = officer.post("/admin/editions/import/keep", data=hidden(page.text))
    assert kept.status_code == 303
    assert numbers(world) == [1, 2]
    assert "Shouting, swearing or losing your temper" in officer.get("/admin/editions/2/").text


def test_a_changed_document_is_shown_beside_the_newest_edition_and_keeps_its_ids(officer, world):
    text = template().decode()
    old = "Breaking or spoiling things that belong to the school."
    new = "Breaking or spoiling things that belong to the school or to other people."
    text = text.replace(old, new).replace("- Bringing a dog", "- Filming people.\n- Bringing a dog")
    page = upload(officer, text.encode(), "changed.txt")
    assert "Beside edition 1" in page.text
    assert "1 clause reworded, 1 new" in page.text
    assert officer.post(KEEP, data=hidden(page.text)).status_code == 303
    before, after = edition(world, 1).document, edition(world, 2).document
    (id,) = [clause.id for clause in before.clauses() if clause.text == old]
    assert after.clause(id).text == new
    (added,) = [clause for clause in after.clauses() if clause.text == "Filming people."]
    assert before.clause(added.id) is None
    same = upload(officer, text.encode(), "changed.txt")
    assert "Beside edition 2" in same.text
    assert "It says the same, in the same order." in same.text


def test_no_file_is_said_at_the_field(officer):
    page = officer.send(IMPORT, page=IMPORT, begin="file")
    assert page.status_code == 422
    assert "Choose the file that holds your code of conduct." in page.text


def test_lines_that_we_do_not_know_stand_loudly_at_the_top(officer):
    page = upload(officer, DOUBTFUL).text
    assert "We did not recognise one line" in page
    assert "<strong>Line 65:</strong> Page 2 of 2" in page
    assert page.index("We did not recognise") < page.index("behaviours")
    assert page.index("1 question is for you to answer") < page.index("behaviours")


def test_a_file_s_words_are_shown_as_text_wherever_they_stand(officer):
    script = b"<script>alert(1)</script>"
    raw = DOUBTFUL.replace(b"Page 2 of 2", script).replace(b"Queue jumping", b"Queue " + script)
    page = upload(officer, raw.replace(b"Family Charter", b"Family " + script), "<b>x.txt").text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert" not in page
    assert "<b>x.txt" not in page
    shown = officer.get(officer.post(KEEP, data=hidden(page)).location).text
    assert "Queue" in shown
    assert "<script>alert" not in shown


def test_officers_see_each_clause_with_its_id_and_what_schools_fill_in(officer):
    page = officer.get(f"{EDITIONS}1/").text
    for words in ("behaviour.4", "ladder.3", "note.1", "Police force", "{school.police_force}"):
        assert words in page
    assert "The source, line by line" in page


def test_the_board_date_may_be_typed_as_boards_write_it(officer, world, draft):
    for typed in ("10 July 2024", "10/07/2024"):
        page = f"{EDITIONS}{draft}/approve"
        answer = officer.send(page, page=page, board_on=typed)
        if typed == "10 July 2024":
            assert answer.status_code == 303
            assert edition(world, draft).board_on.isoformat() == "2024-07-10"
        else:  # once is enough
            assert answer.status_code == 422
            assert f"Edition {draft} is approved already." in answer.text


@pytest.mark.parametrize("typed", ["", "Summer Term 2028", "31/02/2024", "10 July 2099", "x\x00"])
def test_a_board_date_that_is_none_is_refused_and_kept_as_typed(officer, world, draft, typed):
    page = f"{EDITIONS}{draft}/approve"
    answer = officer.send(page, page=page, board_on=typed)
    assert answer.status_code == 422
    if typed.isprintable():
        assert f'value="{typed}"' in answer.text
    assert edition(world, draft).state is State.DRAFT


def by_day() -> dict[str, str]:
    """A roll-out to every school, by a day that is not doubted."""
    day = clock.today() + timedelta(weeks=6)
    return {"to": "all", "adopt_by_on": clock.day(day), "anyway": "yes"}


def test_publishing_asks_once_more_and_then_fixes_the_edition(officer, world, approved):
    page = f"{EDITIONS}{approved}/publish"
    assert "It can never be changed again" in officer.get(page).text
    assert officer.send(page, page=page, **by_day()).status_code == 303
    assert edition(world, approved).state is State.PUBLISHED
    assert "Published, and fixed for good" in officer.get(f"{EDITIONS}{approved}/").text


def test_a_draft_can_not_be_published(officer, world, draft):
    page = f"{EDITIONS}{draft}/publish"
    answer = officer.send(page, page=page, **by_day())
    assert answer.status_code == 303
    assert "The Board must approve the edition" in officer.get(answer.location).text
    assert edition(world, draft).state is State.DRAFT


def test_an_edition_that_is_not_there_is_404(officer):
    for number in ("99", "99999999999999999999"):
        assert officer.get(f"{EDITIONS}{number}/").status_code == 404


def test_a_reader_sees_editions_and_no_button(reader, draft):
    for page in (EDITIONS, f"{EDITIONS}{draft}/", "/admin/", "/admin/schools/"):
        answer = reader.get(page)
        assert answer.status_code == 200
        content = answer.text.partition("<main")[2].partition("</main>")[0]
        buttons = re.findall(r"<button[^>]*govuk-button[^>]*>([^<]+)", content)
    assert buttons in ([], ["Download as PDF", "Download for Word"])


def test_an_edition_is_published_once_however_many_press_the_button(officer, app, world, approved):
    page = f"{EDITIONS}{approved}/publish"
    token = officer.csrf(page)
    cookies = [(cookie.key, cookie.value) for cookie in officer._cookies.values()]

    def press():
        client = app.test_client()
        for key, value in cookies:
            client.set_cookie(key, value)
        return client.post(page, data={"csrf_token": token, **by_day()}).status_code

    assert at_once(6, press) == [303] * 6
    assert edition(world, approved).state is State.PUBLISHED
    with world.sessions.trust(read_only=True) as session:
        said = select(func.count()).where(TrustAuditEvent.event == Event.EDITION_PUBLISHED.value)
        assert session.scalar(said) == 2  # this one, and the one that the world began with
