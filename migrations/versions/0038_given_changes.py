"""What the Trust gave its schools, and when: a school's history of a setting needs both sides."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.guards import append_only, shared_table

revision = "0038"
down_revision = "0037"

TABLE = "given_change"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("before", postgresql.JSONB(), nullable=True),
        sa.Column("after", postgresql.JSONB(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{TABLE}")),
    )
    op.create_index(op.f(f"ix_{TABLE}_key_at"), TABLE, ["key", "at"])
    shared_table(TABLE, trust="select, insert", school="select")
    append_only(TABLE)


def downgrade() -> None:
    op.drop_table(TABLE)
