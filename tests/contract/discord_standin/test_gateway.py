"""The gateway, and the stand-in as a process of its own."""

from __future__ import annotations

import asyncio
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import discord
import pytest
from aiohttp import ClientSession, WSMsgType

from tests.contract.discord_standin.driving import (
    Away,
    Bot,
    Line,
    Wire,
    bell,
    line,
    running,
)
from tests.standins.discord import DiscordApi
from tests.standins.discord.library import pointed

# --- the gateway -----------------------------------------------------------------------------


async def test_a_bot_learns_its_servers_and_what_becomes_of_them(api: DiscordApi):
    ann = api.world.person("Ann")
    guild = api.world.guild("Traders", ann)
    room = guild.channel("alerts")

    async with running(api, Bot()) as bot:
        assert [g.name for g in bot.guilds] == ["Traders"]
        assert bot.guilds[0].get_channel(room.id) is not None
        other = api.world.guild("Others", ann)
        guild.delete(room)
        guild.remove_bot()
        async with asyncio.timeout(5):
            await bot.wait_for("guild_remove")

        assert [g.id for g in bot.guilds] == [other.id]
        assert "guild_channel_delete" in bot.heard


async def test_a_bot_is_told_of_the_threads_that_it_may_see_and_that_are_awake(api: DiscordApi):
    ann = api.world.person("Ann")
    guild = api.world.guild("Traders", ann)
    room = guild.channel("alerts")
    awake, asleep = guild.thread(room, "awake"), guild.thread(room, "asleep")
    guild.archive(asleep)
    guild.private_thread(room, "secret", ann, with_bot=False)

    async with running(api, Bot()) as bot:
        assert [thread.name for thread in bot.guilds[0].threads] == ["awake"]
        guild.private_thread(room, "more secrets", ann, with_bot=False)
        guild.private_thread(room, "shared", ann)
        guild.archive(awake, lock=True)
        async with asyncio.timeout(5):
            _, after = await bot.wait_for("thread_update")
        guild.delete(awake)
        async with asyncio.timeout(5):
            gone = await bot.wait_for("raw_thread_delete")

        assert (after.id, after.archived, after.locked) == (awake.id, True, True)
        assert (gone.thread_id, gone.parent_id) == (awake.id, room.id)
        assert [thread.name for thread in bot.guilds[0].threads] == ["shared"]


async def test_what_happened_during_a_cut_is_told_after_the_resume(api: DiscordApi, belled: Bot):
    ann = api.world.person("Ann")
    before = belled.ws

    api.gateway.cut()
    asked = ann.runs("bell status")

    assert (await asked.answered()).text == "2 bots run"
    assert belled.ws is not before
    assert (api.gateway.identifies, api.gateway.resumes) == (1, 1)
    assert belled.heard.count("resumed") == 1
    assert len(ann.screen()) == 1


async def test_a_forgotten_session_begins_anew_and_misses_what_was_asked(
    api: DiscordApi, belled: Bot
):
    ann = api.world.person("Ann")

    api.gateway.forget()
    lost = ann.runs("bell status")
    api.gateway.cut()
    await api.world.until(lambda: api.gateway.identifies == 2)
    await api.gateway.connected()
    answered = await ann.runs("bell status").answered()

    assert ann.screen() == [answered]
    assert lost.acknowledged is None
    api.clock.advance(seconds=4)
    assert lost.failed


@pytest.mark.parametrize(
    ("disturb", "identifies", "resumes"),
    [
        (lambda gateway: gateway.ask_to_reconnect(), 1, 1),
        (lambda gateway: gateway.invalidate(resumable=True), 1, 1),
        (lambda gateway: gateway.invalidate(), 2, 0),
        (lambda gateway: gateway.close(4009), 1, 1),
        (lambda gateway: gateway.close(1000), 1, 1),
    ],
)
async def test_a_disturbed_connection_comes_back(
    api: DiscordApi, belled: Bot, disturb, identifies: int, resumes: int
):
    ann = api.world.person("Ann")

    disturb(api.gateway)
    await api.world.until(
        lambda: (api.gateway.identifies, api.gateway.resumes) == (identifies, resumes)
    )

    assert (await ann.runs("bell status").answered()).text == "2 bots run"


