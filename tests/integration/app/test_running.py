"""The product as a whole: it starts, tells, reports on itself, and ends in time."""

from __future__ import annotations

import asyncio
import os
import secrets
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path

import asyncpg
import pytest
from aiohttp import web
from aiohttp.test_utils import RawTestServer
from cryptography.fernet import Fernet
from sqlalchemy import make_url

from bot.app.running import run
from bot.errors import Misconfigured, OutcomeUnknown
from bot.services.leadership import LEASE_LIFE
from tests.harness.databases import execute
from tests.harness.waiting import until
from tests.integration.app.conftest import bought, linked, running
from tests.standins.faults import Hold

STOP_WITHIN = 10


async def test_a_trade_is_told_and_nothing_is_left_running_after_the_stop(
    settings, simulated, bot_api, ann
):
    before = asyncio.all_tasks()

    async with running(settings()) as product:
        await linked(product, bot_api, ann, simulated.alice)
        await simulated.trade(7)
        await bot_api.world.message_where(lambda one: "Bought 7 BTC/USDT" in one.text)
        seconds = await product.stop()

    assert seconds < STOP_WITHIN / 2
    left = {task.get_name() for task in asyncio.all_tasks() - before}
    assert not [name for name in left if not name.startswith("Task-")]


async def test_what_the_platform_calls_critical_rings_and_what_it_calls_info_does_not(
    settings, simulated, bot_api, ann
):
    reports = [
        ("messages", {"level": "critical", "title": "A word from us"}),
        ("messages", {"level": "info", "title": "Twelve files, 0 errors"}),
        ("events", {"severity": "FATAL", "title": "Another word"}),
        ("traders/pods/events", {"level": 40, "type": "note", "message": "Third word"}),
        ("traders/pods/events", {"level": 20, "message": "Nothing failed"}),
    ]

    async with running(settings()) as product:
        await linked(product, bot_api, ann, simulated.alice)
        for service, report in reports:
            await simulated.platform.add(service, report, simulated.alice.id)
        told = [
            await bot_api.world.message_where(lambda one, words=words: words in one.text, within=15)
            for words in ("A word from us", "0 errors", "Another", "Third word", "Nothing failed")
        ]

    assert [message.silent for message in told] == [False, True, False, False, True]


async def test_what_records_mean_is_told_however_they_spell_it(settings, simulated, bot_api, ann):
    beta = await simulated.platform.add("traders", {"name": "Beta"}, simulated.alice.id)
    records = [
        ("trades", {"side": "sell", "amount": 3, "price": 95, "traderId": simulated.owl}),
        ("traders/pods/events", {"type": "error", "traderId": beta["_id"], "message": LIQUIDATED}),
        ("trades", {"type": "exit_fill", "direction": "Long", "amount": 7, "close_rate": "1.04"}),
        ("trades", {"side": "buy", "status": "canceled", "amount": 5, "price": 10}),
        ("trades", {"side": "buy", "amount": "1,234.5", "price": "42,400.10"}),
        ("traders/pods/events", {"type": "error", "error": {"code": -2010, "msg": "Too little"}}),
        ("traders/pods/events", {"type": "exit_fill", "pair": "A/USDT", "amount": 2, "rate": 8}),
    ]
    expected = [
        "Sold 3 SOL/USDT at 95 USDT",
        "liquidation of the whole position",
        "Closed long 7 SOL/USDT at 1.04 USDT",
        "Order cancelled: buy 5 SOL/USDT",
        "Bought 1,234.5 SOL/USDT at 42,400.1 USDT",
        "Too little (code -2010)",
        "Closed 2 A/USDT at 8 USDT",
    ]

    await simulated.platform.change("traders", simulated.owl, {"status": "running"})
    async with running(settings()) as product:
        await linked(product, bot_api, ann, simulated.alice)
        for service, record in records:
            symbol = {"symbol": "SOL/USDT"} if service == "trades" else {}
            await simulated.platform.add(service, symbol | record, simulated.alice.id)
        for words in expected:
            await bot_api.world.message_where(lambda one, words=words: words in one.text, within=15)
        await simulated.platform.change("traders", simulated.owl, {"status": "OOMKilled"})
        lost = await bot_api.world.message_where(lambda one: "OOMKilled" in one.text, within=15)

    assert "Night Owl no longer says that it runs" in lost.text
    assert not lost.silent


