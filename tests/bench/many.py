"""A Trust of many schools: what a scope costs, and how long the overview takes.

The rows are copies of one school's, made by SQL: half a million by the rules would
take an hour.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import psycopg
from sqlalchemy import create_engine, event, func, make_url, select
from sqlalchemy.orm import Session

from config.base import Settings
from migrations.run import migrate
from tests import build
from tests.bench.measure import KEY, RUNS, report, say
from tests.browser import Browser
from tests.copies import copy
from trustconduct import embedded
from trustconduct.app import create_app
from trustconduct.audit.actor import Role
from trustconduct.db import transaction
from trustconduct.outbox.untold import why_untold
from trustconduct.people.models import Adult, Care, Pupil
from trustconduct.people.person import Person, people_page
from trustconduct.tenants.sessions import Sessions

SCHOOLS, ADULTS = 100, 5_000  # half a million adults
LISTS = 300  # pages of the list that are asked for in one run
ASKED_ADULTS = 300  # of each school, in the overview
SIZES = (3, 30, 300)
LIMIT = 500.0  # milliseconds for the overview, as the issue names it


@dataclass(frozen=True)
class Place:
    services: embedded.Services
    first: UUID  # the school that the others are copied from
    superuser: str  # an address in the form of SQLAlchemy


@contextmanager
def database() -> Iterator[Place]:
    """A database with one school that has published and whose one adult was asked."""
    with tempfile.TemporaryDirectory(prefix="tc-bench-") as folder:
        services = embedded.start(Path(folder), fsync=False)
        try:
            migrate(services.database_owner_url, services.database_url)
            engine = create_engine(services.database_url)
            sessions = Sessions(engine)
            with sessions.trust() as session, transaction(session):
                build.a_trust(session)
                first = build.a_school(session, "school-0", "School 0").id
                build.an_edition(session)
            with sessions.school(first) as session, transaction(session):
                build.a_request(session)
            engine.dispose()
            superuser = make_url(services.database_superuser_url)
            superuser = superuser.set(database=make_url(services.database_url).database)
            yield Place(services, first, superuser.render_as_string(hide_password=False))
        finally:
            embedded.erase(Path(folder))


def add_schools(connection: psycopg.Connection, first: int, last: int) -> None:
    copy(
        connection,
        "school",
        f"(select n from generate_series({first}, {last}) n)",
        id="gen_random_uuid()",
        slug="'school-' || m.n",
        name="'School ' || m.n",
    )


def fill_people(place: Place) -> None:
    """A hundred schools, each with 5,000 adults who care for a pupil."""
    say(f"Filling {SCHOOLS} schools with {ADULTS:,} adults each…")
    url = place.superuser.replace("+psycopg", "")
    with psycopg.connect(url, autocommit=True) as connection:
        # Without the triggers of foreign keys: the rows are right by the way they are made.
        connection.execute("set session_replication_role = replica")
        add_schools(connection, 1, SCHOOLS - 1)
        connection.execute(
            "create unlogged table made as select s.id as school_id, gen_random_uuid() as adult_id,"
            " gen_random_uuid() as pupil_id, n"
            f" from school s, generate_series(1, {ADULTS}) n order by s.id, n"
        )
        name = "'Parent ' || m.n"
        copy(connection, "adult", "made", school_id="m.school_id", id="m.adult_id", name=name,
             name_key=f"lower({name})")  # fmt: skip
        name = "'Pupil ' || m.n"
        copy(connection, "pupil", "made", school_id="m.school_id", id="m.pupil_id", name=name,
             name_key=f"lower({name})")  # fmt: skip
        copy(connection, "care", "made", school_id="m.school_id", id="gen_random_uuid()",
             adult_id="m.adult_id", pupil_id="m.pupil_id")  # fmt: skip
        connection.execute("drop table made")
        connection.execute("vacuum analyze")


def scope_cost() -> None:
    """A page of a school's list under its scope, and by a superuser with the school in WHERE."""
    with database() as place:
        fill_people(place)
        # One connection each, so that both have what they prepared and read before.
        ours = create_engine(place.services.database_url, pool_size=1)
        floor = create_engine(place.superuser, pool_size=1)
        sessions = Sessions(ours)
        with Session(floor) as session:
            schools = session.scalars(select(Adult.school_id).distinct()).all()
        assert len(schools) == SCHOOLS

        def under_scope(school_id: UUID) -> list:
            with sessions.school(school_id, read_only=True) as session:
                return people_page(session)

        def by_where(school_id: UUID) -> list:
            with Session(floor) as session:
                return _people_page(session, school_id)

        for each in schools[:5]:
            assert under_scope(each) == by_where(each)
            assert len(by_where(each)) == 51

        spent: dict[Callable, list[float]] = {under_scope: [], by_where: []}
        for run in range(RUNS + 1):
            took: dict[Callable, list[float]] = {ask: [] for ask in spent}
            for n in range(LISTS):  # by turns at each list: whatever else runs here slows both
                for ask in spent:
                    began = time.perf_counter()
                    ask(schools[(run * LISTS + n) % SCHOOLS])
                    took[ask].append(time.perf_counter() - began)
            for ask in spent:
                middle = statistics.median(took[ask])
                say(f"  run {run}, {ask.__name__}: {1 / middle:,.0f} a second")
                if run:
                    spent[ask].append(middle)
        result = (1 / statistics.median(spent[ask]) for ask in (under_scope, by_where))
        report("scope_cost", *result, "lists/s", LISTS)
        ours.dispose()
        floor.dispose()


