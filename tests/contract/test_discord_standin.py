"""The stand-in Discord, driven by discord.py as it comes."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import discord
import pytest
from aiohttp import ClientError, ClientSession, ClientWebSocketResponse, WSMsgType
from discord import app_commands, ui
from yarl import URL

from tests.standins.discord import TOKEN, DiscordApi, Message, Permission, Person, faults
from tests.standins.discord.faults import banned, overloaded, too_many_requests
from tests.standins.discord.library import pointed
from tests.standins.faults import Answer, Drop, Hold, bad_gateway, captive_portal

NONCE = "a1b2c3d4e5f6a1b2c3d4e5f6"
QUIET = discord.AllowedMentions.none()


@pytest.fixture
async def api() -> AsyncIterator[DiscordApi]:
    async with DiscordApi() as api:
        with pointed(api):
            yield api


class Bot(discord.Client):
    """A bot that gathers what the gateway told it, by name."""

    def __init__(self, **options: Any) -> None:
        intents = discord.Intents.none()
        intents.guilds = True
        super().__init__(
            **{
                "intents": intents,
                "guild_ready_timeout": 0.02,
                "allowed_mentions": QUIET,
                **options,
            }
        )
        self.tree = app_commands.CommandTree(self)
        self.heard: list[str] = []

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Begin anew at once, not after the five seconds that a real gateway wants."""

    def dispatch(self, event: str, /, *args: Any, **kwargs: Any) -> None:
        self.heard.append(event)
        super().dispatch(event, *args, **kwargs)


@asynccontextmanager
async def running(api: DiscordApi | Away, bot: Bot) -> AsyncIterator[Bot]:
    """A bot from when it is ready until it is closed."""
    async with asyncio.TaskGroup() as tasks, bot:
        connection = tasks.create_task(bot.start(api.token))
        async with asyncio.timeout(5):
            await bot.wait_until_ready()
        yield bot
        await bot.close()
        await connection


@pytest.fixture
async def bot(api: DiscordApi) -> AsyncIterator[Bot]:
    async with running(api, Bot()) as bot:
        yield bot


@asynccontextmanager
async def logged_in(api: DiscordApi) -> AsyncIterator[Bot]:
    """A bot that only makes requests."""
    async with Bot() as bot:
        await bot.login(api.token)
        yield bot


@pytest.fixture
async def rest(api: DiscordApi) -> AsyncIterator[Bot]:
    async with logged_in(api) as bot:
        yield bot


async def dm(bot: discord.Client, person: Person) -> discord.DMChannel:
    return await bot.create_dm(discord.Object(person.id))


class Wire:
    """Requests as they are, for what the library hides."""

    def __init__(self, api: DiscordApi, session: ClientSession) -> None:
        self._api = api
        self._session = session

    async def __call__(
        self, method: str, path: str, body: Any = None, *, token: str | None = ""
    ) -> tuple[int, Any, Any]:
        """Give status, body and headers."""
        token = self._api.token if token == "" else token
        headers = {"Authorization": f"Bot {token}"} if token else {}
        url = f"{self._api.url}{path}"
        async with self._session.request(method, url, json=body, headers=headers) as response:
            text = await response.text()
            is_json = response.content_type == "application/json"
            return response.status, json.loads(text) if is_json else text, response.headers


@pytest.fixture
async def wire(api: DiscordApi) -> AsyncIterator[Wire]:
    async with ClientSession() as session:
        yield Wire(api, session)


# --- what people see ----------------------------------------------------------------------


async def test_a_message_shows_in_the_dm_as_it_was_meant(api: DiscordApi, rest: Bot):
    ann, bob = api.world.person("Ann"), api.world.person("Bob")
    embed = discord.Embed(title="Bought BTC", description="at 60,000", colour=0x00AA00)
    embed.add_field(name="Profit", value="+3.1 %").set_footer(text="T-1A2B")

    sent = await (await dm(rest, ann)).send("🔔 Trade", embed=embed)

    (message,) = ann.screen()
    assert message.id == sent.id
    assert message.text == "🔔 Trade\nBought BTC\nat 60,000\nProfit\n+3.1 %\nT-1A2B"
    assert message.rang == (ann,)
    assert bob.screen() == []
    assert sent.embeds[0].title == "Bought BTC"
    assert [m.id for m in api.world.messages] == [sent.id]


async def test_a_silent_message_rings_nobody(api: DiscordApi, rest: Bot):
    ann = api.world.person("Ann")

    await (await dm(rest, ann)).send("tick", silent=True)

    (message,) = ann.screen()
    assert message.silent
    assert message.rang == ()


async def test_a_channel_s_message_shows_to_those_who_may_see_it(api: DiscordApi, rest: Bot):
    ann, bob, eve = (api.world.person(name) for name in ("Ann", "Bob", "Eve"))
    guild = api.world.guild("Traders", ann, bob)
    room = guild.channel("alerts")
    room.denied[bob.id] = Permission.VIEW_CHANNEL
    thread = guild.thread(room, "grid")

    await rest.get_partial_messageable(room.id).send("public")
    await rest.get_partial_messageable(thread.id).send("aside")

    assert [m.text for m in ann.screen(room)] == ["public"]
    assert [m.text for m in ann.screen(thread)] == ["aside"]
    for other in (bob, eve):
        assert other.screen(room) == other.screen(thread) == []


async def test_an_edit_keeps_what_was_there(api: DiscordApi, rest: Bot):
    ann = api.world.person("Ann")
    sent = await (await dm(rest, ann)).send("Pausing", view=pause_view())

    await sent.edit(content="Paused", view=None)

    (message,) = ann.screen()
    assert (message.content, message.earlier, message.labels) == ("Paused", ["Pausing"], ())


async def test_a_deleted_message_is_gone(api: DiscordApi, rest: Bot):
    ann = api.world.person("Ann")
    sent = await (await dm(rest, ann)).send("oops")

    await sent.delete()

    assert ann.screen() == []
    with pytest.raises(discord.NotFound) as refused:
        await sent.edit(content="well")
    assert refused.value.code == 10008


async def test_nobody_else_s_message_can_be_edited(api: DiscordApi, wire: Wire):
    ann = api.world.person("Ann")
    hers = ann.types("hello")

    status, body, _ = await wire(
        "PATCH", f"/channels/{ann.dm.id}/messages/{hers.id}", {"content": "mine"}
    )

    assert (status, body["code"]) == (403, 50005)


async def test_a_picture_arrives_with_its_alt_text(api: DiscordApi, rest: Bot, tmp_path):
    ann = api.world.person("Ann")
    path = tmp_path / "day.png"
    path.write_bytes(b"\x89PNG...")

    await (await dm(rest, ann)).send(file=discord.File(path, description="Profit of the day"))

    (attachment,) = ann.screen()[0].attachments
    assert attachment["filename"] == "day.png"
    assert attachment["description"] == "Profit of the day"
    assert api.world.files[int(attachment["id"])] == b"\x89PNG..."


async def test_a_picture_is_shown_inside_the_embed_that_names_its_file(
    api: DiscordApi, rest: Bot, tmp_path: Path
):
    ann = api.world.person("Ann")
    path = tmp_path / "day.png"
    path.write_bytes(b"\x89PNG...")
    named = discord.Embed(title="Day").set_image(url="attachment://day.png")
    other = discord.Embed(title="Day").set_image(url="attachment://night.png")

    for embed in (named, other):
        file = discord.File(path, description="Profit of the day")
        await (await dm(rest, ann)).send(embed=embed, file=file)

    inside, below = ann.screen()
    (picture,) = inside.pictures_in_embeds
    assert (picture.name, picture.data, picture.alt) == (
        "day.png",
        b"\x89PNG...",
        "Profit of the day",
    )
    assert below.pictures_in_embeds == ()
    assert [one.alt for one in below.pictures] == ["Profit of the day"]
    assert "[picture: Profit of the day]" in str(inside)


