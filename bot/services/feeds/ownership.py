"""The platform as one account may see it: what belongs to another user stops here."""

import logging
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

from bot.domain.accounts import Account, Credential, Grant, Login
from bot.domain.events import (
    SOMEBODY,
    Event,
    Page,
    Position,
    Signal,
    Strategy,
    Stream,
    Tick,
    Trade,
    Trader,
)
from bot.domain.ids import StrategyId, TraderId
from bot.domain.pods import BotCommand
from bot.errors import NeedsLogin, OutcomeUnknown, Refused
from bot.ports import Live, Meter, Platform, Pods, Session
from bot.ports.platform import SOME
from bot.texts.errors import Sentence

log = logging.getLogger(__name__)

_Event = TypeVar("_Event", bound=Event)
_Record = TypeVar("_Record", Trader, Strategy)


class OwnPlatform:
    """`ports.Platform`, whose sessions show one account nothing but its own (G7)."""

    def __init__(self, platform: Platform, account: Account, meter: Meter) -> None:
        self._platform = platform
        self._account = account
        self._meter = meter

    @property
    def bot_commands(self) -> frozenset[BotCommand]:
        return self._platform.bot_commands

    @property
    def pod_templates(self) -> str:
        return self._platform.pod_templates

    async def log_in(self, login: Login) -> Grant:
        return await self._platform.log_in(login)

    def session(self, credential: Credential, plan: str | None = None) -> "OwnSession":
        session = self._platform.session(credential, plan)
        return OwnSession(session, self._account, self._meter)

    async def reachable(self) -> str:
        return await self._platform.reachable()


class OwnSession:
    """`ports.Session`, of which everything is checked for its owner, however it is read.

    A platform that gives us another user's record has a fault that a person must look at, so each
    is an alarm; the rest of what came with it is good. Whose a record is that names a user nobody
    can tell while it is not known which user the account is: a new login tells.
    """

    def __init__(self, session: Session, account: Account, meter: Meter) -> None:
        self._session = session
        self._account = account
        self._meter = meter

    @property
    def connected(self) -> bool:
        return self._session.connected

    async def connect(self) -> None:
        await self._session.connect()

    async def receive(self) -> Live:
        live = await self._session.receive()
        return replace(live, events=self._own_events(live.events))

    async def close(self) -> None:
        await self._session.close()

    async def renew(self) -> Credential | None:
        return await self._session.renew()

    async def page(self, stream: Stream, since: Position, limit: int = 100) -> Page:
        page = await self._session.page(stream, since, limit)
        return replace(page, events=self._own_events(page.events))

    async def latest(self, stream: Stream, limit: int = SOME) -> Page:
        page = await self._session.latest(stream, limit)
        return replace(page, events=self._own_events(page.events))

    async def traders(self) -> tuple[Trader, ...]:
        return self._own_records(await self._session.traders())

    async def trader(self, trader: TraderId) -> Trader:
        for own in self._own_records((await self._session.trader(trader),)):
            return own
        raise Refused(Sentence.ANOTHER_USERS_BOT)

    async def strategies(self, type: str | None = None) -> tuple[Strategy, ...]:
        return self._own_records(await self._session.strategies(type))

    async def trades(self, limit: int) -> tuple[Trade, ...]:
        return self._own_events(await self._session.trades(limit))

    async def signals(self, limit: int) -> tuple[Signal, ...]:
        return self._own_events(await self._session.signals(limit))

    @property
    def pairs(self) -> Collection[str]:
        return self._session.pairs

    async def price(self, wanted: str, within: timedelta) -> Tick | None:
        return await self._session.price(wanted, within)

    def follow(self, pairs: Collection[str]) -> None:
        self._session.follow(pairs)

    async def ticks(self) -> Sequence[Tick]:
        return await self._session.ticks()

    @property
    def pods(self) -> Pods:
        return self._session.pods

    async def stop_entries(self, bot: Trader) -> None:
        await self._session.stop_entries(bot)

    async def opens_trades(self, bot: Trader) -> bool | None:
        return await self._session.opens_trades(bot)

    async def set_running(self, trader: TraderId, running: bool) -> Trader:
        return self._own_written(await self._session.set_running(trader, running))

    async def rename_bot(self, trader: TraderId, name: str) -> Trader:
        return self._own_written(await self._session.rename_bot(trader, name))

    async def rename_strategy(self, strategy: StrategyId, name: str) -> Strategy:
        return self._own_written(await self._session.rename_strategy(strategy, name))

    async def create_strategy(self, name: str, type: str, pair: str) -> Strategy:
        return self._own_written(await self._session.create_strategy(name, type, pair))

    async def remove_strategy(self, strategy: StrategyId) -> None:
        await self._session.remove_strategy(strategy)

    def _own_written(self, record: _Record) -> _Record:
        for own in self._own_records((record,)):
            return own
        # Something was written; whether to the one that was meant, its state has to tell.
        raise OutcomeUnknown(Sentence.ANSWERED_WITH_ANOTHERS)

    def _own_events(self, events: Iterable[_Event]) -> tuple[_Event, ...]:
        return tuple(one for one in events if self._is_own(one, one.origin.owner))

    def _own_records(self, records: Iterable[_Record]) -> tuple[_Record, ...]:
        """The owner has done its work here: it is neither stored nor told."""
        own = [one for one in records if self._is_own(one, one.owner)]
        return tuple([replace(one, owner=None) for one in own])

    def _is_own(self, record: Event | Trader | Strategy, owner: str | None) -> bool:
        if self._account.owns(owner):
            return True
        self._meter.alarm("foreign_record")
        log.error(
            "the platform gave this account a record of another user",
            extra={"account": self._account.id, "kind": type(record).__name__},
        )
        if self._account.nameless and owner != SOMEBODY:
            raise NeedsLogin(Sentence.WHOSE_LOGIN)
        return False
