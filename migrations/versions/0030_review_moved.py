"""Another date for the review of one edition, with the reason."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"

TABLE = "review_cycle_trust"


def upgrade() -> None:
    op.add_column(TABLE, sa.Column("moved_edition_id", sa.Uuid(), nullable=True))
    for name in ("moved_text", "moved_because"):
        op.add_column(TABLE, sa.Column(name, sa.Text(), nullable=False, server_default=""))
    op.create_foreign_key(
        op.f(f"fk_{TABLE}_moved_edition_id"), TABLE, "policy_edition", ["moved_edition_id"], ["id"]
    )
    op.create_check_constraint(
        op.f(f"ck_{TABLE}_moved_with_a_reason"),
        TABLE,
        "(moved_text = '') = (moved_because = '')"
        " and (moved_text = '') = (moved_edition_id is null)",
    )


def downgrade() -> None:
    op.drop_constraint(op.f(f"ck_{TABLE}_moved_with_a_reason"), TABLE)
    for name in ("moved_because", "moved_text", "moved_edition_id"):
        op.drop_column(TABLE, name)
