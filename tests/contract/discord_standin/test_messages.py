"""What people see of messages, what mentions do, what is too long, and what is shown once."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import discord
import pytest

from tests.contract.discord_standin.driving import (
    NONCE,
    Bot,
    Wire,
    button,
    dm,
    pause_view,
    row,
    text,
)
from tests.standins.discord import DiscordApi, Permission
from tests.standins.faults import bad_gateway

# --- what people see -------------------------------------------------------------------------


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


# --- mentions --------------------------------------------------------------------------------


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


# --- limits ----------------------------------------------------------------------------------


def select(options: int, **more: Any) -> dict[str, Any]:
    listed = [{"label": str(n), "value": str(n)} for n in range(options)]
    return {"type": 3, "custom_id": "s", "options": listed, **more}


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


# --- once ------------------------------------------------------------------------------------


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
