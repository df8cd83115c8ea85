"""When a campaign asks and reminds, in which words, and the reminders that it wrote.

The plan and the reminders hold no name and no word of a school's own: the clock finds
by them where something is due, in one query over all schools.
"""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from trustconduct import clock
from trustconduct.db import Base
from trustconduct.tenants.models import SchoolOwned, in_school

_OPEN = text("stopped_at is null and (sent_at is null or welcomes)")


class CampaignPlan(SchoolOwned, Base):
    """When a campaign goes out and how it reminds; its id is the campaign's.

    All days are local. `remind_after` and `remind_every` are days, `remind_most` how many
    reminders one person gets at most, all of them within `remind_within` days of being
    asked. `welcomes`: who joins later is asked as well, by itself.
    """

    __tablename__ = "campaign_plan"
    __table_args__ = (
        in_school("id", to="campaign"),
        CheckConstraint("way in ('mail', 'mail_or_text')", name="way_known"),
        CheckConstraint(
            "remind_after between 1 and 90 and remind_every between 1 and 90"
            " and remind_most between 0 and 9 and remind_within between 1 and 180",
            name="reminders",
        ),
        CheckConstraint("link_days > 0", name="link_days"),
        Index("ix_campaign_plan_open", "school_id", "goes_on", postgresql_where=_OPEN),
    )

    goes_on: Mapped[date]
    way: Mapped[str]
    link_days: Mapped[int]
    remind_after: Mapped[int]
    remind_every: Mapped[int]
    remind_most: Mapped[int]
    remind_within: Mapped[int]
    welcomes: Mapped[bool]
    sent_at: Mapped[datetime | None]
    stopped_at: Mapped[datetime | None]


class CampaignWords(SchoolOwned, Base):
    """What a campaign says, with its merge fields; its id is the campaign's. Never changed."""

    __tablename__ = "campaign_words"
    __table_args__ = (in_school("id", to="campaign"),)

    subject: Mapped[str]
    body: Mapped[str]
    text: Mapped[str]


class SignReminder(SchoolOwned, Base):
    """One reminder of one person on one local day. Its key refuses a second one."""

    __tablename__ = "sign_reminder"
    __table_args__ = (
        in_school("request_id", to="sign_request"),
        in_school("adult_id", to="adult"),
        UniqueConstraint("school_id", "adult_id", "local_day"),
        Index(None, "school_id", "request_id"),
    )

    request_id: Mapped[UUID]
    adult_id: Mapped[UUID]
    local_day: Mapped[date]
    written_at: Mapped[datetime] = mapped_column(default=clock.now)
