"""What a stranger, a second tab or an odd address must not be able to do."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select, update

from tests import build
from tests.browser import errors_in
from tests.web.test_setup import HOME, typed, with_another_app
from tests.world import WorldUser
from trustconduct.acknowledgements.answers import talks
from trustconduct.acknowledgements.models import Answer
from trustconduct.app import HEADERS, create_app
from trustconduct.audit.actor import Role
from trustconduct.contact_matrix.matrix import Matrix, Purpose, Route
from trustconduct.db import transaction
from trustconduct.outbox.delivery import Envelope
from trustconduct.outbox.links import token
from trustconduct.outbox.models import SchoolMessageContent
from trustconduct.policies import wording
from trustconduct.policies.document import Clause, Document, Section
from trustconduct.tenants.models import School
from trustconduct.web.kept import Pages


@pytest.fixture
def head(client, world):
    client.sign_in(world.oak.users[Role.HEADTEACHER])
    return client


def test_a_message_for_one_person_is_in_no_page_that_is_kept_for_all(app, client, world):
    csrf = client.csrf()
    client.post("/account/code", data={"csrf_token": csrf, "code": "1"})  # leaves a message
    for path in ("/oak-lane/privacy", "/oak-lane/policy", "/oak-lane/"):
        client.get(path)
        stranger = app.test_client().get(path)
        assert "start again" not in stranger.text, path
    assert "start again" in client.get("/account/sign-in").text


def test_what_is_published_is_what_was_read(head):
    with_another_app(head)
    fields = typed(head.get(f"{HOME}/preview").text)
    now = typed(head.get(f"{HOME}/facts").text)
    changed = {**now, "policies_url": "https://other.example/y"}
    told = head.send(f"{HOME}/facts", page=f"{HOME}/facts", **changed)
    head.send(f"{HOME}/facts", page=f"{HOME}/facts", **{**changed, **typed(told.text)})
    head.send(f"{HOME}/publish", page=f"{HOME}/preview", **fields)
    assert "has changed since you read it" in head.get(f"{HOME}/preview").text
    assert head.get("/oak-lane/policy/2").status_code == 404


@pytest.mark.parametrize(
    "fact",
    [
        {"app_name": "{foo}"},
        {"app_name": "{0.__class__}"},
        {"policies_url": "https://e.example/>[Pay](https://evil.example/)"},
        {"telephone": "{school.name}"},
    ],
)
def test_a_fact_that_would_be_more_than_text_is_refused(head, fact):
    now = typed(head.get(f"{HOME}/facts").text)
    answer = head.send(f"{HOME}/facts", page=f"{HOME}/facts", **{**now, **fact})
    assert answer.status_code == 422
    assert head.get(f"{HOME}/preview").status_code == 200


def test_a_fact_in_a_clause_is_plain_text_whatever_marks_it_has():
    text = "We write by {school.app_name}."
    document = Document("Title", (Section("one", "One", (Clause("one.p1", text),)),))
    filled = document.filled({"school.app_name": "*Star* [x](https://evil.example/)"})
    html = wording.html(filled)
    assert "evil.example/)" in html
    assert "<a" not in html
    assert "<em>" not in html
    assert "*Star* [x](https://evil.example/)" in wording.plain(filled)


def test_a_matrix_saved_before_its_corner_was_kept_still_shows():
    body = build.MATRIX.to_json()
    del body["corner"]
    assert Matrix.from_json(body).corner == "I want to…"


@pytest.mark.parametrize("to", ["//[", "/" + "a" * 3_000, "/x\\y", "/\x00", "/a b"])
def test_an_odd_address_to_go_on_to_never_stops_a_sign_in(client, world, to):
    user = world.oak.users[Role.HEADTEACHER]
    client.send("/account/sign-in", email=user.email, password=user.password, to=to)
    code = build.a_code(user.secret)
    answer = client.send("/account/code", page="/account/code", code=code, to=to)
    assert answer.location == "/account/"


def test_a_form_sent_after_the_sign_in_ended_does_not_lead_back_to_its_own_address(client):
    csrf = client.csrf()
    answer = client.post(f"{HOME}/publish", data={"csrf_token": csrf})
    assert answer.location == "/account/sign-in"


def test_odd_addresses_are_answered_in_words(head, world):
    request = world.oak.requests["Jo Sample"]
    people = "/oak-lane/staff/people"
    for path in (
        f"{people}/?after=%00|{request}",
        f"/oak-lane/staff/acknowledgements/?after=%00|{request}",
        f"{people}/?after=x|y",
        "/oak-lane/policy/" + "9" * 26,
        "/static/build/" + "a" * 300,
    ):
        assert head.get(path).status_code in (200, 404), path
    csrf = head.csrf(f"{HOME}/facts")
    now = typed(head.get(f"{HOME}/facts").text)
    odd = {**now, "csrf_token": csrf, "seen_version": "²"}
    assert head.post(f"{HOME}/facts", data=odd).status_code == 409
    for roll in ("é", "0" * 32, request):
        saved = {"csrf_token": csrf}
        assert head.post(f"{people}/roll/{roll}/save", data=saved).status_code == 404


def test_a_link_to_a_version_that_is_no_longer_in_force_gets_no_fresh_one(head, world, settings):
    request = world.oak.requests[f"Lee {world.oak.canary}"]
    with world.sessions.school(world.oak.id) as session, transaction(session):
        build.a_version(session, by=world.oak.head)
    sent = head.send(
        f"/oak-lane/staff/acknowledgements/{request}/again", page=f"{HOME}/facts", generation="1"
    )
    assert sent.status_code == 404
    old = f"/oak-lane/sign/{request}/{token(settings.SECRET_KEY, 'sign', request, 1)}"
    assert "does not work any more" in head.get(old, follow_redirects=True).text


# -- headers, on every kind of page


def headers_of(answer):
    return {name.lower(): value for name, value in answer.headers.items()}


def test_every_kind_of_answer_has_every_header(app, client, head, world):
    officer = app.test_client()
    officer.sign_in(world.trust_users[Role.TRUST_OFFICER])
    request = world.oak.requests["Jo Sample"]
    link = f"/oak-lane/sign/{request}/{token(build.SECRET_KEY, 'sign', request, 1)}"
    kinds = {
        "public": client.get("/oak-lane/policy"),
        "public, from memory": client.get("/oak-lane/policy"),
        "not modified": client.get(
            "/oak-lane/policy",
            headers={"If-None-Match": client.get("/oak-lane/policy").headers["ETag"]},
        ),
        "parent": client.get(link, follow_redirects=True),
        "redirect": client.get(link),
        "staff": head.get("/oak-lane/staff/"),
        "console": officer.get("/admin/"),
        "console list": officer.get("/admin/schools/"),
        "static": client.get("/static/build/app.css", buffered=True),
        "error": client.get("/nothing"),
        "wrong method": client.post("/oak-lane/policy"),
        "without a token": client.post("/account/sign-in"),
        "forged host": client.get("/", headers={"Host": "evil.example"}),
        "health": client.get("/healthz"),
        "figures": client.get("/metrics"),
    }
    for kind, answer in kinds.items():
        there = headers_of(answer)
        for name, value in HEADERS:
            assert there.get(name.lower()) == value, f"{kind} has no right {name}"
        assert "cache-control" in there, kind
        assert there["x-request-id"], kind
    policy = headers_of(kinds["staff"])["content-security-policy"]
    assert "unsafe" not in policy
    assert "*" not in policy
    assert "default-src 'none'" in policy
    for kind in ("staff", "console", "parent", "error"):
        assert headers_of(kinds[kind])["cache-control"] == "no-store", kind


def test_over_https_every_answer_asks_for_it_for_good(settings):
    app = create_app(replace(settings, BASE_URL="https://code.trust.example"))
    client = app.test_client()
    for path in ("/", "/oak-lane/policy", "/nothing", "/healthz", "/static/build/app.css"):
        answer = client.get(path, headers={"Host": "code.trust.example"}, buffered=True)
        assert answer.headers["Strict-Transport-Security"] == "max-age=31536000", path
    app.extensions["trustconduct"].sessions.engine.dispose()


@pytest.mark.parametrize(
    "page",
    [
        "<style>p{}</style>",
        "<p style='color:red'>x</p>",
        "<p onclick='x()'>x</p>",
        "<script>x()</script>",
        "<a href=' javascript:x()'>x</a>",
        "<iframe src='/'></iframe>",
        "<svg><a xlink:href='javascript:x()'></a></svg>",
    ],
)
def test_the_tests_browser_sees_what_would_run_in_a_page(page):
    whole = f'<!DOCTYPE html><html lang="en"><title>x</title><body>{page}</body></html>'
    assert errors_in(whole)
    assert not errors_in(whole.replace(page, "<p>x</p>"))


# -- a Host that is not ours


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example"]
)
def test_a_forged_host_is_answered_400_and_stands_in_no_page(client, world, host, monkeypatch):
    monkeypatch.setattr(Pages, "SECONDS", 600)
    client.get("/oak-lane/policy")  # kept in memory, and not for that host
    for path in ("/", "/oak-lane/policy", "/account/sign-in", "/admin/", "/oak-lane/staff/"):
        answer = client.get(path, headers={"Host": host})
        assert answer.status_code == 400, path
        assert "evil" not in f"{answer.headers}{answer.text}"
    assert client.get("/oak-lane/policy", headers={"X-Forwarded-Host": host}).status_code == 200
    assert client.get("/healthz", headers={"Host": host}).text == "ok\n"


def test_over_https_only_the_configured_names_are_answered(settings):
    secure = replace(
        settings, BASE_URL="https://code.trust.example", TRUSTED_HOSTS="10.0.0.5, old.trust.example"
    )
    app = create_app(secure)
    client = app.test_client()

    def status(host):
        return client.get("/", headers={"Host": host}).status_code

    for good in ("code.trust.example", "code.trust.example:443", "10.0.0.5", "old.trust.example"):
        assert status(good) == 200, good
    for bad in ("localhost", "127.0.0.1", "trust.example", "x.code.trust.example", "evil.example"):
        assert status(bad) == 400, bad
    app.extensions["trustconduct"].sessions.engine.dispose()


def test_no_redirect_and_no_mail_follows_the_host_of_a_request(client, world, settings):
    user = world.oak.users[Role.OFFICE]
    forged = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"}
    for path in ("/oak-lane/staff/", "/account/", "/admin/"):
        answer = client.get(path, headers=forged)
        assert answer.location.startswith("/account/sign-in"), path
    client.sign_in(user)
    request = world.oak.requests[f"Lee {world.oak.canary}"]
    asks = "/oak-lane/staff/acknowledgements"
    client.post(
        f"{asks}/{request}/again",
        data={"csrf_token": client.csrf(f"{asks}/"), "generation": "1"},
        headers=forged,
    )
    envelope = Envelope(
        key=settings.SECRET_KEY, base_url="https://code.trust.example", mail_from="no@trust.example"
    )
    with world.sessions.school(world.oak.id) as session:
        contents = session.scalars(select(SchoolMessageContent)).all()
        mails = [
            envelope.mail(envelope.reference(one.id), one, slug="oak-lane").as_string()
            for one in contents
        ]
    assert len(mails) > 5
    assert not any("evil.example" in mail for mail in mails)
    linked = [mail for mail in mails if "/sign/" in mail]
    assert linked
    assert all("https://code.trust.example/oak-lane/sign/" in mail for mail in linked)


# -- scripts in what is stored

PAYLOADS = (
    "<script>boom()</script>",
    '"><img src=x onerror=boom()>',
    "'-boom()-'</title><svg onload=boom()>",
    "<a href=javascript:boom()>x</a>",
)
BAD = " ".join(PAYLOADS)


@pytest.fixture
def poisoned(app, ground):
    """A school in which a script stands in every field that takes words."""
    oak = ground.oak.id
    with ground.sessions.trust() as session, transaction(session):
        build.a_trust(session, f"Trust {BAD}")
        session.execute(update(School).where(School.id == oak).values(name=f"Oak {BAD}"))
    with ground.sessions.accounts() as session, transaction(session):
        users = [
            build.a_user(session, role, school, email=f"{role.value}@x.example", name=f"N {BAD}")
            for role, school in ((Role.HEADTEACHER, oak), (Role.TRUST_OFFICER, None))
        ]
        secrets = [build.an_authenticator(session, user) for user in users]
        known = [
            WorldUser(user.id, role, None, user.email, user.name, secret)
            for user, role, secret in zip(
                users, (Role.HEADTEACHER, Role.TRUST_OFFICER), secrets, strict=True
            )
        ]
    with ground.sessions.school(oak) as session, transaction(session):
        head = build.an_actor(Role.HEADTEACHER, oak, name=f"Head {BAD}")
        build.settings_filled(
            session, by=head, app_name=f"App {BAD}", telephone=f"0 {BAD}", email=f"e {BAD}",
            policies_url=f"https://x.example/{BAD}",
        )  # fmt: skip
        build.a_matrix(
            session,
            Matrix(
                purposes=(Purpose("ask", f"Ask {BAD}"),),
                routes=(Route("call", f"Call {BAD}", f"On {BAD}"),),
                ticks=frozenset({("call", "ask")}),
            ),
            by=head,
        )
        build.a_version(session, by=head)
        adult = build.an_adult(
            session, f"Alex {BAD}", child=f"Sam {BAD}", year=f"4 {BAD[:20]}", relationship="aunt"
        )
        request = build.a_request(session, adult)
        build.an_answer(session, request, Answer.TALK, typed_name="Alex", note=f"Note {BAD}")
        talk = talks(session)[0].id
    return known, request, talk


@pytest.fixture
def settings(settings, request):
    """Over the ground's database where the test takes `poisoned`."""
    if "poisoned" not in request.fixturenames:
        return settings
    ground = request.getfixturevalue("ground")
    return replace(settings, DATABASE_URL=ground.url)


