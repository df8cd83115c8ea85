"""What the timetable ran."""

import sqlalchemy as sa
from alembic import op

from migrations.guards import shared_table

revision = "0020"
down_revision = "0019"

RUN = "timetable_run"


def _runs() -> None:
    op.create_table(
        RUN,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("task", sa.Text(), nullable=False),
        sa.Column("slot_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rung_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("found", sa.Integer(), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "ended_at is null or started_at is not null",
            name=op.f(f"ck_{RUN}_started_before_ended"),
        ),
        sa.CheckConstraint(
            "error = '' or ended_at is not null", name=op.f(f"ck_{RUN}_ended_where_failed")
        ),
        sa.UniqueConstraint("task", "slot_at", name=op.f(f"uq_{RUN}_task_slot_at")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{RUN}")),
    )
    op.create_index(
        "one_waiting_run",
        RUN,
        ["task"],
        unique=True,
        postgresql_where=sa.text("started_at is null"),
    )
    op.create_index(f"ix_{RUN}_newest", RUN, ["task", sa.text("id desc")])
    op.create_index(f"ix_{RUN}_rung_at", RUN, ["rung_at"])
    shared_table(
        RUN,
        trust="select, insert, update (started_at, ended_at, tries, found, error), delete",
    )


def upgrade() -> None:
    _runs()


def downgrade() -> None:
    op.drop_table(RUN)
