"""Cycles of review: the Trust's with its steps, the schools' own, and people's calendar feeds."""

import sqlalchemy as sa
from alembic import op

from migrations.guards import append_only, school_table, shared_table

revision = "0023"
down_revision = "0022"

TABLES = (
    "review_cycle_trust",
    "review_step_trust",
    "review_cycle_school",
    "review_school",
    "review_done_school",
    "reminder_school",
    "account_feed",
)
PARTS = "subject in ('facts', 'matrix', 'bans', 'complaints')"


def key(table: str) -> list[sa.Column | sa.Constraint]:
    return [
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("school_id", "id", name=op.f(f"pk_{table}")),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name=op.f(f"fk_{table}_school_id")),
    ]


def to(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["school_id", column],
        [f"{other}.school_id", f"{other}.id"],
        name=op.f(f"fk_{table}_school_id_{column}"),
    )


def cycle(table: str) -> list[sa.Column | sa.Constraint]:
    """What a cycle of the Trust and one of a school have in common."""
    return [
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("every", sa.Integer(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("upward_id", sa.Uuid(), nullable=True),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paused_until", sa.Date(), nullable=True),
        sa.Column("paused_because", sa.Text(), nullable=False, server_default=""),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(unit = 'years' and every between 1 and 5)"
            " or (unit = 'terms' and every between 1 and 15)",
            name=op.f(f"ck_{table}_length"),
        ),
        sa.CheckConstraint("owner_id <> upward_id", name=op.f(f"ck_{table}_upward_is_another")),
        sa.CheckConstraint(
            "(paused_at is null) = (paused_because = '')",
            name=op.f(f"ck_{table}_paused_with_a_reason"),
        ),
        sa.CheckConstraint(
            "paused_until is null or paused_at is not null",
            name=op.f(f"ck_{table}_until_of_a_pause"),
        ),
        *(
            sa.ForeignKeyConstraint([name], ["account_user.id"], name=op.f(f"fk_{table}_{name}"))
            for name in ("owner_id", "upward_id")
        ),
    ]


def upgrade() -> None:
    op.create_table(
        "review_cycle_trust",
        sa.Column("id", sa.Uuid(), nullable=False),
        *cycle("review_cycle_trust"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_cycle_trust")),
        sa.UniqueConstraint("subject", name=op.f("uq_review_cycle_trust_subject")),
    )
    op.create_table(
        "review_step_trust",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("edition_id", sa.Uuid(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_by", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "step in ('start', 'consult', 'draft', 'board_paper', 'approve', 'adopt',"
            " 'acknowledge')",
            name=op.f("ck_review_step_trust_step_known"),
        ),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["policy_edition.id"], name=op.f("fk_review_step_trust_edition_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_step_trust")),
        sa.UniqueConstraint(
            "edition_id", "step", name=op.f("uq_review_step_trust_edition_id_step")
        ),
    )
    op.create_table(
        "review_cycle_school",
        *key("review_cycle_school"),
        *cycle("review_cycle_school"),
        sa.CheckConstraint(PARTS, name=op.f("ck_review_cycle_school_subject_known")),
        sa.UniqueConstraint(
            "school_id", "subject", name=op.f("uq_review_cycle_school_school_id_subject")
        ),
    )
    op.create_table(
        "review_school",
        *key("review_school"),
        sa.Column("cycle_id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("since_term", sa.Integer(), nullable=False),
        sa.Column("term", sa.Integer(), nullable=False),
        sa.Column("begins_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("provisional", sa.Boolean(), nullable=False),
        sa.Column("remind_on", sa.Date(), nullable=False),
        sa.Column("rests_until", sa.Date(), nullable=True),
        sa.Column("trust_mark", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_on", sa.Date(), nullable=True),
        sa.CheckConstraint(PARTS, name=op.f("ck_review_school_subject_known")),
        sa.CheckConstraint("begins_on <= due_on", name=op.f("ck_review_school_days_in_order")),
        to("review_school", "cycle_id", "review_cycle_school"),
    )
    op.create_index(
        "uq_review_school_open",
        "review_school",
        ["school_id", "subject"],
        unique=True,
        postgresql_where=sa.text("done_on is null"),
    )
    op.create_table(
        "review_done_school",
        *key("review_done_school"),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("done_by", sa.Text(), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "outcome in ('same', 'changed', 'shared')",
            name=op.f("ck_review_done_school_outcome_known"),
        ),
        to("review_done_school", "id", "review_school"),
    )
    op.create_table(
        "reminder_school",
        *key("reminder_school"),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("local_day", sa.Date(), nullable=False),
        sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=False),
        to("reminder_school", "subject_id", "review_school"),
        sa.UniqueConstraint(
            "school_id",
            "kind",
            "subject_id",
            "local_day",
            name=op.f("uq_reminder_school_school_id_kind_subject_id_local_day"),
        ),
    )
    op.create_table(
        "account_feed",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["account_user.id"], name=op.f("fk_account_feed_user_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_feed")),
        sa.UniqueConstraint("user_id", name=op.f("uq_account_feed_user_id")),
    )
    shared_table("account_feed", accounts="select, insert, update")
    school_table("review_cycle_school", "select, insert, update")
    moves = "term, begins_on, due_on, provisional, remind_on, rests_until, trust_mark, done_on"
    school_table("review_school", f"select, insert, update ({moves})", oversight=True)
    school_table("review_done_school", "select, insert")
    school_table("reminder_school", "select, insert")
    append_only("review_done_school")
    shared_table("review_cycle_trust", trust="select, insert, update")
    shared_table("review_step_trust", trust="select, insert, delete")


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
