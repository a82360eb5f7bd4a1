"""A day in the life of two chats, a process that dies somewhere in it, and what comes after."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter, defaultdict, deque
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, select

from bot.domain.accounts import Credential, CredentialKind, Grant, Login, PasswordLogin
from bot.domain.actions import ActionState, Denied
from bot.domain.cards import Card
from bot.domain.chats import Address, Channel, Person
from bot.domain.deliveries import PENDING, Gone, Postponed, State, Unknown
from bot.domain.events import Kind, Origin, PodEvent, Stream, Trade, Trader, Unreadable
from bot.domain.feeds import FeedState
from bot.domain.incoming import (
    Command,
    Incoming,
    Left,
    Place,
    Press,
    Reply,
    Returned,
    Shared,
    Words,
)
from bot.domain.linking import Audience, SignedIn
from bot.ports import Live
from bot.services.feeds import FeedRhythm
from bot.services.phoning import CODE_REFERENCE
from bot.texts.outcomes import toast
from storage import Store
from storage.schema.codec import decode_record
from storage.schema.states import KnownKind
from storage.schema.tables import action, delivery, endpoint, journal, known, link
from storage.store import store_on
from tests.fakes.messenger import FakeMessenger
from tests.fakes.platform import FakePlatform, FakeSession
from tests.fakes.readership import FakeReadership
from tests.harness.failpoints import Fate, Mortal, MortalDatabase, Point, When
from tests.harness.judge import Owed, judged, owed
from tests.harness.world import OWL, World, actions_under, code_in, heron, owl, running

ANN = "100"
BEN = "200"
"""Two chats of one account, each with its own person."""

DESK = "900"
"""A chat that others read, linked by Ann."""

LOGIN = PasswordLogin(email="alice@example.com", password="right")

LOOKS_AROUND_SELDOM = FeedRhythm(look_every=timedelta(minutes=2))
"""Most of a day's work would be that."""

LONG = timedelta(minutes=13)
"""Longer than it takes until what waits is sent before what does not."""

REPLY = "showing of a reply"


@dataclass(eq=False)
class Garbling(FakeSession):
    """A session that may bring what nobody understands."""

    garbled: list[Unreadable] = field(default_factory=list)

    async def receive(self) -> Live:
        live = await super().receive()
        unreadable, self.garbled = tuple(self.garbled), []
        return replace(live, unreadable=unreadable)


@dataclass(eq=False)
class Logins(FakePlatform):
    """A platform whose first login ends after a while and can be renewed, until it is revoked."""

    def __post_init__(self) -> None:
        self.granted = Credential(
            kind=CredentialKind.TOKEN,
            secret="token-1",
            expires_at=self.now() + timedelta(minutes=20),
        )
        self.renewal = Credential(kind=CredentialKind.TOKEN, secret="token-2")
        self.accepts = {"token-1", "token-2"}

    def session(self, credential: Credential, plan: str | None = None) -> FakeSession:
        return Garbling(platform=self, credential=credential)

    async def log_in(self, login: Login) -> Grant:
        return replace(await super().log_in(login), credential=self.granted)

    def garble(self) -> None:
        """Nobody will understand all that the sockets bring next."""
        for session in self.sessions:
            assert isinstance(session, Garbling)
            session.garbled.append(Unreadable(service="trades", reason="no date"))

    def revoke(self) -> None:
        """Whatever was granted is worth nothing any more; the next login is."""
        self.granted = Credential(kind=CredentialKind.TOKEN, secret="token-3")
        self.accepts = {"token-3"}
        self.cut()


