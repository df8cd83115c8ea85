"""Personal contact plans: one point of contact for one adult, until a day."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.guards import beneath, school_key, school_table

revision = "0043"
down_revision = "0042"

PLAN = "contact_plan"


def upgrade() -> None:
    op.create_table(
        PLAN,
        *school_key(PLAN),
        sa.Column("adult_id", sa.Uuid(), nullable=False),
        *[sa.Column(name, sa.Text(), nullable=False)
          for name in ("who", "email", "telephone", "often")],
        sa.Column("answer_days", sa.Integer(), nullable=True),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=False),
        sa.Column("since_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("said_by", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_because", sa.Text(), server_default="", nullable=False),
        sa.Column("ended_by", sa.Text(), server_default="", nullable=False),
        beneath(PLAN, "adult_id", "adult"),
        sa.CheckConstraint("because <> ''", name=op.f("ck_contact_plan_with_a_reason")),
        sa.CheckConstraint(
            "(ended_at is null) = (ended_because = '')",
            name=op.f("ck_contact_plan_ended_with_a_reason"),
        ),
        sa.CheckConstraint(
            "who <> '' and (email <> '' or telephone <> '')",
            name=op.f("ck_contact_plan_reaches_somebody"),
        ),
        sa.CheckConstraint(
            "often in ('daily', 'twice_a_week', 'weekly', 'fortnightly', 'monthly')",
            name=op.f("ck_contact_plan_often_known"),
        ),
        sa.CheckConstraint("answer_days between 1 and 20", name=op.f("ck_contact_plan_answer_days")),
        sa.CheckConstraint(
            "until_on >= starts_on and until_on <= starts_on + 366",
            name=op.f("ck_contact_plan_until_a_day"),
        ),
        postgresql.ExcludeConstraint(
            (sa.text("school_id"), "="),
            (sa.text("adult_id"), "="),
            (sa.text("daterange(starts_on, until_on, '[]')"), "&&"),
            using="gist",
            name="one_contact_plan",
            where=sa.text("ended_at is null"),
        ),
    )  # fmt: skip
    op.create_index(op.f("ix_contact_plan_school_id_adult_id"), PLAN, ["school_id", "adult_id"])
    op.create_index(
        "ix_contact_plan_open",
        PLAN,
        ["school_id", "until_on"],
        postgresql_where=sa.text("ended_at is null"),
    )
    school_table(PLAN, "select, insert, update (ended_at, ended_because, ended_by)")


def downgrade() -> None:
    op.drop_table(PLAN)
