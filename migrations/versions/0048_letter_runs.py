"""Print runs of letters that are made away from the page, with how far each is."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from migrations.guards import school_key, school_table

revision = "0048"
down_revision = "0047"

RUN, FILE = "letter_run", "letter_run_file"


def upgrade() -> None:
    op.create_table(
        RUN,
        *school_key(RUN),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("made", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "state in ('waiting', 'ready', 'failed', 'gone')", name=op.f(f"ck_{RUN}_state_known")
        ),
        sa.CheckConstraint("made between 0 and total", name=op.f(f"ck_{RUN}_made_of_total")),
    )
    op.create_index(
        "ix_letter_run_due",
        RUN,
        ["begun_at"],
        postgresql_where=sa.text("state in ('waiting', 'ready', 'failed')"),
    )
    op.create_table(
        FILE,
        *school_key(FILE, RUN),
        sa.Column("letters", JSONB(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
    )
    school_table(RUN, "select, insert, update (made, state)", oversight=True)
    school_table(FILE, "select, insert, update (content)")


def downgrade() -> None:
    for table in (FILE, RUN):
        op.drop_table(table)
