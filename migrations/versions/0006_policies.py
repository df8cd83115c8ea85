"""Editions, the versions that schools publish, and which is in force."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.guards import append_only, rows_seen, school_table, shared_table

revision = "0006"
down_revision = "0005"

TABLES = ("policy_edition", "policy_version", "policy_in_force")


def upgrade() -> None:
    op.create_table(
        "policy_edition",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("board_on", sa.Date(), nullable=True),
        sa.Column("review_text", sa.Text(), nullable=False),
        sa.Column("union_on", sa.Date(), nullable=True),
        sa.Column("union_not_applicable", sa.Boolean(), nullable=False),
        sa.Column("statutory", sa.Boolean(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("author_role", sa.Text(), nullable=False),
        sa.Column("body", postgresql.JSONB(), nullable=False),
        sa.Column("source_name", sa.Text(), nullable=False),
        sa.Column("source_text", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "not (union_not_applicable and union_on is not null)",
            name=op.f("ck_policy_edition_union"),
        ),
        sa.CheckConstraint(
            "published_at is null or (approved_at is not null and board_on is not null)",
            name=op.f("ck_policy_edition_approved_before_published"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_edition")),
        sa.UniqueConstraint("number", name=op.f("uq_policy_edition_number")),
    )
    op.create_table(
        "policy_version",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("edition_id", sa.Uuid(), nullable=False),
        sa.Column("edition_number", sa.Integer(), nullable=False),
        sa.Column("matrix_id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("in_force_on", sa.Date(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["policy_edition.id"], name=op.f("fk_policy_version_edition_id")
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "matrix_id"],
            ["contact_matrix.school_id", "contact_matrix.id"],
            name=op.f("fk_policy_version_school_id_matrix_id"),
        ),
        sa.ForeignKeyConstraint(
            ["school_id"], ["school.id"], name=op.f("fk_policy_version_school_id")
        ),
        sa.PrimaryKeyConstraint("school_id", "id", name=op.f("pk_policy_version")),
        sa.UniqueConstraint("school_id", "number", name=op.f("uq_policy_version_school_id_number")),
    )
    op.create_table(
        "policy_in_force",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("edition_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("during", postgresql.DATERANGE(), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.text("school_id"), "="),
            (sa.text("during"), "&&"),
            using="gist",
            name="one_in_force",
        ),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["policy_edition.id"], name=op.f("fk_policy_in_force_edition_id")
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "version_id"],
            ["policy_version.school_id", "policy_version.id"],
            name=op.f("fk_policy_in_force_school_id_version_id"),
        ),
        sa.ForeignKeyConstraint(
            ["school_id"], ["school.id"], name=op.f("fk_policy_in_force_school_id")
        ),
        sa.PrimaryKeyConstraint("school_id", "id", name=op.f("pk_policy_in_force")),
        sa.UniqueConstraint(
            "school_id", "version_id", name=op.f("uq_policy_in_force_school_id_version_id")
        ),
    )

    shared_table("policy_edition", trust="select, insert, update", school="select")
    rows_seen("policy_edition", trust="true", school="published_at is not null")
    op.execute(
        "create trigger published_never_changes before update or delete on policy_edition"
        " for each row when (old.published_at is not null) execute function tc_refuse_change()"
    )
    school_table("policy_version", "select, insert")
    append_only("policy_version")
    school_table("policy_in_force", "select, insert, update (during)", oversight=True)


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