async def test_the_message_of_a_trade_is_edited_each_time_it_has_come_further(
    settings, simulated, bot_api, ann
):
    platform, alice = simulated.platform, simulated.alice.id
    opened = {"side": "buy", "symbol": "SOL/USDT", "amount": 3, "price": 95, "status": "open"}
    placed = {**opened, "symbol": "UNI/USDT", "type": "limit", "amount": 5, "filled": 0}

    async with running(settings()) as product:
        await linked(product, bot_api, ann, simulated.alice)

        async def told(words: str) -> None:
            await bot_api.world.message_where(lambda one: words in one.text, within=15)

        trade = await platform.add("trades", opened, alice)
        order = await platform.add("trades", placed, alice)
        await told("Bought 3 SOL/USDT")
        await told("Order placed: buy 5 UNI/USDT")
        await platform.change("trades", trade["_id"], {"note": "looked at"})
        await platform.change("trades", order["_id"], {"filled": 2})
        await told("Bought 2 of 5 UNI/USDT")
        closed = {"status": "closed", "close_rate": 99, "profit": 12}
        await platform.change("trades", trade["_id"], closed)
        await platform.change("trades", order["_id"], {"status": "canceled"})
        await told("Closed long 3 SOL/USDT at 99 USDT")
        await told("The rest was cancelled.")
        await platform.change("trades", trade["_id"], {"note": "looked at again"})
        await platform.add("trades", {**opened, "symbol": "END/USDT"}, alice)
        await told("END/USDT")

    of_trades = [one for one in bot_api.world.messages if "/USDT" in one.text.splitlines()[0]]
    assert [len(one.earlier) for one in of_trades] == [1, 2, 0]


LIQUIDATED = "Sold 3 SOL @ 95 - liquidation of the whole position"


async def test_what_is_in_flight_at_the_stop_arrives_once(settings, simulated, bot_api, ann):
    async with running(settings()) as product:
        await linked(product, bot_api, ann, simulated.alice)
        held = Hold()
        bot_api.fail(held, method="sendMessage", chat=ann)
        await simulated.trade(1)
        await held.reached()
        asyncio.get_running_loop().call_later(0.5, held.release)
        assert 0.4 < await product.stop() < STOP_WITHIN

    async with running(settings()) as product:
        await product.becomes("/metrics", lambda _, text: 'state="live"} 1.0' in text)
        await simulated.trade(2)
        await bot_api.world.message_where(lambda one: "Bought 2 BTC/USDT" in one.text)

    assert bought(bot_api) == [1, 2]


async def test_a_chat_platform_that_never_answers_delays_the_stop_within_its_limit(
    settings, simulated, bot_api, ann
):
    async with running(settings()) as product:
        await linked(product, bot_api, ann, simulated.alice)
        held = Hold(executes=False)
        bot_api.fail(held, method="sendMessage", chat=ann)
        await simulated.trade(1)
        await held.reached()

        assert await product.stop() < STOP_WITHIN


async def test_a_platform_that_never_answers_delays_no_stop(settings, simulated, bot_api, ann):
    async with running(settings()) as product:
        await linked(product, bot_api, ann, simulated.alice)
    simulated.platform.script.never_answer("find", performed=False, count=1000)

    async with running(settings()) as product:
        await bot_api.world.until(lambda: True)
        await product.becomes("/metrics", lambda _, text: 'state="connecting"} 1.0' in text)

        assert await product.stop() < STOP_WITHIN / 2


async def test_feeds_do_not_wait_for_a_chat_platform_that_takes_its_time(
    settings, simulated, bot_api, ann
):
    async with running(settings()) as product:
        await linked(product, bot_api, ann, simulated.alice)
    held = Hold()
    bot_api.fail(held, method="getMe")

    async with running(settings()) as product:
        await product.becomes("/metrics", lambda _, text: 'state="live"} 1.0' in text)
        await simulated.trade(1)
        await product.becomes("/metrics", lambda _, text: 'items{state="ready"} 1.0' in text)
        assert bought(bot_api) == []
        held.release()
        await bot_api.world.message_where(lambda one: "Bought 1 BTC/USDT" in one.text)


