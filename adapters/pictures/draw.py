"""Bars above and below a line, as a PNG: pure, the same chart gives the same bytes."""

from io import BytesIO

from PIL import Image, ImageDraw, ImageFont

from bot.domain.cards import Picture
from bot.domain.charts import Bar, Chart

WIDTH, HEIGHT = 560, 320
"""Twice what a phone's bubble has across, so that it stays sharp."""

EDGE = 20
TITLE_SIZE = 22
LABEL_SIZES = (24, 20, 17)
"""The largest is taken with which all labels stand side by side; smaller ones nobody could read."""

TOP = EDGE + TITLE_SIZE + 2 * LABEL_SIZES[0]
BOTTOM = HEIGHT - EDGE - LABEL_SIZES[0]
"""Between these is room for the bars; labels stand outside of it."""

LEAST = 3
"""Pixels of a bar that is nearly nothing: which side of the line it is on can still be seen."""

GROUND = "#18211f"
INK = "#e8efed"
LINE = "#9fafaa"
GAIN = "#4cc38a"
LOSS = "#ff7369"
"""Each has a contrast of at least 5 to the ground; up and down say the same as green and red."""


def drawn(chart: Chart) -> Picture:
    """Implements `ports.Draw`."""
    image = Image.new("RGB", (WIDTH, HEIGHT), GROUND)
    canvas = ImageDraw.Draw(image)
    zero = _zero(chart)
    canvas.text((EDGE, EDGE), chart.title, INK, ImageFont.load_default(TITLE_SIZE))
    slot = (WIDTH - 2 * EDGE) / max(1, len(chart.bars))
    font = _label_font(chart, slot - 4)
    for number, bar in enumerate(chart.bars):
        middle = EDGE + slot * (number + 0.5)
        end = zero - _height(bar, chart)
        if bar.value:
            across = (round(middle - slot * 0.3), round(middle + slot * 0.3))
            colour = GAIN if bar.value > 0 else LOSS
            canvas.rectangle((across[0], min(zero, end), across[1], max(zero, end)), colour)
        if font is not None:
            below = bar.value < 0
            at = (middle, end + 5 if below else end - 5)
            canvas.text(at, bar.label, INK, font, anchor="mt" if below else "mb")
    canvas.line((EDGE, zero, WIDTH - EDGE, zero), LINE, width=2)
    png = BytesIO()
    image.save(png, "PNG")
    return Picture(png=png.getvalue(), alt=chart.alt, width=WIDTH, height=HEIGHT)


def _label_font(chart: Chart, most: float) -> ImageFont.FreeTypeFont | ImageFont.ImageFont | None:
    """One in which no label has more pixels across; `None` if there is none."""
    for size in LABEL_SIZES:
        font = ImageFont.load_default(size)
        if all(font.getlength(bar.label) <= most for bar in chart.bars):
            return font
    return None


def _zero(chart: Chart) -> int:
    """Where the line is, from the top: as high as the losses reach down."""
    gain, loss = _reach(chart)
    share = gain / (gain + loss) if gain + loss else 0.5
    return round(TOP + (BOTTOM - TOP) * share)


def _height(bar: Bar, chart: Chart) -> int:
    """Pixels up from the line; fewer than none for a loss."""
    gain, loss = _reach(chart)
    if not bar.value:
        return 0
    pixels = max(LEAST, round((BOTTOM - TOP) * abs(float(bar.value)) / (gain + loss)))
    return pixels if bar.value > 0 else -pixels


def _reach(chart: Chart) -> tuple[float, float]:
    """The greatest gain and the greatest loss."""
    values = [float(bar.value) for bar in chart.bars]
    return max(0.0, *values, 0.0), max(0.0, *(-value for value in values), 0.0)
