"""Campaigns grow: whom, when, in which words, reminders; links taken back; bounces."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from migrations.guards import append_only, beneath, school_key, school_table

revision = "0032"
down_revision = "0031"

PLAN, WORDS, REMINDER = "campaign_plan", "campaign_words", "sign_reminder"
OUTBOX = ("outbox_school", "outbox_trust")

# A UUIDv7, as Python makes them: for rows that one statement makes by the thousand.
NEW_ID = """
create function tc_new_id() returns uuid language sql volatile as $$
  select encode(set_bit(set_bit(overlay(
    uuid_send(gen_random_uuid())
    placing substring(int8send((extract(epoch from clock_timestamp()) * 1000)::bigint) from 3)
    from 1 for 6), 52, 1), 53, 1), 'hex')::uuid
$$
"""

# A UK mobile number as +447..., or blank: what `outbox/texts.py` takes, for whole lists.
MOBILE = r"""
create function tc_uk_mobile(typed text) returns text language sql immutable as $$
  select case
    when cleaned ~ '^((\+44|0044)0?|44|0)?7([1-57-9][0-9]{8}|624[0-9]{6})$'
    then '+44' || right(cleaned, 10) else '' end
  from (
    select regexp_replace(replace(typed, '(0)', ''), '[[:space:]\u00a0().\u2013-]', '', 'g') as cleaned
  ) as c
$$
"""

# The mobile numbers that no text message goes to: of somebody who must not be told, and of
# two who must not learn of each other. Who shares one with them is not sent a text either.
NO_TEXTS = """
create function tc_untold_mobiles() returns table (mobile text) language sql stable as $$
  select tc_uk_mobile(a.telephone)
  from tc_untold() u join adult a on a.id = u.id
  where u.because = 'marked' and tc_uk_mobile(a.telephone) <> ''
  union
  select tc_uk_mobile(a.telephone)
  from kept_apart k
    join adult a on a.school_id = k.school_id and a.id = k.adult_id
    join adult b on b.school_id = k.school_id and b.id = k.other_id
  where k.ended_at is null and tc_uk_mobile(a.telephone) <> ''
    and tc_uk_mobile(a.telephone) = tc_uk_mobile(b.telephone)
