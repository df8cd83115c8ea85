"""Who must approve a draft's text, what they said, and the governing bodies' day."""

import sqlalchemy as sa
from alembic import op

from migrations.guards import append_only, shared_table

revision = "0029"
down_revision = "0028"

APPROVER, SIGN_OFF = "policy_approver", "policy_sign_off"


def upgrade() -> None:
    for name, default in (("approvers_all", sa.true()), ("local_bodies", sa.false())):
        op.add_column(
            "policy_edition", sa.Column(name, sa.Boolean(), nullable=False, server_default=default)
        )
    op.add_column("policy_version", sa.Column("governors_on", sa.Date(), nullable=True))
    op.create_table(
        APPROVER,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("edition_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("named_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("named_by", sa.Text(), nullable=False),
        sa.Column("asked_on", sa.Date(), nullable=True),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["policy_edition.id"], name=op.f(f"fk_{APPROVER}_edition_id")
        ),
        sa.UniqueConstraint(
            "edition_id", "user_id", name=op.f(f"uq_{APPROVER}_edition_id_user_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{APPROVER}")),
    )
    shared_table(
        APPROVER,
        trust="select, insert, update (name, email, named_at, named_by, asked_on, removed_at)",
    )
    op.create_table(
        SIGN_OFF,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("approver_id", sa.Uuid(), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("text_sha256", sa.Text(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "said in ('approved', 'not_yet')", name=op.f(f"ck_{SIGN_OFF}_said_known")
        ),
        sa.CheckConstraint(
            "said = 'approved' or words <> ''", name=op.f(f"ck_{SIGN_OFF}_changes_are_named")
        ),
        sa.ForeignKeyConstraint(
            ["approver_id"], [f"{APPROVER}.id"], name=op.f(f"fk_{SIGN_OFF}_approver_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{SIGN_OFF}")),
    )
    op.create_index(f"ix_{SIGN_OFF}_approver_id", SIGN_OFF, ["approver_id", "id"])
    shared_table(SIGN_OFF, trust="select, insert")
    append_only(SIGN_OFF)


def downgrade() -> None:
    for table in (SIGN_OFF, APPROVER):
        op.drop_table(table)
    op.drop_column("policy_version", "governors_on")
    for name in ("local_bodies", "approvers_all"):
        op.drop_column("policy_edition", name)