async def test_a_token_that_is_refused_ends_it_before_anything_is_sent(
    settings, simulated, bot_api, ann
):
    async with running(settings()) as product:
        await linked(product, bot_api, ann, simulated.alice)
    await simulated.trade(1)
    bot_api.revoked = True

    with pytest.RaisesGroup(
        pytest.RaisesExc(Misconfigured, match="TRADEBELL_TELEGRAM_TOKEN"), flatten_subgroups=True
    ):
        await run(settings(), asyncio.Event())
    assert [call.method for call in bot_api.world.calls][-1] == "getMe"

    bot_api.revoked = False
    async with running(settings()):
        await bot_api.world.message_where(lambda one: "Bought 1 BTC/USDT" in one.text)


async def test_it_says_when_it_is_not_ready_and_when_it_is_again(settings, bot_api, ann):
    async with running(settings()) as product:
        await product.becomes("/readyz", lambda status, _: status == 200)
        async with bot_api.down():
            text = await product.becomes("/readyz", lambda status, _: status == 503)
            assert text == "Telegram: Telegram cannot be reached.\n"
            assert (await product.asked("/healthz"))[0] == 200
        ann.types("/help")  # it is known to be well once Telegram has brought something
        await product.becomes("/readyz", lambda status, _: status == 200)


@pytest.mark.fault(56)
async def test_no_sign_of_life_is_given_while_the_only_chat_platform_is_away(
    settings, bot_api, caplog
):
    """The pages of the product itself, which are always there, are no chat that works."""
    signs = []

    async def take(request: web.BaseRequest) -> web.Response:
        signs.append(request.path)
        return web.Response()

    async with (
        bot_api.down(),
        RawTestServer(take) as watcher,
        running(settings(HEARTBEAT_URL=str(watcher.make_url("/sign")))),
    ):
        await until(lambda: "no sign of life is given" in caplog.text, within=15)

    assert signs == []


async def test_what_is_told_again_after_a_backup_was_put_back_is_marked(
    settings, simulated, bot_api, ann, tmp_path
):
    file = tmp_path / "tradebell.db"
    async with running(settings()) as product:
        await linked(product, bot_api, ann, simulated.alice)
    backup = file.read_bytes()
    async with running(settings()):
        await simulated.trade(1)
        await bot_api.world.message_where(lambda one: "Bought 1 BTC/USDT" in one.text)
    for left in tmp_path.glob("tradebell.db*"):
        left.unlink()
    file.write_bytes(backup)

    async with running(settings()):
        await bot_api.world.until(lambda: bought(bot_api) == [1, 1])
        await simulated.trade(2)
        await bot_api.world.message_where(lambda one: "Bought 2 BTC/USDT" in one.text)

    marks = ["possible repeat" in one.text for one in bot_api.world.messages if "Bo" in one.text]
    assert marks == [False, True, False]


@pytest.mark.fault(79)
async def test_a_database_file_that_is_gone_is_said_and_alerts_go_on(
    settings, simulated, bot_api, ann, caplog
):
    async with running(settings()) as product:
        await linked(product, bot_api, ann, simulated.alice)
        await product.becomes("/readyz", lambda status, _: status == 200)
        (product.settings.data_dir / "tradebell.db").unlink()

        text = await product.becomes("/readyz", lambda status, _: status == 503)
        await simulated.trade(1)
        await bot_api.world.message_where(lambda one: "Bought 1 BTC/USDT" in one.text)
        await product.becomes("/metrics", lambda _, text: 'what="database_lost"} 1.0' in text)

    assert "is not there any more" in text
    assert any("newest backup" in one.message for one in caplog.records)


@pytest.fixture
def small_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A disk of 64 MiB; where nobody may mount one, what a disk tells is told of a file in it."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ("mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(folder))
    if subprocess.run(mount, check=False, capture_output=True).returncode == 0:
        yield folder
        subprocess.run(("umount", "--lazy", str(folder)), check=True)
        return
    real = os.statvfs

    def told(path: Path) -> os.statvfs_result:
        facts = list(real(path))
        facts[4] = 0 if (folder / "filling").exists() else facts[4]
        return os.statvfs_result(facts)

    monkeypatch.setattr(os, "statvfs", told)
    yield folder


