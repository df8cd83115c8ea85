"""Where the notice for visitors hung, from which day to which."""

import sqlalchemy as sa
from alembic import op

from migrations.guards import school_table

revision = "0031"
down_revision = "0030"

TABLE = "entrance_notice"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("hung_on", sa.Date(), nullable=False),
        sa.Column("hung_by", sa.Text(), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken_down_on", sa.Date(), nullable=True),
        sa.Column("taken_down_by", sa.Text(), nullable=False),
        sa.CheckConstraint("taken_down_on >= hung_on", name=op.f(f"ck_{TABLE}_days_in_order")),
        sa.CheckConstraint(
            "(taken_down_on is null) = (taken_down_by = '')",
            name=op.f(f"ck_{TABLE}_down_by_somebody"),
        ),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name=op.f(f"fk_{TABLE}_school_id")),
        sa.PrimaryKeyConstraint("school_id", "id", name=op.f(f"pk_{TABLE}")),
    )
    op.create_index(
        "one_notice_at_a_place",
        TABLE,
        ["school_id", sa.text("lower(place)")],
        unique=True,
        postgresql_where=sa.text("taken_down_on is null"),
    )
    op.create_index(op.f(f"ix_{TABLE}_school_id_hung_on"), TABLE, ["school_id", "hung_on"])
    school_table(TABLE, "select, insert, update (taken_down_on, taken_down_by)")


def downgrade() -> None:
    op.drop_table(TABLE)
