"""A school's own words: changing them clause by clause, where the Trust allows it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, flash, g, make_response, redirect
from marshmallow import fields

from trustconduct.accounts.permissions import Can
from trustconduct.db import transaction
from trustconduct.policies.adoption import must_adopt
from trustconduct.policies.clause_ids import is_own
from trustconduct.policies.document import Clause, Document, Section, TextStanding
from trustconduct.policies.editions import newest_published
from trustconduct.policies.models import Edition, LocalChange
from trustconduct.policies.own_text import (
    TextChangedMeanwhile,
    TextRefused,
    add_clause,
    base_of,
    leave_out,
    local_changes,
    restore,
    reword,
)
from trustconduct.web.door import Form, actor, found, needs, read
from trustconduct.web.fields import Plain
from trustconduct.web.navigation import school_url, staff_page

pages = Blueprint("text", __name__, url_prefix="/text")


class ClauseForm(Plain):
    text = fields.String(load_default="")
    exceptions = fields.String(load_default="")
    reason = fields.String(load_default="")
    seen = fields.Integer(load_default=0)
    look = fields.String(load_default="")  # the button that only shows it


class ReasonForm(Plain):
    reason = fields.String(load_default="")
    seen = fields.Integer(load_default=0)


class SeenForm(Plain):
    seen = fields.Integer(load_default=0)


@dataclass(frozen=True)
class Shown:
    """A clause on the page: as it stands, and what the school made of it."""

    clause: Clause
    may_change: bool
    change: LocalChange | None
    is_out: bool = False


def _newest() -> Edition:
    return found(newest_published(g.session))


# -- the school's text


@pages.get("/")
@needs(Can.CHANGE_TEXT)
def show() -> str:
    newest = _newest()
    edition, document, seen = base_of(g.session, newest)
    changes = local_changes(g.session)
    sections = [
        (section, _shown(section, edition, document, changes)) for section in document.sections
    ]
    return staff_page(
        "staff/own_text.html",
        edition=edition,
        newest=newest,
        seen=seen,
        must_adopt=must_adopt(g.session, newest),
        sections=sections,
        open=any(clause.may_change for _, clauses in sections for clause in clauses),
        changed=len(changes),
        Standing=TextStanding,
    )


def _shown(
    section: Section,
    edition: Edition | None,
    document: Document,
    changes: dict[str, LocalChange],
) -> list[Shown]:
    """A section's clauses, and at its end those that the school has left out."""
    clauses = [
        Shown(
            clause,
            is_own(clause.id) or section.standing_of(clause) is not TextStanding.LOCKED,
            changes.get(clause.id),
        )
        for clause in section.clauses
    ]
    theirs = edition.document.section(section.id) if edition else None
    for clause in theirs.clauses if theirs else ():
        if document.clause(clause.id) is None:
            clauses.append(Shown(clause, True, changes.get(clause.id), is_out=True))
    return clauses


@pages.get("/clause/<clause_id>")
@needs(Can.CHANGE_TEXT)
def clause(clause_id: str) -> Response:
    _, document, seen = base_of(g.session, _newest())
    there = found(document.clause(clause_id))
    typed = {"text": there.text, "exceptions": "\n".join(there.exceptions), "seen": seen}
    kept = local_changes(g.session).get(clause_id)
    return _clause_page(clause_id, Form({**typed, "reason": kept.reason if kept else ""}))


def _clause_page(clause_id: str, form: Form, status: int = 200, **more: Any) -> Response:
    edition, document, _ = base_of(g.session, _newest())
    here = found(document.clause(clause_id))
    section = document.sections_by_id[document.homes[clause_id]]
    page = staff_page(
        "staff/own_clause.html",
        section=section,
        clause=here,
        theirs=edition.document.clause(clause_id) if edition else None,
        is_own=is_own(clause_id),
        may_go=section.standing is not TextStanding.LOCKED,
        form=form,
        errors=form.errors,
        FACTS=document.known,
        **{"preview": None, "other": None, **more},
    )
    return make_response(page, status)


@pages.post("/clause/<clause_id>")
@needs(Can.CHANGE_TEXT)
def save(clause_id: str) -> Response:
    form = read(ClauseForm)
    if form.values["look"] and not form.errors:
        return _clause_page(clause_id, form, preview=_typed_clause(form))
    newest = _newest()
    return _done(
        form,
        lambda: reword(
            g.session,
            newest,
            clause_id,
            by=actor(),
            text=form.values["text"],
            exceptions=form.values["exceptions"].splitlines(),
            reason=form.values["reason"],
            seen=form.values["seen"],
        ),
        lambda status, **more: _clause_page(clause_id, form, status, **more),
        "Your words are saved. Parents see them once you publish.",
    )


