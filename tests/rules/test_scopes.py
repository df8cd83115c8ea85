"""A session is a scope: whatever its code does, PostgreSQL holds it to its school."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import Connection, create_engine, insert, select, text
from sqlalchemy.exc import DataError, IntegrityError, InternalError, ProgrammingError

from tests import build
from tests.rules.tables import (
    APPEND_ONLY,
    OVERSIGHT_TABLES,
    RIGHTS,
    ROWS_SEEN,
    SCHOOL_TABLES,
)
from tests.world import World, consulted, signed_off
from trustconduct import clock
from trustconduct.acknowledgements.models import SignRequest
from trustconduct.audit.events import Event
from trustconduct.db import new_id, transaction
from trustconduct.letters.kinds import KINDS
from trustconduct.letters.models import LetterWording
from trustconduct.letters.shipped import shipped
from trustconduct.people.models import Adult, Care, Pupil
from trustconduct.policies.editions import withdraw
from trustconduct.schools.inherited import Given, give_schools
from trustconduct.schools.notices import record_for_both
from trustconduct.tenants.models import School, SchoolStart
from trustconduct.tenants.sessions import Scope, ScopeFixed

REFUSED = "42501"
NO_SUCH_PARENT = "23503"
NEVER_CHANGED = "23514"


def code(error: pytest.ExceptionInfo) -> str:
    return error.value.orig.sqlstate


# -- raw SQL, whatever the scope says


@pytest.mark.parametrize("table", sorted(SCHOOL_TABLES))
def test_a_connection_that_entered_no_scope_may_not_even_look(world, table):
    with (
        world.sessions.engine.connect() as connection,
        pytest.raises(ProgrammingError) as error,
    ):
        connection.execute(text(f"select count(*) from {table}"))
    assert code(error) == REFUSED


def schools_seen(world, table: str, by) -> set[UUID]:
    """Whose rows of a table a school's session sees."""
    with world.sessions.school(by.id) as session:
        return set(session.scalars(text(f"select school_id from {table}")))


def takes_a_foreign_row(world, table: str) -> bool:
    """Whether a school's session may write a row of another's, which a copy of its own becomes."""
    with world.sessions.school(world.oak.id) as session:
        columns = session.scalars(
            text(
                "select column_name from information_schema.columns where table_name = :table"
                " and is_generated = 'NEVER'"
            ),
            {"table": table},
        ).all()
        # Quoted: a meeting has an “on”, which is a word of SQL.
        others = ", ".join(f'"{name}"' for name in columns if name != "school_id")
        try:
            session.execute(
                text(
                    f"insert into {table} (school_id, {others})"
                    f" select cast(:elm as uuid), {others} from {table}"
                ),
                {"elm": world.elm.id},
            )
        except ProgrammingError as error:
            return error.orig.sqlstate != REFUSED
        except IntegrityError:  # let through, and then stopped by a key
            return True
        return True


def changes_a_foreign_row(world, table: str) -> bool:
    """Whether a school's session changes or deletes a row of another's, where it may do that."""
    rights = RIGHTS["tc_school"][table]
    tried = []
    if "update" in rights:
        column = re.search(r"update\((\w+)", rights)
        name = column[1] if column else "id"
        tried.append(f"update {table} set {name} = {name} where school_id = :elm")
    if "delete" in rights:
        tried.append(f"delete from {table} where school_id = :elm")
    for statement in tried:
        with world.sessions.school(world.oak.id) as session:
            try:
                if session.execute(text(statement), {"elm": world.elm.id}).rowcount:
                    return True
            except IntegrityError:  # let through, and then stopped by a key
                return True
    return False


@pytest.mark.parametrize("table", sorted(SCHOOL_TABLES))
def test_a_school_sees_its_own_rows_of_every_table_and_no_others(world, table):
    for school in world.schools.values():
        assert schools_seen(world, table, school) == {school.id}
    assert not takes_a_foreign_row(world, table)
    assert not changes_a_foreign_row(world, table)


@pytest.mark.parametrize("table", sorted(SCHOOL_TABLES))
def test_a_policy_that_is_broken_on_purpose_is_found(world, servers, table):
    """The test of the test above: each policy is what holds, and nothing else does."""
    engine = create_engine(servers.superuser_url(world.name))
    try:
        with engine.begin() as connection:
            connection.execute(text(f"alter policy own_school on {table} using (true)"))
        assert len(schools_seen(world, table, world.oak)) == 3
        with engine.begin() as connection:
            connection.execute(text(f"alter policy own_school on {table} with check (true)"))
        assert takes_a_foreign_row(world, table)
        rights = RIGHTS["tc_school"][table]
        assert changes_a_foreign_row(world, table) == ("update" in rights or "delete" in rights)
    finally:
        engine.dispose()


