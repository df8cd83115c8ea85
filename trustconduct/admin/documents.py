"""An edition beside another, as a document to take away, and as a paper for the Board."""

from __future__ import annotations

from flask import current_app, g, request
from flask.wrappers import Response
from flask_admin import expose
from markupsafe import Markup
from sqlalchemy import select

from trustconduct import clock
from trustconduct.accounts.permissions import Can
from trustconduct.admin.standing import back, edition_of
from trustconduct.admin.views import Console
from trustconduct.oversight.board_paper import BoardPaper, board_paper
from trustconduct.plain_log import log
from trustconduct.policies import wording
from trustconduct.policies.differences import Change, ClauseChange, differences
from trustconduct.policies.document import Clause
from trustconduct.policies.models import Edition, State
from trustconduct.policies.print_document import print_document
from trustconduct.policies.word_document import WordDocument
from trustconduct.sealed.room import Failed
from trustconduct.web.door import actor, needs, read, works
from trustconduct.web.downloads import to_save
from trustconduct.web.fields import Choice, Plain
from trustconduct.web.printed import Printed

PDF, WORD = "pdf", "docx"
NOT_PRINTED = "The PDF could not be made just now. Try again in a minute, or choose Word."


class AsForm(Plain):
    kind = Choice((PDF, WORD), blank="Choose PDF or Word.")


class Documents(Console):
    """EditionsView has these at /admin/editions/<number>/."""

    @expose("/<int:number>/compare")
    @needs(Can.SEE_CONSOLE)
    def compare(self, number: int) -> Response:
        """What changed since another edition: the one before, until somebody chooses."""
        edition = edition_of(number)
        numbers = list(
            g.session.scalars(
                select(Edition.number).where(Edition.number != number).order_by(Edition.number)
            )
        )
        earlier = [each for each in numbers if each < number]
        chosen = request.args.get("with", type=int)
        if chosen not in numbers:
            chosen = (earlier or numbers or [None])[-1]
        other = edition_of(chosen) if chosen else None
        old, new = (other, edition) if other and other.number < number else (edition, other)
        found = differences(old.document, new.document) if old and new else None
        return self.page(
            "console/compare.html",
            edition=edition,
            numbers=numbers,
            chosen=chosen,
            old=old,
            new=new,
            changes=wording.differences_html(found) if found and not found.is_empty else None,
        )

    @expose("/<int:number>/document", methods=("POST",))
    @needs(Can.SEE_CONSOLE)
    def document(self, number: int) -> Response:
        """The edition as PDF or as a Word document."""
        edition = edition_of(number)
        form = read(AsForm)
        if form.errors:
            return back(number, "Choose PDF or Word.", "waiting")
        title, facts, warning = edition.document.title, _facts(edition), _warning(edition)
        author = works().directory.trust().name
        if form.values["kind"] == WORD:
            word = WordDocument(title, author=author)
            if warning:
                word.text(f"**{warning}**")
            word.facts(facts)
            word.policy(edition.document)
            return to_save(word.bytes(), f"code-of-conduct-edition-{number}.docx")
        body = Markup(wording.html(edition.document))  # noqa: S704 - escaped by its template
        page = print_document(title, body, author=author, facts=facts, warning=warning)
        return _pdf(page, number, f"code-of-conduct-edition-{number}.pdf")

    @expose("/<int:number>/board-paper")
    @needs(Can.SEE_CONSOLE)
    def paper(self, number: int) -> Response:
        paper = board_paper(g.session, edition_of(number), by=actor())
        return self.page(
            "console/board_paper.html", edition=paper.edition, paper=paper, body=_body(paper, 2)
        )

    @expose("/<int:number>/board-paper", methods=("POST",))
    @needs(Can.SEE_CONSOLE)
    def take_paper(self, number: int) -> Response:
        paper = board_paper(g.session, edition_of(number), by=actor())
        form = read(AsForm)
        if form.errors:
            return back(number, "Choose PDF or Word.", "waiting")
        author = works().directory.trust().name
        name = f"board-paper-edition-{number}"
        if form.values["kind"] == WORD:
            return to_save(_paper_in_word(paper, author), f"{name}.docx")
        page = print_document(
            paper.title,
            _body(paper, 2, whole=True),
            author=author,
            facts=paper.facts,
            warning=_warning(paper.edition),
        )
        return _pdf(page, number, f"{name}.pdf")


