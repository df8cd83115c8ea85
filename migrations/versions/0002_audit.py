"""What happened, by whom: inserted and read, never changed."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.guards import append_only, school_table, shared_table

revision = "0002"
down_revision = "0001"

TABLES = ("audit_event_school", "audit_detail_school", "audit_event_trust", "audit_detail_trust")


def upgrade() -> None:
    op.create_table(
        "audit_event_school",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_kind", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("thing_kind", sa.Text(), nullable=False),
        sa.Column("thing_id", sa.Uuid(), nullable=True),
        sa.Column("details_sha256", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["school_id"], ["school.id"], name=op.f("fk_audit_event_school_school_id")
        ),
        sa.PrimaryKeyConstraint("school_id", "id", name=op.f("pk_audit_event_school")),
    )
    op.create_index(
        op.f("ix_audit_event_school_school_id_at"),
        "audit_event_school",
        ["school_id", "at"],
        unique=False,
    )
    op.create_index(
        op.f("ix_audit_event_school_school_id_thing_id"),
        "audit_event_school",
        ["school_id", "thing_id"],
        unique=False,
    )
    op.create_table(
        "audit_detail_school",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("salt", sa.Text(), nullable=False),
        sa.Column("details", postgresql.JSONB(), nullable=False),
        sa.ForeignKeyConstraint(
            ["school_id", "id"],
            ["audit_event_school.school_id", "audit_event_school.id"],
            name=op.f("fk_audit_detail_school_school_id_id"),
        ),
        sa.ForeignKeyConstraint(
            ["school_id"], ["school.id"], name=op.f("fk_audit_detail_school_school_id")
        ),
        sa.PrimaryKeyConstraint("school_id", "id", name=op.f("pk_audit_detail_school")),
    )
    op.create_table(
        "audit_event_trust",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_kind", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("thing_kind", sa.Text(), nullable=False),
        sa.Column("thing_id", sa.Uuid(), nullable=True),
        sa.Column("details_sha256", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_event_trust")),
    )
    op.create_index(op.f("ix_audit_event_trust_at"), "audit_event_trust", ["at"], unique=False)
    op.create_index(
        op.f("ix_audit_event_trust_thing_id"), "audit_event_trust", ["thing_id"], unique=False
    )
    op.create_table(
        "audit_detail_trust",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("salt", sa.Text(), nullable=False),
        sa.Column("details", postgresql.JSONB(), nullable=False),
        sa.ForeignKeyConstraint(
            ["id"], ["audit_event_trust.id"], name=op.f("fk_audit_detail_trust_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_detail_trust")),
    )

    school_table("audit_event_school", "select, insert")
    school_table("audit_detail_school", "select, insert")
    shared_table("audit_event_trust", trust="select, insert", accounts="insert")
    shared_table("audit_detail_trust", trust="select, insert", accounts="insert")
    for table in TABLES:
        append_only(table)


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
