"""The demo: the product with nothing but a browser."""

from __future__ import annotations

import asyncio
import re
import webbrowser
from datetime import timedelta

import aiohttp
import pytest

from bot.app.demo import Show, demo
from bot.errors import Misconfigured
from tests.e2e.processes import free_port


async def given(show: Show) -> tuple[list[str], int, str]:
    """Give a demo for a moment: its lines, and the status and text of its page."""
    lines: asyncio.Queue[str] = asyncio.Queue()
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(demo(show, lines.put_nowait, stop))
        async with asyncio.timeout(20):
            said = [await lines.get() for _ in range(3)]
        address = said[0].split()[-1]
        async with aiohttp.ClientSession() as http, http.get(address) as page:
            status, text = page.status, await page.text()
        stop.set()
    return said, status, text


async def test_it_says_where_it_is_and_how_to_sign_in():
    port = free_port()

    lines, status, text = await given(Show(port=port, browser=False))

    assert lines[0].endswith(f"http://127.0.0.1:{port}/chat")
    assert re.search(r" \S+@\S+$", lines[1])
    assert re.search(r" \S+$", lines[2])
    assert status == 200
    assert 'id="say"' in text


async def test_what_it_stores_can_be_looked_at_afterwards(tmp_path):
    await given(Show(port=free_port(), browser=False, data_dir=tmp_path / "demo"))

    assert (tmp_path / "demo" / "tradebell.db").exists()


async def test_nothing_of_the_operators_own_settings_counts(monkeypatch):
    monkeypatch.setenv("TRADEBELL_TELEGRAM_TOKEN", "not even looked at")
    monkeypatch.setenv("TRADEBELL_DATABASE_URL", "postgresql://127.0.0.1:9/precious")

    _, status, _ = await given(Show(port=free_port(), browser=False))

    assert status == 200


async def test_a_browser_that_fails_or_never_returns_is_nobodys_problem(monkeypatch):
    opened = []

    def failing(address: str) -> None:
        opened.append(address)
        raise webbrowser.Error("could not locate runnable browser")

    monkeypatch.setattr("webbrowser.open", failing)
    monkeypatch.setenv("DISPLAY", ":0")

    lines, status, _ = await given(Show(port=free_port(), pace=timedelta(seconds=1)))

    assert status == 200
    assert opened == [lines[0].split()[-1]]


async def test_without_a_display_no_browser_is_opened(monkeypatch):
    monkeypatch.setattr("webbrowser.open", lambda address: pytest.fail("opened"))
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)

    _, status, _ = await given(Show(port=free_port()))

    assert status == 200


async def test_a_port_that_is_taken_is_told():
    port = free_port()
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", port)

    async with server:
        with pytest.RaisesGroup(Misconfigured, flatten_subgroups=True, allow_unwrapped=True):
            await demo(Show(port=port, browser=False), print, asyncio.Event())