def _pdf(page: str, number: int, name: str) -> Response:
    g.session.rollback()  # printing may take seconds: no connection waits for it
    printed: Printed = current_app.extensions["trustconduct.printed"]
    try:
        return to_save(printed.pdf(page.encode()), name)
    except Failed as no:
        log.error("A PDF was not printed.", error=type(no).__name__)
        return back(number, NOT_PRINTED, "waiting")


def _body(paper: BoardPaper, level: int, *, whole: bool = False) -> Markup:
    """The paper below its title; `whole` has the edition's text as well, as an appendix."""
    page = wording.pages().get_template("board_paper.html")
    return Markup(  # noqa: S704 - escaped by its template
        page.render(
            paper=paper,
            level=level,
            changes=wording.differences_html(paper.found, level=level + 1),
            text=Markup(wording.html(paper.edition.document, level=level + 1)) if whole else "",  # noqa: S704
        )
    )


def _paper_in_word(paper: BoardPaper, author: str) -> bytes:
    word = WordDocument(paper.title, author=author)
    if warning := _warning(paper.edition):
        word.text(f"**{warning}**")
    word.facts(paper.facts)
    word.heading("What the Board is asked to do")
    word.points(paper.asks)
    word.heading("Why it changes")
    word.text(paper.why)
    word.heading("What changes")
    if paper.before:
        word.text(paper.found.summary)
        word.table(
            ("Clause", "Before", "After"),
            [_row(clause) for clause in paper.found.clauses() if clause.is_changed],
            marked=True,
        )
    else:
        word.text("It is the first edition.")
    if paper.heard:
        word.heading("What was said in consultation")
        word.points(paper.heard.sentences)
        word.table(
            ("About", "From", "Comment", "Answer"),
            [
                (one.place, one.who, one.comment.words, f"{one.outcome}. {one.comment.answer}")
                if one.outcome
                else (one.place, one.who, one.comment.words, "No answer yet")
                for one in paper.heard.said
            ],
        )
    if paper.approved_by:
        word.heading("Who approved the text")
        word.points(paper.approved_by)
    word.heading("Schools and people")
    word.points(paper.schools)
    word.heading("The whole text")
    word.policy(paper.edition.document, level=2)
    return word.bytes()


def _row(change: ClauseChange) -> tuple[str, str, str]:
    moved = " (moved)" if change.moved else ""
    before = _whole(change.before) if change.before else "not there"
    after = _whole(change.after) if change.after else "not there any more"
    if change.change is Change.UNCHANGED:
        return f"{change.id}{moved}", before, "the same words"
    return f"{change.id}{moved}", before, after


def _whole(clause: Clause) -> str:
    """A clause's words and its exceptions, as a cell says them."""
    return "\n".join([clause.text, *(f"Exception: {one}" for one in clause.exceptions)])


def _facts(edition: Edition) -> list[tuple[str, str]]:
    board = clock.day(edition.board_on) if edition.board_on else ""
    rows = [
        ("Edition", f"{edition.number}, {edition.state.value}"),
        ("Approved by the Board", board if edition.approved_at else ""),
        ("To be reviewed", edition.review_text),
        ("Scope", edition.scope),
    ]
    return [(name, value) for name, value in rows if value]


def _warning(edition: Edition) -> str:
    if edition.state in (State.DRAFT, State.CONSULTED):
        return "This is a draft. The Board has not approved it."
    if edition.state is State.WITHDRAWN:
        return "This edition is withdrawn. No school should adopt it."
    return ""
