"""Asking heads, governors and unions about a draft."""

import sqlalchemy as sa
from alembic import op

from migrations.guards import OWN_SCHOOL, rows_seen, shared_table

revision = "0025"
down_revision = "0024"

CONSULTATION, GUEST, COMMENT = "policy_consultation", "policy_guest", "policy_comment"


def _consultation() -> None:
    op.create_table(
        CONSULTATION,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("edition_id", sa.Uuid(), nullable=False),
        sa.Column("edition_number", sa.Integer(), nullable=False),
        sa.Column("body", sa.dialects.postgresql.JSONB(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_by", sa.Text(), nullable=False),
        sa.Column("closes_on", sa.Date(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_because", sa.Text(), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(closed_at is null) = (closed_because = '')",
            name=op.f(f"ck_{CONSULTATION}_closed_with_a_reason"),
        ),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["policy_edition.id"], name=op.f(f"fk_{CONSULTATION}_edition_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{CONSULTATION}")),
    )
    op.create_index(f"ix_{CONSULTATION}_edition_id", CONSULTATION, ["edition_id"])
    shared_table(
        CONSULTATION,
        trust="select, insert, update (closed_at, closed_because, told_at, reminded_at, version)",
        school="select",
    )


def _guest() -> None:
    op.create_table(
        GUEST,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("consultation_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("of", sa.Text(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("invited_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind in ('union', 'governor')", name=op.f(f"ck_{GUEST}_kind_known")),
        sa.ForeignKeyConstraint(
            ["consultation_id"], [f"{CONSULTATION}.id"], name=op.f(f"fk_{GUEST}_consultation_id")
        ),
        sa.UniqueConstraint(
            "consultation_id", "email", name=op.f(f"uq_{GUEST}_consultation_id_email")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{GUEST}")),
    )
    shared_table(GUEST, trust="select, insert, update (ended_at, generation, invited_at)")


def _comment() -> None:
    op.create_table(
        COMMENT,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("consultation_id", sa.Uuid(), nullable=False),
        sa.Column("at_school_id", sa.Uuid(), nullable=True),
        sa.Column("guest_id", sa.Uuid(), nullable=True),
        sa.Column("by_name", sa.Text(), nullable=False),
        sa.Column("clause", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken_back_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_by", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "(at_school_id is null) <> (guest_id is null)", name=op.f(f"ck_{COMMENT}_from_one")
        ),
        sa.CheckConstraint("words <> '' or clause = ''", name=op.f(f"ck_{COMMENT}_says_something")),
        sa.CheckConstraint(
            "(outcome = '') = (answered_at is null)", name=op.f(f"ck_{COMMENT}_answered_whole")
        ),
        sa.CheckConstraint(
            "outcome in ('', 'taken', 'partly', 'not_taken')",
            name=op.f(f"ck_{COMMENT}_outcome_known"),
        ),
        sa.ForeignKeyConstraint(
            ["consultation_id"], [f"{CONSULTATION}.id"], name=op.f(f"fk_{COMMENT}_consultation_id")
        ),
        sa.ForeignKeyConstraint(
            ["at_school_id"], ["school.id"], name=op.f(f"fk_{COMMENT}_at_school_id")
        ),
        sa.ForeignKeyConstraint(["guest_id"], [f"{GUEST}.id"], name=op.f(f"fk_{COMMENT}_guest_id")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{COMMENT}")),
    )
    op.create_index(f"ix_{COMMENT}_consultation_id", COMMENT, ["consultation_id", "id"])
    op.create_index(
        "one_nothing_to_add",
        COMMENT,
        ["consultation_id", sa.text("coalesce(at_school_id, guest_id)")],
        unique=True,
        postgresql_where=sa.text("words = '' and taken_back_at is null"),
    )
    shared_table(
        COMMENT,
        trust="select, insert, update (taken_back_at, outcome, answer, answered_at, answered_by)",
        school="select, insert, update (taken_back_at)",
    )
    rows_seen(COMMENT, trust="true", school=f"at_school_id = {OWN_SCHOOL}")
    own = f"at_school_id = {OWN_SCHOOL}"
    op.execute(
        f"create policy given_by_school on {COMMENT} for insert to tc_school with check ({own})"
    )
    op.execute(
        f"create policy taken_back_by_school on {COMMENT} for update to tc_school"
        f" using ({own}) with check ({own})"
    )


def upgrade() -> None:
    _consultation()
    _guest()
    _comment()


def downgrade() -> None:
    for table in (COMMENT, GUEST, CONSULTATION):
        op.drop_table(table)
