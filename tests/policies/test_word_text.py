"""A Word document is read as its text would be, and what can't be read is said in one sentence."""

from __future__ import annotations

import io
import time
import zipfile
from dataclasses import replace

import docx
import pytest
from docx.oxml import OxmlElement
from docx.oxml.ns import qn

from trustconduct.contact_matrix.matrix import Matrix
from trustconduct.policies.reading import PolicyUnreadable, read_policy, template
from trustconduct.policies.word_document import WordDocument
from trustconduct.policies.word_text import LARGEST_WORD, text_of_word


def saved(paper) -> bytes:
    file = io.BytesIO()
    paper.save(file)
    return file.getvalue()


def with_parts(raw: bytes, **parts: bytes) -> bytes:
    """The package with other parts: `word__document` is word/document.xml."""
    named = {name.replace("__", "/") + ".xml": data for name, data in parts.items()}
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as old, zipfile.ZipFile(made, "w") as new:
        for info in old.infolist():
            new.writestr(info.filename, named.pop(info.filename, None) or old.read(info.filename))
        for name, data in named.items():
            new.writestr(name, data)
    return made.getvalue()


def read(raw: bytes):
    return read_policy(text_of_word(raw, filename="code.docx").raw, filename="code.docx")


def test_what_we_write_for_word_is_read_again_as_the_same_clauses():
    first = read_policy(template(), filename="template.txt")
    word = WordDocument(first.document.title, author="Lantern Trust")
    word.policy(replace(first.document, matrix=Matrix()))
    again = read(word.bytes())
    said = [(clause.text, clause.exceptions) for clause in again.document.clauses()]
    notes = {f"Please note: {clause.text}" for clause in first.document.clauses() if clause.about}
    wanted = [(c.text, c.exceptions) for c in first.document.clauses() if not c.about]
    assert [one for one in said if one[0] not in notes] == wanted
    assert [section.heading for section in again.document.sections if section.heading] == [
        section.heading
        for section in first.document.sections
        if section.heading and any(not clause.about for clause in section.clauses)
    ]


