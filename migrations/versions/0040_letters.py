"""Letters: the Trust's words, who may sign, and each letter from its draft to its service."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from migrations.columns import check, days, ids, moments, numbers, words
from migrations.guards import append_only, beneath, school_key, school_table

revision = "0040"
down_revision = "0039"

WORDING, SIGNATORY, LETTER = "letter_wording", "letter_signatory", "letter"
FROZEN, WITHDRAWAL, SERVICE = "letter_frozen", "letter_withdrawal", "letter_service"


def wordings() -> None:
    op.create_table(
        WORDING,
        *ids("id", null=False),
        *words("kind"),
        *numbers("number"),
        sa.Column("body", JSONB(), nullable=False),
        *moments("edited_at", null=False),
        *words("edited_by", "solicitor"),
        *moments("approved_at"),
        *words("approved_by"),
        *numbers("version"),
        check(WORDING, "approved_by_somebody", "(approved_at is null) = (approved_by = '')"),
        check(WORDING, "seen_by_a_solicitor", "approved_at is null or solicitor <> ''"),
        sa.UniqueConstraint("kind", "number", name=op.f(f"uq_{WORDING}_kind_number")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{WORDING}")),
    )
    op.create_index(
        "one_letter_wording_draft",
        WORDING,
        ["kind"],
        unique=True,
        postgresql_where=sa.text("approved_at is null"),
    )
    # Approved, a wording changes no more: the policy for update does not see it.
    for statement in (
        f"alter table {WORDING} enable row level security",
        f"alter table {WORDING} force row level security",
        f"create policy seen_by_trust on {WORDING} for select to tc_trust using (true)",
        f"create policy begun_by_trust on {WORDING} for insert to tc_trust"
        " with check (approved_at is null)",
        f"create policy edited_by_trust on {WORDING} for update to tc_trust"
        " using (approved_at is null) with check (true)",
        f"create policy seen_by_school on {WORDING} for select to tc_school"
        " using (approved_at is not null)",
        f"grant select, insert, update on {WORDING} to tc_trust",
        f"grant select on {WORDING} to tc_school",
    ):
        op.execute(statement)
    op.add_column(
        "trust", sa.Column("letter_post_days", sa.Integer(), nullable=False, server_default="2")
    )
    op.add_column("trust", sa.Column("letter_advice", sa.Text(), nullable=False, server_default=""))
    op.create_check_constraint(
        op.f("ck_trust_letter_post_days"), "trust", "letter_post_days between 1 and 10"
    )


def letters() -> None:
    op.create_table(
        SIGNATORY,
        *school_key(SIGNATORY),
        *words("name", "role"),
        *days("from_on", null=False),
        *days("until_on"),
        *moments("noted_at", null=False),
        *words("noted_by"),
        check(SIGNATORY, "days_in_order", "until_on >= from_on"),
        check(SIGNATORY, "named", "name <> '' and role <> ''"),
    )
    op.create_table(
        LETTER,
        *school_key(LETTER),
        *numbers("number"),
        *ids("adult_id", null=False),
        *words("kind", "record_kind"),
        *ids("record_id"),
        *words("record_mark"),
        sa.Column("parts", JSONB(), nullable=False),
        *words("way"),
        *ids("signatory_id", "replaces_id"),
        *moments("begun_at", null=False),
        *words("begun_by"),
        sa.Column("writers", JSONB(), nullable=False),
        *moments("asked_at", "dropped_at", "frozen_at"),
        *numbers("version"),
        beneath(LETTER, "adult_id", "adult"),
        beneath(LETTER, "signatory_id", SIGNATORY),
        beneath(LETTER, "replaces_id", LETTER),
        check(LETTER, "way_known", "way in ('', 'post', 'hand', 'email')"),
        sa.UniqueConstraint("school_id", "number", name=op.f(f"uq_{LETTER}_school_id_number")),
    )
    op.create_index(op.f(f"ix_{LETTER}_school_id_adult_id"), LETTER, ["school_id", "adult_id"])
    op.create_index(
        "ix_letter_drafts",
        LETTER,
        ["school_id", "begun_at"],
        postgresql_where=sa.text("frozen_at is null and dropped_at is null"),
    )
    op.create_table(
        FROZEN,
        *school_key(FROZEN),
        *words("text", "html", "sha256"),
        sa.Column("pdf", sa.LargeBinary(), nullable=False),
        *words("pdf_sha256"),
        *numbers("pages"),
        *ids("wording_id", null=False),
        *ids("version_id"),
        *words("way", "to_name", "to_address", "to_email"),
        *numbers("answer_days", null=True),
        *words("answer_unit"),
        *moments("approved_at", null=False),
        *words("approved_by"),
        *ids("approved_by_id"),
        beneath(FROZEN, "id", LETTER),
        beneath(FROZEN, "version_id", "policy_version"),
        sa.ForeignKeyConstraint(
            ["wording_id"], [f"{WORDING}.id"], name=op.f(f"fk_{FROZEN}_wording_id")
        ),
    )
    op.create_table(
        WITHDRAWAL,
        *school_key(WITHDRAWAL),
        *words("because"),
        *moments("withdrawn_at", null=False),
        *words("withdrawn_by"),
        beneath(WITHDRAWAL, "id", FROZEN),
        check(WITHDRAWAL, "with_a_reason", "because <> ''"),
    )
    op.create_table(
        SERVICE,
        *school_key(SERVICE),
        *ids("letter_id", null=False),
        *words("way"),
        *days("sent_on", null=False),
        *days("served_on", "deadline_on"),
        *moments("noted_at", null=False),
        *words("noted_by", "handed_by", "witness"),
        *ids("message_id"),
        *numbers("wrong_tries"),
        *moments("opened_at"),
        *days("ended_on"),
        *words("ended_how", "ended_because", "ended_by"),
        beneath(SERVICE, "letter_id", FROZEN),
        check(SERVICE, "way_known", "way in ('post', 'hand', 'email')"),
        check(SERVICE, "days_in_order", "served_on >= sent_on"),
        check(SERVICE, "from_service", "deadline_on is null or served_on is not null"),
        check(SERVICE, "handed_by_somebody", "way <> 'hand' or handed_by <> ''"),
        check(SERVICE, "ended_somehow", "(ended_on is null) = (ended_how = '')"),
        check(SERVICE, "ended_known", "ended_how in ('', 'returned', 'refused', 'bounced')"),
    )
    op.create_index(
        "one_letter_service",
        SERVICE,
        ["school_id", "letter_id"],
        unique=True,
        postgresql_where=sa.text("ended_on is null"),
    )
    op.create_index("ix_letter_service_letter", SERVICE, ["school_id", "letter_id"])


def upgrade() -> None:
    wordings()
    letters()
    op.add_column(
        "school_settings",
        sa.Column("letters_second_person", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    school_table(SIGNATORY, "select, insert, update (until_on)")
    school_table(LETTER, "select, insert, update")
    for table in (FROZEN, WITHDRAWAL):
        school_table(table, "select, insert")
        append_only(table)
    school_table(
        SERVICE,
        "select, insert, update (served_on, deadline_on, wrong_tries, opened_at, ended_on,"
        " ended_how, ended_because, ended_by)",
    )


def downgrade() -> None:
    for table in (SERVICE, WITHDRAWAL, FROZEN, LETTER, SIGNATORY, WORDING):
        op.drop_table(table)
    op.drop_column("school_settings", "letters_second_person")
    op.drop_constraint(op.f("ck_trust_letter_post_days"), "trust")
    for name in ("letter_advice", "letter_post_days"):
        op.drop_column("trust", name)
