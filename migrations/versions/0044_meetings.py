"""Meetings about a case, what both sides say of their record, and mediation."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from migrations.columns import check, ids, index, words
from migrations.guards import append_only, beneath, school_key, school_table

revision = "0044"
down_revision = "0043"

MEETING, COMMENT, MEDIATION = "meeting", "meeting_comment", "mediation"
NOTED = "came_of, outcome, actions, because, noted_at, noted_by"
AGREED = '"on", at, agreed, companion, interpreter'


def meetings() -> None:
    op.create_table(
        MEETING,
        *school_key(MEETING),
        *ids("case_id", "adult_id", null=False),
        *ids("step_id", "follows_id", null=True),
        sa.Column("times", JSONB(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("at", sa.Time(), nullable=False),
        sa.Column("agreed", sa.Boolean(), nullable=False),
        *words("way", "place", "companion", "interpreter"),
        sa.Column("offered_at", sa.DateTime(timezone=True), nullable=False),
        *words("offered_by", "came_of", "outcome", "actions", "because"),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=True),
        *words("noted_by"),
        beneath(MEETING, "case_id", "conduct_case"),
        beneath(MEETING, "adult_id", "adult"),
        beneath(MEETING, "step_id", "case_step"),
        beneath(MEETING, "follows_id", MEETING),
        check(MEETING, "way_known", "way in ('in_person', 'telephone', 'online')"),
        check(MEETING, "somewhere", "place <> ''"),
        check(MEETING, "times_offered", "jsonb_array_length(times) between 1 and 5"),
        check(MEETING, "follows_another", "follows_id <> id"),
        check(
            MEETING,
            "came_of_known",
            "came_of in ('', 'held', 'not_attended', 'postponed', 'called_off')",
        ),
        check(MEETING, "noted_once", "(came_of = '') = (noted_at is null)"),
        check(MEETING, "held_with_an_outcome", "(came_of = 'held') = (outcome <> '')"),
        check(
            MEETING,
            "moved_with_a_reason",
            "came_of not in ('postponed', 'called_off') or because <> ''",
        ),
        check(
            MEETING,
            "not_ahead",
            "came_of not in ('held', 'not_attended')"
            " or \"on\" <= (noted_at at time zone 'Europe/London')::date",
        ),
    )
    index(MEETING, "school_id", "case_id")
    op.create_index(
        "ix_meeting_to_come",
        MEETING,
        ["school_id", "on"],
        postgresql_where=sa.text("came_of = ''"),
    )
    op.create_table(
        COMMENT,
        *school_key(COMMENT),
        *ids("meeting_id", null=False),
        *words("side", "whose", "words"),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        *words("written_by"),
        beneath(COMMENT, "meeting_id", MEETING),
        check(COMMENT, "side_known", "side in ('school', 'person')"),
        check(COMMENT, "says_something", "words <> ''"),
    )
    index(COMMENT, "school_id", "meeting_id")


def mediations() -> None:
    op.create_table(
        MEDIATION,
        *school_key(MEDIATION),
        *ids("case_id", "adult_id", null=False),
        *words("mediator"),
        sa.Column("offered_on", sa.Date(), nullable=False),
        *words("offered_by", "answer"),
        sa.Column("answered_on", sa.Date(), nullable=True),
        *words("answered_by", "noted_by", "outcome"),
        sa.Column("ended_on", sa.Date(), nullable=True),
        beneath(MEDIATION, "case_id", "conduct_case"),
        beneath(MEDIATION, "adult_id", "adult"),
        check(MEDIATION, "somebody_leads", "mediator <> ''"),
        check(MEDIATION, "answer_known", "answer in ('', 'accepted', 'declined')"),
        check(
            MEDIATION,
            "answered_by_somebody",
            "(answer = '') = (answered_on is null) and (answer = '') = (answered_by = '')",
        ),
        check(MEDIATION, "answered_after", "answered_on >= offered_on"),
        check(MEDIATION, "ended_with_an_outcome", "(outcome = '') = (ended_on is null)"),
        check(MEDIATION, "ended_after_a_yes", "ended_on is null or answer = 'accepted'"),
    )
    index(MEDIATION, "school_id", "case_id")
    op.create_index(
        "one_open_mediation",
        MEDIATION,
        ["school_id", "case_id"],
        unique=True,
        postgresql_where=sa.text("answer <> 'declined' and ended_on is null"),
    )


def upgrade() -> None:
    meetings()
    mediations()
    school_table(MEETING, f"select, insert, update ({AGREED}, {NOTED})")
    school_table(COMMENT, "select, insert")
    append_only(COMMENT)
    school_table(
        MEDIATION,
        "select, insert, update (answer, answered_on, answered_by, noted_by, outcome, ended_on)",
    )


def downgrade() -> None:
    for table in (MEDIATION, COMMENT, MEETING):
        op.drop_table(table)
