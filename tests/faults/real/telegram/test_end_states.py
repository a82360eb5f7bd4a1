"""What Telegram may say for good: rows 32 to 37, 39 and 40, and each end visible."""

from __future__ import annotations

import random
from dataclasses import replace
from decimal import Decimal
from functools import partial

import pytest

from adapters.telegram.bot import open_telegram
from adapters.telegram.settings import TelegramSettings
from bot.app.sources import now
from bot.domain.accounts import PasswordLogin
from bot.domain.deliveries import State
from bot.domain.events import Kind, Notice, NoticeText, Origin, Trade
from bot.domain.incoming import Command
from bot.errors import Misconfigured
from tests.fakes.meter import FakeMeter
from tests.faults.alerts import owe
from tests.faults.real.telegram.conftest import HURRIED, at_work, kept, listening, our_bot, settled
from tests.harness.world import code_in, running
from tests.standins.bot_api import Access
from tests.standins.bot_api.devices import on_devices
from tests.standins.bot_api.faults import cannot_parse
from tests.standins.bot_api.text import utf16_length

CLOSED = {
    Access.BLOCKED: "blocked",
    Access.DEACTIVATED: "deactivated",
    Access.KICKED: "removed_from_group",
    Access.LEFT: "removed_from_group",
    Access.DELETED: "group_deleted",
    Access.MUTED: "no_right",
    Access.NEVER_STARTED: "chat_not_found",
}


def titles(api, chat=None):
    shown = api.world.messages if chat is None else chat.shown
    return [one.card.title for one in on_devices(shown, now) if one.card.reference]


# --- chats that close and move ------------------------------------------------------------


@pytest.mark.fault(32, 33)
@pytest.mark.parametrize(("access", "reason"), CLOSED.items(), ids=lambda one: str(one))
async def test_a_chat_that_is_closed_is_called_once_and_what_is_owed_is_held(
    store, platform, api, access, reason
):
    group = api.world.group("Desk", api.world.person("Ann"))
    group.access = access
    async with at_work(store, platform, api) as world:
        account = await world.links(str(group.id))
        await owe(world, account, *"abcde")
        await settled(world)
        link = await world.link(str(group.id))
        assert link is not None
        [missed, *_] = await store.outbox.missed(link.endpoint.id, 9)

    assert len(api.world.calls_of("sendMessage")) == 1
    assert missed.reason == reason
    assert await kept(api, store, created=5) == {State.HELD: 5}


@pytest.mark.fault(32)
async def test_who_blocks_us_and_comes_back_loses_nothing(store, platform, api):
    ann = api.world.person("Ann")
    async with (
        our_bot(api) as ours,
        running(store, platform, ours.messenger, now, waits=HURRIED) as world,
    ):
        account = await world.links(str(ann.id))
        async with listening(world, ours):
            ann.blocks()
            await world.until(lambda: not api.world.updates, within=5)
            await owe(world, account, "alert")
            assert (await kept(api, store)) == {State.HELD: 1}
            ann.unblocks()
            await api.world.message_where(lambda message: "alert" in message.text)
            await settled(world)

    assert len(api.world.calls_of("sendMessage")) == 1
    assert set(await kept(api, store)) <= {State.SENT, State.COALESCED}


@pytest.mark.fault(34)
async def test_a_group_that_becomes_a_supergroup_gets_everything_there_once(store, platform, api):
    group = api.world.group("Desk", api.world.person("Ann"), basic=True)
    async with at_work(store, platform, api) as world:
        account = await world.links(str(group.id))
        new = api.world.upgrade(group)
        await owe(world, account, *"abcdefghij", urgent=True)
        await settled(world)

    assert titles(api, new) == list("abcdefghij")
    assert titles(api, group) == []
    assert len(api.world.calls_of("sendMessage")) == 11
    moved = ((str(group.id), str(new.id)),)
    assert await kept(api, store, created=10, moved=moved) == {State.SENT: 10}


