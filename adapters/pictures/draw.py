"""Charts as PNGs, for a phone: pure, the same chart gives the same bytes where the fonts are."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import BytesIO
from itertools import pairwise
from typing import assert_never

from PIL import Image, ImageDraw

from adapters.pictures.fonts import Words, largest, words
from bot.domain.cards import Look, Picture
from bot.domain.charts import (
    Bar,
    Bars,
    Chart,
    Curve,
    Point,
    Ranking,
)

WIDTH, HEIGHT = 1120, 640
"""What a phone's bubble has across, about three times: it stays sharp."""

SMOOTH = 2
"""Shapes are drawn so many times as large, so that their edges are not stepped."""

EDGE = 40
TITLE_SIZES = (44, 36, 30)
LABEL_SIZES = (46, 40, 34)
NAME_SIZES = (36, 32)
"""The largest is taken with which all have room; smaller ones nobody could read on a phone."""

TOP = EDGE + TITLE_SIZES[0] + 2 * LABEL_SIZES[0]
BOTTOM = HEIGHT - EDGE - LABEL_SIZES[0] - NAME_SIZES[0]
"""Between these is room for what is drawn; labels stand outside of it."""

LEAST = 6
"""Pixels of a bar that is nearly nothing: which side of the line it is on can still be seen."""

LONGEST = 40
"""Letters of a name, of which no more have room anyway."""

ASIDE = 24
"""Between a curve and what is written beside it."""

