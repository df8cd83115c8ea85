"""Text messages beside mail; what became of the last try; what somebody saw to by hand."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

MESSAGES = {"outbox_school": ("tc_school",), "outbox_trust": ("tc_trust",)}
CONTENTS = ("outbox_content_school", "outbox_content_trust")
MAY_CHANGE = "reference, outcome, broken, settled_at"
PARKED = sa.text("parked_at is not null and settled_at is null")
KEYS = {"outbox_school": ["school_id", "parked_at"], "outbox_trust": ["parked_at"]}


def upgrade() -> None:
    for table, roles in MESSAGES.items():
        for name, kind, default in (
            ("channel", sa.Text(), "mail"),
            ("reference", sa.Text(), ""),
            ("outcome", sa.Text(), ""),
            ("broken", sa.Integer(), "0"),
        ):
            op.add_column(
                table, sa.Column(name, kind, nullable=False, server_default=sa.text(f"'{default}'"))
            )
        op.add_column(table, sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True))
        # What failed before there was a name for it failed at the mail server.
        op.execute(f"update {table} set outcome = 'later' where last_error <> ''")
        op.create_check_constraint(
            op.f(f"ck_{table}_channel"), table, "channel in ('mail', 'text')"
        )
        op.create_check_constraint(
            op.f(f"ck_{table}_sent_or_parked"), table, "sent_at is null or parked_at is null"
        )
        op.create_check_constraint(
            op.f(f"ck_{table}_settled_is_parked"),
            table,
            "settled_at is null or parked_at is not null",
        )
        op.create_index(f"ix_{table}_parked", table, KEYS[table], postgresql_where=PARKED)
        for role in roles:
            op.execute(f"grant update ({MAY_CHANGE}) on {table} to {role}")
    for table in CONTENTS:
        op.add_column(
            table, sa.Column("letter", sa.Text(), nullable=False, server_default=sa.text("''"))
        )


def downgrade() -> None:
    for table in CONTENTS:
        op.drop_column(table, "letter")
    for table in MESSAGES:
        op.drop_index(f"ix_{table}_parked", table)
        for name in ("settled_is_parked", "sent_or_parked", "channel"):
            op.drop_constraint(op.f(f"ck_{table}_{name}"), table)
        # The release before knows no text messages: it would mail them to a number. The
        # owner is bound by the policies too, but for this statement.
        op.execute(f"alter table {table} no force row level security")
        op.execute(
            f"update {table} set parked_at = now()"
            " where channel = 'text' and sent_at is null and parked_at is null"
        )
        if table == "outbox_school":
            op.execute(f"alter table {table} force row level security")
        for name in ("settled_at", "broken", "outcome", "reference", "channel"):
            op.drop_column(table, name)
