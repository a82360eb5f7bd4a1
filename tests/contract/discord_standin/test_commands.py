"""Commands, buttons, forms and completion."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import discord
import pytest
from discord import ui

from tests.contract.discord_standin.driving import (
    Bot,
    Wire,
    bell,
    button,
    dm,
    pause_view,
    row,
)
from tests.standins.discord import DiscordApi, Message, Permission, Person
from tests.standins.faults import Hold


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
