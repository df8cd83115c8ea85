"""Clauses in other languages, and who said that a language's fixed texts are right."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from trustconduct import clock
from trustconduct.db import Base, new_id
from trustconduct.languages.spoken import OTHERS

_KNOWN = "language in ({})".format(", ".join(f"'{one.code}'" for one in OTHERS))


class ClauseTranslation(Base):
    """One clause, heading, way or wish in another language. Never changed: the newest counts.

    `english` is what was translated, `{"text", "exceptions"}` with its merge fields:
    where the English of a text is another by now, the translation is stale and is not
    shown. So what a parent was shown on a day can be told from the rows.
    """

    __tablename__ = "clause_translation"
    __table_args__ = (
        UniqueConstraint("language", "clause", "number"),
        CheckConstraint(_KNOWN, name="language_known"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    language: Mapped[str]
    clause: Mapped[str]
    number: Mapped[int]
    english: Mapped[dict[str, Any]] = mapped_column(JSONB)
    text: Mapped[str]
    exceptions: Mapped[list[str]] = mapped_column(JSONB)
    by_machine: Mapped[bool]
    translated_by: Mapped[str]
    translated_at: Mapped[datetime] = mapped_column(default=clock.now)


class LanguageReview(Base):
    """A named person read the fixed texts of a language and said that they are right.

    `mark` stands for those very texts: other texts need another reading.
    """

    __tablename__ = "language_review"
    __table_args__ = (CheckConstraint(_KNOWN, name="language_known"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    language: Mapped[str]
    mark: Mapped[str]
    reviewer: Mapped[str]
    reviewer_role: Mapped[str]
    noted_by: Mapped[str]
    reviewed_at: Mapped[datetime] = mapped_column(default=clock.now)
