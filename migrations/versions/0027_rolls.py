"""Rolls that are looked at first: the file, what it would change, and which column is which."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.guards import school_table

revision = "0027"
down_revision = "0026"

ROLL, FILE, FINDING, MAPPING = "roll", "roll_file", "roll_finding", "roll_mapping"


def key(table: str) -> list[sa.Column | sa.Constraint]:
    return [
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("school_id", "id", name=op.f(f"pk_{table}")),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name=op.f(f"fk_{table}_school_id")),
    ]


def to_roll(table: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["school_id", column],
        ["roll.school_id", "roll.id"],
        name=op.f(f"fk_{table}_school_id_{column}"),
    )


def upgrade() -> None:
    op.create_table(
        ROLL,
        *key(ROLL),
        sa.Column("whole", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("progress", sa.Integer(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state in ('columns', 'waiting', 'ready', 'asked', 'saved', 'failed', 'dropped')",
            name=op.f("ck_roll_state_known"),
        ),
        sa.CheckConstraint(
            "(saved_at is null) = (state <> 'saved')", name=op.f("ck_roll_saved_with_its_time")
        ),
    )
    op.create_index(
        "ix_roll_due",
        ROLL,
        ["begun_at"],
        postgresql_where=sa.text("state in ('waiting', 'asked')"),
    )
    op.create_table(
        FILE,
        *key(FILE),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("header", postgresql.JSONB(), nullable=False),
        sa.Column("columns", postgresql.JSONB(), nullable=False),
        sa.Column("counts", postgresql.JSONB(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("asked_by_id", sa.Uuid(), nullable=True),
        sa.Column("asked_by_name", sa.Text(), nullable=False),
        sa.Column("asked_by_role", sa.Text(), nullable=False),
        to_roll(FILE, "id"),
    )
    op.create_table(
        FINDING,
        *key(FINDING),
        sa.Column("roll_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("adult", sa.Text(), nullable=False),
        sa.Column("pupil", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "verdict in ('added', 'changed', 'kept', 'left', 'unclear')",
            name=op.f("ck_roll_finding_verdict_known"),
        ),
        to_roll(FINDING, "roll_id"),
    )
    op.create_index(
        "ix_roll_finding_page", FINDING, ["school_id", "roll_id", "verdict", "number", "id"]
    )
    op.create_table(
        MAPPING,
        *key(MAPPING),
        sa.Column("columns", postgresql.JSONB(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("school_id", name=op.f("uq_roll_mapping_school_id")),
    )
    school_table(ROLL, "select, insert, update (state, progress, saved_at)", oversight=True)
    school_table(
        FILE,
        "select, insert, update (content, columns, counts, problem, asked_by_id, asked_by_name,"
        " asked_by_role)",
    )
    school_table(FINDING, "select, insert, delete")
    school_table(MAPPING, "select, insert, update")


def downgrade() -> None:
    for table in (MAPPING, FINDING, FILE, ROLL):
        op.drop_table(table)