@contextmanager
def as_superuser(servers, world) -> Iterator[Connection]:
    engine = create_engine(servers.superuser_url(world.name))
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


@pytest.mark.parametrize("table", sorted(OVERSIGHT_TABLES))
def test_the_trusts_view_of_a_schools_table_is_its_policys_and_only_that(world, servers, table):
    def seen() -> int:
        with world.sessions.trust() as session:
            return len(set(session.scalars(text(f"select school_id from {table}"))))

    assert seen() == 3
    with as_superuser(servers, world) as connection:
        connection.execute(text(f"alter policy oversight on {table} using (false)"))
    assert seen() == 0


def seen(table: str) -> Callable[[World], int]:
    """How many rows a school sees."""

    def probe(world: World) -> int:
        with world.sessions.school(world.oak.id) as session:
            return session.scalar(text(f"select count(*) from {table}"))

    return probe


def changed(table: str, column: str) -> Callable[[World], int]:
    """How many rows a school can change."""

    def probe(world: World) -> int:
        with world.sessions.school(world.oak.id) as session:
            # Without a WHERE, so that the policy for reading hides nothing from it.
            return session.execute(text(f"update {table} set {column} = now()")).rowcount

    return probe


def comments_put_in(world) -> int:
    """A comment in the name of another school."""
    with world.sessions.school(world.oak.id) as session:
        asked = session.scalar(text("select id from policy_consultation"))
        try:
            return session.execute(
                text(
                    "insert into policy_comment (id, consultation_id, at_school_id, by_name,"
                    " clause, words, given_at, outcome, answer, answered_by) values"
                    " (:id, :asked, :school, 'A', '', 'A', now(), '', '', '')"
                ),
                {"id": new_id(), "asked": asked, "school": world.elm.id},
            ).rowcount
        except ProgrammingError:
            return 0


def words_put_in(world) -> int:
    """Words of a letter that the Trust puts in as approved already."""
    with world.sessions.trust() as session:
        try:
            return session.execute(
                text(
                    "insert into letter_wording (id, kind, number, body, edited_at, edited_by,"
                    " solicitor, approved_at, approved_by, version) values"
                    " (:id, 'plain', 9, '{}', now(), 'A', 'A', now(), 'A', 1)"
                ),
                {"id": new_id()},
            ).rowcount
        except ProgrammingError:
            return 0


def words_changed(world) -> int:
    """How many words of letters the Trust can change: drafts only."""
    with world.sessions.trust() as session:
        return session.execute(text("update letter_wording set edited_at = now()")).rowcount


# Policies on tables of the Trust that hide rows: what a school sees, and what it would see.
HIDING = {
    ("school", "seen_by_school"): (seen("school"), 1, 3),
    ("policy_edition", "seen_by_school"): (seen("policy_edition"), 1, 2),
    ("audit_seal_mailed", "seen_by_school"): (seen("audit_seal_mailed"), 1, 4),
    ("policy_rollout", "seen_by_school"): (seen("policy_rollout"), 1, 3),
    ("policy_comment", "seen_by_school"): (seen("policy_comment"), 1, 4),
    ("policy_comment", "given_by_school"): (comments_put_in, 0, 1),
    ("policy_comment", "taken_back_by_school"): (changed("policy_comment", "taken_back_at"), 1, 4),
    ("letter_wording", "seen_by_school"): (seen("letter_wording"), len(KINDS), len(KINDS) + 1),
    ("letter_wording", "begun_by_trust"): (words_put_in, 0, 1),
    ("letter_wording", "edited_by_trust"): (words_changed, 1, len(KINDS) + 1),
    ("school_start", "seen_by_school"): (seen("school_start"), 1, 2),
    ("school_start", "done_by_school"): (changed("school_start", "settled_at"), 1, 2),
    ("school_notice", "seen_by_school"): (seen("school_notice"), 1, 2),
    ("school_notice", "told_by_school"): (changed("school_notice", "told_at"), 1, 2),
}


