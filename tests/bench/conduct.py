"""A case of 200 events as its page loads it, and a search over 50,000 reports of one school.

The floor of the case is the same rows by bare SQL in the same scope. The search has a limit
in place of a floor: 100 ms for the slowest but one of twenty.
"""

from __future__ import annotations

import time
from uuid import UUID

import psycopg
from sqlalchemy import create_engine, event, text

from tests import build
from tests.bench.many import Place, add_schools, database
from tests.bench.measure import in_turns, report, say
from tests.conduct import rows
from trustconduct.conduct.ladder import steps_of
from trustconduct.conduct.lists import members_of, told_in
from trustconduct.conduct.models import ConductCase
from trustconduct.conduct.search import PAGE, find_reports
from trustconduct.db import transaction
from trustconduct.letters.lists import letters_page
from trustconduct.tenants.sessions import ScopedSession, Sessions

EVENTS, PAGES = 200, 20
REPORTS, OTHERS, ELSEWHERE, LIMIT = 50_000, 9, 5_000, 100.0
ASKED = (  # one word in 1,000 of the reports, in every fifth, in each; and several at once
    "umbrella17", "gate", "shouting", '"at the gate"', "shouted umbrella42", "lantern3",
    "swore -gate", "the", "29999", "nothing like it",
)  # fmt: skip
FILLED = """
with said as (
  select uuidv7() as incident_id, n,
    'At about 3.20pm a parent shouted at a colleague ' || case when n %% 5 = 0 then 'at the gate'
    else 'in the office' end || ', in front of some children. They were asked to stop and went on '
    || 'for some minutes. Umbrella' || n %% 1000 || ' lay on the floor. A colleague came and '
    || 'they left. ' || case when n %% 3 = 0 then 'They swore twice. ' else '' end
    || 'Nobody was hurt, and the lantern' || n %% 7 || ' by the door was not broken.' as words
  from generate_series(1, %(many)s) n
), reports as (
  insert into incident (school_id, id, number, happened_on, happened_when, place, place_words, who,
    who_words, at_risk, filed_at, filed_by, filed_for, clauses, triaged_by, version)
  select %(school)s, incident_id, n + 1000, current_date - 1, '', 'site', '', 'unknown', '', false,
    now(), 'Teacher', '', '[]', '', 1 from said
)
insert into incident_words (school_id, id, incident_id, tag, whose, words, written_at, written_by)
select %(school)s, uuidv7(), incident_id, 'account', '', words, now(), 'Teacher' from said
"""


def case_page() -> None:
    """What a case's page reads: 200 events, in as many queries as with one."""
    with database() as place:
        engine = create_engine(place.services.database_url, pool_size=1)
        sessions = Sessions(engine)
        say(f"Making a case of {EVENTS} reports…")
        with sessions.school(place.first) as session, transaction(session):
            adult = build.an_adult(session)
            small, _ = rows.a_case(session, adult)
            case, _ = rows.a_case(session, adult)
            for kind in ("FORMAL_LETTER", "WARNING"):
                rows.a_step(session, case, rows.StepKind[kind])
            small_id, case_id, adult_id = small.id, case.id, adult.id
        _fill_case(place, case_id)

        asked: list[str] = []
        event.listen(engine, "before_cursor_execute", lambda *a: asked.append(a[2]))
        counted = []
        for each in (small_id, case_id):
            asked.clear()
            with sessions.school(place.first, read_only=True) as session:
                _load(session, each)
            counted.append(len(asked))
        assert counted[0] == counted[1], counted
        with sessions.school(place.first, read_only=True) as session:
            assert _load(session, case_id) == EVENTS
            assert _bare(session, case_id, adult_id) == EVENTS

        def ours(run: int) -> float:
            begun = time.perf_counter()
            for _ in range(PAGES):
                with sessions.school(place.first, read_only=True) as session:
                    _load(session, case_id)
            return PAGES / (time.perf_counter() - begun)

        def floor(run: int) -> float:
            begun = time.perf_counter()
            for _ in range(PAGES):
                with sessions.school(place.first, read_only=True) as session:
                    _bare(session, case_id, adult_id)
            return PAGES / (time.perf_counter() - begun)

        say(f"  {counted[1]} statements")
        report("case_page", *in_turns(ours, floor), "pages/s", EVENTS)
        engine.dispose()


def _fill_case(place: Place, case_id: UUID) -> None:
    with psycopg.connect(place.superuser.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(FILLED, {"school": place.first, "many": EVENTS - 1})
        connection.execute("update incident set case_id = %s where case_id is null", [case_id])
        connection.execute(
            "insert into incident_staff (school_id, id, incident_id, involved, name, noted_at,"
            " noted_by, ended_by, ended_because) select school_id, gen_random_uuid(), id,"
            " 'reporting', 'Teacher', now(), 'Teacher', '', '' from incident where number > 1000"
        )
        connection.execute("vacuum analyze")


def _load(session: ScopedSession, case_id: UUID) -> int:
    """What the page of `web/cases.py` reads of a case; gives how many reports there are."""
    case = session.get_one(ConductCase, (session.school_id, case_id))
    told = told_in(session, case_id)
    steps_of(session, case)
    members_of(session, case_id)
    letters_page(session, adult_id=case.adult_id)
    return len(told)


def _bare(session: ScopedSession, case_id: UUID, adult_id: UUID) -> int:
    values = {"case": case_id, "adult": adult_id}
    of_case = "(select id from incident where case_id = :case)"
    found = 0
    for sql in (
        "select * from conduct_case where id = :case",
        "select * from incident where case_id = :case order by happened_on, number",
        "select id, incident_id, tag, whose, words, written_at, written_by from incident_words"
        f" where incident_id in {of_case} order by written_at, id",
        f"select * from incident_staff where incident_id in {of_case} and ended_at is null"
        " order by id",
        f"select * from risk_answer where id in {of_case}",
        "select * from case_step where adult_id = :adult order by decided_on, id",
        "select * from case_member where case_id = :case and ended_at is null order by since_at",
        "select * from letter where adult_id = :adult order by number desc limit 51",
    ):
        there = session.connection().execute(text(sql), values).all()
        found = len(there) if sql.startswith("select * from incident where") else found
    return found


def search() -> None:
    """Twenty searches of one school among ten: the slowest but one under 100 ms."""
    with database() as place:
        say(f"Filling a school with {REPORTS:,} reports, and {OTHERS} with {ELSEWHERE:,}…")
        url = place.superuser.replace("+psycopg", "")
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("set session_replication_role = replica")
            add_schools(connection, 1, OTHERS)
            for (school,) in connection.execute("select id from school").fetchall():
                many = REPORTS if school == place.first else ELSEWHERE
                connection.execute(FILLED, {"school": school, "many": many})
            connection.execute("vacuum analyze")
        engine = create_engine(place.services.database_url, pool_size=1)
        sessions = Sessions(engine)
        took: list[float] = []
        for run in range(3):
            for words in ASKED:
                with sessions.school(place.first, read_only=True) as session:
                    began = time.perf_counter()
                    found = find_reports(session, words)
                    spent = (time.perf_counter() - began) * 1000
                say(f"  {words}: {spent:.1f} ms, {min(len(found), PAGE)} shown")
                if run:
                    took.append(spent)
                assert bool(found) == (words not in ("the", "nothing like it")), words
        slow = sorted(took)[int(len(took) * 0.95) - 1]
        report("search", slow, LIMIT, "ms", REPORTS, less_is_better=True)
        engine.dispose()