def test_headings_lists_tables_and_links_become_what_a_person_would_type():
    paper = docx.Document()
    paper.add_heading("What we do not accept", 1)
    paper.add_paragraph("Shouting.", style="List Bullet")
    paper.add_paragraph("Pushing.", style="List Bullet")
    bold = paper.add_paragraph()
    bold.add_run("Welcome").bold = True
    table = paper.add_table(rows=2, cols=2)
    for place, text in enumerate(("Scope", "All schools", "Review date", "Summer Term 2028")):
        table.rows[place // 2].cells[place % 2].text = text
    text = text_of_word(saved(paper), filename="a.docx").raw.decode()
    assert "# What we do not accept\n\n- Shouting.\n- Pushing.\n" in text
    assert "**Welcome**" in text
    assert "Scope: All schools\nReview date: Summer Term 2028" in text


def test_words_own_numbers_go_on_and_begin_anew_as_the_document_says():
    word = WordDocument("Code", author="Trust")
    for start in (1, 5):
        list_id = word._list_from(start)
        for text in ("Talk to us.", "Write to us."):
            paragraph = word.paper.add_paragraph(text, style="List Number")
            properties = paragraph._p.get_or_add_pPr().get_or_add_numPr()
            properties.get_or_add_ilvl().val = 0
            properties.get_or_add_numId().val = list_id
        word.text("Between.")
    text = text_of_word(word.bytes(), filename="a.docx").raw.decode()
    assert "1. Talk to us.\n2. Write to us." in text
    assert "5. Talk to us.\n6. Write to us." in text


def test_a_footnote_becomes_a_note_that_knows_its_clause():
    paper = docx.Document()
    paper.add_heading("Our code of conduct", 0)
    paper.add_paragraph("Welcome to our school.")
    paper.add_heading("What happens if the code is broken", 1)
    paper.add_paragraph("We talk to you.", style="List Number")
    banned = paper.add_paragraph("We may ban you", style="List Number")
    reference = OxmlElement("w:footnoteReference")
    reference.set(qn("w:id"), "2")
    banned.add_run()._r.append(reference)
    notes = (
        '<w:footnotes xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
        '<w:footnote w:type="separator" w:id="0"><w:p/></w:footnote>'
        '<w:footnote w:id="2"><w:p><w:r><w:t>A ban may come at once.</w:t></w:r></w:p></w:footnote>'
        "</w:footnotes>"
    )
    raw = with_parts(saved(paper), word__footnotes=notes.encode())
    text = text_of_word(raw, filename="a.docx").raw.decode()
    assert "We may ban you [1]" in text
    assert "[1] A ban may come at once." in text
    reading = read(raw)
    (note,) = [clause for clause in reading.document.clauses() if clause.about]
    assert (note.text, note.about) == ("A ban may come at once.", "ladder.2")


def test_ticks_of_words_symbol_typefaces_are_ticks():
    paper = docx.Document()
    table = paper.add_table(rows=2, cols=2)
    table.rows[0].cells[0].text, table.rows[0].cells[1].text = "I want to", "Ask"
    table.rows[1].cells[0].text = "Ring"
    symbol = OxmlElement("w:sym")
    symbol.set(qn("w:font"), "Wingdings")
    symbol.set(qn("w:char"), "F0FC")
    table.rows[1].cells[1].paragraphs[0].add_run()._r.append(symbol)
    assert "Ring\t✓" in text_of_word(saved(paper), filename="a.docx").raw.decode()


def a_tracked_change() -> bytes:
    paper = docx.Document()
    paragraph = paper.add_paragraph("Be kind.")
    inserted = OxmlElement("w:ins")
    inserted.append(paragraph.add_run(" And honest.")._r)
    paragraph._p.append(inserted)
    return saved(paper)


def a_picture_alone() -> bytes:
    paper = docx.Document()
    paper.add_paragraph().add_run()._r.append(OxmlElement("w:drawing"))
    return saved(paper)


def a_bomb() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        new.writestr("word/document.xml", b" " * (30 * 1024 * 1024))
    return made.getvalue()


def an_entity() -> bytes:
    text = (
        '<!DOCTYPE x [<!ENTITY a "boom">]>'
        '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
        "<w:body><w:p><w:r><w:t>&a;</w:t></w:r></w:p></w:body></w:document>"
    )
    return with_parts(saved(docx.Document()), word__document=text.encode())


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (a_tracked_change(), "1 tracked change, the first at “And honest.”"),
        (saved(docx.Document()), "no text"),
        (a_picture_alone(), "only pictures"),
        (a_bomb(), "unpacks to far more than a policy holds"),
        (an_entity(), "no text"),
        (b"PK\x03\x04 and no more", "damaged"),
        (with_parts(saved(docx.Document()), word__document=b"<broken"), "damaged"),
        (b"\xd0\xcf\x11\xe0 old", "an old Word document"),
        (b"\xd0\xcf\x11\xe0" + "EncryptedPackage".encode("utf-16-le"), "locked with a password"),
        (b"PK\x03\x04" + b"x" * LARGEST_WORD, "larger than 10 MB"),
    ],
)
def test_what_can_not_be_read_is_said_in_one_sentence(raw, said):
    with pytest.raises(PolicyUnreadable) as refused:
        text_of_word(raw, filename="code.docx")
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_macros_and_other_packages_are_refused():
    macros = io.BytesIO(saved(docx.Document()))
    with zipfile.ZipFile(macros, "a") as more:
        more.writestr("word/vbaProject.bin", b"x")
    with pytest.raises(PolicyUnreadable, match="holds macros"):
        text_of_word(macros.getvalue(), filename="code.docm")
    odt = io.BytesIO()
    with zipfile.ZipFile(odt, "w") as new:
        new.writestr("mimetype", "application/vnd.oasis.opendocument.text")
    with pytest.raises(PolicyUnreadable, match="OpenDocument"):
        text_of_word(odt.getvalue(), filename="code.odt")


def test_two_hundred_pages_are_read_in_seconds():
    paper = docx.Document()
    paper.add_heading("Our code of conduct", 0)
    paper.add_paragraph("Welcome to our school.")
    paper.add_heading("Welcome", 1)
    for number in range(4_000):  # twenty paragraphs a page
        paper.add_paragraph(f"Paragraph {number} of a long policy, as nobody would write it.")
    raw = saved(paper)
    began = time.process_time()
    assert len(read(raw).lines) == 4_003
    assert time.process_time() - began < 10
