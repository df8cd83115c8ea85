"""A parent answers: signs, would rather not, or wants to talk first."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Date, Select, Uuid, bindparam, case, func, literal_column, select, update

from trustconduct import clock
from trustconduct.acknowledgements import mails, receipt_page
from trustconduct.acknowledgements.models import (
    Acknowledgement,
    AcknowledgementWords,
    Answer,
    SignRequest,
)
from trustconduct.acknowledgements.paper_models import AnswerHow, How, PaperSheet
from trustconduct.acknowledgements.struck_models import stands
from trustconduct.audit.actor import Actor
from trustconduct.audit.events import Event
from trustconduct.audit.record import event_rows
from trustconduct.db import Row, insert_rows, new_id, prepared, straight, table_of
from trustconduct.languages.spoken import ENGLISH, Language, Message
from trustconduct.outbox.untold import untold
from trustconduct.outbox.write import Link, mail_rows
from trustconduct.people.models import Adult
from trustconduct.policies import wording
from trustconduct.policies.models import InForce, SchoolVersion
from trustconduct.schools.inherited import telephone_in_force
from trustconduct.tenants.models import NamedSchool, SchoolSettings
from trustconduct.tenants.sessions import ScopedSession

LONGEST_NAME = 200
LONGEST_NOTE = 2_000

EVENTS = {
    Answer.SIGNED: Event.POLICY_SIGNED,
    Answer.DECLINED: Event.POLICY_DECLINED,
    Answer.TALK: Event.TALK_ASKED,
}


class AnswerRefused(ValueError):
    """What was typed will not do. `field` says where, the message what to do."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field, self.message = field, message


class LinkClosed(ValueError):
    """The link has run out, or a newer version is in force: the answer would be about nothing."""


@dataclass(frozen=True)
class Asked:
    """A request as its page needs it: without the text, which the page has from memory."""

    id: UUID
    version_id: UUID
    adult_id: UUID
    adult_name: str
    adult_email: str
    generation: int
    closes_on: date
    number: int
    sha256: str
    telephone: str
    office_email: str
    language: str  # in which they last answered
    superseded: bool
    answers: frozenset[Answer]
    sheet: UUID | None = None  # where it was opened by the link on a sheet of paper
    struck: tuple[str, ...] = ()  # answers that were noted for the wrong person

    @property
    def open(self) -> bool:
        """Whether the link still takes an answer: up to its last day, in London."""
        return clock.today() <= self.closes_on and not self.superseded

    @property
    def by(self) -> Actor:
        """The parent, as the audit knows them: by their link."""
        return Actor("link", self.id, self.adult_name)


def _asked_statement(*, by_sheet: bool = False) -> Select:
    """By the request's own link, or by that of a sheet: each is taken back by itself."""
    link: Any = PaperSheet if by_sheet else SignRequest
    newer = (
        select(InForce.id)
        .where(InForce.number > SchoolVersion.number)
        .where(InForce.during.op("@>")(bindparam("today", type_=Date)))
        .exists()
    )
    marked = untold().alias("untold")
    given = Acknowledgement.answer
    # Those that were struck out have a line in front.
    answers = (
        select(func.array_agg(case((stands(), given), else_=literal_column("'-'") + given)))
        .where(
            Acknowledgement.school_id == SignRequest.school_id,
            Acknowledgement.request_id == SignRequest.id,
        )
        .scalar_subquery()
    )
    query = (
        select(
            SignRequest.id,
            SignRequest.version_id,
            SignRequest.adult_id,
            Adult.name,
            Adult.email,
            literal_column("1") if by_sheet else SignRequest.generation,
            link.closes_on,
            SchoolVersion.number,
            SchoolVersion.sha256,
            telephone_in_force(),
            func.coalesce(SchoolSettings.email, literal_column("''")),
            Adult.language,
            newer,
            answers,
        )
        .join(
            Adult, (Adult.school_id == SignRequest.school_id) & (Adult.id == SignRequest.adult_id)
        )
        .join(
            SchoolVersion,
            (SchoolVersion.school_id == SignRequest.school_id)
            & (SchoolVersion.id == SignRequest.version_id),
        )
        .outerjoin(SchoolSettings, SchoolSettings.school_id == SignRequest.school_id)
        .where(
            SignRequest.school_id == bindparam("school_id", type_=Uuid),
            link.id == bindparam("request_id", type_=Uuid),
            link.revoked_at.is_(None),
            link.disowned_at.is_(None),
            # Who must not be told finds the link closed, as if it had never been.
            ~select(marked.c.id)
            .where(
                marked.c.id == SignRequest.adult_id, marked.c.because == literal_column("'marked'")
            )
            .exists(),
        )
    )
    if by_sheet:
        query = query.join(
            PaperSheet,
            (PaperSheet.school_id == SignRequest.school_id)
            & (PaperSheet.request_id == SignRequest.id),
        )
    return query


_ASKED = prepared(_asked_statement())
_ASKED_BY_SHEET = prepared(_asked_statement(by_sheet=True))


def asked(session: ScopedSession, request_id: UUID) -> Asked | None:
    """The request behind a link, by one query."""
    return _found(session, _ASKED, request_id)


def asked_by_sheet(session: ScopedSession, sheet_id: UUID) -> Asked | None:
    """The request behind the link on a sheet of paper, by one query."""
    return _found(session, _ASKED_BY_SHEET, sheet_id, sheet_id)


def _found(
    session: ScopedSession, statement: Any, id: UUID, sheet: UUID | None = None
) -> Asked | None:
    row = straight(
        session.connection(),
        statement,
        {"school_id": session.school_id, "request_id": id, "today": clock.today()},
    ).fetchone()
    if row is None:
        return None
    *columns, answers = row
    given = frozenset(Answer(one) for one in answers or () if not one.startswith("-"))
    struck = tuple(one[1:] for one in answers or () if one.startswith("-"))
    return Asked(*columns, given, sheet, struck)  # type: ignore[call-arg]


