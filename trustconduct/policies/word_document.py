"""A policy or a paper about it as a Word document: real headings, lists and tables.

Somebody who can't see the page hears them in Word as they do on the page, and
somebody who brings the document in again gets the same clauses.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import docx
from docx.document import Document as Paper
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt
from docx.text.paragraph import Paragraph

from trustconduct.contact_matrix.matrix import Matrix
from trustconduct.policies.document import Clause, Document, Form
from trustconduct.policies.wording import inline_tokens

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
# The same content gives the same bytes: the day is in the text, where it belongs.
_MADE = datetime(2026, 1, 1, tzinfo=UTC)


class WordDocument:
    """A document that is written from the top down. `bytes` gives the file."""

    def __init__(self, title: str, *, author: str) -> None:
        self.paper: Paper = docx.Document()
        about = self.paper.core_properties
        about.title, about.author, about.last_modified_by = title, author, author
        about.language, about.comments = "en-GB", ""
        about.created = about.modified = _MADE
        normal = self.paper.styles["Normal"]
        normal.font.name, normal.font.size = "Arial", Pt(11)
        _in_english(normal)
        for section in self.paper.sections:
            section.page_width, section.page_height = Cm(21), Cm(29.7)
        self.paper.add_heading(_plain(title), 0)
        self._numbers = 0

    def heading(self, text: str, level: int = 1) -> None:
        self.paper.add_heading(_plain(text), level)

    def text(self, text: str, *, before: str = "", indented: bool = False) -> None:
        """A paragraph of inline Markdown, after a word in bold."""
        paragraph = self.paper.add_paragraph()
        if indented:
            paragraph.paragraph_format.left_indent = Cm(1)
        if before:
            paragraph.add_run(f"{before} ").bold = True
        self._runs(paragraph, text)

    def points(self, texts: Iterable[str]) -> None:
        for text in texts:
            self._runs(self.paper.add_paragraph(style="List Bullet"), text)

    def facts(self, rows: Sequence[tuple[str, str]]) -> None:
        """What is said about the document: a table with a heading in each row."""
        self.table(("", ""), rows, headed=False)

    def table(
        self,
        heads: Sequence[str],
        rows: Iterable[Sequence[str]],
        *,
        headed: bool = True,
        marked: bool = False,
    ) -> None:
        """A table whose first column is bold; `marked` where its cells are inline Markdown."""
        table = self.paper.add_table(rows=0, cols=len(heads), style="Table Grid")
        if headed:
            cells = table.add_row()
            _repeated(cells)
            for cell, text in zip(cells.cells, heads, strict=True):
                cell.paragraphs[0].add_run(text).bold = True
        for row in rows:
            for place, (cell, text) in enumerate(zip(table.add_row().cells, row, strict=True)):
                if marked and place:
                    self._runs(cell.paragraphs[0], text)
                else:
                    cell.paragraphs[0].add_run(text).bold = place == 0
        self.paper.add_paragraph()

    def policy(self, document: Document, *, level: int = 1) -> None:
        """The whole text, each clause with the number that it is cited by."""
        for section in document.sections:
            clauses = [clause for clause in section.clauses if not clause.about]
            if section.heading and (clauses or not section.clauses):
                self.heading(section.heading, level)
            last, list_id = 0, 0
            for clause in clauses:
                if clause.form is Form.ITEM:
                    number = _number(clause)
                    if not list_id or number != last + 1:
                        list_id = self._list_from(number)
                    last = number
                    paragraph = self.paper.add_paragraph(style="List Number")
                    _numbered(paragraph, list_id)
                else:
                    paragraph = self.paper.add_paragraph()
                self._runs(paragraph, clause.text)
                for exception in clause.exceptions:
                    paragraph.add_run().add_break()
                    self._runs(paragraph, f"({exception})")
                self._notes(document, clause.id)
            self._notes(document, section.id)
        if document.matrix.routes:
            self.heading("How to reach school", level)
            self.matrix(document.matrix)

    def matrix(self, matrix: Matrix) -> None:
        heads = [matrix.corner or "I want to…", *(purpose.text for purpose in matrix.purposes)]
        self.table(
            heads,
            [
                [
                    f"{route.text}{f': {route.detail}' if route.detail else ''}",
                    *("Yes" if matrix.serves(route, one) else "No" for one in matrix.purposes),
                ]
                for route in matrix.routes
            ],
        )

    def bytes(self) -> bytes:
        file = io.BytesIO()
        self.paper.save(file)
        return file.getvalue()

    def _notes(self, document: Document, about: str) -> None:
        for note in document.clauses():
            if note.about and note.about == about:
                self.text(note.text, before="Please note:", indented=True)

    def _runs(self, paragraph: Paragraph, text: str) -> None:
        strong = emphasis = 0
        link = ""
        for token in inline_tokens(text):
            strong += (token.type == "strong_open") - (token.type == "strong_close")
            emphasis += (token.type == "em_open") - (token.type == "em_close")
            if token.type == "link_open":
                link = str(token.attrs.get("href", ""))
            elif token.type == "link_close":
                link = ""
            elif token.type in ("softbreak", "hardbreak"):
                paragraph.add_run().add_break()
            elif token.content:
                run = paragraph.add_run(token.content)
                run.bold, run.italic = bool(strong) or None, bool(emphasis) or None
                if link:
                    _linked(paragraph, run, link)

    def _list_from(self, start: int) -> int:
        """A list of its own that begins with this number: Word goes on counting else."""
        numbering = self.paper.part.numbering_part.element
        style = self.paper.styles["List Number"].element
        abstract = numbering.num_having_numId(style.pPr.numPr.numId.val).abstractNumId.val
        made = numbering.add_num(abstract)
        made.add_lvlOverride(ilvl=0).add_startOverride(start)
        return int(made.numId)


def _number(clause: Clause) -> int:
    last = clause.id.rpartition(".")[2]
    return int(last) if last.isdigit() else 1


def _plain(text: str) -> str:
    return "".join(token.content for token in inline_tokens(text))


def _numbered(paragraph: Paragraph, list_id: int) -> None:
    properties = paragraph._p.get_or_add_pPr().get_or_add_numPr()
    properties.get_or_add_ilvl().val = 0
    properties.get_or_add_numId().val = list_id


def _linked(paragraph: Paragraph, run: Any, address: str) -> None:
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/hyperlink"
    link = OxmlElement("w:hyperlink")
    link.set(qn("r:id"), paragraph.part.relate_to(address, kind, is_external=True))
    run.font.underline = True
    paragraph._p.replace(run._r, link)
    link.append(run._r)


def _repeated(row: Any) -> None:
    """Say the heads of a table again on each page, and to whoever hears it."""
    head = OxmlElement("w:tblHeader")
    head.set(qn("w:val"), "true")
    row._tr.get_or_add_trPr().append(head)


def _in_english(style: Any) -> None:
    language = OxmlElement("w:lang")
    language.set(qn("w:val"), "en-GB")
    style.element.get_or_add_rPr().append(language)
