"""Every rule asks whether the person may, before it changes anything.

A door has its guard, and forgets it one day; the rule must refuse by itself. So each
rule is called here by someone who may do everything else.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
import textwrap
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest

import trustconduct
from tests.rules.permissions import ACCOUNTS, RULES, SCHOOL, SOMEBODY, TRUST, UNSIGNED, Asks
from tests.rules.test_imports import contracts
from tests.rules.writes import written
from trustconduct.accounts import permissions
from trustconduct.accounts.permissions import Can, NotAllowed
from trustconduct.audit.actor import Actor, Grant, Role

# Reads what is written by these; `record` and `write` are rules' own words for it.
WRITES = {"add", "add_all", "delete", "merge", "insert", "update", "insert_rows", "record", "write"}


def rule_modules() -> Iterator[Any]:
    """Every module of the folders that hold rules; the import contract lists the folders.

    And the modules with rules of a folder that holds other things as well.
    """
    for name in contracts()["doors"]["source_modules"]:
        package = importlib.import_module(name)
        if hasattr(package, "__path__"):
            for each in pkgutil.walk_packages(package.__path__, f"{name}."):
                yield importlib.import_module(each.name)
        elif name.count(".") > 1:
            yield package


def public_functions() -> dict[str, Callable]:
    """Every public function and method of the rules, by its name below `trustconduct`."""
    found: dict[str, Callable] = {}
    for module in rule_modules():
        place = module.__name__.removeprefix(f"{trustconduct.__name__}.")
        holders = [(place, module)]
        holders += [
            (f"{place}.{each.__name__}", each)
            for _, each in inspect.getmembers(module, inspect.isclass)
            if each.__module__ == module.__name__ and not each.__name__.startswith("_")
        ]
        for where, holder in holders:
            for name, function in vars(holder).items():  # getmembers would ask SQLAlchemy's
                own = inspect.isfunction(function) and function.__module__ == module.__name__
                if own and not name.startswith("_"):
                    found[f"{where}.{name}"] = function
    return found


def has(function: Callable, parameter: str) -> bool:
    return parameter in inspect.signature(function).parameters


def writes(function: Callable, seen: frozenset[Callable] = frozenset()) -> bool:
    """Whether its code, or a private function of its module that it calls, changes a row.

    By reading: it adds, inserts, records, or sets something of an object that it did
    not make itself. A false alarm costs a line in UNSIGNED, a miss costs more.
    """
    module = inspect.getmodule(function)
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    made_here = {"self"} | {
        ast.unparse(target)
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)
        if ast.unparse(node.value.func).rpartition(".")[2][:1].isupper()
        for target in node.targets
    }
    for node in ast.walk(tree):
        set_ = isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)
        if set_ and ast.unparse(node.value) not in made_here:
            return True
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            of = ast.unparse(node.func.value) if isinstance(node.func, ast.Attribute) else "session"
            if name in WRITES and of == "session":
                return True
            called = getattr(module, name, None) if isinstance(node.func, ast.Name) else None
            if (
                inspect.isfunction(called)
                and called.__name__.startswith("_")
                and called not in seen
                and has(called, "session")
                and writes(called, seen | {function, called})
            ):
                return True
    return False


def asked() -> dict[str, Asks]:
    """Every entry that asks, by the rule's name; one of several by what it asks and where too."""
    found = {}
    for name, entry in RULES.items():
        if isinstance(entry, Asks):
            found[name] = entry
        elif isinstance(entry, tuple):
            found |= {f"{name} {each.can.name} {each.scope}": each for each in entry}
    return found


ASKED = asked()


def line_for(name: str, function: Callable) -> str:
    """The line to add to the table, as far as it can be guessed."""
    asked = re.search(
        r"permit\(by, Can\.(\w+)(?:, session\.(scope\.)?(school_id))?", inspect.getsource(function)
    )
    if not asked:
        return f'    "{name}": Free("why anyone may"),   # or let it call permit(by, Can.…) first'
    needed = [
        f"{each.name}=…"
        for each in inspect.signature(function).parameters.values()
        if each.name not in ("session", "by") and each.default is inspect.Parameter.empty
    ]
    if asked[2]:
        return f'    "{name}": at_both(Can.{asked[1]}, lambda s: given({", ".join(needed)})),'
    scope = "SCHOOL" if asked[3] else "TRUST"
    if name.startswith("accounts."):
        scope = "ACCOUNTS"
    return f'    "{name}": Asks(Can.{asked[1]}, {scope}, lambda s: given({", ".join(needed)})),'


