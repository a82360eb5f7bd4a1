"""A process that dies at any point of the way of an event or a command, and another after it."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import pytest

from bot.domain.events import Kind, Notice, NoticeText, Origin, Stream, Trade
from storage import Store, open_memory
from storage.engine.database import raw_of
from tests.faults.virtual.crashing import ANN, BEN, Story
from tests.harness import failpoints
from tests.harness.databases import empty, opened
from tests.harness.failpoints import Fate, Point, When
from tests.harness.judge import assert_kept
from tests.harness.virtual_time import VirtualTimeLoop
from tests.harness.world import OWL, World, owl

Now = Callable[[], datetime]

ELSEWHERE = {
    "commit of storage.leases._acquire": "who may work at all, before there is anything to do",
    "commit of storage.leases._prolong": "who may work at all, before there is anything to do",
    "commit of storage.leases._shut_out": "who may work at all, before there is anything to do",
    "commit of storage.vault.Vault._rotate": "an operator's change of keys",
    "commit of storage.buttons.actions._prune": "erases what ended long ago",
    "commit of storage.accounts.codes._renew": "a group's link before anybody has logged in",
    "commit of storage.accounts.links._show_followers": "lets a channel follow, as linking a chat",
    "commit of storage.accounts.links._move": "a group's new number, as a send that finds it",
    "commit of storage.accounts.codes.SqlCodes._prove_all": "a fresh login, tried by its stories",
    "commit of storage.accounts.codes._prune": "erases what ended long ago",
    "commit of storage.journal._prune": "erases what ended long ago",
    "commit of storage.outbox.deliveries._prune": "erases what ended long ago",
    "commit of storage.inbox.quarantine.prune": "erases what ended long ago",
    "commit of storage.buttons.shown_cards._prune": "erases what ended long ago",
    "commit of storage.buttons.handles._prune": "erases what ended long ago",
    "commit of storage.buttons.handles.SqlMessageHandles._keep": "only on Discord, and for looks",
    "commit of storage.outbox.sightings._note": "that somebody has seen what was told long since",
    "commit of storage.outbox.sightings._take_in_hand": "as `_note`, of all that is unseen",
    "commit of storage.outbox.sightings._prune": "erases what ended long ago",
    "commit of storage.permits._note": "what the platform allows, which is asked again",
    "commit of storage.answers._forget": "what the platform said last, which is asked again",
    "commit of storage.answers._prune": "erases what ended long ago",
    "commit of storage.accounts.visits._invite": "the settings page, which asks commands",
    "commit of storage.accounts.visits.SqlVisits._enter": "the settings page and the inbox",
    "commit of storage.accounts.visits._extend": "the inbox, which is read again when it is opened",
    "commit of storage.accounts.visits._leave": "the settings page, which asks commands",
    "commit of storage.accounts.visits._prune": "erases what ended long ago",
    "commit of storage.accounts.phones.SqlPhones._add_all": "a phone, before it is linked",
    "commit of storage.accounts.phones._expect": "a phone, before it is linked",
    "commit of storage.accounts.phones.SqlPhones._prove_all": "links a phone, as linking a chat",
    "commit of storage.accounts.phones.SqlPhones._move_all": "where a phone is found",
    "commit of storage.store.Store._agree_on_push_key": "begins the product: one key or another",
    "commit of storage.accounts.phones._set": "what a phone shows",
    "commit of storage.accounts.phones._remove": "takes a phone away, as unlinking a chat",
    "commit of storage.accounts.invitations._open": "an invitation, before anybody takes it",
    "commit of storage.accounts.invitations._take": "links a partner's chat, as linking a chat",
    "commit of storage.accounts.invitations._withdraw": "an invitation that nobody has taken",
    "commit of storage.accounts.invitations._prune": "erases what ended long ago",
    "commit of storage.topics._want": "whether each bot has a topic of its own, as a wish",
    "commit of storage.topics._keep": "what a topic is called; without it, it is made again",
    "commit of storage.accounts.phones._prune": "erases what ended long ago",
    "commit of storage.escalation._choose": "how it goes on when nobody sees an alert, as a wish",
    "commit of storage.escalation._watch": "who is on watch when, as a wish",
    "commit of storage.drills._end": "a drill, which goes on to its end otherwise",
    "commit of storage.drills._remind": "whether somebody is told that a drill is due, as a wish",
    "commit of storage.reports._owe": "a report that somebody wants, tried by contract",
    "commit of storage.reports._plan_anew": "when to look, which is done again",
    "commit of storage.escalation._prune": "erases what ended long ago",
    "commit of storage.audit._erase": "erases what ended long ago",
    "commit of storage.retention._delete_items": "erases what ended long ago",
    "commit of storage.retention._delete_keys": "erases what ended long ago",
    "commit of storage.retention._delete_link": "erases what ended long ago",
    "commit of storage.retention._empty_account": "erases what ended long ago",
    "commit of storage.retention._empty_endpoint": "erases what ended long ago",
    "commit of storage.store._erase": "an operator's erasing of an account",
    "call of Platform.reachable": "an operator's check",
    "call of Session.stop_entries": "only where bots can be commanded; as `set_running`",
    "call of Session.rename_bot": "once, from a confirm card; as `set_running`",
    "call of Session.rename_strategy": "once, from a confirm card; as `set_running`",
    "call of Session.create_strategy": "once, from a confirm card; as `set_running`",
    "call of Session.remove_strategy": "once, from a confirm card; as `set_running`",
    "call of Session.trades": "a read, of an account whose ledger holds little; see `trades`",
    "call of Session.opens_trades": "only where bots can be commanded; a read",
}
"""What is neither on the way of an event nor of a command, and where it is."""


async def recorded(story: Story) -> Sequence[Point]:
    """All points that a process passes which lives through the story."""
    fate = Fate()
    async with story.process(fate) as world:
        await story.happens(world)
    return fate.passed


def moments(passed: Sequence[Point]) -> list[Point]:
    """Points at which a crash may leave what no other leaves.

    From a point after something to the next one before something nothing is done: they are one.
    """
    following = [*passed[1:], None]
    return [
        point
        for point, then in zip(passed, following, strict=True)
        if not (point.when is When.AFTER and then is not None and then.when is When.BEFORE)
    ]


def chosen(points: Sequence[Point]) -> list[Point]:
    """Of each commit and call the first passing and the last; `make crashes` takes all."""
    passings: dict[tuple[str, When], list[Point]] = defaultdict(list)
    for point in points:
        passings[point.what, point.when].append(point)
    return [each[index] for each in passings.values() for index in sorted({0, len(each) - 1})]


async def troubles(story: Story, point: Point) -> str:
    """What is wrong after a crash at that point; empty if nothing is."""
    crashed = await story.until_crash(point)
    await story.after()
    wrong = await story.broken_promises(crashed)
    return "".join(f"\n{point}: {one}" for one in wrong)


def virtual_loop() -> VirtualTimeLoop:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualTimeLoop)
    return loop


def new_id() -> str:
    raise AssertionError("each process makes ids of its own")


async def test_each_commit_and_each_call_of_the_outside_is_on_the_way_or_it_is_said_where(now: Now):
    with open_memory(now, new_id) as store:
        passed = {point.what for point in await recorded(Story(store, now))}
    with open_memory(now, new_id) as store:
        passed |= {point.what for point in await recorded(StandsOrders(store, now))}
    with open_memory(now, new_id) as store:
        passed |= {point.what for point in await recorded(RingsForAPrice(store, now))}

    there = failpoints.commits() | failpoints.calls()

    assert there - passed == set(ELSEWHERE)


def test_each_port_that_is_waited_for_is_known_to_be_outside_or_stored():
    known = {
        *failpoints.OUTSIDE,
        *failpoints.INWARD,
        *failpoints.PURE,
        *failpoints.LISTS,
        *failpoints.MADE,
        *failpoints.OF_BOTS,
        *failpoints.STORED,
    }

    assert failpoints.waiting_ports() == known


async def test_a_day_without_a_crash_keeps_its_promises(now: Now):
    with open_memory(now, new_id) as store:
        story = Story(store, now)
        await recorded(story)
        before = await story.stored()

        await story.after()

        assert await story.broken_promises(before) == []


SHARES = 4
"""Tests that the moments are spread over, so that several processors can be at it."""


@pytest.mark.fault(51)
@pytest.mark.parametrize("share", range(SHARES))
async def test_a_crash_at_any_point_loses_nothing_and_repeats_no_more_than_was_in_flight(
    now: Now, share: int, pytestconfig: pytest.Config
):
    wrong = []
    with open_memory(now, new_id) as store, closing(sqlite3.connect(":memory:")) as pristine:
        driver = await store.database.read(lambda connection: raw_of(connection).driver)
        driver.backup(pristine)
        points = moments(await recorded(Story(store, now)))
        if not pytestconfig.getoption("every_crash"):
            points = chosen(points)
        for point in points[share::SHARES]:
            pristine.backup(driver)
            wrong.append(await troubles(Story(store, now), point))

    assert "".join(wrong) == ""


class StandsOrders(Story):
    """Ann allows to stop a bot whose error nobody sees, takes that back, allows it again for
    another kind, and leaves.
    """

    async def happens(self, world: World) -> None:
        self.platform.bots[OWL.id] = owl(dry_run=False)
        self.platform.granted = replace(self.platform.granted, expires_at=None)
        await self.links(world, ANN)
        await self.links(world, BEN)
        await self.trades()
        await self._allows("error")
        await self._alarms()
        await asyncio.sleep(17 * 60)
        await self.asks(ANN, "standing remove 1")
        await self._allows("liquidation")
        await self.presses(ANN, await self.asks(ANN, "unlink"), "Unlink this chat")
        await asyncio.sleep(11 * 60)

    async def _allows(self, what: str) -> None:
        card = await self.asks(ANN, f"standing {what} of night owl after 15 min")
        await self.presses(ANN, card, "Allow to stop Night Owl")

    async def after(self) -> None:
        async with self.process(Fate()):
            await asyncio.sleep(30 * 60)
        await super().after()

    def reports(self, chat: str) -> set[str | None]:
        """What was told there of what the order came to, by reference: a repeat has the same."""
        told = ("Stopped Night Owl", "Night Owl: unclear", "Night Owl was not stopped")
        cards = [one.card for one in self.chat.shown if one.chat == chat]
        return {card.reference for card in cards if card.title.startswith(told)}


def is_of_standing_orders(point: Point) -> bool:
    calls = ("call of Session.set_running", "call of Session.trader")
    return "standing_orders" in point.what or point.what in calls


@pytest.mark.fault(51)
@pytest.mark.parametrize("share", range(2))
async def test_a_crash_at_any_point_of_a_standing_order_stops_a_bot_once_and_tells_it_once(
    now: Now, share: int
):
    wrong = []
    with open_memory(now, new_id) as store, closing(sqlite3.connect(":memory:")) as pristine:
        driver = await store.database.read(lambda connection: raw_of(connection).driver)
        driver.backup(pristine)
        points = moments(await recorded(StandsOrders(store, now)))
        points = [point for point in points if is_of_standing_orders(point)]
        assert len(points) > 10
        for point in points[share::2]:
            pristine.backup(driver)
            story = StandsOrders(store, now)
            wrong.append(await troubles(story, point))
            stops = story.platform.calls.count("set_running owl False")
            told = story.reports(BEN)
            if stops > 1 or len(told) > 1 or (stops and not told):
                wrong.append(f"\n{point}: stopped {stops} times, and told {told}")

    assert "".join(wrong) == ""


class RingsForAPrice(Story):
    """Ann asks to be rung for a price, each time; it is crossed, goes back, and is crossed again.
    Meanwhile she asks for another one, which rings once, and takes a third one back.
    """

    async def happens(self, world: World) -> None:
        self.platform.granted = replace(self.platform.granted, expires_at=None)
        await self.links(world, ANN)
        await self.asks(ANN, "alert BTC/USDT above 50000 every time")
        await self.asks(ANN, "alert BTC/USDT below 49500")
        await self.asks(ANN, "alert BTC/USDT moves 50% in 1h")
        await self.asks(ANN, "alert remove 3")
        for price in ("50001", "49000", "50002"):
            self.platform.tick(price)
            await asyncio.sleep(35)

    async def after(self) -> None:
        async with self.process(Fate()) as world:
            if await world.link(ANN) is not None:
                await asyncio.sleep(60)
                self.platform.tick("50003")
                await asyncio.sleep(60)
        await super().after()

    def rung(self, words: str) -> int:
        """How often it did in Ann's chat, repeats of a message apart."""
        cards = [one.card for one in self.chat.shown if one.chat == ANN]
        return len({card.reference for card in cards if words in card.title})


