"""Messages that are to leave."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.guards import school_table, shared_table

revision = "0003"
down_revision = "0002"

TABLES = ("outbox_school", "outbox_content_school", "outbox_trust", "outbox_content_trust")


def upgrade() -> None:
    op.create_table(
        "outbox_school",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("parked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["school_id"], ["school.id"], name=op.f("fk_outbox_school_school_id")
        ),
        sa.PrimaryKeyConstraint("school_id", "id", name=op.f("pk_outbox_school")),
    )
    op.create_index(
        "ix_outbox_school_waiting",
        "outbox_school",
        ["school_id", "due_at"],
        unique=False,
        postgresql_where=sa.text("sent_at is null and parked_at is null"),
    )
    op.create_table(
        "outbox_content_school",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("to_name", sa.Text(), nullable=False),
        sa.Column("to_address", sa.Text(), nullable=False),
        sa.Column("reply_to", sa.Text(), nullable=False),
        sa.Column("from_name", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("link", postgresql.JSONB(none_as_null=True), nullable=True),
        sa.Column("attachment", postgresql.JSONB(none_as_null=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["school_id", "id"],
            ["outbox_school.school_id", "outbox_school.id"],
            name=op.f("fk_outbox_content_school_school_id_id"),
        ),
        sa.ForeignKeyConstraint(
            ["school_id"], ["school.id"], name=op.f("fk_outbox_content_school_school_id")
        ),
        sa.PrimaryKeyConstraint("school_id", "id", name=op.f("pk_outbox_content_school")),
    )
    op.create_table(
        "outbox_trust",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("parked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_trust")),
    )
    op.create_index(
        "ix_outbox_trust_waiting",
        "outbox_trust",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("sent_at is null and parked_at is null"),
    )
    op.create_table(
        "outbox_content_trust",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("to_name", sa.Text(), nullable=False),
        sa.Column("to_address", sa.Text(), nullable=False),
        sa.Column("reply_to", sa.Text(), nullable=False),
        sa.Column("from_name", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("link", postgresql.JSONB(none_as_null=True), nullable=True),
        sa.Column("attachment", postgresql.JSONB(none_as_null=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["id"], ["outbox_trust.id"], name=op.f("fk_outbox_content_trust_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_content_trust")),
    )

    tried = "(tries, due_at, sent_at, parked_at, last_error)"
    school_table("outbox_school", f"select, insert, update {tried}", oversight=True)
    school_table("outbox_content_school", "select, insert")
    shared_table("outbox_trust", trust=f"select, insert, update {tried}", accounts="insert")
    shared_table("outbox_content_trust", trust="select, insert", accounts="insert")


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
