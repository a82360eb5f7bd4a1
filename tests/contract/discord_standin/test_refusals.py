"""What is refused, as Discord refuses it, and what there is."""

from __future__ import annotations

import discord
import pytest

from tests.contract.discord_standin.driving import (
    Bot,
    Wire,
    dm,
)
from tests.standins.discord import DiscordApi, Permission

# --- refusals --------------------------------------------------------------------------------


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


# --- what there is ---------------------------------------------------------------------------


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
