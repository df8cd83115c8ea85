"""One part of a letter, filled in; how it is sent, and who signs."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, g, make_response, request
from marshmallow import Schema, fields
from sqlalchemy.orm.exc import StaleDataError

from trustconduct import clock
from trustconduct.accounts.permissions import Can
from trustconduct.audit.events import Event
from trustconduct.db import transaction
from trustconduct.languages.spoken import CODES, OTHERS, language
from trustconduct.letters.blocks import trust_words
from trustconduct.letters.checks import ways_to
from trustconduct.letters.compose import Draft, draft_of
from trustconduct.letters.kinds import KINDS, Form, Kind, Part
from trustconduct.letters.models import Letter
from trustconduct.letters.models import Way as LetterWay
from trustconduct.letters.parts import LONGEST_WORDS, MEETING_WAYS, UNITS, PartRefused
from trustconduct.letters.signatories import noted, who_may_sign
from trustconduct.letters.translated import other_key
from trustconduct.letters.write import LetterMoved, choose_way, fill_part
from trustconduct.people.models import Adult
from trustconduct.policies.document import CITED, Section
from trustconduct.schools.settings import settings_of
from trustconduct.web.door import Form as Typed
from trustconduct.web.door import actor, found, needs, note_reading, read
from trustconduct.web.fields import Choice, Number, Plain
from trustconduct.web.letter_rows import CHANGED, back, the_letter
from trustconduct.web.navigation import staff_page

pages = Blueprint("parts", __name__)

SEEN = "Open the letter again, and make your change there."
FIELDS = {
    Form.TRUST: ("words",),
    Form.WORDS: ("words", "other"),
    Form.LINE: ("words", "other"),
    Form.DAY: ("day",),
    Form.MEETING: ("day", "time", "place", "way"),
    Form.ANSWER: ("days", "unit"),
    Form.CLAUSES: ("clauses",),
}


class SeenForm(Plain):
    seen = Number(0, 1_000_000, blank=SEEN)


class WayForm(SeenForm):
    language = Choice(list(CODES), blank="Choose a language from the list.", otherwise="en")
    unnamed = Choice(("yes", "no"), blank="Say whether names of staff stay.", otherwise="no")
    way = Choice([one.value for one in LetterWay], blank="Choose how the letter reaches them.")
    signatory = fields.UUID(
        required=True,
        error_messages={
            "required": "Choose who signs the letter.",
            "invalid_uuid": "Choose who signs the letter.",
        },
    )


@cache
def _part_form(form: Form) -> type[Schema]:
    """The form of a part: the rule says what is wrong with it, so that what was typed stays."""
    typed = {name: fields.String(load_default="") for name in FIELDS[form]}
    return SeenForm.from_dict(typed, name=f"PartForm_{form.value}")  # type: ignore[arg-type]


def is_shown(part: Part, draft: Draft) -> bool:
    """Whether the page lists a part: what people fill, and of the Trust's what it opened."""
    opened = draft.wording.open_parts if draft.wording else frozenset()
    return part.form is not Form.TRUST or part.id in opened


def in_short(part: Part, draft: Draft) -> list[str]:
    value = draft.given.get(part.id)
    if part.form is Form.TRUST:
        return trust_words(part, value, draft.wording).splitlines()
    if not value:
        return []
    if part.form is Form.MEETING:
        return [f"{clock.day(_day(value['day']))}, {value['time']}, {MEETING_WAYS[value['way']]}",
                value["place"]]  # fmt: skip
    if part.form is Form.ANSWER:
        return [f"{value['days']} {UNITS[value['unit']]}"]
    if part.form is Form.DAY:
        return [clock.day(_day(value))]
    if part.form is Form.CLAUSES:
        return [", ".join(value)]
    return str(value).splitlines()


def _day(iso: str) -> date:
    return date.fromisoformat(iso)


# -- one part


@pages.get("/<uuid:letter_id>/parts/<part_id>")
@needs(Can.WRITE_LETTER)
def show(letter_id: UUID, part_id: str) -> Response:
    row = the_letter(letter_id)
    draft = draft_of(g.session, row)
    part = found(draft.kind.part(part_id))
    value = draft.given.get(part_id)
    typed: dict[str, Any] = {"seen": str(row.version)}
    if part.form is Form.TRUST:
        typed["words"] = trust_words(part, value, draft.wording)
    elif part.form is Form.DAY:
        typed["day"] = clock.day(_day(value)) if value else ""
    elif part.form is Form.MEETING and value:
        typed |= {**value, "day": clock.day(_day(value["day"]))}
    elif part.form is Form.ANSWER:
        typed |= (
            {"days": str(value["days"]), "unit": value["unit"]} if value else {"unit": "school"}
        )
    elif part.form is Form.CLAUSES:
        typed["clauses"] = value or []
    else:
        typed["words"] = value or ""
        other = row.parts.get(other_key(part_id, row.language))
        typed["other"] = other["words"] if other else ""
    return _part_page(row, draft, part, Typed(typed))


def _to_cite(draft: Draft) -> list[Section]:
    """The sections that a letter can rest on; all of them where the code has none of these."""
    sections = draft.version.document.sections if draft.version else ()
    return [one for one in sections if one.id in CITED] or list(sections)


