"""The catalogue gate: the database itself keeps the schools apart, table by table."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg.rows import namedtuple_row

from tests.rules.tables import (
    ACCOUNTS_TABLES,
    APPEND_ONLY,
    NOBODYS_TABLES,
    OVERSIGHT_TABLES,
    OVERSIGHT_TEXT,
    RIGHTS,
    ROWS_SEEN,
    SCHOOL_TABLES,
    TRUST_TABLES,
)
from tests.servers import EMPTY, Servers

LISTED = SCHOOL_TABLES | TRUST_TABLES | ACCOUNTS_TABLES | NOBODYS_TABLES
# How PostgreSQL prints the one expression that every policy of a school's table is.
OWN_SCHOOL = (
    "( SELECT (NULLIF(current_setting('app.school'::text, true), ''::text))::uuid AS \"nullif\")"
)


class Catalogue:
    """A freshly migrated database, asked as its superuser."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection

    def rows(self, query: str, *values: Any) -> list[Any]:
        with self._connection.cursor(row_factory=namedtuple_row) as cursor:
            return cursor.execute(query, values).fetchall()


@pytest.fixture(scope="module")
def catalogue(servers: Servers) -> Iterator[Catalogue]:
    url = servers.superuser_url(EMPTY).replace("+psycopg", "")
    with psycopg.connect(url, autocommit=True) as connection:
        yield Catalogue(connection)


def test_every_table_is_listed_once_and_no_other(catalogue):
    there = {row.relname for row in catalogue.rows(RELATIONS, ["r", "p"])}
    assert there == LISTED, "list a new table in tests/rules/tables.py, with its rights"
    whole = len(SCHOOL_TABLES) + len(TRUST_TABLES) + len(ACCOUNTS_TABLES) + len(NOBODYS_TABLES)
    assert whole == len(LISTED), "a table is listed twice"
    assert OVERSIGHT_TABLES <= SCHOOL_TABLES


RELATIONS = (
    "select relname from pg_class where relnamespace = 'public'::regnamespace"
    " and relkind::text = any(%s)"
)


def test_no_view_could_show_what_a_policy_hides(catalogue):
    assert catalogue.rows(RELATIONS, ["v", "m", "f"]) == []


def test_exactly_the_tables_of_schools_have_a_school(catalogue):
    rows = catalogue.rows(
        "select table_name from information_schema.columns"
        " where table_schema = 'public' and column_name = 'school_id'"
    )
    assert {row.table_name for row in rows} == SCHOOL_TABLES


def test_row_level_security_is_on_and_forced(catalogue):
    rows = catalogue.rows(
        "select relname from pg_class where relnamespace = 'public'::regnamespace"
        " and relkind = 'r' and relrowsecurity and relforcerowsecurity"
    )
    assert {row.relname for row in rows} == SCHOOL_TABLES | ROWS_SEEN.keys()
    half = catalogue.rows(
        "select relname from pg_class where relrowsecurity <> relforcerowsecurity"
    )
    assert half == []


def policies(catalogue: Catalogue) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = defaultdict(dict)
    for row in catalogue.rows("select * from pg_policies where schemaname = 'public'"):
        found[row.tablename][row.policyname] = row
    return found


def said(expression: str | None) -> str | None:
    """A policy's expression without the brackets that PostgreSQL puts around it."""
    if expression is None:
        return None
    text = expression.replace(OWN_SCHOOL, "OWN_SCHOOL")
    return text[1:-1] if text.startswith("(") and text.endswith(")") else text


@pytest.mark.parametrize("table", sorted(SCHOOL_TABLES))
def test_a_schools_table_shows_each_school_its_own_rows_and_no_others(catalogue, table):
    there = policies(catalogue)[table]
    own = there.pop("own_school")
    assert (own.permissive, own.cmd, own.roles) == ("PERMISSIVE", "ALL", ["tc_school"])
    assert said(own.qual) == said(own.with_check) == "school_id = OWN_SCHOOL"
    if table in OVERSIGHT_TABLES:
        all_ = there.pop("oversight")
        assert (all_.permissive, all_.cmd, all_.roles) == ("PERMISSIVE", "SELECT", ["tc_trust"])
        assert (all_.qual, all_.with_check) == ("true", None)
    assert there == {}


def test_other_tables_show_each_scope_the_rows_that_are_listed(catalogue):
    there = policies(catalogue)
    assert there.keys() == SCHOOL_TABLES | ROWS_SEEN.keys()
    for table, listed in ROWS_SEEN.items():
        found = {
            name: (row.cmd, *row.roles, said(row.qual), said(row.with_check))
            for name, row in there[table].items()
        }
        assert found == listed


def test_no_policy_says_or(catalogue):
    """It would lose the index: 57 ms against 0.15 ms at 500,000 rows."""
    for table in policies(catalogue).values():
        for policy in table.values():
            assert not re.search(r"\bor\b", f"{policy.qual} {policy.with_check}", re.I)


