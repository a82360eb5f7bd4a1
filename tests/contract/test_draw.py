"""What whoever asks for a picture may rely on: of Pillow's, and of the fake."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, cast

import psutil
import pytest

from adapters.pictures import drawing as real
from adapters.pictures.worker import MOST_MEMORY
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
from tests.fakes.meter import FakeMeter
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
async def draw(request: pytest.FixtureRequest) -> AsyncIterator[Draw]:
    if request.param == "blank":
        yield blank
    else:
        async with real.drawing(FakeMeter()) as draw:
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


# --- the process that draws -------------------------------------------------------------------


class _Does:
    """Stands for a chart that makes whoever draws it do something."""

    def __init__(self, what: Callable[..., object], *arguments: object) -> None:
        self._what = what, arguments

    def __reduce__(self) -> Any:
        return self._what


def doing(what: Callable[..., object], *arguments: object) -> Chart:
    return cast(Chart, _Does(what, *arguments))


def processes() -> list[psutil.Process]:
    """Those of this one that draw."""
    started = psutil.Process().children()
    return [one for one in started if "adapters.pictures.worker" in one.cmdline()]


[CHART, *_] = charts(2, -1)


async def test_a_picture_that_takes_too_long_is_given_up_and_its_process_killed():
    meter = FakeMeter()

    async with real.drawing(meter, limit=timedelta(seconds=2)) as draw:
        with pytest.raises(TimeoutError):
            await draw(doing(time.sleep, 60), Look.DARK)

        assert processes() == []
    assert meter.alarms == {"picture_not_drawn": 1}


@pytest.mark.parametrize(
    ("chart", "said"),
    [
        (doing(bytearray, 2 * MOST_MEMORY), "MemoryError"),
        (doing(os._exit, 1), "has ended"),
        (doing(int, "no number"), "ValueError"),
    ],
)
async def test_after_one_that_failed_another_process_draws(chart: Chart, said: str):
    meter = FakeMeter()

    async with real.drawing(meter) as draw:
        with pytest.raises(real.NotDrawn, match=said):
            await draw(chart, Look.DARK)
        assert processes() == []

        assert (await draw(CHART, Look.DARK)).png
    assert meter.alarms == {"picture_not_drawn": 1}


async def test_one_process_draws_them_all_knows_no_secret_and_ends_with_the_program(monkeypatch):
    monkeypatch.setenv("TRADEBELL_SECRET_KEY", "of no use to who draws")

    async with real.drawing(FakeMeter()) as draw:
        assert processes() == []
        async with asyncio.TaskGroup() as group:
            for look in (*Look, *Look):
                group.create_task(draw(CHART, look), name=look)
        [process] = processes()
        known = process.environ()

    assert not any(name.startswith("TRADEBELL") for name in known)
    assert processes() == []


async def test_who_is_asked_for_no_picture_ends_and_begins_again():
    async with real.drawing(FakeMeter(), idle=timedelta(0)) as draw:
        first = await draw(CHART, Look.DARK)
        [process] = processes()
        await asyncio.to_thread(process.wait, 60)

        assert await draw(CHART, Look.DARK) == first
