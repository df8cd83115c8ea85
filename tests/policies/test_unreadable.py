"""A file that is no policy is refused in one sentence, and soon."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trustconduct.policies.reading import PolicyUnreadable, read_policy

SMALL = "Scope: all\n\nOur code\n\nWelcome, all of you.\n\n"
TABLE = "How to contact us\n\nI want to\tAsk\tPay\n"


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", ["empty"]),
        (b" \n\t\n", ["empty"]),
        (b"PK\x03\x04rest", ["Word", "save it as text"]),
        (b"%PDF-1.7", ["PDF", "save it as text"]),
        (SMALL.encode() + b"\x00", ["Line 7", "save it as text"]),
        ((SMALL + "a\u202eb").encode(), ["Line 7", "not text"]),
        (SMALL.encode() + b"caf\xe9", ["Line 7", "UTF-8"]),
        (b"\xff\xfea\x00\n\x00b\x00\n\x00\x00\xd8", ["Line 3", "UTF-8"]),
        (b"a" * 50_000_000, ["1 MB"]),
        (SMALL.encode() + b"a " * 9_000, ["Line 7", "characters long"]),
        (b"a\n" * 6_000, ["Line 5001", "lines"]),
        (b"Shopping\n\nEggs and milk.", ["none of the parts"]),
        (b"Our code\n\nReview date: Sumer Term 2028\n", ["Line 3", "Sumer", "Summer Term 2028"]),
        (b"Our code\nDate to Board: 31/02/2024\n", ["Line 2", "31/02/2024"]),
        (b"Our code\nDate to Board: Summer Term 2024\n", ["Line 2", "day is needed"]),
        ((SMALL + TABLE + "Ring\t✓\t\t✓").encode(), ["Line 10", "4 cells"]),
        ((SMALL + TABLE + "Ring\t✓\tsometimes").encode(), ["Line 10", "sometimes"]),
        ((SMALL + TABLE + "Ring\t✓\nFax\t\tx").encode(), ["Line 11", "both"]),
        ((SMALL + TABLE + "Ring\t✓\n\t\t✓").encode(), ["Line 11", "no name"]),
        ((SMALL + "Dear {parent.name}!").encode(), ["Line 7", "{parent.name}"]),
    ],
)
def test_a_bad_file_is_refused_in_one_sentence(raw, words):
    with pytest.raises(PolicyUnreadable) as refused:
        read_policy(raw, filename="bad.txt")
    said = str(refused.value)
    assert all(word in said for word in ["bad.txt", *words]), said
    assert said.endswith(".")
    assert "\n" not in said


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-16")))
def test_any_bytes_are_read_or_refused(raw):
    try:
        reading = read_policy(raw, filename="any")
    except PolicyUnreadable:
        return
    assert reading.lines


@pytest.mark.parametrize(
    "line",
    [
        *("a", "- a b", "1. a", "[1] a [1]", "A: b", "a  b", "a\tx\tx", "|", "| a | x |"),
        *("(" * 200, "A." * 100, "Oak " * 50 + "School", "^[1]" * 50, "https://" * 25),
        *("{school.name}" * 15, "Scope: " + " " * 190, "# A", "A", "* " * 100, "\t" * 200 + "x"),
        *("Notes:", "What happens if it breaks:", "- [1] ban", "unless (unless) " * 12),
    ],
)
@pytest.mark.parametrize("width", [1, 9_000])
def test_a_hostile_file_is_read_or_refused_in_two_seconds(line, width):
    long = line * max(1, width // len(line))
    many = (long + "\n") * max(1, min(5_000 - 10, 1_000_000 // (len(long.encode()) + 1)))
    text = SMALL + "What happens if it breaks\n\n- a [1]\n- ban[2]\n" + many
    began = time.process_time()  # other work on the machine must not count
    try:
        reading = read_policy(text.encode(), filename="hostile.txt")
        reading.became()
        assert reading.found
    except PolicyUnreadable:
        pass
    assert time.process_time() - began < 2