@pytest.mark.fault(51)
async def test_a_crash_at_any_point_of_a_price_alert_rings_once_for_each_crossing(now: Now):
    wrong = []
    with open_memory(now, new_id) as store, closing(sqlite3.connect(":memory:")) as pristine:
        driver = await store.database.read(lambda connection: raw_of(connection).driver)
        driver.backup(pristine)
        passed = await recorded(RingsForAPrice(store, now))
        begins = next(place for place, one in enumerate(passed) if "price_alerts" in one.what)
        points = moments(passed[begins:])
        assert len(points) > 20
        for point in points:
            pristine.backup(driver)
            story = RingsForAPrice(store, now)
            wrong.append(await troubles(story, point))
            above, below = story.rung("above 50,000"), story.rung("below 49,500")
            if above > 2 or below > 1 or (passed.index(point) > begins and above == 0):
                wrong.append(f"\n{point}: rang {above} and {below} times")

    assert "".join(wrong) == ""


class ReadsOlderTrades(Story):
    """Before Ann links a chat her bots have traded for long: that is read, and told as it goes."""

    async def happens(self, world: World) -> None:
        self.platform.granted = replace(self.platform.granted, expires_at=None)
        self.platform.cap = 10
        for number in range(120):
            at = self.now() - timedelta(days=30) + number * timedelta(hours=1)
            origin = Origin(kind=Kind.TRADE, record=f"older-{number:03}", at=at)
            self.platform.store(
                Stream.TRADES, Trade(origin=origin, side="buy", symbol="BTC/USDT"), announce=False
            )
        await self.links(world, ANN)
        await asyncio.sleep(50)

    def told(self) -> set[str]:
        """What the messages say of it now, each repeat of one apart."""
        cards = self.chat.screen(ANN)
        return {card.title for card in cards if "older trades" in card.title}

    def messages(self) -> int:
        """Repeats of one apart."""
        cards = [card for card in self.chat.screen(ANN) if "older trades" in card.title]
        return len({card.reference for card in cards})


