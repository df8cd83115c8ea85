"""The language of a message's words: what is added when it leaves speaks it too."""

import sqlalchemy as sa
from alembic import op

revision = "0050"
down_revision = "0049"

TABLES = ("outbox_content_school", "outbox_content_trust")


def upgrade() -> None:
    for name in TABLES:
        op.add_column(name, sa.Column("language", sa.Text(), nullable=False, server_default="en"))


def downgrade() -> None:
    for name in reversed(TABLES):
        op.drop_column(name, "language")
