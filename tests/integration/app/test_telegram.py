"""The product on Telegram: what people do there beside typing commands."""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta

import aiohttp

from adapters.simulator import Market, play
from bot.app.sources import now
from tests.e2e.processes import digits_in, sign_in
from tests.integration.app.conftest import bought, linked, running
from tests.integration.web.test_links import csrf_of
from tests.standins.bot_api import Access
from tests.standins.bot_api.faults import refused
from tests.standins.bot_api.text import Formatted


async def test_a_chat_found_closed_gets_what_was_kept_once_its_person_speaks(
    settings, simulated, bot_api, ann
):
    async with running(settings()) as product:
        await linked(product, bot_api, ann, simulated.alice)
        bot_api.fail(
            refused(403, "Forbidden: bot was blocked by the user"), method="sendMessage", chat=ann
        )
        await simulated.trade(1)
        await product.becomes("/metrics", lambda _, text: 'state="held"} 1.0' in text)

        ann.types("/status")
        await bot_api.world.message_where(lambda one: "Bought 1 BTC" in one.text, within=15)
        await simulated.trade(2)
        await bot_api.world.message_where(lambda one: "Bought 2 BTC" in one.text, within=15)

    assert bought(bot_api) == [1, 2]
    assert not any("kept from writing" in one.text for one in bot_api.world.messages)


async def test_a_caption_a_voice_message_and_a_group_are_answered(settings, bot_api, ann):
    group = bot_api.world.group("Desk", ann)
    group.access = Access.LEFT

    async with running(settings()):
        ann.sends("photo", caption="/help")
        await bot_api.world.message_where(lambda one: "What you can ask me" in one.text, within=15)
        for kind in ("voice", "sticker", "photo"):
            ann.sends(kind)
        await bot_api.world.message_where(lambda one: "only understand text" in one.text)
        ann.adds_bot(group)
        await bot_api.world.message_where(lambda one: "I am Tradebell" in one.text)
        ann.types("/status@tradebell_bot", group)
        await bot_api.world.message_where(lambda one: "no account here" in one.text)

    said = [one.text for one in ann.chat.shown if one.sender != ann.id]
    assert len(said) == 2
    assert len(group.shown) == 3


async def test_an_alert_that_is_replied_to_is_explained(settings, simulated, bot_api, ann):
    async with running(settings()) as product:
        await linked(product, bot_api, ann, simulated.alice)
        await simulated.trade(1)
        alert = await bot_api.world.message_where(lambda one: "Bought 1 BTC" in one.text, within=15)

        ann.replies(alert, "/why")
        answer = await bot_api.world.message_where(
            lambda one: one.text.startswith("About "), within=15
        )
        ann.replies(answer, "why?")
        await bot_api.world.message_where(lambda one: "is no alert" in one.text, within=15)

    reference = answer.text.split()[1]
    assert f"ref {reference}" in alert.text
    assert "without a sound: by the rule" in answer.text


async def test_settings_go_down_and_back_in_one_message_and_on_a_page(
    settings, simulated, bot_api, ann
):
    """One message of the chat is edited all the way; the page tells of its change in another."""
    world = bot_api.world
    async with running(settings()) as product:
        await linked(product, bot_api, ann, simulated.alice)
        ann.types("/settings")
        card = await world.message_where(lambda one: "Settings of this chat" in one.text, within=15)
        for label, then in (
            ("Quiet hours", "Alerts come whenever they happen."),
            ("22:00-07:00", "Every day 22:00-07:00"),
            ("Undo", "No quiet hours"),
            ("Back", "Settings of this chat"),
            ("As a page", "Settings on a page"),
        ):
            ann.presses(card, label)
            await world.until(lambda then=then: then in card.text, within=15)
        address = next(word for word in card.text.split() if "/settings/open/" in word)
        async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser:
            opened = await (await browser.get(address)).text()
            page = await browser.post(address, data={"csrf": csrf_of(opened)})
            table = await page.text()
            fields = {"command": "rules", "kind": "exits", "bot": "", "mode": "silent"}
            change = page.url.with_path("/settings/change")
            sent = await browser.post(change, data={"csrf": csrf_of(table), **fields})
            saved = await sent.text()
            told = await world.message_where(
                lambda one: "Changed on the settings page." in one.text, within=15
            )
            words = told.text
            ann.presses(told, "Undo")
            await world.until(lambda: "Rule removed" in told.text, within=15)
            again = await (await browser.get(page.url)).text()

    assert page.url.path == "/settings"
    assert "Saved." in saved
    assert "Exits: without a sound" in words
    assert told.silent
    assert "rule 1" not in table
    assert "No rules yet" in again


