"""What the Trust does to a school is told in the school's own history as well."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.guards import OWN_SCHOOL, rows_seen, shared_table

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.create_table(
        "school_notice",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at_school_id", sa.Uuid(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("details", postgresql.JSONB(), nullable=False),
        sa.Column("by_kind", sa.Text(), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=True),
        sa.Column("by_name", sa.Text(), nullable=False),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["at_school_id"], ["school.id"], name=op.f("fk_school_notice_at_school_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_school_notice")),
    )
    op.create_index(
        "ix_school_notice_waiting",
        "school_notice",
        ["at_school_id"],
        unique=False,
        postgresql_where=sa.text("told_at is null"),
    )
    shared_table("school_notice", trust="select, insert", school="select, update (told_at)")
    rows_seen("school_notice", trust="true", school=f"at_school_id = {OWN_SCHOOL}")
    op.execute(
        "create policy told_by_school on school_notice for update to tc_school"
        f" using (at_school_id = {OWN_SCHOOL}) with check (at_school_id = {OWN_SCHOOL})"
    )


def downgrade() -> None:
    op.drop_table("school_notice")