async def test_an_alt_text_has_a_limit(api: DiscordApi, rest: Bot, tmp_path: Path):
    ann = api.world.person("Ann")
    path = tmp_path / "day.png"
    path.write_bytes(b"\x89PNG...")

    with pytest.raises(discord.HTTPException) as refused:
        await (await dm(rest, ann)).send(file=discord.File(path, description="x" * 1025))

    assert refused.value.code == 50035


async def test_an_edit_keeps_the_pictures_that_it_names(api: DiscordApi, rest: Bot, tmp_path: Path):
    ann = api.world.person("Ann")
    path = tmp_path / "day.png"
    path.write_bytes(b"\x89PNG...")
    sent = await (await dm(rest, ann)).send("x", file=discord.File(path))

    await sent.edit(content="y")
    assert len(ann.screen()[0].attachments) == 1
    await sent.edit(attachments=[discord.File(path, "new.png")])
    assert [one["filename"] for one in ann.screen()[0].attachments] == ["new.png"]


async def test_history_comes_from_either_end(api: DiscordApi, rest: Bot):
    ann = api.world.person("Ann")
    channel = await dm(rest, ann)
    sent = [await channel.send(str(number)) for number in range(6)]

    later = [m.content async for m in channel.history(after=sent[2], limit=2)]
    earlier = [m.content async for m in channel.history(before=sent[2])]

    assert later == ["3", "4"]
    assert earlier == ["1", "0"]


async def test_history_after_an_instant_finds_what_was_sent_since(api: DiscordApi, rest: Bot):
    channel = await dm(rest, api.world.person("Ann"))
    await channel.send("before")
    api.clock.advance(minutes=10)
    attempted = api.clock()
    await asyncio.sleep(0.002)  # message ids carry milliseconds
    await channel.send("since")

    found = [m.content async for m in channel.history(after=attempted, oldest_first=True)]

    assert found == ["since"]


async def test_other_people_s_words_are_blank_on_a_server(api: DiscordApi, rest: Bot):
    ann = api.world.person("Ann")
    room = api.world.guild("Traders", ann).channel("general")
    ann.types("secret", room)
    ann.types(f"<@{api.world.bot_id}> hello", room)
    ann.types("private")

    on_server = [m.content async for m in rest.get_partial_messageable(room.id).history()]
    in_dm = [m.content async for m in (await dm(rest, ann)).history()]

    assert on_server == [f"<@{api.world.bot_id}> hello", ""]
    assert in_dm == ["private"]


# --- mentions -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("allowed", "called"),
    [
        (None, ["Ann", "Bob"]),
        (discord.AllowedMentions.none(), []),
        (discord.AllowedMentions(everyone=False, roles=False, users=True), ["Ann"]),
        (discord.AllowedMentions(everyone=False, users=False, roles=True), ["Bob"]),
    ],
)
async def test_a_mention_pings_whom_it_may(
    api: DiscordApi, allowed: discord.AllowedMentions | None, called: list[str]
):
    ann, bob = api.world.person("Ann"), api.world.person("Bob")
    guild = api.world.guild("Traders", ann, bob)
    room, role = guild.channel("alerts"), guild.role("ops", bob, mentionable=True)

    async with Bot(allowed_mentions=allowed) as bot:
        await bot.login(api.token)
        await bot.get_partial_messageable(room.id).send(f"<@{ann.id}> <@&{role.id}> @everyone")

    (message,) = ann.screen(room)
    assert sorted(person.name for person in message.pinged) == called
    assert message.rang == message.pinged
    assert not message.everyone


async def test_everyone_is_pinged_only_with_the_permission(api: DiscordApi, wire: Wire):
    ann, bob = api.world.person("Ann"), api.world.person("Bob")
    guild = api.world.guild("Traders", ann, bob)
    room = guild.channel("alerts")

    await wire("POST", f"/channels/{room.id}/messages", {"content": "@everyone"})
    guild.permissions[api.world.bot_id] |= Permission.MENTION_EVERYONE
    await wire("POST", f"/channels/{room.id}/messages", {"content": "@everyone"})

    before, after = ann.screen(room)
    assert before.pinged == ()
    assert after.everyone
    assert set(after.pinged) == {ann, bob}


async def test_contradicting_mentions_are_refused(api: DiscordApi, wire: Wire):
    ann = api.world.person("Ann")
    allowed = {"parse": ["users"], "users": [str(ann.id)]}

    status, body, _ = await wire(
        "POST", f"/channels/{ann.dm.id}/messages", {"content": "x", "allowed_mentions": allowed}
    )

    assert (status, body["code"]) == (400, 50035)
    assert "allowed_mentions" in body["errors"]


# --- limits -------------------------------------------------------------------------------


def row(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"type": 1, "components": list(parts)}


def button(label: str = "Pause", custom_id: str = "a1", **more: Any) -> dict[str, Any]:
    return {"type": 2, "style": 1, "label": label, "custom_id": custom_id, **more}


def select(options: int, **more: Any) -> dict[str, Any]:
    listed = [{"label": str(n), "value": str(n)} for n in range(options)]
    return {"type": 3, "custom_id": "s", "options": listed, **more}


def text(content: str) -> dict[str, Any]:
    return {"type": 10, "content": content}


FULL: list[dict[str, Any]] = [
    {"content": "x" * 2000},
    {"embeds": [{"title": "x" * 256, "description": "x" * 4096}]},
    {"embeds": [{"fields": [{"name": "x" * 100, "value": "x" * 140}] * 25}]},
    {"embeds": [{"footer": {"text": "x" * 2048}, "author": {"name": "x" * 256}}]},
    {"embeds": [{"color": 0xFFFFFF, "timestamp": "2026-01-05T12:00:00+00:00", "title": "x"}]},
    {"embeds": [{"title": "x"}] * 10},
    {"content": "x", "components": [row(*(button("x" * 80, f"{n}") for n in range(5)))]},
    {"content": "x", "components": [row(button(custom_id=f"{n}" * 100)) for n in range(5)]},
    {"content": "x", "components": [row(select(25, placeholder="x" * 150))]},
    {"flags": 1 << 15, "components": [text("x" * 4000)]},
    {"flags": 1 << 15, "components": [text("x")] * 40},
    {"content": "x", "nonce": "x" * 25},
]


@pytest.mark.parametrize("body", FULL)
async def test_a_message_may_be_as_long_as_discord_allows(
    api: DiscordApi, wire: Wire, body: dict[str, Any]
):
    ann = api.world.person("Ann")

    status, _, _ = await wire("POST", f"/channels/{ann.dm.id}/messages", body)

    assert status == 200
    assert len(ann.screen()) == 1