async def test_a_bot_that_was_refused_stays_away(api: DiscordApi):
    api.gateway.token = "another"

    async with Bot() as bot:
        with pytest.raises(discord.ConnectionClosed) as closed:
            async with asyncio.timeout(5):
                await bot.start(api.token)

    assert closed.value.code == 4004


async def test_privileged_intents_need_to_be_granted(api: DiscordApi):
    intents = discord.Intents.none()
    intents.message_content = True

    async with Bot(intents=intents) as bot:
        with pytest.raises(discord.PrivilegedIntentsRequired):
            async with asyncio.timeout(5):
                await bot.start(api.token)
    api.gateway.privileged = 1 << 15
    async with running(api, Bot(intents=intents)) as granted:
        assert granted.is_ready()


async def test_a_bot_hears_messages_only_with_the_intent(api: DiscordApi):
    ann = api.world.person("Ann")
    intents = discord.Intents.none()
    intents.dm_messages = True

    async with running(api, Bot(intents=intents)) as hears, running(api, Bot()) as deaf:
        ann.types("hello")
        async with asyncio.timeout(5):
            message = await hears.wait_for("message")

        assert message.content == "hello"
        told = [f["t"] for session in api.gateway.sessions.values() for f in session.sent]
        assert told.count("MESSAGE_CREATE") == 1
        assert "message" not in deaf.heard


async def test_heartbeats_are_acknowledged_unless_they_are_withheld(api: DiscordApi):
    api.gateway.heartbeat = timedelta(milliseconds=20)

    async with running(api, Bot()) as bot:
        await api.world.until(lambda: bot.latency < 5)
        api.gateway.acks = False
        sent = api.gateway.heartbeats
        await api.world.until(lambda: api.gateway.heartbeats > sent)

        assert api.gateway.identifies == 1


async def test_a_gateway_that_went_silent_is_left(api: DiscordApi):
    # Not so often that the gateway would end it for too many frames.
    api.gateway.heartbeat = timedelta(milliseconds=60)
    api.gateway.acks = False

    async with running(api, Bot(heartbeat_timeout=0.2)):
        await api.world.until(lambda: api.gateway.resumes, within=3)

        assert api.gateway.identifies == 1


async def test_each_shard_hears_of_its_own_servers(api: DiscordApi):
    ann = api.world.person("Ann")
    guilds = [api.world.guild(f"Guild {n}", ann) for n in range(4)]

    async with running(api, Bot(shard_id=1, shard_count=2)) as bot:
        assert {g.id for g in bot.guilds} == {g.id for g in guilds if (g.id >> 22) % 2 == 1}


@pytest.mark.parametrize("compress", ["", "&compress=zlib-stream"])
@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("no json", 4002),
        ('{"op": 99}', 4001),
        ('{"op": 3, "d": {}}', 4003),
        ('{"op": 2, "d": {"token": "wrong", "intents": 1}}', 4004),
    ],
)
async def test_the_gateway_ends_what_it_cannot_understand(
    api: DiscordApi, compress: str, frame: str, code: int
):
    async with (
        ClientSession() as session,
        session.ws_connect(f"{api.gateway_url}?v=10&encoding=json{compress}") as socket,
    ):
        await socket.receive(timeout=5)
        await socket.send_str(frame)
        await socket.receive(timeout=5)

        assert socket.close_code == code