def answer(
    session: ScopedSession,
    request: Asked,
    answer: Answer,
    *,
    by: Actor,
    typed_name: str,
    note: str = "",
    shown_sha256: str,
    copy: str,
    school: NamedSchool,
    language: Language = ENGLISH,
) -> bool:
    """Note a parent's answer with the hash of the text that was shown, and write the receipt.

    False where this very answer was given before: the same form sent fifty times
    is one answer and one receipt. An answer of another kind is added; none is
    ever overwritten. The code asks, it cannot require: declining is as good an
    answer as signing (reference: The Key, citing NAHT). `language` is that of the page: the
    answer keeps it, and the adult is spoken to in it from now on. Raises LinkClosed,
    and AnswerRefused for a name or a text that will not do.
    """
    name = checked_name(typed_name)
    note = checked_note(note)
    if not request.open:
        raise LinkClosed
    if shown_sha256 != request.sha256:
        raise AnswerRefused(
            "text",
            Message(
                "The text on your screen is not the one that you were asked about."
                " Read it again here."
            ),
        )
    now, answer_id = clock.now(), new_id()
    key = {"school_id": session.school_id, "id": answer_id}
    given = insert_rows(
        session,
        [
            (
                table_of(Acknowledgement),
                {
                    **key,
                    "request_id": request.id,
                    "answer": answer.value,
                    "sha256": shown_sha256,
                    "answered_at": now,
                    "language": language.code,
                    "serial": request.struck.count(answer.value),
                },
            ),
            (table_of(AcknowledgementWords), {**key, "typed_name": name, "note": note}),
            *event_rows(
                session,
                EVENTS[answer],
                by,
                about_kind=Acknowledgement.__tablename__,
                about_id=answer_id,
                version=request.number,
                sha256=shown_sha256,
                signed_as=name,
            ),
            *_by_sheet(request, key),
            # Whom no email reaches finds the receipt behind the same link.
            *(
                mail_rows(
                    session, _receipt(request, answer, name, now, copy, school, answer_id, language)
                )
                if request.adult_email
                else []
            ),
        ],
        unless=("school_id", "request_id", "answer", "serial"),
    )
    if given and language.code != request.language:
        session.execute(
            update(Adult).where(Adult.id == request.adult_id).values(language=language.code)
        )
    return given


def _by_sheet(request: Asked, key: dict[str, Any]) -> list[Row]:
    """That an answer came by the link on a sheet of paper: others may have held it."""
    if request.sheet is None:
        return []
    today = clock.today()
    return [
        (
            table_of(AnswerHow),
            {
                **key,
                "how": How.SHEET_LINK.value,
                "signed_on": today,
                "received_on": today,
                "keyed_by": "",
                "witness": "",
                "sheet_id": request.sheet,
            },
        )
    ]


def _receipt(
    request: Asked,
    answer: Answer,
    name: str,
    now: datetime,
    copy: str,
    school: NamedSchool,
    answer_id: UUID,
    language: Language,
) -> Any:
    local = clock.local(now)
    when = language.moment(local.date(), local.time())
    link = Link(f"/{school.slug}/sign/{request.id}/", "sign", request.id, request.generation)
    if request.sheet:
        link = Link(f"/{school.slug}/sign/paper/{request.sheet}/", "paper", request.sheet, 1)
    return mails.receipt(
        school.name,
        adult_id=request.adult_id,
        to_name=request.adult_name,
        to_address=request.adult_email,
        answer=answer.value,
        signed_as=name,
        when=when,
        link=link,
        page=receipt_page.page(
            school=school.name,
            adult=request.adult_name,
            typed_name=name,
            answer=answer,
            when=when,
            at=now,
            slug=school.slug,
            number=request.number,
            sha256=request.sha256,
            receipt_id=answer_id,
            language=language,
        ),
        language=language,
        number=request.number,
        sha256=request.sha256,
        copy=copy,
        telephone=request.telephone,
        reply_to=request.office_email,
    )


def checked_name(typed: str) -> str:
    """The name as typed, with its spaces tidied. Raises AnswerRefused."""
    name = " ".join(typed.split())
    if not name:
        raise AnswerRefused("typed_name", Message("Type your name, so that we know who answered."))
    if len(name) > LONGEST_NAME:
        raise AnswerRefused(
            "typed_name",
            Message("That name is too long. Use at most %(most)s characters.", most=LONGEST_NAME),
        )
    if not _printable(name) or not any(mark.isalpha() for mark in name):
        raise AnswerRefused(
            "typed_name", Message("Type your name in letters. Something in here is not a letter.")
        )
    return name


def checked_note(typed: str) -> str:
    """A message as typed. Raises AnswerRefused."""
    note = typed.replace("\r\n", "\n").strip()
    if len(note) > LONGEST_NOTE:
        raise AnswerRefused(
            "note",
            Message("Your message is too long. Use at most %(most)s letters.", most=LONGEST_NOTE),
        )
    if not _printable(note.replace("\n", " ")):
        raise AnswerRefused(
            "note", Message("Something in your message can't be printed. Type it again.")
        )
    return note


def _printable(text: str) -> bool:
    # Zero-width joiners (Cf) are part of names in Persian and Sinhala; controls are not.
    return all(unicodedata.category(mark) not in ("Cc", "Cs", "Co", "Cn") for mark in text)


def copy_of(version: SchoolVersion) -> str:
    """The version's text without markup, out of its frozen form: the copy for the receipt."""
    return wording.plain(version.document)
