"""What is known of a person being told: each fact kept apart, with its day and its row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Text, cast, func, select

from trustconduct import clock
from trustconduct.acknowledgements.models import Acknowledgement, Answer, SignRequest
from trustconduct.acknowledgements.notice_models import (
    LinkFetch,
    TextOpened,
    ToldAdult,
    ToldHow,
    ToldOtherwise,
)
from trustconduct.acknowledgements.paper_models import AnswerHow, How, PaperPack, PaperSheet
from trustconduct.acknowledgements.reference import shown
from trustconduct.acknowledgements.struck_models import AnswerStruckWords
from trustconduct.audit.events import Event
from trustconduct.audit.models import SchoolAuditEvent
from trustconduct.outbox.models import Channel, SchoolMessage, SchoolMessageContent
from trustconduct.policies.models import SchoolVersion
from trustconduct.tenants.sessions import ScopedSession


class What(StrEnum):
    """Kinds of facts, never added up: a link that was fetched is no text that was opened."""

    SENT = "sent"
    BOUNCED = "bounced"
    PRINTED = "printed"
    FETCHED = "fetched"
    OPENED = "opened"
    ANSWERED = "answered"
    TOLD = "told"
    ENTRANCE = "entrance"

    @property
    def word(self) -> str:
        return {
            "sent": "Sent",
            "bounced": "Came back",
            "printed": "Printed",
            "fetched": "Link fetched",
            "opened": "Text opened",
            "answered": "Answered",
            "told": "Told by a person",
            "entrance": "Notice at the entrance",
        }[self.value]


@dataclass(frozen=True)
class Fact:
    """One fact. `against` says why it is no ground; blank where it is one."""

    what: What
    on: date
    words: str
    table: str
    row_id: UUID
    version_id: UUID | None
    number: int  # of the version
    against: str = ""

    def but(self, why: str) -> Fact:
        return replace(self, against=why)


_SAID = {
    Answer.SIGNED: "They acknowledged version {number}",
    Answer.DECLINED: "They answered that they would rather not sign version {number}",
    Answer.TALK: "They answered that they want to talk about version {number}",
}
_KINDS = {"sign_request": "asked them to read", "sign_reminder": "reminded them of"}
SCANNER = "A link may be fetched by a mail scanner. Alone it shows nothing."


def facts_of_person(session: ScopedSession, ids: Sequence[UUID]) -> list[Fact]:
    """All that is known of these rows of one person, the oldest first. Eight queries."""
    requests = {
        row.id: row
        for row in session.execute(
            select(SignRequest.id, SignRequest.version_id, SchoolVersion.number)
            .join(SchoolVersion, SchoolVersion.id == SignRequest.version_id)
            .where(SignRequest.adult_id.in_(ids))
        )
    }
    found = _told(session, ids)
    if requests:
        closed = _closed(session, list(requests))
        found += _answers(session, requests, closed)
        found += _messages(session, ids, requests, closed)
        found += _opened_and_fetched(session, requests, closed)
        found += _printed(session, requests)
    return sorted(found, key=lambda one: (one.on, list(What).index(one.what), one.row_id))


def _day(at: datetime) -> date:
    return clock.local(at).date()


def _closed(session: ScopedSession, requests: list[UUID]) -> dict[UUID, tuple[datetime, str]]:
    """When somebody last said of a link that it is another person's, or took it back.

    The history knows it; the request forgets it once a fresh link is sent.
    """
    event = SchoolAuditEvent
    rows = session.execute(
        select(event.thing_id, event.event, func.max(event.at))
        .where(
            event.thing_id.in_(requests),
            event.event.in_([Event.LINK_DISOWNED.value, Event.LINK_REVOKED.value]),
        )
        .group_by(event.thing_id, event.event)
        .order_by(func.max(event.at))
    )
    words = {
        Event.LINK_DISOWNED.value: "Whoever opened the link said that they are another person.",
        Event.LINK_REVOKED.value: "The link in it was taken back.",
    }
    return {id: (at, words[name]) for id, name, at in rows if id}


def _answers(session: ScopedSession, requests: dict, closed: dict) -> list[Fact]:
    found = []
    rows = session.execute(
        select(Acknowledgement, AnswerHow, AnswerStruckWords.because)
        .outerjoin(AnswerHow, AnswerHow.id == Acknowledgement.id)
        .outerjoin(AnswerStruckWords, AnswerStruckWords.id == Acknowledgement.id)
        .where(Acknowledgement.request_id.in_(list(requests)))
    )
    for given, how, struck in rows:
        request = requests[given.request_id]
        on, came = _day(given.answered_at), "by their own link"
        if how is not None:
            on = how.signed_on
            word = How(how.how).word
            came = word[0].lower() + word[1:]
            if how.keyed_by:
                came += f"; received on {clock.day(how.received_on)}, keyed by {how.keyed_by}"
        said = _SAID[Answer(given.answer)].format(number=request.number)
        fact = Fact(
            What.ANSWERED, on, f"{said} on {clock.day(on)}, {came}", "acknowledgement", given.id,
            request.version_id, request.number,
        )  # fmt: skip
        when, why = closed.get(given.request_id, (None, ""))
        if (
            how is None
            and given.answer != Answer.SIGNED.value
            and when
            and given.answered_at < when
        ):
            fact = fact.but(why)
        if struck is not None:
            fact = fact.but(f"Struck out: {struck}")
        found.append(fact)
    return found


def _messages(session: ScopedSession, ids: Sequence[UUID], requests: dict, closed: dict) -> list:
    """What left for them, and what came back. That it did not come back makes it a ground."""
    message, content = SchoolMessage, SchoolMessageContent
    found = []
    rows = session.execute(
        select(
            message.id, message.kind, message.channel, message.sent_at, message.bounced_at,
            content.link["row"].astext,
        )
        .join(content, (content.school_id == message.school_id) & (content.id == message.id))
        .where(
            message.adult_id.in_(ids),
            message.kind.in_(list(_KINDS)),
            message.sent_at.is_not(None),
            content.link["row"].astext.in_(select(cast(SignRequest.id, Text)).where(
                SignRequest.adult_id.in_(ids)
            )),
        )
    )  # fmt: skip
    for id, kind, channel, sent_at, bounced_at, row in rows:
        request_id = UUID(row)
        request = requests[request_id]
        noun = "A text message" if channel == Channel.TEXT.value else "An email"
        of = (request.version_id, request.number)
        on = _day(sent_at)
        words = f"{noun} of {clock.day(on)} {_KINDS[kind]} version {request.number}"
        when, why = closed.get(request_id, (None, ""))
        against = why if when and sent_at < when else ""
        if bounced_at:
            back = clock.day(_day(bounced_at))
            against = f"It came back on {back}."
            came_back = f"{noun} of {clock.day(on)} came back on {back}"
            found.append(
                Fact(What.BOUNCED, _day(bounced_at), came_back, "outbox_school", id, *of,
                     "It did not arrive.")
            )  # fmt: skip
        found.append(Fact(What.SENT, on, words, "outbox_school", id, *of, against))
    return found


def _opened_and_fetched(session: ScopedSession, requests: dict, closed: dict) -> list[Fact]:
    found = []
    for opened in session.scalars(
        select(TextOpened).where(TextOpened.request_id.in_(list(requests)))
    ):
        request, on = requests[opened.request_id], _day(opened.opened_at)
        when, why = closed.get(opened.request_id, (None, ""))
        found.append(
            Fact(
                What.OPENED, on,
                f"They said on the page on {clock.day(on)} that they have opened version"
                f" {request.number}, as {opened.typed_name}",
                "text_opened", opened.id, request.version_id, request.number,
                why if when and opened.opened_at < when else "",
            )
        )  # fmt: skip
    for fetch in session.scalars(select(LinkFetch).where(LinkFetch.request_id.in_(list(requests)))):
        request = requests[fetch.request_id]
        found.append(
            Fact(
                What.FETCHED, fetch.local_day,
                f"Their link to version {request.number} was fetched on"
                f" {clock.day(fetch.local_day)}",
                "link_fetch", fetch.id, request.version_id, request.number, SCANNER,
            )
        )  # fmt: skip
    return found


def _printed(session: ScopedSession, requests: dict) -> list[Fact]:
    rows = session.execute(
        select(PaperSheet.id, PaperSheet.request_id, PaperSheet.number, PaperPack.begun_at)
        .join(PaperPack, PaperPack.id == PaperSheet.pack_id)
        .where(PaperSheet.request_id.in_(list(requests)))
    )
    return [
        Fact(
            What.PRINTED, _day(begun_at), f"Sheet {shown(number)} was made for them",
            "paper_sheet", id, requests[request_id].version_id, requests[request_id].number,
            "That it was made does not show that they got it.",
        )
        for id, request_id, number, begun_at in rows
    ]  # fmt: skip


def _told(session: ScopedSession, ids: Sequence[UUID]) -> list[Fact]:
    rows = session.execute(
        select(ToldOtherwise, SchoolVersion.number)
        .join(ToldAdult, ToldAdult.told_id == ToldOtherwise.id)
        .join(SchoolVersion, SchoolVersion.id == ToldOtherwise.version_id)
        .where(ToldAdult.adult_id.in_(ids))
        .distinct()
    )
    return [
        Fact(
            What.TOLD, told.told_on,
            f"{ToldHow(told.how).word}: version {number} on {clock.day(told.told_on)}."
            f" {told.words}",
            "told_otherwise", told.id, told.version_id, number,
            f"Taken back: {told.taken_back_because}" if told.taken_back_at else "",
        )
        for told, number in rows
    ]  # fmt: skip
