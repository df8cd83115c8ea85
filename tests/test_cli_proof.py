"""The commands that look whether the record was changed, and a proof that somebody brought."""

from __future__ import annotations

import json
import zipfile

import pytest
from sqlalchemy import create_engine, text

from tests import build
from tests.test_cli import run  # noqa: F401 -- the fixture
from trustconduct.audit.actor import Role
from trustconduct.jobs import sealing

PROOF = "Take the proof"


@pytest.fixture
def bundle(client, world, tmp_path):
    """A proof, as the head takes it out."""
    client.sign_in(world.oak.users[Role.HEADTEACHER])
    request_id = world.oak.requests["Alex Sample"]
    page = f"/oak-lane/staff/people/{world.oak.adults['Alex Sample']}/"
    answer = client.post(
        f"/oak-lane/staff/acknowledgements/{request_id}/proof",
        data={"csrf_token": client.csrf(page)},
    )
    assert answer.status_code == 200, answer.text
    assert answer.mimetype == "application/zip"
    file = tmp_path / "proof.zip"
    file.write_bytes(answer.data)
    return file


def test_a_head_takes_out_a_proof_and_the_command_says_what_it_proves(run, bundle):  # noqa: F811
    said = run("verify-proof", bundle)
    assert said.exit_code == 0, said.output
    assert "acknowledged the text" in said.output
    with zipfile.ZipFile(bundle) as files:
        last = json.loads(files.read("proof.json"))["seals"][-1]
    by_head = run("verify-proof", bundle, "--head", f"{last['number']}:{last['head']}")
    assert "went out by mail: the head is the same" in by_head.output
    wrong = run("verify-proof", bundle, "--head", f"{last['number']}:{'0' * 64}")
    assert wrong.exit_code == 2
    assert "Do not rely on this bundle" in wrong.output
    assert run("verify-proof", bundle, "--head", "x").exit_code == 2


def test_what_is_no_proof_ends_in_one_sentence(run, tmp_path):  # noqa: F811
    file = tmp_path / "photo.zip"
    file.write_bytes(b"a picture")
    said = run("verify-proof", file)
    assert said.exit_code == 2
    assert "can't be read as a zip file" in said.output


def test_the_page_of_a_person_offers_the_proof_to_who_may_export(client, world):
    page = f"/oak-lane/staff/people/{world.oak.adults['Alex Sample']}/"
    client.sign_in(world.oak.users[Role.HEADTEACHER])
    assert PROOF in client.get(page).text
    client.sign_in(world.oak.users[Role.PASTORAL])
    assert PROOF not in client.get(page).text


def test_the_walk_names_what_was_changed(run, world, servers, tmp_path):  # noqa: F811
    sealing.seal_all(world.sessions)
    assert run("verify-audit").exit_code == 0
    with world.sessions.trust() as session:
        heads = sealing.newest_heads(session, build.the_trust(session))
    mail = tmp_path / "seals.eml"
    lines = "\n".join(f"{one.of} {one.number}:{one.head}" for one in heads)
    mail.write_text(f"Subject: seals\n\n{lines}\n", "utf-8")
    assert "Every event stands as it was sealed." in run("verify-audit", "--mail", mail).output
    engine = create_engine(servers.superuser_url(world.name))
    with engine.begin() as connection:
        connection.execute(text("set session_replication_role = replica"))
        connection.execute(text("update audit_event_school set event = 'adult.left'"))
    engine.dispose()
    said = run("verify-audit")
    assert said.exit_code == 2
    assert "was changed after it was sealed" in said.output
