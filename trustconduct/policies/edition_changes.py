"""What was changed in a draft edition: one row a change, with what was before and after."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from trustconduct import clock
from trustconduct.db import Base, new_id


class EditionChange(Base):
    """One change of one clause, section or of the header, by one person.

    `before` is None where it was added, `after` where it was retired. The ids in
    `about` are never given again: with the texts of all editions they are every id
    that ever stood. What is saved by itself while somebody types is one row.
    """

    __tablename__ = "policy_edition_change"
    __table_args__ = (Index("ix_policy_edition_change_edition_id", "edition_id", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    edition_id: Mapped[UUID] = mapped_column(ForeignKey("policy_edition.id"))
    kind: Mapped[str]
    about: Mapped[str]
    what: Mapped[str]
    before: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    after: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    by_id: Mapped[UUID | None]
    by_name: Mapped[str]
    at: Mapped[datetime] = mapped_column(default=clock.now)
