"""Audit events: what happened, by whom, to what. Inserted and read, never changed."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
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


class AuditSeal:
    """A batch of events sealed together: their Merkle tree, chained to the seal before it.

    `number` counts from 1 without a gap; `previous` is the head of the one before
    (64 zeros for the first); `head` is over all of these. Hashes as hex.
    """

    number: Mapped[int]
    sealed_at: Mapped[datetime]
    leaves: Mapped[int]
    root: Mapped[str]
    previous: Mapped[str]
    head: Mapped[str]


class AuditLeaf:
    """Which event is which leaf of which seal, `position` from 0; `id` is the event's.

    No foreign key to the event: a leaf must outlive it, so that a deleted event is found.
    """

    seal_id: Mapped[UUID]
    position: Mapped[int]
    hash: Mapped[str]


class SchoolSeal(AuditSeal, SchoolOwned, Base):
    __tablename__ = "audit_seal_school"
    __table_args__ = (
        UniqueConstraint("school_id", "number"),
        CheckConstraint("number > 0 and leaves > 0", name="counted"),
    )


class SchoolLeaf(AuditLeaf, SchoolOwned, Base):
    __tablename__ = "audit_leaf_school"
    __table_args__ = (
        UniqueConstraint("school_id", "seal_id", "position"),
        in_school("seal_id", to="audit_seal_school"),
    )


class TrustSeal(AuditSeal, Base):
    __tablename__ = "audit_seal_trust"
    __table_args__ = (
        UniqueConstraint("number"),
        CheckConstraint("number > 0 and leaves > 0", name="counted"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)


class TrustLeaf(AuditLeaf, Base):
    __tablename__ = "audit_leaf_trust"
    __table_args__ = (UniqueConstraint("seal_id", "position"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    seal_id: Mapped[UUID] = mapped_column(ForeignKey("audit_seal_trust.id"))


class SealMailed(Base):
    """The newest seal of a school, or of the Trust, as a day's mail of seals gave it.

    `of_id` is the school's id, or the Trust's.
    """

    __tablename__ = "audit_seal_mailed"
    __table_args__ = (UniqueConstraint("local_day", "of_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    local_day: Mapped[date]
    of_id: Mapped[UUID]
    number: Mapped[int]
    head: Mapped[str]
