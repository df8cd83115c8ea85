"""How the service says that it is well: alive, ready, and in figures."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from dataclasses import replace

import pytest
from sqlalchemy import create_engine, text

from config.base import ROOT, BadSetting, Settings
from migrations.newest import newest
from tests.browser import Browser
from trustconduct.app import create_app
from trustconduct.audit.actor import Role
from trustconduct.processes import FIGURES, figures_folder
from trustconduct.web.health import LOOK_AGAIN


@pytest.fixture
def with_(settings):
    """An app of other settings; gives its browser."""
    made = []

    def make(**other) -> Browser:
        app = create_app(replace(settings, **other))
        app.test_client_class = Browser
        made.append(app)
        return app.test_client()

    yield make
    for app in made:
        app.extensions["trustconduct"].sessions.engine.dispose()


def later(client):
    """The answer after the last one has run out."""
    time.sleep(LOOK_AGAIN + 0.1)
    return client.get("/readyz")


def change(servers, world, statement):
    engine = create_engine(servers.superuser_url(world.name))
    with engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()


def test_a_living_process_says_so_and_asks_no_server(with_):
    nowhere = with_(DATABASE_URL="postgresql+psycopg://x@127.0.0.1:9/x")
    assert nowhere.get("/healthz").text == "ok\n"


def test_ready_says_how_each_part_is(client, mailbox, with_):
    here = with_(SMTP_URL=mailbox.url).get("/readyz")
    assert here.status_code == 200
    assert here.json == {
        "ready": True, "postgresql": "ok", "tables": "ok", "redis": "ok", "mail": "ok",
    }  # fmt: skip


def test_without_redis_and_mail_server_it_is_ready_all_the_same(with_, tmp_path):
    answer = with_(REDIS_URL=f"unix://{tmp_path}/nothing.sock", SMTP_URL="smtp://127.0.0.1:9").get(
        "/readyz"
    )
    assert answer.status_code == 200
    assert (answer.json["redis"], answer.json["mail"]) == ("away", "away")


def test_without_postgresql_it_is_not_ready_and_says_so_soon(with_):
    began = time.monotonic()
    answer = with_(DATABASE_URL="postgresql+psycopg://x@127.0.0.1:9/x").get("/readyz")
    assert answer.status_code == 503
    assert (answer.json["ready"], answer.json["postgresql"]) == (False, "away")
    assert time.monotonic() - began < 2


def test_in_front_of_older_tables_it_is_not_ready_of_newer_ones_it_is(client, servers, world):
    assert client.get("/readyz").status_code == 200
    change(servers, world, "update alembic_version set version_num = '0001'")
    answer = later(client)
    assert (answer.status_code, answer.json["tables"]) == (503, "behind")
    change(servers, world, "update alembic_version set version_num = '9999'")
    assert later(client).status_code == 200


def test_the_newest_migration_is_read_from_the_files():
    assert (ROOT / "migrations/versions").glob(f"{newest()}_*.py")
    assert int(newest()) >= 9


def test_many_who_ask_cost_one_look(client, app, queries):
    with queries(app.extensions["trustconduct"].sessions.engine) as counted:
        for _ in range(20):
            client.get("/readyz")
    assert counted.n == 1


def test_figures_name_nobody(client, world):
    client.get("/oak-lane/policy")
    client.get("/oak-lane/nothing-here")
    client.get(f"/oak-lane/sign/{world.oak.requests['Jo Sample']}/made-up-token")
    client.send("/account/sign-in", email="jo@parents.example", password="wrong", to="")
    said = client.get("/metrics").text
    assert (
        'trustconduct_requests_total{method="GET",route="/<school>/policy",status="200"} 1.0'
        in said
    )
    assert 'route="none",status="404"' in said
    assert "trustconduct_sign_ins_refused_total 1.0" in said
    assert "trustconduct_database_up 1.0" in said
    for word in ("oak-lane", "made-up-token", "jo@", "Jo", world.oak.canary, str(world.oak.id)):
        assert word not in said


def test_figures_tell_how_the_outbox_stands(client, servers, world):
    said = client.get("/metrics").text
    waiting = float(said.partition("\ntrustconduct_outbox_waiting ")[2].split()[0])
    assert waiting > 0
    assert "trustconduct_outbox_parked 0.0" in said
    change(servers, world, "update outbox_school set parked_at = now() where sent_at is null")
    change(servers, world, "update outbox_trust set due_at = now() - interval '2 hours'")
    said = client.get("/metrics").text
    parked = float(said.partition("\ntrustconduct_outbox_parked ")[2].split()[0])
    assert parked == waiting
    # What somebody has seen to rings no alarm, nor does a school that is suspended on purpose.
    change(
        servers,
        world,
        "update outbox_school set settled_at = now() where parked_at is not null"
        f" and school_id = '{world.oak.id}'",
    )
    change(servers, world, "update school set suspended_at = now(), suspended_because = 'Closed'")
    said = client.get("/metrics").text
    assert "trustconduct_outbox_parked 0.0" in said


def test_without_postgresql_there_are_figures_all_the_same(with_):
    said = with_(DATABASE_URL="postgresql+psycopg://x@127.0.0.1:9/x").get("/metrics").text
    assert "trustconduct_database_up 0.0" in said
    assert "trustconduct_outbox" not in said


def test_from_another_machine_only_the_token_reads_figures(with_):
    client = with_(METRICS_TOKEN="a token of sixteen")
    far = {"REMOTE_ADDR": "203.0.113.9"}

    def status(headers=None, where=far):
        return client.get("/metrics", environ_base=where, headers=headers or {}).status_code

    assert status() == 403
    assert status({"Authorization": "Bearer wrong"}) == 403
    assert status({"Authorization": "Bearer é"}) == 403
    assert status({"Authorization": "Bearer a token of sixteen"}) == 200
    assert status(where={"REMOTE_ADDR": "127.0.0.1"}) == 200
    assert status(where={"REMOTE_ADDR": "::1"}) == 200
    assert status({"Authorization": "Bearer wrong"}, {"REMOTE_ADDR": "127.0.0.1"}) == 403


def test_what_a_proxy_passes_on_is_not_this_machine(with_):
    plain = with_()
    secure = with_(BASE_URL="https://code.trust.example", METRICS_TOKEN="a token of sixteen")
    passed = {"X-Forwarded-For": "203.0.113.9"}
    assert plain.get("/metrics", headers=passed).status_code == 403
    assert secure.get("/metrics", headers=passed).status_code == 403
    forged = {"X-Forwarded-For": "127.0.0.1, 203.0.113.9"}
    assert secure.get("/metrics", headers=forged).status_code == 403
    # A proxy on this machine may say nothing of whom it speaks for.
    assert secure.get("/metrics").status_code == 403
    token = {"Authorization": "Bearer a token of sixteen"}
    assert secure.get("/metrics", headers=token).status_code == 200


def test_a_short_token_stops_the_start():
    with pytest.raises(BadSetting, match="METRICS_TOKEN must have at least 16"):
        Settings(SECRET_KEY="x" * 32, METRICS_TOKEN="short")
    with pytest.raises(BadSetting, match="LOG_FORMAT must be json, words or blank"):
        Settings(SECRET_KEY="x" * 32, LOG_FORMAT="xml")


COUNTS = """
from trustconduct.web.measures import Measures
measures = Measures()
measures.answered("GET", "/", 200, 0.01)
print(measures.text(None).decode())
"""


def test_the_figures_of_two_processes_are_added_up(tmp_path):
    env = {**os.environ, **figures_folder(tmp_path, 8000)}
    said = [
        subprocess.run(
            [sys.executable, "-c", COUNTS], env=env, cwd=ROOT, capture_output=True, text=True,
            check=True,
        ).stdout
        for _ in range(2)
    ]  # fmt: skip
    line = 'trustconduct_requests_total{method="GET",route="/",status="200"}'
    assert f"{line} 1.0" in said[0]
    assert f"{line} 2.0" in said[1]
    assert list((tmp_path / "figures/8000").iterdir())
    figures_folder(tmp_path, 8000)
    assert not list((tmp_path / "figures/8000").iterdir())


def test_a_folder_that_cant_be_written_to_stops_the_start(tmp_path):
    (tmp_path / "figures").write_text("a file")
    with pytest.raises(BadSetting, match="VAR must be a folder"):
        figures_folder(tmp_path, 8000)
    assert FIGURES not in os.environ


def test_nobody_needs_to_sign_in_for_them(client, world):
    for path in ("/healthz", "/readyz", "/metrics"):
        assert client.get(path).status_code == 200
        assert "set-cookie" not in client.get(path).headers
    client.sign_in(world.oak.users[Role.TEACHER])
    assert client.get("/readyz").status_code == 200


def test_a_mail_server_that_never_answers_holds_nobody_up(with_):
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(1)
        began = time.monotonic()
        answer = with_(SMTP_URL=f"smtp://127.0.0.1:{deaf.getsockname()[1]}").get("/readyz")
    assert answer.json["mail"] == "ok"
    assert time.monotonic() - began < 2
