"""The Trust's words for letters, in the console."""

from __future__ import annotations

import re

from trustconduct.letters.kinds import KINDS
from trustconduct.letters.shipped import shipped

PAGE = "/admin/letters/plain/"


def typed(**changed: str) -> dict[str, str]:
    words = {f"words-{part}": text for part, text in shipped("plain")["words"].items()}
    return {**words, "seen": "0", **changed}


def seen_to_approve(page: str) -> str:
    return re.findall(r'name="seen" value="(\d+)"', page)[-1]


def test_words_are_drafted_refused_by_name_and_approved_with_a_solicitor(officer):
    page = officer.get("/admin/letters/").text
    assert "A solicitor must approve them" in page
    assert page.count("In use: version 1") == len(KINDS)
    for words, why in (
        ("Ask {school.fax}.", "{school.fax} is no field"),
        ("{{7*7}}", "{7*7} is no field"),
        ("Appeal to the Ombudsman.", "hear no appeal"),
        ("", "Write the words"),
    ):
        answer = officer.send(PAGE, page=PAGE, **typed(**{"words-opening": words}))
        assert answer.status_code == 422
        assert why in answer.text
    assert officer.send(PAGE, page=PAGE, **typed()).status_code == 303
    second = officer.send(PAGE, page=PAGE, **typed(**{"words-opening": "Other words."}))
    assert second.status_code == 409
    assert "Other words." in second.text
    seen = seen_to_approve(officer.get(PAGE).text)
    approve = f"{PAGE}approve"
    blank = officer.send(approve, page=PAGE, solicitor="", seen=seen)
    assert "Say which solicitor" in officer.get(blank.headers["Location"]).text
    officer.send(approve, page=PAGE, solicitor="A. Sample, 1 May 2026", seen=seen)
    assert "In use: version 2" in officer.get("/admin/letters/").text
    assert officer.send(approve, page=PAGE, solicitor="A", seen=seen).status_code == 404


def test_the_legal_words_are_never_open_to_schools(officer):
    at = "/admin/letters/confirmed/"
    page = officer.get(at).text
    assert 'name="open-exceptions"' in page
    assert 'name="open-legal"' not in page
    words = {f"words-{part}": text for part, text in shipped("confirmed")["words"].items()}
    answer = officer.send(at, page=at, **words, **{"seen": "0", "open-legal": "yes"})
    assert answer.status_code == 422


def test_when_a_letter_counts_as_served_is_the_trusts(officer):
    at, rules = "/admin/letters/", "/admin/letters/rules"
    wrong = officer.send(rules, page=at, post_days="40", advice="")
    assert wrong.status_code == 422
    assert "from 1 to 10" in wrong.text
    kept = officer.send(rules, page=at, post_days="3", advice="Ask Anytown Advice.")
    assert kept.status_code == 303
    assert "Ask Anytown Advice." in officer.get(at).text
