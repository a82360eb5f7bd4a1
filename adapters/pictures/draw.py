"""Bars above and below a line, as a PNG: pure, the same chart gives the same bytes."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from io import BytesIO

from PIL import Image, ImageDraw, ImageFont

from bot.domain.cards import Picture
from bot.domain.charts import Bar, Chart

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

WIDTH, HEIGHT = 560, 320
"""Twice what a phone's bubble has across, so that it stays sharp."""

EDGE = 20
TITLE_SIZES = (22, 18, 15)
LABEL_SIZES = (24, 20, 17)
"""The largest is taken with which all labels stand side by side; smaller ones nobody could read."""

TOP = EDGE + TITLE_SIZES[0] + 2 * LABEL_SIZES[0]
BOTTOM = HEIGHT - EDGE - LABEL_SIZES[0]
"""Between these is room for the bars; labels stand outside of it."""

LEAST = 3
"""Pixels of a bar that is nearly nothing: which side of the line it is on can still be seen."""

GROUND = "#18211f"
INK = "#e8efed"
LINE = "#9fafaa"
GAIN = "#4cc38a"
LOSS = "#ff7369"
"""Each can be told from the ground; up and down say the same as green and red."""


def drawn(chart: Chart) -> Picture:
    """Implements `ports.Draw`."""
    image = Image.new("RGB", (WIDTH, HEIGHT), GROUND)
    canvas = ImageDraw.Draw(image)
    title_font = _largest([chart.title], TITLE_SIZES, WIDTH - 2 * EDGE) or _font(TITLE_SIZES[-1])
    canvas.text((EDGE, EDGE), chart.title, INK, title_font)
    scale = _scale(chart)
    slot = (WIDTH - 2 * EDGE) / max(1, len(chart.bars))
    font = _largest([bar.label for bar in chart.bars], LABEL_SIZES, slot - 4)
    for number, bar in enumerate(chart.bars):
        middle = EDGE + slot * (number + 0.5)
        end = scale.end(bar)
        if bar.value:
            across = round(middle - slot * 0.3), round(middle + slot * 0.3)
            _fill(canvas, across, (scale.zero, end), GAIN if bar.value > 0 else LOSS)
        if font is not None:
            _label(canvas, bar, middle, end, font)
    canvas.line((EDGE, scale.zero, WIDTH - EDGE, scale.zero), LINE, width=2)
    png = BytesIO()
    image.save(png, "PNG")
    return Picture(png=png.getvalue(), alt=chart.alt, width=WIDTH, height=HEIGHT)


@dataclass(frozen=True, slots=True)
class _Scale:
    """Where the line is, in pixels from the top, and how many of them the value 1 has."""

    zero: int
    of_one: float

    def end(self, bar: Bar) -> int:
        """Where a bar ends that begins at the line."""
        if not bar.value:
            return self.zero
        pixels = max(LEAST, round(abs(float(bar.value)) * self.of_one))
        return self.zero - pixels if bar.value > 0 else self.zero + pixels


def _scale(chart: Chart) -> _Scale:
    """The longest bars reach to both ends of the room for them."""
    values = [float(bar.value) for bar in chart.bars]
    gain, loss = max(0.0, 0.0, *values), -min(0.0, 0.0, *values)
    room = BOTTOM - TOP
    if not gain + loss:
        return _Scale(zero=TOP + room // 2, of_one=0.0)
    return _Scale(zero=round(TOP + room * gain / (gain + loss)), of_one=room / (gain + loss))


def _fill(
    canvas: ImageDraw.ImageDraw, across: tuple[int, int], down: tuple[int, int], colour: str
) -> None:
    (left, right), (top, bottom) = across, sorted(down)
    canvas.rectangle((left, top, right, bottom), colour)


def _label(canvas: ImageDraw.ImageDraw, bar: Bar, middle: float, end: int, font: Font) -> None:
    """Beyond the end of its bar."""
    if bar.value < 0:
        canvas.text((middle, end + 5), bar.label, INK, font, anchor="mt")
    else:
        canvas.text((middle, end - 5), bar.label, INK, font, anchor="mb")


def _largest(texts: Sequence[str], sizes: Sequence[int], most: float) -> Font | None:
    """The first font in which no text has more pixels across; `None` if there is none."""
    for font in map(_font, sizes):
        if all(font.getlength(text) <= most for text in texts):
            return font
    return None


@cache
def _font(size: int) -> Font:
    return ImageFont.load_default(size)
