"""More settings of a school, each blank where it has the Trust's; and a badge for the pages."""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"

TABLE = "school_settings"
WORDS = (
    "address",
    "office_hours",
    "complaints_url",
    "safeguarding_url",
    "staff_code_url",
    "governing_body",
    "signatories",
    "colour",
    "accent",
)
PROMISES = ("acknowledge_within", "answer_within")


def upgrade() -> None:
    for name in WORDS:
        op.add_column(TABLE, sa.Column(name, sa.Text(), nullable=False, server_default=""))
    for name in PROMISES:
        op.add_column(TABLE, sa.Column(name, sa.Integer(), nullable=True))
    op.create_check_constraint(
        op.f(f"ck_{TABLE}_promised_days"),
        TABLE,
        "acknowledge_within between 1 and 60 and answer_within between 1 and 60",
    )
    op.create_check_constraint(
        op.f(f"ck_{TABLE}_colours"),
        TABLE,
        "colour ~ '^(#[0-9a-f]{6})?$' and accent ~ '^(#[0-9a-f]{6})?$'",
    )
    op.add_column("school_badge", sa.Column("small_file_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_school_badge_school_id_small_file_id"),
        "school_badge",
        "stored_file",
        ["school_id", "small_file_id"],
        ["school_id", "id"],
    )


def downgrade() -> None:
    op.drop_constraint(op.f("fk_school_badge_school_id_small_file_id"), "school_badge")
    op.drop_column("school_badge", "small_file_id")
    op.drop_constraint(op.f(f"ck_{TABLE}_colours"), TABLE)
    op.drop_constraint(op.f(f"ck_{TABLE}_promised_days"), TABLE)
    for name in (*PROMISES, *WORDS):
        op.drop_column(TABLE, name)
