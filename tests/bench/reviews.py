"""What is due of the reviews of 300 schools, found by one query over ten years of terms."""

from __future__ import annotations

import statistics
import time
from datetime import date

import psycopg
from sqlalchemy import create_engine, event

from tests import build
from tests.bench.many import SIZES, Place, add_schools, database
from tests.bench.measure import RUNS, report, say
from trustconduct.db import transaction
from trustconduct.reviews.school_reminders import schools_to_look_at
from trustconduct.reviews.school_reviews import begin_reviews
from trustconduct.schools.calendars import mark, save_year
from trustconduct.tenants.calendars import Kind, Span
from trustconduct.tenants.sessions import Sessions

YEARS, DUE_LIMIT = 10, 100.0  # years of terms, and the milliseconds that the issue names
TERMS = (  # season, in the year after, first and last day
    ("autumn", 0, (9, 2), (12, 18)),
    ("spring", 1, (1, 4), (3, 25)),
    ("summer", 1, (4, 12), (7, 21)),
)


def reminders_due() -> None:
    """Which of 300 schools have a review due, after ten years of terms: one grouped query."""
    with database() as place:
        engine = create_engine(place.services.database_url)
        sessions = Sessions(engine)
        with sessions.trust() as session, transaction(session):
            for begins in range(2026, 2026 + YEARS):
                spans = [
                    Span(
                        date(begins + later, *first), date(begins + later, *last), Kind.TERM, season
                    )
                    for season, later, first, last in TERMS
                ]
                save_year(session, begins, spans, by=build.an_officer(), seen=mark(()))
        with sessions.school(place.first) as session, transaction(session):
            begin_reviews(session)
        _fill_reviews(place)

        statements: list[str] = []
        event.listen(engine, "before_cursor_execute", lambda *a: statements.append(a[2]))
        took = []
        for run in range(RUNS + 1):
            with sessions.trust(read_only=True) as session:
                statements.clear()
                began = time.perf_counter()
                found = schools_to_look_at(session)
                if run:
                    took.append((time.perf_counter() - began) * 1000)
                    say(f"  run {run}: {took[-1]:.1f} ms, {len(found)} schools")
            grouped = [each for each in statements if "GROUP BY" in each]
            assert len(grouped) == 1, statements
            assert len(found) == SIZES[-1] // 2, f"{len(found)} schools are due"
        report("reminders_due", statistics.median(took), DUE_LIMIT, "ms", SIZES[-1],
               less_is_better=True)  # fmt: skip
        engine.dispose()


def _fill_reviews(place: Place) -> None:
    """300 schools, each with four open reviews and, of ten years, four that were held a term.

    Of every second school one is due.
    """
    say(f"Filling {SIZES[-1]} schools with {YEARS} years of reviews…")
    url = place.superuser.replace("+psycopg", "")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("set session_replication_role = replica")
        connection.execute("update review_school set remind_on = date '9999-01-01'")
        add_schools(connection, 1, SIZES[-1] - 1)
        connection.execute(
            "create unlogged table made as select s.id as school_id, r.subject,"
            " row_number() over (partition by r.subject order by s.slug) as n"
            " from school s, (select distinct subject from review_school) r"
            " where not exists (select from review_school v where v.school_id = s.id)"
        )
        columns = (
            "cycle_id, since_term, begins_on, due_on, provisional, rests_until, trust_mark, made_at"
        )
        connection.execute(
            f"insert into review_school (school_id, id, subject, term, remind_on, {columns})"
            f" select m.school_id, gen_random_uuid(), m.subject, r.term, r.remind_on, {columns}"
            " from made m join review_school r on r.subject = m.subject"
        )
        connection.execute(
            "insert into review_school (school_id, id, subject, term, remind_on, done_on,"
            f" {columns}) select school_id, gen_random_uuid(), subject, term - n, current_date,"
            f" due_on, {columns} from review_school, generate_series(1, {YEARS * 3}) n"
            " where done_on is null"
        )
        connection.execute(
            "update review_school set remind_on = current_date where done_on is null"
            " and subject = 'facts' and school_id in"
            f" (select id from school order by slug limit {SIZES[-1] // 2})"
        )
        connection.execute("drop table made")
        connection.execute("vacuum analyze")
