"""The contact matrix of a school, a row for each saved state."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.guards import append_only, school_table

revision = "0005"
down_revision = "0004"

TABLES = ("contact_matrix",)


def upgrade() -> None:
    op.create_table(
        "contact_matrix",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("saved_by", sa.Text(), nullable=False),
        sa.Column("body", postgresql.JSONB(), nullable=False),
        sa.ForeignKeyConstraint(
            ["school_id"], ["school.id"], name=op.f("fk_contact_matrix_school_id")
        ),
        sa.PrimaryKeyConstraint("school_id", "id", name=op.f("pk_contact_matrix")),
        sa.UniqueConstraint("school_id", "number", name=op.f("uq_contact_matrix_school_id_number")),
    )

    school_table("contact_matrix", "select, insert")
    append_only("contact_matrix")


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
