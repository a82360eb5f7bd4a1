"""Our bot where Discord posts interactions to its own pages: heard and answered all the same."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from adapters.discord.bot import DiscordBot, open_discord
from adapters.discord.endpoint import PATH
from adapters.discord.settings import DiscordSettings
from bot.domain.cards import Button, Card, Question
from bot.domain.chats import Address
from bot.domain.ids import ActionId
from bot.domain.incoming import Command, Incoming, Press, Reply
from tests.fakes.conversation import Conversation, Names
from tests.fakes.handles import FakeHandles
from tests.fakes.meter import FakeMeter
from tests.harness.waiting import until
from tests.integration.discord.test_listening import QUICK, listening, title
from tests.standins.discord import DiscordApi
from tests.standins.discord.faults import internal_error

HASTY = replace(QUICK, look_again=timedelta(seconds=0.05))


@pytest.fixture
async def api() -> AsyncIterator[DiscordApi]:
    async with DiscordApi() as api:
        yield api


@asynccontextmanager
async def posted_to(
    api: DiscordApi,
    hear: Conversation,
    *,
    ahead: timedelta = timedelta(),
    status: int | None = None,
) -> AsyncIterator[DiscordBot]:
    """The bot behind a web server, answering in the background.

    Args:
        ahead: so much its clock is before Discord's.
        status: what stands before the server answers by itself.
    """
    bots: list[DiscordBot] = []

    async def receive(request: web.Request) -> web.Response:
        if status is not None:
            return web.Response(status=status)
        endpoint = bots[0].listener.endpoint
        assert endpoint is not None
        answer = await endpoint.receive(request.headers, await request.read())
        if answer.told is None:
            return web.Response(status=answer.status)
        return web.json_response(answer.told, status=answer.status)

    async def may_send(_: Address) -> None:
        pass

    app = web.Application()
    app.router.add_post(PATH, receive)
    async with (
        TestServer(app) as server,
        open_discord(
            DiscordSettings(token=api.token, api_url=api.url, posted=True),
            FakeHandles(api.clock),
            now=lambda: api.clock() + ahead,
            chance=random.Random(1),
            meter=FakeMeter(),
            may_send=may_send,
            rhythm=HASTY,
            public_url=str(server.make_url("")).rstrip("/"),
        ) as bot,
        asyncio.TaskGroup() as group,
    ):
        bots.append(bot)
        task = group.create_task(bot.listener.listen(hear, Names(["Night Owl"])))
        await api.world.until(lambda: api.world.commands[None])
        yield bot
        task.cancel()


def answers(said: Incoming) -> list[Reply]:
    match said:
        case Press(words=words):
            return [Reply(card=Card(title=f"typed {words}"), replaces=True)]
        case _:
            question = Question(what="quiet", action=ActionId("a2"))
            pressed = ((Button(label="Press", action=ActionId("a1")),),)
            return [Reply(card=Card(title="asked", buttons=pressed, question=question))]


async def test_whatever_is_asked_is_answered_without_a_gateway(api: DiscordApi):
    ann, hear = api.world.person("Ann"), Conversation(answers)

    async with posted_to(api, hear) as bot:
        await until(lambda: bot.listener.trouble is None)
        offered = await ann.types_into_autocomplete("bell pause", "bot", "ni").completed()
        card = await ann.runs("bell pause", bot=offered[0].value).answered()
        asked = title(card)
        await ann.presses(card, "Press").deferred()
        await until(lambda: title(card) == "typed ")
        again = await ann.runs("bell status").answered()
        form = await ann.presses(again, again.labels[0]).opened()
        ann.submits(form, {form.labels[0]: "22-7"})
        await until(lambda: title(again) == "typed 22-7")

    assert asked == "asked"
    assert [type(said) for said in hear.heard] == [Command, Press, Command, Press]
    assert api.gateway.identifies == 0
    assert api.endpoint.refused == []


async def test_what_takes_a_while_is_deferred_for_one_person_s_eyes(api: DiscordApi):
    ann, bob = api.world.person("Ann"), api.world.person("Bob")
    room = api.world.guild("Traders", ann, bob).channel("alerts")
    hear = Conversation(answers)
    hear.may_answer.clear()

    async with posted_to(api, hear):
        await api.world.until(lambda: api.endpoint.url)
        asked = ann.runs("bell status", room)
        await api.world.until(lambda: asked.thinking)
        hear.may_answer.set()
        answer = await asked.answered()

    assert answer.ephemeral


async def test_what_was_overheard_is_not_heard_twice_nor_later(api: DiscordApi):
    ann, hear = api.world.person("Ann"), Conversation(answers)

    async with posted_to(api, hear) as bot:
        await until(lambda: bot.listener.trouble is None)
        await ann.runs("bell status").answered()
        headers, body = api.endpoint.posted[-1]
        statuses = [await api.endpoint.again((headers, body))]
        statuses.append(await api.endpoint.again((headers, body.replace(b"status", b"unlink"))))
        statuses.append(await api.endpoint.again(({**headers, "X-Signature-Ed25519": "x"}, body)))
        statuses.append(await api.endpoint.again(({}, body)))
        statuses.append(await api.endpoint.again(api.endpoint.signed({"id": "1", "type": 99})))
        statuses.append(await api.endpoint.again(api.endpoint.signed({})))
        api.clock.advance(minutes=5, seconds=1)
        statuses.append(await api.endpoint.again((headers, body)))

    assert statuses == [202, 401, 401, 401, 503, 400, 401]
    assert len(hear.heard) == 1
    assert bot.listener.trouble is None


@pytest.mark.parametrize("broken", [{"status": 404}, {"ahead": timedelta(minutes=6)}])
async def test_it_is_said_that_nothing_comes_while_discord_does_not_take_the_address(
    api: DiscordApi, broken: dict[str, Any]
):
    async with posted_to(api, Conversation(answers), **broken) as bot:
        await until(lambda: "TRADEBELL_PUBLIC_URL" in str(bot.listener.trouble))

    assert api.endpoint.url is None


async def test_an_address_that_discord_has_dropped_is_given_it_again(api: DiscordApi):
    ann = api.world.person("Ann")

    async with posted_to(api, Conversation(answers)) as bot:
        await until(lambda: bot.listener.trouble is None)
        await api.endpoint.change(None)
        await api.world.until(lambda: api.endpoint.url)
        answer = await ann.runs("bell status").answered()
        api.fail(internal_error(), route="get_application", times=None)
        await until(lambda: bot.listener.trouble == "Discord cannot be reached")
        api.heal()
        await until(lambda: bot.listener.trouble is None)

    assert title(answer) == "asked"


async def test_who_goes_back_to_the_gateway_takes_the_address_away(api: DiscordApi):
    ann = api.world.person("Ann")
    async with posted_to(api, Conversation(answers)):
        await api.world.until(lambda: api.endpoint.url)

    async with listening(api, Conversation(answers)):
        await api.world.until(lambda: api.endpoint.url is None)
        answer = await ann.runs("bell status").answered()

    assert title(answer) == "asked"
