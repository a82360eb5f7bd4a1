"""A trading platform in memory, with a ledger of what was asked of it and faults on demand."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TypeVar

from bot.domain.accounts import Credential, CredentialKind, Grant, KeyLogin, Login, PasswordLogin
from bot.domain.events import (
    AHEAD,
    Event,
    Kind,
    Origin,
    Page,
    Position,
    Signal,
    Strategy,
    Stream,
    Tick,
    Trade,
    Trader,
    TraderSeen,
)
from bot.domain.ids import StrategyId, TraderId
from bot.domain.pairs import pair_key, pairs_meant
from bot.domain.pods import Balance, BotCommand, Health, Holding, Lock, LogLine, OpenTrade
from bot.errors import (
    ConnectionLost,
    NeedsLogin,
    NoSuchRecord,
    NotOffered,
    OutcomeUnknown,
    Refused,
    SocketRefused,
    TryLater,
)
from bot.ports import Live
from bot.ports.platform import SOME

_Record = TypeVar("_Record", Trader, Strategy)

Fate = Exception | Callable[[], object] | None

MALLORY = "mallory@example.com"
"""The e-mail address of `user-2`, who has nothing."""


@dataclass(eq=False)
class FakePlatform:
    """Implements `ports.Platform`. Every password is `right`; all but one log in as `user`, to
    whom the records belong.
    """

    now: Callable[[], datetime]
    user: str = "user-1"
    token: str = "token-1"
    """What a login gives."""
    streams: dict[Stream, list[Event]] = field(default_factory=dict)
    bots: dict[str, Trader] = field(default_factory=dict)
    plans: dict[str, Strategy] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    sessions: list[FakeSession] = field(default_factory=list)
    asked_at: dict[str, list[datetime]] = field(default_factory=dict)
    """By call name: when it was made."""
    faults: dict[str, deque[Fate]] = field(default_factory=dict)
    """By call name: what the next calls meet; see `fail`."""
    hidden: dict[str, datetime] = field(default_factory=dict)
    """By record: until when nobody sees it, since its commit lags behind."""
    skew: timedelta = timedelta(0)
    """How far the platform's clock is ahead of the true one."""
    page_takes: timedelta = timedelta(0)
    ticking: tuple[str, ...] = ("BTC/USDT",)
    """Pairs whose prices come."""
    last: Decimal = Decimal("42400")
    """What those cost, as far as nothing else has come."""
    pairs: tuple[str, ...] = ()
    """Those that have come so far."""
    most_waiting: int | None = None
    """How many events a session keeps until they are taken; one more ends its socket."""
    denied: set[str] = field(default_factory=set)
    """Services that answer NotOffered."""
    away: bool = False
    sockets: bool = True
    accepts: set[str] = field(default_factory=lambda: {"token-1"})
    renewal: Credential | None = None
    cap: int = 100
    seconds: float = 0.0
    """How long a session's call takes."""
    slow: dict[str, float] = field(default_factory=dict)
    """By call name: how long it takes besides."""
    bot_commands: frozenset[BotCommand] = frozenset()
    pod_templates: str = "one"
    no_entries: set[str] = field(default_factory=set)
    """Bots that open no new trades."""
    open: dict[str, list[OpenTrade]] = field(default_factory=dict)
    """What bots hold, by their ids."""
    is_mute: bool = False
    """Sockets stay open and hear of nothing."""
    loses_answers: bool = False
    """Writes take effect but are never answered."""
    ignores_writes: bool = False
    """Writes are answered as if all were well, and change nothing."""
    loses_requests: bool = False
    """Writes never arrive, and nobody can tell."""

    async def log_in(self, login: Login) -> Grant:
        self.check("log_in")
        if isinstance(login, PasswordLogin) and login.password != "right":
            raise NeedsLogin("Invalid login")
        credential = Credential(kind=CredentialKind.TOKEN, secret=self.token)
        if isinstance(login, PasswordLogin) and login.email == MALLORY:
            return Grant(platform_user="user-2", label="m***", plan="pro", credential=credential)
        return Grant(
            platform_user=self.user,
            label="a***@example.com",
            plan="pro",
            credential=credential,
            inferred=isinstance(login, KeyLogin),
        )

    def session(self, credential: Credential, plan: str | None = None) -> FakeSession:
        return FakeSession(platform=self, credential=credential)

    async def reachable(self) -> str:
        self.check("reachable")
        return "a fake"

    # --- what tests do to it ----------------------------------------------------------------

    def clock(self) -> datetime:
        """What time it is there."""
        return self.now() + self.skew

    def store(
        self,
        stream: Stream,
        event: Event,
        *,
        announce: bool = True,
        lag: timedelta = timedelta(0),
    ) -> None:
        """A record appears; with `announce` open sockets hear of it.

        Args:
            lag: how long it takes until it can be read.
        """
        self.streams.setdefault(stream, []).append(event)
        self.hidden[event.origin.record] = self.now() + lag
        if announce:
            self.announce(event)

    def announce(self, event: Event) -> None:
        """Open sockets hear of it, as far as their login is still good."""
        for session in list(self.sessions):
            if session.credential.secret in self.accepts and not self.is_mute:
                session.hear(event)

    def tick(self, price: str, pair: str = "BTC/USDT") -> None:
        """A price passes on all open sockets."""
        self.last = Decimal(price)
        for session in self.sessions:
            if not self.is_mute:
                session.hear_price(Tick(symbol=pair, last=self.last, at=self.clock()))

    def readable(self, stream: Stream) -> list[Event]:
        now = self.now()
        return [
            event
            for event in self.streams.get(stream, [])
            if self.hidden.get(event.origin.record, now) <= now
        ]

    def expire(self, secret: str, *, silently: bool) -> None:
        """A token ends; its sockets are closed, or kept and told nothing any more."""
        self.accepts.discard(secret)
        for session in list(self.sessions):
            if session.credential.secret == secret and not silently:
                session.drop()

    def put(self, trader: Trader, *, announce: bool = True) -> None:
        """A bot appears or changes."""
        trader = replace(trader, updated_at=self.clock())
        self.bots[trader.id] = trader
        if announce:
            at, owner = self.clock(), trader.owner
            origin = Origin(kind=Kind.TRADER, record=trader.id, at=at, owner=owner)
            self.announce(TraderSeen(origin=origin, trader=replace(trader, owner=None)))

    def replace_logins(self, token: str) -> None:
        """What was given so far is refused from here on; sockets stay open, and hear nothing.

        Args:
            token: what the next login gives.
        """
        self.token = token
        self.accepts = {token}

    def cut(self) -> None:
        """All sockets break."""
        for session in list(self.sessions):
            session.drop()

    def fail(self, call: str, *fates: Fate) -> None:
        """The next calls of this name meet these, one each.

        Args:
            fates: an error to raise, something to happen just before it is answered, or nothing.
        """
        self.faults.setdefault(call, deque()).extend(fates)

    def check(self, call: str) -> None:
        self.calls.append(call)
        self.asked_at.setdefault(call, []).append(self.now())
        waiting = self.faults.get(call)
        fate = waiting.popleft() if waiting else None
        if isinstance(fate, Exception):
            raise fate
        if fate is not None:
            fate()
        if self.away:
            raise TryLater("the platform does not answer")