MARK = 15
"""From the middle of a mark to its corners."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Palette:
    """Each can be told from the ground, and gain from loss by whoever is colour-blind; where a
    thing stands, or its shape, says the same.
    """

    ground: str
    ink: str
    line: str
    faint: str
    gain: str
    loss: str
    under_gain: str
    under_loss: str


PALETTES = {
    Look.DARK: Palette(
        ground="#18211f",
        ink="#e8efed",
        line="#9fafaa",
        faint="#33403d",
        gain="#56b4e9",
        loss="#ff9a4d",
        under_gain="#234150",
        under_loss="#4b3a2a",
    ),
    Look.LIGHT: Palette(
        ground="#ffffff",
        ink="#17211f",
        line="#5d6b67",
        faint="#dfe5e3",
        gain="#0068a8",
        loss="#b34700",
        under_gain="#d3e6f2",
        under_loss="#f6dfd0",
    ),
}
"""Blue and orange, after M. Okabe and K. Ito, Color Universal Design (2008)."""


def drawn(chart: Chart, look: Look) -> Picture:
    """The chart as a picture of a fixed size."""
    sheet = _Sheet(PALETTES[look])
    sheet.title(chart.title)
    match chart:
        case Bars():
            _bars(sheet, chart)
        case Ranking():
            _ranking(sheet, chart)
        case Curve():
            _curve(sheet, chart)
        case _:
            assert_never(chart)
    return Picture(png=sheet.png(), alt=chart.alt, width=WIDTH, height=HEIGHT)


class _Sheet:
    """Shapes first, then words, which are smooth by themselves."""

    def __init__(self, palette: Palette) -> None:
        self.palette = palette
        size = WIDTH * SMOOTH, HEIGHT * SMOOTH
        self._image = Image.new("RGB", size, palette.ground)
        self._pen = ImageDraw.Draw(self._image)
        self._words: list[tuple[float, float, Words, str]] = []

    def box(self, left: float, top: float, right: float, bottom: float, colour: str) -> None:
        """However thin, it is there: Pillow draws none that ends before it begins."""
        left, top = left * SMOOTH, top * SMOOTH
        end = max(left, right * SMOOTH - 1), max(top, bottom * SMOOTH - 1)
        self._pen.rectangle([left, top, *end], colour)

    def line(self, points: Sequence[tuple[float, float]], colour: str, width: float) -> None:
        self._pen.line(_large(points), colour, round(width * SMOOTH), joint="curve")

    def shape(self, points: Sequence[tuple[float, float]], colour: str) -> None:
        self._pen.polygon(_large(points), colour)

    def title(self, text: str) -> None:
        fitting = largest([text], TITLE_SIZES, WIDTH - 2 * EDGE)
        title = fitting[0] if fitting else words(text, TITLE_SIZES[-1])
        if title is not None:
            self.write(EDGE, EDGE + 0.8 * TITLE_SIZES[0], title)

    def write(self, x: float, base: float, what: Words, *, at: float = 0.0, ink: str = "") -> None:
        """
        Args:
            base: on which the letters stand.
            at: how much of the words is left of `x`: 0, 0.5 or 1.
        """
        self._words.append((x - at * what.width, base, what, ink or self.palette.ink))

    def png(self) -> bytes:
        image = self._image.reduce(SMOOTH)
        pen = ImageDraw.Draw(image)
        for x, base, what, ink in self._words:
            for text, font in what.parts:
                pen.text((x, base), text, ink, font, anchor="ls")
                x += font.getlength(text)
        png = BytesIO()
        image.save(png, "PNG")
        return png.getvalue()


def _large(points: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    return [(x * SMOOTH, y * SMOOTH) for x, y in points]


# --- bars -----------------------------------------------------------------------------------------


def _bars(sheet: _Sheet, chart: Bars) -> None:
    named = any(bar.name for bar in chart.bars)
    axis = _Axis.of([bar.value for bar in chart.bars], TOP, BOTTOM if named else BOTTOM + 36)
    slot = (WIDTH - 2 * EDGE) / max(1, len(chart.bars))
    for number, bar in enumerate(chart.bars):
        middle = EDGE + slot * (number + 0.5)
        if bar.value:
            end, colour = axis.end(bar), _colour(sheet, bar)
            top, bottom = sorted((axis.zero, end))
            sheet.box(round(middle - slot * 0.3), top, round(middle + slot * 0.3), bottom, colour)
    _labels(sheet, chart.bars, slot, axis)
    if named:
        _names_below(sheet, chart.bars, slot)
    sheet.line([(EDGE, axis.zero), (WIDTH - EDGE, axis.zero)], sheet.palette.line, 4)


def _labels(sheet: _Sheet, bars: Sequence[Bar], slot: float, axis: "_Axis") -> None:
    """Beyond the ends of all bars, or where they have no room, of the best and the worst."""
    told = list(range(len(bars)))
    written = largest([bar.label for bar in bars], LABEL_SIZES, slot - 8)
    if written is None and bars:
        told = sorted({max(told, key=lambda at: bars[at].value), _worst(bars)})
        written = largest([bars[at].label for at in told], LABEL_SIZES, WIDTH / 4)
    for at, label in zip(told, written or (), strict=False):
        bar, end = bars[at], axis.end(bars[at])
        base = end + 12 + 0.75 * label.size if bar.value < 0 else end - 12
        x = EDGE + slot * (at + 0.5)
        x = min(max(x, EDGE + label.width / 2), WIDTH - EDGE - label.width / 2)
        sheet.write(x, base, label, at=0.5)


def _worst(bars: Sequence[Bar]) -> int:
    return min(range(len(bars)), key=lambda at: bars[at].value)


def _names_below(sheet: _Sheet, bars: Sequence[Bar], slot: float) -> None:
    """Of as many bars as have room, the last among them."""
    written = [words(bar.name, NAME_SIZES[-1]) for bar in bars]
    widest = max((one.width for one in written if one is not None), default=0.0)
    every = max(1, -(-int(widest + 16) // int(slot)))
    for at in range(len(bars) - 1, -1, -every):
        one = written[at]
        if one is not None:
            x = min(EDGE + slot * (at + 0.5), WIDTH - EDGE / 2 - one.width / 2)
            sheet.write(x, HEIGHT - EDGE * 0.7, one, at=0.5, ink=sheet.palette.line)


@dataclass(frozen=True, slots=True)
class _Axis:
    """Where the line of nought is, and how many pixels the value 1 has, to the side of gains."""

    zero: int
    of_one: float

    @classmethod
    def of(cls, values: Iterable[object], gains: int, losses: int) -> "_Axis":
        """The longest bars reach to both ends."""
        numbers = [float(str(one)) for one in values]
        gain, loss = max(0.0, 0.0, *numbers), -min(0.0, 0.0, *numbers)
        room = losses - gains
        if not gain + loss:
            return cls(zero=gains + room // 2, of_one=0.0)
        zero = gains + room * gain / (gain + loss)
        return cls(zero=round(zero), of_one=room / (gain + loss))

    def end(self, bar: Bar) -> int:
        """Where a bar ends that begins at the line."""
        if not bar.value:
            return self.zero
        pixels = round(abs(float(bar.value)) * self.of_one)
        sign = 1 if self.of_one > 0 else -1
        pixels = sign * max(LEAST, abs(pixels))
        return self.zero - pixels if bar.value > 0 else self.zero + pixels


def _colour(sheet: _Sheet, bar: Bar) -> str:
    return sheet.palette.gain if bar.value > 0 else sheet.palette.loss


# --- rankings -------------------------------------------------------------------------------------


def _ranking(sheet: _Sheet, chart: Ranking) -> None:
    top = EDGE + TITLE_SIZES[0] + 28
    row = (HEIGHT - EDGE - top) / max(1, len(chart.bars))
    sizes = [size for size in NAME_SIZES if size < row] or [NAME_SIZES[-1]]
    names = [_shortened(bar.name, sizes[0], WIDTH * 0.34) for bar in chart.bars]
    labels = [words(bar.label, sizes[0]) for bar in chart.bars]
    beside = max((one.width for one in names if one), default=0.0) + 28
    outside = max((one.width for one in labels if one), default=0.0) + 18
    has_loss = any(bar.value < 0 for bar in chart.bars)
    left, right = EDGE + beside + (outside if has_loss else 0), WIDTH - EDGE - outside
    axis = _Axis.of([bar.value for bar in chart.bars], round(right), round(left))
    for at, (bar, name, label) in enumerate(zip(chart.bars, names, labels, strict=True)):
        middle = top + row * (at + 0.5)
        end = axis.end(bar)
        if bar.value:
            begins, ends = sorted((axis.zero, end))
            thick = min(row * 0.32, 26)
            sheet.box(begins, middle - thick, ends, middle + thick, _colour(sheet, bar))
        base = middle + 0.36 * sizes[0]
        if name is not None:
            sheet.write(EDGE, base, name)
        if label is not None and bar.value < 0:
            sheet.write(end - 12, base, label, at=1)
        elif label is not None:
            sheet.write(end + 12, base, label)
    sheet.line([(axis.zero, top), (axis.zero, HEIGHT - EDGE)], sheet.palette.line, 4)


def _shortened(text: str, size: int, most: float) -> Words | None:
    text = text[:LONGEST]
    found = words(text, size)
    while found is not None and found.width > most and len(text) > 1:
        text = text[:-1]
        found = words(text.rstrip() + "..", size)
    return found


# --- curves ---------------------------------------------------------------------------------------


def _curve(sheet: _Sheet, chart: Curve) -> None:
    palette = sheet.palette
    labels = [(level, words(level.label, NAME_SIZES[0])) for level in chart.levels]
    aside = max((one.width for _, one in labels if one), default=0.0) + ASIDE
    top = EDGE + TITLE_SIZES[0] + (90 if chart.marks else 60)
    inside = EDGE + MARK if chart.marks else EDGE
    room = _Room(chart, inside, WIDTH - inside - aside, top, BOTTOM + 10)
    taken: list[float] = []
    for level, label in labels:
        y = room.y(float(level.value))
        if all(abs(y - other) > 1.1 * NAME_SIZES[0] for other in taken):
            sheet.line([(EDGE, y), (room.right, y)], palette.faint, 3)
            if label is not None:
                sheet.write(room.right + 16, y + 0.36 * label.size, label)
                taken.append(y)
    path = [(room.x(one), room.y(float(one.value))) for one in chart.points]
    if chart.is_result:
        _filled(sheet, path, room)
        sheet.line([(EDGE, room.zero), (room.right, room.zero)], palette.line, 4)
        path = _stepped(path)
    sheet.line(path, palette.ink if chart.is_result else palette.line, 5 if chart.is_result else 3)
    for one in chart.points:
        if one.bought is not None:
            _mark(sheet, room.x(one), room.y(float(one.value)), bought=one.bought)
    if chart.marks is not None:
        _legend(sheet, chart.marks, EDGE + TITLE_SIZES[0] + 48)
    for x, text, at in ((EDGE, chart.ends[0], 0.0), (room.right, chart.ends[1], 1.0)):
        end = words(text, NAME_SIZES[-1])
        if end is not None:
            sheet.write(x, HEIGHT - EDGE * 0.7, end, at=at, ink=palette.line)


class _Room:
    """Where a point of a curve is."""

    def __init__(self, chart: Curve, left: float, right: float, top: float, bottom: float) -> None:
        self.left, self.right, self.bottom = left, right, bottom
        values = [float(one.value) for one in chart.points] + [0.0] * chart.is_result
        self._low = min(values)
        self._of_one = (bottom - top) / (max(values) - self._low or 1.0)
        self._begin = chart.points[0].at.timestamp()
        self._across = (right - left) / (chart.points[-1].at.timestamp() - self._begin or 1.0)
        self.zero = self.y(0.0)

    def x(self, point: Point) -> float:
        return self.left + (point.at.timestamp() - self._begin) * self._across

    def y(self, value: float) -> float:
        return self.bottom - (value - self._low) * self._of_one


def _stepped(path: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """As it was between the points: it stays what it is until the next."""
    steps = [path[0]]
    for x, y in path[1:]:
        steps += [(x, steps[-1][1]), (x, y)]
    return steps


def _filled(sheet: _Sheet, path: Sequence[tuple[float, float]], room: _Room) -> None:
    """Between the curve and nought, step by step."""
    for (x, y), (following, _) in pairwise(path):
        top, bottom = sorted((y, room.zero))
        if bottom - top >= 1 and following > x:
            gained = y < room.zero
            colour = sheet.palette.under_gain if gained else sheet.palette.under_loss
            sheet.box(x, top, following, bottom, colour)


def _mark(sheet: _Sheet, x: float, y: float, *, bought: bool) -> None:
    """It points up where was bought, down where was sold, with its tip at the price."""
    tall = 2 * MARK if bought else -2 * MARK
    colour = sheet.palette.gain if bought else sheet.palette.loss
    corners = [(x, y), (x - MARK, y + tall), (x + MARK, y + tall)]
    sheet.shape(corners, colour)
    sheet.line([*corners, corners[0]], sheet.palette.ground, 2)


def _legend(sheet: _Sheet, marks: tuple[str, str], middle: float) -> None:
    x: float = EDGE + MARK
    for bought, text in zip((True, False), marks, strict=True):
        label = words(text, NAME_SIZES[0])
        if label is not None:
            _mark(sheet, x, middle - MARK if bought else middle + MARK, bought=bought)
            sheet.write(x + 2 * MARK, middle + 0.36 * label.size, label)
            x += 4 * MARK + label.width + 30
