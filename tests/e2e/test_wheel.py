"""The wheel, installed as a stranger would, with nothing of the checkout in reach."""

from __future__ import annotations

import asyncio
import email
import random
import signal
import subprocess
import sys
import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest

from adapters.simulator import Options, SimulatedPlatform, object_ids, serving
from tests.conftest import ROOT
from tests.e2e.processes import environment, free_port


@pytest.fixture(scope="session")
def tradebell(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The installed program."""
    home = tmp_path_factory.mktemp("installed")
    subprocess.run([sys.executable, "-m", "venv", home], check=True)
    python = str(home / "bin" / "python")
    pip = [python, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    lock = ["--require-hashes", "--no-deps", "--requirement", str(ROOT / "requirements.lock")]
    installed = subprocess.run([*pip, *lock], capture_output=True, text=True, check=False)
    if installed.returncode != 0:
        pytest.skip(f"needs a package index that pip can reach: {installed.stderr[-500:]}")
    subprocess.run([*pip, "--no-deps", "--no-index", str(wheel)], check=True)
    return home / "bin" / "tradebell"


@pytest.fixture
async def platform_url() -> AsyncIterator[str]:
    def now() -> datetime:
        return datetime.now(UTC)

    chance = random.Random(1)
    platform = SimulatedPlatform(Options(), now, object_ids(now, chance), chance)
    async with serving(platform) as url:
        yield url


def test_the_wheel_holds_the_three_packages_and_nothing_else(wheel):
    names = zipfile.ZipFile(wheel).namelist()

    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"bot", "adapters", "storage"}
    assert not [name for name in names if name.endswith((".pyc", ".db", ".key"))]


def test_the_wheel_says_what_it_is_and_on_what_it_runs(wheel):
    with zipfile.ZipFile(wheel) as opened:
        (name,) = [name for name in opened.namelist() if name.endswith(".dist-info/METADATA")]
        told = email.message_from_bytes(opened.read(name))

    assert told["Description-Content-Type"] == "text/markdown"
    assert str(told.get_payload()).startswith("# Tradebell")
    assert told["Requires-Python"] == ">=3.11"
    assert told["Keywords"]
    assert "Trading platform, https://cryptorobot.ai" in (told.get_all("Project-URL") or [])
    assert "Programming Language :: Python :: 3.13" in (told.get_all("Classifier") or [])


async def test_it_tells_its_version(tradebell, wheel, tmp_path):
    ended = await _ended(tradebell, "--version", cwd=tmp_path)

    assert ended == (0, f"tradebell {wheel.name.split('-')[1]}\n", "")


async def test_check_is_content_with_what_it_finds(tradebell, tmp_path, platform_url):
    settings = {"DATA_DIR": str(tmp_path / "data"), "PLATFORM_URL": platform_url}

    code, out, err = await _ended(tradebell, "check", cwd=tmp_path, **settings)

    assert (code, err) == (0, "")
    assert len(out.splitlines()) >= 5
    assert all(line.startswith("ok ") for line in out.splitlines())


async def test_it_runs_with_its_pages_and_tables_and_ends_when_told(
    tradebell, tmp_path, platform_url
):
    listen = f"127.0.0.1:{free_port()}"
    metrics = f"127.0.0.1:{free_port()}"
    settings = {"LISTEN": listen, "METRICS_LISTEN": metrics, "PLATFORM_URL": platform_url}

    async with _started(tradebell, "run", cwd=tmp_path, **settings) as process:
        await _answers(f"http://{listen}/healthz", process)
        async with aiohttp.ClientSession(f"http://{listen}") as http:
            for path, status in (("/readyz", 200), ("/metrics", 404), ("/", 200)):
                async with http.get(path) as answer:
                    assert answer.status == status
            async with http.get(f"http://{metrics}/metrics") as answer:
                assert "tradebell_build_info{" in await answer.text()
            async with http.get(f"/link/{'x' * 22}") as answer:
                assert answer.content_type == "text/html"
                assert answer.status == 404
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(10):
            assert await process.wait() == 0

    assert (tmp_path / "data" / "tradebell.db").exists()


async def test_the_demo_has_its_page(tradebell, tmp_path):
    async with _started(tradebell, "demo", "--no-browser", cwd=tmp_path) as process:
        assert process.stdout is not None
        async with asyncio.timeout(40):
            address = (await process.stdout.readline()).decode().split()[-1]
        await _answers(address, process)


async def _ended(
    program: Path, *arguments: str, cwd: Path, **settings: str
) -> tuple[int, str, str]:
    async with _started(program, *arguments, cwd=cwd, **settings) as process:
        async with asyncio.timeout(40):
            out, err = await process.communicate()
        assert process.returncode is not None
        return process.returncode, out.decode(), err.decode()


@asynccontextmanager
async def _started(
    program: Path, *arguments: str, cwd: Path, **settings: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        program,
        *arguments,
        env=environment(settings),
        cwd=cwd,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def _answers(address: str, process: asyncio.subprocess.Process) -> None:
    """Wait until the address gives a page."""
    async with asyncio.timeout(40), aiohttp.ClientSession() as http:
        while process.returncode is None:
            try:
                async with http.get(address) as answer:
                    assert answer.status == 200
                    return
            except aiohttp.ClientConnectorError:
                await asyncio.sleep(0.1)
    raise AssertionError(f"ended with {process.returncode}")