@pytest.mark.fault(51)
async def test_a_crash_at_any_point_of_reading_older_trades_leaves_one_message_that_ends(now: Now):
    wrong = []
    with open_memory(now, new_id) as store, closing(sqlite3.connect(":memory:")) as pristine:
        driver = await store.database.read(lambda connection: raw_of(connection).driver)
        driver.backup(pristine)
        story = ReadsOlderTrades(store, now)
        passed = await recorded(story)
        assert story.told() == {"I have read your older trades"}
        pages = [place for place, one in enumerate(passed) if one.what == "call of Session.page"]
        points = moments(passed[pages[-14] :])
        assert len(points) > 20
        for point in points:
            pristine.backup(driver)
            story = ReadsOlderTrades(store, now)
            wrong.append(await troubles(story, point))
            [account] = await story.store.accounts.active()
            held = await story.store.ledger.held(account.id)
            told = story.told()
            ends = not told or "I have read your older trades" in told
            if story.messages() > 1 or not ends or held.count < 120:
                wrong.append(f"\n{point}: {held.count} known, and told {told}")

    assert "".join(wrong) == ""


class LongReport(Story):
    """Ann is told of something that takes five messages."""

    async def happens(self, world: World) -> None:
        await self.links(world, ANN)
        [account] = await world.store.accounts.active()
        lines = tuple(f"{number:02} {'x' * 287}" for number in range(50))
        origin = Origin(kind=Kind.ACTION, record="report", at=self.now())
        await world.ingest.take(
            account, (Notice(origin=origin, say=partial(NoticeText, "Report", *lines)),)
        )
        await asyncio.sleep(10)


