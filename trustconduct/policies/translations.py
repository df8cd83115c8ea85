"""The policy in other languages: by clause, once for all schools. English is what counts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import distinct_on

from trustconduct.accounts.permissions import Can, permit
from trustconduct.audit.actor import Actor
from trustconduct.audit.events import Event
from trustconduct.audit.record import record
from trustconduct.contact_matrix.matrix import Matrix
from trustconduct.languages.spoken import OTHERS, Language, mark
from trustconduct.policies import wording
from trustconduct.policies.document import Document
from trustconduct.policies.facts import FIELD, names_in
from trustconduct.policies.translation_models import ClauseTranslation, LanguageReview
from trustconduct.tenants.sessions import ScopedSession

LONGEST = 5_000
LONGEST_NAME = 200


class TranslationRefused(ValueError):
    """The translation will not do. `field` says where, the message what to do."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class ClauseGone(ValueError):
    """The edition has no such clause any more: there is nothing to translate."""


class TranslatedMeanwhile(ValueError):
    """Somebody else translated the clause since the page was opened."""


class Standing(StrEnum):
    """How a part stands in a language."""

    MISSING = "Missing"
    STALE = "Stale"  # the English has changed since
    MACHINE = "By machine"
    HUMAN = "By a person"
    GONE = "Clause gone"


@dataclass(frozen=True)
class Part:
    """What is translated as one: a clause, a heading (by its section's id), or of the contact
    matrix a wish (`wish.<id>`) or a way (`way.<id>`).
    """

    id: str
    text: str
    exceptions: tuple[str, ...] = ()

    @property
    def english(self) -> dict[str, Any]:
        return {"text": self.text, "exceptions": list(self.exceptions)}


def parts_of(document: Document) -> Iterator[Part]:
    """All that can be translated, in the order of the page."""
    for section in document.sections:
        if section.heading:
            yield Part(section.id, section.heading)
        for clause in section.clauses:
            yield Part(clause.id, clause.text, clause.exceptions)
    for purpose in document.matrix.purposes:
        yield Part(f"wish.{purpose.id}", purpose.text)
    for route in document.matrix.routes:
        yield Part(f"way.{route.id}", route.text)


@dataclass(frozen=True)
class Line:
    """A part beside its newest translation, and how that stands."""

    part: Part
    translation: ClauseTranslation | None
    standing: Standing


def newest(session: ScopedSession, language: str) -> dict[str, ClauseTranslation]:
    """The translation of each part that counts, by the part's id. One query."""
    rows = session.scalars(
        select(ClauseTranslation)
        .where(ClauseTranslation.language == language)
        .ext(distinct_on(ClauseTranslation.clause))
        .order_by(ClauseTranslation.clause, ClauseTranslation.number.desc())
    )
    return {row.clause: row for row in rows}


def lines(document: Document, found: Mapping[str, ClauseTranslation]) -> list[Line]:
    """Every part of a text beside its translation, and after them those that are gone."""
    made, here = [], set()
    for part in parts_of(document):
        here.add(part.id)
        row = found.get(part.id)
        if row is None:
            standing = Standing.MISSING
        elif row.english != part.english:
            standing = Standing.STALE
        else:
            standing = Standing.MACHINE if row.by_machine else Standing.HUMAN
        made.append(Line(part, row, standing))
    for id in sorted(set(found) - here):
        row = found[id]
        was = Part(id, row.english["text"], tuple(row.english["exceptions"]))
        made.append(Line(was, row, Standing.GONE))
    return made


def translate(
    session: ScopedSession,
    document: Document,
    language: Language,
    clause: str,
    *,
    by: Actor,
    text: str,
    exceptions: list[str],
    by_machine: bool,
    seen: int,
) -> ClauseTranslation:
    """Keep a translation of one part of the newest edition's text.

    `seen` is the number of the translation that the page showed, 0 for none. Raises
    ClauseGone where the text has no such part, TranslatedMeanwhile where there is a
    newer one, TranslationRefused for words that will not do.
    """
    permit(by, Can.TRANSLATE)
    part = next((one for one in parts_of(document) if one.id == clause), None)
    if part is None:
        raise ClauseGone(clause)
    _check(part, "text", part.text, text)
    if len(exceptions) != len(part.exceptions):
        raise TranslationRefused("exceptions", "Translate each exception, and no other.")
    for number, (was, given) in enumerate(zip(part.exceptions, exceptions, strict=True)):
        _check(part, f"exception_{number}", was, given)
    session.take_turns("translate")
    last = session.scalar(
        select(func.max(ClauseTranslation.number)).where(
            ClauseTranslation.language == language.code, ClauseTranslation.clause == clause
        )
    )
    if (last or 0) != seen:
        raise TranslatedMeanwhile
    made = ClauseTranslation(
        language=language.code,
        clause=clause,
        number=seen + 1,
        english=part.english,
        text=text.strip(),
        exceptions=[one.strip() for one in exceptions],
        by_machine=by_machine,
        translated_by=by.name,
    )
    session.add(made)
    session.flush()
    record(
        session,
        Event.CLAUSE_TRANSLATED,
        by=by,
        about_kind=ClauseTranslation.__tablename__,
        about_id=made.id,
        clause=clause,
        language=language.english,
    )
    return made


