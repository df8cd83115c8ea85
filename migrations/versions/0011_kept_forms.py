"""What was typed when a sign-in ended, kept for an hour; and when a code was last given."""

import sqlalchemy as sa
from alembic import op

from migrations.guards import shared_table

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.add_column(
        "account_sign_in", sa.Column("code_given_at", sa.DateTime(timezone=True), nullable=True)
    )
    # Whoever is signed in gave their code when they signed in.
    op.execute("update account_sign_in set code_given_at = confirmed_at")
    op.create_table(
        "account_kept_form",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("browser_sha256", sa.Text(), nullable=False),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["account_user.id"], name=op.f("fk_account_kept_form_user_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_kept_form")),
    )
    op.create_index(
        op.f("ix_account_kept_form_user_id_kept_at"), "account_kept_form", ["user_id", "kept_at"]
    )
    op.create_index(op.f("ix_account_kept_form_kept_at"), "account_kept_form", ["kept_at"])

    shared_table("account_kept_form", accounts="select, insert, delete")


def downgrade() -> None:
    op.drop_table("account_kept_form")
    op.drop_column("account_sign_in", "code_given_at")
