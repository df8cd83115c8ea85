"""Hours as people write them."""

from __future__ import annotations

from datetime import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trustconduct.contact_matrix.hours import Hours, HoursRefused, parse, words

WEEK = (0, 1, 2, 3, 4)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", ()),
        ("Monday to Friday 8:30am to 4pm", (Hours(WEEK, time(8, 30), time(16)),)),
        ("Mon-Fri 8.30-3.30", (Hours(WEEK, time(8, 30), time(15, 30)),)),
        ("weekdays: 08:00 – 16:15", (Hours(WEEK, time(8), time(16, 15)),)),
        (
            "Mon–Thu 8.30am–4pm, Fri 8:30 to 15:30",
            (
                Hours((0, 1, 2, 3), time(8, 30), time(16)),
                Hours((4,), time(8, 30), time(15, 30)),
            ),
        ),
        (
            "Mon, Wed and Fri 9 to noon; Tuesdays 1pm to 3pm",
            (Hours((0, 2, 4), time(9), time(12)), Hours((1,), time(13), time(15))),
        ),
        ("Every day 9 am until 5 pm", (Hours(tuple(range(7)), time(9), time(17)),)),
    ],
)
def test_hours_are_read_in_the_ways_they_are_written(text, found):
    assert parse(text) == found


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("office hours", "can’t be read as hours"),
        ("Mon-Fri", "can’t be read as hours"),
        ("Mon-Fri 16:00 to 8:30", "ends before it begins"),
        ("Mon-Fri 4pm to 8am", "ends before it begins"),
        ("Fri-Mon 9 to 10", "ends before it begins"),
        ("Mon 25:00 to 26:00", "no time of day"),
        ("Mon-Fri 9 to 12, Wed 11 to 3", "Wednesday has two times that overlap"),
    ],
)
def test_what_can_not_be_is_refused_with_what_to_write(text, said):
    with pytest.raises(HoursRefused, match=said):
        parse(text)


@given(
    st.lists(
        st.tuples(
            st.sets(st.integers(0, 6), min_size=1),
            st.times(min_value=time(0, 0), max_value=time(11, 59)),
            st.times(min_value=time(12, 0), max_value=time(23, 59)),
        ),
        max_size=1,
    )
)
def test_what_is_written_back_reads_the_same(made):
    hours = tuple(
        Hours(tuple(sorted(days)), opens.replace(second=0, microsecond=0),
              closes.replace(second=0, microsecond=0))
        for days, opens, closes in made
    )  # fmt: skip
    assert parse(words(hours)) == hours
    assert tuple(Hours.from_json(one.to_json()) for one in hours) == hours
