"""What an adult was shown and answered: for the receipt, which opens again and goes by mail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from trustconduct import clock
from trustconduct.acknowledgements.models import (
    Acknowledgement,
    AcknowledgementWords,
    Answer,
    SignRequest,
)
from trustconduct.acknowledgements.paper_models import AnswerHow, How
from trustconduct.acknowledgements.receipt_code import ReceiptCode
from trustconduct.acknowledgements.receipt_page import SAID
from trustconduct.acknowledgements.signing import Asked
from trustconduct.acknowledgements.struck_models import stands
from trustconduct.languages.spoken import ENGLISH, Language, language, told
from trustconduct.people.models import Adult
from trustconduct.policies.models import SchoolVersion
from trustconduct.tenants.sessions import ScopedSession


@dataclass(frozen=True)
class Receipt:
    """One answer as its receipt shows it: never the reason that somebody wrote."""

    id: UUID
    answer: Answer
    typed_name: str
    sha256: str
    answered_at: datetime
    how: str  # blank for an answer by their own mailed link
    language: str

    def came_in(self, spoken: Language) -> str:
        """How it came, where it did not come by their own mailed link."""
        return told(How(self.how).word, spoken) if self.how else ""

    def said_in(self, spoken: Language) -> str:
        return told(SAID[self.answer], spoken)

    def when_in(self, spoken: Language) -> str:
        local = clock.local(self.answered_at)
        return spoken.moment(local.date(), local.time())

    def code(self, slug: str) -> ReceiptCode:
        """What `/verify` checks; the day is that of the record."""
        day = clock.local(self.answered_at).date()
        return ReceiptCode(slug, self.answer, day, self.id, self.sha256)

    @property
    def language_name(self) -> str:
        """What its speakers call the language of the page on which they answered."""
        return (language(self.language) or ENGLISH).name


def receipts(session: ScopedSession, request_id: UUID) -> list[Receipt]:
    """The answers to one request, the newest first."""
    rows = session.execute(
        select(
            Acknowledgement.id,
            Acknowledgement.answer,
            AcknowledgementWords.typed_name,
            Acknowledgement.sha256,
            Acknowledgement.answered_at,
            func.coalesce(AnswerHow.how, ""),
            Acknowledgement.language,
        )
        .outerjoin(
            AnswerHow,
            (AnswerHow.school_id == Acknowledgement.school_id)
            & (AnswerHow.id == Acknowledgement.id),
        )
        .join(
            AcknowledgementWords,
            (AcknowledgementWords.school_id == Acknowledgement.school_id)
            & (AcknowledgementWords.id == Acknowledgement.id),
        )
        .where(Acknowledgement.request_id == request_id, stands())
        .order_by(Acknowledgement.answered_at.desc(), Acknowledgement.id.desc())
    )
    return [Receipt(row[0], Answer(row[1]), *row[2:]) for row in rows]


def signed_before(session: ScopedSession, request: Asked) -> SchoolVersion | None:
    """The newest version before this one that the person has signed, if any: doubles count.

    What has changed since then is what they want to read first.
    """
    one, other = aliased(Adult), aliased(Adult)
    return session.scalar(
        select(SchoolVersion)
        .join(
            SignRequest,
            (SignRequest.school_id == SchoolVersion.school_id)
            & (SignRequest.version_id == SchoolVersion.id),
        )
        .join(
            Acknowledgement,
            (Acknowledgement.school_id == SignRequest.school_id)
            & (Acknowledgement.request_id == SignRequest.id),
        )
        .where(
            Acknowledgement.answer == Answer.SIGNED.value,
            stands(),
            SchoolVersion.number < request.number,
            SignRequest.adult_id.in_(
                select(other.id)
                .join(one, (one.id == other.id) | (one.id == other.merged_into))
                .where(one.id == request.adult_id)
            ),
        )
        .order_by(SchoolVersion.number.desc())
        .limit(1)
    )
