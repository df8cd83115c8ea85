"""Reading a roll: every fault is named by line and column, and nothing is guessed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.build import HEADER, a_roll
from trustconduct.csv_lists import LONGEST_NAME, key
from trustconduct.people.roll import LARGEST, MOST_ERRORS, read_roll

GOOD = "Sam Sample,4,Alex Sample,mother,alex@parents.example"


def faults(raw: bytes) -> list[tuple[int, str]]:
    return [(fault.line, fault.column) for fault in read_roll(raw).faults]


def test_a_line_is_an_adult_who_cares_for_a_pupil():
    roll = read_roll(a_roll(" Sam  Sample ,4,Alex Sample,mother,Alex@Parents.Example"))
    assert roll.faults == ()
    [line] = roll.lines
    assert (line.number, line.pupil, line.year) == (2, "Sam Sample", "4")
    assert (line.adult, line.relationship) == ("Alex Sample", "mother")
    assert line.email == "alex@parents.example"


@pytest.mark.parametrize("column", ["Pupil", "Adult", "Relationship", "Email"])
def test_a_missing_column_is_named(column):
    header = HEADER.replace(column, "Other")
    assert faults(a_roll(GOOD, header=header)) == [(1, column.lower())]


def test_the_year_may_be_left_out():
    roll = read_roll(a_roll("Sam,Alex,mother,", header="Pupil,Adult,Relationship,Email"))
    assert roll.faults == ()
    assert roll.lines[0].year == ""


def test_two_columns_for_one_thing_are_refused():
    assert faults(a_roll(GOOD + ",x", header=HEADER + ",E-mail")) == [(1, "email")]


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_columns_may_stand_in_any_order_and_be_set_apart_as_spreadsheets_do(mark):
    text = "E-mail,Parent,Student,Relation\na@b.example,Alex,Sam,mother\n".replace(",", mark)
    roll = read_roll(text.encode("utf-8-sig"))
    assert roll.faults == ()
    assert (roll.lines[0].adult, roll.lines[0].pupil) == ("Alex", "Sam")


@pytest.mark.parametrize(
    "email",
    ["alex", "alex@", "@parents.example", "alex@parents", "a b@parents.example",
     "a@parents.example;b@parents.example", "a@b@parents.example", "<a@parents.example>",
     "a" * 250 + "@parents.example"],
)  # fmt: skip
def test_a_malformed_address_is_named_by_line_and_column(email):
    raw = a_roll(GOOD, f"Kim,2,Jo,father,{email}")
    assert faults(raw) == [(3, "email")]


def test_an_adult_without_an_address_is_welcome():
    assert faults(a_roll("Sam,4,Alex,mother,")) == []


@pytest.mark.parametrize(
    ("line", "column"),
    [
        (",4,Alex,mother,", "pupil"),
        ("Sam,4,,mother,", "adult"),
        ("Sam,4,Alex,,", "relationship"),
        (f"{'x' * (LONGEST_NAME + 1)},4,Alex,mother,", "pupil"),
        ("Sam,4,Al\x07ex,mother,", "adult"),
        ("Sam,4,Alex", "relationship"),
    ],
)
def test_a_cell_that_will_not_do_is_named(line, column):
    assert faults(a_roll(GOOD, line)) == [(3, column)]


def test_a_line_with_too_many_cells_is_named():
    assert faults(a_roll(GOOD + ",more")) == [(2, "")]


def test_the_same_adult_twice_with_the_same_pupil_is_refused():
    again = GOOD.replace("Alex Sample", "ALEX  sample")
    assert faults(a_roll(GOOD, again)) == [(3, "adult")]
    [fault] = read_roll(a_roll(GOOD, again)).faults
    assert "line 2" in fault.text


def test_one_adult_may_stand_with_two_pupils_and_two_adults_with_one_address():
    assert faults(a_roll(GOOD, GOOD.replace("Sam", "Kim"), GOOD.replace("Alex", "Jo"))) == []


@pytest.mark.parametrize(
    ("raw", "word"),
    [
        (b"", "empty"),
        (b" \r\n \n", "empty"),
        (b"PK\x03\x04rest of a spreadsheet", "spreadsheet"),
        (a_roll(GOOD).decode().encode("utf-16"), "UTF-8"),
        (a_roll(GOOD).decode().encode("utf-16-le"), "not text"),
        (a_roll("Zo\xeb,4,Alex,mother,").decode().encode("cp1252"), "UTF-8"),
        (HEADER.encode() + b"\n\0\0\0", "not text"),
        (b"x" * (LARGEST + 1), "8 MB"),
        (a_roll(), "no people"),
        (a_roll('"Sam'), "proper CSV"),
    ],
)
def test_a_file_that_is_no_roll_is_refused_with_what_to_do(raw, word):
    roll = read_roll(raw)
    assert roll.lines == ()
    [fault] = roll.faults
    assert word in fault.text


def test_the_line_of_a_letter_that_is_not_utf_8_is_named():
    raw = a_roll(GOOD) + "Zoë,4,Jo,father,\r\n".encode("cp1252")
    assert faults(raw) == [(3, "")]


def test_lines_are_counted_as_an_editor_counts_them():
    raw = a_roll(GOOD, "", '"Kim\nLee",4,Alex,mother,', "Bo,1,Jo,father,wrong")
    assert faults(raw) == [(6, "email")]


def test_a_file_full_of_faults_is_not_listed_for_ever():
    raw = a_roll(*["Sam,4,,mother,"] * 1_000)
    assert len(read_roll(raw).faults) == MOST_ERRORS


@pytest.mark.parametrize("pair", [("ZOË", "zoe\u0308"), ("Straße", "STRASSE"), ("Ａlex", "alex")])
def test_one_name_written_two_ways_is_one_name(pair):
    assert key(pair[0]) == key(pair[1])


@given(st.binary(max_size=300))
def test_no_file_breaks_the_reader(raw):
    roll = read_roll(raw)
    assert roll.lines or roll.faults


@given(st.text(max_size=200))
def test_no_text_behind_a_good_header_breaks_it(text):
    roll = read_roll((HEADER + "\n" + text).encode("utf-8", "surrogatepass"))
    assert roll.lines or roll.faults
