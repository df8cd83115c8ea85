"""The Trust, its schools, their settings and the police forces."""

import sqlalchemy as sa
from alembic import op

from migrations.guards import OWN_SCHOOL, rows_seen, school_table, shared_table

revision = "0001"
down_revision = None

TABLES = ("trust", "school", "police_force", "school_settings")

REFUSE_CHANGE = """
create function tc_refuse_change() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' and current_user = (
    select pg_get_userbyid(relowner) from pg_class where oid = tg_relid
  ) then
    return old;
  end if;
  raise exception 'rows of % are never changed', tg_table_name using errcode = 'check_violation';
end $$
"""


def upgrade() -> None:
    op.execute(REFUSE_CHANGE)
    op.create_table(
        "trust",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("telephone", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trust")),
    )
    op.create_table(
        "school",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "slug <> all (array['account', 'admin', 'api', 'healthz', 'readyz', 'metrics', 'verify', 'static', 'robots.txt', '.well-known', 'favicon.ico'])",
            name=op.f("ck_school_slug_reserved"),
        ),
        sa.CheckConstraint(
            "slug ~ '^[a-z][a-z0-9]*(-[a-z0-9]+)*$' and length(slug) between 2 and 40",
            name=op.f("ck_school_slug_form"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_school")),
        sa.UniqueConstraint("slug", name=op.f("uq_school_slug")),
    )
    op.create_table(
        "police_force",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("non_emergency", sa.Text(), nullable=True),
        sa.Column("emergency", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("successor", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_police_force")),
    )
    op.create_table(
        "school_settings",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("policies_url", sa.Text(), nullable=False),
        sa.Column("app_name", sa.Text(), nullable=False),
        sa.Column("telephone", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("police_force_id", sa.Text(), nullable=True),
        sa.Column("ban_unit", sa.Text(), nullable=True),
        sa.Column("ban_temporary_days", sa.Integer(), nullable=True),
        sa.Column("ban_first_days", sa.Integer(), nullable=True),
        sa.Column("ban_longest_days", sa.Integer(), nullable=True),
        sa.Column("ban_review_days", sa.Integer(), nullable=True),
        sa.Column("representations_days", sa.Integer(), nullable=True),
        sa.Column("ban_decider", sa.Text(), nullable=True),
        sa.Column("ban_reviewer", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "ban_decider <> ban_reviewer",
            name=op.f("ck_school_settings_ban_reviewer_is_not_decider"),
        ),
        sa.CheckConstraint(
            "ban_first_days <= ban_longest_days",
            name=op.f("ck_school_settings_ban_first_within_longest"),
        ),
        sa.CheckConstraint(
            "ban_review_days <= ban_longest_days",
            name=op.f("ck_school_settings_ban_review_within_longest"),
        ),
        sa.CheckConstraint(
            "ban_temporary_days between 1 and 400 and ban_first_days between 1 and 400 and ban_longest_days between 1 and 400 and ban_review_days between 1 and 400 and representations_days between 1 and 60",
            name=op.f("ck_school_settings_ban_days"),
        ),
        sa.CheckConstraint(
            "representations_days <= ban_temporary_days",
            name=op.f("ck_school_settings_ban_heard_while_temporary"),
        ),
        sa.ForeignKeyConstraint(
            ["police_force_id"],
            ["police_force.id"],
            name=op.f("fk_school_settings_police_force_id"),
        ),
        sa.ForeignKeyConstraint(
            ["school_id"], ["school.id"], name=op.f("fk_school_settings_school_id")
        ),
        sa.PrimaryKeyConstraint("school_id", "id", name=op.f("pk_school_settings")),
        sa.UniqueConstraint("school_id", name=op.f("uq_school_settings_school_id")),
    )

    shared_table("trust", trust="select, insert, update", school="select", accounts="select")
    shared_table(
        "school",
        trust="select, insert, update",
        school="select",
        accounts="select (id, slug, name)",
    )
    rows_seen("school", trust="true", school=f"id = {OWN_SCHOOL}", accounts="true")
    shared_table("police_force", trust="select", school="select")
    school_table("school_settings", "select, insert, update")


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
    op.execute("drop function tc_refuse_change()")
