"""Letters in another language beside English, without names of staff, and codes by text."""

import sqlalchemy as sa
from alembic import op

revision = "0047"
down_revision = "0046"

LANGUAGES = "language in ('en', 'cy', 'pl', 'ur')"


def upgrade() -> None:
    for table in ("letter", "letter_frozen"):
        op.add_column(table, sa.Column("language", sa.Text(), nullable=False, server_default="en"))
        op.create_check_constraint(op.f(f"ck_{table}_language_known"), table, LANGUAGES)
    op.add_column(
        "letter", sa.Column("unnamed", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column(
        "letter_frozen", sa.Column("translation", sa.Text(), nullable=False, server_default="")
    )
    op.add_column(
        "letter_signatory",
        sa.Column("from_settings", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.add_column(
        "letter_service", sa.Column("texted_at", sa.DateTime(timezone=True), nullable=True)
    )
    op.execute("grant update (texted_at) on letter_service to tc_school")
    op.add_column(
        "school_settings",
        sa.Column("letters_unnamed", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.add_column(
        "school_settings",
        sa.Column("letters_staff", sa.Text(), nullable=False, server_default=""),
    )


def downgrade() -> None:
    for table, column in (
        ("school_settings", "letters_staff"),
        ("school_settings", "letters_unnamed"),
        ("letter_service", "texted_at"),
        ("letter_signatory", "from_settings"),
        ("letter_frozen", "translation"),
        ("letter", "unnamed"),
        ("letter_frozen", "language"),
        ("letter", "language"),
    ):
        op.drop_column(table, column)
