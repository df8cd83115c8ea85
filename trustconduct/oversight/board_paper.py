"""The paper with which an edition goes to the Board: what changed, why, and whom it concerns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from trustconduct import clock
from trustconduct.accounts.permissions import Can, permit
from trustconduct.audit.actor import Actor
from trustconduct.oversight.impact import Impact, impact
from trustconduct.policies.approvers import Approval, approvals
from trustconduct.policies.consulting import latest_consultation
from trustconduct.policies.differences import Change, Differences, differences
from trustconduct.policies.document import Document
from trustconduct.policies.heard import Heard, heard
from trustconduct.policies.models import Edition, LocalChange
from trustconduct.tenants.models import School
from trustconduct.tenants.sessions import ScopedSession


@dataclass(frozen=True)
class BoardPaper:
    """`before` is the edition that this one follows, None for the first.

    `heard`: what came of consulting on it, None where nobody was asked.
    `approvals`: who must approve its text before it goes to the Board, with their answers.
    `own_words`: in how many schools each changed clause stands in the school's own words.
    """

    edition: Edition
    before: Edition | None
    found: Differences
    impact: Impact
    own_words: dict[str, int]
    heard: Heard | None
    approvals: Sequence[Approval]

    @property
    def title(self) -> str:
        return f"{self.edition.body['title']}: paper for the Board"

    @property
    def asks(self) -> list[str]:
        """What the Board is asked to do, each a sentence."""
        follows = f", in place of edition {self.before.number}" if self.before else ""
        when = self.edition.review_text
        review = f"Agree that it is reviewed in: {when}." if when else ""
        return [
            f"Approve edition {self.edition.number} of the policy{follows}.",
            *([review] if review else []),
        ]

    @property
    def facts(self) -> list[tuple[str, str]]:
        edition = self.edition
        union = "does not apply" if edition.union_not_applicable else "not stated"
        if edition.union_on:
            union = clock.day(edition.union_on)
        change = {True: "Material", False: "Minor", None: "Not marked yet"}[edition.material]
        return [
            ("Edition", f"{edition.number}, {edition.state.value}"),
            ("Board", clock.day(edition.board_on) if edition.board_on else "not stated"),
            ("Review", edition.review_text or "not stated"),
            ("Union consultation", union),
            ("Author", edition.author or "not stated"),
            ("Change", change),
            *([("Governing bodies", "each school’s approves it")] if edition.local_bodies else []),
        ]

    @property
    def approved_by(self) -> list[str]:
        """Who was asked to approve the text before the Board, and what each says."""
        if not self.approvals:
            return []
        how = "All of them" if self.edition.approvers_all else "One of them"
        return [f"{how} must approve the text.", *(f"{one.sentence}." for one in self.approvals)]

    @property
    def why(self) -> str:
        return self.edition.change_because or "Nobody has said yet why the text changes."

    @property
    def schools(self) -> list[str]:
        """Whom it concerns, in sentences."""
        found = self.impact
        n = len(found.schools) + found.without_version
        said = [f"{n} {'school adopts' if n == 1 else 'schools adopt'} it."]
        if found.people:
            said.append(
                f"{found.people} people in {found.asking}"
                f" {'school' if found.asking == 1 else 'schools'} are asked again."
            )
        else:
            said.append("Nobody is asked again.")
        if found.without_version:
            said.append(f"{found.without_version} have no version yet and ask for the first time.")
        if found.suspended:
            said.append(f"{found.suspended} suspended are not counted.")
        for clause, many in self.own_words.items():
            who = "school, which decides" if many == 1 else "schools, which decide"
            said.append(f"{clause} stands in words of its own in {many} {who} what is to stand.")
        return said


def board_paper(session: ScopedSession, edition: Edition, *, by: Actor) -> BoardPaper:
    """The paper, in a fixed number of queries for any number of schools."""
    permit(by, Can.SEE_CONSOLE)
    before = session.scalar(
        select(Edition)
        .where(
            Edition.number < edition.number,
            Edition.published_at.is_not(None),
            Edition.withdrawn_at.is_(None),
        )
        .order_by(Edition.number.desc())
        .limit(1)
    )
    found = differences(before.document if before else Document(""), edition.document)
    changed = [
        clause.id
        for clause in found.clauses()
        if clause.is_changed and clause.change is not Change.ADDED
    ]
    own = session.execute(
        select(LocalChange.clause, func.count(LocalChange.school_id.distinct()))
        .join(School, School.id == LocalChange.school_id)
        .where(LocalChange.clause.in_(changed), School.suspended_at.is_(None))
        .group_by(LocalChange.clause)
        .order_by(LocalChange.clause)
    )
    there = latest_consultation(session, edition)
    return BoardPaper(
        edition,
        before,
        found,
        impact(session, edition, by=by),
        dict(own.all()),
        heard(session, there, page=None) if there else None,
        approvals(session, edition),
    )
