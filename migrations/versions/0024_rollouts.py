"""Editions rolled out to schools by a day, the reminders of it, and what the timetable ran."""

import sqlalchemy as sa
from alembic import op

from migrations.guards import OWN_SCHOOL, rows_seen, school_table, shared_table

revision = "0024"
down_revision = "0023"

RUN, ROLLOUT, REMINDER = "timetable_run", "policy_rollout", "rollout_reminder"


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


def _rollouts() -> None:
    op.create_table(
        ROLLOUT,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("to_school_id", sa.Uuid(), nullable=False),
        sa.Column("edition_id", sa.Uuid(), nullable=False),
        sa.Column("adopt_by_on", sa.Date(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("moved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("moved_because", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(moved_at is null) = (moved_because = '')",
            name=op.f(f"ck_{ROLLOUT}_moved_with_a_reason"),
        ),
        sa.ForeignKeyConstraint(
            ["to_school_id"], ["school.id"], name=op.f(f"fk_{ROLLOUT}_to_school_id")
        ),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["policy_edition.id"], name=op.f(f"fk_{ROLLOUT}_edition_id")
        ),
        sa.UniqueConstraint(
            "to_school_id", "edition_id", name=op.f(f"uq_{ROLLOUT}_to_school_id_edition_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{ROLLOUT}")),
    )
    # What is published was offered to every school that was there, without a day. The owner
    # is bound by the policies of these two tables too, but for this.
    for table in ("school", "policy_edition"):
        op.execute(f"alter table {table} no force row level security")
    op.execute(
        f"insert into {ROLLOUT} (id, to_school_id, edition_id, asked_at, moved_because, version)"
        " select gen_random_uuid(), s.id, e.id, e.published_at, '', 1"
        " from school s join policy_edition e on e.published_at >= s.joined_at"
    )
    for table in ("school", "policy_edition"):
        op.execute(f"alter table {table} force row level security")
    shared_table(
        ROLLOUT,
        trust="select, insert, update (adopt_by_on, moved_at, moved_because, version)",
        school="select",
    )
    rows_seen(ROLLOUT, trust="true", school=f"to_school_id = {OWN_SCHOOL}")


def _reminders() -> None:
    op.create_table(
        REMINDER,
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("local_day", sa.Date(), nullable=False),
        sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["school_id"], ["school.id"], name=op.f(f"fk_{REMINDER}_school_id")
        ),
        sa.UniqueConstraint(
            "school_id",
            "subject_id",
            "kind",
            "local_day",
            name=op.f(f"uq_{REMINDER}_school_id_subject_id_kind_local_day"),
        ),
        sa.PrimaryKeyConstraint("school_id", "id", name=op.f(f"pk_{REMINDER}")),
    )
    school_table(REMINDER, "select, insert", oversight=True)


def upgrade() -> None:
    _runs()
    _rollouts()
    _reminders()


def downgrade() -> None:
    # The release before offers every edition to every school.
    for table in (REMINDER, ROLLOUT, RUN):
        op.drop_table(table)