@pytest.mark.parametrize(("table", "policy"), sorted(HIDING))
def test_a_policy_that_hides_rows_of_the_trust_is_found_when_broken(world, servers, table, policy):
    probe, with_it, without = HIDING[table, policy]
    if table == "policy_comment":
        consulted(world)
    with world.sessions.trust() as trust:
        build.a_draft(trust)
        trust.add(LetterWording(kind="plain", number=2, body=shipped("plain"), edited_by="A"))
        for school in (world.oak, world.elm):
            trust.add(SchoolStart(id=school.id, asked_by_kind="command", asked_by_name="test"))
            row = trust.get_one(School, school.id)
            record_for_both(trust, Event.SCHOOL_RESUMED, row, by=build.an_officer(), since="")
        trust.commit()
    assert probe(world) == with_it
    with as_superuser(servers, world) as connection:
        command, _, _, checked = ROWS_SEEN[table][policy]
        using = "" if command == "INSERT" else " using (true)"
        check = " with check (true)" if checked else ""
        connection.execute(text(f"alter policy {policy} on {table}{using}{check}"))
    assert probe(world) == without


def test_every_policy_that_hides_rows_of_the_trust_has_a_probe():
    hiding = {
        (table, name)
        for table, policies in ROWS_SEEN.items()
        for name, (_, _, using, _) in policies.items()
        if using != "true"
    }
    assert hiding == HIDING.keys()


@pytest.mark.parametrize("setting", [None, "", str(UUID(int=1))])
@pytest.mark.parametrize("table", sorted(SCHOOL_TABLES))
def test_without_a_school_or_with_one_that_is_not_there_nothing_is_seen(world, table, setting):
    with world.sessions.engine.connect() as connection:
        connection.execute(text("set local role tc_school"))
        if setting is not None:
            connection.execute(text("select set_config('app.school', :to, true)"), {"to": setting})
        assert connection.scalar(text(f"select count(*) from {table}")) == 0


@pytest.mark.parametrize("setting", ["oak-lane", "' or true --", "%"])
def test_a_malformed_school_is_an_error_and_never_everyones_rows(world, setting):
    with world.sessions.engine.connect() as connection:
        connection.execute(text("set local role tc_school"))
        connection.execute(text("select set_config('app.school', :to, true)"), {"to": setting})
        with pytest.raises(DataError):
            connection.execute(text("select count(*) from adult"))


@pytest.mark.parametrize("setting", [None, ""])
def test_without_a_school_nothing_is_written(world, setting):
    with world.sessions.engine.connect() as connection:
        connection.execute(text("set local role tc_school"))
        if setting is not None:
            connection.execute(text("select set_config('app.school', :to, true)"), {"to": setting})
        with pytest.raises(ProgrammingError) as error:
            connection.execute(text(AN_ADULT), {"school": world.oak.id, "id": new_id()})
        assert code(error) == REFUSED


AN_ADULT = (
    "insert into adult (school_id, id, name, name_key, email, added_at, version)"
    " values (:school, :id, 'A', 'a', 'a@a.example', now(), 1)"
)


def test_a_row_of_another_school_is_refused(world):
    with (
        world.sessions.school(world.oak.id) as session,
        pytest.raises(ProgrammingError) as error,
    ):
        session.execute(text(AN_ADULT), {"school": world.elm.id, "id": new_id()})
    assert code(error) == REFUSED


def test_a_row_can_not_be_moved_to_another_school(world):
    with (
        world.sessions.school(world.oak.id) as session,
        pytest.raises(ProgrammingError) as error,
    ):
        session.execute(text("update adult set school_id = :to"), {"to": world.elm.id})
    assert code(error) == REFUSED


def test_another_schools_rows_are_not_changed(world):
    with world.sessions.school(world.oak.id) as session:
        changed = session.execute(
            text("update adult set name = 'X' where school_id = :elm"), {"elm": world.elm.id}
        )
        assert changed.rowcount == 0


def test_a_row_can_not_be_attached_to_another_schools_parent(world):
    """The policy sees only the school of the new row: the key must hold the rest."""
    with world.sessions.school(world.oak.id) as session:
        pupil = session.scalars(select(Pupil.id)).first()
        care = {"id": new_id(), "school_id": world.oak.id, "pupil_id": pupil, "relationship": ""}
        foreign = next(iter(world.elm.adults.values()))
        with pytest.raises(IntegrityError) as error:
            session.execute(insert(Care), {**care, "adult_id": foreign})
    assert code(error) == NO_SUCH_PARENT


def test_a_foreign_id_is_as_unknown_as_one_that_never_was(world):
    with world.sessions.school(world.oak.id) as session:
        for adult_id in (*world.elm.adults.values(), new_id()):
            for school_id in (world.oak.id, world.elm.id):
                assert session.get(Adult, (school_id, adult_id)) is None
        assert session.get(Adult, (world.oak.id, world.oak.adults["Alex Sample"])) is not None


