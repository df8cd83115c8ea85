"""Cycles of review: the Trust's, and its steps that are done."""

import sqlalchemy as sa
from alembic import op

from migrations.guards import shared_table

revision = "0021"
down_revision = "0019"

TABLES = ("review_cycle_trust", "review_step_trust")


def cycle(table: str) -> list[sa.Column | sa.Constraint]:
    """What a cycle of the Trust and one of a school have in common."""
    return [
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("every", sa.Integer(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("upward_id", sa.Uuid(), nullable=True),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paused_until", sa.Date(), nullable=True),
        sa.Column("paused_because", sa.Text(), nullable=False, server_default=""),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(unit = 'years' and every between 1 and 5)"
            " or (unit = 'terms' and every between 1 and 15)",
            name=op.f(f"ck_{table}_length"),
        ),
        sa.CheckConstraint("owner_id <> upward_id", name=op.f(f"ck_{table}_upward_is_another")),
        sa.CheckConstraint(
            "(paused_at is null) = (paused_because = '')",
            name=op.f(f"ck_{table}_paused_with_a_reason"),
        ),
        sa.CheckConstraint(
            "paused_until is null or paused_at is not null",
            name=op.f(f"ck_{table}_until_of_a_pause"),
        ),
        *(
            sa.ForeignKeyConstraint([name], ["account_user.id"], name=op.f(f"fk_{table}_{name}"))
            for name in ("owner_id", "upward_id")
        ),
    ]


def upgrade() -> None:
    op.create_table(
        "review_cycle_trust",
        sa.Column("id", sa.Uuid(), nullable=False),
        *cycle("review_cycle_trust"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_cycle_trust")),
        sa.UniqueConstraint("subject", name=op.f("uq_review_cycle_trust_subject")),
    )
    op.create_table(
        "review_step_trust",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("edition_id", sa.Uuid(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_by", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "step in ('start', 'consult', 'draft', 'board_paper', 'approve', 'adopt',"
            " 'acknowledge')",
            name=op.f("ck_review_step_trust_step_known"),
        ),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["policy_edition.id"], name=op.f("fk_review_step_trust_edition_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_step_trust")),
        sa.UniqueConstraint(
            "edition_id", "step", name=op.f("uq_review_step_trust_edition_id_step")
        ),
    )
    shared_table("review_cycle_trust", trust="select, insert, update")
    shared_table("review_step_trust", trust="select, insert, delete")


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
