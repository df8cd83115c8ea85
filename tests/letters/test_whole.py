"""A letter that lacks a part can't go out: for each kind, each part in turn."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import time_machine
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tests import build
from tests.letters import rows
from trustconduct import clock
from trustconduct.accounts.permissions import NotAllowed
from trustconduct.audit.actor import Role
from trustconduct.letters.approve import (
    NotWhole,
    ReasonMissing,
    SecondPersonNeeded,
    approve_letter,
    withdraw_letter,
)
from trustconduct.letters.checks import lacking, ways_to
from trustconduct.letters.compose import draft_of
from trustconduct.letters.kinds import KINDS, Form
from trustconduct.letters.models import FrozenLetter, Way
from trustconduct.letters.parts import PartRefused, checked, tidy
from trustconduct.letters.reading_age import reading_age
from trustconduct.letters.records import Record, _sources, record_source
from trustconduct.letters.shipped import shipped
from trustconduct.letters.signatories import add_signatory, ask_for_second_person
from trustconduct.letters.wordings import in_use
from trustconduct.letters.write import (
    LetterMoved,
    LetterRefused,
    begin_letter,
    drop_letter,
    fill_part,
    look_again,
    write_anew,
)
from trustconduct.people.models import Pupil
from trustconduct.people.untold import keep_apart, mark_untold
from trustconduct.policies.document import sha256

EVERY_PART = [
    (kind.id, part.id)
    for kind in KINDS.values()
    for part in kind.parts
    if part.form is not Form.TRUST
]
EVERY_TRUST_PART = [(kind.id, part.id) for kind in KINDS.values() for part in kind.worded_by_trust]


@pytest.mark.parametrize("kind", KINDS)
def test_a_letter_with_all_its_parts_is_approved_and_frozen(oak, kind):
    letter = rows.a_letter(oak, kind)
    draft = draft_of(oak, letter)
    assert [one.words for one in draft.against] == []
    frozen = rows.approved(oak, letter)
    assert frozen.sha256 == sha256(frozen.text)
    assert letter.frozen_at is not None
    assert "[not known yet]" not in frozen.html


@pytest.mark.parametrize(("kind", "part"), EVERY_PART)
def test_without_any_one_part_it_is_refused(oak, kind, part):
    letter = rows.a_letter(oak, kind)
    letter.parts = {name: value for name, value in letter.parts.items() if name != part}
    oak.flush()
    with pytest.raises(NotWhole) as no:
        rows.approved(oak, letter)
    assert part in {one.part for one in no.value.against}
    assert KINDS[kind].part(part).lacking in str(no.value)
    assert letter.frozen_at is None


@pytest.mark.parametrize(("kind", "part"), EVERY_TRUST_PART)
def test_without_any_one_of_the_trusts_words_it_is_refused(oak, kind, part):
    wording = in_use(oak, KINDS[kind])
    left = {name: words for name, words in wording.words.items() if name != part}
    oak.expunge(wording)
    wording.body = {**wording.body, "words": left}
    found = lacking(KINDS[kind], rows.values(oak, KINDS[kind]), wording)
    assert [one.words for one in found if one.part == "trust"] == [KINDS[kind].part(part).lacking]


@pytest.mark.parametrize("kind", KINDS)
def test_what_ships_words_every_part_in_fields_that_the_kind_knows(kind):
    words = shipped(kind)["words"]
    assert words.keys() == {part.id for part in KINDS[kind].worded_by_trust}
    assert all(reading_age(text) is None or reading_age(text) <= 16 for text in words.values())


def test_how_to_answer_stands_where_days_to_answer_are_given():
    for kind in KINDS.values():
        assert bool(kind.part("answer")) == bool(kind.part("how_to_answer")), kind.id


def test_the_way_the_signatory_and_the_reply_are_needed_as_well(oak):
    rows.ready(oak)
    letter = begin_letter(oak, rows.an_addressee(oak), KINDS["plain"], by=build.a_head(oak))
    places = {one.part for one in draft_of(oak, letter).against}
    assert {"way", "signatory", "body", "contact"} <= places


def test_a_signatory_whose_time_is_over_signs_nothing(oak):
    letter = rows.a_letter(oak)
    over = add_signatory(
        oak, by=build.a_head(oak), name="Lee Sample", role="Acting headteacher",
        from_on=date(2020, 1, 1), until_on=date(2020, 2, 1),
    )  # fmt: skip
    letter.signatory_id = over.id
    oak.flush()
    with pytest.raises(NotWhole, match="may not sign letters today"):
        rows.approved(oak, letter)


def test_a_meeting_in_the_past_or_on_a_holiday_is_refused(oak):
    letter = rows.a_letter(oak)
    meeting = letter.parts["meeting"]
    saturday = rows.school_day(oak)
    while saturday.weekday() != 5:
        saturday += timedelta(days=1)
    for on, words in ((saturday, "is no school day"), (clock.today(), "not ahead any more")):
        letter.parts = {**letter.parts, "meeting": {**meeting, "day": on.isoformat()}}
        oak.flush()
        with pytest.raises(NotWhole, match=words):
            rows.approved(oak, letter)
    kind = KINDS["confirmed"]
    yesterday = (clock.today() - timedelta(days=1)).isoformat()
    with pytest.raises(PartRefused, match="past"):
        checked(kind, kind.part("ends_on"), {"day": yesterday}, open=False)


def test_a_childs_whole_name_and_one_they_are_kept_from_stand_in_no_letter(oak):
    head = build.a_head(oak)
    adult, other = rows.an_addressee(oak), rows.an_addressee(oak, "Alex Other", address="")
    oak.add(Pupil(name="Robin Sample", name_key="robin sample"))
    keep_apart(oak, adult, other, by=head, because="Court order")
    letter = rows.a_letter(oak, "plain", adult=adult)
    letter.parts = {**letter.parts, "body": "ROBIN  sample was seen with Alex Other."}
    oak.flush()
    with pytest.raises(NotWhole) as no:
        rows.approved(oak, letter)
    assert "Use initials: R.S." in str(no.value)
    assert "must not learn of each other" in str(no.value)


def test_nobody_who_must_not_be_told_is_written_to(oak):
    head, adult = build.a_head(oak), rows.an_addressee(oak)
    letter = rows.a_letter(oak, adult=adult)
    mark_untold(oak, adult, by=head, because="Court order")
    with pytest.raises(NotWhole, match="must not be told"):
        rows.approved(oak, letter)
    with pytest.raises(LetterRefused, match="must not be told"):
        begin_letter(oak, adult, KINDS["plain"], by=head)


def test_no_letter_goes_to_an_address_that_another_adult_uses(oak):
    adult = rows.an_addressee(oak, email="family@parents.example")
    other = rows.an_addressee(oak, "Alex Sample", email="family@parents.example")
    ways, never = ways_to(oak, KINDS["plain"], adult)
    assert not never
    assert "Another adult uses the same" in ways[Way.EMAIL]
    assert ways[Way.POST] == ""
    keep_apart(oak, adult, other, by=build.a_head(oak), because="Court order")
    assert "has the same address" in ways_to(oak, KINDS["plain"], adult)[0][Way.POST]


def test_somebody_without_any_address_can_be_handed_it(oak):
    adult = rows.an_addressee(oak, address="")
    ways, _ = ways_to(oak, KINDS["plain"], adult)
    assert ways[Way.HAND] == ""
    assert ways[Way.POST]
    assert ways[Way.EMAIL]


def test_a_second_person_approves_where_the_school_says_so(oak):
    head = build.a_head(oak)
    rows.ready(oak)
    ask_for_second_person(oak, by=head, wanted=True)
    letter = rows.a_letter(oak, by=head)
    with pytest.raises(SecondPersonNeeded):
        rows.approved(oak, letter, by=head)
    acting = build.an_actor(Role.HEADTEACHER, oak.school_id, "Acting head")
    assert rows.approved(oak, letter, by=acting).approved_by == "Acting head"


def test_of_two_approvals_at_once_the_second_is_told(oak):
    letter = rows.a_letter(oak)
    rows.approved(oak, letter)
    with pytest.raises(LetterMoved):
        approve_letter(oak, letter, by=build.a_head(oak), seen_sha256="", pdf=b"x", pages=1)
    with pytest.raises(LetterMoved):
        drop_letter(oak, letter, by=build.a_head(oak), seen=letter.version)


def test_only_the_text_that_was_looked_at_is_approved(oak):
    letter = rows.a_letter(oak, "plain")
    seen = draft_of(oak, letter).composed.sha256
    fill_part(oak, letter, KINDS["plain"], "body", {"words": "Something else."},
              by=build.a_head(oak), seen=letter.version)  # fmt: skip
    with pytest.raises(LetterMoved):
        approve_letter(oak, letter, by=build.a_head(oak), seen_sha256=seen, pdf=b"x", pages=1)


def test_a_letter_is_not_approved_after_its_record_has_moved_on(oak):
    head, said = build.a_head(oak), {"mark": "1", "facts": "From the record."}

    @record_source("made_up")
    def made_up(session, record_id, kind):
        return Record({"body": said["facts"]}, said["mark"])

    try:
        rows.ready(oak)
        adult = rows.an_addressee(oak)
        letter = begin_letter(oak, adult, KINDS["plain"], by=head, record_kind="made_up",
                              record_id=adult.id)  # fmt: skip
        with pytest.raises(PartRefused, match="comes from the record"):
            fill_part(oak, letter, KINDS["plain"], "body", {"words": "Typed"}, by=head,
                      seen=letter.version)  # fmt: skip
        letter.parts, letter.way = {"contact": "The office"}, "hand"
        letter.signatory_id = rows.a_signatory(oak).id
        oak.flush()
        assert "From the record." in draft_of(oak, letter).composed.text
        said["mark"] = "2"
        with pytest.raises(NotWhole, match="has moved on"):
            rows.approved(oak, letter)
        look_again(oak, letter, KINDS["plain"], by=head, seen=letter.version)
        rows.approved(oak, letter)
    finally:
        _sources.pop("made_up")


def test_a_frozen_letter_never_changes_and_a_wrong_one_is_answered_by_a_new_one(oak):
    head, letter = build.a_head(oak), rows.a_letter(oak)
    frozen = rows.approved(oak, letter)
    with pytest.raises(LetterRefused, match="Withdraw the letter first"):
        write_anew(oak, letter, KINDS["invitation"], by=head)
    with pytest.raises(ReasonMissing):
        withdraw_letter(oak, letter, by=head, because="  ")
    assert withdraw_letter(oak, letter, by=head, because="The wrong day")
    assert not withdraw_letter(oak, letter, by=head, because="Again")
    new = write_anew(oak, letter, KINDS["invitation"], by=head)
    assert new.number == letter.number + 1
    assert f'"answers":{letter.number}' in draft_of(oak, new).composed.text
    with pytest.raises(LetterRefused, match="takes its place already"):
        write_anew(oak, letter, KINDS["invitation"], by=head)
    oak.expire(frozen)
    with pytest.raises(DBAPIError), oak.begin_nested():
        oak.execute(text("update letter_frozen set html = ''"))
    assert oak.get(FrozenLetter, (oak.school_id, letter.id)).sha256 == frozen.sha256


def test_what_staff_type_is_never_a_field_nor_markup(oak):
    letter = rows.a_letter(oak, "plain")
    nasty = "{{7*7}} {school.name} %s ${x} <script>alert(1)</script> <b>bold</b>"
    letter.parts = {**letter.parts, "body": nasty}
    oak.flush()
    html = rows.approved(oak, letter).html
    assert "{{7*7}} {school.name} %s ${x} &lt;script&gt;" in html


def test_words_from_word_lose_its_markup_and_keep_their_paragraphs():
    pasted = (
        '<p class=MsoNormal style="mso-x:1">One&nbsp;day<o:p></o:p></p><p>Then\xa0another</p>'
        "<!-- x -->"
    )
    assert tidy(pasted) == "One day\nThen another"
    assert tidy("•\tone\x0b• two\u200b\xad") == "– one\n– two"
    assert tidy("5 < 6 and 7 > 3") == "5 < 6 and 7 > 3"
    kind = KINDS["plain"]
    with pytest.raises(PartRefused, match="too long for a letter"):
        checked(kind, kind.part("body"), {"words": "word " * 8_000}, open=False)


def test_names_in_every_script_and_of_any_length_stand_in_a_letter(oak):
    for name in ("محمد بن سلمان", "王小明", "N" * 200, "Zoë O’Neill"):
        letter = rows.a_letter(oak, "plain", adult=rows.an_addressee(oak, name))
        assert rows.approved(oak, letter).to_name == name


def test_a_letter_names_the_code_of_the_day_of_the_incident(oak):
    letter = rows.a_letter(oak)
    letter.parts = {**letter.parts, "incident_on": "2001-05-04"}
    oak.flush()
    with pytest.raises(NotWhole, match="No version of your code was in force on that day"):
        rows.approved(oak, letter)


def test_only_the_head_approves_and_who_does_not_write_does_not(oak):
    letter = rows.a_letter(oak)
    for role in (Role.PASTORAL, Role.OFFICE, Role.TEACHER, Role.GOVERNOR):
        with pytest.raises(NotAllowed):
            rows.approved(oak, letter, by=build.an_actor(role, oak.school_id))


def test_the_reading_age_rises_with_long_words_and_sentences():
    plain = "We want to meet you. Please ring us. We will help you. Bring a friend. " * 2
    heavy = (
        "Notwithstanding considerable institutional accommodation, representations concerning"
        " unacceptable communicative behaviour necessitate proportionate administrative"
        " consideration by appropriately authorised organisational representatives, forthwith and"
        " without reservation."
    )
    assert reading_age("Too few words.") is None
    assert reading_age(plain) <= 9
    assert reading_age(heavy) >= 20


@time_machine.travel("2026-11-27 10:00 +0000", tick=False)
def test_the_date_on_a_letter_is_the_day_of_its_approval(oak):
    letter = rows.a_letter(oak, "plain")
    assert '"written_on":"2026-11-27"' in rows.approved(oak, letter).text
