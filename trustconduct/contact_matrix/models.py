"""A school's contact matrix, versioned alone: what it said on a day can be shown."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from trustconduct import clock
from trustconduct.contact_matrix.matrix import Matrix
from trustconduct.db import Base
from trustconduct.tenants.models import SchoolOwned


class SchoolMatrix(SchoolOwned, Base):
    """One saved state of the matrix. Never changed: the newest number is the one that holds."""

    __tablename__ = "contact_matrix"
    __table_args__ = (UniqueConstraint("school_id", "number"),)

    number: Mapped[int]
    saved_at: Mapped[datetime] = mapped_column(default=clock.now)
    saved_by: Mapped[str]
    body: Mapped[dict[str, Any]] = mapped_column(JSONB)

    @property
    def matrix(self) -> Matrix:
        return Matrix.from_json(self.body)
