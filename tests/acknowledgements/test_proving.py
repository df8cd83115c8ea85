"""A proof bundle holds together, and a change of any part of it is found."""

from __future__ import annotations

import io
import json
import random
import subprocess
import sys
import zipfile

import pytest

from tests import build
from trustconduct.acknowledgements.models import Answer, SignRequest
from trustconduct.acknowledgements.proving import NotToBeTaken, prove
from trustconduct.audit import proof, seals
from trustconduct.people.models import Adult
from trustconduct.people.untold import mark_untold


@pytest.fixture
def asked(oak):
    request = build.a_request(oak)
    build.an_answer(oak, request, Answer.DECLINED, note="We are moving house.")
    build.an_answer(oak, build.asked_again(oak, request.id), Answer.SIGNED)
    return oak.get_one(SignRequest, (oak.school_id, request.id))


@pytest.fixture
def bundle(oak, asked):
    return prove(oak, asked, by=build.a_head(oak))


def opened(bundle):
    with zipfile.ZipFile(io.BytesIO(bundle)) as files:
        return {name: files.read(name) for name in files.namelist()}


def packed(files, *, listed=True):
    """A bundle of these files, with a list that fits them: whoever forges makes one."""
    if listed:
        names = {name: proof.sha256(files[name]) for name in files if name != "files.json"}
        files = {**files, "files.json": proof.canonical(names) + b"\n"}
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as out:
        for name, content in files.items():
            out.writestr(name, content)
    return io.BytesIO(made.getvalue())


def test_a_bundle_holds_and_says_what_it_proves_and_what_not(bundle):
    found = proof.check(io.BytesIO(bundle))
    assert found.wrong == []
    said = proof.told(found)
    assert "is, to the letter, the text of version 1" in said
    assert "text.html is the page as it was published" in said
    assert "acknowledged the text" in said
    assert "would rather not sign" in said
    assert "Sent is not read." in said


def test_the_reason_for_declining_is_not_in_it(bundle):
    assert b"moving house" not in b"".join(opened(bundle).values())


def test_whoever_must_not_be_told_has_no_proof_taken_out(oak, asked):
    adult = oak.get_one(Adult, (oak.school_id, asked.adult_id))
    mark_untold(oak, adult, by=build.a_head(oak), because="A court order")
    with pytest.raises(NotToBeTaken):
        prove(oak, asked, by=build.a_head(oak))


def test_the_head_of_a_mail_is_compared(oak, bundle):
    ends = json.loads(opened(bundle)["proof.json"])["seals"]
    last = ends[-1]
    right = proof.check(io.BytesIO(bundle), {last["number"]: last["head"]})
    assert right.holds
    assert any("went out by mail" in line for line in right.proved)
    assert not proof.check(io.BytesIO(bundle), {last["number"]: "0" * 64}).holds
    other = proof.check(io.BytesIO(bundle), {999_999: "0" * 64})
    assert any("not in this bundle" in line for line in other.open)


def test_one_changed_byte_anywhere_is_found(bundle):
    files, chance = opened(bundle), random.Random(20260907)
    for name in files:
        for _ in range(20):
            content = bytearray(files[name])
            at = chance.randrange(len(content))
            content[at] ^= 1 << chance.randrange(7)
            try:
                found = proof.check(packed({**files, name: bytes(content)}, listed=False))
            except proof.NoBundle:
                continue
            assert found.wrong, (name, at)


