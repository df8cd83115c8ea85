"""The policy in other languages: each clause beside its English, and who checked a language."""

from __future__ import annotations

from collections import Counter

from flask import abort, flash, g, redirect, request, url_for
from flask.wrappers import Response
from flask_admin import expose
from marshmallow import fields

from trustconduct.accounts.permissions import Can
from trustconduct.admin.views import Console
from trustconduct.db import transaction
from trustconduct.languages.spoken import OTHERS, Language, language
from trustconduct.policies.document import Document
from trustconduct.policies.editions import newest_published
from trustconduct.policies.translations import (
    ClauseGone,
    Line,
    Standing,
    TranslatedMeanwhile,
    TranslationRefused,
    lines,
    newest,
    note_review,
    reviews,
    translate,
)
from trustconduct.web.door import Form, actor, found, needs, read
from trustconduct.web.fields import Choice, Plain, Words
from trustconduct.web.fields import Line as OneLine

PERSON, MACHINE = "person", "machine"
TONES = {
    Standing.MISSING: "quiet",
    Standing.STALE: "attention",
    Standing.MACHINE: "waiting",
    Standing.HUMAN: "good",
    Standing.GONE: "quiet",
}


class TranslationForm(Plain):
    text = Words(load_default="")
    exceptions = fields.List(Words(), load_default=list)
    how = Choice((PERSON, MACHINE), blank="Say whether a person or a machine translated it.")
    seen = fields.Integer(required=True)


class ReviewForm(Plain):
    reviewer = OneLine(load_default="")
    role = OneLine(load_default="")


class LanguagesView(Console):
    @expose("/")
    @needs(Can.SEE_CONSOLE)
    def show(self) -> Response:
        document, number = _newest()
        checked = reviews(g.session)
        rows = [
            (one, Counter(line.standing for line in _lines(document, one)), checked.get(one.code))
            for one in OTHERS
        ]
        return self.page("console/languages.html", rows=rows, number=number, Standing=Standing)

    @expose("/<code>")
    @needs(Can.SEE_CONSOLE)
    def one(self, code: str) -> Response:
        return self._one_page(_language(code), Form())

    def _one_page(self, spoken: Language, form: Form, status: int = 200) -> Response:
        document, number = _newest()
        return self.page(
            "console/language.html",
            status,
            spoken_of=spoken,
            number=number,
            lines=_lines(document, spoken),
            review=reviews(g.session).get(spoken.code),
            TONES=TONES,
            GONE=Standing.GONE,
            form=form,
            errors=form.errors,
        )

    @expose("/<code>/reviewed", methods=("POST",))
    @needs(Can.TRANSLATE)
    def reviewed(self, code: str) -> Response:
        spoken, form = _language(code), read(ReviewForm)
        if not form.errors:
            try:
                with transaction(g.session):
                    note_review(g.session, spoken, by=actor(), **form.values)
            except TranslationRefused as refused:
                form.refuse(refused.field, str(refused))
        if form.errors:
            return self._one_page(spoken, form, 422)
        return _back(
            spoken, f"Noted: {form.values['reviewer']} has checked the texts in {spoken.english}."
        )

    @expose("/<code>/parts/<clause_id>")
    @needs(Can.TRANSLATE)
    def clause(self, code: str, clause_id: str) -> Response:
        spoken = _language(code)
        line = _line(spoken, clause_id)
        row = line.translation
        typed = {
            "text": row.text if row else "",
            "how": (MACHINE if row.by_machine else PERSON) if row else "",
            "exceptions": row.exceptions if row else [],
            "seen": row.number if row else 0,
        }
        return self._clause_page(spoken, line, Form(typed))

    def _clause_page(
        self, spoken: Language, line: Line, form: Form, status: int = 200, theirs: bool = False
    ) -> Response:
        number = _newest()[1]
        return self.page(
            "console/language_clause.html",
            status,
            spoken_of=spoken,
            line=line,
            number=number,
            gone=line.standing is Standing.GONE,
            stale=line.standing is Standing.STALE,
            theirs=line.translation if theirs else None,
            form=form,
            errors=form.errors,
            HOW=((PERSON, "A person"), (MACHINE, "A machine, and nobody has checked it")),
        )

    @expose("/<code>/parts/<clause_id>", methods=("POST",))
    @needs(Can.TRANSLATE)
    def translate(self, code: str, clause_id: str) -> Response:
        spoken = _language(code)
        given = request.form.to_dict()
        put = [
            given.pop(name) for name in sorted(given) if name.startswith("exception_")
        ]  # ten at most: they sort as they count
        form = read(TranslationForm, {**given, "exceptions": put})
        line = _line(spoken, clause_id)
        if form.errors:
            return self._clause_page(spoken, line, form, 422)
        try:
            with transaction(g.session):
                translate(
                    g.session,
                    _newest()[0],
                    spoken,
                    clause_id,
                    by=actor(),
                    text=form.values["text"],
                    exceptions=form.values["exceptions"],
                    by_machine=form.values["how"] == MACHINE,
                    seen=form.values["seen"],
                )
        except TranslationRefused as refused:
            form.refuse(refused.field, str(refused))
            return self._clause_page(spoken, _line(spoken, clause_id), form, 422)
        except ClauseGone:
            return self._clause_page(spoken, _line(spoken, clause_id), form, 409)
        except TranslatedMeanwhile:
            line = _line(spoken, clause_id)
            form.typed = {**form.typed, "seen": line.translation.number if line.translation else 0}
            return self._clause_page(spoken, line, form, 409, theirs=True)
        return _back(spoken, f"“{clause_id}” is saved in {spoken.english}.")


def _language(code: str) -> Language:
    spoken = found(language(code))
    if spoken.is_english:
        abort(404)
    return spoken


def _newest() -> tuple[Document, int]:
    """The text that is translated: of the newest published edition."""
    edition = newest_published(g.session)
    return (edition.document, edition.number) if edition else (Document(""), 0)


def _lines(document: Document, spoken: Language) -> list[Line]:
    return lines(document, newest(g.session, spoken.code))


def _line(spoken: Language, clause_id: str) -> Line:
    return found(
        next(
            (one for one in _lines(_newest()[0], spoken) if one.part.id == clause_id),
            None,
        )
    )


def _back(spoken: Language, message: str) -> Response:
    flash(message, "good")
    return redirect(url_for("languages.one", code=spoken.code), 303)  # type: ignore[return-value]
