"""A chart as one sees it: the pixels are read back."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageColor, ImageDraw

from adapters.pictures import fonts
from adapters.pictures.draw import ASIDE, EDGE, LEAST, MARK, PALETTES, WIDTH, Palette, drawn
from bot.domain.cards import Look
from bot.domain.charts import (
    Bar,
    Bars,
    Chart,
    Curve,
    Point,
    Ranking,
)
from bot.domain.figures import Span, latest
from bot.domain.timetables import zone
from bot.texts import charts
from bot.texts.figures import By
from bot.texts.language import speaking
from bot.texts.times import months
from tests.harness.pseudo import PSEUDO, plain_words
from tests.parity.examples import CLOSED, EARNED, EVERY_BOT, HEARD, NOW, POINTS

Colour = tuple[int, ...]
DARK = PALETTES[Look.DARK]
GAIN, LOSS = DARK.gain, DARK.loss
START = datetime(2026, 11, 22, 12, tzinfo=UTC)


class Seen:
    """What is at each place of a picture."""

    def __init__(self, chart: Chart, look: Look = Look.DARK) -> None:
        picture = drawn(chart, look)
        self._image = Image.open(BytesIO(picture.png))
        self.height = picture.height

    def column(self, x: float) -> list[Colour]:
        """From top to bottom."""
        line = self._image.crop((round(x), 0, round(x) + 1, self.height))
        bands = [band.tobytes() for band in line.split()]
        return list(zip(*bands, strict=True))

    def has(self, colour: str) -> bool:
        return self._where(colour).getbbox() is not None

    def box(self, colour: str) -> tuple[int, int, int, int]:
        """Around all that is of that colour: left, top, right, bottom."""
        found = self._where(colour).getbbox()
        assert found is not None
        return found

    def _where(self, colour: str) -> Image.Image:
        ground = Image.new("RGB", self._image.size, colour)
        bands = ImageChops.difference(self._image, ground).split()
        most = ImageChops.lighter(ImageChops.lighter(bands[0], bands[1]), bands[2])
        return most.point(lambda value: 255 * (value == 0))


class SeenBars(Seen):
    """What is at each place of a picture of so many bars."""

    def __init__(self, *values: str, label: str = "") -> None:
        bars = tuple(Bar(value=Decimal(value), label=label) for value in values)
        super().__init__(Bars(title="", bars=bars, alt="x"))
        self.slot = (WIDTH - 2 * EDGE) / len(values)
        self.line = self.column(EDGE + 1).index(ImageColor.getrgb(DARK.line))
        """Where the line at zero begins."""

    def bar(self, bar: int) -> list[Colour]:
        """From top to bottom, through its middle."""
        return self.column(EDGE + self.slot * (bar + 0.5))

    def above(self, bar: int, colour: str) -> int:
        return self.bar(bar)[: self.line].count(ImageColor.getrgb(colour))

    def below(self, bar: int, colour: str) -> int:
        return self.bar(bar)[self.line :].count(ImageColor.getrgb(colour))


def test_a_gain_is_above_the_line_a_loss_below_it_and_each_has_its_colour():
    seen = SeenBars("2", "-1")

    assert seen.above(0, GAIN) > 0
    assert seen.below(1, LOSS) > 0
    assert seen.below(0, GAIN) == seen.above(1, LOSS) == 0
    assert seen.above(0, LOSS) == seen.below(1, GAIN) == 0


def test_bars_are_as_long_as_their_values_and_in_their_order():
    seen = SeenBars("1", "2", "-1", "-2")

    assert seen.above(1, GAIN) == pytest.approx(2 * seen.above(0, GAIN), abs=4)
    assert seen.below(3, LOSS) == pytest.approx(2 * seen.below(2, LOSS), abs=4)
    assert seen.below(3, LOSS) == pytest.approx(seen.above(1, GAIN), abs=4)


def test_of_the_smallest_profit_one_sees_on_which_side_it_is():
    seen = SeenBars("1000000", "0.000001", "-0.000001", "0")

    assert LEAST - 3 <= seen.above(1, GAIN) <= LEAST
    assert LEAST - 3 <= seen.below(2, LOSS) <= LEAST
    assert not {ImageColor.getrgb(GAIN), ImageColor.getrgb(LOSS)} & set(seen.bar(3))


def test_labels_are_written_where_all_of_them_have_room_else_of_the_best_and_the_worst():
    def written(seen: SeenBars, bar: int) -> bool:
        middle = EDGE + seen.slot * (bar + 0.5)
        near = (seen.column(middle + away) for away in range(-9, 10))
        return any(ImageColor.getrgb(DARK.ink) in column for column in near)

    few = SeenBars("1", "2", label="|" * 9)
    many = SeenBars(*["1"] * 12, "30", *["1"] * 11, label="|" * 13)

    assert written(few, 0)
    assert written(few, 1)
    assert not written(many, 6)
    assert written(many, 12)
    assert not SeenBars("1", "2", label="+1.2" * 30).has(DARK.ink)


def test_in_a_ranking_gains_go_right_and_losses_left_the_first_on_top():
    values = ("2", "1", "-1")
    bars = tuple(Bar(value=Decimal(one), label="", name="") for one in values)
    seen = Seen(Ranking(title="", bars=bars, alt="x"))

    gains, losses = seen.box(GAIN), seen.box(LOSS)

    assert losses[2] < gains[0], "to the left of the line, and to the right of it"
    assert gains[3] < losses[1], "the best is on top"
    assert (gains[2] - gains[0]) == pytest.approx(2 * (losses[2] - losses[0]), abs=6)


def earned(points: Sequence[Point], *, is_result: bool = True) -> Curve:
    """At these times."""
    return Curve(
        title="", points=tuple(points), levels=(), ends=("", ""), alt="x", is_result=is_result
    )


AFTER = st.timedeltas(timedelta(0), timedelta(days=400))
AMOUNTS = st.decimals(-(10**9), 10**9, places=8)


@given(st.lists(st.tuples(AFTER, AMOUNTS), min_size=1, max_size=20), st.booleans())
@settings(max_examples=40)
def test_whatever_has_been_earned_when_can_be_drawn(told, is_result):
    points = [Point(at=START + after, value=value) for after, value in sorted(told)]

    assert drawn(earned(points, is_result=is_result), Look.DARK).png


def test_of_two_trades_in_the_same_second_both_are_drawn():
    moments = (timedelta(0), timedelta(seconds=1), timedelta(days=1))

    points = [Point(at=START + after, value=Decimal(5)) for after in moments]

    assert drawn(earned(points), Look.DARK).png


def curve(*values: int) -> Curve:
    """An hour apart."""
    return earned(
        [Point(at=START + timedelta(hours=at), value=Decimal(one)) for at, one in enumerate(values)]
    )


def test_what_was_earned_together_is_filled_from_nought_on_its_side():
    seen = Seen(curve(0, 5, -5, 0))

    gained, lost = seen.box(DARK.under_gain), seen.box(DARK.under_loss)

    assert gained[3] < lost[1], "above nought, and below it"
    assert gained[2] <= lost[0], "one after the other"


def test_a_curve_stays_what_it_is_until_the_next_point_and_is_higher_where_its_value_is():
    seen = Seen(curve(0, 4, -4, 2))
    wide = (WIDTH - 2 * EDGE - ASIDE) / 3

    [nought, high, low] = (
        seen.column(EDGE + wide * (step + 0.5)).index(ImageColor.getrgb(DARK.ink))
        for step in (0, 1, 2)
    )

    assert high < nought < low


def test_bought_points_up_and_sold_points_down_with_the_tip_at_the_price():
    points = tuple(
        Point(at=START + timedelta(hours=at), value=Decimal(at), bought=at == 0) for at in range(2)
    )
    chart = Curve(title="", points=points, levels=(), ends=("", ""), alt="x", marks=("", ""))
    seen = Seen(chart)
    bottom = seen.box(GAIN)
    widths = [
        sum(ImageColor.getrgb(GAIN) == seen.column(x)[y] for x in range(EDGE, EDGE + 3 * MARK))
        for y in (bottom[3] - 3, bottom[3] - MARK)
    ]

    assert widths[0] > widths[1], "wide below, narrow above"


# --- for everybody's eyes -------------------------------------------------------------------------


@pytest.mark.parametrize("look", Look)
def test_everything_stands_out_from_the_ground(look: Look):
    palette = PALETTES[look]

    # WCAG 2.2, 1.4.3
    assert all(
        contrast(colour, palette.ground) >= 4.5
        for colour in (palette.gain, palette.loss, palette.ink, palette.line)
    )


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    """Source: https://www.w3.org/TR/WCAG22/#dfn-relative-luminance"""
    red, green, blue = linear(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def linear(colour: str) -> tuple[float, ...]:
    parts = [value / 255 for value in ImageColor.getrgb(colour)[:3]]
    return tuple(
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )


BLIND = {
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}
"""Source: G. M. Machado, M. M. Oliveira, L. A. F. Fernandes, A Physiologically-based Model for
Simulation of Color Vision Deficiency (2009), severity 1.0; on linear light.
"""


@pytest.mark.parametrize("look", Look)
@pytest.mark.parametrize("sees", BLIND)
def test_who_is_colour_blind_tells_gain_from_loss(look: Look, sees: str):
    def differ(palette: Palette, see: Callable[[str], list[float]]) -> float:
        gain, loss = see(palette.gain), see(palette.loss)
        return max(abs(one - other) for one, other in zip(gain, loss, strict=True))

    def see(colour: str) -> list[float]:
        light = linear(colour)
        mixed = (sum(w * part for w, part in zip(row, light, strict=True)) for row in BLIND[sees])
        return [min(1.0, max(0.0, part)) ** (1 / 2.4) for part in mixed]

    assert differ(PALETTES[look], see) > 0.3
    green_and_red = Palette(
        **{name: "#000000" for name in ("ground", "ink", "line", "faint")},
        **{"gain": "#4cc38a", "loss": "#ff7369"},
        **{name: "#000000" for name in ("under_gain", "under_loss")},
    )
    if sees == "deuteranopia":
        assert differ(green_and_red, see) < 0.3, "the measure tells what is no good"


# --- letters --------------------------------------------------------------------------------------


def test_words_of_which_letters_are_missing_are_left_out_as_a_whole(monkeypatch):
    monkeypatch.setattr(fonts, "_files", lambda: ())  # a machine without fonts

    assert fonts.words("Grid", 30) is not None
    assert fonts.words("利润 Grid", 30) is None
    assert not Seen(Bars(title="利润", bars=(), alt="x")).has(DARK.ink)
    assert Seen(Bars(title="Profit", bars=(), alt="x")).has(DARK.ink)


def test_each_letter_is_in_a_font_that_has_it(monkeypatch):
    monkeypatch.setattr(fonts, "_files", lambda: ("other",))
    monkeypatch.setattr(fonts, "_has", lambda source, letter: (letter in "利润") is bool(source))
    monkeypatch.setattr(fonts, "_font", lambda source, size: source or "own")

    written = fonts.words("利润 🚀\ufe0f Grid", 30)

    assert written is not None
    assert [part for part, _ in written.parts] == ["利润", " Grid"]


# --- languages ------------------------------------------------------------------------------------


def every_chart() -> dict[str, list[Chart | None]]:
    """Of each function that makes one."""
    assert EARNED is not None
    profits_ = EARNED, replace(EARNED, currency="", paper=True), replace(EARNED, closed=9)
    spans = (Span.DAY, Span.WEEK, Span.MONTH)
    utc = zone("UTC")
    return {
        "chart": [charts.chart(one) for one in profits_],
        "bars_of": [charts.bars_of(one, CLOSED, latest(one, 3, NOW, utc), utc) for one in spans],
        "ranking_of": [charts.ranking_of(by, CLOSED, EVERY_BOT) for by in By],
        "curve_of": [charts.curve_of(CLOSED)],
        "pair_of": [charts.pair_of("BTC/USDT", POINTS)],
        "prices_of": [
            charts.prices_of("BTC/USDT", (*HEARD, *marked), len(HEARD))
            for marked in ((), (replace(HEARD[-1], bought=True),))
        ],
    }


def test_no_text_in_a_picture_lacks_its_translation(monkeypatch):
    written: list[str] = []
    monkeypatch.setattr(
        ImageDraw.ImageDraw, "text", lambda _pen, _at, text, *_, **__: written.append(text)
    )
    makers = {
        name
        for name, one in vars(charts).items()
        if callable(one)
        and not name.startswith("_")
        and re.search("Bars|Ranking|Curve", str(getattr(one, "__annotations__", {}).get("return")))
    }

    with speaking(PSEUDO):
        made = every_chart()
        for chart in (one for several in made.values() for one in several):
            assert chart is not None
            drawn(chart, Look.DARK)

    assert made.keys() == makers
    assert "\u00abBOUGHT\u00bb" in written
    # Days are written by the locale, which such a language has none of.
    names = re.compile("|".join((*EVERY_BOT.called.values(), *months())))
    left = [text for text in written if plain_words(names.sub("", text))]
    assert left == []
