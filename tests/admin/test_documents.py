"""An edition beside another, taken away as PDF and for Word, and as a paper for the Board."""

from __future__ import annotations

import io
import re

import docx
import pikepdf
import pytest
from sqlalchemy import select

from tests import build
from trustconduct.db import transaction
from trustconduct.policies.editing import edit
from trustconduct.policies.edits import ChangeClause, MoveClause, RetireClause, mark
from trustconduct.policies.models import Edition

COMPARE, PAPER, DOCUMENT = (
    f"/admin/editions/2/{what}" for what in ("compare", "board-paper", "document")
)


@pytest.fixture(autouse=True)
def draft(world):
    officer = build.an_officer()
    with world.sessions.trust() as session, transaction(session):
        draft = build.a_draft(session)
        clause = draft.document.clause("behaviour.4")
        edit(
            session,
            draft,
            ChangeClause(clause.id, mark(clause), "Shouting *at* staff."),
            by=officer,
        )
        edit(session, draft, MoveClause("behaviour.2", "down"), by=officer)
        gone = draft.document.clause("online.1")
        edit(session, draft, RetireClause(gone.id, mark(gone)), by=officer)
        draft.change_because = "We were asked for plainer words."


def document(world, number=2):
    with world.sessions.trust(read_only=True) as session:
        return session.scalars(select(Edition).where(Edition.number == number)).one().document


def plain(answer):
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text.partition("<main")[2]).split())


def take(officer, address, kind, page=None):
    return officer.send(address, page=page or "/admin/editions/2/", kind=kind)


def words_of(answer):
    assert answer.status_code == 200
    paper = docx.Document(io.BytesIO(answer.data))
    return [each.text for each in paper.paragraphs], paper


def test_what_changed_is_told_clause_by_clause(officer):
    said = plain(officer.get(COMPARE))
    assert "What changed from edition 1 to edition 2" in said
    assert re.search(r"behaviour\.4 Reworded", said)
    assert re.search(r"behaviour\.2 Moved", said) or re.search(r"behaviour\.3 Moved", said)
    assert re.search(r"online\.1 Removed", said)
    assert "added: " in said
    assert "removed: " in said
    turned = plain(officer.get("/admin/editions/1/compare?with=2"))
    assert "What changed from edition 1 to edition 2" in turned
    assert officer.get(f"{COMPARE}?with=99").status_code == 200
    assert officer.get("/admin/editions/99/compare").status_code == 404


def test_an_edition_for_word_has_real_headings_numbers_and_every_clause_once(officer, world):
    answer = take(officer, DOCUMENT, "docx")
    assert (
        "attachment; filename=code-of-conduct-edition-2.docx"
        in answer.headers["Content-Disposition"]
    )
    texts, paper = words_of(answer)
    text = document(world)
    for section in text.sections:
        if section.heading and any(not clause.about for clause in section.clauses):
            heads = [p for p in paper.paragraphs if p.text == section.heading]
            assert [head.style.name for head in heads] == ["Heading 1"]
    whole = "\n".join(texts)
    assert "Shouting at staff." in whole  # emphasis is a run, and no mark
    assert whole.count("Shouting at staff.") == 1
    for clause in text.clauses():
        if "*" not in clause.text and "<" not in clause.text:
            assert clause.text in whole, clause.id
    items = [p for p in paper.paragraphs if p.style.name == "List Number"]
    assert len(items) == sum(c.form == "item" and not c.about for c in text.clauses())
    assert texts[1] == "This is a draft. The Board has not approved it."
    assert paper.core_properties.language == "en-GB"
    (matrix,) = [t for t in paper.tables if t.rows[0].cells[0].text == text.matrix.corner]
    assert matrix.rows[0]._tr.trPr.find(docx.oxml.ns.qn("w:tblHeader")) is not None


def test_an_edition_as_pdf_is_tagged_and_says_that_it_is_a_draft(officer):
    answer = take(officer, DOCUMENT, "pdf")
    assert answer.mimetype == "application/pdf"
    with pikepdf.open(io.BytesIO(answer.data)) as pdf:
        assert pdf.Root.MarkInfo.Marked
        assert str(pdf.Root.Lang) == "en-GB"
        assert len(pdf.open_outline().root) > 0
    assert take(officer, DOCUMENT, "exe").status_code == 303


def test_the_paper_says_what_is_asked_why_and_whom_it_concerns(officer, world):
    said = plain(officer.get(PAPER))
    assert "Approve edition 2 of the policy, in place of edition 1." in said
    assert "We were asked for plainer words." in said
    assert "people in 3 schools are asked again." in said
    texts, paper = words_of(take(officer, PAPER, "docx", PAPER))
    assert "What the Board is asked to do" in texts
    rows = [[cell.text for cell in row.cells] for table in paper.tables for row in table.rows]
    assert ["online.1", document(world, 1).clause("online.1").text, "not there any more"] in rows
    with pikepdf.open(io.BytesIO(take(officer, PAPER, "pdf", PAPER).data)) as pdf:
        assert pdf.Root.MarkInfo.Marked


def test_a_reader_may_take_them_too(reader):
    assert reader.get(COMPARE).status_code == 200
    assert reader.get(PAPER).status_code == 200


def test_a_school_sees_what_changed_in_its_versions_and_how_it_differs(head, world):
    with world.sessions.school(world.oak.id) as session, transaction(session):
        build.settings_filled(session, by=world.oak.head, app_name="Another app")
        assert build.a_version(session, by=world.oak.head).number == 2
    page = "/oak-lane/staff/policy/versions/2"
    assert "Version 2 beside version 1" in plain(head.get(page))
    assert "edition 1" in plain(head.get(f"{page}?with=edition"))
    assert head.get(f"{page}?with=nonsense").status_code == 200
    assert head.get("/oak-lane/staff/policy/versions/99").status_code == 404
    texts, _ = words_of(head.send(f"{page}/document", page=page))
    assert any("fingerprint" in text for text in texts)
    assert world.elm.canary not in "\n".join(texts)
