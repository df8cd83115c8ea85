"""What a school shows of itself, beside its settings."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped

from trustconduct.db import Base
from trustconduct.tenants.models import SchoolOwned, in_school


class SchoolBadge(SchoolOwned, Base):
    """Which of the school's files is its badge. A school without one has no row."""

    __tablename__ = "school_badge"
    __table_args__ = (
        UniqueConstraint("school_id"),
        in_school("file_id", to="stored_file"),
    )

    file_id: Mapped[UUID]