$$
"""


def number(name: str) -> sa.Column:
    return sa.Column(name, sa.Integer(), nullable=False)


def moment(name: str) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=True)


def plans() -> None:
    op.create_table(
        PLAN,
        *school_key(PLAN, "campaign"),
        sa.Column("goes_on", sa.Date(), nullable=False),
        sa.Column("way", sa.Text(), nullable=False),
        *map(number, ("link_days", "remind_after", "remind_every", "remind_most", "remind_within")),
        sa.Column("welcomes", sa.Boolean(), nullable=False),
        moment("sent_at"),
        moment("stopped_at"),
        sa.CheckConstraint("way in ('mail', 'mail_or_text')", name=op.f(f"ck_{PLAN}_way_known")),
        sa.CheckConstraint(
            "remind_after between 1 and 90 and remind_every between 1 and 90"
            " and remind_most between 0 and 9 and remind_within between 1 and 180",
            name=op.f(f"ck_{PLAN}_reminders"),
        ),
        sa.CheckConstraint("link_days > 0", name=op.f(f"ck_{PLAN}_link_days")),
    )
    op.create_index(
        "ix_campaign_plan_open",
        PLAN,
        ["school_id", "goes_on"],
        postgresql_where=sa.text("stopped_at is null and (sent_at is null or welcomes)"),
    )
    op.create_table(
        WORDS,
        *school_key(WORDS, "campaign"),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("subject", "body", "text")),
    )
    op.create_table(
        REMINDER,
        *school_key(REMINDER),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("adult_id", sa.Uuid(), nullable=False),
        sa.Column("local_day", sa.Date(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        beneath(REMINDER, "request_id", "sign_request"),
        beneath(REMINDER, "adult_id", "adult"),
        sa.UniqueConstraint(
            "school_id", "adult_id", "local_day",
            name=op.f(f"uq_{REMINDER}_school_id_adult_id_local_day"),
        ),
    )  # fmt: skip
    op.create_index(
        op.f(f"ix_{REMINDER}_school_id_request_id"), REMINDER, ["school_id", "request_id"]
    )
    school_table(PLAN, "select, insert, update (sent_at, stopped_at)", oversight=True)
    school_table(WORDS, "select, insert")
    append_only(WORDS)
    school_table(REMINDER, "select, insert", oversight=True)
    append_only(REMINDER)


def campaigns() -> None:
    op.add_column(
        "campaign", sa.Column("audience", sa.Text(), nullable=False, server_default="everyone")
    )
    op.add_column(
        "campaign",
        sa.Column("years", JSONB(), nullable=False, server_default="[]"),
    )
    op.create_check_constraint(
        op.f("ck_campaign_audience_known"),
        "campaign",
        "audience in ('everyone', 'years', 'new', 'older')",
    )
    op.create_check_constraint(
        op.f("ck_campaign_years_named"), "campaign", "(audience = 'years') = (years <> '[]')"
    )
    # Those of before went out at once and reminded nobody; they said what was said then.
    for table in ("campaign", PLAN):
        op.execute(f"alter table {table} no force row level security")
    op.execute(
        f"insert into {PLAN} (school_id, id, goes_on, way, link_days, remind_after, remind_every,"
        " remind_most, remind_within, welcomes, sent_at)"
        " select school_id, id, (started_at at time zone 'Europe/London')::date, 'mail', 180,"
        " 5, 7, 0, 30, false, started_at from campaign"
    )
    for table in ("campaign", PLAN):
        op.execute(f"alter table {table} force row level security")


def requests() -> None:
    op.add_column("sign_request", sa.Column("remind_on", sa.Date(), nullable=True))
    op.add_column("sign_request", moment("revoked_at"))
    op.add_column("sign_request", moment("disowned_at"))
    op.create_index("ix_sign_request_campaign", "sign_request", ["school_id", "campaign_id"])
    op.create_index(
        "ix_sign_request_remind",
        "sign_request",
        ["school_id", "remind_on"],
        postgresql_where=sa.text("remind_on is not null"),
    )
    op.execute("grant update (remind_on, revoked_at, disowned_at) on sign_request to tc_school")


def bounces() -> None:
    for table, role in zip(OUTBOX, ("tc_school", "tc_trust"), strict=True):
        op.add_column(table, moment("bounced_at"))
        op.drop_constraint(op.f(f"ck_{table}_sent_or_parked"), table)
        op.create_check_constraint(
            op.f(f"ck_{table}_sent_or_parked"),
            table,
            "sent_at is null or parked_at is null or bounced_at is not null",
        )
        op.create_check_constraint(
            op.f(f"ck_{table}_bounced_was_sent"),
            table,
            "bounced_at is null or (sent_at is not null and parked_at is not null)",
        )
        op.execute(f"grant update (bounced_at) on {table} to {role}")


def upgrade() -> None:
    for function in (NEW_ID, MOBILE, NO_TEXTS):
        op.execute(function)
    plans()
    campaigns()
    requests()
    bounces()


def downgrade() -> None:
    """What bounced had left: to the release before it is sent, and no task."""
    for table in OUTBOX:
        op.drop_constraint(op.f(f"ck_{table}_bounced_was_sent"), table)
        op.drop_constraint(op.f(f"ck_{table}_sent_or_parked"), table)
        op.execute(f"alter table {table} no force row level security")
        op.execute(
            f"update {table} set parked_at = null, settled_at = null where bounced_at is not null"
        )
        op.drop_column(table, "bounced_at")
        op.create_check_constraint(
            op.f(f"ck_{table}_sent_or_parked"), table, "sent_at is null or parked_at is null"
        )
    op.execute("alter table outbox_school force row level security")
    op.drop_index("ix_sign_request_remind", "sign_request")
    op.drop_index("ix_sign_request_campaign", "sign_request")
    for name in ("disowned_at", "revoked_at", "remind_on"):
        op.drop_column("sign_request", name)
    for table in (REMINDER, WORDS, PLAN):
        op.drop_table(table)
    for name in ("years", "audience"):
        op.drop_column("campaign", name)
    for function in ("tc_untold_mobiles()", "tc_uk_mobile(text)", "tc_new_id()"):
        op.execute(f"drop function {function}")
