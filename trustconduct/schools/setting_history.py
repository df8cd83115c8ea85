"""How a setting came to be as it is: the school's changes and the Trust's, newest first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from trustconduct.audit.events import Event
from trustconduct.audit.models import SchoolAuditDetail, SchoolAuditEvent
from trustconduct.schools.inherited import INHERITED, words_for
from trustconduct.schools.models import GivenChange
from trustconduct.tenants.sessions import ScopedSession

MOST = 200


@dataclass(frozen=True)
class Change:
    """One change in words. `before` is None where it was not kept: at first only what a
    setting became was.
    """

    at: datetime
    by: str
    by_trust: bool
    before: str | None
    after: str


def setting_history(session: ScopedSession, key: str, forces: Mapping[str, str]) -> list[Change]:
    """The changes of one setting that inherits, or of the school's email, in two queries."""
    found = [
        Change(
            row.at,
            str(row.details.get("by", "")),
            by_trust=False,
            before=_words(key, row.details["changed"][key], "from", forces),
            after=_words(key, row.details["changed"][key], "to", forces) or "",
        )
        for row in session.execute(
            select(SchoolAuditEvent.at, SchoolAuditDetail.details)
            .join(
                SchoolAuditDetail,
                (SchoolAuditDetail.school_id == SchoolAuditEvent.school_id)
                & (SchoolAuditDetail.id == SchoolAuditEvent.id),
            )
            .where(
                SchoolAuditEvent.event == Event.SETTINGS_CHANGED.value,
                SchoolAuditDetail.details["changed"].has_key(key),
            )
            .order_by(SchoolAuditEvent.at.desc())
            .limit(MOST)
        )
    ]
    found += [
        Change(
            one.at,
            one.by_name,
            by_trust=True,
            before=_given(key, one.before, forces),
            after=_given(key, one.after, forces),
        )
        for one in session.scalars(
            select(GivenChange)
            .where(GivenChange.key == key)
            .order_by(GivenChange.at.desc())
            .limit(MOST)
        )
    ]
    return sorted(found, key=lambda one: one.at, reverse=True)


def _words(key: str, change: Any, end: str, forces: Mapping[str, str]) -> str | None:
    if isinstance(change, dict) and change.keys() == {"from", "to"}:
        return words_for(key, change[end], forces)
    return words_for(key, change, forces) if end == "to" else None


def _given(key: str, one: Mapping[str, Any] | None, forces: Mapping[str, str]) -> str:
    if not one:
        return ""
    words = [words_for(key, one["value"], forces)]
    if one.get("least"):
        words.append(f"at least {one['least']}")
    if one.get("most"):
        words.append(f"at most {one['most']}")
    if one["locked"]:
        words.append("locked")
    return ", ".join(word for word in words if word)


def is_setting(key: str) -> bool:
    return key in INHERITED or key == "email"