async def test_a_price_that_moves_rings_and_one_that_is_watched_moves_in_its_message(
    settings, simulated, bot_api, ann
):
    world = bot_api.world
    market = Market(random.Random(1), (), pace=timedelta(hours=1))
    async with running(settings()) as product, asyncio.TaskGroup() as group:
        playing = group.create_task(play(simulated.platform, market, now=now))
        await linked(product, bot_api, ann, simulated.alice)
        ann.types("/alert btc/usdt moves 0.1% in 1m")
        await world.message_where(lambda one: "moves 0.1 % in 1 min" in one.text, within=15)
        rung = await world.message_where(lambda one: "You asked for it once" in one.text, within=30)
        ann.types("/watch btc/usdt")
        live = await world.message_where(lambda one: "Live until" in one.text, within=15)
        first = live.text
        await world.until(lambda: live.text != first, within=15)
        moved = live.text
        ann.presses(live, "Stop")
        await world.until(lambda: "Stopped." in live.text, within=15)
        playing.cancel()

    assert not rung.silent
    assert moved.splitlines()[0] != first.splitlines()[0]
    assert "Since" in moved


async def test_a_group_is_linked_watched_and_commanded_by_who_may(
    settings, simulated, bot_api, ann
):
    """Ann has begun the group, Ben is a member, and somebody writes as the group."""
    world, user = bot_api.world, simulated.alice
    ben = world.person("Ben")
    group = world.group("Desk", ann, ben)
    group.admins.add(ann.id)

    async def told(text: str) -> None:
        await world.message_where(lambda one: one.chat is group and text in one.text, within=15)

    async with running(settings()) as product:
        ben.types("/link@tradebell_bot", group)
        await told("You cannot link Desk")
        world.types_anonymously(group, "/link@tradebell_bot")
        await told("does not tell me who you are")
        ann.types("/link@tradebell_bot", group)
        await told("Link this group?")
        address = next(one for one in reversed(group.shown) if one.buttons).buttons[0][0].url
        ann.types(f"/start {address.partition('?start=')[2]}")
        consent = await world.message_where(lambda one: "Link Desk?" in one.text, within=15)
        agreed_to = consent.text
        page = next(word for word in agreed_to.split() if "/link/" in word)
        signed_in = await sign_in(page, email=user.email, password=user.password, agreed="yes")
        ann.types(digits_in(signed_in))
        await told("This group is linked to a trading account")
        await product.becomes("/metrics", lambda _, text: 'feeds{state="live"} 1.0' in text)
        await simulated.trade(1)
        await told("Bought 1 BTC")
        ben.types("/status@tradebell_bot", group)
        await told("Only the person who linked this chat")
        ann.types("/members@tradebell_bot viewer", group)
        await told("Let others here look?")
        ann.presses(next(one for one in reversed(group.shown) if one.buttons), "Allow it")
        await told("Others here may look")
        ben.types("/status@tradebell_bot", group)
        await told("Night Owl")
        ben.types("/pause@tradebell_bot all", group)
        await told("You may look but not use /pause here")

    assert "3 members" in agreed_to
    assert consent.chat is ann.chat
    assert not any("/link/" in one.text for one in group.shown)


