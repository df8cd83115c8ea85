"""What was told to the police, considered in law, or asked to be taken down."""

import sqlalchemy as sa
from alembic import op

from migrations.columns import words
from migrations.guards import beneath, school_key, school_table

revision = "0052"
down_revision = "0051"

REFERRAL = "referral"


def check(name: str, sql: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(sql, name=op.f(f"ck_{REFERRAL}_{name}"))


def upgrade() -> None:
    op.create_table(
        REFERRAL,
        *school_key(REFERRAL),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        *words("kind"),
        sa.Column("made_on", sa.Date(), nullable=False),
        *words("words"),
        sa.Column("force_id", sa.Text(), nullable=True),
        *words("force_name", "channel", "ground", "whom", "evidence", "reference", "officer"),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        *words("noted_by", "outcome"),
        sa.Column("outcome_on", sa.Date(), nullable=True),
        sa.Column("keep_until_on", sa.Date(), nullable=True),
        beneath(REFERRAL, "case_id", "conduct_case"),
        sa.ForeignKeyConstraint(
            ["force_id"], ["police_force.id"], name=op.f("fk_referral_force_id")
        ),
        check("kind_known", "kind in ('police', 'legal', 'take_down')"),
        check("says_something", "words <> ''"),
        check("police_by_a_force", "(kind = 'police') = (force_id is not null)"),
        check("force_as_named", "(kind = 'police') = (force_name <> '')"),
        check(
            "shared_on_a_ground",
            "kind <> 'police' or (channel in ('999', '101', 'online', 'officer', 'station')"
            " and ground in ('crime', 'vital', 'duty', 'court'))",
        ),
        check("whom_known", "kind = 'police' or whom <> ''"),
        check("with_evidence", "kind <> 'take_down' or evidence <> ''"),
        check("not_ahead", "made_on <= (noted_at at time zone 'Europe/London')::date"),
        check(
            "ended_somehow",
            "(outcome = '') = (outcome_on is null) and (outcome = '') = (keep_until_on is null)",
        ),
        check("kept_a_while", "keep_until_on > outcome_on"),
    )
    op.create_index(op.f("ix_referral_school_id_case_id"), REFERRAL, ["school_id", "case_id"])
    school_table(
        REFERRAL,
        "select, insert, update (outcome, outcome_on, keep_until_on, reference, officer)",
    )


def downgrade() -> None:
    op.drop_table(REFERRAL)
