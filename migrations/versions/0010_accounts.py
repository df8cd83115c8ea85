"""Invitations, recovery codes, dated roles and throttles.

The secret of an authenticator is sealed from here on. A migration has no key, so
those that stand in plain are sealed one by one, when each is next used.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.guards import shared_table

revision = "0010"
down_revision = "0009"

TABLES = ("account_link", "account_recovery_code", "account_throttle")


def upgrade() -> None:
    op.alter_column("account_user", "password_hash", nullable=True)
    op.add_column(
        "account_user",
        sa.Column("enrols_at_sign_in", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    # Who was given a first password and has not been here yet still enrols when they come.
    op.execute(
        "update account_user u set enrols_at_sign_in = true where not exists"
        " (select from account_factor f where f.user_id = u.id and f.confirmed_at is not null)"
    )
    op.alter_column("account_user", "enrols_at_sign_in", server_default=None)

    op.add_column("account_grant", sa.Column("first_on", sa.Date(), nullable=True))
    op.add_column("account_grant", sa.Column("last_on", sa.Date(), nullable=True))
    op.create_check_constraint(
        op.f("ck_account_grant_days_in_order"), "account_grant", "first_on <= last_on"
    )

    op.add_column("account_factor", sa.Column("next_secret", sa.Text(), nullable=True))
    op.add_column("account_factor", sa.Column("next_at", sa.DateTime(timezone=True), nullable=True))

    op.create_table(
        "account_link",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "purpose in ('invite', 'reset', 'factor')", name=op.f("ck_account_link_purpose_known")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["account_user.id"], name=op.f("fk_account_link_user_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_link")),
        sa.UniqueConstraint("user_id", "purpose", name=op.f("uq_account_link_user_id_purpose")),
    )
    op.create_table(
        "account_recovery_code",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("code_hmac", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["account_user.id"], name=op.f("fk_account_recovery_code_user_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_recovery_code")),
        sa.UniqueConstraint(
            "user_id", "code_hmac", name=op.f("uq_account_recovery_code_user_id_code_hmac")
        ),
    )
    op.create_table(
        "account_throttle",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("tried_at", postgresql.ARRAY(sa.DateTime(timezone=True)), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_account_throttle")),
    )
    op.create_index(op.f("ix_account_throttle_last_at"), "account_throttle", ["last_at"])

    shared_table("account_link", accounts="select, insert, update")
    shared_table("account_recovery_code", accounts="select, insert, update (used_at), delete")
    shared_table("account_throttle", accounts="select, insert, update, delete")


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
    op.drop_column("account_factor", "next_at")
    op.drop_column("account_factor", "next_secret")
    # Without its days an acting head's role would be one for good, so it goes.
    op.execute("delete from account_grant where first_on is not null or last_on is not null")
    op.drop_constraint(op.f("ck_account_grant_days_in_order"), "account_grant")
    op.drop_column("account_grant", "last_on")
    op.drop_column("account_grant", "first_on")
    op.drop_column("account_user", "enrols_at_sign_in")
    # No password is "": Argon2 refuses what is no hash.
    op.execute("update account_user set password_hash = '' where password_hash is null")
    op.alter_column("account_user", "password_hash", nullable=False)
