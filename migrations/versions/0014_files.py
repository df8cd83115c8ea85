"""Files that people brought, and a school's badge."""

import sqlalchemy as sa
from alembic import op

from migrations.guards import append_only, school_table

revision = "0014"
down_revision = "0013"

TABLES = ("stored_file", "stored_file_content", "school_badge")


def upgrade() -> None:
    op.create_table(
        "stored_file",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken_from", sa.Text(), nullable=False),
        sa.CheckConstraint("size > 0", name=op.f("ck_stored_file_size")),
        sa.CheckConstraint(
            "media_type in ('image/jpeg', 'image/png', 'application/pdf')",
            name=op.f("ck_stored_file_media_type"),
        ),
        sa.ForeignKeyConstraint(
            ["school_id"], ["school.id"], name=op.f("fk_stored_file_school_id")
        ),
        sa.PrimaryKeyConstraint("school_id", "id", name=op.f("pk_stored_file")),
    )
    op.create_table(
        "stored_file_content",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["school_id", "id"],
            ["stored_file.school_id", "stored_file.id"],
            name=op.f("fk_stored_file_content_school_id_id"),
        ),
        sa.ForeignKeyConstraint(
            ["school_id"], ["school.id"], name=op.f("fk_stored_file_content_school_id")
        ),
        sa.PrimaryKeyConstraint("school_id", "id", name=op.f("pk_stored_file_content")),
    )
    # Pictures and PDFs are compressed already: PostgreSQL need not try.
    op.execute("alter table stored_file_content alter column content set storage external")
    op.create_table(
        "school_badge",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["school_id", "file_id"],
            ["stored_file.school_id", "stored_file.id"],
            name=op.f("fk_school_badge_school_id_file_id"),
        ),
        sa.ForeignKeyConstraint(
            ["school_id"], ["school.id"], name=op.f("fk_school_badge_school_id")
        ),
        sa.PrimaryKeyConstraint("school_id", "id", name=op.f("pk_school_badge")),
        sa.UniqueConstraint("school_id", name=op.f("uq_school_badge_school_id")),
    )
    for table in ("stored_file", "stored_file_content"):
        school_table(table, "select, insert")
        append_only(table)
    school_table("school_badge", "select, insert, delete")


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
