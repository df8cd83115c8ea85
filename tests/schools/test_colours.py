"""A school's two colours: what can be read, and what is offered where it can't."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.build import a_head, settings_filled
from trustconduct.schools.colours import (
    ACCENT,
    COLOUR,
    PAPER,
    SHAPES,
    WORDS,
    check_colours,
    contrast,
    nearest,
    readable,
)
from trustconduct.schools.look import look_of
from trustconduct.schools.refused import SettingsRefused
from trustconduct.schools.settings import change_settings

COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


def test_contrast_is_as_wcag_defines_it():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert contrast("#123456", "#123456") == 1


def test_our_own_colours_pass():
    check_colours(COLOUR, ACCENT)
    assert readable("", "") == (COLOUR, ACCENT)


@given(COLOURS, COLOURS)
def test_whatever_is_chosen_parents_can_read_it(colour, accent):
    main, beside = readable(colour, accent)
    assert contrast(main, PAPER) >= WORDS
    assert contrast(main, "#ffffff") >= WORDS
    assert contrast(beside, main) >= SHAPES


@given(COLOURS)
def test_what_passes_is_offered_as_it_is(colour):
    if contrast(colour, PAPER) >= WORDS:
        assert nearest(colour, PAPER, WORDS) == colour


def test_a_colour_without_contrast_is_refused_and_the_nearest_is_offered_and_passes():
    with pytest.raises(SettingsRefused) as no:
        check_colours("#e0556b", "#e0556b")
    assert set(no.value.errors) == set(no.value.offers) == {"colour", "accent"}
    assert no.value.offers["colour"] in no.value.errors["colour"]
    check_colours(no.value.offers["colour"], no.value.offers["accent"])


def test_a_schools_look_is_its_own_colours(oak):
    settings_filled(oak, colour="#7a1f2b", accent="#f4c430")
    assert look_of(oak).styles == "/static/look/7a1f2b-f4c430.css"
    change_settings(oak, by=a_head(oak), seen_version=1, colour="", accent="")
    assert look_of(oak).styles == ""


def test_colours_that_can_not_be_read_are_not_saved(oak):
    with pytest.raises(SettingsRefused):
        settings_filled(oak, colour="#ffff00")