@pytest.mark.fault(38)
@pytest.mark.parametrize(
    ("when", "shown", "unsure"),
    [
        # The outcome of part 2 and the beginning of part 3 are one commit.
        (When.AFTER, [1, 2, 3, 4, 5], 2),
        (When.BEFORE, [1, 2, 2, 3, 4, 5], 2),
    ],
)
async def test_a_crash_after_two_of_five_parts_repeats_at_most_the_one_that_was_in_flight(
    store: Store, now: Now, when: When, shown: list[int], unsure: int
):
    story = LongReport(store, now)

    await story.until_crash(Point("commit of storage.outbox.claims.serve_lanes", when, 3))
    await story.after()

    cards = [one.card for one in story.chat.shown[:-1]]
    assert [card.title for card in cards] == [f"Report ({number}/5)" for number in shown]
    repeats = [any("possible repeat" in note for note in card.notes) for card in cards]
    assert [place for place, repeat in enumerate(repeats) if repeat] == [unsure]
    numbers = [line[:2] for card in dict.fromkeys(card.lines for card in cards) for line in card]
    assert numbers == [f"{number:02}" for number in range(50)]
    await assert_kept(store, story.chat.shown, created=6)


SPREAD = 200
"""On PostgreSQL each of so many moments is tried: there a run takes many times as long."""


@pytest.mark.fault(51)
async def test_a_crash_loses_nothing_on_postgresql_either(
    now: Now, secret_key: str, postgres_without_rows: str
):
    wrong = []
    async with opened(postgres_without_rows, secret_key, now, new_id) as store:
        points = moments(await recorded(Story(store, now)))
        for point in points[7::SPREAD]:
            with virtual_loop().standing_still():
                await empty(postgres_without_rows)
            wrong.append(await troubles(Story(store, now), point))

    assert "".join(wrong) == ""
