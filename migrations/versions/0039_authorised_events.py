"""Events that a school has authorised: day, place, and whether alcohol is allowed there."""

import sqlalchemy as sa
from alembic import op

from migrations.guards import school_table

revision = "0039"
down_revision = "0038"

TABLE = "authorised_event"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("alcohol", sa.Boolean(), nullable=False),
        sa.Column("authorised_by", sa.Text(), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_by", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(withdrawn_at is null) = (withdrawn_by = '')",
            name=op.f(f"ck_{TABLE}_withdrawn_by_somebody"),
        ),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name=op.f(f"fk_{TABLE}_school_id")),
        sa.PrimaryKeyConstraint("school_id", "id", name=op.f(f"pk_{TABLE}")),
    )
    op.create_index(op.f(f"ix_{TABLE}_school_id_held_on"), TABLE, ["school_id", "held_on"])
    school_table(TABLE, "select, insert, update")


def downgrade() -> None:
    op.drop_table(TABLE)