def leaves_of(value, path=()):
    """Every place in a document that holds one value."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from leaves_of(inner, (*path, name))
    elif isinstance(value, list):
        for n, inner in enumerate(value):
            yield from leaves_of(inner, (*path, n))
    else:
        yield path


def changed(value, path):
    made = json.loads(json.dumps(value))
    at = made
    for step in path[:-1]:
        at = at[step]
    old = at[path[-1]]
    flip = {"left": "right", "right": "left"}
    if isinstance(old, str) and len(old) == 64:
        at[path[-1]] = ("0" if old[0] != "0" else "1") + old[1:]
    elif isinstance(old, str):
        at[path[-1]] = flip.get(old, old + "x")
    else:
        at[path[-1]] = 77 if not isinstance(old, bool) else not old
    return made


# Said beside the seals, and named so in what the check prints: nobody signed them.
BESIDE = {"made_at", "request", "notice", "person", "name"}


def test_each_part_that_is_under_a_seal_is_found_when_a_forger_changes_it(bundle):
    files = opened(bundle)
    whole = json.loads(files["proof.json"])
    tried = 0
    for path in leaves_of(whole):
        if path[0] in BESIDE or path[-1] in BESIDE:
            continue
        forged = {**files, "proof.json": proof.canonical(changed(whole, path))}
        try:
            found = proof.check(packed(forged))
        except proof.NoBundle:
            continue
        assert found.wrong, path
        tried += 1
    assert tried > 60


@pytest.mark.parametrize("name", ["text.json", "text.html"])
def test_another_text_with_a_list_that_fits_is_found(bundle, name):
    files = opened(bundle)
    forged = {**files, name: files[name].replace(b"school", b"Schule", 1)}
    assert proof.check(packed(forged)).wrong


def test_a_seal_of_another_school_is_refused(oak, elm, asked):
    build.a_request(elm)
    seals.seal(elm)
    foreign = seals.sealed_seal(seals.newest_seal(elm), elm.school_id)
    files = opened(prove(oak, asked, by=build.a_head(oak)))
    whole = json.loads(files["proof.json"])
    whole["seals"] = [foreign]
    found = proof.check(packed({**files, "proof.json": proof.canonical(whole)}))
    assert any("another school" in line for line in found.wrong)


def test_a_record_that_is_left_out_is_missed(bundle):
    files = opened(bundle)
    whole = json.loads(files["proof.json"])
    whole["events"] = [one for one in whole["events"] if one["event"]["event"] != "policy.signed"]
    found = proof.check(packed({**files, "proof.json": proof.canonical(whole)}))
    assert "No sealed record tells of this answer." in found.wrong


def test_what_is_no_bundle_is_refused_in_words():
    for bad, words in (
        (b"", "can't be read as a zip"),
        (b"PK\x03\x04nothing", "can't be read as a zip"),
    ):
        with pytest.raises(proof.NoBundle, match=words):
            proof.check(io.BytesIO(bad))
    with pytest.raises(proof.NoBundle, match="holds these files"):
        proof.check(packed({"a.txt": b"a"}))
    with pytest.raises(proof.NoHead):
        proof.heads_in(["12"])


def test_a_bundle_that_unpacks_to_a_gigabyte_is_not_unpacked(bundle):
    files = opened(bundle)
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as out:
        for name, content in files.items():
            if name != "text.html":
                out.writestr(name, content)
        with out.open("text.html", "w") as stream:
            for _ in range(1_024):
                stream.write(bytes(1 << 20))
    with pytest.raises(proof.NoBundle, match="larger than any"):
        proof.check(made)


def test_verify_py_of_the_bundle_runs_alone(bundle, tmp_path):
    (tmp_path / "proof.zip").write_bytes(bundle)
    (tmp_path / "verify.py").write_bytes(opened(bundle)["verify.py"])
    run = subprocess.run(
        [sys.executable, "-I", "-S", "verify.py", "proof.zip"],
        cwd=tmp_path, capture_output=True, text=True, check=False, env={"PYTHONUTF8": "1"},
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    assert "Everything in this bundle holds together." in run.stdout
    whole = bytearray(bundle)
    whole[len(whole) // 2] ^= 1
    (tmp_path / "proof.zip").write_bytes(bytes(whole))
    assert subprocess.run(
        [sys.executable, "-I", "-S", "verify.py", "proof.zip"],
        cwd=tmp_path, capture_output=True, check=False, env={"PYTHONUTF8": "1"},
    ).returncode  # fmt: skip
