"""People who sign in, their roles, factors and sign-ins."""

import sqlalchemy as sa
from alembic import op

from migrations.guards import shared_table

revision = "0004"
down_revision = "0003"

TABLES = ("account_user", "account_grant", "account_factor", "account_sign_in")


def upgrade() -> None:
    op.create_table(
        "account_user",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("email = lower(email)", name=op.f("ck_account_user_email_lower")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_user")),
        sa.UniqueConstraint("email", name=op.f("uq_account_user_email")),
    )
    op.create_table(
        "account_grant",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("at_school_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "(role like 'trust%') = (at_school_id is null)",
            name=op.f("ck_account_grant_trust_roles_at_no_school"),
        ),
        sa.ForeignKeyConstraint(
            ["at_school_id"], ["school.id"], name=op.f("fk_account_grant_at_school_id")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["account_user.id"], name=op.f("fk_account_grant_user_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_grant")),
    )
    op.create_index(
        "uq_account_grant_role",
        "account_grant",
        ["user_id", "role", "at_school_id"],
        unique=True,
        postgresql_nulls_not_distinct=True,
    )
    op.create_table(
        "account_factor",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_step", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["account_user.id"], name=op.f("fk_account_factor_user_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_factor")),
    )
    op.create_index("uq_account_factor_user", "account_factor", ["user_id"], unique=True)
    op.create_table(
        "account_sign_in",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("token_sha256", sa.Text(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("wrong_codes", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["account_user.id"], name=op.f("fk_account_sign_in_user_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_sign_in")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_account_sign_in_token_sha256")),
    )
    op.create_index(
        "ix_account_sign_in_open",
        "account_sign_in",
        ["user_id"],
        unique=False,
        postgresql_where=sa.text("ended_at is null"),
    )

    for table in TABLES:
        shared_table(table, accounts="select, insert, update")
    op.execute("grant delete on account_grant to tc_accounts")


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