TOO_MUCH: list[tuple[dict[str, Any], str]] = [
    ({"content": "x" * 2001}, "content"),
    ({"embeds": [{"title": "x" * 257}]}, "embeds.0.title"),
    ({"embeds": [{"title": "x"}, {"description": "x" * 4097}]}, "embeds.1.description"),
    ({"embeds": [{"fields": [{"name": "x", "value": "x"}] * 26}]}, "embeds.0.fields"),
    ({"embeds": [{"fields": [{"name": "x" * 257, "value": "x"}]}]}, "embeds.0.fields.0.name"),
    ({"embeds": [{"fields": [{"name": "x", "value": "x" * 1025}]}]}, "embeds.0.fields.0.value"),
    ({"embeds": [{"fields": [{"name": " ", "value": "x"}]}]}, "embeds.0.fields.0.name"),
    ({"embeds": [{"title": "x", "footer": {"text": "x" * 2049}}]}, "embeds.0.footer.text"),
    ({"embeds": [{"author": {"name": "x" * 257}}]}, "embeds.0.author.name"),
    ({"embeds": [{"title": "x", "color": 0x1000000}]}, "embeds.0.color"),
    ({"embeds": [{"title": "x", "timestamp": "today"}]}, "embeds.0.timestamp"),
    ({"embeds": [{"title": "x", "url": "javascript:alert(1)"}]}, "embeds.0.url"),
    ({"embeds": [{"title": "x", "url": "ftp://a.io/x"}]}, "embeds.0.url"),
    ({"embeds": [{"title": "x"}] * 11}, "embeds"),
    ({"embeds": [{"description": "x" * 3000}, {"description": "x" * 3001}]}, "embeds.1"),
    ({"components": [row(button("x" * 81))]}, "components.0.components.0.label"),
    ({"components": [row(button(custom_id="x" * 101))]}, "components.0.components.0.custom_id"),
    ({"components": [row(button(custom_id=""))]}, "components.0.components.0.custom_id"),
    ({"components": [row(button(style=9))]}, "components.0.components.0.style"),
    ({"components": [row(button(), button())]}, "components"),
    ({"components": [row(*(button(custom_id=f"{n}") for n in range(6)))]}, "components.0"),
    ({"components": [row(button(custom_id=f"{n}")) for n in range(6)]}, "components"),
    ({"components": [row(select(26))]}, "components.0.components.0.options"),
    ({"components": [row(select(1), button())]}, "components.0.components.1"),
    ({"components": [row(select(1, placeholder="x" * 151))]}, "components.0.components.0"),
    ({"components": [text("x")]}, "components.0.type"),
    ({"flags": 1 << 15, "components": [text("x")] * 41}, "components"),
    ({"flags": 1 << 15, "components": [text("x" * 2001), text("x" * 2000)]}, "components"),
    ({"flags": 1 << 15, "content": "x", "components": [text("x")]}, "content"),
    ({"content": "x", "nonce": "x" * 26}, "nonce"),
]


@pytest.mark.parametrize(("body", "where"), TOO_MUCH)
async def test_a_message_beyond_the_limits_is_refused_and_says_where(
    api: DiscordApi, wire: Wire, body: dict[str, Any], where: str
):
    ann = api.world.person("Ann")

    status, refused, _ = await wire("POST", f"/channels/{ann.dm.id}/messages", body)

    assert (status, refused["code"], refused["message"]) == (400, 50035, "Invalid Form Body")
    tree = refused["errors"]
    for step in where.split("."):
        tree = tree[step]
    assert ann.screen() == []


async def test_an_empty_message_is_refused(api: DiscordApi, rest: Bot):
    channel = await dm(rest, api.world.person("Ann"))

    with pytest.raises(discord.HTTPException) as refused:
        await channel.send("  ")

    assert (refused.value.status, refused.value.code) == (400, 50006)


# --- once ---------------------------------------------------------------------------------


async def test_the_same_nonce_gives_the_first_message_again(api: DiscordApi, rest: Bot):
    ann = api.world.person("Ann")
    channel = await dm(rest, ann)

    first = await channel.send("Bought", nonce=NONCE)
    again = await channel.send("Bought", nonce=NONCE)
    other = await channel.send("Sold", nonce=NONCE[::-1])

    assert again.id == first.id != other.id
    assert [m.text for m in ann.screen()] == ["Bought", "Sold"]
    assert first.nonce == NONCE


async def test_a_nonce_is_forgotten_after_a_few_minutes(api: DiscordApi, rest: Bot):
    ann = api.world.person("Ann")
    channel = await dm(rest, ann)
    await channel.send("Bought", nonce=NONCE)

    api.clock.advance(minutes=3, seconds=1)
    await channel.send("Bought", nonce=NONCE)

    assert len(ann.screen()) == 2


async def test_a_nonce_that_is_not_enforced_repeats(api: DiscordApi, wire: Wire):
    ann = api.world.person("Ann")

    for _ in range(2):
        await wire("POST", f"/channels/{ann.dm.id}/messages", {"content": "x", "nonce": NONCE})

    assert len(ann.screen()) == 2


async def test_the_nonce_of_a_deleted_message_is_not_found(api: DiscordApi, rest: Bot):
    ann = api.world.person("Ann")
    room = api.world.guild("Traders", ann).channel("alerts")
    channel = rest.get_partial_messageable(room.id)
    await channel.send("Bought", nonce=NONCE)
    ann.deletes(ann.screen(room)[0])

    with pytest.raises(discord.NotFound) as refused:
        await channel.send("Bought", nonce=NONCE)

    assert refused.value.code == 10008
    assert ann.screen(room) == []


async def test_a_5xx_after_the_message_was_created_is_told_once(api: DiscordApi, rest: Bot):
    ann = api.world.person("Ann")
    channel = await dm(rest, ann)
    api.fail(bad_gateway(executes=True), route="create_message", channel=ann)

    sent = await channel.send("Bought", nonce=NONCE)  # which the library repeats after a second

    assert [m.id for m in ann.screen()] == [sent.id]
    assert len(api.world.calls_of("create_message")) == 2


@pytest.mark.parametrize("executes", [True, False])
async def test_a_repeat_with_the_nonce_makes_a_5xx_harmless(
    api: DiscordApi, wire: Wire, executes: bool
):
    ann = api.world.person("Ann")
    body = {"content": "Bought", "nonce": NONCE, "enforce_nonce": True}
    api.fail(bad_gateway(executes=executes), route="create_message")

    first, page, headers = await wire("POST", f"/channels/{ann.dm.id}/messages", body)
    before = len(ann.screen())
    second, sent, _ = await wire("POST", f"/channels/{ann.dm.id}/messages", body)

    assert (first, second, before) == (502, 200, int(executes))
    assert page.startswith("<html>")
    assert "Via" not in headers
    assert [str(m.id) for m in ann.screen()] == [sent["id"]]


# --- refusals -----------------------------------------------------------------------------


async def test_closed_dms_refuse_the_message_and_not_the_channel(api: DiscordApi, rest: Bot):
    ann = api.world.person("Ann")
    ann.dms_open = False
    channel = await dm(rest, ann)

    with pytest.raises(discord.Forbidden) as refused:
        await channel.send("hello")
    ann.dms_open = True
    await channel.send("hello")

    assert refused.value.code == 50007
    assert len(ann.screen()) == 1


async def test_a_stranger_has_no_mutual_server(api: DiscordApi, rest: Bot):
    ann = api.world.person("Ann", installed=False)
    channel = await dm(rest, ann)

    with pytest.raises(discord.Forbidden) as refused:
        await channel.send("hello")
    api.world.guild("Traders", ann)
    await channel.send("hello")

    assert refused.value.code == 50278


async def test_a_channel_that_is_gone_is_unknown(api: DiscordApi, rest: Bot):
    guild = api.world.guild("Traders", api.world.person("Ann"))
    room = guild.channel("alerts")
    guild.delete(room)

    with pytest.raises(discord.NotFound) as refused:
        await rest.get_partial_messageable(room.id).send("hello")

    assert refused.value.code == 10003


