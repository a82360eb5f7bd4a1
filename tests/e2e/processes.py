"""Tradebell as a process of its own, started, asked and killed by the tests."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from html import unescape
from pathlib import Path

import aiohttp

READY_WITHIN = 30.0


@dataclass(frozen=True, slots=True)
class Tradebell:
    """A running `tradebell run`."""

    process: asyncio.subprocess.Process
    url: str
    log: Path

    async def stop(self) -> int:
        """SIGTERM; gives the exit code."""
        self.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(15):
            return await self.process.wait()

    async def kill(self) -> None:
        """SIGKILL: no chance to tidy up."""
        self.process.kill()
        await self.process.wait()


@asynccontextmanager
async def tradebell(
    data: Path,
    platform: str,
    bot_api: str,
    token: str,
    descriptors: int | None = None,
    program: Sequence[str] = ("-m", "bot", "run"),
    /,
    **settings: str,
) -> AsyncIterator[Tradebell]:
    """Run until the block ends.

    Args:
        descriptors: the most that it may have open, soft limit and hard.
        program: what Python runs.
        settings: without the prefix, such as `TELEGRAM_RATE='0'`.
    """
    limited = () if descriptors is None else ("sh", "-c", f'ulimit -n {descriptors}; exec "$@"', "")
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    given = {
        "DATA_DIR": str(data),
        "PLATFORM_URL": platform,
        "TELEGRAM_API_URL": bot_api,
        "TELEGRAM_TOKEN": token,
        "LISTEN": f"127.0.0.1:{port}",
        "PUBLIC_URL": url,
        **settings,
    }
    log = data / "log"
    data.mkdir(exist_ok=True)  # noqa: ASYNC240 before anything else runs
    with log.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            *(*limited, sys.executable, *program),
            env=environment(given),
            stdout=output,
            stderr=output,
        )
    started = Tradebell(process, url, log)
    try:
        await _ready(started)
        yield started
    finally:
        if process.returncode is None:
            await started.kill()


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """This process's environment without settings of its own, and with these.

    The figures have one port for all by default, so only who asks for them gets them.
    """
    ours = {key: value for key, value in os.environ.items() if not key.startswith("TRADEBELL_")}
    given = {"METRICS_LISTEN": "", **settings}
    return ours | {f"TRADEBELL_{name}": value for name, value in given.items()}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def _ready(started: Tradebell) -> None:
    async with asyncio.timeout(READY_WITHIN), aiohttp.ClientSession() as http:
        while True:
            if started.process.returncode is not None:
                raise AssertionError(started.log.read_text())
            try:
                async with http.get(f"{started.url}/healthz") as answer:
                    if answer.status == 200:
                        return
            except aiohttp.ClientConnectionError:
                pass
            await asyncio.sleep(0.05)


async def sign_in(address: str, **fields: str) -> str:
    """Fill in the link page as a browser does, cookies included; gives its answer."""
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(cookie_jar=jar) as http:
        async with http.get(address) as answer:
            page = await answer.text()
        hidden = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page)
        origin = address.partition("/link/")[0]
        form = {**{name: unescape(value) for name, value in hidden}, **fields}
        headers = {"Origin": origin, "Sec-Fetch-Site": "same-origin"}
        async with http.post(address, data=form, headers=headers) as answer:
            return await answer.text()


def digits_in(page: str) -> str:
    """The six digits that the page shows."""
    found = re.search(r'id="digits"[^>]*>(.*?)</output>', page, re.DOTALL)
    assert found is not None, page
    return re.sub(r"\D", "", re.sub(r"<[^>]+>", "", found[1]))
