"""What a change of the school's facts would do to the code that parents read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from trustconduct.policies.differences import Differences, differences
from trustconduct.policies.models import Edition, SchoolVersion
from trustconduct.policies.versions import is_unchanged, newest_version, text_hash, unfilled
from trustconduct.tenants.sessions import ScopedSession


@dataclass(frozen=True)
class Altered:
    """A version that would no longer say what the school's settings say, and where.

    `mark` names the words that would then be right: who was told of them need not be
    told again.
    """

    version: SchoolVersion
    changes: Differences
    mark: str


def would_alter(
    session: ScopedSession, before: Mapping[str, str], after: Mapping[str, str]
) -> Altered | None:
    """Whether the newest version would read otherwise with these facts. A version never
    changes: a new one must be published, and until then parents read what it says.
    """
    version = newest_version(session)
    edition = session.get(Edition, version.edition_id) if version else None
    if version is None or edition is None:
        return None
    text = unfilled(session, edition)
    was, now = text.filled(before), text.filled(after)
    mark = text_hash(now)
    if mark == text_hash(was) or is_unchanged(version, edition, now):
        return None
    return Altered(version, differences(was, now), mark)


def has_moved_on(
    session: ScopedSession, version: SchoolVersion, edition: Edition, facts: Mapping[str, str]
) -> bool:
    """Whether a version of this edition reads otherwise than the school's facts, or the
    Trust's, or the school's own words, now say.
    """
    if version.edition_id != edition.id:
        return False  # a new edition is to be adopted: a task of its own
    return not is_unchanged(version, edition, unfilled(session, edition).filled(facts))