@pytest.mark.parametrize(
    ("denied", "code"),
    [
        (Permission.VIEW_CHANNEL, 50001),
        (Permission.SEND_MESSAGES, 50013),
        (Permission.EMBED_LINKS, 50013),
    ],
)
async def test_a_missing_permission_is_told_from_missing_access(
    api: DiscordApi, rest: Bot, denied: Permission, code: int
):
    room = api.world.guild("Traders", api.world.person("Ann")).channel("alerts")
    room.denied[api.world.bot_id] = denied

    with pytest.raises(discord.Forbidden) as refused:
        await rest.get_partial_messageable(room.id).send(embed=discord.Embed(title="x"))

    assert refused.value.code == code


async def test_a_kicked_bot_has_no_access_until_it_is_back(api: DiscordApi, rest: Bot):
    ann = api.world.person("Ann")
    guild = api.world.guild("Traders", ann)
    room = guild.channel("alerts")
    guild.remove_bot()

    with pytest.raises(discord.Forbidden) as refused:
        await rest.get_partial_messageable(room.id).send("hello")
    guild.add_bot()
    await rest.get_partial_messageable(room.id).send("hello")

    assert refused.value.code == 50001
    assert len(ann.screen(room)) == 1


@pytest.mark.parametrize("asleep", [True, False])
async def test_a_locked_thread_is_closed_and_a_sleeping_one_wakes(
    api: DiscordApi, rest: Bot, asleep: bool
):
    guild = api.world.guild("Traders", api.world.person("Ann"))
    thread = guild.thread(guild.channel("alerts"), "grid")
    guild.archive(thread)
    channel = rest.get_partial_messageable(thread.id)

    await channel.send("hello")
    assert not thread.archived
    guild.archive(thread, lock=True)
    if not asleep:
        guild.unarchive(thread)
    with pytest.raises(discord.HTTPException) as refused:
        await channel.send("hello")
    guild.permissions[api.world.bot_id] |= Permission.MANAGE_THREADS
    await channel.send("from a moderator")

    assert refused.value.code == 50083
    assert not thread.archived
    assert thread.locked


async def test_an_edit_wakes_no_thread(api: DiscordApi, rest: Bot):
    guild = api.world.guild("Traders", api.world.person("Ann"))
    thread = guild.thread(guild.channel("alerts"), "grid")
    sent = await rest.get_partial_messageable(thread.id).send("Pausing")
    guild.archive(thread)

    with pytest.raises(discord.HTTPException) as refused:
        await sent.edit(content="Paused")
    guild.unarchive(thread)
    await sent.edit(content="Paused")

    assert refused.value.code == 50083
    assert thread.messages[0].content == "Paused"


async def test_a_private_thread_is_for_who_is_in_it(api: DiscordApi, rest: Bot):
    ann, bob, eve = (api.world.person(name) for name in ("Ann", "Bob", "Eve"))
    guild = api.world.guild("Traders", ann, bob, eve)
    room = guild.channel("alerts")
    ours = guild.private_thread(room, "ours", bob)
    theirs = guild.private_thread(room, "theirs", bob, with_bot=False)

    await rest.get_partial_messageable(ours.id).send("hello")
    with pytest.raises(discord.Forbidden) as refused:
        await rest.get_partial_messageable(theirs.id).send("hello")
    guild.permissions[api.world.bot_id] |= Permission.MANAGE_THREADS
    await rest.get_partial_messageable(theirs.id).send("hello")

    assert refused.value.code == 50001
    assert len(bob.screen(ours)) == len(bob.screen(theirs)) == 1
    assert eve.screen(ours) == []


async def test_the_threads_of_a_channel_are_gone_with_it(api: DiscordApi, rest: Bot):
    guild = api.world.guild("Traders", api.world.person("Ann"))
    room = guild.channel("alerts")
    thread = guild.thread(room, "grid")
    guild.delete(room)

    with pytest.raises(discord.NotFound) as refused:
        await rest.get_partial_messageable(thread.id).send("hello")

    assert refused.value.code == 10003


# --- what there is ------------------------------------------------------------------------


async def test_a_server_is_described_and_counted(api: DiscordApi, rest: Bot, wire: Wire):
    ann, bob = api.world.person("Ann"), api.world.person("Bob")
    guild = api.world.guild("Traders", ann, bob)
    guild.channel("alerts")

    found = await rest.fetch_guild(guild.id)
    _, plain, _ = await wire("GET", f"/guilds/{guild.id}")

    assert (found.name, found.owner_id) == ("Traders", ann.id)
    assert found.approximate_member_count == 3
    assert list(found.channels) == []
    assert not plain.keys() & {"approximate_member_count", "member_count", "channels", "members"}


async def test_a_server_that_the_bot_left_is_unknown_and_its_members_out_of_reach(
    api: DiscordApi, rest: Bot
):
    ann = api.world.person("Ann")
    guild = api.world.guild("Traders", ann)
    found = await rest.fetch_guild(guild.id)
    guild.remove_bot()

    with pytest.raises(discord.NotFound) as server:
        await rest.fetch_guild(guild.id)
    with pytest.raises(discord.Forbidden) as member:
        await found.fetch_member(ann.id)
    with pytest.raises(discord.NotFound) as nowhere:
        await rest.fetch_guild(1)

    assert (server.value.code, member.value.code, nowhere.value.code) == (10004, 50001, 10004)


async def test_a_member_is_found_until_they_leave(api: DiscordApi, rest: Bot):
    ann, bob = api.world.person("Ann"), api.world.person("Bob")
    guild = api.world.guild("Traders", ann)
    role = guild.role("ops", bob)
    found = await rest.fetch_guild(guild.id)

    with pytest.raises(discord.NotFound) as before:
        await found.fetch_member(bob.id)
    guild.add(bob)
    member = await found.fetch_member(bob.id)
    guild.remove(bob)
    with pytest.raises(discord.NotFound) as after:
        await found.fetch_member(bob.id)
    with pytest.raises(discord.NotFound) as nobody:
        await found.fetch_member(1)

    assert member.name == "bob"
    assert [one.name for one in member.roles] == ["@everyone", "ops"]
    assert member.get_role(role.id) is not None
    assert (before.value.code, after.value.code, nobody.value.code) == (10007, 10007, 10013)


async def test_the_bot_is_a_member_too(api: DiscordApi, rest: Bot):
    guild = api.world.guild("Traders", api.world.person("Ann"))

    found = await (await rest.fetch_guild(guild.id)).fetch_member(api.world.bot_id)

    assert found.bot


async def test_a_channel_is_fetched_with_where_it_belongs(api: DiscordApi, rest: Bot):
    ann = api.world.person("Ann")
    guild = api.world.guild("Traders", ann)
    room = guild.channel("alerts")
    thread = guild.thread(room, "grid")
    guild.archive(thread, lock=True)

    channel = await rest.fetch_channel(room.id)
    inside = await rest.fetch_channel(thread.id)
    direct = await rest.fetch_channel(ann.dm.id)

    assert isinstance(channel, discord.TextChannel)
    assert (channel.name, channel.guild.id) == ("alerts", guild.id)
    assert isinstance(inside, discord.Thread)
    assert (inside.name, inside.parent_id, inside.guild.id) == ("grid", room.id, guild.id)
    assert (inside.archived, inside.locked) == (True, True)
    assert isinstance(direct, discord.DMChannel)
    assert direct.recipient is not None
    assert direct.recipient.id == ann.id


