"""The real process, killed with SIGKILL at points of its way, and started again each time."""

from __future__ import annotations

import asyncio
import re
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Connection, select

from bot.domain.deliveries import State
from bot.settings import keys_in
from storage import open_store
from storage.schema.tables import delivery
from tests.contract.platforms import Person, Simulated, simulated
from tests.e2e.processes import digits_in, environment, free_port, sign_in
from tests.harness.judge import assert_kept
from tests.standins.bot_api import BotApi, Message
from tests.standins.bot_api import Person as Friend
from tests.standins.bot_api.devices import on_devices

NEVER = "before call of Platform.reachable, 1"

LIVE = "before call of Session.receive"

LINKED = "after commit of storage.accounts.codes.SqlCodes._complete_all, 1"

SENT = "after call of Messenger.send"

SETTLED = "after commit of storage.outbox.claims.serve_lanes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kill:
    """Where a process dies when the next trade comes, and how often that may be shown then."""

    point: str
    copies: frozenset[int]


ONCE, TWICE, MAYBE = frozenset({1}), frozenset({2}), frozenset({1, 2})

KILLS = (
    Kill(point="before commit of storage.inbox.ingest.SqlInbox._ingest, 1", copies=ONCE),
    # It is prepared while the disk is waited for, and may leave as soon as that is done.
    Kill(point="before call of Messenger.send, 1", copies=ONCE),
    Kill(point="after commit of storage.inbox.ingest.SqlInbox._ingest, 1", copies=MAYBE),
    Kill(point="after call of Messenger.send, 1", copies=TWICE),
    Kill(point="before commit of storage.outbox.claims.serve_lanes, 1", copies=TWICE),
    Kill(point="after commit of storage.outbox.claims.serve_lanes, 1", copies=ONCE),
)


@dataclass(eq=False)
class Process:
    """A product that tells which points it passes."""

    process: asyncio.subprocess.Process
    log: Path
    sent: int = 0
    """How many sends have ended, as far as it was listened to."""

    async def tells(self, line: str) -> None:
        """Wait for this line; those before it are gone then."""
        assert self.process.stdout is not None
        async with asyncio.timeout(30):
            while told := await self.process.stdout.readline():
                found = told.decode().strip()
                self.sent += found == SENT
                if found == line:
                    return
        raise AssertionError(f"{line!r} never came:\n{self.log.read_text()}")

    async def settles(self, sends: int) -> None:
        """Wait until the outcome of so many sends is stored."""
        while self.sent < sends:
            await self.tells(SENT)
        await self.tells(SETTLED)

    async def arm(self) -> None:
        """Let it die at its point from now on."""
        self.process.send_signal(signal.SIGUSR1)
        await self.tells("armed")

    async def stops(self) -> None:
        self.process.terminate()
        async with asyncio.timeout(30):
            await self.process.communicate()
        assert self.process.returncode == 0, self.log.read_text()

    async def dies(self) -> None:
        # Its pipe must be emptied, or it would wait there instead.
        async with asyncio.timeout(30):
            await self.process.communicate()
        assert self.process.returncode == -signal.SIGKILL, self.log.read_text()


@dataclass(eq=False)
class Town:
    """What outlives all processes: the folder, the platform, Telegram, and Ann with her bot."""

    folder: Path
    platform: Simulated
    api: BotApi
    alice: Person
    owl: str
    ann: Friend
    port: int = field(default_factory=free_port)
    trades: int = 0

    @asynccontextmanager
    async def process(self, point: str, *options: str) -> AsyncIterator[Process]:
        given = {
            "DATA_DIR": str(self.folder),
            "PLATFORM_URL": self.platform.url,
            "TELEGRAM_API_URL": self.api.url,
            "TELEGRAM_TOKEN": self.api.token,
            "TELEGRAM_CHAT_RATE": "0",
            "LISTEN": f"127.0.0.1:{self.port}",
            "PUBLIC_URL": f"http://127.0.0.1:{self.port}",
        }
        log = self.folder / "log"
        with log.open("ab") as output:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "tests.faults.real.mortal", point, *options),
                env=environment(given),
                stdout=asyncio.subprocess.PIPE,
                stderr=output,
            )
        try:
            yield Process(process, log)
        finally:
            if process.returncode is None:
                process.kill()
                await process.communicate()

    async def trade(self) -> int:
        self.trades += 1
        record = {
            "side": "buy",
            "symbol": "BTC/USDT",
            "amount": self.trades,
            "price": 42400,
            "traderId": f"bot-{self.trades}",  # many of one would be told in one message
        }
        await self.platform.add("trades", record, self.alice.id)
        return self.trades

    async def link(self) -> None:
        """As far as Ann can: the last word may be that of the next process."""
        self.ann.types("/link")
        message = await self.shows(lambda one: "/link/" in one.text)
        address = next(word for word in message.text.split() if "/link/" in word)
        page = await sign_in(address, email=self.alice.email, password=self.alice.password)
        self.ann.types(digits_in(page))

    async def shows(self, condition: Callable[[Message], object]) -> Message:
        return await self.api.world.message_where(condition, within=30)

    async def shows_trade(self, number: int) -> Message:
        return await self.shows(lambda one: number in bought(one))

    def saying(self, words: str) -> list[Message]:
        return [one for one in self.api.world.messages if words in one.text]

    async def assert_kept(self) -> None:
        url = f"sqlite:///{self.folder / 'tradebell.db'}"
        async with open_store(url, keys_in(self.folder), now, new_id) as store:
            begun = await store.database.read(_begun)
            shown = [
                # A phone does not know when a message left: the last attempt began then.
                replace(one, left=min(one.left, begun.get(one.card.reference, one.left)))
                for one in on_devices(self.api.world.messages, now)
            ]
            ends = await assert_kept(store, shown)
        assert set(ends) == {State.SENT}

    def told(self) -> int:
        """How many alerts have been shown, each copy counted."""
        return len(self.saying("ref "))

    def copies(self, number: int) -> list[Message]:
        return [one for one in self.api.world.messages if number in bought(one)]


