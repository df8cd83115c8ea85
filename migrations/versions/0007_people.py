"""Parents and carers, pupils, and who cares for whom."""

import sqlalchemy as sa
from alembic import op

from migrations.guards import school_table

revision = "0007"
down_revision = "0006"

TABLES = ("adult", "pupil", "care")


def upgrade() -> None:
    op.create_table(
        "adult",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("email = lower(email)", name=op.f("ck_adult_email_lower")),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name=op.f("fk_adult_school_id")),
        sa.PrimaryKeyConstraint("school_id", "id", name=op.f("pk_adult")),
        sa.UniqueConstraint(
            "school_id", "name_key", "email", name=op.f("uq_adult_school_id_name_key_email")
        ),
    )
    op.create_index(op.f("ix_adult_school_id_name"), "adult", ["school_id", "name"], unique=False)
    op.create_table(
        "pupil",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("year_group", sa.Text(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name=op.f("fk_pupil_school_id")),
        sa.PrimaryKeyConstraint("school_id", "id", name=op.f("pk_pupil")),
        sa.UniqueConstraint(
            "school_id",
            "name_key",
            "year_group",
            name=op.f("uq_pupil_school_id_name_key_year_group"),
        ),
    )
    op.create_table(
        "care",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("adult_id", sa.Uuid(), nullable=False),
        sa.Column("pupil_id", sa.Uuid(), nullable=False),
        sa.Column("relationship", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["school_id", "adult_id"],
            ["adult.school_id", "adult.id"],
            name=op.f("fk_care_school_id_adult_id"),
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "pupil_id"],
            ["pupil.school_id", "pupil.id"],
            name=op.f("fk_care_school_id_pupil_id"),
        ),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name=op.f("fk_care_school_id")),
        sa.PrimaryKeyConstraint("school_id", "id", name=op.f("pk_care")),
        sa.UniqueConstraint(
            "school_id", "adult_id", "pupil_id", name=op.f("uq_care_school_id_adult_id_pupil_id")
        ),
    )
    op.create_index(
        op.f("ix_care_school_id_pupil_id"), "care", ["school_id", "pupil_id"], unique=False
    )

    for table in TABLES:
        school_table(table, "select, insert, update")


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