@pytest.mark.parametrize("kicked", [True, False])
async def test_a_channel_out_of_sight_cannot_be_fetched(api: DiscordApi, rest: Bot, kicked: bool):
    guild = api.world.guild("Traders", api.world.person("Ann"))
    room = guild.channel("alerts")
    if kicked:
        guild.remove_bot()
    else:
        room.denied[api.world.bot_id] = Permission.VIEW_CHANNEL

    with pytest.raises(discord.Forbidden) as refused:
        await rest.fetch_channel(room.id)

    assert refused.value.code == 50001


async def test_a_wrong_or_revoked_token_is_refused(api: DiscordApi, rest: Bot):
    async with Bot() as other:
        with pytest.raises(discord.LoginFailure):
            await other.login("wrong")
    api.revoked = True

    with pytest.raises(discord.HTTPException) as refused:
        await dm(rest, api.world.person("Ann"))

    assert refused.value.status == 401


async def test_what_is_not_played_does_not_exist(api: DiscordApi, wire: Wire):
    status, body, _ = await wire("GET", "/guilds/1/audit-logs")

    assert (status, body) == (404, {"message": "404: Not Found", "code": 0})


# --- rate limits --------------------------------------------------------------------------


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


# --- faults -------------------------------------------------------------------------------


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


# --- commands -----------------------------------------------------------------------------


def pause_view(on_press: Callable[[discord.Interaction[Any]], Awaitable[None]] | None = None):
    """A button that lives on."""
    view = ui.View(timeout=None)
    button: ui.Button[ui.View] = ui.Button(label="Pause", custom_id="pause")
    if on_press is not None:
        button.callback = on_press  # type: ignore[method-assign, assignment]
    view.add_item(button)
    return view


class NoteModal(ui.Modal, title="Note"):
    text: ui.TextInput[Any] = ui.TextInput(label="What", max_length=20)
    loud: ui.Label[Any] = ui.Label(text="Loud?", component=ui.Checkbox())

    async def on_submit(self, interaction: discord.Interaction[Any]) -> None:
        assert isinstance(self.loud.component, ui.Checkbox)
        said = f"{self.text.value} {self.loud.component.value}"
        await interaction.response.send_message(said, ephemeral=True)


def bell(tree: app_commands.CommandTree[Any]) -> app_commands.Group:
    """A group of commands that answer in every manner."""
    group = app_commands.Group(name="bell", description="Tradebell")
    group.allowed_installs = app_commands.AppInstallationType(guild=True, user=True)

    @group.command(description="How things are")
    async def status(interaction: discord.Interaction[Any], public: bool = False) -> None:
        embed = discord.Embed(title="2 bots run")
        await interaction.response.send_message(embed=embed, ephemeral=not public)

    @group.command(description="Takes its time")
    async def slow(interaction: discord.Interaction[Any]) -> None:
        await interaction.response.defer(ephemeral=True)
        await interaction.edit_original_response(content="done")
        await interaction.followup.send("and more", ephemeral=True)

    @group.command(description="Pause a bot")
    async def pause(
        interaction: discord.Interaction[Any],
        bot: str,
        hours: app_commands.Range[int, 1, 24] = 1,
    ) -> None:
        async def pressed(press: discord.Interaction[Any]) -> None:
            await press.response.edit_message(content=f"{bot} paused", view=None)

        await interaction.response.send_message(
            f"Pause {bot} for {hours} h?", view=pause_view(pressed), ephemeral=True
        )

    @pause.autocomplete("bot")
    async def bots(_: discord.Interaction[Any], typed: str) -> list[app_commands.Choice[str]]:
        names = ["grid one", "grid two", "trend"]
        return [app_commands.Choice(name=n, value=n) for n in names if n.startswith(typed)]

    @group.command(description="Write a note")
    async def note(interaction: discord.Interaction[Any]) -> None:
        await interaction.response.send_modal(NoteModal())

    @group.command(description="Says nothing")
    async def mute(_: discord.Interaction[Any]) -> None: ...

    tree.add_command(group)
    return group


@pytest.fixture
async def belled(bot: Bot) -> Bot:
    bell(bot.tree)
    await bot.tree.sync()
    return bot


async def test_commands_are_registered_whole_and_keep_their_ids(api: DiscordApi, belled: Bot):
    (first,) = await belled.tree.fetch_commands()

    await belled.tree.sync()
    (second,) = await belled.tree.fetch_commands()

    assert (first.name, first.id) == ("bell", second.id)
    assert [option.name for option in first.options] == ["status", "slow", "pause", "note", "mute"]
    assert len(api.world.calls_of("overwrite_commands")) == 2


async def test_a_server_s_commands_are_its_own(api: DiscordApi, belled: Bot):
    ann = api.world.person("Ann", installed=False)
    guild, other = api.world.guild("Traders", ann), api.world.guild("Others", ann)
    room, elsewhere = guild.channel("a"), other.channel("b")

    @belled.tree.command(name="here", description="x", guild=discord.Object(guild.id))
    async def here(interaction: discord.Interaction[Any]) -> None:
        await interaction.response.send_message("yes")

    await belled.tree.sync(guild=discord.Object(guild.id))

    assert (await ann.runs("here", room).answered()).text == "yes"
    with pytest.raises(AssertionError, match="no command /here"):
        ann.runs("here", elsewhere)


@pytest.mark.parametrize(
    ("command", "where"),
    [
        ({"name": "Bell", "description": "x"}, "0.name"),
        ({"name": "be ll", "description": "x"}, "0.name"),
        ({"name": "bell", "description": "x" * 101}, "0.description"),
        (
            {
                "name": "bell",
                "description": "x",
                "options": [{"name": f"o{n}", "description": "x", "type": 3} for n in range(26)],
            },
            "0.options",
        ),
        (
            {
                "name": "bell",
                "description": "x",
                "options": [
                    {"name": "a", "description": "x", "type": 3},
                    {"name": "b", "description": "x", "type": 3, "required": True},
                ],
            },
            "0.options.1",
        ),
        (
            {
                "name": "bell",
                "description": "x",
                "options": [
                    {
                        "name": "a",
                        "description": "x",
                        "type": 3,
                        "choices": [{"name": str(n), "value": str(n)} for n in range(26)],
                    }
                ],
            },
            "0.options.0.choices",
        ),
    ],
)
async def test_a_command_beyond_the_limits_is_refused(
    api: DiscordApi, wire: Wire, command: dict[str, Any], where: str
):
    path = f"/applications/{api.world.bot_id}/commands"

    status, body, _ = await wire("PUT", path, [command])

    assert (status, body["code"]) == (400, 50035)
    tree = body["errors"]
    for step in where.split("."):
        tree = tree[step]
    assert api.world.commands[None] == []


async def test_a_hundred_commands_fit_and_not_one_more(api: DiscordApi, wire: Wire):
    path = f"/applications/{api.world.bot_id}/commands"
    many = [{"name": f"c{n}", "description": "x"} for n in range(101)]

    fits, _, _ = await wire("PUT", path, many[:100])
    status, body, _ = await wire("PUT", path, many)

    assert (fits, status, body["code"]) == (200, 400, 30032)


async def test_an_ephemeral_answer_shows_to_one_person(api: DiscordApi, belled: Bot):
    ann, bob = api.world.person("Ann"), api.world.person("Bob")
    room = api.world.guild("Traders", ann, bob).channel("alerts")

    private = await ann.runs("bell status", room).answered()
    public = await ann.runs("bell status", room, public=True).answered()

    assert private.ephemeral
    assert private.text == public.text == "2 bots run"
    assert ann.screen(room) == [private, public]
    assert bob.screen(room) == [public]
    assert private.rang == public.rang == ()


