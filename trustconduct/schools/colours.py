"""A school's two colours: whether they can be read, and the nearest ones that can.

White words stand on the first, and it is itself a line and a heading on the page; the
second is a stripe beside it. WCAG 2.2 AA asks 4.5 to 1 of words (1.4.3) and 3 to 1 of a
shape that tells something (1.4.11).
"""

from __future__ import annotations

from trustconduct.schools.refused import SettingsRefused

# The page's ground is the darker of what the first colour meets; see styles/_tokens.scss.
PAPER = "#fbf8f3"
WORDS, SHAPES = 4.5, 3.0
# What pages have where nobody chose: the same as in styles/_tokens.scss.
COLOUR, ACCENT = "#0f4c5c", "#e8a537"


def contrast(one: str, other: str) -> float:
    """The ratio between two colours written #rrggbb, from 1 to 21, as WCAG 2.2 defines it."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(part / 255) for part in _parts(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4


def _parts(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def nearest(colour: str, against: str, least: float) -> str:
    """The colour that differs least from this one and reaches `least` against the other.

    It is mixed with black or with white, whichever needs less of it.
    """
    if contrast(colour, against) >= least:
        return colour
    for step in range(1, 257):
        for end in (0, 255):
            mixed = "#" + "".join(
                f"{round(part + (end - part) * step / 256):02x}" for part in _parts(colour)
            )
            if contrast(mixed, against) >= least:
                return mixed
    raise ValueError(f"nothing reaches {least} against {against}")


def check_colours(colour: str, accent: str) -> None:
    """Refuse colours that can't be told apart, each with the nearest that can. Blank is ours."""
    errors: dict[str, str] = {}
    offers: dict[str, str] = {}
    main = colour or COLOUR
    if (ratio := contrast(main, PAPER)) < WORDS:
        offers["colour"] = main = nearest(main, PAPER, WORDS)
        errors["colour"] = (
            f"White words on this colour are hard to read: the contrast is {ratio:.1f} to 1,"
            f" and it must be 4.5 to 1. The nearest colour that passes is {main}."
        )
    if accent and (ratio := contrast(accent, main)) < SHAPES:
        offers["accent"] = nearest(accent, main, SHAPES)
        errors["accent"] = (
            f"This colour is too like the first one: the contrast is {ratio:.1f} to 1, and it"
            f" must be 3 to 1. The nearest colour that passes is {offers['accent']}."
        )
    if errors:
        raise SettingsRefused(errors, offers)


def readable(colour: str, accent: str) -> tuple[str, str]:
    """The two colours as pages show them: what can't be read gives way to the nearest that can.

    One may be the school's and one the Trust's, and each may change without the other.
    """
    main = nearest(colour or COLOUR, PAPER, WORDS)
    return main, nearest(accent or ACCENT, main, SHAPES)
