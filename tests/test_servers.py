"""The folders of test runs: what a killed run left goes, and never the folder of another."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests import servers


def test_what_a_killed_run_left_is_ended_and_the_next_run_has_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = tmp_path / "runs"
    monkeypatch.setattr(servers, "RUNS", runs)
    ended = subprocess.Popen(["true"])
    ended.wait()
    (runs / f"{ended.pid}-killed").mkdir(parents=True)

    run = servers.new_run()

    assert list(runs.iterdir()) == [run]


def test_a_run_that_ends_leaves_room_for_one_about_to_begin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = tmp_path / "runs"
    monkeypatch.setattr(servers, "RUNS", runs)

    servers.end_run(servers.new_run())

    assert servers.new_run().parent == runs