async def test_a_command_answers_in_the_dm(api: DiscordApi, belled: Bot):
    ann, bob = api.world.person("Ann"), api.world.person("Bob")

    answer = await ann.runs("bell status", public=True).answered()

    assert ann.screen() == [answer]
    assert bob.screen() == []
    assert answer.rang == ()  # she is looking


async def test_a_deferred_answer_thinks_then_tells_and_follows_up(api: DiscordApi, belled: Bot):
    ann = api.world.person("Ann")
    hold = Hold(executes=False)
    api.fail(hold, route="edit_answer")

    asked = ann.runs("bell slow")
    await hold.reached()
    assert asked.thinking
    assert asked.shown is None
    hold.release()

    assert (await asked.answered()).text == "done"
    assert (await asked.followed_up()).text == "and more"
    assert [(m.text, m.ephemeral) for m in ann.screen()] == [("done", True), ("and more", True)]
    assert not asked.thinking


async def test_options_are_checked_as_discord_s_client_does(api: DiscordApi, belled: Bot):
    ann = api.world.person("Ann")

    answer = await ann.runs("bell pause", bot="trend", hours=3).answered()

    assert answer.text == "Pause trend for 3 h?"
    for line, options, problem in (
        ("bell pause", {}, "required"),
        ("bell pause", {"bot": 3}, "bot is STRING"),
        ("bell pause", {"bot": "x", "hours": 25}, "more than 24"),
        ("bell pause", {"bot": "x", "days": 1}, "no option 'days'"),
        ("bell", {}, "needs one of"),
        ("bell sing", {}, "has no 'sing'"),
        ("ring", {}, "no command /ring"),
    ):
        with pytest.raises(AssertionError, match=problem):
            ann.runs(line, **options)


async def test_typing_into_an_option_offers_completions(api: DiscordApi, belled: Bot):
    ann = api.world.person("Ann")

    offered = await ann.types_into_autocomplete("bell pause", "bot", "gr").completed()
    nothing = await ann.types_into_autocomplete("bell pause", "bot", "z").completed()

    assert [choice.name for choice in offered] == ["grid one", "grid two"]
    assert nothing == ()


async def test_a_press_changes_the_message_under_the_button(api: DiscordApi, belled: Bot):
    ann = api.world.person("Ann")
    question = await ann.runs("bell pause", bot="trend").answered()

    pressed = ann.presses(question, "Pause")

    assert await pressed.answered() is question
    assert (question.text, question.labels) == ("trend paused", ())
    assert question.earlier == ["Pause trend for 1 h?"]
    with pytest.raises(AssertionError, match="no component 'Pause'"):
        ann.presses(question, "Pause")


async def test_a_button_under_an_alert_works_for_whoever_sees_it(api: DiscordApi, bot: Bot):
    ann, bob = api.world.person("Ann"), api.world.person("Bob")
    pressers = []

    async def on_press(interaction: discord.Interaction[Any]) -> None:
        pressers.append(interaction.user.id)
        await interaction.response.defer()
        await interaction.edit_original_response(content="Paused", view=None)

    room = api.world.guild("Traders", ann, bob).channel("alerts")
    await bot.get_partial_messageable(room.id).send("Error", view=pause_view(on_press))
    (alert,) = bob.screen(room)

    await bob.presses(alert, "Pause").answered()

    assert pressers == [bob.id]
    assert [m.content for m in ann.screen(room)] == ["Paused"]


async def test_a_select_tells_what_was_chosen(api: DiscordApi, bot: Bot):
    ann = api.world.person("Ann")
    view = ui.View(timeout=None)
    options = [discord.SelectOption(label=f"Bot {n}", value=f"b{n}") for n in range(3)]
    picker: ui.Select[ui.View] = ui.Select(custom_id="pick", placeholder="Which?", options=options)

    async def picked(interaction: discord.Interaction[Any]) -> None:
        await interaction.response.send_message(picker.values[0], ephemeral=True)

    picker.callback = picked  # type: ignore[method-assign]
    view.add_item(picker)
    await (await dm(bot, ann)).send("Bots", view=view)

    answer = await ann.selects(ann.screen()[0], "Which?", "Bot 1").answered()

    assert answer.text == "b1"


async def test_a_modal_is_filled_in_and_sent(api: DiscordApi, belled: Bot):
    ann = api.world.person("Ann")
    modal = await ann.runs("bell note").opened()

    answer = await ann.submits(modal, {"What": "buy", "Loud?": True}).answered()

    assert (modal.title, modal.labels) == ("Note", ("What", "Loud?"))
    assert answer.text == "buy True"
    with pytest.raises(AssertionError, match="'What' is too long"):
        ann.submits(modal, {"What": "x" * 21})
    with pytest.raises(AssertionError, match="'What' is required"):
        ann.submits(modal, {})


def modal(title: str = "Note", inputs: int = 1, label: str = "What") -> dict[str, Any]:
    parts = [
        row({"type": 4, "custom_id": f"t{n}", "label": label, "style": 1}) for n in range(inputs)
    ]
    return {"custom_id": "m", "title": title, "components": parts}


def choices(count: int, name: str = "x") -> dict[str, Any]:
    return {"choices": [{"name": name, "value": str(n)} for n in range(count)]}


@pytest.mark.parametrize(
    ("type_", "fits", "too_much", "where"),
    [
        (9, modal("x" * 45), modal("x" * 46), "title"),
        (9, modal(inputs=5), modal(inputs=6), "components"),
        (9, modal(label="x" * 45), modal(label="x" * 46), "components.0.components.0.label"),
        (8, choices(25), choices(26), "choices"),
        (8, choices(1, "x" * 100), choices(1, "x" * 101), "choices.0.name"),
    ],
)
async def test_modals_and_completions_have_limits(
    api: DiscordApi,
    belled: Bot,
    wire: Wire,
    type_: int,
    fits: dict[str, Any],
    too_much: dict[str, Any],
    where: str,
):
    # Nobody listens to these: the test answers.
    await belled.close()
    ann = api.world.person("Ann")
    asked = (
        ann.runs("bell mute")
        if type_ == 9
        else ann.types_into_autocomplete("bell pause", "bot", "")
    )
    path = f"/interactions/{asked.id}/{asked.token}/callback"

    status, refused, _ = await wire("POST", path, {"type": type_, "data": too_much}, token=None)
    accepted, _, _ = await wire("POST", path, {"type": type_, "data": fits}, token=None)

    assert (status, accepted) == (400, 204)
    tree = refused["errors"]
    for step in where.split("."):
        tree = tree[step]


async def test_a_command_that_is_not_answered_has_failed_after_three_seconds(
    api: DiscordApi, belled: Bot, wire: Wire
):
    asked = api.world.person("Ann").runs("bell mute")
    path = f"/interactions/{asked.id}/{asked.token}/callback"

    assert not asked.failed
    api.clock.advance(seconds=3.1)
    status, body, _ = await wire("POST", path, {"type": 4, "data": {"content": "late"}}, token=None)

    assert asked.failed
    assert (status, body["code"]) == (404, 10062)


async def test_a_first_answer_is_given_once(api: DiscordApi, belled: Bot, wire: Wire):
    asked = api.world.person("Ann").runs("bell mute")
    path = f"/interactions/{asked.id}/{asked.token}/callback"
    answer = {"type": 4, "data": {"content": "hi", "flags": 64}}

    first, nothing, _ = await wire("POST", path, answer, token=None)
    status, body, _ = await wire("POST", path, answer, token=None)

    assert (first, nothing) == (204, "")
    assert (status, body["code"]) == (400, 40060)


