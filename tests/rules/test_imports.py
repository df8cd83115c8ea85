"""Imports look down only, and the rules know nothing of the doors."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.static
NOT_RULES = {
    "admin",
    "api",
    "app",
    "cli",
    "demo",
    "embedded",
    "jobs",
    "mail_catcher",
    "preflight",
    "processes",
    "refusals",
    "said",
    "supervise",
    "web",
}


def contracts() -> dict[str, dict]:
    config = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    return {each["id"]: each for each in config["tool"]["importlinter"]["contracts"]}


def test_the_import_contracts_are_kept():
    lint = Path(sys.executable).parent / "lint-imports"
    told = subprocess.run(
        [lint, "--no-logo", "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert told.returncode == 0, told.stdout + told.stderr


def test_every_part_that_holds_rules_is_kept_from_the_doors():
    """A new folder must not slip past the contract by standing in no list."""
    there = {
        path.stem
        for path in (ROOT / "trustconduct").iterdir()
        if (path.suffix == ".py" or (path / "__init__.py").exists()) and path.stem != "__init__"
    }
    listed = {name.removeprefix("trustconduct.") for name in contracts()["doors"]["source_modules"]}
    listed = {name for name in listed if "." not in name}  # a folder may hold more than rules
    assert there - NOT_RULES == listed
