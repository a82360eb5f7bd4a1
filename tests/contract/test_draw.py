"""What whoever asks for a picture may rely on: of Pillow's, and of the fake."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from adapters.pictures import drawing as real
from bot.domain.cards import Look
from bot.domain.charts import (
    Bar,
    Bars,
    Chart,
    Curve,
    Level,
    Point,
    Ranking,
)
from bot.ports import Draw
from tests.fakes.pictures import blank

ALT = "Profit: +2 %, -1 %, 0 %."
START = datetime(2026, 11, 22, 12, tzinfo=UTC)


def charts(*values: object, text: str = "") -> list[Chart]:
    """One of each kind."""
    bars = tuple(
        Bar(value=Decimal(str(one)), label=text or f"{one:+}", name=text) for one in values
    )
    points = tuple(
        Point(at=START + timedelta(hours=at), value=bar.value, bought=bool(at % 2))
        for at, bar in enumerate(bars)
    )
    levels = tuple(Level(value=one.value, label=one.label) for one in bars)
    ends = (text, text)
    return [
        Bars(title=text, bars=bars, alt=ALT),
        Ranking(title=text, bars=bars, alt=ALT),
        Curve(title=text, points=points, levels=levels, ends=ends, alt=ALT, marks=ends),
        Curve(title=text, points=points, levels=levels, ends=ends, alt=ALT, is_result=True),
    ]


@pytest.fixture(params=["pillow", "blank"])
def draw(request: pytest.FixtureRequest) -> Iterator[Draw]:
    if request.param == "blank":
        yield blank
    else:
        with real.drawing() as draw:
            yield draw


@pytest.mark.parametrize("look", Look)
async def test_a_chart_becomes_a_png_of_the_size_that_is_said_with_its_words(
    draw: Draw, look: Look
):
    for chart in charts(2, -1, 0):
        picture = await draw(chart, look)

        assert picture.png.startswith(b"\x89PNG\r\n\x1a\n")
        assert picture.png[12:16] == b"IHDR"
        size = int.from_bytes(picture.png[16:20]), int.from_bytes(picture.png[20:24])
        assert size == (picture.width, picture.height)
        assert picture.alt == ALT
        assert picture == await draw(chart, look), "the same chart is the same picture"
        assert len(picture.png) < 100_000, "it is stored with what is owed"


async def test_it_looks_as_is_wanted(draw: Draw):
    [chart, *_] = charts(2, -1, 0)

    assert await draw(chart, Look.DARK) != await draw(chart, Look.LIGHT)


@pytest.mark.parametrize("values", [(0, 0), (-1,), (10**18, Decimal("1e-18")), range(60)])
async def test_every_chart_can_be_drawn(draw: Draw, values: tuple[int, ...]):
    for text in ("😀x" * 300, "\u0e01\u05d0利"):
        for chart in charts(*values, text=text):
            assert (await draw(chart, Look.LIGHT)).png


async def test_pillow_draws_off_the_event_loop_and_not_for_ever(monkeypatch):
    free = threading.Event()
    monkeypatch.setattr(real, "_drawn", lambda chart, look: free.wait(10))
    monkeypatch.setattr(real, "LIMIT", timedelta(seconds=0.05))
    [chart, *_] = charts(1)

    with real.drawing() as draw:
        with pytest.raises(TimeoutError):
            await draw(chart, Look.DARK)
        free.set()
