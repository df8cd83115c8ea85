"""Audit events: what happened, by whom, to what. Inserted and read, never changed."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from trustconduct.db import Base, new_id
from trustconduct.tenants.models import SchoolOwned, in_school


class AuditEvent:
    """Ids, a name and a salted hash of the details: nothing that names a person.

    So an event can be sealed for ever while its details are disposed of.
    """

    event: Mapped[str]
    at: Mapped[datetime]
    actor_kind: Mapped[str]
    actor_id: Mapped[UUID | None]
    thing_kind: Mapped[str]
    thing_id: Mapped[UUID | None]
    details_sha256: Mapped[str]


class AuditDetail:
    """The words: who by name, from which address, and what changed."""

    salt: Mapped[str]
    details: Mapped[dict[str, Any]] = mapped_column(JSONB)


class SchoolAuditEvent(AuditEvent, SchoolOwned, Base):
    __tablename__ = "audit_event_school"
    __table_args__ = (
        Index(None, "school_id", "thing_id"),
        Index(None, "school_id", "at"),
        # What one person did, newest first.
        Index("ix_audit_event_school_school_id_actor_id", "school_id", "actor_id", "at"),
    )


class SchoolAuditDetail(AuditDetail, SchoolOwned, Base):
    __tablename__ = "audit_detail_school"
    __table_args__ = (in_school("id", to="audit_event_school"),)


class TrustAuditEvent(AuditEvent, Base):
    __tablename__ = "audit_event_trust"
    __table_args__ = (
        Index(None, "thing_id"),
        Index(None, "at"),
        Index("ix_audit_event_trust_actor_id", "actor_id", "at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)


class TrustAuditDetail(AuditDetail, Base):
    __tablename__ = "audit_detail_trust"

    id: Mapped[UUID] = mapped_column(ForeignKey("audit_event_trust.id"), primary_key=True)
