"""`/watch`: a price that moves in its message, until it is stopped, and never before an alert."""

from __future__ import annotations

import pytest

from bot.domain.cards import Card
from bot.domain.deliveries import Gone, Sent
from bot.domain.events import Stream
from bot.domain.incoming import Reply
from bot.services.live_cards import CHANGE_EVERY
from tests.fakes.messenger import FakeMessenger
from tests.harness.world import CHAT, World, actions_under, running


async def watches(
    world: World, chat: FakeMessenger, text: str = "/watch BTC/USDT"
) -> tuple[Card, Reply, str]:
    """As a platform shows it, and the message that it shows it in."""
    await world.quiet(1)
    [reply] = await world.says(text)
    assert reply.card is not None
    sent = await chat.send(world.place().address, reply.card)
    assert isinstance(sent, Sent)
    if reply.shown is not None:
        await reply.shown(sent.message)
    return reply.card, reply, sent.message


def changes(chat: FakeMessenger, message: str) -> list[Card]:
    return [one.card for one in chat.changed if one.message == message]


def field(card: Card, label: str) -> str:
    return next(one.value for one in card.fields if one.label.startswith(label))


async def ticks(world: World, platform, *prices: str, apart: float = 1) -> None:
    for price in prices:
        platform.tick(price)
        await world.quiet(apart)


async def test_it_shows_the_price_every_few_seconds_and_what_it_has_done(world, platform, chat):
    await world.goes_live()
    begun, _, message = await watches(world, chat)
    for step in range(20):
        await ticks(world, platform, str(42400 + 100 * step))
    await ticks(world, platform, "42000", apart=6)

    shown = changes(chat, message)
    assert begun.title == "BTC/USDT: 42,400 USDT"
    assert 4 <= len(shown) <= 6
    assert shown[-1].title == "BTC/USDT: 42,000 USDT"
    assert field(shown[-1], "Since") == "-0.94 % (42,400 USDT)"
    assert (field(shown[-1], "Low"), field(shown[-1], "High")) == ("42,000", "44,300")
    assert list(actions_under(shown[-1])) == ["Stop"]
    looks = []

    async def look(*given):
        looks.append(given)

    world.store.outbox.before("amendments", look)
    await world.quiet(60)
    assert len(changes(chat, message)) == len(shown), "nothing new, nothing changed"
    assert len(looks) <= 60 / CHANGE_EVERY + 1, "nor is what is owed read again for nothing"


async def test_it_ends_by_its_button_and_by_itself_after_an_hour(world, platform, chat):
    await world.goes_live()
    _, reply, first = await watches(world, chat)
    await ticks(world, platform, "43000", apart=6)
    [stopped] = await world.presses(reply, "Stop")
    await ticks(world, platform, "44000", apart=10)
    before = len(changes(chat, first))
    _, _, second = await watches(world, chat)
    for _ in range(40):
        await ticks(world, platform, "45000", "45001", apart=60)

    assert stopped.replaces
    assert stopped.card is not None
    assert (stopped.card.title, stopped.card.buttons) == ("BTC/USDT: 43,000 USDT", ())
    assert stopped.card.notes == ("Stopped. /watch shows it anew.",)
    assert before == 1
    over = changes(chat, second)[-1]
    assert over.notes == ("Not live any more. /watch shows it anew.",)
    assert (over.title, over.buttons) == ("BTC/USDT: 45,001 USDT", ())


@pytest.mark.parametrize("way", ["Stop", "/watch stop"])
async def test_stopped_while_its_message_is_being_changed_the_last_change_shows_the_end(
    world, platform, chat, way
):
    await world.goes_live()
    _, reply, message = await watches(world, chat)
    await ticks(world, platform, "43000", apart=4)
    chat.seconds, calls = 3, chat.change_calls
    await world.until(lambda: chat.change_calls > calls)
    await (world.presses(reply, way) if way == "Stop" else world.says(way))
    await world.quiet(12)

    late, last = changes(chat, message)
    assert list(actions_under(late)) == ["Stop"], "it was on its way"
    assert (last.title, last.buttons) == ("BTC/USDT: 43,000 USDT", ())
    assert last.notes == ("Stopped. /watch shows it anew.",)
    await world.quiet(60)
    assert len(changes(chat, message)) == 2


async def test_one_for_each_pair_and_a_few_at_a_time(world, platform, chat):
    await world.goes_live()
    platform.ticking = tuple(f"C{number}/USDT" for number in range(6))
    _, _, first = await watches(world, chat, "/watch C0/USDT")
    await watches(world, chat, "/watch C0/USDT")
    others = [(await watches(world, chat, f"/watch C{each}/USDT"))[0] for each in range(1, 6)]
    await world.quiet(6)
    [all_stopped] = await world.says("/watch stop")

    assert changes(chat, first)[-1].notes == ("It goes on in a message below.",)
    assert [one.title for one in others[-2:]] == [
        "C4/USDT: 42,400 USDT",
        "That is one live price too many",
    ]
    assert all_stopped.card is not None
    assert all_stopped.card.title == "5 live prices end"


async def test_an_alert_goes_first_and_a_message_that_is_gone_ends_it(world, platform, chat):
    await world.goes_live()
    _, _, message = await watches(world, chat)
    chat.seconds = 2
    for number in range(6):
        platform.store(Stream.TRADES, world.trade(number, alone=True))
    await ticks(world, platform, "43000", apart=9)
    assert changes(chat, message) == [], "while alerts are on their way"
    chat.seconds = 0
    await world.quiet(20)
    assert [card.title for card in changes(chat, message)] == ["BTC/USDT: 43,000 USDT"]

    chat.script_change(CHAT, Gone(reason="deleted"))
    await ticks(world, platform, "43100", "43200", "43300", apart=6)
    assert len(changes(chat, message)) == 1


async def test_a_chat_that_was_unlinked_sees_no_more_of_it(world, platform, chat):
    await world.goes_live()
    _, _, message = await watches(world, chat)
    [asked] = await world.says("/unlink")
    await world.presses(asked, "Unlink this chat")
    await ticks(world, platform, "43000", apart=10)

    assert changes(chat, message) == []


async def test_what_a_crash_left_is_closed_with_a_word_at_the_next_start(
    store, platform, chat, now
):
    async with running(store, platform, chat, now) as world:
        await world.goes_live()
        _, _, message = await watches(world, chat)
    async with running(store, platform, chat, now) as world:
        await world.quiet(10)

    [closed] = changes(chat, message)
    assert closed.buttons == ()
    assert "Not live any more: the price is of when this began" in closed.notes[-1]


async def test_cancel_ends_it_and_no_socket_is_said(world, platform, chat):
    await world.goes_live()
    _, _, message = await watches(world, chat)
    await world.says("/cancel")
    await ticks(world, platform, "43000", "43500", apart=6)
    assert not changes(chat, message)[-1].buttons
    platform.sockets = False
    platform.cut()
    await world.quiet(5)
    assert (await watches(world, chat))[0].title == "I hear no prices right now"
