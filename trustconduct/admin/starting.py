"""Carrying out, right after the commit, what a new school hands over to other scopes."""

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
    """Invite the heads and begin the settings. What is not reached or fails is done by the clock.

    The schools are there already: a failure here must not tell the officer otherwise.
    """
    try:
        start_schools(works().sessions, school_ids, seconds=SECONDS)
    except SQLAlchemyError as error:
        log.error("A new school was not handed over.", error=type(error).__name__)