@dataclass(eq=False)
class FakePlatforms:
    """Implements `ports.Platform` for several users, who have nothing in common but the place.

    Each has a platform of their own, found by e-mail address; tokens begin with that too.
    """

    users: Mapping[str, FakePlatform]
    bot_commands: frozenset[BotCommand] = frozenset()
    pod_templates: str = "one"

    async def log_in(self, login: Login) -> Grant:
        assert isinstance(login, PasswordLogin)
        return await self.users[login.email].log_in(login)

    def session(self, credential: Credential, plan: str | None = None) -> FakeSession:
        email, _, _ = credential.secret.partition(" ")
        return self.users[email].session(credential, plan)

    async def reachable(self) -> str:
        return "a fake"


@dataclass(eq=False)
class FakeSession:
    """Implements `ports.Session`."""

    platform: FakePlatform
    credential: Credential
    queue: deque[Event] = field(default_factory=deque)
    stir: asyncio.Event = field(default_factory=asyncio.Event)
    connected: bool = False
    followed: frozenset[str] = frozenset()
    prices: dict[str, Tick] = field(default_factory=dict)
    priced: asyncio.Event = field(default_factory=asyncio.Event)

    async def connect(self) -> None:
        await self._ask("connect")
        if not self.platform.sockets:
            raise SocketRefused("too many connections for this plan")
        self.connected = True
        self.platform.sessions.append(self)

    async def receive(self) -> Live:
        while not self.queue:
            if not self.connected:
                raise ConnectionLost("the connection was closed")
            self.stir.clear()
            await self.stir.wait()
        events = tuple(self.queue)
        self.queue.clear()
        return Live(events=events)

    def hear(self, event: Event) -> None:
        most = self.platform.most_waiting
        if most is not None and len(self.queue) >= most:
            self.drop()
            return
        self.queue.append(event)
        self.stir.set()

    async def close(self) -> None:
        if self.connected:
            self.drop()

    def drop(self) -> None:
        self.connected = False
        self.platform.sessions.remove(self)
        self.stir.set()

    async def renew(self) -> Credential | None:
        await self._ask("renew")
        return self.platform.renewal

    async def page(self, stream: Stream, since: Position, limit: int = 100) -> Page:
        await self._ask(f"page {stream}")
        if stream in self.platform.denied:
            raise NotOffered("Forbidden")
        await asyncio.sleep(self.platform.page_takes.total_seconds())
        records = sorted(
            (event for event in self.platform.readable(stream) if _is_after(event, since)),
            key=_position,
        )
        most = min(limit, self.platform.cap)
        shown = records[:most]
        as_of = self.platform.clock()
        believed = [one for one in shown if one.origin.at <= as_of + AHEAD]
        return Page(
            events=tuple(_believed(one, as_of) for one in shown),
            last=_position(believed[-1]) if believed else since if shown else None,
            more=len(records) > most and bool(believed),
            as_of=as_of,
        )

    async def latest(self, stream: Stream, limit: int = SOME) -> Page:
        await self._ask(f"latest {stream}")
        if stream in self.platform.denied:
            raise NotOffered("Forbidden")
        as_of = self.platform.clock()
        records = sorted(self.platform.readable(stream), key=_position)
        shown = records[-limit:]
        believed = [one for one in shown if one.origin.at <= as_of + AHEAD]
        return Page(
            events=tuple(_believed(one, as_of) for one in shown),
            last=_position(believed[-1]) if believed else None,
            more=len(records) > len(shown),
            as_of=as_of,
        )

    async def traders(self) -> tuple[Trader, ...]:
        await self._ask("traders")
        if "traders" in self.platform.denied:
            raise NotOffered("Forbidden")
        return tuple(self.platform.bots.values())

    async def trader(self, trader: TraderId) -> Trader:
        await self._ask("trader")
        if trader not in self.platform.bots:
            raise NoSuchRecord("No record found")
        return self.platform.bots[trader]

    async def strategies(self, type: str | None = None) -> tuple[Strategy, ...]:
        await self._ask("strategies")
        return tuple(one for one in self.platform.plans.values() if type in (None, one.type))

    async def trades(self, limit: int) -> tuple[Trade, ...]:
        await self._ask("trades")
        found = [one for one in self.platform.streams.get(Stream.TRADES, [])]
        return tuple(one for one in reversed(found) if isinstance(one, Trade))[:limit]

    async def signals(self, limit: int) -> tuple[Signal, ...]:
        await self._ask("signals")
        found = self.platform.streams.get(Stream.SIGNALS, [])
        return tuple(one for one in reversed(found) if isinstance(one, Signal))[:limit]

    @property
    def pairs(self) -> Collection[str]:
        return self.platform.pairs

    async def price(self, wanted: str, within: timedelta) -> Tick | None:
        await self._ask("price")
        for pair in pairs_meant(wanted, self.platform.ticking):
            return Tick(symbol=pair, last=self.platform.last, at=self.platform.now())
        await asyncio.sleep(within.total_seconds())
        return None

    def follow(self, pairs: Collection[str]) -> None:
        self.followed = frozenset(map(pair_key, pairs))
        self.prices = {
            pair: tick for pair, tick in self.prices.items() if pair_key(pair) in self.followed
        }
        self.priced.set()

    async def ticks(self) -> Sequence[Tick]:
        await self.priced.wait()
        if self.prices:
            await asyncio.sleep(0.25)
        self.priced.clear()
        prices, self.prices = self.prices, {}
        return tuple(prices.values())

    def hear_price(self, tick: Tick) -> None:
        if pair_key(tick.symbol) in self.followed:
            self.prices[tick.symbol] = tick
            self.priced.set()

    @property
    def pods(self) -> FakeSession:
        return self

    async def probe(self, bot: Trader, command: BotCommand) -> None:
        await self._ask(f"probe {bot.id} {command}")
        if command in self.platform.denied:
            raise NotOffered("Forbidden")

    async def open_trades(self, bot: Trader) -> tuple[OpenTrade, ...]:
        await self._ask(f"open_trades {bot.id}")
        return tuple(self.platform.open.get(bot.id, ()))

    async def balance(self, bot: Trader) -> Balance:
        await self._ask(f"balance {bot.id}")
        usdt = Holding(currency="USDT", amount=Decimal("812.5"), free=Decimal("400"))
        return Balance(holdings=(usdt,), worth=Decimal("1000.25"), currency="USDT")

    async def whitelist(self, bot: Trader) -> tuple[str, ...]:
        await self._ask(f"whitelist {bot.id}")
        return tuple(f"C{number}/USDT" for number in range(70))

    async def blacklist(self, bot: Trader) -> tuple[str, ...]:
        await self._ask(f"blacklist {bot.id}")
        return ("BNB/.*",)

    async def locks(self, bot: Trader) -> tuple[Lock, ...]:
        await self._ask(f"locks {bot.id}")
        return (Lock(pair="BTC/USDT", until=self.platform.now(), reason="Cooldown"),)

    async def logs(self, bot: Trader) -> tuple[LogLine, ...]:
        await self._ask(f"logs {bot.id}")
        at = self.platform.now()
        return tuple(LogLine(at=at, level="INFO", words=f"line {one}") for one in range(12))

    async def health(self, bot: Trader) -> Health:
        await self._ask(f"health {bot.id}")
        now = self.platform.now()
        return Health(last_at=now - timedelta(seconds=4), started_at=now)

    async def force_exit(self, bot: Trader, trade: str, amount: Decimal | None) -> None:
        def exit() -> None:
            held = self.platform.open[bot.id]
            self.platform.open[bot.id] = [
                replace(one, amount=(one.amount or Decimal()) - amount)
                if amount is not None and one.id == trade
                else one
                for one in held
                if amount is not None or one.id != trade
            ]

        await self._write(f"force_exit {bot.id} {trade} {amount}", exit)

    async def reload(self, bot: Trader) -> None:
        await self._write(f"reload {bot.id}", lambda: self.platform.no_entries.discard(bot.id))

    async def stop_entries(self, bot: Trader) -> None:
        await self._ask(f"stop_entries {bot.id}")
        if BotCommand.STOP_ENTRY not in self.platform.bot_commands or not bot.running:
            raise Refused("The bot is not running")
        if self.platform.loses_requests:
            raise OutcomeUnknown("no answer in time")
        if not self.platform.ignores_writes:
            self.platform.no_entries.add(bot.id)
        if self.platform.loses_answers:
            raise OutcomeUnknown("no answer in time")

    async def opens_trades(self, bot: Trader) -> bool | None:
        await self._ask(f"opens_trades {bot.id}")
        return bot.id not in self.platform.no_entries

    async def set_running(self, trader: TraderId, running: bool) -> Trader:
        await self._ask(f"set_running {trader} {running}")
        if trader not in self.platform.bots:
            raise NoSuchRecord("No record found")
        if self.platform.loses_requests:
            raise OutcomeUnknown("no answer in time")
        if self.platform.ignores_writes:
            return self.platform.bots[trader]
        status = "running" if running else "stopped"
        self.platform.put(replace(self.platform.bots[trader], running=running, status=status))
        if self.platform.loses_answers:
            raise OutcomeUnknown("no answer in time")
        return self.platform.bots[trader]

    async def rename_bot(self, trader: TraderId, name: str) -> Trader:
        def rename() -> None:
            self.platform.put(replace(_there(self.platform.bots, trader), name=name))

        await self._write(f"rename_bot {trader} {name}", rename)
        return self.platform.bots[trader]

    async def rename_strategy(self, strategy: StrategyId, name: str) -> Strategy:
        plans = self.platform.plans

        def rename() -> None:
            plans[strategy] = replace(_there(plans, strategy), name=name)

        await self._write(f"rename_strategy {strategy} {name}", rename)
        return plans[strategy]

    async def create_strategy(self, name: str, type: str, pair: str) -> Strategy:
        made = Strategy(id=StrategyId(f"new {name}"), name=name, type=type, pair=pair)

        def create() -> None:
            self.platform.plans[made.id] = made

        await self._write(f"create_strategy {name} {type} {pair}", create)
        return made

    async def remove_strategy(self, strategy: StrategyId) -> None:
        def remove() -> None:
            del self.platform.plans[_there(self.platform.plans, strategy).id]

        await self._write(f"remove_strategy {strategy}", remove)

    async def _write(self, call: str, effect: Callable[[], None]) -> None:
        await self._ask(call)
        if self.platform.loses_requests:
            raise OutcomeUnknown("no answer in time")
        if not self.platform.ignores_writes:
            effect()
        if self.platform.loses_answers:
            raise OutcomeUnknown("no answer in time")

    async def _ask(self, call: str) -> None:
        seconds = self.platform.seconds + self.platform.slow.get(call, 0.0)
        if seconds:
            await asyncio.sleep(seconds)
        self.platform.check(call)
        if self.credential.secret not in self.platform.accepts:
            raise NeedsLogin("jwt expired")


def _there(records: Mapping[str, _Record], id: str) -> _Record:
    if id not in records:
        raise NoSuchRecord("No record found")
    return records[id]


def _believed(event: Event, as_of: datetime) -> Event:
    """As the platform's time allows: what is dated ahead of it counts as undated."""
    if event.origin.at <= as_of + AHEAD:
        return event
    return replace(event, origin=replace(event.origin, at=as_of, dated=False))


def _position(event: Event) -> Position:
    return Position(at=event.origin.at, record=event.origin.record)


def _is_after(event: Event, since: Position) -> bool:
    if since.record:
        return _position(event) > since
    return event.origin.at >= since.at
