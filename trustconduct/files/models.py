"""Files that people brought, as they were made anew. They never change."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from trustconduct import clock
from trustconduct.db import Base
from trustconduct.tenants.models import SchoolOwned, in_school


class FileKind(StrEnum):
    """What a file is for: its part of the service decides who may see it."""

    BADGE = "badge"
    SCAN = "scan"  # of an answer on paper, or of a meeting's list


class MediaType(StrEnum):
    """What a file can be. Nothing else is taken in."""

    JPEG = "image/jpeg"
    PNG = "image/png"
    PDF = "application/pdf"

    @property
    def ending(self) -> str:
        return {"image/jpeg": ".jpg", "image/png": ".png", "application/pdf": ".pdf"}[self]


class StoredFile(SchoolOwned, Base):
    """One file. Its bytes are a row of another table, so that a list never loads them.

    `sha256` and `size` are of the bytes that are kept, not of what was sent.
    """

    __tablename__ = "stored_file"
    __table_args__ = (
        CheckConstraint("size > 0", name="size"),
        CheckConstraint(
            "media_type in (" + ", ".join(f"'{each}'" for each in MediaType) + ")",
            name="media_type",
        ),
    )

    kind: Mapped[str]
    name: Mapped[str]
    media_type: Mapped[str]
    size: Mapped[int]
    sha256: Mapped[str]
    taken_at: Mapped[datetime] = mapped_column(default=clock.now)
    taken_from: Mapped[str]


class StoredFileContent(SchoolOwned, Base):
    """The bytes of a file; its id is the file's."""

    __tablename__ = "stored_file_content"
    __table_args__ = (in_school("id", to="stored_file"),)

    content: Mapped[bytes] = mapped_column(LargeBinary)
