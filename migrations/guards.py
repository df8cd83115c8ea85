"""Who may do what with a table: granted when it is made, in the migration that makes it.

Row-level security holds each school's session to its own rows. No policy
contains OR, which would cost the index (57 ms against 0.15 ms at half a
million rows), and `(select …)` makes PostgreSQL read the school once a query.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

OWN_SCHOOL = "(select nullif(current_setting('app.school', true), '')::uuid)"


def school_table(name: str, may: str, *, oversight: bool = False) -> None:
    """Guard a table of the schools.

    `may` is what a school's session may do with its own rows ("select, insert,
    update (generation)"). `oversight` lets the Trust read it: only for tables
    without names, narratives or message bodies.
    """
    op.execute(f"alter table {name} enable row level security")
    op.execute(f"alter table {name} force row level security")
    op.execute(
        f"create policy own_school on {name} to tc_school"
        f" using (school_id = {OWN_SCHOOL}) with check (school_id = {OWN_SCHOOL})"
    )
    op.execute(f"grant {may} on {name} to tc_school")
    if oversight:
        op.execute(f"create policy oversight on {name} for select to tc_trust using (true)")
        op.execute(f"grant select on {name} to tc_trust")


def shared_table(name: str, **may: str) -> None:
    """Guard a table of the Trust or of accounts: `trust=`, `school=`, `accounts=` say what each may do."""
    for role, rights in may.items():
        op.execute(f"grant {rights} on {name} to tc_{role}")


def rows_seen(name: str, **seen: str) -> None:
    """Hold each role to some rows of a Trust table: `school="published_at is not null"`."""
    op.execute(f"alter table {name} enable row level security")
    op.execute(f"alter table {name} force row level security")
    for role, condition in seen.items():
        check = f" with check ({condition})" if role == "trust" else ""
        command = "all" if role == "trust" else "select"
        op.execute(
            f"create policy seen_by_{role} on {name} for {command} to tc_{role}"
            f" using ({condition}){check}"
        )


def append_only(name: str) -> None:
    """Refuse every change of a row, and its deletion by anyone but the table's owner.

    The owner deletes only by the disposal function. Grants refuse it already;
    this holds as well when someone grants too much.
    """
    op.execute(
        f"create trigger append_only before update or delete on {name}"
        " for each row execute function tc_refuse_change()"
    )


def school_key(table: str, to: str = "") -> list[sa.Column | sa.Constraint]:
    """The key of a table of the schools; `to` is the table that its row adds to, by the same id."""
    found: list[sa.Column | sa.Constraint] = [
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("school_id", "id", name=op.f(f"pk_{table}")),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name=op.f(f"fk_{table}_school_id")),
    ]
    return [*found, beneath(table, "id", to)] if to else found


def beneath(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    """That a column points to a row of the same school."""
    return sa.ForeignKeyConstraint(
        ["school_id", column],
        [f"{to}.school_id", f"{to}.id"],
        name=op.f(f"fk_{table}_school_id_{column}"),
    )