KEYS = """
select con.conname, con.contype::text as kind, rel.relname, to_.relname as to_table,
  (select array_agg(att.attname::text order by place.number)
   from unnest(con.conkey) with ordinality place(attnum, number)
   join pg_attribute att on att.attrelid = con.conrelid and att.attnum = place.attnum) as columns,
  (select array_agg(att.attname::text order by place.number)
   from unnest(con.confkey) with ordinality place(attnum, number)
   join pg_attribute att on att.attrelid = con.confrelid and att.attnum = place.attnum
  ) as to_columns
from pg_constraint con
join pg_class rel on rel.oid = con.conrelid
left join pg_class to_ on to_.oid = con.confrelid
where con.connamespace = 'public'::regnamespace
"""


def test_the_key_of_a_schools_row_begins_with_its_school(catalogue):
    keys = {row.relname: row.columns for row in catalogue.rows(KEYS) if row.kind == "p"}
    assert {table: keys[table] for table in SCHOOL_TABLES} == {
        table: ["school_id", "id"] for table in SCHOOL_TABLES
    }


# Keys that point to nothing while their own column is null. The school is never null.
POINT_TO_NOTHING = {
    "fk_adult_school_id_merged_into",
    "fk_outbox_school_school_id_adult_id",
    "fk_sign_request_school_id_campaign_id",  # no campaign asked
    "fk_acknowledgement_how_school_id_scan_id",
    "fk_acknowledgement_how_school_id_sheet_id",
    "fk_told_otherwise_school_id_scan_id",
    "fk_school_badge_school_id_small_file_id",  # a badge from before there were small ones
    "fk_conduct_case_school_id_adult_id",  # nobody knows yet whom it is about
    "fk_conduct_case_school_id_merged_into",
    "fk_incident_school_id_adult_id",
    "fk_incident_school_id_case_id",  # before triage
    "fk_incident_school_id_version_id",
    "fk_case_step_school_id_adult_id",
    "fk_case_step_school_id_prior_id",
    "fk_case_step_school_id_version_id",
    "fk_meeting_school_id_step_id",
    "fk_meeting_school_id_follows_id",
    "fk_ban_school_id_case_id",  # it came from no case
    "fk_ban_school_id_extends_id",
    "fk_ban_school_id_heard_id",
    "fk_ban_school_id_decision_id",
    "fk_ban_representation_school_id_file_id",
    "fk_ban_sighting_school_id_exception_id",
    "fk_ban_sighting_school_id_device_id",
    "fk_letter_school_id_signatory_id",
    "fk_letter_school_id_replaces_id",
    "fk_letter_frozen_school_id_version_id",
}


def test_a_row_can_only_point_to_a_row_of_its_own_school(catalogue):
    checked = 0
    for row in catalogue.rows(KEYS):
        if row.kind != "f" or row.to_table not in SCHOOL_TABLES:
            continue
        checked += 1
        assert row.relname in SCHOOL_TABLES, f"{row.conname}: only a school's row may point there"
        assert row.columns[0] == "school_id", row.conname
        assert row.to_columns == ["school_id", "id"], row.conname
    assert checked >= 13
    # A null would switch a composite key off.
    nulls = catalogue.rows(
        "select con.conname from pg_constraint con join pg_attribute att"
        " on att.attrelid = con.conrelid and att.attnum = any(con.conkey) and not att.attnotnull"
        " where con.contype = 'f' and cardinality(con.conkey) > 1"
    )
    assert {row.conname for row in nulls} == POINT_TO_NOTHING


def test_every_schools_row_points_to_a_school_that_there_is(catalogue):
    there = {
        row.relname
        for row in catalogue.rows(KEYS)
        if row.kind == "f" and row.columns == ["school_id"] and row.to_table == "school"
    }
    assert there == SCHOOL_TABLES


def test_every_unique_key_of_a_school_begins_with_the_school(catalogue):
    """Or one school's row would refuse another's, and tell that it is there."""
    rows = catalogue.rows(
        "select rel.relname, ind.indexrelid::regclass::text as index,"
        " pg_get_indexdef(ind.indexrelid, 1, true) as first"
        " from pg_index ind join pg_class rel on rel.oid = ind.indrelid"
        " where (ind.indisunique or ind.indisexclusion) and rel.relname = any(%s)",
        sorted(SCHOOL_TABLES),
    )
    assert len(rows) > len(SCHOOL_TABLES)
    assert [row for row in rows if row.first != "school_id"] == []


