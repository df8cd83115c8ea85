"""People grow: what a relationship means, who must not be told, doubles, leavers, lists confirmed."""

import sqlalchemy as sa
from alembic import op

from migrations.guards import append_only, school_table

revision = "0026"
down_revision = "0025"

UNTOLD, APART, CONFIRMED = "untold_mark", "kept_apart", "list_confirmation"
TOLD_BY = ("adult", "outbox_school", "outbox_content_school", "sign_request")

# The one place that says who must not be told, for everything that leaves. It begins with
# the few that are marked, so that asking about one message costs next to nothing.
DECIDES = """
create function tc_untold() returns table (id uuid, because text) language sql stable as $$
  with marked as (
    select a.school_id, a.id, a.email, a.merged_into
    from untold_mark u join adult a on a.school_id = u.school_id and a.id = u.adult_id
    where u.ended_at is null
  ), same as (
    select m.school_id, m.id, m.email from marked m
    union select a.school_id, a.id, a.email from marked m
      join adult a on a.school_id = m.school_id and a.id = m.merged_into
    union select a.school_id, a.id, a.email from marked m
      join adult a on a.school_id = m.school_id and a.merged_into = m.id
    union select a.school_id, a.id, a.email from marked m
      join adult a on a.school_id = m.school_id and a.merged_into = m.merged_into
  )
  select s.id, 'marked' from same s
  union all
  select distinct a.id, 'shared' from same s
    join adult a on a.school_id = s.school_id and a.email = s.email
    where a.email <> '' and a.id not in (select same.id from same)
  union all
  select distinct a.id, 'apart' from kept_apart k
    join adult a on a.school_id = k.school_id and a.id in (k.adult_id, k.other_id)
    join adult b on b.school_id = k.school_id and b.id in (k.adult_id, k.other_id)
      and b.id <> a.id and b.email = a.email
    where k.ended_at is null and a.email <> ''
      and a.id not in (select same.id from same)
$$
"""


def key(table: str) -> list[sa.Column | sa.Constraint]:
    return [
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("school_id", "id", name=op.f(f"pk_{table}")),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name=op.f(f"fk_{table}_school_id")),
    ]


def to_adult(table: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["school_id", column],
        ["adult.school_id", "adult.id"],
        name=op.f(f"fk_{table}_school_id_{column}"),
    )


def said(table: str) -> list[sa.Column | sa.Constraint]:
    """From when to when something is so, with whoever said it and why."""
    return [
        sa.Column("since_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("said_by", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_because", sa.Text(), nullable=False, server_default=""),
        sa.Column("ended_by", sa.Text(), nullable=False, server_default=""),
        sa.CheckConstraint("because <> ''", name=op.f(f"ck_{table}_with_a_reason")),
        sa.CheckConstraint(
            "(ended_at is null) = (ended_because = '')",
            name=op.f(f"ck_{table}_ended_with_a_reason"),
        ),
    ]


def words(*names: str) -> list[sa.Column]:
    return [sa.Column(name, sa.Text(), nullable=False, server_default="") for name in names]