@pytest.mark.parametrize(
    ("ask", "fitting"),
    [
        (lambda ann, _: ann.runs("bell mute"), {4, 5, 9}),
        (lambda ann, _: ann.types_into_autocomplete("bell pause", "bot", ""), {8}),
        (lambda ann, alert: ann.presses(alert, "Pause"), {4, 5, 6, 7, 9}),
    ],
)
async def test_a_first_answer_fits_to_what_was_asked(
    api: DiscordApi, wire: Wire, ask: Callable[[Person, Message], Any], fitting: set[int]
):
    tree = Bot().tree
    payload = [bell(tree).to_dict(tree)]
    await wire("PUT", f"/applications/{api.world.bot_id}/commands", payload)
    ann = api.world.person("Ann")
    body = {"content": "Error", "components": [row(button())]}
    await wire("POST", f"/channels/{ann.dm.id}/messages", body)
    (alert,) = ann.screen()
    parts = [row({"type": 4, "custom_id": "t", "label": "What", "style": 1})]
    data = {"content": "x", "title": "x", "custom_id": "m", "choices": [], "components": parts}
    simple = {4: {"content": "x"}, 7: {"content": "x"}}

    taken = set()
    for type_ in range(4, 10):
        asked = ask(ann, alert)
        path = f"/interactions/{asked.id}/{asked.token}/callback"
        sent = {"type": type_, "data": simple.get(type_, data)}
        status, refused, _ = await wire("POST", path, sent, token=None)
        taken |= {type_} if status == 204 else set()
        assert status == 204 or refused["errors"].keys() == {"type"}

    assert taken == fitting


async def test_a_deferred_answer_keeps_the_privacy_it_began_with(
    api: DiscordApi, belled: Bot, wire: Wire
):
    ann = api.world.person("Ann")
    asked = ann.runs("bell mute")
    await wire("POST", f"/interactions/{asked.id}/{asked.token}/callback", {"type": 5}, token=None)
    hook = f"/webhooks/{api.world.bot_id}/{asked.token}"

    await wire("POST", hook, {"content": "secret", "flags": 64}, token=None)
    await wire("POST", hook, {"content": "secret", "flags": 64}, token=None)

    assert [m.ephemeral for m in ann.screen()] == [False, True]
    assert asked.original is ann.screen()[0]


async def test_what_follows_a_deferral_fills_it_and_is_as_private(api: DiscordApi, bot: Bot):
    ann, bob = api.world.person("Ann"), api.world.person("Bob")
    room = api.world.guild("Traders", ann, bob).channel("alerts")

    @bot.tree.command(description="Defers, and follows up")
    async def later(interaction: discord.Interaction[Any]) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        await interaction.followup.send("secret")
        await interaction.followup.send("for all")

    await bot.tree.sync()
    asked = ann.runs("later", room)
    await asked.followed_up()

    assert [(m.text, m.ephemeral) for m in ann.screen(room)] == [
        ("secret", True),
        ("for all", False),
    ]
    assert ann.screen(room)[0] is asked.original
    assert [m.text for m in bob.screen(room)] == ["for all"]


@pytest.fixture
async def told(bot: Bot) -> list[discord.Interaction[Any]]:
    """Every `/where` and every press under its answer, as the library understands it."""
    told: list[discord.Interaction[Any]] = []

    async def pressed(interaction: discord.Interaction[Any]) -> None:
        told.append(interaction)
        await interaction.response.defer()

    @bot.tree.command(description="Says where it was asked")
    @app_commands.allowed_installs(guilds=True, users=True)
    async def where(interaction: discord.Interaction[Any]) -> None:
        told.append(interaction)
        await interaction.response.send_message("here", view=pause_view(pressed))

    await bot.tree.sync()
    return told


IN_DMS = discord.Permissions(
    attach_files=True, embed_links=True, mention_everyone=True, external_emojis=True
)


async def test_on_a_server_an_interaction_tells_what_each_may_do_there(
    api: DiscordApi, told: list[discord.Interaction[Any]]
):
    ann, bob = api.world.person("Ann"), api.world.person("Bob")
    guild = api.world.guild("Traders", ann, bob)
    room = guild.channel("alerts")
    guild.permissions[bob.id] |= Permission.MANAGE_GUILD
    room.denied[api.world.bot_id] = Permission.SEND_MESSAGES

    for person, where in ((ann, room), (bob, room), (bob, guild.thread(room, "grid"))):
        await person.runs("where", where).answered()

    owner, manager, inside = told
    assert owner.permissions.administrator
    assert (manager.permissions.manage_guild, manager.permissions.administrator) == (True, False)
    assert (manager.app_permissions.embed_links, manager.app_permissions.send_messages) == (
        True,
        False,
    )
    assert isinstance(inside.channel, discord.Thread)
    assert (inside.channel.parent_id, inside.permissions.manage_guild) == (room.id, True)
    assert manager.is_guild_integration()
    assert manager.context.guild


async def test_where_only_a_person_installed_the_bot_it_answers_and_sees_nothing(
    api: DiscordApi, told: list[discord.Interaction[Any]], bot: Bot
):
    ann, bob = api.world.person("Ann"), api.world.person("Bob")
    guild = api.world.guild("Foreign", bob, ann, with_bot=False)
    room = guild.channel("general")
    room.denied[ann.id] = Permission.EMBED_LINKS

    answer = await ann.runs("where", room).answered()

    (asked,) = told
    assert (asked.guild_id, asked.channel_id) == (guild.id, room.id)
    assert (asked.is_guild_integration(), asked.is_user_integration()) == (False, True)
    assert asked.app_permissions == discord.Permissions(attach_files=True)
    assert asked.permissions.send_messages
    assert bob.screen(room) == [answer]
    assert bot.get_guild(guild.id) is None
    refused = []
    for call in (
        bot.fetch_channel(room.id),
        bot.get_partial_messageable(room.id).send("hello"),
        bot.fetch_guild(guild.id),
        bot.http.get_member(guild.id, ann.id),
    ):
        with pytest.raises(discord.HTTPException) as error:
            await call
        refused.append(error.value.code)
    assert refused == [50001, 50001, 10004, 50001]


@pytest.mark.parametrize("denied", [Permission.USE_EXTERNAL_APPS, Permission.SEND_MESSAGES])
@pytest.mark.parametrize("with_bot", [True, False])
async def test_a_bot_of_one_s_own_answers_in_public_only_where_one_may(
    api: DiscordApi, told: list[discord.Interaction[Any]], denied: Permission, with_bot: bool
):
    ann, bob = api.world.person("Ann"), api.world.person("Bob")
    room = api.world.guild("Traders", bob, ann, with_bot=with_bot).channel("general")
    before = await ann.runs("where", room).answered()
    room.denied[ann.id] = denied

    after = await ann.runs("where", room).answered()

    assert (before.ephemeral, after.ephemeral) == (False, not with_bot)
    assert bob.screen(room) == ([before, after] if with_bot else [before])


async def test_what_will_show_to_nobody_else_is_private_from_its_deferral_on(
    api: DiscordApi, belled: Bot, wire: Wire
):
    ann, bob = api.world.person("Ann"), api.world.person("Bob")
    room = api.world.guild("Foreign", bob, ann, with_bot=False).channel("general")
    room.denied[ann.id] = Permission.USE_EXTERNAL_APPS
    asked = ann.runs("bell mute", room)
    await wire("POST", f"/interactions/{asked.id}/{asked.token}/callback", {"type": 5}, token=None)
    hook = f"/webhooks/{api.world.bot_id}/{asked.token}/messages/@original"

    await wire("PATCH", hook, {"content": "done"}, token=None)

    assert [(m.text, m.ephemeral) for m in ann.screen(room)] == [("done", True)]
    assert bob.screen(room) == []