def _typed_clause(form: Form) -> dict[str, Any]:
    allowed = [line.strip() for line in form.values["exceptions"].splitlines() if line.strip()]
    return {"text": form.values["text"], "exceptions": allowed}


def _done(
    form: Form, rule: Callable[[], Any], page: Callable[..., Response], message: str
) -> Response:
    """Call one rule, and show the form again with what to mend or what somebody else saved."""
    if form.errors:
        return page(422)
    try:
        with transaction(g.session):
            rule()
    except TextRefused as refused:
        form.refuse(refused.field, str(refused))
        return page(422)
    except TextChangedMeanwhile:
        _, _, seen = base_of(g.session, _newest())
        form.typed = {**form.typed, "seen": seen}
        form.refuse("", "Somebody else changed the text while you typed. Nothing of yours is lost.")
        return page(409, other=True)
    flash(message, "good")
    return make_response(redirect(school_url("setup.text.show"), 303))


@pages.post("/clause/<clause_id>/restore")
@needs(Can.CHANGE_TEXT)
def put_back(clause_id: str) -> Response:
    form, newest = read(SeenForm), _newest()
    edition, _, _ = base_of(g.session, newest)
    found(edition and edition.document.clause(clause_id))
    return _done(
        form,
        lambda: restore(g.session, newest, clause_id, by=actor(), seen=form.values["seen"]),
        lambda status, **more: _refused(form),
        "The Trust’s words stand there again.",
    )


@pages.post("/clause/<clause_id>/leave-out")
@needs(Can.CHANGE_TEXT)
def leave(clause_id: str) -> Response:
    form, newest = read(ReasonForm), _newest()
    return _done(
        form,
        lambda: leave_out(
            g.session,
            newest,
            clause_id,
            by=actor(),
            reason=form.values["reason"],
            seen=form.values["seen"],
        ),
        lambda status, **more: _again(clause_id, form, status),
        "The clause is left out.",
    )


def _again(clause_id: str, form: Form, status: int) -> Response:
    """The page of the clause with what was typed, while the clause is still there."""
    _, document, _ = base_of(g.session, _newest())
    there = document.clause(clause_id)
    if there is None:
        return _refused(form)
    words = {"text": there.text, "exceptions": "\n".join(there.exceptions)}
    form.typed = {**words, **form.typed}
    return _clause_page(clause_id, form, status)


def _refused(form: Form) -> Response:
    """Back to the text with the reason why nothing was changed."""
    said = [text for messages in form.errors.values() for text in messages]
    flash(" ".join(said) or "Nothing was changed.", "error")
    return make_response(redirect(school_url("setup.text.show"), 303))


@pages.get("/section/<section_id>")
@needs(Can.CHANGE_TEXT)
def addition(section_id: str) -> Response:
    _, _, seen = base_of(g.session, _newest())
    return _add_page(section_id, Form({"seen": seen}))


def _add_page(section_id: str, form: Form, status: int = 200, **more: Any) -> Response:
    _, document, _ = base_of(g.session, _newest())
    section = found(document.section(section_id))
    page = staff_page(
        "staff/own_clause.html",
        section=section,
        clause=None,
        theirs=None,
        is_own=True,
        may_go=False,
        form=form,
        errors=form.errors,
        FACTS=document.known,
        **{"preview": None, "other": None, **more},
    )
    return make_response(page, status)


@pages.post("/section/<section_id>")
@needs(Can.CHANGE_TEXT)
def add(section_id: str) -> Response:
    form, newest = read(ClauseForm), _newest()
    if form.values["look"] and not form.errors:
        return _add_page(section_id, form, preview=_typed_clause(form))
    return _done(
        form,
        lambda: add_clause(
            g.session,
            newest,
            section_id,
            by=actor(),
            text=form.values["text"],
            exceptions=form.values["exceptions"].splitlines(),
            reason=form.values["reason"],
            seen=form.values["seen"],
        ),
        lambda status, **more: _add_page(section_id, form, status, **more),
        "Your clause is added. Parents see it once you publish.",
    )