def _check(part: Part, field: str, english: str, typed: str) -> None:
    if not typed.strip():
        raise TranslationRefused(field, "Type the translation.")
    if len(typed) > LONGEST:
        raise TranslationRefused(field, f"This is too long. Use at most {LONGEST:,} characters.")
    if names_in(typed) != names_in(english):
        named = ", ".join(f"{{{name}}}" for name in sorted(names_in(english)))
        raise TranslationRefused(
            field,
            f"Keep the facts as they stand in English: {named}."
            if named
            else "The English names no fact here. Take out what stands in { and }.",
        )


def note_review(
    session: ScopedSession, language: Language, *, by: Actor, reviewer: str, role: str
) -> LanguageReview:
    """Note that a named person has read a language's fixed texts. Raises TranslationRefused."""
    permit(by, Can.TRANSLATE)
    if not reviewer.strip():
        raise TranslationRefused("reviewer", "Type the name of the person who read the texts.")
    if not role.strip():
        raise TranslationRefused("role", "Say what makes them the right person to read it.")
    made = LanguageReview(
        language=language.code,
        mark=mark(language.code),
        reviewer=reviewer.strip(),
        reviewer_role=role.strip(),
        noted_by=by.name,
    )
    session.add(made)
    session.flush()
    record(
        session,
        Event.LANGUAGE_REVIEWED,
        by=by,
        about_kind=LanguageReview.__tablename__,
        about_id=made.id,
        language=language.english,
    )
    return made


def reviews(session: ScopedSession) -> dict[str, LanguageReview]:
    """The newest review of each language's fixed texts, as they are now, by its code."""
    now = {one.code: mark(one.code) for one in OTHERS}
    rows = session.scalars(
        select(LanguageReview)
        .ext(distinct_on(LanguageReview.language))
        .order_by(LanguageReview.language, LanguageReview.reviewed_at.desc())
    )
    return {row.language: row for row in rows if row.mark == now.get(row.language)}


# -- a school's text in another language


@dataclass(frozen=True)
class Words:
    """A version's text as a page shows it, and how much of it is in the page's language."""

    html: str
    translated: int = 0
    missing: int = 0


def fitted(
    row: ClauseTranslation | None, text: str, exceptions: tuple[str, ...] = ()
) -> Part | None:
    """The translation for exactly this English, the school's facts in it; None for other words.

    A school's text has its facts filled in already. So they are read out of it, by
    the English that was translated: what does not match it is other words.
    """
    if row is None or len(row.english["exceptions"]) != len(exceptions):
        return None
    facts: dict[str, str] = {}
    for was, now in zip(
        (row.english["text"], *row.english["exceptions"]), (text, *exceptions), strict=True
    ):
        found = _facts_in(was, now)
        if found is None:
            return None
        facts |= found
    put = [
        FIELD.sub(lambda one: facts.get(one[1], one[0]), each)
        for each in (row.text, *row.exceptions)
    ]
    return Part(row.clause, put[0], tuple(put[1:]))


def _facts_in(template: str, text: str) -> dict[str, str] | None:
    if "{" not in template:
        return {} if template == text else None
    names: list[str] = []
    pattern, last = "", 0
    for found in FIELD.finditer(template):
        pattern += re.escape(template[last : found.start()])
        last = found.end()
        if found[1] in names:
            pattern += f"(?P=f{names.index(found[1])})"
        else:
            pattern += f"(?P<f{len(names)}>.+?)"
            names.append(found[1])
    match = re.fullmatch(pattern + re.escape(template[last:]), text, re.S)
    return {name: match[f"f{n}"] for n, name in enumerate(names)} if match else None


def in_language(
    document: Document, found: Mapping[str, ClauseTranslation], language: Language
) -> Words:
    """A version's text in another language; what is not translated stands in English."""
    done: set[str] = set()
    missing = 0
    sections = []
    for section in document.sections:
        if section.heading:
            part = fitted(found.get(section.id), section.heading)
            missing += part is None
            if part:
                done.add(section.id)
                section = replace(section, heading=part.text)
        clauses = []
        for clause in section.clauses:
            part = fitted(found.get(clause.id), clause.text, clause.exceptions)
            missing += part is None
            if part:
                done.add(clause.id)
                clause = replace(clause, text=part.text, exceptions=part.exceptions)
            clauses.append(clause)
        sections.append(replace(section, clauses=tuple(clauses)))
    html = (
        wording.pages()
        .get_template("policy_translated.html")
        .render(
            document=replace(document, sections=tuple(sections)),
            done=done,
            say=language.say,
        )
    )
    return Words(html, len(done), missing)


def matrix_in(matrix: Matrix, found: Mapping[str, ClauseTranslation], language: Language) -> Matrix:
    """The contact matrix with its wishes and ways translated, where the Trust has done so."""

    def put(id: str, text: str) -> str:
        part = fitted(found.get(id), text)
        return part.text if part else text

    return replace(
        matrix,
        corner=language.say(matrix.corner) if matrix.corner else "",
        purposes=tuple(replace(p, text=put(f"wish.{p.id}", p.text)) for p in matrix.purposes),
        routes=tuple(replace(r, text=put(f"way.{r.id}", r.text)) for r in matrix.routes),
    )
