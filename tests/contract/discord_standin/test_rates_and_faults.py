"""Rate limits and faults."""

from __future__ import annotations

import asyncio

import discord
import pytest
from aiohttp import ClientError
from yarl import URL

from tests.contract.discord_standin.driving import (
    Bot,
    Wire,
    dm,
)
from tests.standins.discord import DiscordApi, faults
from tests.standins.discord.faults import banned, overloaded, too_many_requests
from tests.standins.faults import Answer, Drop, Hold, captive_portal

# --- rate limits -----------------------------------------------------------------------------


async def test_answers_carry_their_bucket(api: DiscordApi, wire: Wire):
    ann, bob = api.world.person("Ann"), api.world.person("Bob")
    api.limit("create_message", 2, per=60)
    path = "/channels/{}/messages"

    _, _, first = await wire("POST", path.format(ann.dm.id), {"content": "1"})
    _, _, second = await wire("POST", path.format(ann.dm.id), {"content": "2"})
    status, body, third = await wire("POST", path.format(ann.dm.id), {"content": "3"})
    other, _, _ = await wire("POST", path.format(bob.dm.id), {"content": "1"})

    assert [h["X-RateLimit-Remaining"] for h in (first, second, third)] == ["1", "0", "0"]
    assert first["X-RateLimit-Limit"] == "2"
    assert first["X-RateLimit-Bucket"] == third["X-RateLimit-Bucket"]
    assert 59 < float(second["X-RateLimit-Reset-After"]) <= 60
    assert (status, other) == (429, 200)
    assert (third["X-RateLimit-Scope"], third["Retry-After"]) == ("user", "60")
    assert third["Via"]
    assert 59 < body["retry_after"] <= 60
    assert not body["global"]
    assert [m.text for m in ann.screen()] == ["1", "2"]


async def test_a_bucket_is_full_again_after_its_window(api: DiscordApi, wire: Wire):
    ann = api.world.person("Ann")
    api.limit("create_message", 1, per=5)
    send = ("POST", f"/channels/{ann.dm.id}/messages", {"content": "x"})

    statuses = [(await wire(*send))[0], (await wire(*send))[0]]
    api.clock.advance(seconds=5)
    statuses.append((await wire(*send))[0])

    assert statuses == [200, 429, 200]


async def test_the_limit_over_everything_leaves_answers_out(api: DiscordApi, wire: Wire):
    api.limit(None, 1, per=60)
    await wire("GET", "/users/@me")

    status, body, headers = await wire("GET", "/gateway/bot")
    answer, _, _ = await wire("POST", "/interactions/1/x/callback", {"type": 5}, token=None)

    assert (status, body["global"], headers["X-RateLimit-Global"]) == (429, True, "true")
    assert headers["X-RateLimit-Scope"] == "global"
    assert answer == 404


async def test_the_library_waits_for_its_bucket(api: DiscordApi, rest: Bot):
    ann = api.world.person("Ann")
    channel = await dm(rest, ann)
    api.limit("create_message", 1, per=0.05)

    for number in range(3):
        await channel.send(str(number))

    assert [m.text for m in ann.screen()] == ["0", "1", "2"]
    assert len(api.world.calls_of("create_message")) == 3


async def test_a_429_is_retried_by_the_library(api: DiscordApi, rest: Bot):
    ann = api.world.person("Ann")
    channel = await dm(rest, ann)
    api.fail(too_many_requests(0.01, scope="shared"), route="create_message")
    api.fail(too_many_requests(0.01, everything=True), route="create_message")

    await channel.send("hello")

    assert len(ann.screen()) == 1
    assert len(api.world.calls_of("create_message")) == 3
    assert api.limiter.invalid == 1  # a shared one does not count


@pytest.mark.parametrize("fault", [banned(), too_many_requests(0.01, via=False)])
async def test_a_429_without_via_is_given_up_at_once(api: DiscordApi, rest: Bot, fault):
    channel = await dm(rest, api.world.person("Ann"))
    api.fail(fault, route="create_message")

    with pytest.raises(discord.HTTPException) as refused:
        await channel.send("hello")

    assert refused.value.status == 429
    assert len(api.world.calls_of("create_message")) == 1


async def test_too_many_invalid_requests_are_banned_for_a_while(api: DiscordApi, wire: Wire):
    api.limiter.ban_after = 3
    for _ in range(3):
        await wire("GET", "/users/@me", token="wrong")

    status, body, headers = await wire("GET", "/users/@me")
    api.clock.advance(minutes=10, seconds=1)
    after, _, _ = await wire("GET", "/users/@me")

    assert (status, "Via" in headers) == (429, False)
    assert "Access denied" in body
    assert after == 200


