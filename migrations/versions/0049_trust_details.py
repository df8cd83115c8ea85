"""What the Trust says of privacy and accessibility on parents' pages."""

import sqlalchemy as sa
from alembic import op

revision = "0049"
down_revision = "0048"

NAMES = ("privacy_contact", "ico_number", "accessibility_gaps")


def upgrade() -> None:
    for name in NAMES:
        op.add_column("trust", sa.Column(name, sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    for name in reversed(NAMES):
        op.drop_column("trust", name)
