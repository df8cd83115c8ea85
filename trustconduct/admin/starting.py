"""Carrying out, right after the commit, what the Trust hands over to other scopes."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError

from trustconduct.jobs.starting import start_schools
from trustconduct.plain_log import log
from trustconduct.web.door import works

# A page must answer; 300 heads may take longer than this.
SECONDS = 5.0


def hand_over_now(school_ids: Sequence[UUID]) -> None:
    """Invite heads, begin settings, tell in histories.

    What is not reached or fails is done by the clock. What was handed over is kept:
    a failure here must not tell the officer otherwise.
    """
    try:
        start_schools(works().sessions, school_ids, seconds=SECONDS)
    except SQLAlchemyError as error:
        log.error("What a school is handed was not carried out.", error=type(error).__name__)
