"""The whole core on virtual time: real services and SQL in memory, the outside played by fakes."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from bot.app.composition import compose
from bot.domain.accounts import Account, PasswordLogin
from bot.domain.cards import Card, as_shown
from bot.domain.chats import Address, Channel, Hears, Link, Person
from bot.domain.deliveries import WAITS, Restored, Waits
from bot.domain.events import Kind, Origin, Trade, Trader
from bot.domain.feeds import FeedState
from bot.domain.ids import ActionId, TraderId
from bot.domain.incoming import Command, Incoming, Place, Press, Reaction, Reply, Words
from bot.domain.linking import SignedIn
from bot.domain.marks import shown
from bot.domain.outages import Outage
from bot.domain.typed import command_in
from bot.ports import Draw, MakeTopics, Messenger, Platform, Readership, ShowMenu
from bot.services.actions import READ_BACKS
from bot.services.commands.router import Router
from bot.services.commands.settings_page import SettingsPage
from bot.services.delivery import Delivering, Outlet
from bot.services.feeds import FeedRhythm, Feeds
from bot.services.gathering import Gathering
from bot.services.inboxes import Inboxes
from bot.services.ingest import Ingest
from bot.services.linking import Linking
from bot.services.lock_screen import LockScreen
from bot.services.pace import Pace
from storage import Store
from tests.fakes.meter import FakeMeter
from tests.fakes.pictures import blank

CHAT = "100"

PUBLIC_URL = "https://bell.example"

APPRISE = frozenset({"gotifys", "mailtos"})
"""What may be rung by that library, where a bot of that name is there."""

DIGITS = "482913"
"""All that are ever drawn."""


@dataclass(eq=False)
class World:
    """Everything of one process, and the outside around it."""

    now: Callable[[], datetime]
    store: Store
    platform: Platform
    chat: Messenger
    meter: FakeMeter
    pace: Pace
    delivering: Delivering
    feeds: Feeds
    gathering: Gathering
    ingest: Ingest
    linking: Linking
    settings_page: SettingsPage
    inboxes: Inboxes
    lock_screen: LockScreen
    router: Router

    def on(self, other: Messenger) -> World:
        """The same world, with its people on another chat platform."""
        return replace(self, chat=other)

    def place(self, chat: str = CHAT, *, private: bool = True) -> Place:
        address = Address(channel=self.chat.channel, bot=self.chat.bot, chat=chat)
        return Place(address=address, private=private)

    def person(self, id: str = CHAT) -> Person:
        return Person(channel=self.chat.channel, id=id)

    async def says(
        self,
        text: str,
        chat: str = CHAT,
        person: str = "",
        private: bool = True,
        replied_to: str | None = None,
    ) -> list[Reply]:
        """What is answered to `/command arguments` or words."""
        place, who = self.place(chat, private=private), self.person(person or chat)
        said: Incoming = Words(place=place, person=who, text=text, replied_to=replied_to)
        typed = command_in(text)
        if typed is not None:
            said = Command(
                place=place,
                person=who,
                name=typed.name,
                arguments=typed.arguments,
                replied_to=replied_to,
            )
        return [as_shown_there(reply) async for reply in self.router.hear(said)]

    async def presses(
        self, reply: Reply, label: str, chat: str = CHAT, person: str = ""
    ) -> list[Reply]:
        assert reply.card is not None
        action = actions_under(reply.card)[label]
        press = Press(place=self.place(chat), person=self.person(person or chat), action=action)
        return [as_shown_there(reply) async for reply in self.router.hear(press)]

    async def reacts(
        self, message: str, chat: str = CHAT, person: str = "", *, private: bool = True
    ) -> list[Reply]:
        """To a message, with whatever sign."""
        place, who = self.place(chat, private=private), self.person(person or chat)
        reaction = Reaction(place=place, person=who, message=message)
        return [reply async for reply in self.router.hear(reaction)]

    async def links(
        self, chat: str = CHAT, email: str = "alice@example.com", password: str = "right"
    ) -> Account:
        """Go through the whole linking of a chat."""
        [invited] = await self.says("/link", chat)
        login = PasswordLogin(email=email, password=password)
        signed_in = await self.linking.sign_in(code_in(invited), login, "127.0.0.1")
        assert isinstance(signed_in, SignedIn), signed_in
        await self.says(signed_in.digits, chat)
        link = await self.link(chat)
        assert link is not None
        if self.chat.channel is Channel.PUSH:  # as phones that are added are
            wants = partial(replace, hears=Hears.CRITICAL)
            await self.store.links.prefer(link.id, wants, self.now())
        account = await self.store.accounts.get(link.account)
        assert account is not None
        return account

    async def goes_live(
        self,
        chat: str = CHAT,
        email: str = "alice@example.com",
        password: str = "right",
        within: float = 3600,
    ) -> Account:
        """Link a chat, and wait until its account is listened to."""
        account = await self.links(chat, email, password)
        await self.until_state(account, FeedState.LIVE, within)
        return account

    async def until_state(self, account: Account, state: FeedState, within: float = 3600) -> None:
        def is_so() -> bool:
            status = self.feeds.status(account.id)
            return status is not None and status.state is state

        await self.until(is_so, within)

    async def link(self, chat: str = CHAT) -> Link | None:
        return await self.store.links.at(self.place(chat).address)

    async def until(self, condition: Callable[[], object], within: float = 3600) -> None:
        async with asyncio.timeout(within):
            while not condition():  # noqa: ASYNC110 the condition is anything, and time is virtual
                await asyncio.sleep(0.05)

    def is_live(self, account: Account) -> bool:
        status = self.feeds.status(account.id)
        return status is not None and status.state is FeedState.LIVE

    async def quiet(self, seconds: float = 5) -> None:
        await asyncio.sleep(seconds)

    def trade(self, number: int, at: datetime | None = None, *, alone: bool = False) -> Trade:
        """
        Args:
            alone: of a bot that makes no other, so that it is told by itself however many come.
        """
        trader = TraderId(f"bot-{number}") if alone else None
        origin = Origin(kind=Kind.TRADE, record=f"trade-{number:04}", at=at or self.now())
        return Trade(
            origin=origin, side="buy", symbol="BTC/USDT", amount=Decimal(number), trader=trader
        )


OWL = Trader(id=TraderId("owl"), name="Night Owl", running=True, status="running", dry_run=True)
HERON = Trader(id=TraderId("heron"), name="Heron", running=False, status="stopped", dry_run=False)


def owl(**facts: Any) -> Trader:
    return replace(OWL, **facts)


def heron(**facts: Any) -> Trader:
    return replace(HERON, **facts)


def as_shown_there(reply: Reply) -> Reply:
    """With commands as they are called on a platform that has no name of its own for them."""
    card, toast = reply.card, reply.toast
    return replace(reply, card=card and as_shown(card), toast=toast and shown(toast))


def actions_under(card: Card) -> dict[str, ActionId]:
    """What can be pressed or chosen there, by what stands on it."""
    pressed = {one.label: one.action for row in card.buttons for one in row if one.action}
    return pressed | {one.label: one.action for one in (card.pick.options if card.pick else ())}


def code_in(invited: Reply) -> str:
    """The code in the one-time address that `/link` answers with."""
    assert invited.card is not None
    address = invited.card.buttons[0][0].url
    assert address is not None
    return address.rpartition("/")[2]


ALONE = FeedRhythm(look_every=timedelta(minutes=5))
"""No other process brings anything about: to look for it as often as the product does would be most
of what a long test does.
"""


@asynccontextmanager
async def running(
    store: Store,
    platform: Platform,
    chat: Messenger,
    now: Callable[[], datetime],
    rhythm: FeedRhythm = ALONE,
    rate: float = 0,
    others: Sequence[Messenger] = (),
    readership: Readership | None = None,
    show_menu: ShowMenu | None = None,
    topics: MakeTopics | None = None,
    draw: Draw = blank,
    cut_off: Collection[Channel] = (),
    may_send: Callable[[], bool] = lambda: True,
    restored: Restored | None = None,
    read_backs: Sequence[float] = READ_BACKS,
    waits: Waits = WAITS,
    outage: Outage | None = None,
    step_up: bool = False,
) -> AsyncIterator[World]:
    """One process from start to a kill: leaving cancels everything wherever it is.

    Args:
        rate: messages a second over the whole bot; 0 = no limit.
        show_menu: of the bot of `chat`, if its chats have menus of their own.
        topics: of the bot of `chat`, if its chats can have them.
        others: bots of further chat platforms; `World.on` goes to one of them.
        cut_off: chats whose people cannot open the link page's address.
        may_send: whether this process surely has the right to.
        restored: where a backup was put back.
        read_backs: seconds before each look at what a write has come to.
        waits: of the bot of `chat`.
        outage: that this process has ended.
        step_up: whether what cannot be undone takes a fresh login, as it does in the product.
    """
    chance = random.Random(7)
    ids = itertools.count()
    started = str(now().timestamp()).replace(".", "-")
    meter = FakeMeter()
    clock = asyncio.get_running_loop().time
    pace = Pace(rate=rate, chat_rate=lambda address: 0, clock=clock, outage_waits=waits.outage)
    outlet = Outlet(
        messenger=chat,
        pace=pace,
        readership=readership,
        show_menu=show_menu,
        topics=topics,
        waits=waits,
    )
    outlets = {(chat.channel, chat.bot): outlet}
    for other in others:
        own_pace = Pace(rate=rate, chat_rate=lambda address: 0, clock=clock)
        outlets[other.channel, other.bot] = Outlet(messenger=other, pace=own_pace)

    def new_id() -> str:
        return f"id-{started}-{next(ids)}"

    services = compose(
        store=store,
        platform=platform,
        outlets=outlets,
        may_send=may_send,
        meter=meter,
        public_url=PUBLIC_URL,
        cut_off=cut_off,
        draw=draw,
        now=now,
        new_id=new_id,
        new_digits=lambda: DIGITS,
        chance=chance,
        apprise=APPRISE,
        asks_to_step_up=step_up,
        rhythm=rhythm,
        read_backs=read_backs,
    )
    services.feeds.outage = outage
    services.delivering.restored = services.amending.restored = restored
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(services.delivering.run(), name="delivering"),
            group.create_task(services.amending.run(), name="amending"),
            group.create_task(services.gathering.run(), name="gathering"),
            group.create_task(services.escalating.run(), name="escalating"),
            group.create_task(services.drilling.run(), name="drilling"),
            group.create_task(services.telling_nights.run(), name="nights"),
            group.create_task(services.telling_reports.run(), name="reports"),
            group.create_task(services.standing.run(), name="standing"),
            group.create_task(services.bot_topics.run(), name="topics of bots"),
            group.create_task(services.listing.run(), name="menus"),
            group.create_task(services.feeds.run(), name="feeds"),
        ]
        await asyncio.sleep(0.01)
        yield World(
            now=now,
            store=store,
            platform=platform,
            chat=chat,
            meter=meter,
            pace=pace,
            delivering=services.delivering,
            feeds=services.feeds,
            gathering=services.gathering,
            ingest=services.ingest,
            linking=services.linking,
            router=services.router,
            settings_page=services.settings_page,
            inboxes=services.inboxes,
            lock_screen=services.lock_screen,
        )
        for task in tasks:
            task.cancel()
