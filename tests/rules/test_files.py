"""Few, deep modules: what the files of the service may be."""

from __future__ import annotations

import ast
import os
import re
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.static

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "trustconduct"
MOST_LINES = 400
FOLDERS = {
    "accounts",
    "acknowledgements",
    "admin",
    "audit",
    "contact_matrix",
    "demo",
    "files",
    "jobs",
    "bans",
    "conduct",
    "letters",
    "outbox",
    "languages",
    "oversight",
    "people",
    "policies",
    "reviews",
    "schools",
    "sealed",
    "tenants",
    "web",
}
FILES = {
    "__init__.py",
    "app.py",
    "cli.py",
    "clock.py",
    "csv_lists.py",
    "db.py",
    "embedded.py",
    "excel_lists.py",
    "embedded_place.py",
    "mail_catcher.py",
    "own_postgres.py",
    "plain_log.py",
    "preflight.py",
    "processes.py",
    "ready.py",
    "refusals.py",
    "said.py",
    "supervise.py",
    "warden.py",
}
SAY_NOTHING = {"utils", "util", "helpers", "common", "services", "repositories", "managers"}
NOT_OURS = {".venv", "node_modules", "var", ".git", "build", "__pycache__", ".hypothesis"}


def python_files() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def tracked() -> list[Path]:
    """Every text file that would be committed."""
    found = []
    for path in ROOT.rglob("*"):
        parts = path.relative_to(ROOT).parts
        if NOT_OURS & {*parts} or any(part.endswith("_cache") for part in parts):
            continue
        if path.is_file() and path.suffix not in (".woff2", ".br", ".gz", ".png", ".pyc"):
            found.append(path)
    return found


def test_no_file_is_longer_than_can_be_read_at_one_sitting():
    long = {
        str(path.relative_to(ROOT)): lines
        for path in python_files()
        if (lines := len(path.read_text("utf-8").splitlines())) > MOST_LINES
    }
    assert long == {}


def test_no_import_stands_inside_a_function():
    """It would hide a circle."""
    found = []
    for path in python_files():
        for function in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
                found += [
                    f"{path.relative_to(ROOT)}:{node.lineno}"
                    for node in ast.walk(function)
                    if isinstance(node, ast.Import | ast.ImportFrom)
                ]
    assert found == []


def test_the_parts_of_the_service_are_the_known_ones():
    there = {
        path.name
        for path in PACKAGE.iterdir()
        if path.name != "__pycache__" and (path.is_dir() or path.suffix == ".py")
    }
    assert {name for name in there if "." not in name} == FOLDERS
    assert {name for name in there if "." in name} <= FILES


def test_no_name_says_nothing():
    named = [path for path in PACKAGE.rglob("*") if path.stem.lower() in SAY_NOTHING]
    assert named == []


def test_the_architecture_guide_names_every_folder_and_file_at_the_top():
    """Whoever comes new finds the way by it; read from the disk, so that no list is forgotten."""
    guide = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    folders = {f"{path.name}/" for path in PACKAGE.iterdir() if (path / "__init__.py").exists()}
    files = {path.name for path in PACKAGE.glob("*.py") if path.name != "__init__.py"}
    tests = {f"{name}/" for name in ("bench", "pages", "rules")}
    missing = {name for name in folders | files | tests if f"`{name}" not in guide}
    assert missing == set(), "say in docs/architecture.md what each of these is, as `name`"


def test_the_architecture_guide_names_only_what_is_there():
    guide = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    named = set(re.findall(r"`([\w./]+\.(?:py|md|txt|toml))`", guide))
    there = {path.name for path in tracked()}
    assert {name for name in named if name.rpartition("/")[2] not in there} == set()


def test_the_decisions_are_numbered_in_one_row_and_each_is_one_page():
    """A number that is taken twice breaks the links to it."""
    pages = sorted((ROOT / "docs" / "adr").glob("*.md"))
    numbers = [int(path.name[:4]) for path in pages]
    assert len(numbers) == len(set(numbers))
    for path in pages:
        assert len(path.read_text("utf-8").split()) < 700, path.name


def test_make_alone_lists_every_target_that_a_person_types():
    """`browser`, `pango` and `stop` are parts of others."""
    made = (ROOT / "Makefile").read_text("utf-8")
    targets = set(re.search(r"^\.PHONY: (.*)$", made, re.M)[1].split())
    targets -= {"browser", "pango", "stop"}
    plain = {"PATH": os.environ["PATH"]}  # within `make test` this would be a make within make
    listed = subprocess.run(
        ["make"], cwd=ROOT, env=plain, capture_output=True, text=True, check=True
    ).stdout
    assert {line.split()[1] for line in listed.splitlines()} == targets
    assert all(len(line.split(maxsplit=2)) == 3 for line in listed.splitlines())


def test_what_is_checked_before_a_commit_is_what_make_checks():
    """And nothing is fetched for it: a hook of somebody else's is code of somebody else's."""
    said = (ROOT / ".pre-commit-config.yaml").read_text("utf-8")
    assert re.findall(r"repo: (.*)", said) == ["local"]
    assert re.findall(r"entry: (.*)", said) == ["make check"]
    assert "make check; make test; on_debian" in (ROOT / ".ci" / "run").read_text("utf-8")


REGISTRIES = re.compile(
    r"https?://[^\s\"']*(?:artifactory|nexus|/simple/|/api/npm/|/api/pypi/|devpi|:4873)"
    r"|index-url\s*[= ]\s*https?:|\bregistry\s*=\s*https?:|\"resolved\":",
    re.I,
)
# People's folders, and where this copy stands; but not a place that every machine has.
_HERE = {ROOT.parent} - {Path(each) for each in ("/", "/tmp", "/opt", "/srv", "/usr/src")}
MACHINE = re.compile("|".join([*(re.escape(f"{at}/") for at in _HERE), "/root/", "/home/[a-z]+/"]))


def test_no_file_names_a_registry_or_a_path_of_somebodys_machine():
    found = []
    for path in tracked():
        if path == Path(__file__):
            continue
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(text.splitlines(), start=1):
            if REGISTRIES.search(line) or MACHINE.search(line):
                found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}")
    assert found == []


def test_the_rules_never_commit():
    """Two rules that a door calls stand or fall together (law 2)."""
    doors = ("web", "admin", "jobs", "api", "demo")
    # A session that only reads ends by a commit, of nothing.
    ends_reading = PACKAGE / "tenants" / "sessions.py"
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in python_files()
        if path.parent != PACKAGE and path.parent.name not in doors and path != ends_reading
        for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1)
        if re.search(r"\.(commit|rollback)\(\)|\btransaction\(", line)
    ]
    assert found == []


def test_only_the_clock_says_what_time_it_is():
    """Else a test that moves the clock leaves half of the service behind."""
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in python_files()
        if path.name not in ("clock.py", "embedded.py", "supervise.py")
        for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1)
        if re.search(r"datetime\.(now|utcnow)\(|date\.today\(|func\.now\(|\btime\.time\(", line)
    ]
    assert found == []
