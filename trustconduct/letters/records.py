"""Where a letter is filled from: a person alone, or a record that says more.

A part of the service that keeps records (a case, a ban) adds its own source. What its
record says of a part stands in the letter and is never typed again:

    @record_source("case")
    def of_case(session: ScopedSession, case_id: UUID, kind: Kind) -> Record | None: ...
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from trustconduct.letters.kinds import Kind
from trustconduct.letters.models import Letter
from trustconduct.tenants.sessions import ScopedSession


@dataclass(frozen=True)
class Record:
    """What a record says today. `mark` is another as soon as it says something else, or as
    soon as it has moved on so that this letter does not fit it any more. `held` says why no
    letter about it may be approved for now.
    """

    parts: Mapping[str, Any] = field(default_factory=dict)  # by part, as `parts.py` keeps them
    mark: str = ""
    held: str = ""


@dataclass(frozen=True)
class Contact:
    """The one contact of a person who is not to use the school's general ways.

    `email` and `telephone` stand for the school's own where they are given. `words` are
    lines of the letter.
    """

    who: str
    email: str
    telephone: str
    words: str


Source = Callable[[ScopedSession, UUID, Kind], Record | None]
Pointed = Callable[[ScopedSession, UUID], Contact | None]
PERSON = "person"
_sources: dict[str, Source] = {}
_pointed: list[Pointed] = []


def point_of_contact(find: Pointed) -> Pointed:
    """Name a function that knows a person's own contact at school, where they have one."""
    _pointed.append(find)
    return find


def contact_of(session: ScopedSession, adult_id: UUID) -> Contact | None:
    """Whom a letter to this person names instead of the school's general ways."""
    return next((found for find in _pointed if (found := find(session, adult_id))), None)


def record_source(name: str) -> Callable[[Source], Source]:
    """Name a function that reads one kind of record, in the session's own school."""

    def add(read: Source) -> Source:
        if name in _sources or name == PERSON:
            raise ValueError(f"There are two sources of records called {name}.")
        _sources[name] = read
        return read

    return add


def record_of(session: ScopedSession, letter: Letter, kind: Kind) -> Record | None:
    """What the letter's record says now. None where it is gone, or nobody knows its kind."""
    if letter.record_kind == PERSON or letter.record_id is None:
        return Record()
    read = _sources.get(letter.record_kind)
    return read(session, letter.record_id, kind) if read else None