def test_a_schools_session_sees_no_other_school(world):
    with world.sessions.school(world.oak.id) as session:
        assert session.scalars(select(School.slug)).all() == ["oak-lane"]


# -- a session for life


def test_a_session_keeps_its_scope(oak):
    for name, value in (("_scope", Scope("tc_trust")), ("_read_only", True)):
        with pytest.raises(ScopeFixed):
            setattr(oak, name, value)
    with pytest.raises(AttributeError):
        oak.scope = Scope("tc_trust")


def test_a_scope_can_not_be_changed_from_inside(oak, schools):
    with pytest.raises(AttributeError):
        oak.scope.school_id = schools.elm.id
    assert oak.school_id == schools.oak.id


def test_the_trusts_session_has_no_school(trust):
    with pytest.raises(ScopeFixed):
        _ = trust.school_id


WHERE = text("select current_user::text, nullif(current_setting('app.school', true), '')")


def test_a_session_is_in_its_scope_again_after_a_commit_a_rollback_and_a_savepoint(world):
    with world.sessions.school(world.oak.id) as session:
        inside = ("tc_school", str(world.oak.id))
        assert tuple(session.execute(WHERE).one()) == inside
        session.commit()
        assert tuple(session.execute(WHERE).one()) == inside
        with pytest.raises(ProgrammingError):
            session.execute(text("select no_such_column from adult"))
        session.rollback()
        assert tuple(session.execute(WHERE).one()) == inside
        with session.begin_nested() as savepoint:
            savepoint.rollback()
        assert tuple(session.execute(WHERE).one()) == inside


@pytest.mark.parametrize("ending", ["commit", "rollback", "close"])
def test_a_connection_goes_back_to_the_pool_without_a_scope(world, ending):
    engine = create_engine(world.url, pool_size=1, max_overflow=0)
    try:
        with engine.connect() as connection:
            pid = connection.scalar(text("select pg_backend_pid()"))
        session = type(world.sessions)(engine).school(world.oak.id)
        session.execute(WHERE)
        getattr(session, ending)()
        session.close()
        with engine.connect() as connection:
            assert connection.scalar(text("select pg_backend_pid()")) == pid
            assert tuple(connection.execute(WHERE).one()) == ("trustconduct_app", None)
    finally:
        engine.dispose()


@pytest.mark.parametrize("scope", ["school", "trust", "accounts"])
def test_a_read_only_session_refuses_to_write(world, scope):
    ids = [world.oak.id] if scope == "school" else []
    writes = {
        "school": "update school_settings set telephone = '1'",
        "trust": "update trust set name = 'X'",
        "accounts": "update account_user set name = 'X'",
    }
    with getattr(world.sessions, scope)(*ids, read_only=True) as session:
        for _ in range(2):  # after a rollback as well
            with pytest.raises(InternalError) as error:
                session.execute(text(writes[scope]))
            assert code(error) == "25006"
            session.rollback()
    with getattr(world.sessions, scope)(*ids) as session:
        assert session.execute(text(writes[scope])).rowcount


def test_a_read_only_session_can_not_talk_itself_out_of_it(world):
    with world.sessions.school(world.oak.id, read_only=True) as session:
        session.execute(text("select 1"))
        with pytest.raises(InternalError):
            session.execute(text("select set_config('transaction_read_only', 'off', true)"))


# -- what the Trust and accounts may not


@pytest.mark.parametrize(
    "table",
    [
        "adult",
        "pupil",
        "care",
        "acknowledgement_words",
        "outbox_content_school",
        "audit_detail_school",
        "policy_version",
        "school_settings",
        "account_user",
    ],
)
def test_the_trusts_session_reads_no_names_texts_or_mails(trust, table):
    with pytest.raises(ProgrammingError) as error:
        trust.execute(text(f"select count(*) from {table}"))
    assert code(error) == REFUSED


def test_the_trusts_session_writes_nothing_of_a_school(world):
    for table in sorted(SCHOOL_TABLES):
        with world.sessions.trust() as session:
            with pytest.raises(ProgrammingError) as error:
                session.execute(text(f"delete from {table}"))
            assert code(error) == REFUSED
            session.rollback()
            with pytest.raises(ProgrammingError) as error:
                session.execute(text(f"update {table} set id = id"))
            assert code(error) == REFUSED


@pytest.mark.parametrize("table", sorted(SCHOOL_TABLES | {"policy_edition", "police_force"}))
def test_a_session_for_accounts_reads_nobody_but_users(accounts, table):
    with pytest.raises(ProgrammingError) as error:
        accounts.execute(text(f"select count(*) from {table}"))
    assert code(error) == REFUSED


