"""Which websites may show a school's ways to reach it in a frame."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    op.add_column(
        "school_settings",
        sa.Column("framed_by", postgresql.JSONB(), nullable=False, server_default="[]"),
    )


def downgrade() -> None:
    op.drop_column("school_settings", "framed_by")