def test_no_script_that_is_stored_runs_on_any_page(app, poisoned):
    """The tests' browser refuses a page with anything in it that would run."""
    (head, officer), request, talk = poisoned
    key = build.SECRET_KEY
    parent, staff, console = (app.test_client() for _ in range(3))
    staff.sign_in(head)
    console.sign_in(officer)
    link = f"/oak-lane/sign/{request.id}"
    parent.get(f"{link}/{token(key, 'sign', request.id, 1)}")
    pages = {
        parent: ["/", "/oak-lane/", "/oak-lane/policy", "/oak-lane/policy/1", "/oak-lane/contact",
                 "/oak-lane/privacy", "/oak-lane/accessibility", link, f"{link}?again=1",
                 "/account/sign-in", f"/account/sign-in?to=/{BAD}", "/oak-lane/nothing",
                 f"/oak-lane/sign/{request.id}/wrong"],
        staff: ["/oak-lane/staff/", "/oak-lane/staff/people/", "/oak-lane/staff/acknowledgements/",
                f"/oak-lane/staff/acknowledgements/talk/{talk}", "/oak-lane/staff/history/",
                f"/oak-lane/staff/history/?thing={request.id}",
                f"/oak-lane/staff/history/?since={BAD}&person={BAD}&kind={BAD}",
                "/oak-lane/staff/policy/", "/oak-lane/staff/policy/facts",
                "/oak-lane/staff/policy/bans", "/oak-lane/staff/policy/contact",
                "/oak-lane/staff/policy/preview", "/oak-lane/staff/people/roll",
                "/oak-lane/staff/acknowledgements/ask"],
        console: ["/admin/", "/admin/schools/", "/admin/people/", f"/admin/people/?search={BAD}",
                  "/admin/trust/", "/admin/history/", "/admin/editions/", "/admin/editions/1/",
                  f"/admin/people/details/?id={head.id}", "/admin/people/add"],
    }  # fmt: skip
    shown = 0
    for client, paths in pages.items():
        for path in paths:
            answer = client.get(path)
            assert answer.status_code < 500, path
            assert "<script>boom" not in answer.text, path
            assert "<img src=x" not in answer.text, path
            shown += "boom()" in answer.text
    assert shown > 25  # the scripts are there, as words


def test_no_script_or_line_break_in_a_name_reaches_the_head_of_a_mail(poisoned, ground):
    envelope = Envelope(key=build.SECRET_KEY, base_url="https://c.example", mail_from="n@c.example")
    with ground.sessions.school(ground.oak.id) as session:
        mails = [
            envelope.mail(envelope.reference(content.id), content, slug="oak-lane")
            for content in session.scalars(select(SchoolMessageContent))
        ]
    assert mails
    for mail in mails:
        assert mail.get_content_type() in ("text/plain", "multipart/mixed")
        assert all(part.get_content_maintype() in ("text", "multipart") for part in mail.walk())
        assert not any(part.get_content_subtype() == "html" for part in mail.walk())
        head = mail.as_string().partition("\n\n")[0]
        assert not [line for line in head.splitlines() if line.lower().startswith("bcc")]
