"""Carrying out what the Trust hands over to schools: at once, or by the clock after a crash."""

from __future__ import annotations

import time
from collections.abc import Iterable
from uuid import UUID

from trustconduct.db import transaction
from trustconduct.schools.notices import tell_in_history
from trustconduct.schools.start import begin_settings, invite_head
from trustconduct.tenants.sessions import Sessions


def start_schools(sessions: Sessions, school_ids: Iterable[UUID], *, seconds: float = 120.0) -> int:
    """Invite each school's head, begin its settings, and tell in its history what was done to it.

    Gives how many schools had something to do.

    Each part is a commit of its own, in its own scope. Two that do this at once
    wait for each other, and the second finds it done. What is not reached in time
    is found by the timetable within a minute.
    """
    started = 0
    until = time.monotonic() + seconds
    for school_id in school_ids:
        if time.monotonic() > until:
            break
        with sessions.accounts() as session, transaction(session):
            invited = invite_head(session, school_id)
        with sessions.school(school_id) as session, transaction(session):
            begun = begin_settings(session)
        with sessions.school(school_id) as session, transaction(session):
            told = tell_in_history(session)
        started += bool(invited or begun or told)
    return started