def _part_page(
    row: Letter, draft: Draft, part: Part, form: Typed, status: int = 200, now: Any = None
) -> Response:
    page = staff_page(
        "staff/letter_part.html",
        letter=row,
        kind=draft.kind,
        part=part,
        from_record=part.id in draft.from_record,
        closed=part.form is Form.TRUST and not is_shown(part, draft),
        clauses=_to_cite(draft),
        form=form,
        errors=form.errors,
        Form=Form,
        longest=LONGEST_WORDS,
        ways=[(name, words.capitalize()) for name, words in MEETING_WAYS.items()],
        language=language(row.language),
        units=[("school", "School days"), ("calendar", "Days, weekends and holidays counted")],
        now=now,
    )
    if status == 200:
        note_reading(Event.LETTER_READ, "letter", row.id)
    return make_response(page, status)


@pages.post("/<uuid:letter_id>/parts/<part_id>")
@needs(Can.WRITE_LETTER)
def save(letter_id: UUID, part_id: str) -> Response:
    row = the_letter(letter_id)
    kind = KINDS[row.kind]
    part = found(kind.part(part_id))
    chosen = request.form.getlist("clauses")
    given = {**request.form.to_dict()}
    if part.form is Form.CLAUSES:
        given["clauses"] = " ".join(chosen)
    form = read(_part_form(part.form), given)
    if not form.errors:
        typed = {name: form.values[name] for name in FIELDS[part.form]}
        try:
            with transaction(g.session):
                fill_part(
                    g.session, row, kind, part_id, typed, by=actor(), seen=form.values["seen"]
                )
        except PartRefused as no:
            form.refuse(no.field, str(no))
        except (LetterMoved, StaleDataError):
            return _both(letter_id, part, form, chosen)
    if form.errors:
        row = the_letter(letter_id)
        typed_again = {**form.typed, "clauses": chosen}
        again = Typed(typed_again, form.values, form.errors)
        return _part_page(row, draft_of(g.session, row), part, again, 422)
    return back(letter_id, "Saved.")


def _both(letter_id: UUID, part: Part, form: Typed, chosen: list[str]) -> Response:
    """Two wrote in one letter: what was typed stays, beside what is kept now."""
    row = the_letter(letter_id)
    if row.frozen_at or row.dropped_at:
        return back(letter_id, CHANGED, "waiting")
    draft = draft_of(g.session, row)
    name = FIELDS[part.form][0]
    form.refuse(
        name,
        "Somebody else wrote in this letter meanwhile. What you typed is below: send it again"
        " if it is right.",
    )
    again = Typed({**form.typed, "clauses": chosen, "seen": str(row.version)}, {}, form.errors)
    return _part_page(row, draft, part, again, 409, now=in_short(part, draft))


# -- the way and the signatory


@pages.get("/<uuid:letter_id>/way")
@needs(Can.WRITE_LETTER)
def way(letter_id: UUID) -> Response:
    row = the_letter(letter_id)
    signatory = str(row.signatory_id or "")
    typed = {
        "way": row.way,
        "signatory": signatory,
        "seen": str(row.version),
        "language": row.language,
        "unnamed": "yes" if row.unnamed else "no",
    }
    return _way_page(row, Typed(typed))


def _way_page(row: Letter, form: Typed, status: int = 200) -> Response:
    kind: Kind = KINDS[row.kind]
    adult = found(g.session.get(Adult, (g.school.id, row.adult_id)))
    ways, never = ways_to(g.session, kind, adult)
    page = staff_page(
        "staff/letter_way.html",
        letter=row,
        adult=adult,
        ways=[(one.value, one.word, ways[one]) for one in LetterWay if not ways[one]],
        closed=[(one.word, ways[one]) for one in LetterWay if ways[one]],
        never=never,
        internal=kind.internal,
        languages=[("en", "English alone"), *((one.code, one.english) for one in OTHERS)],
        names=bool(settings_of(g.session).letters_staff),
        signatories=[(one.id, f"{one.name}, {one.role}") for one in who_may_sign(g.session)],
        form=form,
        errors=form.errors,
    )
    if status == 200:
        note_reading(Event.LETTER_READ, "letter", row.id)
    return make_response(page, status)


@pages.post("/<uuid:letter_id>/way")
@needs(Can.WRITE_LETTER)
def save_way(letter_id: UUID) -> Response:
    row, form = the_letter(letter_id), read(WayForm)
    if not form.errors:
        try:
            with transaction(g.session):
                signatory = found(noted(g.session, form.values["signatory"]))
                choose_way(
                    g.session, row, KINDS[row.kind], by=actor(),
                    way=LetterWay(form.values["way"]), signatory=signatory,
                    seen=form.values["seen"], language=form.values["language"],
                    unnamed=form.values["unnamed"] == "yes",
                )  # fmt: skip
        except PartRefused as no:
            form.refuse(no.field, str(no))
        except (LetterMoved, StaleDataError):
            return back(letter_id, CHANGED, "waiting")
    if form.errors:
        return _way_page(the_letter(letter_id), form, 422)
    return back(letter_id, "Saved.")
