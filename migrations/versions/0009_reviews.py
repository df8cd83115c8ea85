"""Reminders that went out."""

import sqlalchemy as sa
from alembic import op

from migrations.guards import shared_table

revision = "0009"
down_revision = "0008"

TABLES = ("reminder_trust",)


def upgrade() -> None:
    op.create_table(
        "reminder_trust",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("local_day", sa.Date(), nullable=False),
        sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reminder_trust")),
        sa.UniqueConstraint(
            "kind",
            "subject_id",
            "local_day",
            name=op.f("uq_reminder_trust_kind_subject_id_local_day"),
        ),
    )

    shared_table("reminder_trust", trust="select, insert")


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