def _begun(connection: Connection) -> dict[str | None, datetime]:
    """When the last attempt of each item began."""
    rows = connection.execute(select(delivery.c.reference, delivery.c.started_at))
    return {row.reference: row.started_at for row in rows}


def bought(message: Message) -> list[int]:
    return [int(amount) for amount in re.findall(r"Bought (\d+) BTC/USDT", message.text)]


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    async with simulated() as platform, BotApi() as api:
        alice = await platform.add_user(name="Alice")
        facts = {"name": "Night Owl", "dry_run": True, "running": True, "status": "running"}
        owl = await platform.add("traders", facts, alice.id)
        ann = api.world.person("Ann")
        yield Town(tmp_path, platform, api, alice, str(owl["_id"]), ann)


def new_id() -> str:
    raise AssertionError("nothing is made here")


def now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 the process lives in real time


@pytest.mark.fault(51)
async def test_a_process_that_is_killed_again_and_again_tells_each_event_in_order(town: Town):
    async with town.process(LINKED, "--at-once") as process:
        await process.tells("ready")
        await town.link()
        await process.dies()

    expected = {}
    down: list[int] = []
    for kill in KILLS:
        async with town.process(kill.point) as process:
            await process.tells("ready")
            before = town.told()
            await process.tells(LIVE)
            for number in down:
                await town.shows_trade(number)
            # Where the last one went, the next one is expected to go: it is claimed at once.
            warm = await town.trade()
            await town.shows_trade(warm)
            await process.settles(town.told() - before)
            await process.arm()
            number = await town.trade()
            await process.dies()
            expected[warm] = ONCE
            expected[number] = kill.copies
        down = [number, await town.trade()]
        expected[down[1]] = ONCE
    async with town.process(NEVER) as process:
        for number in down:
            await town.shows_trade(number)
        await process.tells(LIVE)
        last = await town.trade()
        await town.shows_trade(last)
        await process.stops()

    copies = {number: len(town.copies(number)) for number in expected}
    assert {number: many for number, many in copies.items() if many not in expected[number]} == {}
    firsts = list(dict.fromkeys(n for one in town.api.world.messages for n in bought(one)))
    assert firsts == list(range(1, last + 1))
    await town.assert_kept()


@pytest.mark.fault(51)
async def test_a_process_that_is_killed_amid_a_command_does_it_once_and_says_so(
    town: Town,
):
    async with town.process("after call of Session.set_running, 1") as process:
        await process.tells("ready")
        await town.link()
        await process.tells(LIVE)
        town.ann.types("/pause night owl")
        card = await town.shows(lambda one: "Stop Night Owl?" in one.text)
        await process.arm()
        town.ann.presses(card, "Stop Night Owl")
        await process.dies()
    async with town.process("before commit of storage.journal._done, 1") as process:
        report = await town.shows(lambda one: "I was interrupted while stopping a bot" in one.text)
        await process.tells("after commit of storage.journal._done")  # of the press, brought again
        await process.arm()
        town.ann.types("/status")
        await process.dies()
    async with town.process(NEVER) as process:
        answered = partial(town.saying, "0 of 1 bot")
        await town.api.world.until(lambda: len(answered()) == 2, within=30)
        await process.stops()

    assert "Night Owl is stopped" in report.text
    calls = [call for call in await town.platform.calls() if call["method"] == "patch"]
    assert [call["id"] for call in calls] == [town.owl]
    await town.assert_kept()
