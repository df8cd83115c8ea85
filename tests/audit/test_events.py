"""The names of events, and their sentences."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select, union

from trustconduct.audit.events import Event
from trustconduct.audit.kinds import KINDS
from trustconduct.audit.models import SchoolAuditEvent, TrustAuditEvent
from trustconduct.audit.sentences import PLACE, SENTENCES, sentence_of
from trustconduct.db import Base

NAME = re.compile(r"[a-z]+(_[a-z]+)*\.([a-z]+)(_[a-z]+)*")
# Verbs whose past participle does not end in -ed. Add one that is English.
IRREGULAR = {
    "begun", "built", "chosen", "drawn", "found", "given", "gone", "heard", "held", "hung", "kept",
    "left", "let", "lost", "made", "met", "paid", "put", "read", "reset", "rung", "seen", "sent",
    "set", "shown", "shut", "split", "struck", "taken", "told", "undone", "withdrawn", "written",
}  # fmt: skip
NO_VERBS = {"need", "feed", "seed", "speed", "deed", "bed"}


@pytest.mark.static
@pytest.mark.parametrize("event", Event, ids=str)
def test_a_name_is_a_thing_and_what_happened_to_it(event):
    found = NAME.fullmatch(event.value)
    assert found, f"{event.value} is not thing.happened, in small letters"
    verb = found[2]
    past = (verb.endswith("ed") and verb not in NO_VERBS) or verb in IRREGULAR
    assert past, f"{event.value}: “{verb}” is no past participle (tests/audit/test_events.py)"
    assert event.name == re.sub(r"\W", "_", event.value).upper(), "the member is named alike"


@pytest.mark.static
@pytest.mark.parametrize("event", Event, ids=str)
def test_every_event_has_its_sentence(event):
    assert event in SENTENCES, (
        f"Event.{event.name} has no sentence: add one to trustconduct/audit/sentences.py"
    )
    sentence = SENTENCES[event]
    named = set(PLACE.findall(sentence.full)) - {"thing"}
    assert not named or sentence.bare, f"{event.value} needs words for when its details are gone"
    assert set(PLACE.findall(sentence.bare)) <= {"thing"}
    for words in (sentence.full, sentence.bare):
        assert not words.endswith("."), "the page puts the full stop"
        assert not words or words[0].islower(), "it goes on after a name"


@pytest.mark.static
def test_no_two_names_differ_only_in_their_letters():
    assert len({event.value.replace("_", "") for event in Event}) == len(Event)


@pytest.mark.static
def test_the_kinds_name_tables_that_there_are_each_once():
    listed = [table for kind in KINDS.values() for table in kind.tables]
    assert len(listed) == len(set(listed))
    no_tables = {"roll", "calendar_year"}  # of many rows
    assert set(listed) - no_tables <= Base.metadata.tables.keys()


def test_every_thing_that_happened_in_the_world_is_of_a_known_kind(world):
    found = set()
    for school in world.schools.values():
        with world.sessions.school(school.id) as session:
            found |= set(session.scalars(select(SchoolAuditEvent.thing_kind).distinct()))
    with world.sessions.trust() as session:
        found |= set(session.scalars(union(select(TrustAuditEvent.thing_kind))))
    assert found
    assert found <= {table for kind in KINDS.values() for table in kind.tables}


@pytest.mark.static
def test_a_detail_is_put_in_as_it_is_whatever_it_says():
    sentence = SENTENCES[Event.ROLL_TAKEN_IN]
    before, named, after = sentence.told({"adults": "{pupils}", "pupils": "{thing} {0.x} %s ${x}"})
    assert before == "took in a roll (new adults: {pupils}, new pupils: {thing} {0.x} %s ${x})"
    assert (named, after) == (False, "")


@pytest.mark.static
def test_an_event_of_a_later_release_still_shows():
    assert "ban.issued" in sentence_of("ban.issued").full
