"""Reading a roll: every fault is named by line and column, and nothing is guessed."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.build import HEADER, a_roll
from trustconduct.csv_lists import LONGEST_NAME, key
from trustconduct.people.roll import LARGEST, MOST_ERRORS, columns_of, lines_of, read_roll

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
        (HEADER.encode() + b"\n\x81\n", "UTF-8"),
        (HEADER.encode() + b"\n\0\0\0", "not text"),
        (b"x" * (LARGEST + 1), "20 MB"),
        (a_roll(), "no people"),
        (a_roll('"Sam'), "proper CSV"),
    ],
)
def test_a_file_that_is_no_roll_is_refused_with_what_to_do(raw, word):
    roll = read_roll(raw)
    assert roll.lines == ()
    [fault] = roll.faults
    assert word in fault.text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_a_roll_is_read_however_a_machine_writes_it(encoding):
    raw = a_roll("Zoë Sample,4,Alex Sample,mother,").decode().encode(encoding)
    roll = read_roll(raw)
    assert roll.faults == ()
    assert roll.lines[0].pupil == "Zoë Sample"


def test_the_header_may_stand_under_a_title():
    above = b"Oak Lane School\r\n\r\nPrinted on 4 May 2026;;\r\n"
    roll = read_roll(above + a_roll(GOOD))
    assert roll.faults == ()
    assert [(line.number, line.pupil) for line in roll.lines] == [(5, "Sam Sample")]


@pytest.mark.parametrize(
    "header",
    [
        "Student Name,Year Group,Guardian Name,Guardian Relationship,Guardian Email",
        "Pupil Full Name,NC Year,Contact Full Name,Relation Type,Contact Email",
        "Student Full Name,Reg Group,Parent/Carer,Contact Relationship,Main Email",
    ],
)
def test_the_columns_of_usual_systems_are_known(header):
    assert read_roll(a_roll(GOOD, header=header)).lines[0].adult == "Alex Sample"


def test_a_name_in_two_columns_is_one():
    header = "Forename,Surname,Year,Contact Forename,Contact Surname,Relationship,Primary Email"
    [line] = read_roll(a_roll("Sam,Sample,4,Alex,Sample,mother,", header=header)).lines
    assert (line.pupil, line.adult) == ("Sam Sample", "Alex Sample")


def test_what_a_school_said_of_its_columns_counts():
    raw = a_roll("Sam,Alex,mother,a@b.example", header="Kid,Grown-up,Is,Post")
    assert columns_of(raw) == ["Kid", "Grown-up", "Is", "Post"]
    chosen = {"pupil": "Kid", "adult": "Grown-up", "relationship": "Is", "email": "Post"}
    [line] = lines_of(raw, chosen)
    assert (line.pupil, line.email, line.fault) == ("Sam", "a@b.example", "")


@pytest.mark.parametrize(
    ("line", "column", "word"),
    [
        ('"=HYPERLINK(""x"")",4,Alex,mother,', "pupil", "formula"),
        ("Sam,4,@SUM(A1),mother,", "adult", "formula"),
        ("45123,4,Alex,mother,", "pupil", "number or a day"),
        ("Sam,45231,Alex,mother,", "year", "spreadsheet counts"),
        (",4,Alex,mother,", "pupil", "without a pupil"),
    ],
)
def test_what_a_spreadsheet_made_of_a_name_or_a_year_is_named(line, column, word):
    [fault] = read_roll(a_roll(line)).faults
    assert (fault.line, fault.column) == (2, column)
    assert word in fault.text


def test_a_year_that_a_spreadsheet_made_a_decimal_of_is_the_year():
    assert read_roll(a_roll(GOOD.replace(",4,", ",4.0,"))).lines[0].year == "4"


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
@example(",²")  # a digit, and no number
def test_no_text_behind_a_good_header_breaks_it(text):
    roll = read_roll((HEADER + "\n" + text).encode("utf-8", "surrogatepass"))
    assert roll.lines or roll.faults
