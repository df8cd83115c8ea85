"""What the Trust gives its schools where they leave a setting blank."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    op.add_column(
        "trust",
        sa.Column("for_schools", postgresql.JSONB(), nullable=False, server_default="{}"),
    )


def downgrade() -> None:
    op.drop_column("trust", "for_schools")