@pytest.mark.static
def test_every_rule_is_in_the_table():
    there = public_functions()
    signed = {name for name, function in there.items() if has(function, "by")}
    new = [line_for(name, there[name]) for name in sorted(signed - RULES.keys())]
    assert not new, "add to RULES in tests/rules/permissions.py:\n" + "\n".join(new)
    assert RULES.keys() - signed == set(), "these are no rules any more"


@pytest.mark.static
def test_what_writes_says_by_whom():
    there = public_functions()
    unsigned = {
        name
        for name, function in there.items()
        if has(function, "session") and not has(function, "by") and writes(function)
    }
    new = sorted(unsigned - UNSIGNED.keys())
    assert not new, (
        "these write without `by`: give them one, or add to UNSIGNED in"
        " tests/rules/permissions.py why not:\n"
        + "\n".join(f'    "{name}": "why",' for name in new)
    )
    assert UNSIGNED.keys() - unsigned == set(), "these do not write any more"


@pytest.mark.static
def test_every_permission_is_asked_by_a_rule_or_only_opens_pages():
    """A permission that no rule asks for is one that a door alone keeps."""
    asked = {entry.can for entry in ASKED.values()}
    pages = {
        Can.SEE_SCHOOL,
        Can.SEE_PEOPLE,
        Can.SEE_ANSWERS,
        Can.SEE_LETTERS,
        Can.SEE_CASES,
        Can.SEE_BANS,
        Can.SEE_CONTACT_PLAN,
        Can.CALL_FIRST,
        Can.SEE_ASSIGNED,
    }
    assert set(Can) - asked == pages


# -- each of them, called


# Those that only look.
LOOKS = {Can.SEE_CONSOLE, Can.SEE_HISTORY, Can.SEE_MAIL}


class MadeUp(str):
    """A role that the table of roles does not know."""

    word = "Made up"


def someone(monkeypatch, may: set[Can], school_id: UUID | None, real: Role | None = None) -> Actor:
    """An actor with a role made up for this test, that may do exactly this, here and nowhere.
    A `real` role is one that a school's settings name; it may do this alone as well.

    They gave a code just now: that one is asked for is tests/web/test_fresh_factor.py's.
    """
    role: Any = real or MadeUp("made up")
    at = frozenset(may)
    monkeypatch.setitem(permissions.AT_SCHOOL, role, at)
    monkeypatch.setitem(permissions.AT_TRUST, role, at)
    return Actor("user", SOMEBODY, "Somebody", frozenset({Grant(role, school_id)}), fresh=True)


@pytest.fixture
def case(request, oak, trust, accounts, schools):
    """A rule, ready to be called: `call(by)` in the session of its entry."""
    entry = ASKED[request.param]
    session = {SCHOOL: oak, TRUST: trust, ACCOUNTS: accounts}[entry.scope]
    prepared = entry.with_(session)
    session.flush()
    function = public_functions()[request.param.partition(" ")[0]]

    def call(by: Actor) -> Any:
        return function(session, *prepared.args, by=by, **prepared.more)

    here = schools.oak.id if entry.place == SCHOOL else None
    elsewhere = [schools.elm.id, None] if here else [schools.oak.id]
    return entry, session, call, here, elsewhere


each_rule = pytest.mark.parametrize("case", sorted(ASKED), indirect=True)


@each_rule
def test_a_rule_refuses_who_may_do_everything_but_this(case, monkeypatch):
    entry, session, call, here, _ = case
    by = someone(monkeypatch, set(Can) - {entry.can}, here)
    with written(session.get_bind()) as statements, pytest.raises(NotAllowed):
        call(by)
    assert statements == [], "it wrote before it asked"
    assert not session.new
    assert not session.dirty


@each_rule
def test_a_rule_refuses_who_may_do_it_elsewhere(case, monkeypatch):
    """At a sister school or at the Trust; at a school, where it is the Trust's to do."""
    _, session, call, _, elsewhere = case
    for place in elsewhere:
        with written(session.get_bind()) as statements, pytest.raises(NotAllowed):
            call(someone(monkeypatch, set(Can), place))
        assert statements == []
        assert not session.new
        assert not session.dirty


@each_rule
def test_a_rule_lets_who_may_do_this_and_nothing_else(case, monkeypatch):
    """So the two tests above were refused for the permission and for nothing else."""
    entry, session, call, here, _ = case
    with written(session.get_bind()) as statements:
        call(someone(monkeypatch, {entry.can, *entry.also}, here, entry.role))
        session.flush()
    assert bool(statements) == (entry.can not in LOOKS and not entry.idle)