async def test_in_a_dm_an_interaction_tells_who_installed_the_bot(
    api: DiscordApi, told: list[discord.Interaction[Any]]
):
    ann, bob = api.world.person("Ann"), api.world.person("Bob", installed=False)
    api.world.guild("Traders", bob)

    for person in (ann, bob):
        await person.runs("where").answered()

    assert [one.app_permissions for one in told] == [IN_DMS, IN_DMS]
    assert all(one.context.dm_channel for one in told)
    assert [one.is_user_integration() for one in told] == [True, False]
    assert [one.owners for one in api.world.interactions.values()] == [
        {"1": str(ann.id)},
        {"0": "0"},
    ]


async def test_a_press_under_an_answer_is_on_behalf_of_who_asked_for_it(
    api: DiscordApi, told: list[discord.Interaction[Any]]
):
    ann, bob = api.world.person("Ann"), api.world.person("Bob")
    room = api.world.guild("Foreign", ann, bob, with_bot=False).channel("general")
    answer = await ann.runs("where", room).answered()

    await bob.presses(answer, "Pause").deferred()

    _, press = told
    assert press.user.id == bob.id
    # The library compares the owner with who presses.
    assert not press.is_user_integration()
    assert [one.owners for one in api.world.interactions.values()] == [{"1": str(ann.id)}] * 2


@pytest.mark.parametrize(("with_bot", "code"), [(True, 50083), (False, 50001)])
async def test_nothing_is_answered_in_a_thread_that_was_locked_meanwhile(
    api: DiscordApi, belled: Bot, wire: Wire, with_bot: bool, code: int
):
    ann = api.world.person("Ann")
    guild = api.world.guild("Traders", ann, with_bot=with_bot)
    thread = guild.thread(guild.channel("alerts"), "grid")
    asked = ann.runs("bell mute", thread)
    callback = f"/interactions/{asked.id}/{asked.token}/callback"
    await wire("POST", callback, {"type": 5}, token=None)
    hook = f"/webhooks/{api.world.bot_id}/{asked.token}"

    guild.archive(thread, lock=True)
    refused = [
        await wire("PATCH", f"{hook}/messages/@original", {"content": "x"}, token=None),
        await wire("POST", hook, {"content": "x"}, token=None),
    ]

    assert [body["code"] for _, body, _ in refused] == [code, code]
    assert asked.thinking
    with pytest.raises(AssertionError, match="grid sleeps"):
        ann.runs("bell mute", thread)


async def test_an_interaction_s_token_lives_for_a_quarter_of_an_hour(
    api: DiscordApi, belled: Bot, wire: Wire
):
    ann = api.world.person("Ann")
    asked = ann.runs("bell status")
    await asked.answered()
    original = f"/webhooks/{api.world.bot_id}/{asked.token}/messages/@original"

    api.clock.advance(minutes=14)
    before, _, _ = await wire("PATCH", original, {"content": "new"}, token=None)
    api.clock.advance(minutes=1, seconds=1)
    after, body, _ = await wire("PATCH", original, {"content": "newer"}, token=None)

    assert (before, after, body["code"]) == (200, 401, 50027)
    assert ann.screen()[0].content == "new"


async def test_nothing_follows_before_the_first_answer(api: DiscordApi, belled: Bot, wire: Wire):
    asked = api.world.person("Ann").runs("bell mute")

    status, body, _ = await wire(
        "POST", f"/webhooks/{api.world.bot_id}/{asked.token}", {"content": "x"}, token=None
    )

    assert (status, body["code"]) == (404, 10015)


async def test_an_ephemeral_answer_is_reached_only_by_its_token(
    api: DiscordApi, belled: Bot, wire: Wire
):
    ann = api.world.person("Ann")
    asked = ann.runs("bell status")
    answer = await asked.answered()
    hook = f"/webhooks/{api.world.bot_id}/{asked.token}/messages/{answer.id}"

    by_channel, body, _ = await wire("GET", f"/channels/{ann.dm.id}/messages/{answer.id}")
    by_token, _, _ = await wire("GET", hook, token=None)
    deleted, _, _ = await wire("DELETE", hook, token=None)

    assert (by_channel, body["code"], by_token, deleted) == (404, 10008, 200, 204)
    assert ann.screen() == []


@pytest.mark.parametrize("direct", [True, False])
async def test_a_bot_that_only_a_person_installed_follows_up_five_times(
    api: DiscordApi, belled: Bot, wire: Wire, direct: bool
):
    ann = api.world.person("Ann")
    room = api.world.guild("Foreign", ann, with_bot=False).channel("general")
    asked = ann.runs("bell status", ann.dm if direct else room)
    await asked.answered()
    hook = f"/webhooks/{api.world.bot_id}/{asked.token}"

    answers = [await wire("POST", hook, {"content": "x"}, token=None) for _ in range(6)]

    assert [status for status, _, _ in answers] == [200] * 5 + [400]
    assert answers[-1][1]["code"] == 40094


async def test_a_command_is_offered_only_to_whom_and_where_it_may(api: DiscordApi, wire: Wire):
    ann, bob = api.world.person("Ann"), api.world.person("Bob", installed=False)
    guild = api.world.guild("Traders", ann, bob)
    room = guild.channel("alerts")
    commands = [
        {"name": "dm-only", "description": "x", "contexts": [1], "integration_types": [0, 1]},
        {"name": "for-admins", "description": "x", "default_member_permissions": "32"},
        {"name": "for-users", "description": "x", "integration_types": [1]},
    ]
    await wire("PUT", f"/applications/{api.world.bot_id}/commands", commands)

    def offered(person: Person, channel) -> list[str]:
        return [one["name"] for one in api.world.asks.offered(person, channel)]

    assert offered(ann, ann.dm) == ["dm-only", "for-admins", "for-users"]
    assert offered(ann, room) == ["for-admins", "for-users"]
    assert offered(bob, room) == []
    guild.permissions[bob.id] |= Permission.MANAGE_GUILD
    assert offered(bob, room) == ["for-admins"]
    assert ann.runs("for-users", room).owners == {"1": str(ann.id)}
    assert ann.runs("for-admins", room).owners == {"0": str(guild.id)}


# --- the gateway --------------------------------------------------------------------------


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


class Line:
    """A connection to the gateway without a library."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self._socket = socket

    async def say(self, op: int, **data: Any) -> None:
        await self._socket.send_json({"op": op, "d": data})

    async def next(self) -> tuple[int, str | None, int | None]:
        """Give op, name and number of the next frame."""
        frame = await self._socket.receive_json(timeout=5)
        return frame["op"], frame.get("t"), frame.get("s")


@asynccontextmanager
async def line(api: DiscordApi) -> AsyncIterator[Line]:
    async with (
        ClientSession() as session,
        session.ws_connect(f"{api.gateway_url}?v=10&encoding=json") as socket,
    ):
        line = Line(socket)
        assert (await line.next())[0] == 10
        yield line


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


# --- in another process -------------------------------------------------------------------


async def test_a_test_in_another_process_plays_the_people():
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.standins.discord",
        cwd=Path(__file__).parents[2],
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


class Away:
    """The addresses of a stand-in that runs elsewhere."""

    token = TOKEN

    def __init__(self, url: str, gateway_url: str) -> None:
        self.url = url
        self.gateway_url = gateway_url


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
