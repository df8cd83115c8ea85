"""One connection for everybody: whoever had it before, nobody finds the other's rows.

The hardest case for a scope that lives in a transaction: the connection goes from
hand to hand, and half of those who had it ended badly.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from io import BytesIO
from typing import Any

import pytest
from flask import Blueprint, abort, g
from sqlalchemy import Engine, create_engine, event, select, text
from sqlalchemy.exc import DBAPIError, OperationalError, ProgrammingError

from tests.browser import Browser
from tests.build import SECRET_KEY
from tests.world import World
from trustconduct.audit.actor import Role
from trustconduct.db import transaction
from trustconduct.outbox.links import token
from trustconduct.people.models import Adult
from trustconduct.tenants.models import School, SchoolSettings
from trustconduct.tenants.sessions import ScopedSession, Sessions
from trustconduct.web.door import Directory, enter_school, leave, open_to_all

TURNS, REQUESTS = 10_000, 2_000
SLOW = "select pg_sleep(1)"
IMPATIENT = "set local statement_timeout = 4"  # milliseconds
WHERE = text("select current_user::text, nullif(current_setting('app.school', true), '')")


@contextmanager
def one_connection(url: str) -> Iterator[tuple[Engine, list[int]]]:
    """An engine with one connection, and the backend of everyone who was given it."""
    engine = create_engine(url, pool_size=1, max_overflow=0, pool_timeout=2)
    backends: list[int] = []

    @event.listens_for(engine, "checkout")
    def _note(connection: Any, record: Any, proxy: Any) -> None:
        backends.append(connection.info.backend_pid)

    try:
        yield engine, backends
        assert engine.pool.checkedout() == 0, "somebody kept it"
        with engine.connect() as connection:
            assert tuple(connection.execute(WHERE).one()) == ("trustconduct_app", None)
        assert len(set(backends)) == 1, "a second connection was opened"
    finally:
        engine.dispose()


class Wrong(RuntimeError):
    """What a view's own mistake raises."""


def _fails(session: ScopedSession) -> None:
    with pytest.raises(ProgrammingError):
        session.execute(text("select no_such_column from trust"))


def _takes_too_long(session: ScopedSession) -> None:
    session.execute(text(IMPATIENT))
    with pytest.raises(OperationalError):
        session.execute(text(SLOW))


def _breaks_off(session: ScopedSession) -> None:
    with suppress(Wrong), transaction(session):
        session.execute(text("select 1"))
        raise Wrong


def _goes_back(session: ScopedSession) -> None:
    with suppress(DBAPIError), session.begin_nested():
        session.execute(text("select 1 / 0"))


# What happens in a turn besides reading, each as often as it stands here.
ENDINGS: tuple[Callable[[ScopedSession], None], ...] = (
    *[lambda session: None] * 8,  # closed as it is
    *[lambda session: session.commit()] * 6,
    *[lambda session: session.rollback()] * 3,
    *[_fails] * 3,
    *[_breaks_off] * 3,
    *[_goes_back] * 2,
    _takes_too_long,
)


@pytest.mark.timeout(300)
def test_ten_thousand_turns_on_one_connection_and_nobody_meets_another(world):
    """Ten thousand sessions by turns: three schools, the Trust and accounts."""
    chance = random.Random(6)
    adults = {
        school.id: {name for name in school.adults if school.canary in name}
        for school in world.schools.values()
    }
    turns: Counter[str] = Counter()
    with one_connection(world.url) as (engine, backends):
        sessions = Sessions(engine)
        for _ in range(TURNS):
            kind = chance.choice(("oak-lane", "elm-park", "ash-grove", "trust", "accounts"))
            ending = chance.choice(ENDINGS)
            before = chance.random() < 0.5  # the accident comes first, or the reading does
            turns[kind] += 1
            if school := world.schools.get(kind):
                with sessions.school(school.id) as session:
                    if before:
                        ending(session)
                        session.rollback()
                    names = set(session.scalars(select(Adult.name)))
                    assert {n for n in names if "Sample" not in n} == adults[school.id]
                    assert session.scalars(select(SchoolSettings.school_id)).all() == [school.id]
                    if not before:
                        ending(session)
            else:
                with getattr(sessions, kind)() as session:
                    if before:
                        ending(session)
                        session.rollback()
                    assert len(session.scalars(select(School.id)).all()) == len(world.schools)
                    with pytest.raises(ProgrammingError):
                        session.execute(text("select name from adult"))
    assert min(turns.values()) > TURNS / 6
    assert len(backends) >= TURNS


# -- the same through the doors


broken = Blueprint("broken", __name__, url_prefix="/<school>/broken")
broken.url_value_preprocessor(enter_school)


@broken.get("/raises")
@open_to_all
def raises() -> str:
    g.session.execute(select(Adult.name)).all()
    raise Wrong


@broken.get("/fails")
@open_to_all
def fails() -> str:
    g.session.execute(text("select no_such_column from adult"))
    return "never"


@broken.get("/slow")
@open_to_all
def slow() -> str:
    g.session.execute(text(IMPATIENT))
    g.session.execute(text(SLOW))
    return "never"


