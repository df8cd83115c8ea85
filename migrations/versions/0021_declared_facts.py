"""What a school fills in beside the facts that every text has: an edition may declare more."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    op.add_column(
        "school_settings",
        sa.Column("more_facts", postgresql.JSONB(), nullable=False, server_default="{}"),
    )


def downgrade() -> None:
    op.drop_column("school_settings", "more_facts")