@pytest.mark.fault(35)
async def test_a_group_that_becomes_one_that_is_linked_too_is_told_once(store, platform, api):
    group = api.world.group("Desk", api.world.person("Ann"), basic=True)
    async with at_work(store, platform, api) as world:
        new = api.world.upgrade(group)
        await world.links(str(new.id))
        group.migrated_to = None  # not upgraded yet
        account = await world.links(str(group.id))
        await settled(world)
        group.migrated_to = new
        told = len(titles(api))
        await owe(world, account, *"abcdefghij", urgent=True)
        await settled(world)

    assert titles(api)[told:] == titles(api, new)[-10:] == list("abcdefghij")
    counted = await kept(api, store, moved=((str(group.id), str(new.id)),))
    assert counted[State.CANCELLED] == 10


async def test_a_topic_that_is_closed_gives_way_to_the_general_one(store, platform, api):
    group = api.world.group("Desk", api.world.person("Ann"))
    thread = api.world.topic(group, "Alerts")
    async with at_work(store, platform, api) as world:
        account = await linked_in_topic(world, str(group.id), str(thread))
        await owe(world, account, "open")
        await settled(world)
        group.topics[thread].closed = True
        await owe(world, account, "closed")
        await settled(world)

    assert [(one.thread, one.text.split("\n")[0]) for one in group.shown] == [
        (thread, "🟠 Warning · open"),
        (None, "🟠 Warning · closed"),
    ]
    assert await kept(api, store, created=2) == {State.SENT: 2}


async def linked_in_topic(world, chat, thread):
    """Go through the whole linking from inside a topic."""
    general = world.place(chat)
    place = replace(general, address=replace(general.address, thread=thread))
    asked = Command(place=place, person=world.person(), name="link")
    [invited] = [reply async for reply in world.router.hear(asked)]
    login = PasswordLogin(email="alice@example.com", password="right")
    signed_in = await world.linking.sign_in(code_in(invited), login, "127.0.0.1")
    return (await world.linking.complete(place, world.person(), signed_in.digits)).account


# --- content that is refused --------------------------------------------------------------

HOSTILE = "<b>&*_[BTC](tg://user?id=1)`\"'/USDT"


@pytest.mark.fault(36)
async def test_a_hostile_symbol_that_cannot_be_parsed_goes_out_plain_and_the_next_follows(
    store, platform, api
):
    ann = api.world.person("Ann")
    origin = Origin(kind=Kind.TRADE, record="trade-1", at=now())
    hostile = Trade(origin=origin, side="buy", symbol=HOSTILE, amount=Decimal(1))
    async with at_work(store, platform, api) as world:
        account = await world.links(str(ann.id))
        api.fail(cannot_parse(), method="sendMessage")
        await world.ingest.take(account, [hostile])
        await owe(world, account, "next")
        await settled(world)

    first, second = ann.chat.shown
    assert first.entities == first.buttons == ()
    assert first.text.startswith("Bought 1 <b>&*_[BTC](tg:")
    assert "next" in second.text
    assert await kept(api, store, created=2) == {State.SENT: 2}


@pytest.mark.fault(36)
async def test_what_is_refused_even_plain_ends_visibly_and_the_next_follows(store, platform, api):
    ann = api.world.person("Ann")
    async with at_work(store, platform, api) as world:
        account = await world.links(str(ann.id))
        api.fail(cannot_parse(), method="sendMessage", times=2)
        await owe(world, account, "poison", "next")
        await settled(world)
        link = await world.link(str(ann.id))
        assert link is not None
        [missed] = await store.outbox.missed(link.endpoint.id, 9)

    assert titles(api, ann.chat) == ["next"]
    assert (missed.title, missed.reason) == ("poison", "content_refused")
    assert await kept(api, store, created=2) == {State.DEAD: 1, State.SENT: 1}


@pytest.mark.fault(37)
@pytest.mark.parametrize(
    "line",
    ["x" * 4080 + "🦉" * 20, "🦉" * 10_000, "words," * 3334, "👩‍👩‍👧‍👦" * 700],
    ids=["emoji at the boundary", "emoji only", "20,000 characters", "joined emoji"],
)
async def test_a_text_too_long_for_one_message_is_split_and_nothing_is_lost_or_cut(
    store, platform, api, line
):
    ann = api.world.person("Ann")
    async with at_work(store, platform, api) as world:
        account = await world.links(str(ann.id))
        for shifted in ("x" * shift + line for shift in range(4)):
            before = len(ann.chat.shown)
            origin = Origin(kind=Kind.TEST, record=f"{len(shifted)} long", at=now())
            notice = Notice(origin=origin, say=partial(NoticeText, "Long", shifted))
            await world.ingest.take(account, [notice])
            await settled(world)
            assert_whole(f"Long{shifted}", ann.chat.shown[before:])

    assert await kept(api, store, created=4) == {State.SENT: 4}


