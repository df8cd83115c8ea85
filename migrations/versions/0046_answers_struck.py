"""An answer that was noted for the wrong person is struck out, and can be given again."""

import sqlalchemy as sa
from alembic import op

from migrations.guards import append_only, school_key, school_table

revision = "0046"
down_revision = "0045"

STRUCK, WORDS = "answer_struck", "answer_struck_words"
ONCE = "uq_acknowledgement_school_id_request_id_answer"


def upgrade() -> None:
    op.add_column(
        "acknowledgement", sa.Column("serial", sa.Integer(), nullable=False, server_default="0")
    )
    op.drop_constraint(ONCE, "acknowledgement")
    op.create_unique_constraint(
        op.f(f"{ONCE}_serial"), "acknowledgement", ["school_id", "request_id", "answer", "serial"]
    )
    op.create_table(
        STRUCK,
        *school_key(STRUCK, "acknowledgement_how"),
        sa.Column("struck_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        WORDS,
        *school_key(WORDS, STRUCK),
        sa.Column("struck_by", sa.Text(), nullable=False),
        sa.Column("struck_by_id", sa.Uuid(), nullable=True),
        sa.Column("because", sa.Text(), nullable=False),
    )
    school_table(STRUCK, "select, insert", oversight=True)
    school_table(WORDS, "select, insert")
    append_only(STRUCK)
    append_only(WORDS)


# The release before knows one answer of a kind for a request: of several the one that stands is
# kept, else the last. It knows no striking out either: what was struck out counts there again.
MORE_THAN_ONE = """
insert into struck_to_go
select school_id, id from (
  select k.school_id, k.id, row_number() over (
    partition by k.school_id, k.request_id, k.answer
    order by (s.id is not null), k.serial desc
  ) as place
  from acknowledgement k
    left join answer_struck s on s.school_id = k.school_id and s.id = k.id
) each where place > 1
"""


def downgrade() -> None:
    op.create_table("struck_to_go", sa.Column("school_id", sa.Uuid()), sa.Column("id", sa.Uuid()))
    tables = ("acknowledgement", "acknowledgement_how", "acknowledgement_words", "talk_held")
    for table in (*tables, STRUCK):
        op.execute(f"alter table {table} no force row level security")
    op.execute(MORE_THAN_ONE)
    op.drop_table(WORDS)
    op.drop_table(STRUCK)
    for table in reversed(tables):
        op.execute(f"alter table {table} disable trigger user")
        op.execute(
            f"delete from {table} t using struck_to_go g"
            " where g.school_id = t.school_id and g.id = t.id"
        )
        op.execute(f"alter table {table} enable trigger user")
        op.execute(f"alter table {table} force row level security")
    op.drop_table("struck_to_go")
    op.drop_constraint(f"{ONCE}_serial", "acknowledgement")
    op.create_unique_constraint(
        op.f(ONCE), "acknowledgement", ["school_id", "request_id", "answer"]
    )
    op.drop_column("acknowledgement", "serial")
