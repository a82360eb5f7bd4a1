"""What whoever asks for a picture may rely on: of Pillow's, and of the fake."""

from __future__ import annotations

from decimal import Decimal

import pytest

from adapters.pictures.draw import drawn
from bot.domain.charts import Bar, Chart
from bot.ports import Draw
from tests.fakes.pictures import blank

CHART = Chart(
    title="Profit in %",
    bars=tuple(Bar(value=Decimal(value), label=f"{value:+}") for value in (2, -1, 0)),
    alt="Profit: +2 %, -1 %, 0 %.",
)


@pytest.fixture(params=[drawn, blank])
def draw(request: pytest.FixtureRequest) -> Draw:
    draw: Draw = request.param
    return draw


def test_a_chart_becomes_a_png_of_the_size_that_is_said_with_its_words(draw: Draw):
    picture = draw(CHART)

    assert picture.png.startswith(b"\x89PNG\r\n\x1a\n")
    assert picture.png[12:16] == b"IHDR"
    size = int.from_bytes(picture.png[16:20]), int.from_bytes(picture.png[20:24])
    assert size == (picture.width, picture.height)
    assert picture.alt == CHART.alt


def test_the_same_chart_gives_the_same_picture(draw: Draw):
    assert draw(CHART) == draw(CHART)


@pytest.mark.parametrize("values", [(), (0, 0, 0), (-1,), (10**18, -1)])
def test_every_chart_can_be_drawn(draw: Draw, values: tuple[int, ...]):
    bars = tuple(Bar(value=Decimal(value), label=f"{value}" * 9) for value in values)

    assert draw(Chart(title="😀" * 99, bars=bars, alt="x")).png
