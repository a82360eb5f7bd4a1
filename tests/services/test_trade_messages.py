"""A trade has one message, which is edited as it comes further; what matters rings in reply."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest

from bot.domain.amendments import EDIT_EVERY
from bot.domain.cards import Card
from bot.domain.deliveries import Declined, State, Unknown
from bot.domain.events import Kind, Origin, PodEvent, Signal, Stream, Trade
from bot.domain.incoming import Returned
from bot.domain.lifetimes import ALERT_LIFE
from bot.domain.reasons import Reason
from bot.domain.rules import Hours, Mode, Quiet, Rule, Topic
from tests.fakes.messenger import FakeMessenger, ShownUnknown
from tests.harness.judge import assert_kept, owed
from tests.harness.world import OWL, World, owl, running

EDITED = EDIT_EVERY.total_seconds() + 1
BTC = "BTC/USDT"


@pytest.fixture
async def world(store, platform, chat, now):
    platform.bots[OWL.id] = owl(dry_run=False)
    async with running(store, platform, chat, now) as world:
        await world.goes_live()
        await world.quiet()
        chat.shown.clear()
        yield world


class Bot:
    """Trades on the platform: a record for each trade, which is changed as it comes further."""

    def __init__(self, world: World, platform: Any) -> None:
        self._world = world
        self._platform = platform
        self._made: dict[str, datetime] = {}

    async def trades(self, record: str = "trade-1", *, wait: float = EDITED, **says: Any) -> None:
        """A step of a trade; the first makes the record, the others change it."""
        now = self._world.now()
        made = self._made.setdefault(record, now)
        facts: dict[str, Any] = {"symbol": BTC, "trader": OWL.id, "amount": Decimal("0.5"), **says}
        trade = Trade(origin=Origin(kind=Kind.TRADE, record=record, at=made), **facts)
        if made == now:
            self._platform.store(Stream.TRADES, trade)
        else:
            self._platform.announce(replace(trade, changed=True, changed_at=now))
        await asyncio.sleep(wait)

    async def places(self, record: str = "trade-1", **says: Any) -> None:
        await self.trades(record, **{"side": "buy", "order": "placed", **says})

    async def buys(self, record: str = "trade-1", **says: Any) -> None:
        await self.trades(record, **{"side": "buy", "price": Decimal(42400), **says})

    async def closes(self, record: str = "trade-1", profit: str = "12.43", **says: Any) -> None:
        result = {"profit": Decimal(profit), "profit_ratio": Decimal(profit) / 500}
        closed = {"closed_at": self._world.now(), "final": True, "price": Decimal(43000)}
        await self.trades(record, **{"side": "exit long", **closed, **result, **says})

    async def reports(self, **says: Any) -> None:
        """Its pod tells of a trade in fields."""
        number = self._world.now().timestamp()
        origin = Origin(kind=Kind.POD_EVENT, record=f"report-{number}", at=self._world.now())
        facts: dict[str, Any] = {"symbol": BTC, "amount": Decimal("0.5"), **says}
        event = PodEvent(
            origin=origin,
            type=facts.pop("type", "entry_fill"),
            trader=OWL.id,
            trade=Trade(origin=origin, trader=OWL.id, **facts),
        )
        self._platform.store(Stream.POD_EVENTS, event)
        await asyncio.sleep(EDITED)

    async def signals(self, record: str = "signal-1") -> None:
        origin = Origin(kind=Kind.SIGNAL, record=record, at=self._world.now())
        self._platform.store(Stream.SIGNALS, Signal(origin=origin, type="buy", pair=BTC))
        await asyncio.sleep(EDITED)


@pytest.fixture
def bot(world, platform):
    return Bot(world, platform)


def titles(cards: Sequence[Card]) -> list[str]:
    return [card.title for card in cards]


def replies(chat: FakeMessenger) -> list[tuple[str, bool, str | None]]:
    """What was shown: its title, whether it has a sound, and the title of what it replies to."""
    by_message = {one.message: one.card.title for one in chat.shown}
    return [
        (one.card.title, not one.card.silent, by_message.get(one.replies_to or ""))
        for one in chat.shown
    ]


async def kept(world: World, chat: FakeMessenger) -> dict[State, int]:
    return dict(await assert_kept(world.store, chat.shown, changed=chat.changed))


PLACED = "Order placed: buy 0.5 BTC/USDT"
BOUGHT = "Bought 0.5 BTC/USDT at 42,400 USDT"
CLOSED = "Closed long 0.5 BTC/USDT at 43,000 USDT"


# --- one message --------------------------------------------------------------------------------


async def test_a_trade_that_goes_well_is_one_message(world, bot, chat):
    await bot.places()
    await bot.trades(side="buy", amount=Decimal("0.2"), asked=Decimal("0.5"))
    await bot.buys()
    await bot.closes()

    [card] = chat.screen("100")
    assert len(chat.shown) == 1
    assert card.title == CLOSED
    assert card.lines == (
        "12:00 UTC Order placed: buy 0.5",
        "12:00 UTC Bought 0.2 of 0.5",
        "12:00 UTC Bought 0.5 at 42,400",
        "12:00 UTC Closed long 0.5 at 43,000",
    )
    fields = [(one.label, one.value) for one in card.fields]
    assert ("Profit", "+12.43 USDT · +2.49 %") in fields
    assert card.reference == chat.shown[0].card.reference
    assert await kept(world, chat) == {State.SENT: 4}


async def test_its_lines_fit_a_phone(world, bot, chat):
    await bot.places()
    await bot.buys()
    await bot.closes()

    [card] = chat.screen("100")
    assert max(map(len, card.lines)) <= 35


async def test_a_loss_that_rings_is_a_reply_and_the_message_shows_it_too(world, bot, chat):
    await bot.buys()
    await bot.closes(profit="-20")

    assert replies(chat) == [(BOUGHT, False, None), (CLOSED, True, BOUGHT)]
    assert chat.screen("100")[0].title == CLOSED
    assert chat.screen("100")[0].lines[0].endswith("Bought 0.5 at 42,400")
    assert await kept(world, chat) == {State.SENT: 2}


async def test_a_loss_below_the_threshold_is_edited_in(world, bot, chat):
    await bot.buys()
    await bot.closes(profit="-2")

    assert len(chat.shown) == 1
    assert chat.screen("100")[0].title == CLOSED


async def test_a_liquidation_rings_whatever_the_rules_are(world, bot, chat):
    wants = Rule(id="all silent", mode=Mode.SILENT, bot=OWL.id, paper=None, covers_critical=True)
    await prefer(world, rules=(wants,))
    await bot.buys()
    await bot.closes(profit="-2", reason="liquidation")

    assert [title for title, *_ in replies(chat)] == [BOUGHT, CLOSED]
    assert replies(chat)[1][2] == BOUGHT


async def test_after_what_rang_the_first_message_goes_on(world, bot, chat):
    await bot.buys()
    await bot.trades(
        side="exit", amount=Decimal("0.2"), profit=Decimal(-9), profit_ratio=Decimal("-0.02")
    )
    await bot.closes()

    assert len(chat.shown) == 2
    assert chat.screen("100")[0].title == CLOSED
    assert [line.partition("UTC ")[2] for line in chat.screen("100")[0].lines] == [
        "Bought 0.5 at 42,400",
        "Closed 0.2 (-9 USDT)",
        "Closed long 0.5 at 43,000",
    ]


async def test_what_follows_within_seconds_is_one_edit(world, bot, chat):
    await bot.places(wait=0.4)
    await bot.trades(side="buy", amount=Decimal("0.2"), asked=Decimal("0.5"), wait=0.4)
    await bot.buys(wait=0.4)
    await bot.closes()

    assert len(chat.changed) == 1
    assert chat.screen("100")[0].title == CLOSED


async def test_a_step_while_the_first_is_on_its_way_is_edited_in(world, bot, chat):
    chat.seconds = 2
    await bot.places(wait=0.5)
    await bot.buys(wait=20)

    assert len(chat.shown) == 1
    assert chat.screen("100")[0].title == BOUGHT
    await kept(world, chat)


async def test_of_a_first_message_that_nobody_takes_the_steps_end_with_it(world, bot, chat):
    chat.seconds = 2
    chat.script("100", Declined(reason="content_refused"))
    await bot.places(wait=0.5)
    await bot.buys(wait=20)

    missed = await world.store.outbox.missed((await world.link()).endpoint.id, 10)
    assert [(one.state, one.title) for one in missed] == [
        (State.DEAD, BOUGHT),
        (State.DEAD, PLACED),
    ]
    await kept(world, chat)


# --- what belongs together ----------------------------------------------------------------------


async def test_records_without_an_id_in_common_have_a_message_each(world, bot, chat):
    await bot.buys("trade-1")
    await bot.closes("trade-2")

    assert titles(chat.screen("100")) == [BOUGHT, CLOSED]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"trade_id": "7"}, {"trade_id": "7"}),
        ({"order_id": "o1"}, {"order_id": "o1"}),
        ({"order_id": "o1"}, {"order_id": "o2", "parent": "trade-1"}),
        ({"trade_id": "7", "order_id": "o1"}, {"trade_id": "7", "order_id": "o2"}),
        ({"signal": "signal-1"}, {"parent": "trade-1"}),
    ],
)
async def test_ids_in_common_make_two_records_one_trade(world, bot, chat, first, second):
    await bot.buys("trade-1", **first)
    await bot.closes("trade-2", **second)

    assert titles(chat.screen("100")) == [CLOSED]


@pytest.mark.parametrize(
    "other", [{"trader": "heron"}, {"symbol": "ETH/USDT"}, {"trade_id": "8"}, {"trader": None}]
)
async def test_a_number_counts_for_one_bot_and_pair(world, bot, chat, other):
    await bot.buys("trade-1", trade_id="7")
    await bot.closes("trade-2", **{"trade_id": "7", **other})

    assert len(chat.shown) == 2


async def test_a_pods_reports_of_a_trade_are_one_message(world, bot, chat):
    await bot.reports(type="entry_fill", side="buy", price=Decimal(42400), trade_id="7")
    await bot.reports(
        type="exit_fill", side="exit long", price=Decimal(43000), profit=Decimal(3), trade_id="7"
    )

    assert titles(chat.screen("100")) == [f"Night Owl: {CLOSED}"]
    await kept(world, chat)


async def test_a_trade_goes_on_with_the_message_of_its_signal(world, bot, chat):
    await bot.signals()
    await bot.buys(signal="signal-1")
    await bot.closes(signal="signal-1")

    [card] = chat.screen("100")
    assert card.title == CLOSED
    assert [line.partition("UTC ")[2] for line in card.lines] == [
        "Signal: buy",
        "Bought 0.5 at 42,400",
        "Closed long 0.5 at 43,000",
    ]


async def test_a_second_trade_of_a_signal_has_a_message_of_its_own(world, bot, chat):
    await bot.signals()
    await bot.buys("trade-1", signal="signal-1")
    await bot.buys("trade-2", signal="signal-1", amount=Decimal(3))
    await bot.closes("trade-2", signal="signal-1", amount=Decimal(3))
    await bot.closes("trade-1", signal="signal-1")

    assert titles(chat.screen("100")) == [CLOSED, "Closed long 3 BTC/USDT at 43,000 USDT"]


async def test_two_trades_are_two_messages(world, bot, chat):
    await bot.buys("trade-1")
    await bot.buys("trade-2", amount=Decimal(3))
    await bot.closes("trade-1")

    assert titles(chat.screen("100")) == [CLOSED, "Bought 3 BTC/USDT at 42,400 USDT"]


# --- rules, quiet hours, bursts -----------------------------------------------------------------


async def prefer(world: World, **wishes: Any) -> None:
    link = await world.link()
    assert link is not None
    await world.store.links.prefer(link.id, lambda before: replace(before, **wishes), world.now())


async def test_what_is_off_is_not_edited_in(world, bot, chat):
    await prefer(world, rules=(Rule(id="1", mode=Mode.OFF, topic=Topic.EXIT),))
    await bot.buys()
    await bot.closes()

    assert titles(chat.screen("100")) == [BOUGHT]
    assert chat.changed == []


async def test_what_waits_for_the_morning_is_not_edited_in(world, bot, chat):
    await bot.buys()
    await prefer(world, quiet=Quiet(weekdays=Hours(time(11), time(13))))
    await bot.closes()
    at_night = len(chat.changed)

    await world.quiet(3700)

    assert at_night == 0
    assert titles([one.card for one in chat.shown]) == [BOUGHT, CLOSED]
    await kept(world, chat)


async def test_a_first_step_in_a_burst_is_folded_and_so_are_those_after_it(world, bot, chat):
    for number in range(7):
        await bot.buys(f"trade-{number}", wait=1)
    await bot.closes("trade-6")

    assert len(chat.shown) == 6
    assert chat.screen("100")[-1].title.startswith("3 trades of Night Owl")
    await kept(world, chat)


async def test_of_many_losses_at_once_five_ring(world, bot, chat):
    for number in range(8):
        await bot.buys(f"trade-{number}", wait=70)
    for number in range(8):
        await bot.closes(f"trade-{number}", profit="-20", wait=1)
    await world.quiet(EDITED)

    loud = [one for one in chat.shown if not one.card.silent]
    assert (len(chat.shown), len(loud)) == (13, 5)
    assert titles(chat.screen("100")[:8]) == [CLOSED] * 8
    await kept(world, chat)


# --- what goes wrong ----------------------------------------------------------------------------


async def test_a_message_that_was_deleted_is_followed_by_another(world, bot, chat):
    await bot.buys()
    chat.deleted.add(chat.shown[0].message)
    await bot.closes()

    assert replies(chat) == [(BOUGHT, False, None), (CLOSED, False, None)]
    assert await kept(world, chat) == {State.SENT: 2}


async def test_a_message_that_is_too_old_to_edit_is_replied_to_and_that_goes_on(world, bot, chat):
    chat.too_old = timedelta(hours=48)
    await bot.places()
    await world.quiet(49 * 3600)
    await bot.buys()
    await bot.closes()

    assert replies(chat) == [(PLACED, False, None), (BOUGHT, False, PLACED)]
    assert titles(chat.screen("100")) == [PLACED, CLOSED]
    assert await kept(world, chat) == {State.SENT: 3}


@pytest.mark.parametrize("outcome", [Unknown(reason="?"), ShownUnknown(reason="?")])
async def test_an_edit_of_which_nobody_knows_is_made_again(world, bot, chat, outcome):
    chat.script_change("100", outcome)
    await bot.buys()
    await bot.closes(wait=30)

    assert len(chat.shown) == 1
    assert chat.screen("100")[0].title == CLOSED
    await kept(world, chat)


async def test_a_chat_that_moved_is_told_there_and_replies_to_nothing(world, bot, chat):
    await bot.buys("trade-1")
    await bot.buys("trade-2", amount=Decimal(3))
    chat.moved["100"] = "-200"
    await bot.closes("trade-1")
    await bot.closes("trade-2", amount=Decimal(3), profit="-20")
    await world.quiet(20)

    there = [one for one in chat.shown if one.chat == "-200"]
    assert {one.card.title for one in there} == {CLOSED, "Closed long 3 BTC/USDT at 43,000 USDT"}
    assert [one.replies_to for one in there] == [None, None]


async def test_after_a_move_the_new_message_goes_on(world, bot, chat):
    await bot.places()
    chat.moved["100"] = "-200"
    await bot.buys(wait=20)
    await bot.closes(wait=20)

    assert titles(chat.screen("-200")) == [CLOSED]


async def test_a_chat_that_is_unlinked_is_told_no_more(world, bot, chat):
    await bot.buys()
    await bot.closes(wait=0.1)
    await world.store.links.end((await world.link()).id, world.now())
    await world.quiet(20)

    assert chat.changed == []
    assert await kept(world, chat) == {State.SENT: 1, State.CANCELLED: 1}


async def test_a_chat_that_is_unlinked_owes_no_edit_for_what_rang(world, bot, chat):
    await bot.buys()
    await bot.closes(profit="-20", wait=1)
    await world.store.links.end((await world.link()).id, world.now())
    await world.quiet(20)

    assert chat.changed == []
    assert await kept(world, chat) == {State.SENT: 2}


async def test_a_closed_chat_is_told_when_it_opens(world, bot, chat):
    await bot.buys()
    chat.closed.add("100")
    await bot.closes(profit="-20")
    chat.closed.clear()
    async for _ in world.router.hear(Returned(place=world.place())):
        pass
    await world.quiet(3100)  # until what is owed is looked up again

    assert (CLOSED, True, BOUGHT) in replies(chat)
    await kept(world, chat)


async def test_what_waits_out_an_outage_is_one_message_as_long_as_any_of_it_is_of_use(
    world, bot, chat
):
    chat.away = True
    await bot.places()
    await world.quiet(ALERT_LIFE.total_seconds() - 3600)
    await bot.buys()
    await world.quiet(2 * 3600)
    chat.away = False
    await world.quiet(300)

    assert titles(chat.screen("100")) == [BOUGHT]
    assert await kept(world, chat) == {State.SENT: 2}


@pytest.mark.parametrize("after", [0.0, 0.5, 4.0, 5.2, 9.0])
async def test_a_restart_between_leaves_the_same(store, platform, chat, now, after):
    chat.seconds = 0.5
    platform.bots[OWL.id] = owl(dry_run=False)
    async with running(store, platform, chat, now) as world:
        await world.goes_live()
        await world.quiet()
        chat.shown.clear()
        bot = Bot(world, platform)
        await bot.buys(wait=5)
        await bot.closes(wait=after)
    async with running(store, platform, chat, now) as world:
        await world.quiet(20)

        assert len(chat.shown) == 1
        assert chat.screen("100")[0].title == CLOSED
        assert await kept(world, chat) == {State.SENT: 2}


async def test_after_a_restart_a_trade_goes_on_in_its_message(store, platform, chat, now):
    platform.bots[OWL.id] = owl(dry_run=False)
    async with running(store, platform, chat, now) as world:
        await world.goes_live()
        await world.quiet()
        chat.shown.clear()
        bot = Bot(world, platform)
        await bot.places()
    async with running(store, platform, chat, now) as world:
        await world.quiet()
        bot._world = world
        await bot.buys()
        await bot.closes(profit="-20")

        assert replies(chat) == [(PLACED, False, None), (CLOSED, True, PLACED)]
        assert chat.screen("100")[0].title == CLOSED


# --- said of it -----------------------------------------------------------------------------------


async def test_why_says_that_it_was_edited_in(world, bot, chat):
    await bot.buys()
    await bot.closes()

    [item] = [one for one in await owed(world.store) if one.reason == Reason.EDITED_IN]
    [told] = await world.says(f"/why {item.reference}")
    assert (
        "Became of it",
        f"told in the message of its trade · {chat.shown[0].card.reference}",
    ) in [(field.label, field.value) for field in told.card.fields]
    [listed] = await world.says("/why")
    assert any("told in the message of its trade" in one.value for one in listed.card.fields)


async def test_what_was_edited_in_is_not_missed(world, bot, chat):
    await bot.buys()
    await bot.closes()

    assert await world.store.outbox.missed((await world.link()).endpoint.id, 10) == []