@pytest.mark.parametrize("table", ["account_user", "account_sign_in", "account_factor"])
def test_a_schools_session_reads_no_users(oak, table):
    with pytest.raises(ProgrammingError) as error:
        oak.execute(text(f"select count(*) from {table}"))
    assert code(error) == REFUSED


def test_a_school_sees_no_edition_before_it_is_published(world):
    with world.sessions.trust() as trust:
        build.a_draft(trust)
        trust.commit()
        assert trust.scalar(text("select count(*) from policy_edition")) == 2
    with world.sessions.school(world.oak.id) as session:
        assert session.scalar(text("select count(*) from policy_edition")) == 1


# -- rows that never change


def as_owner(servers, world):
    return create_engine(servers.owner_url(world.name))


@pytest.mark.parametrize("table", sorted(APPEND_ONLY))
def test_a_row_that_never_changes_is_kept_even_from_a_superuser(world, servers, table):
    if table == "policy_withdrawal":  # the world has none: its one edition is the one to adopt
        with world.sessions.trust() as session, transaction(session):
            withdraw(session, build.a_draft(session), by=build.an_officer(), because="Wrong text")
    if table == "policy_sign_off":
        signed_off(world)
    if table == "given_change":
        with world.sessions.trust() as session, transaction(session):
            seen = build.the_trust(session).version
            app = {"app_name": Given("Arbor")}
            give_schools(session, app, by=build.an_officer(), seen_version=seen)
    engine = create_engine(servers.superuser_url(world.name))
    try:
        with engine.connect() as connection:
            assert connection.scalar(text(f"select count(*) from {table}"))
            with pytest.raises(IntegrityError) as error:
                connection.execute(text(f"update {table} set id = id"))
            assert code(error) == NEVER_CHANGED
            connection.rollback()
            with pytest.raises(IntegrityError) as error:
                connection.execute(text(f"delete from {table}"))
            assert code(error) == NEVER_CHANGED
    finally:
        engine.dispose()


def test_the_owner_may_not_change_one_either(world, servers):
    engine = as_owner(servers, world)
    try:
        with engine.connect() as connection, pytest.raises(IntegrityError) as error:
            connection.execute(text("update audit_event_trust set event = 'x'"))
        assert code(error) == NEVER_CHANGED
    finally:
        engine.dispose()


def test_the_owner_of_the_tables_is_bound_by_the_policies_too(world, servers):
    engine = as_owner(servers, world)
    try:
        with engine.connect() as connection:
            assert connection.scalar(text("select count(*) from adult")) == 0
            assert connection.execute(text("update adult set name = 'X'")).rowcount == 0
    finally:
        engine.dispose()


@pytest.mark.parametrize("table", sorted(APPEND_ONLY))
def test_the_service_may_not_even_try_to_change_one(world, table):
    scope = world.sessions.trust if table.endswith("_trust") else None
    for statement in (f"update {table} set id = id", f"delete from {table}"):
        with scope() if scope else world.sessions.school(world.oak.id) as session:
            with pytest.raises(ProgrammingError) as error:
                session.execute(text(statement))
            assert code(error) == REFUSED


@pytest.mark.parametrize(
    "change", ["update policy_edition set scope = 'x'", "update policy_edition set version = 9"]
)
def test_a_published_edition_is_not_changed_even_by_raw_sql(trust, change):
    with pytest.raises(IntegrityError) as error:
        trust.execute(text(change))
    assert code(error) == NEVER_CHANGED


def test_two_versions_are_never_in_force_on_one_day(world):
    with world.sessions.school(world.oak.id) as session:
        version = session.execute(text("select * from policy_version")).one()
        later = build.a_version(session, in_force_on=clock.today() + timedelta(days=400))
        session.flush()
        with pytest.raises(IntegrityError) as error:
            session.execute(
                text(
                    "update policy_in_force set during = daterange(:day, null)"
                    " where version_id = :id"
                ),
                {"day": version.in_force_on, "id": version.id},
            )
        assert code(error) == "23P01"
        assert later.number == 2


def test_a_link_keeps_its_adult_and_its_version(world):
    """Only its generation and its last day may change."""
    with world.sessions.school(world.oak.id) as session:
        for column in ("adult_id", "version_id", "asked_at"):
            with pytest.raises(ProgrammingError) as error:
                session.execute(text(f"update sign_request set {column} = {column}"))
            assert code(error) == REFUSED
            session.rollback()
        assert session.scalars(select(SignRequest.generation)).first() == 1
