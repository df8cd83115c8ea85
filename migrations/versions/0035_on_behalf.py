"""How an answer came that did not come by the adult's own mailed link."""

import sqlalchemy as sa
from alembic import op

from migrations.guards import append_only, beneath, school_key, school_table

revision = "0035"
down_revision = "0034"

TABLE = "acknowledgement_how"


def column(name: str, kind: sa.types.TypeEngine, *, blank: bool = False) -> sa.Column:
    return sa.Column(name, kind, nullable=blank)


def upgrade() -> None:
    op.create_table(
        TABLE,
        *school_key(TABLE, "acknowledgement"),
        column("how", sa.Text()),
        column("signed_on", sa.Date()),
        column("received_on", sa.Date()),
        column("keyed_by", sa.Text()),
        column("keyed_by_id", sa.Uuid(), blank=True),
        column("witness", sa.Text()),
        column("scan_id", sa.Uuid(), blank=True),
        column("sheet_id", sa.Uuid(), blank=True),
        beneath(TABLE, "scan_id", "stored_file"),
        beneath(TABLE, "sheet_id", "paper_sheet"),
        sa.CheckConstraint(
            "how in ('sheet_link', 'paper', 'telephone', 'interpreter', 'meeting')",
            name=op.f(f"ck_{TABLE}_how_known"),
        ),
        sa.CheckConstraint("received_on >= signed_on", name=op.f(f"ck_{TABLE}_days_in_order")),
        sa.CheckConstraint(
            "(how = 'sheet_link') = (keyed_by = '')", name=op.f(f"ck_{TABLE}_keyed_by_somebody")
        ),
        sa.CheckConstraint(
            "how <> 'sheet_link' or sheet_id is not null", name=op.f(f"ck_{TABLE}_link_of_a_sheet")
        ),
    )
    op.create_index("ix_acknowledgement_how_scan", TABLE, ["school_id", "scan_id"])
    school_table(TABLE, "select, insert")
    append_only(TABLE)


def downgrade() -> None:
    op.drop_table(TABLE)