def _people_page(session: Session, school_id: UUID, most: int = 50) -> list[Person]:
    """`people_page` written out, with the school in each WHERE; the same rows are asserted."""
    adults = (
        select(Adult.id, Adult.name, Adult.email, func.coalesce(why_untold(Adult.id), ""))
        .where(Adult.school_id == school_id)
        .where(Adult.merged_into.is_(None), Adult.left_on.is_(None))
        .order_by(Adult.name, Adult.id)
    )
    rows = session.execute(adults.limit(most + 1)).all()
    cared: dict[UUID, list[str]] = {row.id: [] for row in rows}
    for care in session.execute(
        select(Care.adult_id, Care.relationship, Pupil.name, Pupil.year_group)
        .join(Pupil, (Pupil.school_id == Care.school_id) & (Pupil.id == Care.pupil_id))
        .where(Care.school_id == school_id, Care.adult_id.in_(cared))
        .where(Care.ended_on.is_(None))
        .order_by(Pupil.name)
    ):
        words = ", ".join(word for word in (care.relationship, care.year_group) if word)
        cared[care.adult_id].append(f"{care.name} ({words})")
    return [Person(*row[:3], tuple(cared[row[0]]), row[3]) for row in rows]


def fill_answers(place: Place, first: int, last: int) -> None:
    """More schools, each with a version in force and 300 adults, most of whom have answered."""
    with psycopg.connect(place.superuser.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("set session_replication_role = replica")
        add_schools(connection, first, last)
        connection.execute(
            "create unlogged table made as select s.id as school_id, gen_random_uuid() as version,"
            " gen_random_uuid() as campaign from school s"
            " where not exists (select from policy_version v where v.school_id = s.id)"
        )
        own = {"school_id": "m.school_id"}
        copy(connection, "policy_version", "made", **own, id="m.version")
        copy(connection, "policy_in_force", "made", **own, id="gen_random_uuid()",
             version_id="m.version")  # fmt: skip
        copy(connection, "campaign", "made", **own, id="m.campaign", version_id="m.version")
        connection.execute(
            "create unlogged table people as select made.*, gen_random_uuid() as adult,"
            f" gen_random_uuid() as request, n from made, generate_series(1, {ASKED_ADULTS}) n"
        )
        copy(connection, "sign_request", "people", **own, id="m.request", adult_id="m.adult",
             version_id="m.version", campaign_id="m.campaign")  # fmt: skip
        for answer, which in (("signed", "mod(n, 10) < 7"), ("talk", "mod(n, 10) in (6, 7)"),
                              ("declined", "mod(n, 10) = 8")):  # fmt: skip
            connection.execute(
                "insert into acknowledgement (school_id, id, request_id, answer, sha256,"
                " answered_at) select school_id, gen_random_uuid(), request, %s, repeat('0', 64),"
                f" now() from people where {which}",
                [answer],
            )
        connection.execute("drop table made, people")
        connection.execute("vacuum analyze")


def overview() -> None:
    """The console's first page, for 3, 30 and 300 schools, as the officer's browser gets it."""
    _as_officer({"overview": ("/admin/", LIMIT)})


def oversight() -> None:
    """The pages of whom an edition asks again and of how schools differ, as `overview`."""
    pages = {"impact": "/admin/editions/1/impact", "drift": "/admin/drift/"}
    _as_officer({name: (page, LIMIT) for name, page in pages.items()})


def _as_officer(pages: dict[str, tuple[str, float]]) -> None:
    """Pages of the console by their names, each with the milliseconds that it may take."""
    with database() as place, tempfile.TemporaryDirectory() as var:
        services = place.services
        app = create_app(
            Settings(
                DATABASE_URL=services.database_url,
                REDIS_URL=services.redis_url,
                SECRET_KEY=KEY,
                VAR=Path(var),
            )
        )
        app.test_client_class = Browser
        engine = app.extensions["trustconduct"].sessions.engine
        client = app.test_client()
        client.strict = False
        with Sessions(engine).accounts() as session, transaction(session):
            officer = build.a_user(session, Role.TRUST_OFFICER, email="officer@trust.example")
            secret = build.an_authenticator(session, officer)
        client.send("/account/sign-in", email=officer.email, password=build.PASSWORD, to="")
        code = build.a_code(secret)
        client.send("/account/code", page="/account/code", code=code, to="")

        statements: list[str] = []
        event.listen(engine, "before_cursor_execute", lambda *a: statements.append(a[2]))
        slowest = dict.fromkeys(pages, 0.0)
        counted: dict[str, set[int]] = {name: set() for name in pages}
        before = 1
        for size in SIZES:
            fill_answers(place, before, size - 1)
            before = size
            for name, (page, _) in pages.items():
                took = []
                for run in range(RUNS + 1):
                    # The list of schools is looked up anew each second: each time here.
                    time.sleep(1.1)
                    statements.clear()
                    began = time.perf_counter()
                    answer = client.get(page)
                    took.append((time.perf_counter() - began) * 1000)
                    assert answer.status_code == 200
                    if run:
                        counted[name].add(len(statements))
                text = answer.get_data(as_text=True)
                assert name != "overview" or text.count("School ") >= size, "a school is missing"
                middle = statistics.median(took[1:])
                say(f"  {name}, {size} schools: {middle:.0f} ms, {len(statements)} statements, "
                    f"{len(text) / 1000:.0f} kB")  # fmt: skip
                slowest[name] = max(slowest[name], middle)
        for name, (_, limit) in pages.items():
            many = counted[name]
            assert len(many) == 1, f"{name}: its queries depend on the schools: {many}"
            report(name, slowest[name], limit, "ms", SIZES[-1], less_is_better=True)
        engine.dispose()
