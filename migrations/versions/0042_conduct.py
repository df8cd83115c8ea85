"""Conduct: incidents with their words and staff, cases, and the steps of the ladder."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from migrations.columns import check, days, ids, index, moments, truths, words
from migrations.guards import append_only, beneath, school_key, school_table

revision = "0042"
down_revision = "0041"

CASE, INCIDENT, WORDS, STAFF = "conduct_case", "incident", "incident_words", "incident_staff"
RISK, MEMBER, STEP = "risk_answer", "case_member", "case_step"

PLACES = "('site', 'telephone', 'email', 'online', 'elsewhere')"
TAGS = "('account', 'statement', 'witness', 'child', 'own')"
INVOLVED = "('reporting', 'affected', 'witness', 'related')"
KINDS = "('no_action', 'word', 'formal_letter', 'warning', 'mediation', 'ban', 'police', 'legal')"

# What a row alone can't tell: the step before it, and who decides. It runs with the rights
# of whoever writes, so it sees that school's rows and no others.
FOLLOWS = """
create function tc_step_follows() returns trigger language plpgsql as $$
declare
    prior case_step;
begin
    if new.prior_id is not null then
        select * into prior from case_step
        where school_id = new.school_id and id = new.prior_id;
        if prior.adult_id is distinct from new.adult_id then
            raise check_violation using message = 'the prior step is about another person';
        end if;
        if prior.withdrawn_at is not null or prior.decided_on > new.decided_on then
            raise check_violation using message = 'the prior step is withdrawn, or later';
        end if;
        if prior.lapses_on < new.decided_on then
            raise check_violation using message = 'the prior step has lapsed';
        end if;
        if (new.kind = 'warning' and prior.kind <> 'formal_letter')
            or (new.kind = 'ban' and prior.kind <> 'warning') then
            raise check_violation using message = 'the prior step is of another kind';
        end if;
    end if;
    if exists (
        select from incident i
        join incident_staff s on s.school_id = i.school_id and s.incident_id = i.id
        where i.school_id = new.school_id and i.case_id = new.case_id
            and s.user_id = new.decided_by_id and s.ended_at is null
    ) then
        raise check_violation using message = 'who has to do with an incident does not decide';
    end if;
    return new;
