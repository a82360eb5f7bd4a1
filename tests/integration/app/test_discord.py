"""The whole product with Discord: linked there, told there, asked there, beside Telegram."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.app.operating import check
from tests.e2e.processes import digits_in, sign_in
from tests.integration.app.conftest import linked, running
from tests.integration.app.test_operating import findings
from tests.standins.discord import DiscordApi, Message, Person
from tests.standins.discord.faults import token_refused
from tests.standins.faults import Drop, bad_gateway

STOP_WITHIN = 10


@pytest.fixture
async def discord_api() -> AsyncIterator[DiscordApi]:
    async with DiscordApi() as api:
        yield api


@pytest.fixture
def dora(discord_api: DiscordApi) -> Person:
    return discord_api.world.person("Dora")


@pytest.fixture
def on_discord(discord_api: DiscordApi) -> dict[str, str]:
    return {"DISCORD_TOKEN": discord_api.token, "DISCORD_API_URL": discord_api.url}


async def link(product, api: DiscordApi, dora: Person, user) -> None:
    """Go through the whole linking of a direct chat, with a slash command and the form."""
    sessions = api.gateway.sessions
    await api.world.until(
        lambda: api.endpoint.url or any(one.connection for one in sessions.values())
    )
    await api.world.until(lambda: api.world.commands[None])
    card = await dora.runs("bell link").answered(within=15)
    address = next(word for word in card.text.split() if "/link/" in word)
    page = await sign_in(address, email=user.email, password=user.password)
    form = await dora.presses(card, "Type the six digits").opened()
    answer = await dora.submits(form, {form.labels[0]: digits_in(page)}).answered()
    assert "Linked to" in answer.text
    await product.becomes("/metrics", lambda _, text: 'tradebell_feeds{state="live"} 1.0' in text)


def bought(message: Message) -> bool:
    return "Bought" in message.text


def alarm(message: Message) -> bool:
    return "Insufficient balance" in message.text


@pytest.mark.parametrize("interactions", ["gateway", "http"])
async def test_a_person_links_on_discord_is_told_there_and_acts_on_a_bot_there(
    settings, simulated, discord_api, dora, on_discord, interactions
):
    chosen = settings(**on_discord, DISCORD_INTERACTIONS=interactions)
    async with running(chosen) as product:
        await link(product, discord_api, dora, simulated.alice)
        await simulated.trade(7)
        alert = await discord_api.world.message_where(bought)
        offered = await dora.types_into_autocomplete("bell resume", "bot", "ni").completed()
        card = await dora.runs("bell resume", bot=offered[0].value).answered()
        await dora.presses(card, "Resume Night Owl").deferred()
        await discord_api.world.until(lambda: "the platform says" in card.text)
        seconds = await product.stop()

    assert "Bought 7 BTC/USDT" in alert.text
    assert [choice.name for choice in offered] == ["Night Owl"]
    assert "Night Owl was not changed" in card.text
    assert card.labels == ()
    assert discord_api.gateway.identifies == (interactions == "gateway")
    assert seconds < STOP_WITHIN / 2


async def test_who_names_no_bot_chooses_one_from_a_list_and_confirms(
    settings, simulated, discord_api, dora, on_discord
):
    for name in ("Heron", "Crane"):
        bot = {"name": name, "running": True, "status": "running"}
        await simulated.platform.add("traders", bot, simulated.alice.id)
    async with running(settings(**on_discord)) as product:
        await link(product, discord_api, dora, simulated.alice)
        card = await dora.runs("bell pause").answered()
        offered = [one["label"] for one in card.part("Choose a bot")["options"]]
        dora.selects(card, "Choose a bot", "Heron")
        await discord_api.world.until(lambda: "Stop Heron" in card.labels)
        dora.presses(card, "Stop Heron")
        await discord_api.world.until(lambda: "Heron is stopped" in card.text)
        status = await dora.runs("bell status").answered()

    assert offered == ["Heron", "Crane", "All 2"]
    assert card.labels == ()
    assert "1 of 3 bots running" in status.text


async def test_settings_are_chosen_from_a_list_and_typed_into_a_form(
    settings, simulated, discord_api, dora, on_discord
):
    async with running(settings(**on_discord)) as product:
        await link(product, discord_api, dora, simulated.alice)
        card = await dora.runs("bell settings").answered()
        dora.selects(card, "Change", "Quiet hours")
        await discord_api.world.until(lambda: "Other hours" in card.labels)
        form = await dora.presses(card, "Other hours").opened()
        dora.submits(form, {form.labels[0]: "weekends 0-10"})
        await discord_api.world.until(lambda: "Saturday and Sunday 00:00-10:00" in card.text)
        labels = card.labels
        dora.presses(card, "Back")
        await discord_api.world.until(lambda: "Settings of this chat" in card.text)
        same = await dora.runs("bell settings", words="digest 9:00").answered()

    assert labels == ("Undo", "Back", "Close")
    assert "Saturday and Sunday 00:00-10:00" in card.text
    assert "A daily digest comes at 09:00" in same.text


async def test_the_latest_trades_come_with_a_chart_on_both_platforms(
    settings, simulated, bot_api, ann, discord_api, dora, on_discord
):
    for ratio in (0.012, -0.004, 0.02):
        closed = {"side": "sell", "symbol": "BTC/USDT", "amount": 1, "profit_ratio": ratio}
        await simulated.platform.add("trades", closed, simulated.alice.id)
    async with running(settings(**on_discord)) as product:
        await linked(product, bot_api, ann, simulated.alice)
        await link(product, discord_api, dora, simulated.alice)
        answer = await dora.runs("bell trades").answered()
        ann.types("/trades")
        photo = await bot_api.world.message_where(lambda one: one.photo)

    (picture,) = answer.pictures_in_embeds
    words = "oldest first: +1.20 %, -0.40 %, +2.00 %."
    assert "Latest 3 trades" in answer.text
    assert words in picture.alt
    assert words in photo.text
    assert photo.photo == picture.data
    assert picture.data.startswith(b"\x89PNG\r\n")


async def test_status_warns_in_telegram_while_discord_refuses_the_bot_s_token(
    settings, simulated, bot_api, ann, discord_api, dora, on_discord
):
    async with running(settings(**on_discord)) as product:
        await linked(product, bot_api, ann, simulated.alice)
        await link(product, discord_api, dora, simulated.alice)
        discord_api.fail(token_refused(), route="create_message", times=99)
        await simulated.trade(7)
        await bot_api.world.message_where(lambda one: "Bought 7 BTC/USDT" in one.text)
        await discord_api.world.until(
            lambda: any(one.route == "create_message" for one in discord_api.world.calls)
        )
        ann.types("/status")
        status = await bot_api.world.message_where(lambda one: "If a bot fails" in one.text)

    assert "I cannot reach Discord now, so nothing would ring there." in status.text
    assert "If a bot fails: Telegram at once" in status.text


async def test_discord_and_telegram_are_told_side_by_side(
    settings, simulated, bot_api, ann, discord_api, dora, on_discord
):
    async with running(settings(**on_discord)) as product:
        await linked(product, bot_api, ann, simulated.alice)
        await link(product, discord_api, dora, simulated.alice)
        await simulated.trade(7)
        await discord_api.world.message_where(bought)
        await bot_api.world.message_where(lambda one: "Bought 7 BTC/USDT" in one.text)


async def test_an_alert_that_is_answered_on_discord_is_closed_on_telegram(
    settings, simulated, bot_api, ann, discord_api, dora, on_discord
):
    runs = {"running": True, "status": "running"}
    await simulated.platform.change("traders", simulated.owl, runs)
    async with running(settings(**on_discord)) as product:
        await linked(product, bot_api, ann, simulated.alice)
        await link(product, discord_api, dora, simulated.alice)
        await simulated.alarm("Insufficient balance")
        there = await discord_api.world.message_where(alarm)
        here = await bot_api.world.message_where(alarm)
        offered = there.labels, here.labels
        notified = there.content

        await dora.presses(there, "Stop Night Owl").deferred()
        confirm = await discord_api.world.message_where(lambda one: "Night Owl?" in one.text)
        await dora.presses(confirm, "Stop Night Owl").deferred()
        await discord_api.world.until(lambda: not there.labels)
        await bot_api.world.until(lambda: not here.labels)

    assert offered == (("Stop Night Owl", "Seen"), ("Stop Night Owl", "Seen"))
    for message in (here, there):
        assert "Insufficient balance" in message.text
        assert "Stopped from Discord · " in message.text
        assert len(message.earlier) == 1
    assert notified == there.content == "🔴 Critical · Night Owl: error"


async def test_a_process_that_could_not_close_an_alert_leaves_it_to_the_next(
    settings, simulated, bot_api, ann, discord_api, dora, on_discord
):
    runs = {"running": True, "status": "running"}
    await simulated.platform.change("traders", simulated.owl, runs)
    broken = [True]
    bot_api.fail(Drop(), method="editMessageText", times=1)
    bot_api.fail(bad_gateway(), method="editMessageText", times=None, where=lambda _: bool(broken))
    chosen = settings(**on_discord)
    async with running(chosen) as product:
        await linked(product, bot_api, ann, simulated.alice)
        await link(product, discord_api, dora, simulated.alice)
        await simulated.alarm("Insufficient balance")
        there = await discord_api.world.message_where(alarm)
        here = await bot_api.world.message_where(alarm)
        await simulated.platform.change(
            "traders", simulated.owl, {"running": False, "status": "stopped"}
        )
        await discord_api.world.until(lambda: not there.labels)
        before = here.labels

    broken.clear()
    async with running(chosen):
        await bot_api.world.until(lambda: not here.labels, within=15)

    assert before == ("Stop Night Owl", "Seen")
    assert "Stopped meanwhile · " in here.text
    assert sum(alarm(message) for message in ann.chat.shown) == 1


async def test_it_is_not_ready_while_discord_brings_nothing(
    settings, bot_api, discord_api, on_discord
):
    async with running(settings(**on_discord)) as product:
        await product.becomes("/readyz", lambda status, _: status == 200)
        discord_api.gateway.close(4004)
        text = await product.becomes("/readyz", lambda status, _: status == 503)

    assert text == "Discord: Discord refuses the bot's token.\n"


async def test_it_is_not_ready_while_discord_does_not_post_to_it(
    settings, bot_api, discord_api, on_discord
):
    elsewhere = {"DISCORD_INTERACTIONS": "http", "PUBLIC_URL": "http://127.0.0.1:9"}
    async with running(settings(**on_discord, **elsewhere)) as product:
        text = await product.becomes("/readyz", lambda _, text: "no interactions" in text)
        status, _ = await product.asked("/readyz")

    assert status == 503
    assert "TRADEBELL_PUBLIC_URL must be reached from outside" in text


async def test_check_says_where_the_bot_is_added_to_a_server_or_an_account(
    settings, discord_api, on_discord
):
    lines = [str(one) async for one in check(settings(**on_discord))]

    [line] = [line for line in lines if " discord " in line]
    assert line.startswith("ok    ")
    id = discord_api.world.bot_id
    assert f"authorize?client_id={id}&integration_type=1&scope=applications.commands " in line
    assert f"authorize?client_id={id}&integration_type=0&scope=bot+applications.commands&" in line


async def test_check_says_that_discord_s_token_is_refused_without_repeating_it(
    settings, discord_api, on_discord
):
    discord_api.revoked = True

    found = await findings(settings(**on_discord))

    assert "TRADEBELL_DISCORD_TOKEN is refused" in found["discord"]
    assert discord_api.token not in found["discord"]


async def test_an_alert_that_is_replied_to_is_explained_on_discord(
    settings, simulated, discord_api, dora, on_discord
):
    async with running(settings(**on_discord)) as product:
        await link(product, discord_api, dora, simulated.alice)
        await simulated.trade(1)
        alert = await discord_api.world.message_where(bought)

        dora.replies(alert, "why?")
        answer = await discord_api.world.message_where(lambda one: "About " in one.text)

    [reference] = [word for word in answer.text.split() if f"ref {word}" in alert.text]
    assert f"About {reference}" in answer.text


async def test_what_is_seen_by_a_reaction_on_telegram_and_by_a_button_on_discord_shows_on_both(
    settings, simulated, bot_api, ann, discord_api, dora, on_discord
):
    runs = {"running": True, "status": "running"}
    await simulated.platform.change("traders", simulated.owl, runs)
    async with running(settings(**on_discord)) as product:
        await linked(product, bot_api, ann, simulated.alice)
        await link(product, discord_api, dora, simulated.alice)
        seen = []
        for text, see in (
            ("Insufficient balance: 1", lambda here, there: ann.reacts(here)),
            ("Insufficient balance: 2", lambda here, there: dora.presses(there, "Seen")),
        ):
            await simulated.alarm(text)
            there = await discord_api.world.message_where(lambda one, text=text: text in one.text)
            here = await bot_api.world.message_where(lambda one, text=text: text in one.text)
            labels = (here.labels, there.labels)
            see(here, there)
            await bot_api.world.until(lambda here=here: "Seen" not in here.labels)
            await discord_api.world.until(lambda there=there: "Seen" not in there.labels)
            seen.append((here, there))
            assert labels == (("Stop Night Owl", "Seen"),) * 2

    for app, (here, there) in zip(("Telegram", "Discord"), seen, strict=True):
        assert here.labels == there.labels == ("Stop Night Owl",)
        assert f"Seen in {app} \u00b7 " in here.text
        assert f"Seen in {app} \u00b7 <t:" in there.text
        assert len(here.parts("date_time")) == 2, "when it happened, and when it was seen"