def fill(disk: Path) -> Path:
    """Leave not one byte; gives what takes all the room."""
    filling = disk / "filling"
    with suppress(OSError), filling.open("wb", buffering=0) as file:
        for _ in range(64):
            file.write(bytes(1 << 20))
        while file.write(b"0"):
            pass
    return filling


@pytest.mark.fault(54)
async def test_a_full_disk_is_said_with_its_cure_until_there_is_room(
    settings, simulated, bot_api, ann, small_disk, caplog
):
    async with running(settings(DATA_DIR=str(small_disk))) as product:
        await linked(product, bot_api, ann, simulated.alice)
        await product.becomes("/readyz", lambda status, _: status == 200)
        filling = fill(small_disk)

        text = await product.becomes("/readyz", lambda status, _: status == 503)
        await product.becomes("/metrics", lambda _, text: 'what="disk_full"} 1.0' in text)
        filling.unlink()
        await product.becomes("/readyz", lambda status, _: status == 200)
        await simulated.trade(1)
        await bot_api.world.message_where(lambda one: "Bought 1 BTC/USDT" in one.text)

    assert f"The disk with the database {small_disk / 'tradebell.db'} is full" in text
    assert "Free some there" in text
    assert len([one for one in caplog.records if "is full" in one.message]) == 1


# --- many processes ---------------------------------------------------------------------------


@pytest.fixture
async def database(postgres_url: str) -> AsyncIterator[str]:
    """A PostgreSQL database of our own."""
    server = make_url(postgres_url)
    plain = server.set(drivername="postgresql").render_as_string(hide_password=False)
    name = f"tradebell_{secrets.token_hex(8)}"
    connection = await asyncpg.connect(plain)
    await connection.execute(f"CREATE DATABASE {name}")
    yield server.set(database=name).render_as_string(hide_password=False)
    await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await connection.close()


async def test_of_two_processes_one_works_and_the_other_takes_over(
    settings, simulated, bot_api, ann, database
):
    shared = {"DATABASE_URL": database, "SECRET_KEY": Fernet.generate_key().decode()}
    async with running(settings(**shared)) as first, running(settings(**shared)) as second:
        await linked(first, bot_api, ann, simulated.alice)
        assert await second.asked("/readyz") == (
            503,
            "Another process does the work: this one stands by.\n",
        )
        await simulated.trade(1)
        await bot_api.world.message_where(lambda one: "Bought 1 BTC/USDT" in one.text)

        await first.stop()
        await second.becomes("/metrics", lambda _, text: 'state="live"} 1.0' in text)
        await simulated.trade(2)
        await bot_api.world.message_where(lambda one: "Bought 2 BTC/USDT" in one.text)
        assert (await second.asked("/readyz"))[0] == 200

    assert bought(bot_api) == [1, 2]


CUT_AT_COMMIT = """
CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER cut AFTER INSERT ON delivery DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW EXECUTE FUNCTION cut();
"""
"""Breaks the connection during the commit of whatever owes a message."""


async def test_what_a_broken_commit_has_ended_can_start_again_at_once(
    settings, simulated, bot_api, ann, database
):
    shared = {"DATABASE_URL": database, "SECRET_KEY": Fernet.generate_key().decode()}

    async def until_a_commit_breaks() -> None:
        async with running(settings(**shared)) as first:
            await linked(first, bot_api, ann, simulated.alice)
            await simulated.trade(1)
            await bot_api.world.message_where(lambda one: "Bought 1 BTC/USDT" in one.text)
            await execute(database, CUT_AT_COMMIT)
            await simulated.trade(2)
            await asyncio.sleep(STOP_WITHIN)

    with pytest.raises(ExceptionGroup) as ended:
        await until_a_commit_breaks()
    assert ended.group_contains(OutcomeUnknown)

    await execute(database, "DROP TRIGGER cut ON delivery")
    async with running(settings(**shared)) as again:
        within = LEASE_LIFE.total_seconds() / 2
        await again.becomes("/metrics", lambda _, text: 'state="live"} 1.0' in text, within)
        await bot_api.world.message_where(lambda one: "Bought 2 BTC/USDT" in one.text)

    assert bought(bot_api) == [1, 2]