@dataclass(eq=False)
class Telegram:
    """Brings what people say, again until it is confirmed, and has it journalled like the client.

    It outlives the process that listens.
    """

    said: dict[int, Incoming] = field(default_factory=dict)
    replies: dict[int, list[Reply]] = field(default_factory=lambda: defaultdict(list))
    answered: dict[int, asyncio.Event] = field(default_factory=dict)
    _unconfirmed: list[int] = field(default_factory=list)
    _stir: asyncio.Event = field(default_factory=asyncio.Event)

    async def brings(self, said: Incoming) -> list[Reply]:
        """What is replied, once all is."""
        number = len(self.said)
        self.said[number] = said
        self.answered[number] = asyncio.Event()
        self._unconfirmed.append(number)
        self._stir.set()
        await self.answered[number].wait()
        return self.replies[number]

    def unanswered(self, left: Collection[int], titles: Sequence[str]) -> Iterator[str]:
        """What nobody has answered, and presses of which nobody knows what they led to.

        Args:
            left: what the journal still has to be answered.
            titles: of all cards that were shown unasked.
        """
        reported = any("interrupted" in title for title in titles)
        for number, said in self.said.items():
            replies = self.replies[number]
            words = [one.card.title if one.card else one.toast or "" for one in replies]
            if number in left or number in self._unconfirmed:
                yield f"{said} was not answered"
            elif isinstance(said, Command | Words | Press) and not words:
                yield f"{said} was answered with nothing"
            elif isinstance(said, Press) and not (reported or any(map(_is_final, words))):
                yield f"all that is said of {said} is {words}"

    async def listen(self, world: World, fate: Fate) -> None:
        journal = world.store.journal
        for number in await journal.open(Channel.TELEGRAM, world.chat.bot):
            await self._answer(world, number, fate)
        while True:
            brought = {number: f"update {number}" for number in self._unconfirmed}
            for number in await journal.keep(Channel.TELEGRAM, world.chat.bot, brought):
                await self._answer(world, number, fate)
            # What was there is stored: asking for more confirms it.
            self._unconfirmed = [one for one in self._unconfirmed if one not in brought]
            if not self._unconfirmed:
                self._stir.clear()
                await self._stir.wait()

    async def _answer(self, world: World, number: int, fate: Fate) -> None:
        async for reply in world.router.hear(self.said[number]):
            if not fate.passes(When.BEFORE, REPLY):
                raise asyncio.CancelledError
            self.replies[number].append(reply)
            if reply.shown is not None:
                await reply.shown(f"answer {number}")
            if not fate.passes(When.AFTER, REPLY):
                raise asyncio.CancelledError
        await world.store.journal.done(Channel.TELEGRAM, world.chat.bot, number)
        self.answered[number].set()


