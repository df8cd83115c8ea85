"""The words of a report as full text: found by any form of a word, within the school."""

from alembic import op

revision = "0053"
down_revision = "0052"

WORDS = "incident_words"


def upgrade() -> None:
    op.execute(
        f"alter table {WORDS} add column found_by tsvector"
        " generated always as (to_tsvector('english', words)) stored"
    )


def downgrade() -> None:
    op.execute(f"alter table {WORDS} drop column found_by")
