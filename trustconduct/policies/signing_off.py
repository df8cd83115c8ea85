"""Naming those who must approve a draft's text, asking them, and what they answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from trustconduct import clock
from trustconduct.accounts.permissions import Can, permit
from trustconduct.audit.actor import Actor
from trustconduct.audit.events import Event
from trustconduct.audit.record import record
from trustconduct.outbox.write import Mail, write
from trustconduct.policies.approvers import (
    Approver,
    Said,
    SignOff,
    Standing,
    approvals,
    text_mark,
)
from trustconduct.policies.consulting_mails import CODE
from trustconduct.policies.editions import EditionRefused
from trustconduct.policies.models import Edition, State
from trustconduct.tenants.sessions import ScopedSession

LONGEST_WORDS = 4_000  # characters


class NotNamed(EditionRefused):
    """Nobody asked this person about the edition."""


class TextMoved(EditionRefused):
    """The text is not the one that the person read; nothing was kept."""


@dataclass(frozen=True)
class AtTrust:
    """Somebody who may be named: a person with a role at the Trust today."""

    id: UUID
    name: str
    email: str


@dataclass(frozen=True)
class Asking:
    """Who asks, as the mail says it: the Trust's name, and where the page is."""

    trust: str
    address: str


def name_approvers(
    session: ScopedSession,
    edition: Edition,
    *,
    by: Actor,
    chosen: Iterable[UUID],
    people: Mapping[UUID, AtTrust],
    all_of: bool,
    asking: Asking,
) -> int:
    """Say who must approve the text: all of them, or any one. Gives how many are asked by mail.

    `chosen` replaces who was named before; `people` are those who may be. Who is new on
    the list gets a mail. Raises EditionRefused for somebody without a role at the Trust.
    """
    permit(by, Can.APPROVE_EDITION)
    _hold(session, edition)
    wanted = set(chosen)
    there = {
        one.user_id: one
        for one in session.scalars(select(Approver).where(Approver.edition_id == edition.id))
    }
    named = {id for id, one in there.items() if one.removed_at is None}
    if wanted - named - people.keys():
        raise EditionRefused("Choose people who have a role at the Trust today.")
    for id in named - wanted:
        there[id].removed_at = clock.now()
    added = []
    for id in wanted - named:
        person = people[id]
        one = there.get(id) or Approver(edition_id=edition.id, user_id=id)
        one.name, one.email, one.named_by = person.name, person.email, by.name
        one.named_at, one.removed_at = clock.now(), None
        session.add(one)
        added.append(one)
    edition.approvers_all = all_of
    session.flush()
    record(
        session,
        Event.APPROVERS_NAMED,
        by=by,
        about=edition,
        number=edition.number,
        how="all of them" if all_of else "any one of them",
        names=", ".join(sorted(_names(session, edition))) or "nobody",
    )
    return _ask(session, edition, added, asking)


def ask_again(session: ScopedSession, edition: Edition, *, by: Actor, asking: Asking) -> int:
    """Write to everybody who does not approve the text as it is now, once a day at most.

    Gives how many are written to. Who asked for changes that were not made yet is left
    alone. Raises EditionRefused.
    """
    permit(by, Can.APPROVE_EDITION)
    _hold(session, edition)
    left_alone = (Standing.APPROVES, Standing.ASKS_FOR_CHANGES)
    again = [
        one.approver
        for one in approvals(session, edition)
        if one.standing not in left_alone and one.approver.asked_on != clock.today()
    ]
    if not again:
        raise EditionRefused(
            "There is nobody to ask again today: they approve it, or were asked today,"
            " or have asked for changes that are not made yet."
        )
    record(
        session,
        Event.APPROVERS_ASKED,
        by=by,
        about=edition,
        number=edition.number,
        count=len(again),
    )
    return _ask(session, edition, again, asking)


def sign_off(
    session: ScopedSession, edition: Edition, *, by: Actor, said: Said, words: str, seen: str
) -> None:
    """Keep what an approver says of the text that they read, whose mark is `seen`.

    Raises NotNamed, TextMoved where somebody has edited it since, and EditionRefused
    where changes are asked for and not named.
    """
    permit(by, Can.SIGN_OFF_EDITION)
    approver = session.scalar(
        select(Approver).where(
            Approver.edition_id == edition.id,
            Approver.user_id == by.id,
            Approver.removed_at.is_(None),
        )
    )
    if approver is None:
        raise NotNamed(f"Nobody asked you to approve edition {edition.number}.")
    _hold(session, edition)
    if seen != text_mark(edition):
        raise TextMoved("Somebody has edited the text since you opened it. Please read it again.")
    if said is Said.NOT_YET and not words:
        raise EditionRefused("Say what should change first.")
    if len(words) > LONGEST_WORDS:
        raise EditionRefused(f"Say it in at most {LONGEST_WORDS:,} letters.")
    session.add(SignOff(approver_id=approver.id, said=said.value, words=words, text_sha256=seen))
    session.flush()
    record(
        session,
        Event.EDITION_SIGNED_OFF if said is Said.APPROVED else Event.EDITION_SENT_BACK,
        by=by,
        about=edition,
        number=edition.number,
        sha256=seen,
    )


def _hold(session: ScopedSession, edition: Edition) -> None:
    """Take the draft as it is now, so that no edit comes between reading and signing it off."""
    session.take_turns("edition")
    session.refresh(edition, with_for_update=True)
    if edition.state is State.CONSULTED:
        raise EditionRefused("People are still being asked about it. Wait until that is over.")
    if edition.state is not State.DRAFT:
        raise EditionRefused(f"Edition {edition.number} is {edition.state.value} already.")


def _names(session: ScopedSession, edition: Edition) -> list[str]:
    return [one.approver.name for one in approvals(session, edition)]


def _ask(session: ScopedSession, edition: Edition, who: Iterable[Approver], asking: Asking) -> int:
    mails = []
    for one in who:
        one.asked_on = clock.today()
        mails.append(_mail(edition, one, asking))
    session.flush()
    write(session, mails)
    return len(mails)


def _mail(edition: Edition, one: Approver, asking: Asking) -> Mail:
    return Mail(
        kind="approval_asked",
        to_name=one.name,
        to_address=one.email,
        from_name=asking.trust,
        subject=f"Please approve edition {edition.number} of the code of conduct",
        body=f"""Dear {one.name},

{asking.trust} has a new edition of
{CODE}.
Your approval of its text is asked for before it goes to the Board.

Please read it, and say that you approve it as it stands, or what should change first:

{asking.address}

You sign in as usual. If the text is edited after your answer, you are asked again.

trustconduct, for {asking.trust}
""",
    )
