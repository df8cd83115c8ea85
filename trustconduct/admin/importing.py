"""Bringing a policy in: what we read is shown first, and only then kept as a draft.

Between the two pages the source travels in the form itself, and is read again
when it is kept: what the page showed is never believed, and nothing lies on
the server for a draft that nobody took.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import replace

from flask import flash, g, redirect, request, url_for
from flask.wrappers import Response
from flask_admin import expose
from marshmallow import fields, validate
from sqlalchemy import select

from trustconduct.accounts.permissions import Can
from trustconduct.admin.views import Console
from trustconduct.db import transaction
from trustconduct.policies.differences import differences
from trustconduct.policies.editing import ever_used
from trustconduct.policies.editions import import_edition
from trustconduct.policies.facts import FACTS
from trustconduct.policies.matching import matched
from trustconduct.policies.models import Edition
from trustconduct.policies.reading import (
    AnswerRefused,
    PolicyUnreadable,
    Reading,
    read_policy,
    template,
)
from trustconduct.policies.source_text import LARGEST
from trustconduct.policies.word_text import LARGEST_WORD, is_word, text_of_word
from trustconduct.policies.wording import differences_html
from trustconduct.web.door import Form, actor, needs, read
from trustconduct.web.fields import Choice, Line, Plain

TEMPLATE_NAME = "template.txt"
# The answers' fields are named `answer-` and the question's id.
ANSWER = "answer-"
LONGEST_NAME = 120


class LookForm(Plain):
    begin = Choice(("file", "template"), blank="Choose a file, or start from the template.")


class KeepForm(Plain):
    source = fields.String(required=True, validate=validate.Length(max=LARGEST * 4 // 3 + 4))
    name = Line(longest=LONGEST_NAME)
    answers = fields.Dict(fields.String(), fields.String(validate=validate.Length(max=200)))


class Importing(Console):
    """The pages of the import; EditionsView has them at /admin/editions/import."""

    @expose("/import")
    @needs(Can.IMPORT_EDITION)
    def bring_in(self) -> Response:
        return self._ask(Form())

    def _ask(self, form: Form, status: int = 200) -> Response:
        return self.page("console/import.html", status, errors=form.errors)

    @expose("/import", methods=("POST",))
    @needs(Can.IMPORT_EDITION)
    def look(self) -> Response:
        """Show what a file says. Saves nothing."""
        form = read(LookForm)
        name, raw = _given(form)
        if not form.errors and not name:
            form.refuse("policy", "Choose the file that holds your code of conduct.")
        if form.errors:
            return self._ask(form, 422)
        left_out: tuple[str, ...] = ()
        try:
            if is_word(raw):
                # From here on it is its text: that is what is shown, sent back and kept.
                word = text_of_word(raw, filename=name)
                raw, left_out = word.raw, word.left_out
            reading = read_policy(raw, filename=name)
        except PolicyUnreadable as unreadable:
            form.refuse("policy", str(unreadable))
            return self._ask(form, 422)
        reading = replace(reading, warnings=(*left_out, *reading.warnings))
        return self._looked(reading, raw, name)

    def _looked(
        self, reading: Reading, raw: bytes, name: str, errors: Mapping | None = None
    ) -> Response:
        before, reading = _under_its_ids(reading)
        changes = differences(before.document, reading.document) if before else None
        return self.page(
            "console/look.html",
            422 if errors else 200,
            before=before,
            changes=differences_html(changes, level=3) if changes and not changes.is_empty else "",
            reading=reading,
            strange={line.number for line in reading.unrecognised},
            source=base64.b64encode(raw).decode(),
            name=name,
            FACTS=FACTS,
            ANSWER=ANSWER,
            errors=errors or {},
        )

    @expose("/import/keep", methods=("POST",))
    @needs(Can.IMPORT_EDITION)
    def keep(self) -> Response:
        """Read the same file again, with the answers, and keep it as a draft."""
        form, raw = _sent()
        if form.errors:
            again = "The file did not come back to us whole. Please choose it once more."
            return self._ask(Form(errors={"policy": [again]}), 422)
        name = form.values["name"]
        try:
            reading = read_policy(raw, filename=name, answers=form.values["answers"])
        except PolicyUnreadable as unreadable:
            return self._ask(Form(errors={"policy": [str(unreadable)]}), 422)
        except AnswerRefused as refused:
            return self._looked(read_policy(raw, filename=name), raw, name, {"": [str(refused)]})
        _, reading = _under_its_ids(reading)
        with transaction(g.session):
            edition = import_edition(
                g.session,
                reading,
                by=actor(),
                source_name=name,
                source_text=source_of(reading),
            )
        flash(f"Edition {edition.number} is kept as a draft. No school sees it yet.", "good")
        return redirect(  # type: ignore[return-value]
            url_for("editions.show", number=edition.number), 303
        )


def _under_its_ids(reading: Reading) -> tuple[Edition | None, Reading]:
    """The newest edition, and the reading with the ids that its clauses have there already."""
    before = g.session.scalar(
        select(Edition)
        .where(Edition.withdrawn_at.is_(None))
        .order_by(Edition.number.desc())
        .limit(1)
    )
    if before is None:
        return None, reading
    found = matched(before.document, reading.document, ever_used(g.session))
    return before, replace(
        reading,
        document=found.document,
        lines=tuple(
            replace(line, became=found.ids.get(line.became, line.became)) for line in reading.lines
        ),
        fact_places=tuple(
            replace(place, where=found.ids.get(place.where, place.where))
            for place in reading.fact_places
        ),
    )


def source_of(reading: Reading) -> str:
    """The source's text, line by line as it was read; its blank lines keep their places."""
    lines = [""] * max(line.number for line in reading.lines)
    for line in reading.lines:
        lines[line.number - 1] = line.text
    return "\n".join(lines) + "\n"


def _given(form: Form) -> tuple[str, bytes]:
    """The name and the bytes of what was brought; no name where there was no file."""
    if form.values.get("begin") == "template":
        return TEMPLATE_NAME, template()
    file = request.files.get("policy")
    if file is None or not file.filename:
        return "", b""
    # One byte more than may be: the reader says in its own words that it is too large.
    return _name(file.filename), file.read(LARGEST_WORD + 1)


def _name(sent: str) -> str:
    """A file's name without its folders, and without marks that can't be printed."""
    last = sent.replace("\\", "/").rpartition("/")[2]
    return "".join(mark for mark in last if mark.isprintable())[-LONGEST_NAME:] or "policy.txt"


def _sent() -> tuple[Form, bytes]:
    """What the page that showed the reading sent back: the file, its name, the answers."""
    plain = {key: value for key, value in request.form.items() if not key.startswith(ANSWER)}
    answers = {
        key.removeprefix(ANSWER): value
        for key, value in request.form.items()
        if key.startswith(ANSWER)
    }
    form = read(KeepForm, {**plain, "answers": answers})
    try:
        return form, base64.b64decode(form.values.get("source", ""), validate=True)
    except (binascii.Error, ValueError):
        form.refuse("source", "This is no file.")
        return form, b""