# --- faults ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        (faults.dms_closed(), 403, 50007),
        (faults.dms_too_fast(), 403, 40003),
        (faults.channel_gone(), 404, 10003),
        (faults.no_access(), 403, 50001),
        (faults.no_permission(), 403, 50013),
        (faults.token_refused(), 401, 0),
        (faults.overloaded(), 503, 130000),
    ],
)
async def test_a_scripted_refusal_reads_like_a_true_one(
    api: DiscordApi, rest: Bot, fault: Answer, status: int, code: int
):
    ann = api.world.person("Ann")
    channel = await dm(rest, ann)
    api.fail(fault, route="create_message")

    with pytest.raises(discord.HTTPException) as refused:
        await channel.send("hello")

    assert (refused.value.status, refused.value.code) == (status, code)
    assert ann.screen() == []


async def test_a_truncated_answer_and_a_captive_portal_say_nothing(api: DiscordApi, wire: Wire):
    ann = api.world.person("Ann")
    send = ("POST", f"/channels/{ann.dm.id}/messages", {"content": "x"})
    api.fail(Drop(executes=True, midway=True), route="create_message")
    api.fail(captive_portal(), route="create_message")

    with pytest.raises(ClientError):
        await wire(*send)
    status, page, _ = await wire(*send)

    assert (status, page[:6]) == (200, "<html>")
    assert len(ann.screen()) == 1


@pytest.mark.parametrize("executes", [True, False])
async def test_a_dropped_connection_says_nothing_of_the_outcome(
    api: DiscordApi, rest: Bot, executes: bool
):
    ann = api.world.person("Ann")
    channel = await dm(rest, ann)
    api.fail(Drop(executes=executes), route="create_message")

    with pytest.raises(ClientError):
        await channel.send("hello")

    assert len(ann.screen()) == int(executes)


async def test_a_fault_meets_only_what_it_was_meant_for(api: DiscordApi, rest: Bot):
    ann, bob = api.world.person("Ann"), api.world.person("Bob")
    hers, his = await dm(rest, ann), await dm(rest, bob)
    api.fail(overloaded(), route="create_message", channel=ann, skip=1)

    await hers.send("1")
    await his.send("1")
    with pytest.raises(discord.DiscordServerError):
        await hers.send("2")
    await hers.send("3")

    assert [m.text for m in ann.screen()] == ["1", "3"]


async def test_a_held_request_is_answered_once_it_is_released(api: DiscordApi, rest: Bot):
    ann = api.world.person("Ann")
    channel = await dm(rest, ann)
    hold = Hold()
    api.fail(hold, route="create_message")

    async with asyncio.TaskGroup() as tasks:
        sending = tasks.create_task(channel.send("hello"))
        await hold.reached()
        assert len(ann.screen()) == 1
        assert not sending.done()
        hold.release()

    assert sending.result().id == ann.screen()[0].id


async def test_an_outage_refuses_connections_and_keeps_what_there_was(api: DiscordApi, rest: Bot):
    ann = api.world.person("Ann")
    channel = await dm(rest, ann)
    await channel.send("before")

    async with api.down():
        with pytest.raises(ClientError):
            await channel.send("meanwhile")
    await channel.send("after")

    assert [m.text for m in ann.screen()] == ["before", "after"]


async def test_hanging_up_is_not_announced_and_ends_what_is_kept_only(api: DiscordApi, rest: Bot):
    ann = api.world.person("Ann")
    url = URL(api.url)
    reader, writer = await asyncio.open_connection(url.host, url.port)
    writer.write(f"GET {url.path}/nowhere HTTP/1.1\r\nHost: {url.host}\r\n\r\n".encode())
    head = await reader.readuntil(b"\r\n\r\n")

    api.hang_up()
    async with asyncio.timeout(5):
        await reader.read()
    writer.close()
    channel = await dm(rest, ann)
    await channel.send("after")

    assert b"close" not in head.lower()
    assert [m.text for m in ann.screen()] == ["after"]


async def test_a_refusal_that_breaks_off_counts_as_one(api: DiscordApi, wire: Wire):
    ann = api.world.person("Ann")
    ann.dms_open = False
    api.fail(Drop(executes=True, midway=True), route="create_message")

    with pytest.raises(ClientError):
        await wire("POST", f"/channels/{ann.dm.id}/messages", {"content": "x"})

    assert api.limiter.invalid == 1