def assert_whole(text, messages):
    """The parts are a numbered beginning to end of a text, whose first word alone is bold."""
    assert len(messages) > 1
    assert all(utf16_length(message.text) <= 4096 for message in messages)
    bodies, ends = zip(*(message.text.rsplit("\n", 1) for message in messages), strict=True)
    assert "".join(bodies).replace("\n", "").startswith(text)
    assert list(ends) == [f"({n}/{len(messages)})" for n in range(1, len(messages) + 1)]
    assert [message.parts("bold") for message in messages] == [["Long"], *[[]] * (len(ends) - 1)]


# --- a bot that is refused ----------------------------------------------------------------


@pytest.mark.fault(39)
async def test_a_token_that_is_refused_at_the_start_stops_the_start_and_keeps_everything(
    store, platform, api
):
    ann = api.world.person("Ann")
    async with at_work(store, platform, api) as world:
        account = await world.links(str(ann.id))
        async with api.down():
            await owe(world, account, "first", "second")
    calls = len(api.world.calls)

    api.revoked = True
    settings = TelegramSettings(token=api.token, api_url=api.url)
    async with open_telegram(settings, now=now, **others()) as bot:
        with pytest.raises(Misconfigured, match="TRADEBELL_TELEGRAM_TOKEN is refused"):
            await bot.listener.begin()
    assert [call.method for call in api.world.calls[calls:]] == ["getMe"]
    assert sum((await kept(api, store, pending=True)).values()) == 2

    api.revoked = False
    async with at_work(store, platform, api) as world:
        await settled(world)
    assert titles(api) == ["first", "second"]
    assert await kept(api, store, created=2) == {State.SENT: 2}


@pytest.mark.fault(39)
async def test_a_token_revoked_while_running_keeps_everything_until_it_is_good_again(
    store, platform, api
):
    ann = api.world.person("Ann")
    async with at_work(store, platform, api) as world:
        account = await world.links(str(ann.id))
        api.revoked = True
        await owe(world, account, "first", "second")
        await world.until(lambda: world.meter.alarms["channel_halted"] >= 2, within=10)
        assert titles(api) == []
        api.revoked = False
        await settled(world)

    assert titles(api) == ["first", "second"]
    assert await kept(api, store, created=2) == {State.SENT: 2}


@pytest.mark.fault(40)
async def test_of_two_that_listen_with_one_token_one_stops_and_nothing_is_answered_twice(
    store, platform, api
):
    ann = api.world.person("Ann")
    async with (
        our_bot(api) as first,
        our_bot(api) as second,
        running(store, platform, first.messenger, now, waits=HURRIED) as world,
    ):
        account = await world.links(str(ann.id))
        async with listening(world, first):
            await api.world.call_where(lambda call: call.method == "getUpdates")
            await world.until(lambda: first.listener.trouble is None, within=5)
            async with listening(world, second):
                await world.until(lambda: first.listener.trouble is not None, within=5)
                polls = len(api.world.calls_of("getUpdates"))
                for _ in range(3):
                    ann.types("/help")
                await api.world.until(lambda: len(api.world.messages) == 3)
                await owe(world, account, "alert")
                await settled(world)
                assert (first.listener.trouble, second.listener.trouble) == (TWO_LISTEN, None)
                assert len(api.world.calls_of("getUpdates")) <= polls + 10

    assert len(api.world.messages) == 4
    assert titles(api) == ["alert"]
    assert await kept(api, store, created=1) == {State.SENT: 1}


TWO_LISTEN = "another program listens with the bot's token"


def others():
    """What `open_telegram` wants besides."""

    async def may_send(address):
        raise AssertionError("nobody is answered here")

    return {"chance": random.Random(1), "meter": FakeMeter(), "may_send": may_send}
