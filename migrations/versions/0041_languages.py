"""The policy's clauses in other languages, who checked one, and the language of each adult."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from migrations.guards import append_only, shared_table

revision = "0041"
down_revision = "0040"

CLAUSE, REVIEW = "clause_translation", "language_review"
SPOKEN = ("adult", "acknowledgement")
OTHERS = "language in ('cy', 'pl', 'ur')"
ALL = "language in ('en', 'cy', 'pl', 'ur')"


def upgrade() -> None:
    op.create_table(
        CLAUSE,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("clause", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("english", JSONB(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("exceptions", JSONB(), nullable=False),
        sa.Column("by_machine", sa.Boolean(), nullable=False),
        sa.Column("translated_by", sa.Text(), nullable=False),
        sa.Column("translated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(OTHERS, name=op.f(f"ck_{CLAUSE}_language_known")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{CLAUSE}")),
        sa.UniqueConstraint(
            "language", "clause", "number", name=op.f(f"uq_{CLAUSE}_language_clause_number")
        ),
    )
    op.create_table(
        REVIEW,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("mark", sa.Text(), nullable=False),
        sa.Column("reviewer", sa.Text(), nullable=False),
        sa.Column("reviewer_role", sa.Text(), nullable=False),
        sa.Column("noted_by", sa.Text(), nullable=False),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(OTHERS, name=op.f(f"ck_{REVIEW}_language_known")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{REVIEW}")),
    )
    for table in (CLAUSE, REVIEW):
        shared_table(table, trust="select, insert", school="select")
        append_only(table)
    shared_table(REVIEW, accounts="select")
    for table in SPOKEN:
        op.add_column(table, sa.Column("language", sa.Text(), nullable=False, server_default="en"))
        op.create_check_constraint(op.f(f"ck_{table}_language_known"), table, ALL)


def downgrade() -> None:
    for table in SPOKEN:
        op.drop_column(table, "language")
    for table in (REVIEW, CLAUSE):
        op.drop_table(table)
