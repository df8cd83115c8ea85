"""Answers that were noted for the wrong person: struck out by a row of their own, and kept."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, exists
from sqlalchemy.orm import Mapped, mapped_column

from trustconduct import clock
from trustconduct.acknowledgements.models import Acknowledgement
from trustconduct.db import Base
from trustconduct.tenants.models import SchoolOwned, in_school


class AnswerStruck(SchoolOwned, Base):
    """An answer does not count, since the wrong person stood there. Never changed.

    `id` is the answer's. Its key is that of how the answer came: what an adult gave by
    their own mailed link has no such row, and can't be struck out by anybody.
    """

    __tablename__ = "answer_struck"
    __table_args__ = (in_school("id", to="acknowledgement_how"),)

    struck_at: Mapped[datetime] = mapped_column(default=clock.now)


class AnswerStruckWords(SchoolOwned, Base):
    """By whom and why an answer was struck out: apart, since it may name people. Never changed."""

    __tablename__ = "answer_struck_words"
    __table_args__ = (in_school("id", to="answer_struck"),)

    struck_by: Mapped[str]
    struck_by_id: Mapped[UUID | None]
    because: Mapped[str]


def stands(given: Any = Acknowledgement, until: datetime | None = None) -> ColumnElement[bool]:
    """A condition for answers that were not struck out: whoever counts answers asks it.

    `until`: as it stood then. What was struck out later was on record at that moment.
    """
    struck = exists().where(AnswerStruck.school_id == given.school_id, AnswerStruck.id == given.id)
    return ~(struck if until is None else struck.where(AnswerStruck.struck_at < until))