async def test_sessions_survive_an_outage_and_are_told_each_number_once(api: DiscordApi):
    ann = api.world.person("Ann")
    async with line(api) as first:
        await first.say(2, token=api.token, intents=1 << 12)
        assert await first.next() == (0, "READY", 1)
        ann.types("one")
        assert await first.next() == (0, "MESSAGE_CREATE", 2)
        (id,) = api.gateway.sessions

        async with api.down():
            ann.types("two")
            ann.types("three")

    async with line(api) as second:
        await second.say(6, token=api.token, session_id=id, seq=2)
        told = [await second.next() for _ in range(3)]
        ann.types("four")

        assert told == [(0, "MESSAGE_CREATE", 3), (0, "MESSAGE_CREATE", 4), (0, "RESUMED", 5)]
        assert await second.next() == (0, "MESSAGE_CREATE", 6)


@pytest.mark.parametrize(("code", "resumes"), [(1000, 0), (1001, 0), (4000, 1)])
async def test_a_session_that_was_ended_politely_is_over(api: DiscordApi, code: int, resumes: int):
    async with (
        ClientSession() as session,
        session.ws_connect(f"{api.gateway_url}?v=10&encoding=json") as socket,
    ):
        await socket.receive_json(timeout=5)
        await Line(socket).say(2, token=api.token, intents=0)
        await socket.receive_json(timeout=5)
        (id,) = api.gateway.sessions
        await socket.close(code=code)
    await api.world.until(lambda: not api.gateway.connections)

    async with line(api) as again:
        await again.say(6, token=api.token, session_id=id, seq=1)
        op, _, _ = await again.next()

    assert api.gateway.resumes == resumes
    assert op == (0 if resumes else 9)


async def test_too_many_frames_in_a_minute_end_the_connection(api: DiscordApi):
    async with (
        ClientSession() as session,
        session.ws_connect(f"{api.gateway_url}?v=10&encoding=json") as socket,
    ):
        await socket.receive_json(timeout=5)
        for _ in range(121):
            await Line(socket).say(1)
        while (await socket.receive(timeout=5)).type is not WSMsgType.CLOSE:
            pass

        assert socket.close_code == 4008


async def test_resuming_with_a_number_never_sent_is_refused(api: DiscordApi, bot: Bot):
    (id,) = api.gateway.sessions
    data = {"token": api.token, "session_id": id, "seq": 999}

    async with (
        ClientSession() as session,
        session.ws_connect(f"{api.gateway_url}?v=10&encoding=json") as socket,
    ):
        await socket.receive_json(timeout=5)
        await socket.send_json({"op": 6, "d": data})
        await socket.receive(timeout=5)

        assert socket.close_code == 4007


async def test_the_gateway_is_where_the_api_says(api: DiscordApi, wire: Wire, bot: Bot):
    status, body, _ = await wire("GET", "/gateway/bot")

    assert (status, body["url"], body["shards"]) == (200, api.gateway_url, 1)
    assert body["session_start_limit"]["remaining"] == 999


# --- in another process ----------------------------------------------------------------------


async def test_a_test_in_another_process_plays_the_people():
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.standins.discord",
        cwd=Path(__file__).parents[3],
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        url, gateway = (await process.stdout.readline()).decode().split()
        away = Away(url, gateway)
        async with ClientSession(url.removesuffix("/api/v10")) as control:
            with pointed(away):
                async with running(away, Bot()) as bot:
                    ledger = await played(control, bot)
    finally:
        process.terminate()
        await process.wait()

    (message,) = ledger["messages"]
    (asked,) = ledger["interactions"]
    assert (message["text"], message["ephemeral"]) == ("2 bots run", True)
    assert message["audience"] == [asked["person"]]
    assert asked["answer"]["id"] == message["id"]
    assert "overwrite_commands" in [call["route"] for call in ledger["calls"]]


async def played(control: ClientSession, bot: Bot) -> Any:
    """Let Ann run a command in the other process; gives its ledger then."""
    bell(bot.tree)
    await bot.tree.sync()
    response = await control.post("/control/people", json={"names": ["Ann"]})
    (ann,) = await response.json()
    async with asyncio.timeout(5):
        await control.post("/control/runs", json={"person": ann["id"], "line": "bell status"})
        while True:
            ledger = await (await control.get("/control/ledger")).json()
            if ledger["messages"]:
                return ledger