def adults() -> None:
    for column in (
        sa.Column("kind", sa.Text(), nullable=False, server_default="parent"),
        *words("telephone", "address", "ref", "roll_email"),
        sa.Column("by_hand", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("email_kept", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("left_on", sa.Date(), nullable=True),
        sa.Column("merged_into", sa.Uuid(), nullable=True),
    ):
        op.add_column("adult", column)
    op.execute("update adult set roll_email = email")
    op.drop_constraint("uq_adult_school_id_name_key_email", "adult")
    op.create_check_constraint(
        op.f("ck_adult_kind_known"), "adult", "kind in ('parent', 'carer', 'collector', 'visitor')"
    )
    op.create_check_constraint(op.f("ck_adult_merged_into_another"), "adult", "merged_into <> id")
    op.create_foreign_key(
        op.f("fk_adult_school_id_merged_into"),
        "adult",
        "adult",
        ["school_id", "merged_into"],
        ["school_id", "id"],
    )
    op.create_index("ix_adult_name_key", "adult", ["school_id", "name_key"])
    op.create_index("ix_adult_email", "adult", ["school_id", "email"])
    where = sa.text("merged_into is not null")
    op.create_index(
        "ix_adult_merged", "adult", ["school_id", "merged_into"], postgresql_where=where
    )
    where = sa.text("ref <> ''")
    op.create_index(
        "uq_adult_ref", "adult", ["school_id", "ref"], unique=True, postgresql_where=where
    )


def pupils() -> None:
    op.add_column("pupil", sa.Column("ref", sa.Text(), nullable=False, server_default=""))
    op.add_column("pupil", sa.Column("left_on", sa.Date(), nullable=True))
    op.add_column("pupil", sa.Column("version", sa.Integer(), nullable=False, server_default="1"))
    op.drop_constraint("uq_pupil_school_id_name_key_year_group", "pupil")
    op.create_index("ix_pupil_name_key", "pupil", ["school_id", "name_key"])
    where = sa.text("ref <> ''")
    op.create_index(
        "uq_pupil_ref", "pupil", ["school_id", "ref"], unique=True, postgresql_where=where
    )
    for name in ("parental_responsibility", "lives_with", "may_collect"):
        op.add_column("care", sa.Column(name, sa.Boolean(), nullable=True))
    op.add_column("care", sa.Column("court_order", sa.Text(), nullable=False, server_default=""))
    op.add_column("care", sa.Column("ended_on", sa.Date(), nullable=True))
    op.add_column(
        "care", sa.Column("by_hand", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column("care", sa.Column("version", sa.Integer(), nullable=False, server_default="1"))


def marks() -> None:
    op.create_table(
        UNTOLD,
        *key(UNTOLD),
        sa.Column("adult_id", sa.Uuid(), nullable=False),
        *said(UNTOLD),
        to_adult(UNTOLD, "adult_id"),
    )
    open_ = sa.text("ended_at is null")
    op.create_index(
        "one_untold_mark", UNTOLD, ["school_id", "adult_id"], unique=True, postgresql_where=open_
    )
    op.create_table(
        APART,
        *key(APART),
        sa.Column("adult_id", sa.Uuid(), nullable=False),
        sa.Column("other_id", sa.Uuid(), nullable=False),
        *said(APART),
        sa.CheckConstraint("adult_id < other_id", name=op.f(f"ck_{APART}_two")),
        to_adult(APART, "adult_id"),
        to_adult(APART, "other_id"),
    )
    op.create_index(
        "one_kept_apart",
        APART,
        ["school_id", "adult_id", "other_id"],
        unique=True,
        postgresql_where=open_,
    )
    op.create_table(
        CONFIRMED,
        *key(CONFIRMED),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_by", sa.Text(), nullable=False),
        sa.Column("told", sa.Integer(), nullable=False),
        sa.Column("untold", sa.Integer(), nullable=False),
        sa.Column("mark", sa.Text(), nullable=False),
    )
    ends = "select, insert, update (ended_at, ended_because, ended_by)"
    school_table(UNTOLD, ends)
    school_table(APART, ends)
    school_table(CONFIRMED, "select, insert")
    append_only(CONFIRMED)


def messages() -> None:
    op.add_column("outbox_school", sa.Column("adult_id", sa.Uuid(), nullable=True))
    op.execute(
        "update outbox_school o set adult_id = r.adult_id"
        " from outbox_content_school c join sign_request r on r.school_id = c.school_id"
        " and c.link ->> 'purpose' = 'sign' and r.id = (c.link ->> 'row')::uuid"
        " where c.school_id = o.school_id and c.id = o.id"
    )
    op.create_foreign_key(
        op.f("fk_outbox_school_school_id_adult_id"),
        "outbox_school",
        "adult",
        ["school_id", "adult_id"],
        ["school_id", "id"],
    )
    where = sa.text("adult_id is not null")
    op.create_index(
        "ix_outbox_school_adult", "outbox_school", ["school_id", "adult_id"], postgresql_where=where
    )


def upgrade() -> None:
    # The owner is bound by the policies of these tables too, but for this.
    for table in TOLD_BY:
        op.execute(f"alter table {table} no force row level security")
    adults()
    pupils()
    marks()
    messages()
    for table in TOLD_BY:
        op.execute(f"alter table {table} force row level security")
    op.execute(DECIDES)


def downgrade() -> None:
    """Where two adults or pupils are alike to the release before, it stops at their old key."""
    op.execute("drop function tc_untold()")
    op.drop_column("outbox_school", "adult_id")
    for table in (CONFIRMED, APART, UNTOLD):
        op.drop_table(table)
    for name in ("version", "by_hand", "ended_on", "court_order", "may_collect", "lives_with",
                 "parental_responsibility"):  # fmt: skip
        op.drop_column("care", name)
    op.drop_index("ix_pupil_name_key", "pupil")
    for name in ("version", "left_on", "ref"):
        op.drop_column("pupil", name)
    op.create_unique_constraint(
        op.f("uq_pupil_school_id_name_key_year_group"),
        "pupil",
        ["school_id", "name_key", "year_group"],
    )
    op.drop_index("ix_adult_name_key", "adult")
    op.drop_index("ix_adult_email", "adult")
    for name in ("merged_into", "left_on", "email_kept", "by_hand", "roll_email", "ref", "address",
                 "telephone", "kind"):  # fmt: skip
        op.drop_column("adult", name)
    op.create_unique_constraint(
        op.f("uq_adult_school_id_name_key_email"), "adult", ["school_id", "name_key", "email"]
    )