@dataclass(eq=False)
class Story:
    """One account, two chats, one database; processes come and go."""

    store: Store
    now: Callable[[], datetime]
    telegram: Telegram = field(default_factory=Telegram)
    platform: Logins = field(init=False)
    chat: FakeMessenger = field(init=False)
    readership: FakeReadership = field(init=False)
    phone: FakeMessenger | None = None
    """What a push service rings, in stories with a phone."""
    _unclear: int = 0
    """Attempts that showed a message and were not answered."""
    _numbers: Any = field(default_factory=lambda: itertools.count(1))
    _rows: Any = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        self.platform = Logins(now=self.now)
        for trader in (owl(), heron()):
            self.platform.bots[trader.id] = trader
        self.chat = FakeMessenger(now=self.now, seconds=0.2)
        audience = Audience(name="#desk in Alpha", readers="everyone who can read #desk")
        self.readership = FakeReadership(chats={DESK: audience})

    @asynccontextmanager
    async def process(self, fate: Fate) -> AsyncIterator[World]:
        """A process on the database, with all that it has in reach, until it ends."""
        database = MortalDatabase(self.store.database, fate)
        store = store_on(database, self.store.vault, self.now, lambda: f"row-{next(self._rows)}")
        platform: Any = Mortal(self.platform, "Platform", fate)
        chat: Any = Mortal(self.chat, "Messenger", fate)
        readership: Any = Mortal(self.readership, "Readership", fate)
        others: list[Any] = [Mortal(self.phone, "Phone", fate)] if self.phone else []
        try:
            async with (
                running(
                    *(store, platform, chat, self.now, LOOKS_AROUND_SELDOM),
                    others=others,
                    readership=readership,
                ) as world,
                asyncio.TaskGroup() as group,
            ):
                tasks = [
                    group.create_task(world.router.recover(), name="recovery"),
                    group.create_task(self.telegram.listen(world, fate), name="listener"),
                ]
                yield world
                for task in tasks:
                    task.cancel()
        finally:
            await database.settled()
            self.platform.cut()  # nobody holds the other end of its sockets

    async def until_crash(self, point: Point) -> Stored:
        """Live through it all, and die at that point; gives what is left."""
        fate = Fate(point)
        async with asyncio.TaskGroup() as group:
            living = group.create_task(self._live(fate), name="the process")
            ended = group.create_task(fate.over.wait(), name="its end")
            await asyncio.wait([living, ended], return_when=asyncio.FIRST_COMPLETED)
            for task in (living, ended):
                task.cancel()
        assert fate.over.is_set(), f"{point} is not passed"
        return await self.stored()

    async def _live(self, fate: Fate) -> None:
        async with self.process(fate) as world:
            await self.happens(world)

    # --- what happens -----------------------------------------------------------------------

    async def happens(self, world: World) -> None:
        """All ways of an event and of a command, one after the other."""
        await self.links(world, ANN)
        await self._sends()
        await self._folds()
        await self._asks()
        await self._cancels()
        await self._goes_on()
        await self.links(world, BEN)
        await self._acts()
        await self._closes()
        await self._reads(world)
        await self._logs_in_again(world)
        await self._unlinks()
        await self._shares(world)

    async def _sends(self) -> None:
        """Live events: sent, claimed at once, refused for the moment, and of unknown outcome."""
        await self.trades()
        await self.trades()
        self.chat.script(ANN, Postponed(reason="busy", counts=True))
        await self.trades(seconds=0)
        await self.trades(seconds=4)
        self.chat.unclear_but_shown = True
        self.chat.script(ANN, Unknown(reason="no answer"))
        self._unclear += 1
        await self.trades(seconds=0.5)
        await self.trades(seconds=8)
        self.platform.garble()
        await self.trades()

    async def _folds(self) -> None:
        """Too many at once: told in a message that is edited; that is deleted, and told anew."""
        for _ in range(6):
            await self.trades(seconds=0.5)
        await asyncio.sleep(8)
        self.chat.deleted.add(self.chat.shown[-1].message)
        await self.trades(seconds=8)

    async def _asks(self) -> None:
        for question in ("status", "strategies", "trades", "signals", "price BTC/USDT", "missed"):
            await self.asks(ANN, question)

    async def _cancels(self) -> None:
        """Ann thinks better of it, and her question cannot be changed at once."""
        self.chat.script_change(ANN, Unknown(reason="no answer"))
        for words in ("pause night owl", "link", "cancel"):
            await self.asks(ANN, words)

    async def _goes_on(self) -> None:
        """A trade comes further: edited in, at once and while nobody knows, in reply to what was
        deleted, and with a sound.
        """
        await asyncio.sleep(61)
        await self.trades(seconds=1, order="placed")
        await self.comes_further(seconds=7, order=None)
        self.chat.script_change(ANN, Unknown(reason="no answer"))
        await self.comes_further(seconds=9, side="exit", profit=Decimal(1))
        self.chat.deleted.add(self.chat.shown[-1].message)
        await self.comes_further(seconds=7, side="exit", amount=Decimal(1), profit=Decimal(1))
        loss = {"profit": Decimal(-5), "profit_ratio": Decimal("-0.05")}
        await self.comes_further(seconds=7, side="exit", amount=Decimal(2), **loss)

    async def _acts(self) -> None:
        """Both are alarmed, and Ann pauses the bot; then she starts one, and the platform does not
        answer. Ben's alarm cannot be changed at once.
        """
        await self._alarms()
        self.chat.change_outcomes[BEN] = deque([Unknown(reason="no answer")])
        await self.presses(ANN, await self.asks(ANN, "pause night owl"), "Stop Night Owl")
        self.platform.loses_answers = True
        await self.presses(ANN, await self.asks(ANN, "resume heron"), "Resume Heron")
        self.platform.loses_answers = False
        await asyncio.sleep(10)

    async def _closes(self) -> None:
        """Ben blocks the bot, which shows when it sends; later he says so. Each time he returns."""
        self.chat.script(BEN, Gone(reason="blocked"))
        await self.trades(seconds=0)
        await self.trades()
        await self.hears(Returned(place=place(BEN)))
        await self.hears(Left(place=place(BEN), reason="blocked"))
        await self.trades()
        await self.hears(Returned(place=place(BEN)))

    async def _reads(self, world: World) -> None:
        """What the socket does not bring is read: when it is opened anew, and in a sweep.

        What is read takes several pages, and longer than what is read again behind a cursor.
        """
        self.platform.cap = 3
        for seconds in (150, 150, 150, 1):
            await self.trades(seconds=seconds, announced=False)
        self.platform.cut()
        await asyncio.sleep(2)
        await self.trades(seconds=0, announced=False)
        await self._waits()
        await world.until(lambda: "renew" in self.platform.calls)
        await self.trades()

    async def _waits(self) -> None:
        """Ann's chat takes nothing for so long that what waits rises, and is told in one digest."""
        self.chat.script(ANN, Postponed(reason="busy", retry_after=LONG))
        for _ in range(7):
            await self.trades(seconds=0)
        await asyncio.sleep(LONG.total_seconds())

    async def _logs_in_again(self, world: World) -> None:
        self.platform.revoke()
        await self.trades(seconds=5, announced=False)
        await self.links(world, ANN)
        await self.trades()

    async def _unlinks(self) -> None:
        """Ben leaves while something waits for him."""
        in_a_minute = Postponed(reason="busy", retry_after=timedelta(minutes=1))
        self.chat.script(BEN, in_a_minute)
        await self.trades()
        await self.presses(BEN, await self.asks(BEN, "unlink"), "Unlink this chat")
        await self.trades()

    async def _shares(self, world: World) -> None:
        """Ann links a chat that others read, and lets them look."""
        await self.links(world, DESK)
        await self.presses(DESK, await self.asks(DESK, "members viewer"), "Allow it")
        await self.trades()

    async def after(self) -> None:
        """Another process starts, people look after what is their part, and all comes to rest."""
        await asyncio.sleep(1)
        async with asyncio.timeout(3600), self.process(Fate()) as world:
            await asyncio.sleep(80)
            await self.hears(Returned(place=place(BEN)))
            if await world.link(ANN) is None or self._needs_login(world):
                await self.links(world, ANN)
            await self.trades(seconds=60)
            while await self._owes():  # noqa: ASYNC110 nobody tells, and time is virtual
                await asyncio.sleep(60)

    async def _owes(self) -> bool:
        counts = await self.store.outbox.counts()
        return any(counts[state] for state in PENDING)

    def _needs_login(self, world: World) -> bool:
        return any(one.state is FeedState.NEEDS_LOGIN for one in world.feeds.states().values())

    # --- what the platform and people do ----------------------------------------------------

    async def comes_further(self, *, seconds: float, **facts: Any) -> None:
        """The last trade does, and its record says so from now on."""
        records = self.platform.streams[Stream.TRADES]
        assert isinstance(records[-1], Trade)
        records[-1] = replace(records[-1], changed_at=self.now(), **facts)
        self.platform.announce(replace(records[-1], changed=True))
        await asyncio.sleep(seconds)

    async def trades(
        self, *, seconds: float = 2, announced: bool = True, order: str | None = None
    ) -> None:
        number = next(self._numbers)
        origin = Origin(kind=Kind.TRADE, record=f"trade-{number:04}", at=self.now())
        trade = Trade(
            origin=origin, side="buy", symbol="BTC/USDT", amount=Decimal(number), order=order
        )
        self.platform.store(Stream.TRADES, trade, announce=announced)
        await asyncio.sleep(seconds)

    async def _alarms(self) -> None:
        """Something goes wrong with a bot, and every chat is offered to pause it."""
        number = next(self._numbers)
        origin = Origin(kind=Kind.POD_EVENT, record=f"alarm-{number:04}", at=self.now())
        alarm = PodEvent(origin=origin, type="error", message="No balance", trader=OWL.id)
        self.platform.store(Stream.POD_EVENTS, alarm)
        await asyncio.sleep(2)

    async def links(self, world: World, chat: str) -> None:
        invited = await self.asks(chat, "link")
        signed_in = await world.linking.sign_in(
            code_in(invited), LOGIN, "127.0.0.1", agreed=chat == DESK
        )
        assert isinstance(signed_in, SignedIn), signed_in
        await self.hears(Words(place=place(chat), person=person(chat), text=signed_in.digits))

    async def asks(self, chat: str, words: str) -> Reply:
        name, _, arguments = words.partition(" ")
        return await self.hears(
            Command(place=place(chat), person=person(chat), name=name, arguments=arguments)
        )

    async def presses(self, chat: str, reply: Reply, label: str) -> None:
        assert reply.card is not None
        action = actions_under(reply.card)[label]
        await self.hears(Press(place=place(chat), person=person(chat), action=action))

    async def hears(self, said: Incoming) -> Reply:
        """The last reply, if any. People take their time."""
        replies = await self.telegram.brings(said)
        await asyncio.sleep(2)
        return replies[-1] if replies else Reply()

    # --- what must be so --------------------------------------------------------------------

    async def stored(self) -> Stored:
        """What the database holds now."""
        return await self.store.database.read(_stored)

    async def broken_promises(self, crashed: Stored) -> list[str]:
        """Hold a run that has come to rest against G1 to G7 and G9; empty if all are kept.

        Args:
            crashed: what the database held when the process died.
        """
        now = await self.stored()
        items = await owed(self.store)
        devices = [self.chat, *([self.phone] if self.phone else [])]
        findings = judged(
            items,
            [
                shown
                for one in devices
                for shown in one.shown
                if shown.card.reference != CODE_REFERENCE
            ],
            changed=[changed for one in devices for changed in one.changed],
        )
        wrong = findings.all
        wrong += [f"{one} was owed and is gone (G1)" for one in crashed.owed - now.owed]
        wrong += [f"{one} was not told (G2)" for one in self._untold(now)]
        wrong += [
            f"{item.reference} ended as {item.state}"
            for item in items
            if item.state not in (State.SENT, State.COALESCED)
            and item.unclear < 2  # of which it is said that it may be missing
            and not (item.chat == BEN and item.state is State.CANCELLED)
        ]
        if len(set(crashed.in_flight)) < len(crashed.in_flight):
            wrong.append(f"two were in flight in one chat: {crashed.in_flight}")
        if findings.repeats > len(crashed.in_flight) + self._unclear:
            wrong.append(f"{findings.repeats} copies for {crashed.in_flight} in flight (G5)")
        for call, count in Counter(self.platform.calls).items():
            if call.startswith("set_running") and count > 1:
                wrong.append(f"{call} took effect {count} times (G9)")
        wrong += self._live_buttons(items)
        wrong += self.telegram.unanswered(now.updates, [one.card.title for one in self.chat.shown])
        wrong += [f"action {one} never came to an end (G9)" for one in now.running]
        wrong += [
            f"{bot.name} is known as {now.known.get(bot.id)}, and is {bot.running}"
            for bot in self.platform.bots.values()
            if now.known.get(bot.id) is not bot.running
        ]
        return wrong

    def _live_buttons(self, items: Sequence[Owed]) -> Iterator[str]:
        """Alarms that still offer to pause a bot that is paused.

        Of a copy that showed and was not answered, nobody knows the id: the last one counts.
        """
        if self.platform.bots[OWL.id].running:
            return
        for item in items:
            cards = [one for one in self.chat.screen(item.chat) if one.reference == item.reference]
            if item.state is not State.SENT or item.unlinked_at is not None:
                continue
            if cards and offers_a_stop(cards[-1]):  # what is edited in has none of its own
                yield f"{item.reference} ({item.title!r}) in {item.chat} still has a button"

    def _untold(self, now: Stored) -> Iterator[str]:
        """Records that appeared while a chat was linked, and that it was never owed."""
        for record in self.platform.streams[Stream.TRADES]:
            at, name = record.origin.at, record.origin.record
            for chat, since, until in now.linked:
                linked = since < at and (until is None or at < until)
                if linked and (chat, name) not in now.told:
                    yield f"{name} in {chat}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What a database says of a run.

    Attributes:
        owed: references of all items.
        in_flight: chats, one for each item that is being sent.
        told: chats and records that they are told.
        linked: chats, and from when to when each was linked.
        known: bots, and whether each was running when last seen.
        running: actions that were begun and not ended.
        updates: numbers of those that were not answered.
    """

    owed: frozenset[str]
    in_flight: tuple[str, ...]
    told: frozenset[tuple[str, str]]
    linked: tuple[tuple[str, datetime, datetime | None], ...]
    known: Mapping[str, bool | None]
    running: tuple[str, ...]
    updates: frozenset[int]


def _stored(connection: Connection) -> Stored:
    items = connection.execute(
        select(delivery, endpoint.c.chat).join(endpoint, endpoint.c.id == delivery.c.endpoint)
    ).all()
    links = connection.execute(
        select(endpoint.c.chat, link.c.linked_at, link.c.ended_at)
        .join(endpoint, endpoint.c.id == link.c.endpoint)
        # A phone rings for what is critical alone.
        .where(endpoint.c.channel != Channel.PUSH)
    )
    bots = connection.execute(select(known.c.value).where(known.c.kind == KnownKind.TRADER))
    seen = [decode_record(Trader, value) for value in bots.scalars()]
    unanswered = select(journal.c.number).where(journal.c.body.is_not(None))
    begun = select(action.c.id).where(action.c.state == ActionState.RUNNING)
    return Stored(
        owed=frozenset(item.reference for item in items),
        in_flight=tuple(item.chat for item in items if item.state is State.SENDING),
        told=frozenset((item.chat, item.record) for item in items),
        linked=tuple((row.chat, row.linked_at, row.ended_at) for row in links),
        known={one.id: one.running for one in seen},
        running=tuple(connection.execute(begun).scalars()),
        updates=frozenset(connection.execute(unanswered).scalars()),
    )


def _is_final(words: str) -> bool:
    """Whether somebody who pressed a button knows by these what it led to."""
    open_ended = (toast(Denied.RUNNING), toast(Denied.USED))
    return "…" not in words and "so far" not in words and words not in open_ended


def place(chat: str) -> Place:
    address = Address(channel=Channel.TELEGRAM, bot="1", chat=chat)
    shared = Shared(name="#desk", can_manage=True) if chat == DESK else None
    return Place(address=address, private=shared is None, shared=shared)


def person(chat: str) -> Person:
    """Who speaks there."""
    return Person(channel=Channel.TELEGRAM, id=ANN if chat == DESK else chat)


def offers_a_stop(card: Card) -> bool:
    return any(button.label.startswith("Stop ") for row in card.buttons for button in row)
