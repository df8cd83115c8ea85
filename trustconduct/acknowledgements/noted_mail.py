"""What an adult is told when staff wrote an answer down for them, or struck one out.

Nobody answers for another behind their back: who has an email address reads at once what
was noted, and whom to call if it is wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import func, select

from trustconduct import clock
from trustconduct.acknowledgements import receipt_page
from trustconduct.acknowledgements.models import Answer
from trustconduct.acknowledgements.paper_models import How
from trustconduct.db import Row
from trustconduct.outbox.untold import may_be_told
from trustconduct.outbox.write import Mail, mail_rows
from trustconduct.people.models import Adult
from trustconduct.schools.inherited import telephone_in_force
from trustconduct.tenants.models import School, SchoolSettings
from trustconduct.tenants.sessions import ScopedSession

_DID = {
    Answer.SIGNED: "you have read our code of conduct",
    Answer.DECLINED: "you would rather not sign our code of conduct",
    Answer.TALK: "you would like to talk to us about our code of conduct",
}
_BY = {
    How.PAPER: "on paper",
    How.TELEPHONE: "by telephone",
    How.INTERPRETER: "through an interpreter",
    How.MEETING: "at a meeting",
    How.SHEET_LINK: "by the link on a sheet of paper",
}


@dataclass(frozen=True)
class Noted:
    """An answer that was written down for somebody, as the mail tells it."""

    id: UUID
    answer: Answer
    how: How
    typed_name: str
    signed_on: date
    number: int  # of the version
    sha256: str


def noted(session: ScopedSession, adult_id: UUID, one: Noted) -> list[Row]:
    """The mail that tells an adult what was noted for them, with its receipt as a PDF.

    No rows for whom no email reaches, and for who must not be told: nothing goes to them.
    """
    to = _reached(session, adult_id)
    if to is None:
        return []
    when = receipt_page.moment(clock.now())
    page = receipt_page.page(
        school=to.school,
        slug=to.slug,
        adult=to.name,
        typed_name=one.typed_name,
        answer=one.answer,
        at=clock.now(),
        when=f"{clock.day(one.signed_on)}, {_BY[one.how]}. Written down by the school on {when}",
        number=one.number,
        sha256=one.sha256,
        receipt_id=one.id,
    )
    words = (
        f"On {clock.day(one.signed_on)} you told us {_BY[one.how]} that {_DID[one.answer]}."
        f" The name given was {one.typed_name}. We have written this down today."
    )
    return _mail(session, adult_id, to, "answer_noted", "we wrote down your answer", words, page)


def struck(session: ScopedSession, adult_id: UUID, answer: Answer, number: int) -> list[Row]:
    """The mail that tells an adult that what was noted for them does not count."""
    to = _reached(session, adult_id)
    if to is None:
        return []
    words = (
        f"We had written down for you that {_DID[answer]} (version {number})."
        " That was a mistake. It was meant for somebody else, and does not count for you."
        " You do not need to do anything."
    )
    return _mail(session, adult_id, to, "answer_struck", "we made a mistake", words, None)


@dataclass(frozen=True)
class _Reached:
    name: str
    email: str
    school: str
    slug: str
    telephone: str
    office_email: str


def _reached(session: ScopedSession, adult_id: UUID) -> _Reached | None:
    row = session.execute(
        select(
            Adult.name, Adult.email, School.name.label("school"), School.slug,
            telephone_in_force().label("telephone"), func.coalesce(SchoolSettings.email, ""),
        )
        .join(School, School.id == Adult.school_id)
        .outerjoin(SchoolSettings, SchoolSettings.school_id == Adult.school_id)
        .where(
            Adult.id == adult_id, Adult.email != "", Adult.left_on.is_(None), may_be_told(Adult.id)
        )
    ).one_or_none()  # fmt: skip
    return _Reached(*row) if row else None


def _mail(
    session: ScopedSession,
    adult_id: UUID,
    to: _Reached,
    kind: str,
    about: str,
    words: str,
    page: str | None,
) -> list[Row]:
    def body(call: str) -> str:
        return (
            f"Dear {to.name},\n\n{words}\n\nIs this not right? Please call the school office{call}"
            " or reply to this email.\n\nSigning is a request. Your child is treated just the"
            f" same, signed or not.\n\nThank you,\n{to.school}\n"
        )

    return mail_rows(
        session,
        Mail(
            kind=kind,
            adult_id=adult_id,
            to_name=to.name,
            to_address=to.email,
            from_name=to.school,
            reply_to=to.office_email,
            subject=f"{to.school}: {about}",
            printed=("receipt.pdf", page) if page else None,
            body=body(""),
            letter=body(f" on {to.telephone}" if to.telephone else ""),
        ),
    )
