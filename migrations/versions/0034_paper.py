"""Sheets of paper with a link each, and the packs that they are printed in."""

import sqlalchemy as sa
from alembic import op

from migrations.guards import beneath, school_key, school_table

revision = "0034"
down_revision = "0033"

PACK, FILE, SHEET = "paper_pack", "paper_pack_file", "paper_sheet"


def column(name: str, kind: sa.types.TypeEngine, *, blank: bool = False) -> sa.Column:
    return sa.Column(name, kind, nullable=blank)


def moment(name: str, *, blank: bool = True) -> sa.Column:
    return column(name, sa.DateTime(timezone=True), blank=blank)


def upgrade() -> None:
    # Whoever answers on paper or by telephone was perhaps never asked by a campaign.
    op.alter_column("sign_request", "campaign_id", nullable=True)
    op.create_table(
        PACK,
        *school_key(PACK),
        column("version_id", sa.Uuid()),
        column("state", sa.Text()),
        moment("begun_at", blank=False),
        column("progress", sa.Integer()),
        moment("ready_at"),
        beneath(PACK, "version_id", "policy_version"),
        sa.CheckConstraint(
            "state in ('waiting', 'ready', 'failed', 'gone')", name=op.f(f"ck_{PACK}_state_known")
        ),
    )
    op.create_index(
        "ix_paper_pack_due",
        PACK,
        ["begun_at"],
        postgresql_where=sa.text("state in ('waiting', 'ready')"),
    )
    op.create_table(
        FILE,
        *school_key(FILE, PACK),
        column("asked_by", sa.Text()),
        column("content", sa.LargeBinary()),
        moment("taken_out_at"),
        column("taken_out_by", sa.Text()),
    )
    op.create_table(
        SHEET,
        *school_key(SHEET),
        column("pack_id", sa.Uuid()),
        column("request_id", sa.Uuid()),
        column("number", sa.Integer()),
        column("closes_on", sa.Date()),
        moment("revoked_at"),
        moment("disowned_at"),
        beneath(SHEET, "pack_id", PACK),
        beneath(SHEET, "request_id", "sign_request"),
        sa.UniqueConstraint("school_id", "number", name=op.f(f"uq_{SHEET}_school_id_number")),
    )
    for name in ("pack_id", "request_id"):
        op.create_index(op.f(f"ix_{SHEET}_school_id_{name}"), SHEET, ["school_id", name])
    school_table(PACK, "select, insert, update (progress, ready_at, state)", oversight=True)
    school_table(FILE, "select, insert, update (content, taken_out_at, taken_out_by)")
    school_table(SHEET, "select, insert, update (disowned_at, revoked_at)")


# The release before knows no request without a campaign: one each for a version is made up.
CAMPAIGNS = """
insert into campaign (school_id, id, number, version_id, started_at, started_by, audience, years)
select r.school_id, tc_new_id(),
  (select coalesce(max(c.number), 0) from campaign c where c.school_id = r.school_id)
    + row_number() over (partition by r.school_id order by r.version_id),
  r.version_id, min(r.asked_at), 'On paper', 'everyone', '[]'
from sign_request r where r.campaign_id is null group by r.school_id, r.version_id
"""
PLANS = """
insert into campaign_plan (school_id, id, goes_on, way, link_days, remind_after, remind_every,
  remind_most, remind_within, welcomes, sent_at)
select school_id, id, (started_at at time zone 'Europe/London')::date, 'mail', 180, 5, 7, 0, 30,
  false, started_at
from campaign c where started_by = 'On paper'
  and not exists (select from campaign_plan p where p.school_id = c.school_id and p.id = c.id)
"""
BELONG = """
update sign_request r set campaign_id = c.id from campaign c
where r.campaign_id is null and c.school_id = r.school_id and c.version_id = r.version_id
  and c.started_by = 'On paper'
"""


def downgrade() -> None:
    for table in (SHEET, FILE, PACK):
        op.drop_table(table)
    tables = ("sign_request", "campaign", "campaign_plan")
    for table in tables:
        op.execute(f"alter table {table} no force row level security")
    for statement in (CAMPAIGNS, PLANS, BELONG):
        op.execute(statement)
    for table in tables:
        op.execute(f"alter table {table} force row level security")
    op.alter_column("sign_request", "campaign_id", nullable=False)
