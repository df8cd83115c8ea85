"""How an edition was approved, whether its change is material, and editions withdrawn."""

import sqlalchemy as sa
from alembic import op

from migrations.guards import append_only, shared_table

revision = "0019"
down_revision = "0018"

TEXTS = ("board_minute", "union_because", "change_because")


def upgrade() -> None:
    for name in TEXTS:
        op.add_column(
            "policy_edition", sa.Column(name, sa.Text(), nullable=False, server_default="")
        )
    op.add_column("policy_edition", sa.Column("material", sa.Boolean(), nullable=True))
    # A row of its own: a published edition never changes, not even to be withdrawn.
    op.create_table(
        "policy_withdrawal",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_by", sa.Text(), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.CheckConstraint("because <> ''", name=op.f("ck_policy_withdrawal_with_a_reason")),
        sa.ForeignKeyConstraint(
            ["id"], ["policy_edition.id"], name=op.f("fk_policy_withdrawal_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_withdrawal")),
    )
    # A school has to know that an edition is withdrawn; why is the Trust's own.
    shared_table("policy_withdrawal", trust="select, insert", school="select (id, withdrawn_at)")
    append_only("policy_withdrawal")


def downgrade() -> None:
    op.execute(
        "do $$ begin if exists (select from policy_withdrawal) then"
        " raise exception 'There are withdrawn editions: the release before would offer them"
        " to schools again.'; end if; end $$"
    )
    op.drop_table("policy_withdrawal")
    op.drop_column("policy_edition", "material")
    for name in reversed(TEXTS):
        op.drop_column("policy_edition", name)
