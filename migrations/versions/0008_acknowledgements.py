"""Asking adults to acknowledge a version, and what they answered."""

import sqlalchemy as sa
from alembic import op

from migrations.guards import append_only, school_table

revision = "0008"
down_revision = "0007"

TABLES = ("campaign", "sign_request", "acknowledgement", "acknowledgement_words", "talk_held")


def upgrade() -> None:
    op.create_table(
        "campaign",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["school_id", "version_id"],
            ["policy_version.school_id", "policy_version.id"],
            name=op.f("fk_campaign_school_id_version_id"),
        ),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name=op.f("fk_campaign_school_id")),
        sa.PrimaryKeyConstraint("school_id", "id", name=op.f("pk_campaign")),
        sa.UniqueConstraint("school_id", "number", name=op.f("uq_campaign_school_id_number")),
    )
    op.create_table(
        "sign_request",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("adult_id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closes_on", sa.Date(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["school_id", "adult_id"],
            ["adult.school_id", "adult.id"],
            name=op.f("fk_sign_request_school_id_adult_id"),
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "campaign_id"],
            ["campaign.school_id", "campaign.id"],
            name=op.f("fk_sign_request_school_id_campaign_id"),
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "version_id"],
            ["policy_version.school_id", "policy_version.id"],
            name=op.f("fk_sign_request_school_id_version_id"),
        ),
        sa.ForeignKeyConstraint(
            ["school_id"], ["school.id"], name=op.f("fk_sign_request_school_id")
        ),
        sa.PrimaryKeyConstraint("school_id", "id", name=op.f("pk_sign_request")),
        sa.UniqueConstraint(
            "school_id",
            "version_id",
            "adult_id",
            name=op.f("uq_sign_request_school_id_version_id_adult_id"),
        ),
    )
    op.create_index(
        op.f("ix_sign_request_school_id_adult_id"),
        "sign_request",
        ["school_id", "adult_id"],
        unique=False,
    )
    op.create_table(
        "acknowledgement",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "answer in ('signed', 'declined', 'talk')", name=op.f("ck_acknowledgement_answer")
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "request_id"],
            ["sign_request.school_id", "sign_request.id"],
            name=op.f("fk_acknowledgement_school_id_request_id"),
        ),
        sa.ForeignKeyConstraint(
            ["school_id"], ["school.id"], name=op.f("fk_acknowledgement_school_id")
        ),
        sa.PrimaryKeyConstraint("school_id", "id", name=op.f("pk_acknowledgement")),
        sa.UniqueConstraint(
            "school_id",
            "request_id",
            "answer",
            name=op.f("uq_acknowledgement_school_id_request_id_answer"),
        ),
    )
    op.create_table(
        "acknowledgement_words",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("typed_name", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["school_id", "id"],
            ["acknowledgement.school_id", "acknowledgement.id"],
            name=op.f("fk_acknowledgement_words_school_id_id"),
        ),
        sa.ForeignKeyConstraint(
            ["school_id"], ["school.id"], name=op.f("fk_acknowledgement_words_school_id")
        ),
        sa.PrimaryKeyConstraint("school_id", "id", name=op.f("pk_acknowledgement_words")),
    )
    op.create_table(
        "talk_held",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("held_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("held_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["school_id", "id"],
            ["acknowledgement.school_id", "acknowledgement.id"],
            name=op.f("fk_talk_held_school_id_id"),
        ),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name=op.f("fk_talk_held_school_id")),
        sa.PrimaryKeyConstraint("school_id", "id", name=op.f("pk_talk_held")),
    )

    school_table("campaign", "select, insert")
    school_table("sign_request", "select, insert, update (generation, closes_on)", oversight=True)
    school_table("acknowledgement", "select, insert", oversight=True)
    school_table("acknowledgement_words", "select, insert")
    school_table("talk_held", "select, insert")
    append_only("acknowledgement")
    append_only("acknowledgement_words")


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