async def test_in_a_group_each_is_answered_alone_where_telegram_can_do_that(
    settings, simulated, bot_api, ann
):
    """Ann links the group there, Ben may look, and neither reads what the other is told."""
    world = bot_api.world
    world.knows_asides = True
    await simulated.platform.change(
        "traders", simulated.owl, {"running": True, "status": "running"}
    )
    ben, cem = world.person("Ben"), world.person("Cem")
    group = world.group("Desk", ann, ben, cem)
    group.admins.add(ann.id)

    async def told(who, text):
        def is_it(one):
            return one.chat is group and one.reader == who.id and text in one.text

        return await world.message_where(is_it, within=15)

    async with running(settings()) as product:
        await linked(product, bot_api, ann, simulated.alice)
        await world.until(lambda: any("is_ephemeral" in one for one in listed_in_groups(world)))
        ben.asks_alone("/link", group)
        await told(ben, "You cannot link Desk")
        ann.asks_alone("/link", group)
        consent = await told(ann, "Link Desk?")
        page = next(word for word in consent.text.split() if "/link/" in word)
        signed_in = await sign_in(
            page, email=simulated.alice.email, password=simulated.alice.password, agreed="yes"
        )
        ann.asks_alone(f"/link {digits_in(signed_in)}", group)
        await told(ann, "Linked to")

        ben.asks_alone("/status", group)
        await told(ben, "Only the person who linked this chat")
        ann.types("/members@tradebell_bot viewer", group)
        asked = await world.message_where(lambda one: one in group.shown and one.buttons, within=15)
        ann.presses(asked, "Allow it")
        await world.until(lambda: asked.edited)
        ben.asks_alone("/pause night owl", group)
        await told(ben, "You may look but not use /pause")
        ann.asks_alone("/pause night owl", group)
        confirm = await told(ann, "Stop Night Owl?")
        ann.presses(confirm, "Stop Night Owl")
        await world.until(lambda: "is stopped" in confirm.text)
        cem.asks_alone("/status", group)
        await told(cem, "Night Owl")

    assert not any("/link/" in one.text or "is stopped" in one.text for one in group.shown)


def listed_in_groups(world):
    return [
        one
        for (scope, _), kept in world.commands.items()
        if "all_group_chats" in scope
        for one in kept
    ]


async def test_a_channel_follows_once_its_post_is_forwarded_and_no_more_when_that_is_said(
    settings, simulated, bot_api, ann
):
    world = bot_api.world
    channel = world.channel("Owl trades", ann)
    others = world.channel("News", world.person("Ben"))
    post = world.place(channel, ann.id, Formatted("Welcome", ()))
    news = world.place(others, ann.id, Formatted("Extra", ()))

    async def told(words):
        return await world.message_where(
            lambda one: one.chat is ann.chat and words in one.text, within=15
        )

    async with running(settings()) as product:
        await linked(product, bot_api, ann, simulated.alice)
        ann.forwards(post)
        await told("I may not post in that channel")
        ann.ranks_bot(channel, administrator=True)
        ann.ranks_bot(others, administrator=True)
        ann.forwards(news)
        await told("You are no administrator of News")
        ann.forwards(post)
        asked = await told("Show your trades in Owl trades?")
        consent = asked.text
        ann.presses(asked, "Show them at once")
        await world.until(lambda: "shows your trades from now on" in asked.text)
        await simulated.trade(1)
        followed = await world.message_where(lambda one: one.chat is channel, within=15)
        await told("Bought 1 BTC")
        ann.forwards(post)
        again = await world.message_where(
            lambda one: one is not asked and "Now they see each at once." in one.text, within=15
        )
        ann.presses(again, "Show them nothing more")
        await world.until(lambda: "unlinked" in again.text)
        await simulated.trade(2)
        await told("Bought 2 BTC")

    assert "everyone in Owl trades (2 subscribers)" in consent
    assert followed.protected
    assert not followed.buttons
    assert "1 BTC" not in followed.text
    assert [one.sender for one in channel.shown] == [ann.id, followed.sender]
