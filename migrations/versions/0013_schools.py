"""What the Trust knows of a school, a school suspended, and the hand-over of a new one."""

import sqlalchemy as sa
from alembic import op

from migrations.guards import OWN_SCHOOL, rows_seen, shared_table

revision = "0013"
down_revision = "0012"

PHASES = "phase in ('nursery', 'primary', 'middle', 'secondary', 'all_through', 'special', 'alternative_provision', '16_plus')"


def upgrade() -> None:
    # Blank for a school that was there before: nobody has said it yet.
    op.add_column("school", sa.Column("phase", sa.Text(), nullable=True))
    op.add_column("school", sa.Column("address", sa.Text(), nullable=False, server_default=""))
    op.add_column("school", sa.Column("suspended_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "school", sa.Column("suspended_because", sa.Text(), nullable=False, server_default="")
    )
    op.create_check_constraint(op.f("ck_school_phase_known"), "school", PHASES)
    op.create_check_constraint(
        op.f("ck_school_suspended_with_a_reason"),
        "school",
        "(suspended_at is null) = (suspended_because = '')",
    )
    op.execute("grant select (suspended_at) on school to tc_accounts")

    op.create_table(
        "school_start",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("head_name", sa.Text(), nullable=False),
        sa.Column("head_email", sa.Text(), nullable=False),
        sa.Column("police_force_id", sa.Text(), nullable=True),
        sa.Column("asked_by_id", sa.Uuid(), nullable=True),
        sa.Column("asked_by_kind", sa.Text(), nullable=False),
        sa.Column("asked_by_name", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("invited_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refused", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["id"], ["school.id"], name=op.f("fk_school_start_id")),
        sa.ForeignKeyConstraint(
            ["police_force_id"], ["police_force.id"], name=op.f("fk_school_start_police_force_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_school_start")),
    )
    op.create_index(
        "ix_school_start_waiting",
        "school_start",
        ["asked_at"],
        unique=False,
        postgresql_where=sa.text(
            "(head_email <> '' and invited_at is null and refused = '') or (police_force_id is not null and settled_at is null)"
        ),
    )
    shared_table(
        "school_start",
        trust="select, insert, update",
        school="select, update (settled_at)",
        accounts="select, update (invited_at, refused)",
    )
    rows_seen("school_start", trust="true", school=f"id = {OWN_SCHOOL}", accounts="true")
    # Each half is carried out, and marked as done, in the scope that it belongs to.
    op.execute(
        "create policy done_by_school on school_start for update to tc_school"
        f" using (id = {OWN_SCHOOL}) with check (id = {OWN_SCHOOL})"
    )
    op.execute(
        "create policy done_by_accounts on school_start for update to tc_accounts"
        " using (true) with check (true)"
    )


def downgrade() -> None:
    # The release before would open them. The owner is bound by the policies too, but for this.
    op.execute("alter table school no force row level security")
    op.execute(
        "do $$ begin if exists (select from school where suspended_at is not null) then"
        " raise exception 'Resume the suspended schools first: the release before would open them.';"
        " end if; end $$"
    )
    op.execute("alter table school force row level security")
    op.drop_table("school_start")
    op.execute("revoke select (suspended_at) on school from tc_accounts")
    op.drop_constraint(op.f("ck_school_suspended_with_a_reason"), "school")
    op.drop_constraint(op.f("ck_school_phase_known"), "school")
    for column in ("suspended_because", "suspended_at", "address", "phase"):
        op.drop_column("school", column)
