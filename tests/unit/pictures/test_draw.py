"""A chart as one sees it: the pixels are read back."""

from __future__ import annotations

from decimal import Decimal
from io import BytesIO

import pytest
from PIL import Image, ImageColor

from adapters.pictures.draw import EDGE, GAIN, GROUND, INK, LEAST, LINE, LOSS, WIDTH, drawn
from bot.domain.charts import Bar, Chart

Colour = tuple[int, ...]


class Seen:
    """What is at each place of a picture of so many bars."""

    def __init__(self, *values: str, label: str = "") -> None:
        bars = tuple(Bar(value=Decimal(value), label=label) for value in values)
        picture = drawn(Chart(title="", bars=bars, alt="x"))
        self._image = Image.open(BytesIO(picture.png))
        self._slot = (WIDTH - 2 * EDGE) / len(values)
        column = [self._at(EDGE + 1, y) for y in range(picture.height)]
        self.line = column.index(ImageColor.getrgb(LINE))
        """Where the line at zero begins."""

    def column(self, bar: int) -> list[Colour]:
        """From top to bottom, through the middle of a bar."""
        x = round(EDGE + self._slot * (bar + 0.5))
        return [self._at(x, y) for y in range(self._image.height)]

    def above(self, bar: int, colour: str) -> int:
        return self.column(bar)[: self.line].count(ImageColor.getrgb(colour))

    def below(self, bar: int, colour: str) -> int:
        return self.column(bar)[self.line :].count(ImageColor.getrgb(colour))

    def has(self, colour: str) -> bool:
        found = self._image.getcolors(1 << 20) or []
        return ImageColor.getrgb(colour) in [each for _, each in found]

    def _at(self, x: int, y: int) -> Colour:
        colour = self._image.getpixel((x, y))
        assert isinstance(colour, tuple)
        return colour


def test_a_gain_is_above_the_line_and_green_a_loss_below_it_and_red():
    seen = Seen("2", "-1")

    assert seen.above(0, GAIN) > 0
    assert seen.below(1, LOSS) > 0
    assert seen.below(0, GAIN) == seen.above(1, LOSS) == 0
    assert seen.above(0, LOSS) == seen.below(1, GAIN) == 0


def test_bars_are_as_long_as_their_values():
    seen = Seen("1", "2", "-1", "-2")

    assert seen.above(1, GAIN) == pytest.approx(2 * seen.above(0, GAIN), abs=3)
    assert seen.below(3, LOSS) == pytest.approx(seen.above(1, GAIN), abs=3)


def test_bars_stand_in_their_order_from_left_to_right():
    lengths = [Seen("1", "3", "2").above(bar, GAIN) for bar in range(3)]

    assert lengths[0] < lengths[2] < lengths[1]


def test_of_the_smallest_profit_one_sees_on_which_side_it_is():
    seen = Seen("1000000", "0.000001", "-0.000001")

    assert LEAST - 1 <= seen.above(1, GAIN) <= LEAST
    assert LEAST - 1 <= seen.below(2, LOSS) <= LEAST


def test_nothing_earned_is_a_place_without_a_bar():
    seen = Seen("1", "0", "-1")

    assert not {ImageColor.getrgb(GAIN), ImageColor.getrgb(LOSS)} & set(seen.column(1))


def test_labels_are_written_where_all_of_them_have_room():
    assert Seen("1", "2", label="+1.2").has(INK)
    assert not Seen("1", "2", label="+1.2" * 30).has(INK)


@pytest.mark.parametrize("colour", [GAIN, LOSS, INK, LINE])
def test_everything_stands_out_from_the_ground(colour: str):
    lighter, darker = sorted((luminance(colour), luminance(GROUND)), reverse=True)

    # WCAG 2.2, 1.4.3
    assert (lighter + 0.05) / (darker + 0.05) >= 4.5


def luminance(colour: str) -> float:
    """Source: https://www.w3.org/TR/WCAG22/#dfn-relative-luminance"""
    parts = [value / 255 for value in ImageColor.getrgb(colour)[:3]]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
