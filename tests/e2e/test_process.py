"""The commands as processes: what they say, how they end, what they leave behind."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
import stat
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
from cryptography.fernet import Fernet

from bot.settings import NAMES
from tests.e2e.processes import environment, free_port, tradebell
from tests.standins.bot_api import BotApi

NOWHERE = "http://127.0.0.1:9"
"""The discard port: nobody listens there."""


@dataclass(frozen=True, slots=True)
class Ended:
    """What a process has said and how it ended."""

    code: int
    out: str
    err: str

    @property
    def sentence(self) -> str:
        """The one line on stderr."""
        (line,) = self.err.splitlines()
        return line


async def command(*arguments: str, **settings: str) -> Ended:
    """Run a command that ends by itself."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", *arguments),
        env=environment(settings),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(40):
            out, err = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return Ended(process.returncode or 0, out.decode(), err.decode())


@pytest.fixture
def listen() -> str:
    return f"127.0.0.1:{free_port()}"


# --- what keeps it from starting ------------------------------------------------------------


async def test_every_setting_wrong_at_once_gives_one_list_before_anything_starts(tmp_path):
    wrong = {name: "{nonsense" for name in NAMES - {"DATA_DIR"}}

    ended = await command("run", DATA_DIR=str(tmp_path / "data"), TELEGRAM_TOKN="", **wrong)

    assert ended.code == 2
    lines = ended.err.splitlines()
    assert len(lines) >= len(wrong) - 2  # of the three about pod commands one speaks
    assert all(line.startswith("TRADEBELL_") for line in lines)
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("arguments", [("run",), ("check",), ("migrate",), ("keys", "rotate")])
async def test_every_command_that_needs_settings_takes_them_from_a_file(tmp_path, arguments):
    config = tmp_path / "tradebell.toml"
    config.write_text('listn = "127.0.0.1:8080"\nlog_level = "loud"\n')

    ended = await command(*arguments, "--config", str(config), LOG_FORMAT="xml")

    assert ended.code == 2
    assert ended.err.splitlines() == [
        f"{config}: listn is no setting: did you mean listen?",
        "TRADEBELL_LOG_FORMAT must be console or json.",
        f"{config}: log_level must be debug, info, warning or error.",
    ]


