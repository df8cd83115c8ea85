"""What every table shares, and the one place where a door commits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import uuid_utils.compat
from sqlalchemy import Date, DateTime, MetaData, Text, Uuid
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import TypeDecorator


class Instant(TypeDecorator):
    """An instant, kept and given in UTC.

    A time without its zone is refused: read in London in summer, it would be
    an hour wrong in a letter.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone")
        return value

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        return value.astimezone(UTC) if value is not None else None


class Base(DeclarativeBase):
    """Every table. Names of constraints are fixed, so that migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: Instant, date: Date, UUID: Uuid, str: Text}  # noqa: RUF012


def new_id() -> UUID:
    """A UUIDv7: unique, and in the order in which rows are made.

    Made here because PostgreSQL 15 cannot make one.
    """
    return uuid_utils.compat.uuid7()


@contextmanager
def transaction(session: Session) -> Iterator[None]:
    """Commit what a rule did, or nothing of it.

    It takes over the transaction that loading the rows began, so that the rule
    decides on the very rows that its door looked at. Rules never commit: two
    rules called by one door must stand or fall together.
    """
    try:
        yield
        session.commit()
    except BaseException:
        session.rollback()
        raise
