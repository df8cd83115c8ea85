"""Who may decide and who may review: by the school's settings, and nobody it concerns."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from trustconduct import clock
from trustconduct.audit.actor import Actor, Role
from trustconduct.bans.models import Ban
from trustconduct.bans.refused import WrongPerson
from trustconduct.conduct.deciding import why_not
from trustconduct.conduct.ladder import prior_of, steps_about
from trustconduct.conduct.models import StepKind
from trustconduct.letters.models import Letter, LetterService, LetterWithdrawal
from trustconduct.tenants.models import BanRole
from trustconduct.tenants.sessions import ScopedSession

_ROLES = {
    BanRole.HEADTEACHER.value: Role.HEADTEACHER,
    BanRole.CHAIR.value: Role.GOVERNOR,
    BanRole.GOVERNORS.value: Role.GOVERNOR,
    BanRole.TRUST.value: Role.TRUST_OFFICER,
}
ROLE_WORDS = {
    BanRole.HEADTEACHER.value: "The headteacher",
    BanRole.CHAIR.value: "The chair of governors",
    BanRole.GOVERNORS.value: "A panel of governors",
    BanRole.TRUST.value: "The Trust",
}


def holds(person: Actor, role: str, school_id: UUID) -> bool:
    """Whether somebody has the role that a school's settings name."""
    wanted = _ROLES[role]
    at = None if wanted.of_trust else school_id
    return any(grant.role is wanted and grant.school_id == at for grant in person.grants)


def may_decide(session: ScopedSession, ban: Ban, by: Actor) -> None:
    """Raises WrongPerson for one who is not the decider, or whom the case concerns."""
    if not holds(by, ban.decider_role, session.school_id):
        who = ROLE_WORDS[ban.decider_role].lower()
        raise WrongPerson(f"By your school’s settings {who} decides on bans.")
    refuse_whom_it_concerns(session, ban, by)


def may_review(session: ScopedSession, ban: Ban, by: Actor) -> None:
    """Raises WrongPerson for the decider, another role, or one whom the case concerns."""
    if by.id is None or by.id in (ban.decided_by_id, ban.begun_by_id):
        raise WrongPerson("Whoever began or decided a ban never reviews it.")
    if not holds(by, ban.reviewer_role, session.school_id):
        who = ROLE_WORDS[ban.reviewer_role].lower()
        raise WrongPerson(f"By your school’s settings {who} reviews bans.")
    refuse_whom_it_concerns(session, ban, by)


def refuse_whom_it_concerns(session: ScopedSession, ban: Ban, by: Actor) -> None:
    """Raises WrongPerson for who reported, saw it, was affected or is related."""
    if ban.case_id is not None and (why := why_not(session, ban.case_id, by.id)):
        raise WrongPerson(f"{why} Somebody else has to do this.")


def was_warned(session: ScopedSession, adult_id: UUID, case_id: UUID | None = None) -> bool:
    """Whether a warning stands today: a step of a case, or a letter that reached the person."""
    steps = steps_about(session, adult_id)
    today = clock.today()
    if prior_of(steps, StepKind.BAN, today) is not None:
        return True
    # Their case says "a ban" already: the ladder has asked for the warning, or for note 1.
    if case_id and any(
        one.kind == StepKind.BAN and one.case_id == case_id and one.in_force(today) for one in steps
    ):
        return True
    ends = Letter.parts["lapses_on"].as_string()
    found = session.scalar(
        select(Letter.id)
        .join(LetterService, LetterService.letter_id == Letter.id)
        .outerjoin(LetterWithdrawal, LetterWithdrawal.id == Letter.id)
        .where(
            Letter.adult_id == adult_id,
            Letter.kind == "warning",
            LetterService.served_on <= clock.today(),
            LetterService.ended_on.is_(None),
            LetterWithdrawal.id.is_(None),
            ends >= clock.today().isoformat(),
        )
        .limit(1)
    )
    return found is not None