async def test_a_taken_port_is_told_in_one_sentence(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = await command("run", DATA_DIR=str(tmp_path), LISTEN=f"127.0.0.1:{port}")

    assert ended.code == 2
    assert ended.sentence.startswith(f"Cannot listen on 127.0.0.1:{port} (TRADEBELL_LISTEN)")


def _read_only(folder: Path) -> Path:
    """A folder where nothing can be written, not even by root."""
    if os.geteuid() == 0:
        return Path("/sys/tradebell")
    folder.chmod(stat.S_IRUSR | stat.S_IXUSR)
    return folder


@pytest.mark.parametrize("given_key", [True, False])
async def test_a_data_folder_that_cannot_be_written_is_told_in_one_sentence(
    tmp_path, listen, given_key
):
    key = {"SECRET_KEY": Fernet.generate_key().decode()} if given_key else {}
    folder = _read_only(tmp_path)

    ended = await command("run", DATA_DIR=str(folder), LISTEN=listen, **key)

    assert ended.code == 2
    assert str(folder) in ended.sentence
    assert "TRADEBELL_DATA_DIR" in ended.sentence


async def test_a_key_that_does_not_fit_is_told_in_one_sentence(tmp_path, listen):
    one, other = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    made = await command("keys", "rotate", DATA_DIR=str(tmp_path), SECRET_KEY=one)
    assert made.code == 0

    ended = await command("run", DATA_DIR=str(tmp_path), SECRET_KEY=other, LISTEN=listen)

    assert ended.code == 2
    assert ended.sentence.startswith("TRADEBELL_SECRET_KEY does not open this database")
    assert other not in ended.err


async def test_a_database_that_cannot_be_reached_is_told_in_one_sentence(tmp_path, listen):
    url = "postgresql://bell:hunter2@127.0.0.1:9/bell"

    ended = await command("run", DATA_DIR=str(tmp_path), DATABASE_URL=url, LISTEN=listen)

    assert ended.code == 2
    assert "TRADEBELL_DATABASE_URL" in ended.sentence
    assert "hunter2" not in ended.err


async def test_a_file_that_is_no_database_is_told_in_one_sentence(tmp_path, listen):
    (tmp_path / "tradebell.db").write_bytes(b"no database at all, but long enough to look" * 100)

    ended = await command("run", DATA_DIR=str(tmp_path), LISTEN=listen)

    assert ended.code == 2
    assert "tradebell.db" in ended.sentence


async def test_a_refused_token_is_told_in_one_sentence(tmp_path, listen):
    async with BotApi() as api:
        wrong = api.token[:-3] + "abc"
        ended = await command(
            "run",
            DATA_DIR=str(tmp_path),
            LISTEN=listen,
            TELEGRAM_TOKEN=wrong,
            TELEGRAM_API_URL=api.url,
        )

    assert ended.code == 2
    *begun, sentence = ended.err.splitlines()
    assert sentence.startswith("TRADEBELL_TELEGRAM_TOKEN is refused by Telegram")
    assert {json.loads(line)["level"] for line in begun} <= {"info"}
    assert wrong not in ended.err


async def test_a_second_process_with_the_same_data_is_told_in_one_sentence(tmp_path, listen):
    async with _running(tmp_path):
        ended = await command("run", DATA_DIR=str(tmp_path), LISTEN=listen)

    assert ended.code == 2
    assert ended.sentence.startswith("Another Tradebell has")


@pytest.mark.parametrize("arguments", [["nonsense"], ["run", "--loud"], ["demo", "--port", "0"]])
async def test_wrong_usage_is_told_with_its_own_exit_code(arguments):
    ended = await command(*arguments)

    assert ended.code == 2
    assert "Traceback" not in ended.err


# --- while it runs ----------------------------------------------------------------------------


@asynccontextmanager
async def _running(data: Path, **settings: str) -> AsyncIterator[asyncio.subprocess.Process]:
    async with BotApi() as api, tradebell(data, NOWHERE, api.url, api.token, **settings) as running:
        yield running.process


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_it_within_ten_seconds_and_with_success(tmp_path, number):
    async with _running(tmp_path) as process:
        process.send_signal(number)
        async with asyncio.timeout(10):
            assert await process.wait() == 0


STUCK = """
import asyncio, sys
from datetime import timedelta
from bot.app import process

async def stuck(stop):
    print("working", flush=True)
    await stop.wait()
    print("stopping", flush=True)
    while True:
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            pass

process.STOP_LIMIT = timedelta(seconds=float(sys.argv[1]))
with process.supervised():
    process.until_signalled(stuck)
"""
"""Work that does not let go."""


@asynccontextmanager
async def _stuck(limit: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", STUCK, limit),
        env=environment({}),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        await process.stdout.readline()
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def test_what_does_not_let_go_is_left_behind_in_time():
    async with _stuck("0.2") as process:
        process.terminate()
        async with asyncio.timeout(10):
            _, err = await process.communicate()

    assert process.returncode == 1
    assert b"could not stop in time" in err


async def test_a_second_signal_does_not_wait():
    async with _stuck("3600") as process:
        process.terminate()
        assert process.stdout is not None
        assert await process.stdout.readline() == b"stopping\n"
        process.terminate()
        async with asyncio.timeout(10):
            await process.wait()

    assert process.returncode == -signal.SIGTERM


async def _ready(url: str) -> None:
    async with asyncio.timeout(20), aiohttp.ClientSession() as http:
        while True:
            async with http.get(f"{url}/readyz") as answer:
                if answer.status == 200:
                    return
            await asyncio.sleep(0.05)


async def test_a_platform_that_is_away_does_not_end_it_and_check_says_so(tmp_path):
    async with BotApi() as api:
        telegram = {"TELEGRAM_TOKEN": api.token, "TELEGRAM_API_URL": api.url}
        async with tradebell(tmp_path / "one", NOWHERE, api.url, api.token) as running:
            await _ready(running.url)
            assert await running.stop() == 0

        checked = await command(
            "check", DATA_DIR=str(tmp_path / "two"), PLATFORM_URL=NOWHERE, **telegram
        )

    assert checked.code == 1
    (failed,) = [line for line in checked.out.splitlines() if line.startswith("FAIL")]
    assert "platform" in failed
    assert f"{NOWHERE} cannot be used now" in failed
    assert "TRADEBELL_PLATFORM_URL" in failed


async def test_the_first_start_makes_what_it_needs_and_keeps_it_to_itself(tmp_path):
    async with _running(tmp_path / "data"):
        made = {
            path.name: stat.S_IMODE(path.stat().st_mode)
            for path in (tmp_path / "data").iterdir()
            if path.suffix != ".new"  # it is there for a moment only
        }

    assert made["secret.key"] == 0o600
    assert made["tradebell.db"] == 0o600


async def test_the_log_is_json_for_machines_and_never_holds_the_token(tmp_path):
    async with (
        BotApi() as api,
        tradebell(tmp_path, NOWHERE, api.url, api.token, LOG_LEVEL="debug") as running,
    ):
        ann = api.world.person("Ann")
        ann.types("/help")
        await api.world.message_where(lambda one: "/link" in one.text, within=10)
        assert await running.stop() == 0
        lines = running.log.read_text().splitlines()

    assert all(line.startswith('{"time": ') for line in lines)
    assert any('"running"' in line for line in lines)
    assert not any(api.token.partition(":")[2] in line for line in lines)


# --- commands that end by themselves ----------------------------------------------------------


async def test_a_new_key_is_printed_and_nothing_else():
    ended = await command("keys")

    assert ended.code == 0
    assert ended.err == ""
    Fernet(ended.out.strip())


async def test_keys_are_changed_by_putting_the_new_one_first_and_rotating(tmp_path):
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    await command("keys", "rotate", DATA_DIR=str(tmp_path), SECRET_KEY=old)

    both = await command("keys", "rotate", DATA_DIR=str(tmp_path), SECRET_KEY=f"{new},{old}")
    alone = await command("keys", "rotate", DATA_DIR=str(tmp_path), SECRET_KEY=new)

    assert both.out == "Encrypted with the first key now: 1.\n"
    assert (alone.code, alone.out) == (0, "Encrypted with the first key now: 0.\n")


async def test_migrating_twice_changes_nothing_the_second_time(tmp_path):
    first = await command("migrate", DATA_DIR=str(tmp_path))
    second = await command("migrate", DATA_DIR=str(tmp_path))

    assert (first.code, second.code) == (0, 0)
    assert re.fullmatch(r"The database went from nothing to version \w+\.\n", first.out)
    assert re.fullmatch(r"The database is of version \w+ already\.\n", second.out)


# --- the demo -----------------------------------------------------------------------------------


@asynccontextmanager
async def _demo(*arguments: str) -> AsyncIterator[tuple[asyncio.subprocess.Process, list[str]]]:
    """A demo, and the first three lines that it says."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "demo", "--no-browser", *arguments),
        env=environment({"TELEGRAM_TOKEN": "not even looked at"}),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(40):
            yield process, [(await process.stdout.readline()).decode() for _ in range(3)]
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def test_two_demos_live_side_by_side_and_end_with_ctrl_c():
    async with _demo() as (one, lines), _demo() as (other, other_lines):
        addresses = {said[0].split()[1] for said in (lines, other_lines)}
        for address in addresses:
            async with aiohttp.ClientSession() as http, http.get(address) as page:
                assert page.status == 200
        for process in (one, other):
            process.send_signal(signal.SIGINT)
            async with asyncio.timeout(10):
                out, err = await process.communicate()
            assert (process.returncode, out, err) == (0, b"", b"")

    assert len(addresses) == 2
    assert re.fullmatch(r"E-mail +\S+@\S+\n", lines[1])
    assert re.fullmatch(r"Password +\S+\n", lines[2])


async def test_a_demo_on_a_port_that_is_taken_says_so_in_one_sentence():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ended = await command("demo", "--no-browser", "--port", str(taken.getsockname()[1]))

    assert ended.code == 2
    assert ended.sentence.startswith("Cannot listen on")
    assert "set --port to a free port" in ended.sentence
    assert "TRADEBELL_LISTEN" not in ended.sentence