end $$
"""


def number() -> sa.Column:
    return sa.Column("number", sa.Integer(), nullable=False)


def version() -> sa.Column:
    return sa.Column("version", sa.Integer(), nullable=False)


def cases() -> None:
    op.create_table(
        CASE,
        *school_key(CASE),
        number(),
        *ids("adult_id"),
        *moments("opened_at", null=False),
        *words("opened_by"),
        *moments("closed_at"),
        *words("closed_by", "closed_because"),
        *ids("merged_into"),
        *moments("trust_from"),
        *words("trust_because"),
        version(),
        beneath(CASE, "adult_id", "adult"),
        beneath(CASE, "merged_into", CASE),
        check(CASE, "closed_somehow", "(closed_at is null) = (closed_because = '')"),
        check(CASE, "merged_into_another", "merged_into <> id"),
        check(CASE, "opened_to_trust", "(trust_from is null) = (trust_because = '')"),
        sa.UniqueConstraint("school_id", "number", name=op.f(f"uq_{CASE}_school_id_number")),
    )
    index(CASE, "school_id", "adult_id")
    op.create_table(
        MEMBER,
        *school_key(MEMBER),
        *ids("case_id", "user_id", null=False),
        *words("name", "duty"),
        *moments("since_at", null=False),
        *words("said_by"),
        *moments("ended_at"),
        *words("ended_by"),
        beneath(MEMBER, "case_id", CASE),
        check(MEMBER, "duty_known", "duty in ('assigned', 'governor', 'follow_up')"),
        check(MEMBER, "named", "name <> ''"),
    )
    op.create_index(
        "one_case_member",
        MEMBER,
        ["school_id", "case_id", "user_id", "duty"],
        unique=True,
        postgresql_where=sa.text("ended_at is null"),
    )


def incidents() -> None:
    op.create_table(
        INCIDENT,
        *school_key(INCIDENT),
        number(),
        *days("happened_on", null=False),
        *words("happened_when", "place", "place_words", "who"),
        *ids("adult_id"),
        *words("who_words"),
        *truths("at_risk"),
        *moments("filed_at", null=False),
        *words("filed_by"),
        *ids("filed_by_id"),
        *words("filed_for"),
        *ids("version_id", "case_id"),
        sa.Column("clauses", JSONB(), nullable=False),
        *moments("triaged_at"),
        *words("triaged_by"),
        version(),
        beneath(INCIDENT, "adult_id", "adult"),
        beneath(INCIDENT, "case_id", CASE),
        beneath(INCIDENT, "version_id", "policy_version"),
        check(INCIDENT, "place_known", f"place in {PLACES}"),
        check(INCIDENT, "who_known", "who in ('roll', 'visitor', 'unknown')"),
        check(INCIDENT, "person_of_the_roll", "(who = 'roll') = (adult_id is not null)"),
        check(
            INCIDENT,
            "not_ahead",
            "happened_on <= (filed_at at time zone 'Europe/London')::date",
        ),
        check(INCIDENT, "triaged_by_somebody", "(triaged_at is null) = (triaged_by = '')"),
        check(INCIDENT, "triaged_into_a_case", "triaged_at is null or case_id is not null"),
        sa.UniqueConstraint("school_id", "number", name=op.f(f"uq_{INCIDENT}_school_id_number")),
    )
    index(INCIDENT, "school_id", "case_id")
    index(INCIDENT, "school_id", "adult_id")
    op.create_index(
        "ix_incident_untriaged",
        INCIDENT,
        ["school_id", "filed_at"],
        postgresql_where=sa.text("triaged_at is null"),
    )
    op.create_table(
        WORDS,
        *school_key(WORDS),
        *ids("incident_id", null=False),
        *words("tag", "whose", "words"),
        *moments("written_at", null=False),
        *words("written_by"),
        beneath(WORDS, "incident_id", INCIDENT),
        check(WORDS, "tag_known", f"tag in {TAGS}"),
        check(WORDS, "says_something", "words <> ''"),
    )
    index(WORDS, "school_id", "incident_id")
    op.create_table(
        STAFF,
        *school_key(STAFF),
        *ids("incident_id", null=False),
        *words("involved"),
        *ids("user_id"),
        *words("name"),
        *moments("noted_at", null=False),
        *words("noted_by"),
        *moments("ended_at"),
        *words("ended_by", "ended_because"),
        beneath(STAFF, "incident_id", INCIDENT),
        check(STAFF, "involved_known", f"involved in {INVOLVED}"),
        check(STAFF, "named", "name <> ''"),
        check(STAFF, "ended_somehow", "(ended_at is null) = (ended_because = '')"),
    )
    index(STAFF, "school_id", "incident_id")
    op.create_table(
        RISK,
        *school_key(RISK, INCIDENT),
        *words("because"),
        *moments("proceed_at", null=False),
        *words("proceed_by"),
        check(RISK, "with_a_reason", "because <> ''"),
    )


def steps() -> None:
    op.create_table(
        STEP,
        *school_key(STEP),
        *ids("case_id", null=False),
        *ids("adult_id"),
        *words("kind"),
        *days("decided_on", null=False),
        *moments("decided_at", null=False),
        *words("decided_by"),
        *ids("decided_by_id"),
        *words("decided_as", "because"),
        sa.Column("clauses", JSONB(), nullable=False),
        *ids("version_id", "prior_id"),
        *truths("note_1"),
        *words("note_1_because"),
        sa.Column("considered", JSONB(), nullable=False),
        *days("lapses_on"),
        *truths("before_service"),
        *moments("withdrawn_at"),
        *words("withdrawn_by", "withdrawn_because"),
        beneath(STEP, "case_id", CASE),
        beneath(STEP, "adult_id", "adult"),
        beneath(STEP, "prior_id", STEP),
        beneath(STEP, "version_id", "policy_version"),
        check(STEP, "kind_known", f"kind in {KINDS}"),
        check(STEP, "with_a_reason", "because <> ''"),
        check(STEP, "about_a_person", "kind in ('no_action', 'word') or adult_id is not null"),
        check(STEP, "note_1_with_a_reason", "note_1 = (note_1_because <> '')"),
        check(
            STEP,
            "note_1_by_the_head",
            "not note_1 or decided_as in ('headteacher', 'trust_officer')",
        ),
        check(
            STEP,
            "in_order",
            "kind not in ('warning', 'ban') or prior_id is not null or note_1 or before_service",
        ),
        check(
            STEP,
            "a_warning_lapses",
            "kind <> 'warning' or (lapses_on is not null and lapses_on > decided_on)",
        ),
        check(STEP, "withdrawn_somehow", "(withdrawn_at is null) = (withdrawn_because = '')"),
    )
    index(STEP, "school_id", "case_id")
    index(STEP, "school_id", "adult_id")
    op.execute(FOLLOWS)
    op.execute(
        f"create trigger follows before insert on {STEP}"
        " for each row execute function tc_step_follows()"
    )


def upgrade() -> None:
    cases()
    incidents()
    steps()
    school_table(CASE, "select, insert, update")
    school_table(MEMBER, "select, insert, update (ended_at, ended_by)")
    school_table(INCIDENT, "select, insert, update")
    school_table(STAFF, "select, insert, update (ended_at, ended_by, ended_because)")
    for table in (WORDS, RISK):
        school_table(table, "select, insert")
        append_only(table)
    school_table(STEP, "select, insert, update (withdrawn_at, withdrawn_by, withdrawn_because)")


def downgrade() -> None:
    for table in (STEP, RISK, STAFF, WORDS, INCIDENT, MEMBER, CASE):
        op.drop_table(table)
    op.execute("drop function tc_step_follows()")
