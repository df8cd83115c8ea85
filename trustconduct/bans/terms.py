"""What a ban says: the terms, each version kept; and the exceptions that every ban has."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select

from trustconduct.audit.actor import Actor
from trustconduct.bans.models import BanException, BanTerms
from trustconduct.bans.refused import BanRefused
from trustconduct.tenants.sessions import ScopedSession

LONGEST_WORDS = 4_000

STANDING = {
    "emergency": "If your child has an accident or is suddenly ill. Come straight to reception.",
    "statutory": "For a meeting that the law gives you: about an exclusion, about an education,"
    " health and care plan, or to have a complaint heard.",
    "polling": "To vote, when our site is a polling station.",
    "worship": "For a service of worship, when our site is a place of worship.",
}


@dataclass(frozen=True)
class Terms:
    """The words and days of a ban. Days as the letter says them; words are paragraphs."""

    incident_on: str
    reasons: str
    sites: str
    hours: str
    starts_on: str
    ends_on: str
    clauses: tuple[str, ...] = ()
    why_now: str = ""
    skipped_because: str = ""
    events: str = ""
    remote: str = ""
    bringing: str = ""
    contact: str = ""
    changes: str = ""

    @classmethod
    def of(cls, body: dict[str, Any]) -> Terms:
        names = {field.name for field in fields(cls)}
        known = {name: value for name, value in body.items() if name in names}
        return cls(**{**known, "clauses": tuple(known.get("clauses", ()))})

    @property
    def body(self) -> dict[str, Any]:
        return {**asdict(self), "clauses": list(self.clauses)}

    @property
    def scope(self) -> str:
        """Sites, hours, events, and limits online and by telephone, as the letter says them."""
        said = (self.sites, self.hours, self.events, self.remote)
        return "\n\n".join(words for words in said if words)

    def but(self, **changed: Any) -> Terms:
        return replace(self, **changed)


def day_of(text: str) -> date:
    return date.fromisoformat(text)


def check_terms(terms: Terms) -> None:
    """Raises BanRefused for what is missing or too long."""
    needed = {
        "reasons": "Give the reasons.",
        "sites": "Say which sites it covers.",
        "hours": "Say at which hours it applies.",
    }
    for name, message in needed.items():
        if not getattr(terms, name).strip():
            raise BanRefused(name, message)
    for field in fields(terms):
        value = getattr(terms, field.name)
        if isinstance(value, str) and len(value) > LONGEST_WORDS:
            raise BanRefused(field.name, f"Use at most {LONGEST_WORDS:,} characters.")


def terms_of(session: ScopedSession, ban_id: UUID) -> Terms:
    """The newest terms of a ban."""
    body = session.scalar(
        select(BanTerms.body)
        .where(BanTerms.ban_id == ban_id)
        .order_by(BanTerms.number.desc())
        .limit(1)
    )
    return Terms.of(body or {})


def write_terms(session: ScopedSession, ban_id: UUID, terms: Terms, *, by: Actor) -> int:
    """Add a version of a ban's terms; give its number. For the rules of this folder."""
    check_terms(terms)
    last = session.scalar(
        select(BanTerms.number)
        .where(BanTerms.ban_id == ban_id)
        .order_by(BanTerms.number.desc())
        .limit(1)
    )
    session.add(
        BanTerms(ban_id=ban_id, number=(last or 0) + 1, body=terms.body, written_by=by.name)
    )
    session.flush()
    return (last or 0) + 1


def standing_exceptions(session: ScopedSession, ban_id: UUID, *, by: Actor) -> None:
    """Give a new ban the exceptions that every ban has. For the rules of this folder."""
    session.add_all(
        BanException(ban_id=ban_id, code=code, words=words, added_by=by.name)
        for code, words in STANDING.items()
    )
    session.flush()
