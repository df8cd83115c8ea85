"""A school's own words, where they differ, and taking up the next edition."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.guards import school_table

revision = "0017"
down_revision = "0016"

TABLES = ("policy_text", "policy_local_change", "policy_adoption")


def _of_a_school(table: str) -> list[sa.schema.SchemaItem]:
    return [
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name=op.f(f"fk_{table}_school_id")),
        sa.PrimaryKeyConstraint("school_id", "id", name=op.f(f"pk_{table}")),
    ]


def _edition(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["edition_id"], ["policy_edition.id"], name=op.f(f"fk_{table}_edition_id")
    )


def upgrade() -> None:
    op.create_table(
        "policy_text",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("edition_id", sa.Uuid(), nullable=False),
        sa.Column("body", postgresql.JSONB(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        _edition("policy_text"),
        sa.UniqueConstraint("school_id", name=op.f("uq_policy_text_school_id")),
        *_of_a_school("policy_text"),
    )
    op.create_table(
        "policy_local_change",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("edition_id", sa.Uuid(), nullable=False),
        sa.Column("clause", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind in ('reworded', 'added', 'left_out')",
            name=op.f("ck_policy_local_change_kind_known"),
        ),
        _edition("policy_local_change"),
        sa.UniqueConstraint(
            "school_id", "clause", name=op.f("uq_policy_local_change_school_id_clause")
        ),
        *_of_a_school("policy_local_change"),
    )
    op.create_table(
        "policy_adoption",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("edition_id", sa.Uuid(), nullable=False),
        sa.Column("base_id", sa.Uuid(), nullable=False),
        sa.Column("decisions", postgresql.JSONB(), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("begun_by", sa.Text(), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_by", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(finished_at is null) = (finished_by = '')",
            name=op.f("ck_policy_adoption_finished_by_somebody"),
        ),
        _edition("policy_adoption"),
        sa.ForeignKeyConstraint(
            ["base_id"], ["policy_edition.id"], name=op.f("fk_policy_adoption_base_id")
        ),
        *_of_a_school("policy_adoption"),
    )
    op.create_index(
        "one_open_adoption",
        "policy_adoption",
        ["school_id"],
        unique=True,
        postgresql_where=sa.text("finished_at is null"),
    )
    school_table("policy_text", "select, insert, update")
    school_table("policy_local_change", "select, insert, delete", oversight=True)
    school_table("policy_adoption", "select, insert, update")


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
