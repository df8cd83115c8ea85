"""Seals over the audit: batches of events as Merkle trees, each chained to the last."""

import sqlalchemy as sa
from alembic import op

from migrations.guards import (
    OWN_SCHOOL,
    append_only,
    rows_seen,
    school_key,
    school_table,
    shared_table,
)

revision = "0033"
down_revision = "0032"

MAILED = "audit_seal_mailed"


def key(name: str, *, school: bool) -> list[sa.Column | sa.Constraint]:
    if not school:
        return [
            sa.Column("id", sa.Uuid(), nullable=False),
            sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        ]
    return school_key(name)


def unique(name: str, *columns: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(*columns, name=op.f(f"uq_{name}_{'_'.join(columns)}"))


def words(*names: str) -> list[sa.Column]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def numbers(*names: str) -> list[sa.Column]:
    return [sa.Column(name, sa.Integer(), nullable=False) for name in names]


def seals(kind: str) -> None:
    school = kind == "school"
    seal, leaf = f"audit_seal_{kind}", f"audit_leaf_{kind}"
    owner = ["school_id"] if school else []
    op.create_table(
        seal,
        *key(seal, school=school),
        *numbers("number", "leaves"),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=False),
        *words("root", "previous", "head"),
        sa.CheckConstraint("number > 0 and leaves > 0", name=op.f(f"ck_{seal}_counted")),
        unique(seal, *owner, "number"),
    )
    op.create_table(
        leaf,
        *key(leaf, school=school),
        sa.Column("seal_id", sa.Uuid(), nullable=False),
        *numbers("position"),
        *words("hash"),
        sa.ForeignKeyConstraint(
            [*owner, "seal_id"],
            [f"{seal}.{name}" for name in (*owner, "id")],
            name=op.f(f"fk_{leaf}_{'_'.join((*owner, 'seal_number'))}"),
        ),
        unique(leaf, *owner, "seal_id", "position"),
    )
    for table in (seal, leaf):
        if school:
            # Hashes, numbers and ids: for finding which school has something to seal.
            school_table(table, "select, insert", oversight=True)
        else:
            shared_table(table, trust="select, insert")
        append_only(table)


def upgrade() -> None:
    for kind in ("school", "trust"):
        seals(kind)
    # Of an event the Trust sees that it is there and when: nothing of what it was.
    op.execute("create policy oversight on audit_event_school for select to tc_trust using (true)")
    op.execute("grant select (school_id, id, at) on audit_event_school to tc_trust")
    op.create_table(
        MAILED,
        *key(MAILED, school=False),
        sa.Column("local_day", sa.Date(), nullable=False),
        sa.Column("of_id", sa.Uuid(), nullable=False),
        *numbers("number"),
        *words("head"),
        unique(MAILED, "local_day", "of_id"),
    )
    shared_table(MAILED, trust="select, insert", school="select")
    rows_seen(MAILED, trust="true", school=f"of_id = {OWN_SCHOOL}")
    append_only(MAILED)


def downgrade() -> None:
    op.drop_table(MAILED)
    op.execute("revoke select (school_id, id, at) on audit_event_school from tc_trust")
    op.execute("drop policy oversight on audit_event_school")
    for kind in ("trust", "school"):
        op.drop_table(f"audit_leaf_{kind}")
        op.drop_table(f"audit_seal_{kind}")
