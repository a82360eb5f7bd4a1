"""Updates that Telegram brings, and those that no bot can use."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from adapters.telegram.bot import TelegramBot
from adapters.telegram.listening import SECRET_HEADER
from tests.fakes.conversation import Conversation, MemoryJournal
from tests.fakes.meter import FakeMeter
from tests.harness.waiting import until
from tests.integration.telegram.bots import listening, our_bot, says
from tests.standins.bot_api import BotApi


@asynccontextmanager
async def web_server(clients: list[TelegramBot]) -> AsyncIterator[str]:
    """Hands what comes to the bot's path on to it, as our web server does."""

    async def receive(request: web.Request) -> web.Response:
        (bot,) = clients
        if request.path != bot.listener.webhook_path:
            return web.Response(status=404)
        answer = await bot.listener.receive(request.headers, await request.read())
        return web.Response(status=answer.status)

    app = web.Application()
    app.router.add_post("/{path:.*}", receive)
    async with TestServer(app) as server:
        yield str(server.make_url("")).rstrip("/")


async def test_a_webhook_brings_updates_once_they_are_stored(api: BotApi):
    ann = api.world.person("Ann")
    hear, journal = Conversation(says("Welcome")), MemoryJournal(fails=1)
    clients: list[TelegramBot] = []

    async with (
        web_server(clients) as url,
        our_bot(api, webhook=True, public_url=url) as bot,
        listening(bot, hear, journal),
    ):
        clients.append(bot)
        ann.types("/start")
        await api.world.message_where(lambda m: m.text == "Welcome")
        await until(lambda: not api.world.updates)

    assert len(hear.heard) == 1
    assert len(journal.kept) == 1
    assert api.world.calls_of("getUpdates") == []


async def test_only_telegram_can_bring_an_update(api: BotApi):
    hear = Conversation()
    update = b'{"update_id": 1, "message": {}}'

    async with our_bot(api, webhook=True, public_url="http://127.0.0.1:9") as bot:
        early = await bot.listener.receive({SECRET_HEADER: secret_of(bot)}, update)
        async with listening(bot, hear, MemoryJournal()):
            await until(lambda: bot.listener.trouble is None)
            answers = [
                (await bot.listener.receive(headers, body)).status
                for headers, body in [
                    ({}, update),
                    ({SECRET_HEADER: "wrong"}, update),
                    ({SECRET_HEADER: "ö"}, update),
                    ({SECRET_HEADER.title(): secret_of(bot)}, b"not json"),
                    ({SECRET_HEADER.title(): secret_of(bot)}, b"x" * (1 << 20 | 1)),
                    ({SECRET_HEADER.title(): secret_of(bot)}, b"[]"),
                    ({SECRET_HEADER.title(): secret_of(bot)}, update),
                ]
            ]

    assert early.status == 503
    assert answers == [401, 401, 401, 400, 413, 200, 200]


@pytest.mark.parametrize(
    "number", ["9223372036854775808", "9223372036854775807", f"1{'0' * 400}", "-1", "1e3", '"7"']
)
async def test_an_update_without_a_usable_number_is_counted_and_left_out(api: BotApi, number: str):
    hear, meter, journal = Conversation(), FakeMeter(), MemoryJournal()
    body = f'{{"update_id": {number}, "message": {{}}}}'.encode()

    async with (
        our_bot(api, meter, webhook=True, public_url="http://127.0.0.1:9") as bot,
        listening(bot, hear, journal),
    ):
        await until(lambda: bot.listener.trouble is None)
        answer = await bot.listener.receive({SECRET_HEADER: secret_of(bot)}, body)

    assert answer.status == 200  # another one would make Telegram bring it again
    assert meter.alarms["unusable_update"] == 1
    assert journal.kept == {}


async def test_a_poll_passes_over_updates_without_a_usable_number(api: BotApi):
    ann, hear, meter = api.world.person("Ann"), Conversation(says("Welcome")), FakeMeter()
    ann.types("/start")
    api.world.updates.append({"update_id": 2**63, "message": {}})

    async with our_bot(api, meter) as bot, listening(bot, hear, MemoryJournal()):
        await api.world.message_where(lambda m: m.text == "Welcome")
        await until(lambda: len(api.world.calls_of("getUpdates")) >= 2)

    assert len(hear.heard) == 1
    # It stays with Telegram, which is not asked for it again and again without a rest.
    assert len(api.world.calls_of("getUpdates")) <= 3


async def test_polling_ends_a_webhook_that_was_left(api: BotApi):
    ann = api.world.person("Ann")
    hear, journal = Conversation(says("Welcome")), MemoryJournal()
    unreachable = "http://127.0.0.1:9"
    async with (
        our_bot(api, webhook=True, public_url=unreachable) as bot,
        listening(bot, hear, journal),
    ):
        await until(lambda: bot.listener.trouble is None)
    ann.types("/start")

    async with our_bot(api) as bot, listening(bot, hear, journal):
        await api.world.message_where(lambda m: m.text == "Welcome")


def secret_of(bot: TelegramBot) -> str:
    return bot.listener._derived("secret")
