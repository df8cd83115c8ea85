"""What speaks for it that somebody knew the code: links fetched, the text opened, people told."""

import sqlalchemy as sa
from alembic import op

from migrations.guards import append_only, beneath, school_key, school_table

revision = "0036"
down_revision = "0035"

FETCH, OPENED, TOLD, ADULT = "link_fetch", "text_opened", "told_otherwise", "told_adult"


def column(name: str, kind: sa.types.TypeEngine, *, blank: bool = False) -> sa.Column:
    return sa.Column(name, kind, nullable=blank)


def moment(name: str, *, blank: bool = True) -> sa.Column:
    return column(name, sa.DateTime(timezone=True), blank=blank)


def upgrade() -> None:
    op.create_table(
        FETCH,
        *school_key(FETCH),
        column("request_id", sa.Uuid()),
        column("local_day", sa.Date()),
        moment("fetched_at", blank=False),
        beneath(FETCH, "request_id", "sign_request"),
        sa.UniqueConstraint(
            "school_id", "request_id", "local_day",
            name=op.f(f"uq_{FETCH}_school_id_request_id_local_day"),
        ),
    )  # fmt: skip
    op.create_table(
        OPENED,
        *school_key(OPENED),
        column("request_id", sa.Uuid()),
        column("sha256", sa.Text()),
        column("typed_name", sa.Text()),
        moment("opened_at", blank=False),
        beneath(OPENED, "request_id", "sign_request"),
        sa.UniqueConstraint(
            "school_id", "request_id", name=op.f(f"uq_{OPENED}_school_id_request_id")
        ),
    )
    op.create_table(
        TOLD,
        *school_key(TOLD),
        column("version_id", sa.Uuid()),
        column("how", sa.Text()),
        column("told_on", sa.Date()),
        column("words", sa.Text()),
        column("scan_id", sa.Uuid(), blank=True),
        moment("noted_at", blank=False),
        column("noted_by", sa.Text()),
        moment("taken_back_at"),
        column("taken_back_by", sa.Text()),
        column("taken_back_because", sa.Text()),
        beneath(TOLD, "version_id", "policy_version"),
        beneath(TOLD, "scan_id", "stored_file"),
        sa.CheckConstraint(
            "how in ('read_aloud', 'meeting', 'handed')", name=op.f(f"ck_{TOLD}_how_known")
        ),
        sa.CheckConstraint(
            "(taken_back_at is null) = (taken_back_because = '')",
            name=op.f(f"ck_{TOLD}_taken_back_with_a_reason"),
        ),
    )
    op.create_index("ix_told_otherwise_scan", TOLD, ["school_id", "scan_id"])
    op.create_table(
        ADULT,
        *school_key(ADULT),
        column("told_id", sa.Uuid()),
        column("adult_id", sa.Uuid()),
        beneath(ADULT, "told_id", TOLD),
        beneath(ADULT, "adult_id", "adult"),
        sa.UniqueConstraint(
            "school_id", "told_id", "adult_id", name=op.f(f"uq_{ADULT}_school_id_told_id_adult_id")
        ),
    )
    op.create_index(op.f(f"ix_{ADULT}_school_id_adult_id"), ADULT, ["school_id", "adult_id"])
    for table in (FETCH, OPENED, ADULT):
        school_table(table, "select, insert")
        append_only(table)
    school_table(TOLD, "select, insert, update (taken_back_at, taken_back_because, taken_back_by)")


def downgrade() -> None:
    for table in (ADULT, TOLD, OPENED, FETCH):
        op.drop_table(table)
