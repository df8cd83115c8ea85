"""Term calendars: the Trust's, and those of schools that differ."""

import sqlalchemy as sa
from alembic import op

from migrations.guards import school_table, shared_table

revision = "0016"
down_revision = "0015"

TABLES = ("calendar_span_school", "calendar_span_trust")


def checks(table: str) -> list[sa.CheckConstraint]:
    return [
        sa.CheckConstraint("first_on <= last_on", name=op.f(f"ck_{table}_days_in_order")),
        sa.CheckConstraint(
            "kind in ('term', 'half_term', 'inset')", name=op.f(f"ck_{table}_kind_known")
        ),
        sa.CheckConstraint(
            "(kind = 'inset') = (season = '')", name=op.f(f"ck_{table}_season_of_a_term")
        ),
    ]


def days() -> list[sa.Column]:
    return [
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("begins", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("season", sa.Text(), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
    ]


def upgrade() -> None:
    op.create_table(
        "calendar_span_school",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        *days(),
        *checks("calendar_span_school"),
        sa.ForeignKeyConstraint(
            ["school_id"], ["school.id"], name=op.f("fk_calendar_span_school_school_id")
        ),
        sa.PrimaryKeyConstraint("school_id", "id", name=op.f("pk_calendar_span_school")),
    )
    op.create_index(
        op.f("ix_calendar_span_school_school_id_begins"),
        "calendar_span_school",
        ["school_id", "begins"],
    )
    op.create_table(
        "calendar_span_trust",
        *days(),
        *checks("calendar_span_trust"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_span_trust")),
    )
    op.create_index(op.f("ix_calendar_span_trust_begins"), "calendar_span_trust", ["begins"])

    school_table("calendar_span_school", "select, insert, delete")
    shared_table("calendar_span_trust", trust="select, insert, delete", school="select")


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