def rights(catalogue: Catalogue, role: str) -> dict[str, str]:
    """Every right of a role on tables: "select insert update(generation)"."""
    whole: dict[str, list[str]] = defaultdict(list)
    for row in catalogue.rows(
        "select rel.relname, lower(acl.privilege_type) as right from pg_class rel,"
        " aclexplode(rel.relacl) acl where rel.relnamespace = 'public'::regnamespace"
        " and rel.relkind in ('r', 'v', 'm', 'S') and acl.grantee = %s::regrole",
        role,
    ):
        whole[row.relname].append(row.right)
    columns: dict[tuple[str, str], list[str]] = defaultdict(list)
    for row in catalogue.rows(
        "select att.attrelid::regclass::text as relname, att.attname,"
        " lower(acl.privilege_type) as right"
        " from pg_attribute att, aclexplode(att.attacl) acl where acl.grantee = %s::regrole",
        role,
    ):
        columns[row.relname, row.right].append(row.attname)
    for (table, right), names in columns.items():
        whole[table].append(f"{right}({','.join(sorted(names))})")
    order = ("select", "insert", "update", "delete")
    return {
        table: " ".join(
            sorted(names, key=lambda name: (*order, name.split("(")[0]).index(name.split("(")[0]))
        )
        for table, names in whole.items()
    }


@pytest.mark.parametrize("role", sorted(RIGHTS))
def test_a_scope_may_do_what_is_listed_and_nothing_else(catalogue, role):
    assert rights(catalogue, role) == RIGHTS[role]


def test_nobody_else_may_do_anything_but_the_owner(catalogue):
    rows = catalogue.rows(
        "select distinct coalesce(pg_get_userbyid(nullif(acl.grantee, 0)), 'public') as who"
        " from pg_class rel, aclexplode(rel.relacl) acl"
        " where rel.relnamespace = 'public'::regnamespace"
    )
    assert {row.who for row in rows} <= {*RIGHTS, "trustconduct_owner"}


def test_nobody_but_the_owner_may_truncate(catalogue):
    """TRUNCATE asks no policy."""
    for role in (*RIGHTS, "trustconduct_app", "trustconduct_backup"):
        assert all("truncate" not in names for names in rights(catalogue, role).values())


def test_the_services_login_has_no_right_of_its_own(catalogue):
    [login] = catalogue.rows("select * from pg_roles where rolname = 'trustconduct_app'")
    assert not any(
        (
            login.rolsuper,
            login.rolinherit,
            login.rolbypassrls,
            login.rolcreaterole,
            login.rolcreatedb,
            login.rolreplication,
        )
    )
    assert rights(catalogue, "trustconduct_app") == {}
    owned = catalogue.rows(
        "select objid from pg_shdepend where refobjid = 'trustconduct_app'::regrole"
        " and deptype = 'o'"
    )
    assert owned == []
    member = catalogue.rows(
        "select roleid::regrole::text as of, admin_option from pg_auth_members"
        " where member = 'trustconduct_app'::regrole"
    )
    assert sorted((row.of, row.admin_option) for row in member) == [
        ("tc_accounts", False),
        ("tc_school", False),
        ("tc_trust", False),
    ]


def test_no_scope_is_more_than_a_role(catalogue):
    rows = catalogue.rows("select * from pg_roles where rolname = any(%s)", sorted(RIGHTS))
    assert len(rows) == 3
    for role in rows:
        assert not any((role.rolsuper, role.rolbypassrls, role.rolcanlogin, role.rolcreaterole))
    # None is a member of another: that would add up their rights.
    assert not catalogue.rows(
        "select 1 from pg_auth_members m join pg_roles r on r.oid = m.member"
        " where r.rolname = any(%s)",
        sorted(RIGHTS),
    )


def test_no_function_runs_with_its_owners_rights(catalogue):
    rows = catalogue.rows(
        "select proname from pg_proc where pronamespace = 'public'::regnamespace and prosecdef"
    )
    assert rows == []


def test_what_the_trust_may_read_of_a_school_holds_nobodys_words(catalogue):
    rows = catalogue.rows(
        "select table_name, column_name from information_schema.columns"
        " where table_schema = 'public' and table_name = any(%s)"
        " and data_type not in ('uuid', 'integer', 'date', 'daterange', 'boolean',"
        " 'timestamp with time zone')"
        " and has_column_privilege('tc_trust', table_name::text, column_name::text, 'select')",
        sorted(OVERSIGHT_TABLES),
    )
    assert {(row.table_name, row.column_name) for row in rows} == OVERSIGHT_TEXT


def test_rows_that_never_change_have_a_trigger_that_says_so(catalogue):
    rows = catalogue.rows(
        "select tgrelid::regclass::text as name, tgenabled::text as enabled, tgtype"
        " from pg_trigger where tgname = 'append_only'"
    )
    assert {row.name for row in rows} == APPEND_ONLY
    # ROW (1), BEFORE (2), DELETE (8), UPDATE (16).
    assert {(row.enabled, row.tgtype) for row in rows} == {("O", 1 + 2 + 8 + 16)}