@broken.get("/gone")
@open_to_all
def gone() -> str:
    g.session.execute(select(Adult.name)).all()
    abort(404)


@broken.post("/half")
@open_to_all
def half() -> str:
    with transaction(g.session):
        g.session.execute(text("update adult set name = 'Nobody'"))
        raise Wrong


@broken.get("/names")
@open_to_all
def names() -> str:
    return "\n".join(g.session.scalars(select(Adult.name)))


@pytest.fixture
def narrow(app, world) -> Iterator[tuple[Any, list[int]]]:
    """The app, over one connection. A request that needed two at once would wait in vain.

    The list of schools is asked for before: in service it is looked up again once a
    second, and may find the request holding a connection already.
    """
    app.register_blueprint(broken)
    app.teardown_request(leave)
    app.extensions["csrf"].exempt(broken)
    works = app.extensions["trustconduct"]
    with one_connection(world.url) as (engine, backends):
        sessions = Sessions(engine)
        directory = Directory(sessions)
        directory.SECONDS = 3600.0
        assert directory.schools()
        app.extensions["trustconduct"] = replace(works, sessions=sessions, directory=directory)
        try:
            yield app, backends
        finally:
            app.extensions["trustconduct"] = works


def ask(app: Any, path: str, cookie: str, method: str) -> tuple[int, str]:
    """A request without a client's own work: two thousand of them are to be cheap."""
    told: list[str] = []
    environ = {
        "REQUEST_METHOD": method, "PATH_INFO": path, "SCRIPT_NAME": "", "QUERY_STRING": "",
        "SERVER_NAME": "localhost", "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.url_scheme": "http", "wsgi.input": BytesIO(), "wsgi.errors": BytesIO(),
        "HTTP_COOKIE": cookie, "REMOTE_ADDR": "127.0.0.1",
    }  # fmt: skip
    body = app.wsgi_app(environ, lambda status, headers, trace=None: told.append(status))
    whole = b"".join(body).decode("utf-8")
    if hasattr(body, "close"):
        body.close()
    return int(told[0].split()[0]), whole


def cookie_of(app: Any, user: Any) -> str:
    client: Browser = app.test_client()
    client.sign_in(user)
    cookie = client.get_cookie("signed-in")
    assert cookie
    return f"signed-in={cookie.value}"


@pytest.mark.timeout(300)
def test_two_thousand_requests_over_one_connection_and_no_page_of_another_school(narrow, world):
    """Through the real app. Ten thousand would take a minute: the test above has those."""
    app, backends = narrow
    chance = random.Random(6)
    officer = cookie_of(app, world.trust_users[Role.TRUST_OFFICER])
    heads = {slug: cookie_of(app, school.users[Role.HEADTEACHER])
             for slug, school in world.schools.items()}  # fmt: skip
    began = set(names_of(world))
    seen: Counter[tuple[str, int]] = Counter()
    for _ in range(REQUESTS):
        slug = chance.choice(list(world.schools))
        school = world.schools[slug]
        request_id = school.requests[f"Lee {school.canary}"]
        link = f"link={token(SECRET_KEY, 'sign-page', request_id, 1)}"
        method, path, cookie, status = chance.choice(
            (
                ("GET", f"/{slug}/staff/people/", heads[slug], 200),
                ("GET", f"/{slug}/staff/acknowledgements/", heads[slug], 200),
                ("GET", f"/{slug}/sign/{request_id}", link, 200),
                ("GET", f"/{slug}/broken/names", "", 200),
                ("GET", f"/{slug}/broken/names", officer, 200),
                ("GET", "/admin/schools/", officer, 200),
                ("GET", f"/{other_than(slug, world)}/staff/people/", heads[slug], 403),
                ("GET", f"/{slug}/policy/99", "", 404),
                ("GET", f"/{slug}/broken/gone", "", 404),
                ("GET", f"/{slug}/broken/raises", "", 500),
                ("GET", f"/{slug}/broken/fails", "", 500),
                ("GET", f"/{slug}/broken/slow", "", 503),
                ("POST", f"/{slug}/broken/half", "", 500),
                ("POST", f"/{slug}/sign/{request_id}", link, 400),
            )
        )
        answered, page = ask(app, path, cookie, method)
        assert answered == status, (method, path, answered)
        seen[path.replace(slug, "…").replace(str(request_id), "…"), status] += 1
        others = [each.canary for each in world.schools.values() if each.slug != slug]
        # The number of the school that was asked for is public: an error page gives it.
        page = re.sub(r"Or call .*? A person will help you\.", "", page, flags=re.S)
        for word in others:
            assert word not in page, (method, path)
        if status == 200 and "/admin/" not in path:
            assert school.canary in page, (method, path)
    assert len(backends) > REQUESTS
    assert set(names_of(world)) == began, "what broke off half-way was kept"


def other_than(slug: str, world: World) -> str:
    return next(each for each in world.schools if each != slug)


def names_of(world: World) -> list[str]:
    found = []
    for school in world.schools.values():
        with world.sessions.school(school.id) as session:
            found += session.scalars(select(Adult.name)).all()
    return found
