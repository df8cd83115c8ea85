"""The next message of a school is found by the index alone: a campaign's are all due at once."""

import sqlalchemy as sa
from alembic import op

revision = "0051"
down_revision = "0050"

NAME, TABLE = "ix_outbox_school_waiting", "outbox_school"
WAITING = sa.text("sent_at is null and parked_at is null")


def upgrade() -> None:
    op.drop_index(NAME, TABLE)
    op.create_index(NAME, TABLE, ["school_id", "due_at", "id"], postgresql_where=WAITING)


def downgrade() -> None:
    op.drop_index(NAME, TABLE)
    op.create_index(NAME, TABLE, ["school_id", "due_at"], postgresql_where=WAITING)
